/* Log entries and timestamps of the public conformance cases, and of what real tools wrote. */
#include <check.h>
#include <stdio.h>
#include <unistd.h>

#include "core/json.h"
#include "sigstore/certificate.h"
#include "sigstore/timestamp.h"
#include "tests/unit/log_fixture.h"

Suite *test_sig_log_recorded_suite(void);

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define SHARED "../shared/"
#define CASES "conformance/bundle-verify/"
#define BLOBS "samples/sigstore/blob-bundles/"
#define REGISTRY "samples/sigstore/registry/with-referrers-api/"
#define COSIGN "samples/sigstore/keys/cosign.pub"
#define AMD64 "sha256-a51618d53afe7ded5a250d57bee51d38fa5df0ec6fef107921b1b665200d9e15"
#define OWN "samples/sigstore/trust/trusted_root.json"
#define PUBLIC "conformance/public-good-2025.trusted_root.json"

/* Empty: the case brings it. Of log and timestamp NULL says that there is none. */
static const struct recorded {
	const char *bundle, *root, *key, *artifact, *log, *timestamp;
} recorded[] = {
	{CASES "bundle-from-wrong-instance_fail", PUBLIC, NULL, CASES "a.txt", "log_unknown", NULL},
	{CASES "bundle-with-sct-with-extensions", "", NULL, CASES "a.txt", "verified", "verified"},
	{CASES "happy-path-v0.1", PUBLIC, NULL, CASES "a.txt", "verified", NULL},
	{CASES "happy-path-v0.2", PUBLIC, NULL, CASES "a.txt", "verified", NULL},
	{CASES "inclusion-proof-corrupted-hash_fail", PUBLIC, NULL, CASES "a.txt", "log_proof",
	 NULL},
	{CASES "intoto-expired-certificate_fail", "", NULL,
	 CASES "intoto-expired-certificate_fail/artifact", "verified", NULL},
	{CASES "intoto-log-entry-mismatch_fail", "", NULL,
	 CASES "intoto-log-entry-mismatch_fail/artifact", "log_body", NULL},
	{CASES "intoto-set-outside-signing-cert-validity_fail", "", NULL,
	 CASES "intoto-set-outside-signing-cert-validity_fail/artifact", "verified", NULL},
	{CASES "intoto-tsa-timestamp-outside-cert-validity_fail", "", NULL,
	 CASES "intoto-tsa-timestamp-outside-cert-validity_fail/artifact", "verified", "verified"},
	{CASES "intoto-with-custom-trust-root", "", NULL,
	 CASES "intoto-with-custom-trust-root/artifact", "verified", "verified"},
	{CASES "managed-key-and-trusted-root", "", CASES "managed-key-and-trusted-root/key.pub",
	 CASES "a.txt", "verified", NULL},
	{CASES "managed-key-happy-path", PUBLIC, CASES "managed-key-happy-path/key.pub",
	 CASES "a.txt", "verified", "verified"},
	{CASES "message-digest-mismatch_fail", PUBLIC, NULL, CASES "a.txt", "verified", NULL},
	{CASES "rekor2-checkpoint-cosigned", "", NULL, CASES "a.txt", "verified", "verified"},
	{CASES "rekor2-checkpoint-missing-log-signature_fail", "", NULL, CASES "a.txt",
	 "log_checkpoint_signature", "verified"},
	{CASES "rekor2-checkpoint-missing-origin_fail", "", NULL, CASES "a.txt", "log_checkpoint",
	 "verified"},
	{CASES "rekor2-checkpoint-missing-size_fail", "", NULL, CASES "a.txt", "log_checkpoint",
	 "verified"},
	{CASES "rekor2-dsse-mismatch-envelope_fail", "", NULL, CASES "a.txt", "log_body_subject",
	 "verified"},
	{CASES "rekor2-no-timestamp_fail", "", NULL, CASES "a.txt", "verified", NULL},
	{CASES "rekor2-timestamp-outside-tsa-cert-validity_fail", "", NULL, CASES "a.txt",
	 "verified", "timestamp_time"},
	{CASES "rekor2-timestamp-payload-mismatch_fail", "", NULL, CASES "a.txt", "verified",
	 "timestamp_imprint"},
	{CASES "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", "", NULL, CASES "a.txt",
	 "verified", "timestamp_untrusted"},
	{CASES "rekor2-timestamp-with-expired-cert-chain", "", NULL, CASES "a.txt", "verified",
	 "verified"},
	{CASES "signature-mismatch_fail", PUBLIC, NULL, CASES "a.txt", "log_body_signature", NULL},
	{CASES "trust-root-tsa-validity-end-inclusive", "", NULL, CASES "a.txt", "verified",
	 "verified"},
	{CASES "wrong-hashedrekord-artifact_fail", PUBLIC, NULL, CASES "a.txt", "log_body_subject",
	 NULL},
	{BLOBS "b1.sigstore.json", OWN, NULL, BLOBS "spdx.json", "verified", "verified"},
	{BLOBS "b2.sigstore.json", OWN, NULL, BLOBS "spdx.json", "verified", "verified"},
	{BLOBS "b3.sigstore.json", OWN, NULL, BLOBS "spdx.json", "verified", "verified"},
	{BLOBS "b4.sigstore.json", OWN, NULL, BLOBS "spdx.json", "verified", "verified"},
	{BLOBS "b5.sigstore.json", OWN, NULL, BLOBS "spdx.json", "verified", "verified"},
	{REGISTRY "keyless-v25-bundle/blobs/"
		  "sha256:e026e538baf642b3ce55dd3b34af6f1c444f38d108a8b2e882f8f74b13054802",
	 OWN, NULL, CASES "a.txt", "verified", "verified"},
	{REGISTRY "keyless-v3-bundle/blobs/"
		  "sha256:3fac7630f1d4c50eb774332c1f45110f237a18d97a981bf074219333f494cb74",
	 OWN, NULL, CASES "a.txt", "verified", "verified"},
	{REGISTRY "keyless-v3-bundle/blobs/"
		  "sha256:794081c075235ced0390e3eb8ea82e2ab6fca8b08e79e247948c0b3c9d244e2a",
	 OWN, NULL, CASES "a.txt", "verified", "verified"},
	{REGISTRY "keyless-v3-rekor2/blobs/"
		  "sha256:0fe1e5388640cf0d76df0c591832b5e82503fecc7d40b03458925664860167ba",
	 OWN, NULL, CASES "a.txt", "verified", "verified"},
	{REGISTRY "keyless-v3-rekor2/blobs/"
		  "sha256:97a5be49b8a66469fc0056955a352d7611ba99db0302455dc6658f9e1a4437be",
	 OWN, COSIGN, CASES "a.txt", "verified", "verified"},
};

static struct arena *a;
static struct sig_fault f;
static struct trusted_root root;
static struct rekor_subject subject;
static struct sig_key key;
static struct sha256 artifact;

static void setup(void)
{
	a = arena_new(LIMIT_VERIFY_ARENA_BYTES);
	ck_assert_ptr_nonnull(a);
}

static void teardown(void)
{
	arena_free(a);
}

static struct str shared_file(const char *folder, const char *name)
{
	return log_fixture_file(a, log_fixture_text(a, SHARED "%s%s", folder, name).p);
}

static void load_root(const struct recorded *r)
{
	struct str json = r->root[0] ? shared_file(r->root, "")
				     : shared_file(r->bundle, "/trusted_root.json");
	struct err e;

	root = (struct trusted_root){.n_logs = 0};
	ck_assert_msg(trusted_root_add(a, json, &root, &e) == 0, "%s", e.text);
}

static struct bundle *load_bundle(const struct recorded *r)
{
	struct str json =
		shared_file(r->bundle,
			    str_starts(str_of(r->bundle), S(CASES)) ? "/bundle.sigstore.json" : "");
	struct bundle *b = NULL;

	ck_assert_msg(bundle_parse(a, json, &b, &f) == 0, "%s: %s", r->bundle, f.err.text);
	return b;
}

static void load_subject(const struct recorded *r, const struct bundle *b)
{
	struct certificate c;
	struct err e;

	subject = (struct rekor_subject){.bundle = b, .key = &key, .artifact = &artifact};
	subject.artifact_bytes = shared_file(r->artifact, "");
	ck_assert_int_eq(sha256_of(subject.artifact_bytes, &artifact, NULL), 0);
	if (r->key) {
		struct str pem = shared_file(r->key, "");

		ck_assert_msg(sig_key_parse(a, pem, &key, &e) == 0, "%s", e.text);
		return;
	}
	subject.certificate = b->certificates[0];
	ck_assert_int_eq(certificate_parse(subject.certificate, &c, &f), 0);
	ck_assert_msg(sig_key_parse_spki(a, c.spki, &key, &e) == 0, "%s", e.text);
}

static void same(const struct recorded *r, const char *what, int rc, const char *want)
{
	ck_assert_msg(strcmp(rc == 0 ? "verified" : verify_reason_name(f.reason), want) == 0,
		      "%s: %s: %s: %s", r->bundle, what,
		      rc == 0 ? "verified" : verify_reason_name(f.reason),
		      rc == 0 ? "" : f.err.text);
}

static bool is_shared(int i)
{
	if (access(SHARED, R_OK) == 0)
		return true;
	if (i == 0)
		printf("sig_log_recorded: skipped cases: no folder " SHARED "\n");
	return false;
}

START_TEST(agrees_with_what_is_recorded)
{
	const struct recorded *r = &recorded[_i];
	struct timestamp_result at;
	struct rekor_result in;
	struct bundle *b;

	if (!is_shared(_i))
		return;
	load_root(r);
	b = load_bundle(r);
	load_subject(r, b);
	ck_assert_uint_eq(b->n_log_entries, r->log ? 1 : 0);
	ck_assert_uint_eq(b->n_timestamps, r->timestamp ? 1 : 0);
	if (r->log)
		same(r, "log", rekor_verify(a, &b->log_entries[0], &root, &subject, &in, &f),
		     r->log);
	if (r->timestamp)
		same(r, "timestamp",
		     timestamp_verify(a, b->timestamps[0], &b->signature, 1, &root, &at, &f),
		     r->timestamp);
}
END_TEST

/* What cosign 3 and 2 attach to legacy signatures; that of the last is of the envelope. */
static const struct legacy {
	const char *repository, *manifest, *timestamp_of_signature;
} legacy[] = {
	{"keyless-v3-legacy/", AMD64 ".sig", "verified"},
	{"keyless-v3-legacy/", AMD64 ".att", "verified"},
	{"keyless-v25-legacy/", AMD64 ".sig", "verified"},
	{"keyless-v25-legacy/", AMD64 ".att", "timestamp_imprint"},
};

static struct bundle *load_layer(const struct legacy *l)
{
	const char *folder = log_fixture_text(a, REGISTRY "%s", l->repository).p;
	struct str json = shared_file(folder, log_fixture_text(a, "manifests/%s", l->manifest).p);
	const struct node *layer;
	struct bundle_layer in;
	struct bundle *b = NULL;
	struct node *manifest;
	struct str digest;

	ck_assert_int_eq(json_parse(a, json, NULL, &manifest, NULL, NULL), 0);
	layer = node_at(node_get(manifest, S("layers")), 0);
	digest = node_str(node_get(layer, S("digest")));
	in = (struct bundle_layer){
		node_str(node_get(layer, S("mediaType"))), node_get(layer, S("annotations")),
		shared_file(folder, log_fixture_text(a, "blobs/%.*s", STR_ARG(digest)).p)};
	ck_assert_msg(bundle_from_layer(a, &in, &b, &f) == 0, "%s", f.err.text);
	return b;
}

START_TEST(agrees_with_what_is_recorded_of_legacy_layers)
{
	const struct recorded r = {legacy[_i].manifest, OWN, NULL, CASES "a.txt", "", ""};
	struct timestamp_result at;
	struct rekor_result in;
	struct str messages[2];
	struct bundle *b;

	if (!is_shared(1))
		return;
	load_root(&r);
	b = load_layer(&legacy[_i]);
	load_subject(&r, b);
	same(&r, "log", rekor_verify(a, &b->log_entries[0], &root, &subject, &in, &f), "verified");
	ck_assert(in.has_time && !in.has_proof);
	messages[0] = b->signature;
	messages[1] = b->blob;
	same(&r, "timestamp of the signature",
	     timestamp_verify(a, b->timestamps[0], messages, 1, &root, &at, &f),
	     legacy[_i].timestamp_of_signature);
	same(&r, "timestamp of either",
	     timestamp_verify(a, b->timestamps[0], messages, 2, &root, &at, &f), "verified");
}
END_TEST

Suite *test_sig_log_recorded_suite(void)
{
	Suite *s = suite_create("sig_log_recorded");
	TCase *tc = tcase_create("sig_log_recorded");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, agrees_with_what_is_recorded, 0, COUNT(recorded));
	tcase_add_loop_test(tc, agrees_with_what_is_recorded_of_legacy_layers, 0, COUNT(legacy));
	suite_add_tcase(s, tc);
	return s;
}

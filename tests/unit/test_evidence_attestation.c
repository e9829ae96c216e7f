/* Attestations: where they are found, which are looked at, and what a large one may take. */
#include <check.h>

#include "core/base64.h"
#include "evidence/large.h"
#include "evidence/limits.h"
#include "tests/unit/evidence_fixture.h"
#include "tests/unit/tsa_fixture.h"

#define DSSE "application/vnd.dsse.envelope.v1+json"
#define BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define EMPTY "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define CONFIG                                                                                     \
	"\"config\":{\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"size\":2,\"digest\":"   \
	"\"" EMPTY "\"}"
#define VULN "https://cosign.sigstore.dev/attestation/vuln/v1"
#define SPDX "https://spdx.dev/Document"

static struct fake_registry *f;
static struct fake_key keys[2];
static struct evidence_want want;
static struct predicate_demand demand;
static struct arena *arena;
static const char *image;
static struct text layers;    /* of the .att manifest so far */
static struct text referrers; /* of the list so far */

static void setup(void)
{
	struct err e;

	f = fake_new();
	arena = arena_new((size_t)16 << 20);
	fake_key_init(f, &keys[0]);
	fake_key_init(f, &keys[1]);
	fake_want(f, &want, keys, 1, 1);
	demand = (struct predicate_demand){.has_ceilings = true};
	want.which = EVIDENCE_LATEST;
	want.demand = (struct sig_demand){.want = SIG_WANT_ATTESTATION,
					  .predicate_type = S(VULN),
					  .predicate = &demand};
	ck_assert_int_eq(evidence_want_seal(&want, &e), 0);
	image = fake_digest(f, 1);
	text_init(&layers, f->arena, 1 << 20);
	text_init(&referrers, f->arena, 1 << 20);
}

static void teardown(void)
{
	fake_key_done(&keys[0]);
	fake_key_done(&keys[1]);
	arena_free(arena);
	fake_free(f);
}

/* ---- content ---- */

static const char *base64(struct str bytes)
{
	struct text t;
	struct str s;

	text_init(&t, f->arena, (size_t)8 << 20);
	base64_put(&t, bytes);
	ck_assert(text_done(&t, &s));
	return s.p;
}

/* A report of the day, with a finding or none, and so many bytes of other things. */
static const char *report(int day, bool bad, size_t bytes)
{
	char *padding = arena_alloc(f->arena, bytes + 1);

	memset(padding, 'x', bytes);
	return fake_text(f,
			 "{\"scanner\":{\"uri\":\"\",\"result\":{\"SchemaVersion\":2,\"Results\":[{"
			 "\"Target\":\"%s\","
			 "\"Vulnerabilities\":[%s]}]}},\"metadata\":{\"scanStartedOn\":\"2026-01-%"
			 "02dT00:00:00Z\","
			 "\"scanFinishedOn\":\"2026-01-%02dT00:00:00Z\"}}",
			 padding,
			 bad ? "{\"VulnerabilityID\":\"CVE-2026-1\",\"PkgName\":\"a\",\"Severity\":"
			       "\"CRITICAL\"}"
			     : "",
			 day, day);
}

static const char *envelope(const struct fake_key *k, const char *type, const char *predicate)
{
	struct str statement = str_of(fake_text(
		f,
		"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":{"
		"\"sha256\":\"%s\"}}],\"predicateType\":\"%s\",\"predicate\":%s}",
		image + 7, type, predicate));
	struct text t;
	struct str pae;

	text_init(&t, f->arena, (size_t)8 << 20);
	text_printf(&t, "DSSEv1 28 application/vnd.in-toto+json %zu ", statement.n);
	text_put(&t, statement);
	ck_assert(text_done(&t, &pae));
	return fake_text(f,
			 "{\"payload\":\"%s\",\"payloadType\":\"application/vnd.in-toto+json\","
			 "\"signatures\":[{\"sig\":\"%s\"}]}",
			 base64(statement), base64(fake_sign(f, k, pae)));
}

/* `says`: the type that the annotation names; NULL: none. */
static void put_layer(const struct fake_key *k, const char *type, const char *says,
		      const char *predicate)
{
	struct str blob = str_of(envelope(k, type, predicate));
	struct str all;

	text_printf(&layers,
		    "%s{\"mediaType\":\"" DSSE "\",\"size\":%zu,\"digest\":\"%s\",\"annotations\":{"
		    "\"dev.cosignproject.cosign/signature\":\"\"%s%s%s}}",
		    layers.n ? "," : "", blob.n, fake_put_blob(f, "app", blob),
		    says ? ",\"predicateType\":\"" : "", says ? says : "", says ? "\"" : "");
	ck_assert(text_done(&layers, &all));
	fake_put(f, "app", fake_text(f, "manifests/sha256-%s.att", image + 7),
		 str_of(fake_text(f,
				  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
				  "\"," CONFIG ",\"layers\":[%s]}",
				  all.p)));
}

/* Returns the name of its blob, for fake_fail(). `stamps`: further verification material. */
static const char *put_bundle(const struct fake_key *k, const char *dsse, const char *stamps,
			      const char *says)
{
	struct str hint = {(const char *)k->key.fingerprint.bytes, SHA256_BYTES}, list;
	struct str blob = str_of(fake_text(f,
					   "{\"mediaType\":\"" BUNDLE
					   "\",\"verificationMaterial\":{\"publicKey\":{\"hint\":"
					   "\"%s\"}%s},\"dsseEnvelope\":%s}",
					   base64(hint), stamps, dsse));
	const char *digest = fake_put_blob(f, "app", blob);
	struct str manifest = str_of(
		fake_text(f,
			  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
			  "\",\"artifactType\":\"" BUNDLE "\"," CONFIG
			  ",\"layers\":[{\"mediaType\":\"" BUNDLE "\",\"size\":%zu,\"digest\":"
			  "\"%s\"}],\"subject\":{\"mediaType\":\"" MEDIA_OCI_MANIFEST
			  "\",\"size\":1,\"digest\":\"%s\"}}",
			  blob.n, digest, image));

	text_printf(&referrers,
		    "%s{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"artifactType\":\"" BUNDLE
		    "\",\"size\":%zu,\"digest\":\"%s\",\"annotations\":{%s%s%s}}",
		    referrers.n ? "," : "", manifest.n, fake_put_manifest(f, "app", manifest),
		    says ? "\"dev.sigstore.bundle.predicateType\":\"" : "", says ? says : "",
		    says ? "\"" : "");
	ck_assert(text_done(&referrers, &list));
	fake_put_referrers(f, "app", image, list);
	return fake_text(f, "blobs/%s", digest);
}

/* The same. */
static const char *put_referrer(const struct fake_key *k, const char *type, const char *says,
				const char *predicate)
{
	return put_bundle(k, envelope(k, type, predicate), "", says);
}

static struct evidence find(void)
{
	struct registry_source source = fake_source(f);
	struct reference r = fake_image(f, "app", image);

	return fake_gather(arena, &source, &r, &want);
}

static void expect(const struct evidence *e, enum verify_reason reason, const char *why)
{
	ck_assert_msg(e->reason == reason, "%s: %.*s", verify_reason_name(e->reason),
		      STR_ARG(e->why));
	ck_assert_int_eq(e->state, verify_reason_state(reason));
	ck_assert_msg(str_eq(e->why, str_of(why)), "why: %.*s", STR_ARG(e->why));
}

#define FINDING "1 critical finding (CVE-2026-1): at most 0 allowed"

/* ---- where ---- */

START_TEST(they_are_found_below_the_tag_and_among_the_referrers)
{
	put_layer(&keys[0], VULN, VULN, report(1, false, 0));
	struct evidence e = find();
	expect(&e, VERIFY_VERIFIED, "");
	ck_assert_int_eq(e.signers[0].format, BUNDLE_LEGACY_ATT);
	put_referrer(&keys[0], VULN, VULN, report(2, true, 0));
	e = find();
	expect(&e, VERIFY_PREDICATE_CONDITION, FINDING);
	ck_assert_int_eq(e.signers[0].format, BUNDLE_V03);
	ck_assert_int_eq(e.signers[0].origin.made_unix_s, 1767312000);
	ck_assert(str_eq(e.signers[0].origin.predicate_type, S(VULN)));
}
END_TEST

START_TEST(what_names_another_type_is_not_even_fetched)
{
	put_layer(&keys[0], SPDX, SPDX, "{}");
	put_referrer(&keys[0], SPDX, SPDX, "{}");
	struct evidence e = find();
	expect(&e, VERIFY_NO_SIGNATURE, "no signature was found");
	ck_assert_uint_eq(fake_requests(f), 2);
	ck_assert_uint_eq(e.n_candidates, 0);
}
END_TEST

START_TEST(what_only_is_of_another_type_counts_for_nothing)
{
	put_referrer(&keys[0], SPDX, NULL, "{}");
	struct evidence e = find();
	expect(&e, VERIFY_PREDICATE_TYPE, "a statement of type \"" SPDX "\", want \"" VULN "\"");
	ck_assert_uint_eq(e.n_signatures, 0);
}
END_TEST

START_TEST(a_signature_is_none_and_is_not_looked_for)
{
	const struct fake_signature s = {.key = &keys[0]};

	fake_put_signatures(f, "app", image, &s, 1);
	struct evidence e = find();
	expect(&e, VERIFY_NO_SIGNATURE, "no signature was found");
	ck_assert_uint_eq(fake_requests(f), 2);
}
END_TEST

/* ---- which ---- */

START_TEST(of_many_layers_the_last_are_looked_at)
{
	for (int i = 0; i < LIMIT_SIGNATURE_LAYERS; i++)
		put_layer(&keys[1], VULN, VULN, report(1, false, 0));
	put_layer(&keys[0], VULN, VULN, report(9, true, 0));
	struct evidence e = find();
	ck_assert(e.truncated);
	expect(&e, VERIFY_PREDICATE_CONDITION, FINDING);
}
END_TEST

START_TEST(layers_of_other_types_take_no_room)
{
	for (int i = 0; i < LIMIT_SIGNATURE_LAYERS; i++)
		put_layer(&keys[0], SPDX, SPDX, "{}");
	put_layer(&keys[0], VULN, VULN, report(9, false, 0));
	struct evidence e = find();
	ck_assert(!e.truncated);
	expect(&e, VERIFY_VERIFIED, "");
}
END_TEST

START_TEST(one_that_is_not_handed_out_may_be_the_newest)
{
	put_referrer(&keys[0], VULN, VULN, report(1, false, 0));
	fake_fail(f, put_referrer(&keys[0], VULN, VULN, report(2, false, 0)), REGISTRY_HTTP_5XX);
	struct evidence e = find();
	expect(&e, VERIFY_REGISTRY_FAILED, FAKE_HOST " failed: http_5xx");
	ck_assert_str_eq(e.outcome, "http_5xx");
	fake_fail(f, "", REGISTRY_OK);
	e = find();
	expect(&e, VERIFY_VERIFIED, "");
}
END_TEST

START_TEST(what_others_attach_spoils_nothing)
{
	put_referrer(&keys[0], VULN, VULN, report(1, false, 0));
	put_referrer(&keys[1], VULN, VULN, report(9, true, 0));
	put_layer(&keys[1], VULN, VULN, "\"no report\"");
	struct evidence e = find();
	expect(&e, VERIFY_VERIFIED, "");
}
END_TEST

/* ---- what somebody who may push cannot do ---- */

/* The token is over the signature of the envelope. */
static void put_stamped(struct tsa_fixture *tsa, const char *dsse, const char *time)
{
	const char *from = strstr(dsse, "\"sig\":\"") + 7;
	struct str signature, b64 = {from, (size_t)(strchr(from, '"') - from)};
	struct sha256 d;
	struct err e;

	ck_assert_int_eq(base64_decode(f->arena, b64, &signature, &e), 0);
	ck_assert_int_eq(sha256_of(signature, &d, &e), 0);
	const struct tsa_answer how = {
		.imprint = DER(f->arena, 0x30, DER(f->arena, 0x30, OID_SHA256),
			       DER(f->arena, 0x04, ((struct str){(char *)d.bytes, SHA256_BYTES}))),
		.time = time};
	put_bundle(&keys[0], dsse,
		   fake_text(f,
			     ",\"timestampVerificationData\":{\"rfc3161Timestamps\":[{"
			     "\"signedTimestamp\":\"%s\"}]}",
			     base64(tsa_respond(tsa, &how))),
		   NULL);
}

START_TEST(a_stamp_makes_an_old_report_no_newer)
{
	struct sig_authority who = want.authorities[0];
	struct tsa_fixture tsa;
	struct err e;

	tsa_open(&tsa, f->arena);
	who.root = &tsa.trusted;
	who.time_threshold = 1;
	want.authorities = &who;
	ck_assert_int_eq(evidence_want_seal(&want, &e), 0);
	const char *old = envelope(&keys[0], VULN, report(1, false, 0));
	put_stamped(&tsa, old, "19700101001700Z");
	struct evidence found = find();
	expect(&found, VERIFY_VERIFIED, "");
	put_stamped(&tsa, envelope(&keys[0], VULN, report(9, true, 0)), "19700101002200Z");
	put_stamped(&tsa, old, "19700101002500Z");
	found = find();
	expect(&found, VERIFY_PREDICATE_CONDITION, FINDING);
	ck_assert_uint_eq(found.signers[0].origin.n_timestamps, 1);
	tsa_close(&tsa);
}
END_TEST

START_TEST(one_that_is_listed_and_gone_may_be_the_newest)
{
	put_referrer(&keys[0], VULN, VULN, report(1, false, 0));
	const char *name = put_referrer(&keys[0], VULN, VULN, report(2, true, 0));
	fake_fail(f, name, REGISTRY_NOT_FOUND);
	struct evidence e = find();
	expect(&e, VERIFY_REGISTRY_FAILED, "listed, but the registry does not have it");
	ck_assert_str_eq(e.outcome, "not_found");
	fake_fail(f, name, REGISTRY_CONTENT);
	e = find();
	expect(&e, VERIFY_REGISTRY_FAILED, FAKE_HOST " failed: content");
	ck_assert_str_eq(e.outcome, "invalid");
}
END_TEST

#define MORE                                                                                       \
	"there are more attestations than are looked at, and a newer one may be among the rest: "  \
	"remove what is not needed"

START_TEST(a_list_that_cannot_be_read_may_hold_the_newest)
{
	struct err e;

	put_referrer(&keys[0], VULN, VULN, report(1, false, 0));
	put_layer(&keys[0], VULN, VULN, report(2, true, 0));
	fake_fail(f, "manifests/sha256-", REGISTRY_TOO_LARGE);
	struct evidence found = find();
	expect(&found, VERIFY_NOT_VERIFIED, MORE);
	ck_assert(found.truncated);
	want.which = EVIDENCE_ALL;
	ck_assert_int_eq(evidence_want_seal(&want, &e), 0);
	found = find();
	expect(&found, VERIFY_NOT_VERIFIED, MORE);
}
END_TEST

START_TEST(one_of_ours_that_is_no_json_may_be_the_newest)
{
	put_referrer(&keys[0], VULN, VULN, report(1, false, 0));
	put_referrer(&keys[0], VULN, VULN, "{\"x\":1,\"x\":2}");
	struct evidence e = find();
	expect(&e, VERIFY_JSON, "statement: not valid JSON: duplicate key \"x\"");
}
END_TEST

START_TEST(a_crowd_before_the_newest_is_no_yes)
{
	struct err e;

	demand.max_age_s = (int64_t)3650 * 86400;
	ck_assert_int_eq(evidence_want_seal(&want, &e), 0);
	put_layer(&keys[0], VULN, VULN, report(1, false, 0));
	for (int i = 0; i < LIMIT_SIGNATURE_LAYERS; i++)
		put_referrer(&keys[1], VULN, VULN, report(1, false, (size_t)i));
	put_referrer(&keys[0], VULN, VULN, report(9, true, 0));
	struct evidence found = find();
	expect(&found, VERIFY_NOT_VERIFIED, MORE);
}
END_TEST

/* ---- large ones ---- */

START_TEST(a_large_one_is_read)
{
	put_referrer(&keys[0], VULN, VULN, report(1, false, (size_t)1 << 20));
	put_layer(&keys[0], VULN, VULN, report(2, true, (size_t)1 << 20));
	struct evidence e = find();
	expect(&e, VERIFY_PREDICATE_CONDITION, FINDING);
	ck_assert_int_eq(e.signers[0].format, BUNDLE_LEGACY_ATT);
}
END_TEST

START_TEST(one_that_is_too_large_is_not_fetched)
{
	struct str list;

	put_layer(&keys[0], VULN, VULN, report(1, false, 0));
	text_printf(&layers, ",{\"mediaType\":\"" DSSE "\",\"size\":%u,\"digest\":\"" EMPTY "\"}",
		    LIMIT_ATTESTATION_BYTES + 1);
	ck_assert(text_done(&layers, &list));
	fake_put(f, "app", fake_text(f, "manifests/sha256-%s.att", image + 7),
		 str_of(fake_text(f,
				  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
				  "\"," CONFIG ",\"layers\":[%s]}",
				  list.p)));
	struct evidence e = find();
	expect(&e, VERIFY_REGISTRY_FAILED,
	       "not asked: the blob has 16777217 bytes by its descriptor, and at most 16777216 are "
	       "allowed");
	ck_assert_uint_eq(fake_requests(f), 3);
}
END_TEST

START_TEST(there_is_room_for_so_many_bytes)
{
	struct clock_frozen frozen = {.mono_ms = 1000};
	const struct clock clock = clock_frozen_as_clock(&frozen);
	const struct deadline past = {1000}, later = {2000};
	struct large l;

	large_init(&l, &clock);
	ck_assert(large_enter(NULL, SIZE_MAX, past));
	for (int i = 0; i < 3; i++)
		ck_assert(large_enter(&l, LIMIT_ATTESTATION_BYTES, later));
	ck_assert(!large_enter(&l, 1, past));
	large_leave(&l, LIMIT_ATTESTATION_BYTES);
	ck_assert(large_enter(&l, LIMIT_ATTESTATION_BYTES, past));
	for (int i = 0; i < 3; i++)
		large_leave(&l, LIMIT_ATTESTATION_BYTES);
	large_leave(NULL, 1);
	large_done(&l);
}
END_TEST

Suite *test_evidence_attestation_suite(void);
Suite *test_evidence_attestation_suite(void)
{
	Suite *s = suite_create("evidence_attestation");
	TCase *t = tcase_create("evidence_attestation");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, they_are_found_below_the_tag_and_among_the_referrers);
	tcase_add_test(t, what_names_another_type_is_not_even_fetched);
	tcase_add_test(t, what_only_is_of_another_type_counts_for_nothing);
	tcase_add_test(t, a_signature_is_none_and_is_not_looked_for);
	tcase_add_test(t, of_many_layers_the_last_are_looked_at);
	tcase_add_test(t, layers_of_other_types_take_no_room);
	tcase_add_test(t, one_that_is_not_handed_out_may_be_the_newest);
	tcase_add_test(t, what_others_attach_spoils_nothing);
	tcase_add_test(t, a_stamp_makes_an_old_report_no_newer);
	tcase_add_test(t, one_that_is_listed_and_gone_may_be_the_newest);
	tcase_add_test(t, a_list_that_cannot_be_read_may_hold_the_newest);
	tcase_add_test(t, one_of_ours_that_is_no_json_may_be_the_newest);
	tcase_add_test(t, a_crowd_before_the_newest_is_no_yes);
	tcase_add_test(t, a_large_one_is_read);
	tcase_add_test(t, one_that_is_too_large_is_not_fetched);
	tcase_add_test(t, there_is_room_for_so_many_bytes);
	suite_add_tcase(s, t);
	return s;
}

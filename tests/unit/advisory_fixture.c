#include "tests/unit/advisory_fixture.h"

#include <stdio.h>

#include "core/base64.h"
#include "core/text.h"
#include "tests/unit/sig_case.h"

#define MEDIA_BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define EMPTY "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define CONFIG                                                                                     \
	"\"config\":{\"mediaType\":\"application/vnd.oci.empty.v1+json\",\"size\":2,\"digest\":"   \
	"\"" EMPTY "\"}"

const char *image;
static const char *referrers; /* descriptors so far */

void advisory_setup(void)
{
	pool_setup();
	image = fake_digest(f, 1);
	referrers = "";
}

void advisory_teardown(void)
{
	pool_teardown();
}

static const char *or_else(const char *forged, const char *usual)
{
	return forged ? forged : usual;
}

static const char *base64(struct str bytes)
{
	struct text t;
	struct str s;

	text_init(&t, f->arena, bytes.n * 2 + 8);
	base64_put(&t, bytes);
	ck_assert(text_done(&t, &s));
	return s.p;
}

/* ---- parts ---- */

const char *subject_of(const char *digest)
{
	return fake_text(f, "{\"digest\":{\"sha256\":\"%s\"}}", digest + 7);
}

const char *statement_of(const char *subjects, const char *predicate_type)
{
	return fake_text(f,
			 "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[%s],"
			 "\"predicateType\":\"%s\",\"predicate\":{}}",
			 subjects, predicate_type);
}

const char *payload_of(const char *optional)
{
	return fake_text(f,
			 "{\"critical\":{\"identity\":{\"docker-reference\":\"\"},\"image\":{"
			 "\"docker-manifest-digest\":\"%s\"},\"type\":\"cosign container image "
			 "signature\"},\"optional\":%s}",
			 image, optional);
}

const char *log_entry(unsigned log_index)
{
	return fake_text(
		f,
		"{\"logIndex\":\"%u\",\"logId\":{\"keyId\":\"" BASE64_32
		"\"},\"kindVersion\":{\"kind\":\"dsse\",\"version\":\"0.0.1\"},"
		"\"integratedTime\":\"1795305600\",\"inclusionPromise\":{"
		"\"signedEntryTimestamp\":\"AAAA\"},\"inclusionProof\":{\"logIndex\":\"%u\","
		"\"rootHash\":\"" BASE64_32 "\",\"treeSize\":\"100\",\"hashes\":[],"
		"\"checkpoint\":{\"envelope\":\"log\\n100\\n\"}},\"canonicalizedBody\":"
		"\"e30=\"}",
		log_index, log_index);
}

const char *log_annotation(const char *body)
{
	struct text t;
	struct str s;
	const char *bundle = fake_text(
		f,
		"{\"SignedEntryTimestamp\":\"AAAA\",\"Payload\":{\"body\":%s,\"integratedTime\":"
		"1795305600,\"logIndex\":7,\"logID\":\"%s\"}}",
		body, fake_digest(f, 7) + 7);

	text_init(&t, f->arena, 4096);
	text_puts(&t, "\"dev.sigstore.cosign/bundle\":\"");
	for (const char *p = bundle; *p; p++) {
		if (*p == '"')
			text_putc(&t, '\\');
		text_putc(&t, *p);
	}
	text_putc(&t, '"');
	ck_assert(text_done(&t, &s));
	return s.p;
}

const char *certificate_base64(void)
{
	static const char field[] = "\"rawBytes\":\"";
	struct sig_case c;
	struct err e;

	ck_assert_msg(
		sig_case_load(f->arena,
			      "tests/sigstore/vectors/certificate-bundle-is-not-for-keys.json", &c,
			      &e) == 0,
		"%s", e.text);
	const char *p = strstr(c.bundle.p, field);
	ck_assert_ptr_nonnull(p);
	p += strlen(field);
	return fake_text(f, "%.*s", (int)strcspn(p, "\""), p);
}

/* ---- bundles ---- */

const char *bundle_text(const struct forged_bundle *b)
{
	const struct fake_key *key = &keys[b->key];
	struct str hint = {(const char *)key->key.fingerprint.bytes, SHA256_BYTES};
	const char *type = or_else(b->payload_type, IN_TOTO);
	const char *statement = or_else(b->statement, statement_of(subject_of(image), COSIGN_SIGN));
	const char *pae = fake_text(f, "DSSEv1 %zu %s %zu %s", strlen(type), type,
				    strlen(statement), statement);
	struct str sig = fake_sign(f, key, str_of(or_else(b->signed_bytes, pae)));
	const char *identity = fake_text(f, "\"publicKey\":{\"hint\":\"%s\"}", base64(hint));

	return fake_text(f,
			 "{\"mediaType\":\"%s\",\"verificationMaterial\":{%s%s%s},\"dsseEnvelope\":"
			 "{\"payload\":\"%s\",\"payloadType\":\"%s\",\"signatures\":[{\"sig\":"
			 "\"%s\"}]}%s%s}",
			 or_else(b->media_type, MEDIA_BUNDLE), or_else(b->identity, identity),
			 b->material ? "," : "", or_else(b->material, ""),
			 base64(str_of(statement)), type, base64(sig), b->more ? "," : "",
			 or_else(b->more, ""));
}

void put_bundle_text(const char *text)
{
	const char *manifest =
		fake_text(f,
			  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
			  "\",\"artifactType\":\"" MEDIA_BUNDLE "\"," CONFIG
			  ",\"layers\":[{\"mediaType\":\"" MEDIA_BUNDLE
			  "\",\"size\":%zu,\"digest\":\"%s\"}],\"subject\":{\"mediaType\":"
			  "\"" MEDIA_OCI_MANIFEST "\",\"size\":1,\"digest\":\"%s\"}}",
			  strlen(text), fake_put_blob(f, APP, str_of(text)), image);

	referrers = fake_text(f,
			      "%s%s{\"mediaType\":\"" MEDIA_OCI_MANIFEST
			      "\",\"artifactType\":\"" MEDIA_BUNDLE
			      "\",\"size\":%zu,\"digest\":\"%s\"}",
			      referrers, *referrers ? "," : "", strlen(manifest),
			      fake_put_manifest(f, APP, str_of(manifest)));
	fake_put_referrers(f, APP, image, str_of(referrers));
}

void put_bundle(const struct forged_bundle *b)
{
	put_bundle_text(bundle_text(b));
}

/* ---- layers ---- */

const char *layer_text(const struct forged_layer *l)
{
	const char *payload = or_else(l->payload, payload_of("null"));
	struct str sig = fake_sign(f, &keys[l->key], str_of(payload));

	return fake_text(f,
			 "{\"mediaType\":\"application/vnd.dev.cosign.simplesigning.v1+json\","
			 "\"size\":%zu,\"digest\":\"%s\",\"annotations\":{\"dev.cosignproject."
			 "cosign/signature\":\"%s\"%s%s}}",
			 strlen(payload), fake_put_blob(f, APP, str_of(payload)), base64(sig),
			 l->annotations ? "," : "", or_else(l->annotations, ""));
}

void put_layers(const char *layers)
{
	fake_put(f, APP, fake_text(f, "manifests/sha256-%s.sig", image + 7),
		 str_of(fake_text(f,
				  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
				  "\"," CONFIG ",\"layers\":[%s]}",
				  layers)));
}

/* ---- verdicts ---- */

void clean(void)
{
	f->n_items = 0;
	referrers = "";
	f->manifests = f->blobs = f->referrers = 0;
}

struct evidence answer_to(const struct evidence_want *w)
{
	struct registry_source source = fake_source(f);
	struct reference r = fake_image(f, APP, image);

	arena_reset(arena);
	return fake_gather(arena, &source, &r, w);
}

void refused(enum verify_reason reason, const char *why)
{
	struct evidence e = answer_to(&want);

	expect(&e, verify_reason_state(reason), why);
	ck_assert_msg(e.reason == reason, "%s, want %s", verify_reason_name(e.reason),
		      verify_reason_name(reason));
	ck_assert_int_ne(e.state, VERIFY_STATE_VERIFIED);
	clean();
}

void verified(void)
{
	struct evidence e = answer_to(&want);

	expect(&e, VERIFY_STATE_VERIFIED, "");
	ck_assert_int_eq(e.reason, VERIFY_VERIFIED);
	clean();
}

void bundle_refused(const struct forged_bundle *b, enum verify_reason reason, const char *why)
{
	put_bundle(b);
	refused(reason, why);
}

void bundle_verified(const struct forged_bundle *b)
{
	put_bundle(b);
	verified();
}

void layer_refused(const struct forged_layer *l, enum verify_reason reason, const char *why)
{
	put_layers(layer_text(l));
	refused(reason, why);
}

void layer_verified(const struct forged_layer *l)
{
	put_layers(layer_text(l));
	verified();
}

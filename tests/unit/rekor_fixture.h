/*
 * A signature for tests and the log entries that record it, one of each kind. Include it once in a
 * test file, after tests/unit/sig_fault.h. No signature here is made by a key: the body of an entry
 * only has to name the same one.
 */
#ifndef ASSAY_TESTS_UNIT_REKOR_FIXTURE_H
#define ASSAY_TESTS_UNIT_REKOR_FIXTURE_H

#include "sigstore/pem.h"
#include "tests/unit/log_fixture.h"

#define ARTIFACT "artifact"
#define ARTIFACT_SHA256 "c7c5c1d70c5dec4416ab6158afd0b223ef40c29b1dc1f97ed9428b94d4cadb1c"
#define PAYLOAD "{\"payload\":1}"
#define ENVELOPE "{\"envelope\":1}"
#define SIGNATURE "signature bytes"
#define SIGNATURE64 "c2lnbmF0dXJlIGJ5dGVz"

/* The kinds of entries, and what they record. */
enum record {
	HASHEDREKORD_1, /* a message */
	HASHEDREKORD_1_PAYLOAD,
	HASHEDREKORD_2,
	HASHEDREKORD_2_ENVELOPE,
	DSSE_1,
	DSSE_1_LEGACY,
	INTOTO_2,
	INTOTO_1,
	RECORDS,
};

static struct bundle bundle;
static struct bundle_log_entry entry;
static struct rekor_subject subject;
static struct sig_key key;
static struct sha256 artifact;

static struct str hash_of(const char *text, int bits)
{
	gnutls_digest_algorithm_t alg = bits == 256   ? GNUTLS_DIG_SHA256
					: bits == 384 ? GNUTLS_DIG_SHA384
						      : GNUTLS_DIG_SHA512;
	char bytes[64];

	ck_assert_int_eq(gnutls_hash_fast(alg, text, strlen(text), bytes), 0);
	return (struct str){arena_dup(a, bytes, (size_t)bits / 8), (size_t)bits / 8};
}

static struct str hex_of(struct str bytes)
{
	struct text t;
	struct str out;

	text_init(&t, a, 256);
	for (size_t i = 0; i < bytes.n; i++)
		text_printf(&t, "%02x", (unsigned char)bytes.p[i]);
	ck_assert(text_done(&t, &out));
	return out;
}

/* The certificate or key that verified, as a PEM text. */
static struct str verifier_pem(const char *name, bool by_certificate)
{
	return log_fixture_file(a, log_fixture_text(a, "tests/sigstore/keys/%s.%s", name,
						    by_certificate ? "crt" : "pub")
					   .p);
}

static void set_bundle(enum record r)
{
	bool is_message = r == HASHEDREKORD_1 || r == HASHEDREKORD_2;

	bundle = (struct bundle){.format = BUNDLE_V03, .signature = S(SIGNATURE)};
	bundle.content = is_message                    ? BUNDLE_MESSAGE
			 : r == HASHEDREKORD_1_PAYLOAD ? BUNDLE_PAYLOAD
						       : BUNDLE_ENVELOPE;
	if (r == HASHEDREKORD_1_PAYLOAD) {
		bundle.format = BUNDLE_LEGACY_SIG;
		bundle.payload = S(ARTIFACT);
	}
	if (r == DSSE_1_LEGACY || r == INTOTO_1) {
		bundle.format = BUNDLE_LEGACY_ATT;
		bundle.blob = S(ENVELOPE);
	}
	if (bundle.content == BUNDLE_ENVELOPE) {
		bundle.envelope.payload = S(PAYLOAD);
		bundle.envelope.payload_type = S(DSSE_IN_TOTO);
	}
}

static void set_subject(const char *name, bool by_certificate)
{
	struct err e;
	struct pem pem;

	ck_assert_msg(sig_key_parse(a, verifier_pem(name, false), &key, &e) == 0, "%s", e.text);
	ck_assert_int_eq(sha256_of(S(ARTIFACT), &artifact, NULL), 0);
	subject = (struct rekor_subject){.bundle = &bundle, .key = &key, .artifact = &artifact};
	if (!by_certificate)
		return;
	ck_assert_int_eq(pem_parse(a, verifier_pem(name, true), &pem, &e), 0);
	subject.certificate = pem.der;
}

static struct str hashedrekord_1(struct str pem)
{
	return log_fixture_text(
		a,
		"{\"apiVersion\":\"0.0.1\",\"kind\":\"hashedrekord\",\"spec\":{\"data\":{"
		"\"hash\":{\"algorithm\":\"sha256\",\"value\":\"" ARTIFACT_SHA256
		"\"}},\"signature\":{\"content\":\"" SIGNATURE64
		"\",\"publicKey\":{\"content\":\"%s\"}}}}",
		log_fixture_base64(a, pem).p);
}

static struct str hashedrekord_2(const char *details, int bits, const char *message)
{
	bool by_certificate = subject.certificate.n > 0;
	struct str verifier = by_certificate ? subject.certificate : key.spki;

	return log_fixture_text(
		a,
		"{\"apiVersion\":\"0.0.2\",\"kind\":\"hashedrekord\",\"spec\":{"
		"\"hashedRekordV002\":{\"data\":{\"algorithm\":\"SHA2_%d\",\"digest\":"
		"\"%s\"},\"signature\":{\"content\":\"" SIGNATURE64
		"\",\"verifier\":{\"keyDetails\":\"%s\",\"%s\":{\"rawBytes\":\"%s\"}}}}"
		"}}",
		bits, log_fixture_base64(a, hash_of(message, bits)).p, details,
		by_certificate ? "x509Certificate" : "publicKey",
		log_fixture_base64(a, verifier).p);
}

static struct str dsse_1(struct str pem)
{
	return log_fixture_text(
		a,
		"{\"apiVersion\":\"0.0.1\",\"kind\":\"dsse\",\"spec\":{\"envelopeHash\":{"
		"\"algorithm\":\"sha256\",\"value\":\"%s\"},\"payloadHash\":{"
		"\"algorithm\":\"sha256\",\"value\":\"%s\"},\"signatures\":[{"
		"\"signature\":\"" SIGNATURE64 "\",\"verifier\":\"%s\"}]}}",
		hex_of(hash_of(ENVELOPE, 256)).p, hex_of(hash_of(PAYLOAD, 256)).p,
		log_fixture_base64(a, pem).p);
}

static struct str intoto_2(struct str pem)
{
	return log_fixture_text(
		a,
		"{\"apiVersion\":\"0.0.2\",\"kind\":\"intoto\",\"spec\":{\"content\":{\"envelope\":"
		"{"
		"\"payloadType\":\"t\",\"signatures\":[{\"publicKey\":\"%s\",\"sig\":\"%s\"}]},"
		"\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":\"%s\"}}}}",
		log_fixture_base64(a, pem).p, log_fixture_base64(a, S(SIGNATURE64)).p,
		hex_of(hash_of(PAYLOAD, 256)).p);
}

static struct str intoto_1(struct str pem)
{
	return log_fixture_text(
		a,
		"{\"apiVersion\":\"0.0.1\",\"kind\":\"intoto\",\"spec\":{\"content\":{"
		"\"hash\":{\"algorithm\":\"sha256\",\"value\":\"%s\"}},\"publicKey\":"
		"\"%s\"}}",
		hex_of(hash_of(ENVELOPE, 256)).p, log_fixture_base64(a, pem).p);
}

/* Bundle, subject and the body of the entry, by the P-256 key of the tests. */
static void make_record(enum record r, bool by_certificate)
{
	struct str pem = verifier_pem("p256", by_certificate), pae;
	const char *v2 = "PKIX_ECDSA_P256_SHA_256";

	set_bundle(r);
	set_subject("p256", by_certificate);
	ck_assert_int_eq(dsse_pae(a, S(DSSE_IN_TOTO), S(PAYLOAD), &pae), 0);
	entry = (struct bundle_log_entry){.log_index = 99, .version = S("0.0.1")};
	entry.kind = S("hashedrekord");
	if (r == HASHEDREKORD_2 || r == HASHEDREKORD_2_ENVELOPE || r == INTOTO_2)
		entry.version = S("0.0.2");
	if (r == DSSE_1 || r == DSSE_1_LEGACY)
		entry.kind = S("dsse");
	if (r == INTOTO_1 || r == INTOTO_2)
		entry.kind = S("intoto");
	entry.body = r == HASHEDREKORD_2                 ? hashedrekord_2(v2, 256, ARTIFACT)
		     : r == HASHEDREKORD_2_ENVELOPE      ? hashedrekord_2(v2, 256, pae.p)
		     : r == DSSE_1 || r == DSSE_1_LEGACY ? dsse_1(pem)
		     : r == INTOTO_2                     ? intoto_2(pem)
		     : r == INTOTO_1                     ? intoto_1(pem)
							 : hashedrekord_1(pem);
}

/* The body with `from`, which is in it, replaced once. */
static void replace(const char *from, const char *to)
{
	const char *at = strstr(entry.body.p, from);

	ck_assert_msg(at != NULL, "%s is not in %s", from, entry.body.p);
	entry.body = log_fixture_text(a, "%.*s%s%s", (int)(at - entry.body.p), entry.body.p, to,
				      at + strlen(from));
}

#endif

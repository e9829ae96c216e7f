/* The body of a log entry against the signature: every kind, every column of the comparison. */
#include <check.h>
#include <gnutls/crypto.h>

#include "core/text.h"
#include "tests/unit/log_fixture.h"
#include "tests/unit/sig_fault.h"

#include "tests/unit/rekor_fixture.h"

Suite *test_sig_rekor_body_suite(void);

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static int fits(void)
{
	return rekor_body_fits(a, &entry, &subject, &f);
}

START_TEST(every_kind_fits_by_certificate_and_by_key)
{
	make_record((enum record)(_i / 2), _i % 2 == 0);
	ck_assert_msg(fits() == 0, "%d: %s", _i, f.err.text);
}
END_TEST

START_TEST(cve_2022_23649_another_signature)
{
	make_record((enum record)_i, true);
	bundle.signature = S("signature Bytes");
	if (_i == INTOTO_1) /* records none, but the envelope that holds it */
		bundle.blob = S("{\"envelope\":2}");
	fault_is(fits(), _i == INTOTO_1 ? VERIFY_LOG_BODY_SUBJECT : VERIFY_LOG_BODY_SIGNATURE,
		 _i == INTOTO_1 ? "log entry: a log entry of other content"
				: "log entry: a log entry of another signature");
	bundle.signature = S("");
	ck_assert_int_eq(fits(), -1);
}
END_TEST

#define OTHER_VERIFIER "log entry: a log entry of another key or certificate"

START_TEST(cve_2022_36056_another_key_or_certificate)
{
	struct sig_key p256;

	make_record((enum record)_i, true);
	subject.certificate = S("another certificate");
	fault_is(fits(), VERIFY_LOG_BODY_VERIFIER, OTHER_VERIFIER);
	/* a certificate where the key alone is wanted, also if it has that key */
	subject.certificate = S("");
	fault_is(fits(), VERIFY_LOG_BODY_VERIFIER, OTHER_VERIFIER);
	make_record((enum record)_i, false);
	p256 = key;
	subject.key = &p256;
	ck_assert_int_eq(sig_key_parse(a, verifier_pem("other", false), &p256, NULL), 0);
	fault_is(fits(), VERIFY_LOG_BODY_VERIFIER, OTHER_VERIFIER);
	/* a key where a certificate is wanted */
	subject.key = &key;
	subject.certificate = key.spki;
	fault_is(fits(), VERIFY_LOG_BODY_VERIFIER, OTHER_VERIFIER);
}
END_TEST

START_TEST(other_content)
{
	struct sha256 other;

	make_record((enum record)_i, true);
	ck_assert_int_eq(sha256_of(S("other"), &other, NULL), 0);
	subject.artifact = &other;
	bundle.payload = S("other");
	bundle.envelope.payload = S("other");
	if (_i == INTOTO_1)
		bundle.blob = S("other");
	fault_is(fits(), VERIFY_LOG_BODY_SUBJECT, "log entry: a log entry of other content");
}
END_TEST

/* What the body of version 2 hashes is what is signed: the type of the payload is part of it. */
START_TEST(another_payload_type)
{
	make_record(HASHEDREKORD_2_ENVELOPE, true);
	bundle.envelope.payload_type = S("application/vnd.in-toto+json ");
	fault_is(fits(), VERIFY_LOG_BODY_SUBJECT, "log entry: a log entry of other content");
}
END_TEST

START_TEST(another_envelope_of_a_legacy_attestation)
{
	make_record(DSSE_1_LEGACY, true);
	bundle.blob = S("{\"envelope\": 1}");
	fault_is(fits(), VERIFY_LOG_BODY_SUBJECT, "log entry: a log entry of other content");
	make_record(DSSE_1, true); /* of a bundle nobody has those bytes */
	bundle.blob = S("{\"envelope\": 1}");
	ck_assert_int_eq(fits(), 0);
	make_record(INTOTO_1, true);
	replace("\"hash\":{", "\"payloadHash\":{\"algorithm\":\"sha256\",\"value\":"
			      "\"" ARTIFACT_SHA256 "\"},\"hash\":{");
	fault_is(fits(), VERIFY_LOG_BODY_SUBJECT, "log entry: a log entry of other content");
}
END_TEST

/* ---- kinds ---- */

static const struct {
	enum record record;
	const char *from, *to, *kind, *version, *text;
} kinds[] = {
	{DSSE_1, "dsse", "dsse", "hashedrekord", "0.0.1",
	 "log entry: is \"dsse\" \"0.0.1\", and announced as another kind"},
	{DSSE_1, "dsse", "dsse", "dsse", "0.0.2",
	 "log entry: is \"dsse\" \"0.0.1\", and announced as another kind"},
	{DSSE_1, "dsse", "dsse", "", "",
	 "log entry: is \"dsse\" \"0.0.1\", and announced as another kind"},
	{DSSE_1_LEGACY, "dsse", "dsse", "dsse", "",
	 "log entry: is \"dsse\" \"0.0.1\", and announced as another kind"},
	{DSSE_1, "dsse", "DSSE", "DSSE", "0.0.1", "log entry: \"DSSE\" \"0.0.1\" is no known kind"},
	{DSSE_1, "0.0.1", "0.0.2", "dsse", "0.0.2",
	 "log entry: \"dsse\" \"0.0.2\" is no known kind"},
	{HASHEDREKORD_1, "hashedrekord", "rekord", "rekord", "0.0.1",
	 "log entry: \"rekord\" \"0.0.1\" is no known kind"},
	{HASHEDREKORD_1, "\"kind\":\"hashedrekord\",", "", "", "0.0.1",
	 "log entry: \"\" \"0.0.1\" is no known kind"},
};

START_TEST(only_the_announced_and_known_kinds)
{
	make_record(kinds[_i].record, true);
	replace(kinds[_i].from, kinds[_i].to);
	entry.kind = str_of(kinds[_i].kind);
	entry.version = str_of(kinds[_i].version);
	fault_is(fits(), VERIFY_LOG_KIND, kinds[_i].text);
}
END_TEST

START_TEST(legacy_signatures_announce_no_kind)
{
	static const enum record legacy[] = {HASHEDREKORD_1_PAYLOAD, DSSE_1_LEGACY, INTOTO_1};

	make_record(legacy[_i], true);
	entry.kind = entry.version = S("");
	ck_assert_msg(fits() == 0, "%s", f.err.text);
}
END_TEST

static const struct {
	enum record record;
	enum bundle_format format;
	enum bundle_content content;
	const char *text;
} misfits[] = {
	{HASHEDREKORD_1, BUNDLE_V03, BUNDLE_ENVELOPE,
	 "log entry: \"hashedrekord\" \"0.0.1\" does not record such a signature"},
	{HASHEDREKORD_1, BUNDLE_V03, BUNDLE_CONTENT_NONE,
	 "log entry: \"hashedrekord\" \"0.0.1\" does not record such a signature"},
	{HASHEDREKORD_2, BUNDLE_LEGACY_SIG, BUNDLE_PAYLOAD,
	 "log entry: \"hashedrekord\" \"0.0.2\" does not record such a signature"},
	{HASHEDREKORD_2_ENVELOPE, BUNDLE_LEGACY_ATT, BUNDLE_ENVELOPE,
	 "log entry: \"hashedrekord\" \"0.0.2\" does not record such a signature"},
	{DSSE_1, BUNDLE_V03, BUNDLE_MESSAGE,
	 "log entry: \"dsse\" \"0.0.1\" does not record such a signature"},
	{INTOTO_2, BUNDLE_V03, BUNDLE_MESSAGE,
	 "log entry: \"intoto\" \"0.0.2\" does not record such a signature"},
	{INTOTO_1, BUNDLE_V03, BUNDLE_ENVELOPE,
	 "log entry: \"intoto\" \"0.0.1\" does not record such a signature"},
	{INTOTO_1, BUNDLE_LEGACY_SIG, BUNDLE_PAYLOAD,
	 "log entry: \"intoto\" \"0.0.1\" does not record such a signature"},
};

START_TEST(kinds_record_certain_signatures_only)
{
	make_record(misfits[_i].record, true);
	bundle.format = misfits[_i].format;
	bundle.content = misfits[_i].content;
	fault_is(fits(), VERIFY_LOG_KIND, misfits[_i].text);
}
END_TEST

/* ---- shapes ---- */

#define V2 "spec.hashedRekordV002"
#define I2 "spec.content.envelope.signatures"

static const struct {
	enum record record;
	const char *from, *to, *text;
} shapes[] = {
	{HASHEDREKORD_1, "{\"api", "[{\"api", "body: not valid JSON: it ends too early"},
	{HASHEDREKORD_1, "{\"api", "{\"kind\":\"dsse\",\"api",
	 "body: not valid JSON: duplicate key \"kind\""},
	{HASHEDREKORD_1, "\"spec\":{", "\"spec\":[],\"x\":{", "body.spec: got list, want map"},
	{HASHEDREKORD_1, "\"spec\"", "\"Spec\"", "body.spec: missing"},
	{HASHEDREKORD_1, "\"hashedrekord\"", "1", "body.kind: got integer, want string"},
	{HASHEDREKORD_1, "\"0.0.1\"", "null", "body.apiVersion: got null, want string"},
	{HASHEDREKORD_1, "\"" SIGNATURE64 "\"", "5",
	 "spec.signature.content: got integer, want string"},
	{HASHEDREKORD_1, SIGNATURE64, "", "spec.signature.content: missing or empty"},
	{HASHEDREKORD_1, SIGNATURE64, SIGNATURE64 "\\n",
	 "spec.signature.content: base64: length 21 is no multiple of 4"},
	{HASHEDREKORD_1, SIGNATURE64, "c2lnbmF0dXJlIGJ5dGVzAB==",
	 "spec.signature.content: base64: unused bits of the last character are set"},
	{HASHEDREKORD_1, "\"signature\"", "\"s\"", "spec.signature: missing"},
	{HASHEDREKORD_1, "\"publicKey\"", "\"s\"", "spec.signature.publicKey: missing"},
	{HASHEDREKORD_1, "{\"content\":\"LS0t", "{\"content\":\"ICAgLS0t",
	 "spec.signature.publicKey.content: pem: no line \"-----BEGIN ...-----\""},
	{HASHEDREKORD_1, "\"data\"", "\"s\"", "spec.data: missing"},
	{HASHEDREKORD_1, "\"hash\"", "\"s\"", "spec.data.hash: missing"},
	{HASHEDREKORD_1, "sha256", "sha1", "spec.data.hash.algorithm: not a hash that counts"},
	{HASHEDREKORD_1, "sha256", "sha512", "spec.data.hash.value: not the length of its hash"},
	{HASHEDREKORD_1, ARTIFACT_SHA256 "\"", "z\"",
	 "spec.data.hash.value: not the length of its hash"},
	{HASHEDREKORD_1, "\"value\":\"c", "\"value\":\"g", "spec.data.hash.value: not hex digits"},
	{DSSE_1, "\"signatures\":[{", "\"signatures\":[{},{",
	 "spec.signatures: want exactly one item"},
	{DSSE_1, "\"signatures\"", "\"s\"", "spec.signatures: want exactly one item"},
	{DSSE_1, "\"signatures\":[{", "\"signatures\":[7,{",
	 "spec.signatures[0]: got integer, want map"},
	{DSSE_1, "\"envelopeHash\"", "\"s\"", "spec.envelopeHash: missing"},
	{DSSE_1, "\"payloadHash\"", "\"s\"", "spec.payloadHash: missing"},
	{DSSE_1, "\"verifier\"", "\"s\"", "spec.signatures[0].verifier: missing or empty"},
	{DSSE_1, "\"payloadHash\":{", "\"payloadHash\":1,\"s\":{",
	 "spec.payloadHash: got integer, want map"},
	{INTOTO_2, "\"content\"", "\"s\"", "spec.content: missing"},
	{INTOTO_2, "\"envelope\"", "\"s\"", "spec.content.envelope: missing"},
	{INTOTO_2, "\"payloadType\":\"t\"", "\"payloadType\":[]",
	 "spec.content.envelope.payloadType: got list, want string"},
	{INTOTO_2, "\"payloadType\":\"t\"", "\"payload\":{}",
	 "spec.content.envelope.payload: got map, want string"},
	{INTOTO_2, "\"signatures\":[{", "\"signatures\":[{},{", I2 ": want exactly one item"},
	{INTOTO_2, "\"signatures\":[{", "\"signatures\":[{\"keyid\":1,",
	 I2 "[0].keyid: got integer, want string"},
	{INTOTO_2, "\"sig\":\"YzJs", "\"sig\":\"" SIGNATURE64 "\",\"s\":\"",
	 I2 "[0].sig: not base64 of base64"},
	{INTOTO_2, "\"payloadHash\"", "\"s\"", "spec.content.payloadHash: missing"},
	{INTOTO_2, "\"payloadHash\"", "\"hash\":[],\"payloadHash\"",
	 "spec.content.hash: got list, want map"},
	{INTOTO_1, "\"hash\"", "\"s\"", "spec.content.hash: missing"},
	{INTOTO_1, "\"publicKey\"", "\"s\"", "spec.publicKey: missing or empty"},
	{HASHEDREKORD_2, "\"hashedRekordV002\"", "\"s\"", V2 ": missing"},
	{HASHEDREKORD_2, "SHA2_256", "sha256", V2 ".data.algorithm: not a hash that counts"},
	{HASHEDREKORD_2, "SHA2_256", "SHA2_384", V2 ".data.digest: not the length of its hash"},
	{HASHEDREKORD_2, "\"digest\"", "\"s\"", V2 ".data.digest: not the length of its hash"},
	{HASHEDREKORD_2, "\"data\"", "\"s\"", V2 ".data: missing"},
	{HASHEDREKORD_2, "\"signature\"", "\"s\"", V2 ".signature: missing"},
	{HASHEDREKORD_2, "\"verifier\"", "\"s\"", V2 ".signature.verifier: missing"},
	{HASHEDREKORD_2, "\"x509Certificate\"", "\"s\"",
	 V2 ".signature.verifier: want exactly one of certificate and public key"},
	{HASHEDREKORD_2, "\"x509Certificate\"", "\"publicKey\":{},\"x509Certificate\"",
	 V2 ".signature.verifier: want exactly one of certificate and public key"},
	{HASHEDREKORD_2, "\"rawBytes\"", "\"s\"",
	 V2 ".signature.verifier.x509Certificate.rawBytes: missing or empty"},
	{HASHEDREKORD_2, "\"keyDetails\":", "\"keyDetails\":1,\"s\":",
	 V2 ".signature.verifier.keyDetails: got integer, want string"},
};

START_TEST(malformed_bodies)
{
	make_record(shapes[_i].record, true);
	replace(shapes[_i].from, shapes[_i].to);
	fault_is(fits(), VERIFY_LOG_BODY, log_fixture_text(a, "log entry: %s", shapes[_i].text).p);
}
END_TEST

START_TEST(a_pem_of_something_else_is_no_verifier)
{
	struct str pem = S("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n");

	make_record(HASHEDREKORD_1, true);
	entry.body = hashedrekord_1(pem);
	fault_is(fits(), VERIFY_LOG_BODY,
		 "log entry: spec.signature.publicKey.content: neither a certificate nor a public "
		 "key");
}
END_TEST

START_TEST(bytes_are_compared_not_their_spelling)
{
	struct str pem;

	make_record(HASHEDREKORD_1, true);
	pem = log_fixture_text(a, "some text\r\n%s\n", verifier_pem("p256", true).p);
	entry.body = hashedrekord_1(pem);
	replace(ARTIFACT_SHA256,
		"C7C5C1D70C5DEC4416AB6158AFD0B223EF40C29B1DC1F97ED9428B94D4CADB1C");
	ck_assert_msg(fits() == 0, "%s", f.err.text);
}
END_TEST

/* ---- hashes and keys ---- */

static const struct {
	const char *key, *details;
	int bits;
	enum verify_reason reason;
	const char *text;
} details[] = {
	{"p256", "PKIX_ECDSA_P256_SHA_256", 256, VERIFY_VERIFIED, ""},
	{"p384", "PKIX_ECDSA_P384_SHA_384", 384, VERIFY_VERIFIED, ""},
	{"p384", "PKIX_ECDSA_P384_SHA_256", 256, VERIFY_VERIFIED, ""},
	{"p521", "PKIX_ECDSA_P521_SHA_512", 512, VERIFY_VERIFIED, ""},
	{"rsa2048", "PKIX_RSA_PKCS1V15_2048_SHA256", 256, VERIFY_VERIFIED, ""},
	{"ed25519", "PKIX_ED25519_PH", 512, VERIFY_VERIFIED, ""},
	{"p256", "PKIX_ECDSA_P384_SHA_384", 384, VERIFY_LOG_BODY_VERIFIER,
	 "log entry: keyDetails \"PKIX_ECDSA_P384_SHA_384\" do not fit the key"},
	{"rsa2048", "PKIX_RSA_PKCS1V15_3072_SHA256", 256, VERIFY_LOG_BODY_VERIFIER,
	 "log entry: keyDetails \"PKIX_RSA_PKCS1V15_3072_SHA256\" do not fit the key"},
	{"p256", "PKIX_ED25519", 512, VERIFY_LOG_BODY_VERIFIER,
	 "log entry: keyDetails \"PKIX_ED25519\" do not fit the key"},
	{"p256", "", 256, VERIFY_LOG_BODY_VERIFIER,
	 "log entry: keyDetails \"\" do not fit the key"},
	{"p256", "pkix_ecdsa_p256_sha_256", 256, VERIFY_LOG_BODY_VERIFIER,
	 "log entry: keyDetails \"pkix_ecdsa_p256_sha_256\" do not fit the key"},
	{"p256", "PKIX_ECDSA_P256_SHA_256", 512, VERIFY_LOG_BODY_SUBJECT,
	 "log entry: a hash of 512 bits, of a key with 256"},
	{"p384", "PKIX_ECDSA_P384_SHA_384", 256, VERIFY_LOG_BODY_SUBJECT,
	 "log entry: a hash of 256 bits, of a key with 384"},
};

START_TEST(key_details_fit_key_and_hash)
{
	make_record(HASHEDREKORD_2, false);
	set_subject(details[_i].key, false);
	subject.artifact_bytes = S(ARTIFACT);
	entry.body = hashedrekord_2(details[_i].details, details[_i].bits, ARTIFACT);
	if (details[_i].reason == VERIFY_VERIFIED)
		ck_assert_msg(fits() == 0, "%d: %s", _i, f.err.text);
	else
		fault_is(fits(), details[_i].reason, details[_i].text);
}
END_TEST

START_TEST(longer_hashes_need_the_artifact)
{
	make_record(HASHEDREKORD_2, false);
	set_subject("p384", false);
	entry.body = hashedrekord_2("PKIX_ECDSA_P384_SHA_384", 384, ARTIFACT);
	fault_is(fits(), VERIFY_ARTIFACT_NEEDED,
		 "log entry: its hash of 384 bits cannot be checked over a digest alone");
	subject.artifact_bytes = S("Artifact");
	fault_is(fits(), VERIFY_LOG_BODY_SUBJECT, "log entry: a log entry of other content");
	make_record(HASHEDREKORD_1, true);
	replace("sha256", "sha512");
	replace(ARTIFACT_SHA256, hex_of(hash_of(ARTIFACT, 512)).p);
	subject.artifact_bytes = S(ARTIFACT);
	ck_assert_msg(fits() == 0, "%s", f.err.text);
	subject.artifact_bytes = S("");
	ck_assert_int_eq(fits(), -1);
	ck_assert_int_eq(f.reason, VERIFY_ARTIFACT_NEEDED);
	make_record(HASHEDREKORD_1, true);
	subject.artifact = NULL;
	fault_is(fits(), VERIFY_LOG_BODY_SUBJECT, "log entry: a log entry of other content");
}
END_TEST

START_TEST(without_memory_nothing_fits)
{
	int rc = -1;

	for (size_t n = 1; rc < 0 || arena_exhausted(a); n++) {
		arena_reset(a);
		make_record((enum record)_i, true);
		arena_fail_at(a, n);
		rc = fits();
		if (rc < 0)
			ck_assert_str_eq(verify_reason_name(f.reason), "no_room");
	}
}
END_TEST

Suite *test_sig_rekor_body_suite(void)
{
	Suite *s = suite_create("sig_rekor_body");
	TCase *tc = tcase_create("sig_rekor_body");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, every_kind_fits_by_certificate_and_by_key, 0, 2 * RECORDS);
	tcase_add_loop_test(tc, cve_2022_23649_another_signature, 0, RECORDS);
	tcase_add_loop_test(tc, cve_2022_36056_another_key_or_certificate, 0, RECORDS);
	tcase_add_loop_test(tc, other_content, 0, RECORDS);
	tcase_add_test(tc, another_payload_type);
	tcase_add_test(tc, another_envelope_of_a_legacy_attestation);
	tcase_add_loop_test(tc, only_the_announced_and_known_kinds, 0, COUNT(kinds));
	tcase_add_loop_test(tc, legacy_signatures_announce_no_kind, 0, 3);
	tcase_add_loop_test(tc, kinds_record_certain_signatures_only, 0, COUNT(misfits));
	tcase_add_loop_test(tc, malformed_bodies, 0, COUNT(shapes));
	tcase_add_test(tc, a_pem_of_something_else_is_no_verifier);
	tcase_add_test(tc, bytes_are_compared_not_their_spelling);
	tcase_add_loop_test(tc, key_details_fit_key_and_hash, 0, COUNT(details));
	tcase_add_test(tc, longer_hashes_need_the_artifact);
	tcase_add_loop_test(tc, without_memory_nothing_fits, 0, RECORDS);
	suite_add_tcase(s, tc);
	return s;
}

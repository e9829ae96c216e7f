/* Timestamps against the authorities that are trusted: signer, signature, chain and time. */
#include <check.h>

#include "core/text.h"
#include "tests/unit/sig_fault.h"
#include "tests/unit/tsa_fixture.h"

Suite *test_sig_timestamp_suite(void);

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct tsa_fixture t;
static struct timestamp_result result;

static void open_authority(void)
{
	setup();
	tsa_open(&t, a);
	result = (struct timestamp_result){.authority = NULL};
}

static void close_authority(void)
{
	tsa_close(&t);
	teardown();
}

static int verify(struct str response)
{
	static const struct str message = {"message", 7};

	return timestamp_verify(a, response, &message, 1, &t.trusted, &result, &f);
}

static int verify_answer(struct tsa_answer how)
{
	return verify(tsa_respond(&t, &how));
}

static void verified(struct tsa_answer how)
{
	ck_assert_msg(verify_answer(how) == 0, "%s: %s", verify_reason_name(f.reason), f.err.text);
	ck_assert_ptr_nonnull(result.authority);
}

static struct str joined(struct str x, struct str y)
{
	struct text text;
	struct str out;

	text_init(&text, a, 16384);
	text_put(&text, x);
	text_put(&text, y);
	ck_assert(text_done(&text, &out));
	return out;
}

static struct str flipped(struct str s, size_t at)
{
	char *p = arena_dup(a, s.p, s.n);

	p[at] ^= 1;
	return (struct str){p, s.n};
}

/* The authority is the issuer of a leaf that comes with the token. */
static void configure_issuer_only(void)
{
	t.authority.certificates[0] = t.intermediate.der;
	t.authority.certificates[1] = t.root.der;
	t.authority.n_certificates = 2;
}

START_TEST(of_an_authority_with_its_leaf)
{
	verified((struct tsa_answer){.bits = 0});
	ck_assert_ptr_eq(result.authority, &t.authority);
	ck_assert_int_eq(result.unix_ms, 1500000);
	verified((struct tsa_answer){.certificates = t.leaf.der});
	verified((struct tsa_answer){.certificates = joined(t.intermediate.der, t.leaf.der)});
	verified((struct tsa_answer){.time = "19700101002500.75Z"});
	ck_assert_int_eq(result.unix_ms, 1500750);
}
END_TEST

START_TEST(of_an_authority_whose_leaf_comes_with_the_token)
{
	configure_issuer_only();
	verified((struct tsa_answer){.certificates = joined(t.root.der, t.leaf.der)});
	fault_is(verify_answer((struct tsa_answer){.bits = 0}), VERIFY_TIMESTAMP_UNTRUSTED,
		 "timestamp: its signer is of no trusted authority");
	fault_is(verify_answer((struct tsa_answer){.certificates = t.root.der}),
		 VERIFY_TIMESTAMP_UNTRUSTED, "timestamp: its signer is of no trusted authority");
}
END_TEST

START_TEST(hashes_of_256_384_and_512_bits)
{
	verified((struct tsa_answer){.bits = 384});
	verified((struct tsa_answer){.bits = 512});
}
END_TEST

START_TEST(of_other_content)
{
	struct str two[] = {S("something"), S("message")};
	struct str response = tsa_respond(&t, &(struct tsa_answer){.bits = 0});
	struct tsa_answer other = {.message = "other"};

	fault_is(verify(tsa_respond(&t, &other)), VERIFY_TIMESTAMP_IMPRINT,
		 "timestamp: of other content");
	ck_assert_int_eq(timestamp_verify(a, response, two, 2, &t.trusted, &result, &f), 0);
	fault_is(timestamp_verify(a, response, two, 1, &t.trusted, &result, &f),
		 VERIFY_TIMESTAMP_IMPRINT, "timestamp: of other content");
	fault_is(timestamp_verify(a, response, two, 0, &t.trusted, &result, &f),
		 VERIFY_TIMESTAMP_IMPRINT, "timestamp: of other content");
}
END_TEST

/* ---- whose ---- */

#define UNTRUSTED "timestamp: its signer is of no trusted authority"

START_TEST(of_nobody_who_is_trusted)
{
	struct tsa_fixture other;
	struct tsa_answer how = {.bits = 0};

	tsa_open(&other, a);
	how.signer_name = DER(a, 0x30, other.intermediate.issuer, S("\x02\x01\x02"));
	fault_is(verify_answer(how), VERIFY_TIMESTAMP_UNTRUSTED, UNTRUSTED);
	how.signer_name = DER(a, 0x30, t.leaf.issuer, S("\x02\x01\x03"));
	fault_is(verify_answer(how), VERIFY_TIMESTAMP_UNTRUSTED, UNTRUSTED);
	t.trusted.n_timestamp_authorities = 0;
	fault_is(verify_answer((struct tsa_answer){.bits = 0}), VERIFY_TIMESTAMP_UNTRUSTED,
		 UNTRUSTED);
	ck_assert_ptr_null(result.authority);
	tsa_close(&other);
}
END_TEST

/* The same names and serial numbers, other keys: with the leaf configured the signature fails, and
 * with the issuer alone the chain of what came along. */
START_TEST(of_somebody_with_the_same_names)
{
	struct tsa_fixture other;
	struct tsa_answer how = {.bits = 0};

	tsa_open(&other, a);
	fault_is(
		verify(tsa_respond(&other, &how)), VERIFY_TIMESTAMP_SIGNATURE,
		"timestamp: its authority has not signed it: Public key signature verification has "
		"failed.");
	how.certificates = joined(other.leaf.der, other.intermediate.der);
	fault_is(verify(tsa_respond(&other, &how)), VERIFY_TIMESTAMP_CERTIFICATE,
		 "timestamp: the certificates in it are not those of its authority");
	configure_issuer_only();
	ck_assert_int_eq(verify(tsa_respond(&other, &how)), -1);
	ck_assert_str_eq(verify_reason_name(f.reason), "timestamp_chain");
	tsa_close(&other);
}
END_TEST

/* GHSA-xm5m-wgh2-rrg3: all checks are of the certificate that has signed */
START_TEST(ghsa_xm5m_wgh2_rrg3_embedded_certificates_have_the_leaf)
{
	struct str altered = flipped(t.leaf.der, t.leaf.der.n - 1);

	fault_is(verify_answer((struct tsa_answer){.certificates = altered}),
		 VERIFY_TIMESTAMP_CERTIFICATE,
		 "timestamp: the certificates in it are not those of its authority");
	fault_is(verify_answer((struct tsa_answer){.certificates = t.root.der}),
		 VERIFY_TIMESTAMP_CERTIFICATE,
		 "timestamp: the certificates in it are not those of its authority");
	configure_issuer_only();
	ck_assert_int_eq(verify_answer((struct tsa_answer){.certificates = altered}), -1);
	ck_assert_str_eq(verify_reason_name(f.reason), "timestamp_chain");
}
END_TEST

static const struct tsa_leaf leaves[] = {
	{.no_purpose = true},
	{.not_critical = true},
	{.purposes = {GNUTLS_KP_CODE_SIGNING}},
	{.purposes = {GNUTLS_KP_ANY}},
	{.purposes = {GNUTLS_KP_TIME_STAMPING, GNUTLS_KP_CODE_SIGNING}},
	{.purposes = {GNUTLS_KP_TIME_STAMPING, "1.2.3.4.5"}},
	{.is_ca = true},
};

/* As the authority's own, and as one that came along. */
START_TEST(certificates_that_are_not_for_timestamps)
{
	tsa_make_leaf(&t, &leaves[_i / 2]);
	if (_i % 2)
		configure_issuer_only();
	ck_assert_int_eq(verify_answer((struct tsa_answer){.certificates = t.leaf.der}), -1);
	ck_assert_str_eq(verify_reason_name(f.reason), "timestamp_certificate");
	ck_assert_msg(strncmp(f.err.text, "timestamp: certificate: ", 24) == 0, "%s", f.err.text);
}
END_TEST

START_TEST(keys_that_do_not_count)
{
	struct tsa_answer how = {.certificates = {NULL, 0}};

	tsa_make_leaf(&t, &(struct tsa_leaf){.short_key = true});
	how.signature_oid = S("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B");
	fault_is(verify_answer(how), VERIFY_TIMESTAMP_CERTIFICATE,
		 "timestamp: key: RSA of 1024 bits: want 2048 to 8192");
}
END_TEST

/* ---- signature ---- */

#define NOT_SIGNED                                                                                 \
	"timestamp: its authority has not signed it: Public key signature verification has "       \
	"failed."

START_TEST(of_a_time_that_is_not_signed)
{
	struct tsa_answer how = {.time = "19700101002501Z"};

	how.shown_tst_info = tsa_tst_info(&t, &(struct tsa_answer){.bits = 0});
	fault_is(verify_answer(how), VERIFY_TIMESTAMP_SIGNATURE, NOT_SIGNED);
}
END_TEST

START_TEST(attributes_that_are_not_signed)
{
	struct str hash = DER(a, 0x04, S("0123456789abcdef0123456789abcdef"));
	struct str first = tsa_attribute(&t, OID_CONTENT_TYPE, OID_TST_INFO);
	struct tsa_answer how = {.bits = 0};

	how.shown_attributes = joined(first, tsa_attribute(&t, OID_MESSAGE_DIGEST, hash));
	fault_is(verify_answer(how), VERIFY_TIMESTAMP_SIGNATURE, NOT_SIGNED);
	how.attributes = how.shown_attributes; /* signed, but of another content */
	fault_is(verify_answer(how), VERIFY_TIMESTAMP_SIGNATURE, NOT_SIGNED);
}
END_TEST

START_TEST(hash_and_signature_go_together)
{
	struct tsa_answer how = {.signature_oid = OID_ECDSA_SHA1};

	fault_is(verify_answer(how), VERIFY_TIMESTAMP_SIGNATURE,
		 "timestamp: a signature by another hash than announced");
	how = (struct tsa_answer){.hash_oid = S("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02")};
	fault_is(verify_answer(how), VERIFY_TIMESTAMP_SIGNATURE,
		 "timestamp: a signature by another hash than announced");
	how.hash_oid = OID_SHA1;
	fault_is(verify_answer(how), VERIFY_TIMESTAMP_MALFORMED,
		 "timestamp: a token with a malformed signer");
	how = (struct tsa_answer){.signature_oid = OID_POLICY};
	ck_assert_int_eq(verify_answer(how), -1);
	ck_assert_str_eq(verify_reason_name(f.reason), "timestamp_signature");
}
END_TEST

/* Whatever is flipped, it is refused, unless nothing is signed there and nothing depends on it. */
START_TEST(every_byte_counts)
{
	struct str response = tsa_respond(&t, &(struct tsa_answer){.certificates = t.leaf.der});
	size_t accepted = 0;

	for (size_t i = 0; i < response.n; i++)
		accepted += verify(flipped(response, i)) == 0;
	/* status 1; two versions; the first list of hashes; certificates become lists of revoked ones */
	ck_assert_uint_eq(accepted, 1 + 2 + 9 + 1);
}
END_TEST

/* ---- time and chain ---- */

static const struct {
	const char *time;
	int64_t from_ms, until_ms, leaf_until;
	enum verify_reason reason;
} times[] = {
	{"19700101002500Z", 1500000, 1500000, 0, VERIFY_VERIFIED},
	{"19700101002500Z", INT64_MIN, INT64_MAX, 0, VERIFY_VERIFIED},
	{"19700101002500.5Z", 1500000, 1500499, 0, VERIFY_TIMESTAMP_TIME},
	{"19700101002500Z", 1500001, INT64_MAX, 0, VERIFY_TIMESTAMP_TIME},
	{"19700101002500Z", INT64_MIN, INT64_MAX, 1500, VERIFY_VERIFIED},
	{"19700101002500Z", INT64_MIN, INT64_MAX, 1499, VERIFY_TIMESTAMP_TIME},
	{"19700101001140Z", INT64_MIN, INT64_MAX, 0, VERIFY_VERIFIED},
	{"19700101001139Z", INT64_MIN, INT64_MAX, 0, VERIFY_TIMESTAMP_TIME},
	{"19700101005001Z", INT64_MIN, INT64_MAX, 5000, VERIFY_TIMESTAMP_TIME},
	{"20260101000000Z", INT64_MIN, INT64_MAX, 0, VERIFY_TIMESTAMP_TIME},
};

/* All of these certificates ended in 1970: today does not matter. */
START_TEST(times_of_authority_and_certificates)
{
	tsa_make_leaf(&t, &(struct tsa_leaf){.until_unix_s = times[_i].leaf_until});
	t.authority.window = (struct trusted_window){times[_i].from_ms, times[_i].until_ms};
	if (times[_i].reason == VERIFY_VERIFIED) {
		verified((struct tsa_answer){.time = times[_i].time});
		return;
	}
	ck_assert_int_eq(verify_answer((struct tsa_answer){.time = times[_i].time}), -1);
	ck_assert_msg(f.reason == times[_i].reason, "%s: %s", verify_reason_name(f.reason),
		      f.err.text);
}
END_TEST

START_TEST(chains_lead_to_the_anchor)
{
	t.authority.certificates[1] = t.root.der; /* without the intermediate */
	t.authority.n_certificates = 2;
	ck_assert_int_eq(verify_answer((struct tsa_answer){.bits = 0}), -1);
	ck_assert_str_eq(verify_reason_name(f.reason), "timestamp_chain");
	tsa_make_leaf(&t, &(struct tsa_leaf){.by_root = true});
	verified((struct tsa_answer){.bits = 0});
	t.authority.n_certificates = 1; /* a leaf is no anchor */
	ck_assert_int_eq(verify_answer((struct tsa_answer){.bits = 0}), -1);
	ck_assert_str_eq(verify_reason_name(f.reason), "timestamp_chain");
}
END_TEST

/* ---- several authorities ---- */

START_TEST(any_authority_will_do_and_the_best_fitting_one_speaks)
{
	struct trusted_authority three[3];
	struct tsa_fixture other;

	tsa_open(&other, a);
	tsa_make_leaf(&other, &(struct tsa_leaf){.by_root = true});
	three[0] = other.authority;
	three[1] = three[2] = t.authority;
	three[1].window.until_unix_ms = 1000001;
	t.trusted.timestamp_authorities = three;
	t.trusted.n_timestamp_authorities = 3;
	verified((struct tsa_answer){.bits = 0});
	ck_assert_ptr_eq(result.authority, &three[2]);
	t.trusted.n_timestamp_authorities = 2;
	fault_is(verify_answer((struct tsa_answer){.bits = 0}), VERIFY_TIMESTAMP_TIME,
		 "timestamp: made when its authority did not count");
	t.trusted.n_timestamp_authorities = 1;
	fault_is(verify_answer((struct tsa_answer){.bits = 0}), VERIFY_TIMESTAMP_UNTRUSTED,
		 UNTRUSTED);
	/* its own leaf is altered: told of that, not of a chain to an issuer that it does not have */
	three[0].certificates[0] = t.root.der;
	three[0].n_certificates = 1;
	t.trusted.n_timestamp_authorities = 2;
	ck_assert_int_eq(verify_answer((struct tsa_answer){
				 .certificates = flipped(t.leaf.der, t.leaf.der.n - 1)}),
			 -1);
	ck_assert_str_eq(verify_reason_name(f.reason), "timestamp_certificate");
	tsa_close(&other);
}
END_TEST

START_TEST(without_memory_nothing_is_verified)
{
	struct tsa_answer how = {.certificates = t.leaf.der};
	struct str response = tsa_respond(&t, &how);
	int rc = -1;

	for (size_t n = 1; rc < 0; n++) {
		arena_fail_at(a, n);
		rc = verify(response);
		if (rc < 0)
			ck_assert_str_eq(verify_reason_name(f.reason), "no_room");
	}
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, of_an_authority_with_its_leaf);
	tcase_add_test(tc, of_an_authority_whose_leaf_comes_with_the_token);
	tcase_add_test(tc, hashes_of_256_384_and_512_bits);
	tcase_add_test(tc, of_other_content);
	tcase_add_test(tc, of_nobody_who_is_trusted);
	tcase_add_test(tc, of_somebody_with_the_same_names);
	tcase_add_test(tc, ghsa_xm5m_wgh2_rrg3_embedded_certificates_have_the_leaf);
	tcase_add_loop_test(tc, certificates_that_are_not_for_timestamps, 0, 2 * COUNT(leaves));
	tcase_add_test(tc, keys_that_do_not_count);
	tcase_add_test(tc, of_a_time_that_is_not_signed);
	tcase_add_test(tc, attributes_that_are_not_signed);
	tcase_add_test(tc, hash_and_signature_go_together);
	tcase_add_test(tc, every_byte_counts);
	tcase_add_loop_test(tc, times_of_authority_and_certificates, 0, COUNT(times));
	tcase_add_test(tc, chains_lead_to_the_anchor);
	tcase_add_test(tc, any_authority_will_do_and_the_best_fitting_one_speaks);
	tcase_add_test(tc, without_memory_nothing_is_verified);
}

Suite *test_sig_timestamp_suite(void)
{
	Suite *s = suite_create("sig_timestamp");
	TCase *tc = tcase_create("sig_timestamp");

	tcase_add_checked_fixture(tc, open_authority, close_authority);
	add_tests(tc);
	suite_add_tcase(s, tc);
	return s;
}

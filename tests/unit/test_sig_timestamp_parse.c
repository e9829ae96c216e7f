/* The form of timestamps: response, token and what it says, read strictly. */
#include <check.h>
#include <stdio.h>

#include "core/text.h"
#include "tests/unit/sig_fault.h"
#include "tests/unit/tsa_fixture.h"

Suite *test_sig_timestamp_parse_suite(void);

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define SEQUENCE 0x30
#define OCTETS 0x04

static struct tsa_fixture t;
static struct timestamp_response r;

static void open_authority(void)
{
	setup();
	tsa_open(&t, a);
}

static void close_authority(void)
{
	tsa_close(&t);
	teardown();
}

static int parse(struct tsa_answer how)
{
	return timestamp_parse(tsa_respond(&t, &how), &r, &f);
}

static void malformed(struct tsa_answer how, const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "timestamp: %s", what);
	fault_is(parse(how), VERIFY_TIMESTAMP_MALFORMED, text);
}

static void parsed(struct tsa_answer how)
{
	ck_assert_msg(parse(how) == 0, "%s", f.err.text);
}

START_TEST(values_of_a_response)
{
	struct tsa_answer how = {.bits = 384, .certificates = t.leaf.der};

	parsed(how);
	ck_assert_int_eq(r.unix_ms, 1500000);
	ck_assert_uint_eq(r.imprint_bits, 384);
	ck_assert_uint_eq(r.imprint.n, 48);
	ck_assert_uint_eq(r.signer_bits, 256);
	ck_assert(str_eq(r.tst_info, tsa_tst_info(&t, &how)));
	ck_assert(str_eq(r.signer_issuer, t.leaf.issuer));
	ck_assert(str_eq(r.signer_serial, S("\2")));
	ck_assert_uint_eq(r.n_certificates, 1);
	ck_assert(str_eq(r.certificates[0], t.leaf.der));
	ck_assert(str_starts(r.token, S("\x30\x82")));
}
END_TEST

START_TEST(every_prefix_and_every_byte_more_is_malformed)
{
	struct str whole = tsa_respond(&t, &(struct tsa_answer){.certificates = t.leaf.der});
	char *longer = arena_alloc(a, whole.n + 1);

	memcpy(longer, whole.p, whole.n);
	for (size_t n = 0; n < whole.n; n++) {
		ck_assert_int_eq(timestamp_parse((struct str){longer, n}, &r, &f), -1);
		ck_assert_int_eq(f.reason, VERIFY_TIMESTAMP_MALFORMED);
	}
	fault_is(timestamp_parse((struct str){longer, whole.n + 1}, &r, &f),
		 VERIFY_TIMESTAMP_MALFORMED, "timestamp: not a TimeStampResp");
	ck_assert_int_eq(timestamp_parse(whole, &r, &f), 0);
}
END_TEST

/* ---- TimeStampResp ---- */

#define STATUS(bytes)                                                                              \
	{                                                                                          \
		(bytes), sizeof(bytes) - 1                                                         \
	}
#define NOT_A_RESPONSE "timestamp: not a TimeStampResp"

static const struct {
	struct str status;
	enum verify_reason reason;
	const char *text;
} statuses[] = {
	{STATUS("\x30\x03\x02\x01\x00"), VERIFY_VERIFIED, ""},
	{STATUS("\x30\x03\x02\x01\x01"), VERIFY_VERIFIED, ""},
	{STATUS("\x30\x08\x02\x01\x01\x30\x03\x0C\x01x"), VERIFY_VERIFIED, ""},
	{STATUS("\x30\x07\x02\x01\x01\x03\x02\x05\x20"), VERIFY_VERIFIED, ""},
	{STATUS("\x30\x03\x02\x01\x02"), VERIFY_TIMESTAMP_STATUS,
	 "timestamp: status 2, want 0 or 1"},
	{STATUS("\x30\x04\x02\x02\x01\x00"), VERIFY_TIMESTAMP_STATUS,
	 "timestamp: status 256, want 0 or 1"},
	{STATUS("\x30\x03\x02\x01\xFF"), VERIFY_TIMESTAMP_MALFORMED, NOT_A_RESPONSE},
	{STATUS("\x30\x04\x02\x02\x00\x00"), VERIFY_TIMESTAMP_MALFORMED, NOT_A_RESPONSE},
	{STATUS("\x30\x02\x02\x00"), VERIFY_TIMESTAMP_MALFORMED, NOT_A_RESPONSE},
	{STATUS("\x30\x00"), VERIFY_TIMESTAMP_MALFORMED, NOT_A_RESPONSE},
	{STATUS("\x31\x03\x02\x01\x00"), VERIFY_TIMESTAMP_MALFORMED, NOT_A_RESPONSE},
	{STATUS("\x30\x05\x02\x01\x00\x05\x00"), VERIFY_TIMESTAMP_MALFORMED, NOT_A_RESPONSE},
	{STATUS("\x30\x08\x02\x01\x01\x30\x03\x16\x01x"), VERIFY_TIMESTAMP_MALFORMED,
	 NOT_A_RESPONSE},
};

START_TEST(status_is_granted)
{
	struct tsa_answer how = {.status = statuses[_i].status};

	if (statuses[_i].reason == VERIFY_VERIFIED)
		parsed(how);
	else
		fault_is(parse(how), statuses[_i].reason, statuses[_i].text);
}
END_TEST

START_TEST(exactly_one_token)
{
	struct str none = S("\x30\x05\x30\x03\x02\x01\x00");

	fault_is(timestamp_parse(none, &r, &f), VERIFY_TIMESTAMP_MALFORMED,
		 "timestamp: a TimeStampResp without exactly one token");
	malformed((struct tsa_answer){.after_token = S("\x05\x00")},
		  "a TimeStampResp without exactly one token");
}
END_TEST

START_TEST(bytes_are_bounded)
{
	struct text x;
	struct str big;

	text_init(&x, a, 1 << 20);
	for (size_t i = 0; i <= LIMIT_TIMESTAMP_BYTES; i++)
		text_putc(&x, '0');
	ck_assert(text_done(&x, &big));
	fault_is(timestamp_parse(big, &r, &f), VERIFY_TIMESTAMP_MALFORMED,
		 "timestamp: 65537 bytes, at most 65536");
}
END_TEST

/* ---- the token ---- */

START_TEST(the_token_holds_a_tst_info)
{
	malformed((struct tsa_answer){.content_type = OID_DATA}, "a token that holds no TSTInfo");
}
END_TEST

START_TEST(exactly_one_signer)
{
	struct tsa_answer how = {.bits = 0};
	struct str one = tsa_signer(&t, &how);
	struct str two[] = {one, one};
	struct str both = str_sub(der_item_of(a, 0x04, two, 2), 4, SIZE_MAX);

	parsed((struct tsa_answer){.signers = one});
	malformed((struct tsa_answer){.signers = S("")}, "a token without exactly one signer");
	ck_assert(str_starts(both, S("\x30")));
	malformed((struct tsa_answer){.signers = both}, "a token without exactly one signer");
	malformed((struct tsa_answer){.signers = S("\x31\x00")},
		  "a token without exactly one signer");
}
END_TEST

START_TEST(the_signer_is_named_by_issuer_and_serial_number)
{
	const char *what = "a token with a malformed signer";

	malformed((struct tsa_answer){.signer_name = S("\x80\x01k")}, what);
	malformed((struct tsa_answer){.signer_name = S("\x30\x03\x02\x01\x02")}, what);
	malformed((struct tsa_answer){.signer_name = DER(a, SEQUENCE, t.leaf.issuer)}, what);
	malformed((struct tsa_answer){.signer_name = DER(a, SEQUENCE, t.leaf.issuer,
							 S("\x02\x01\x02\x02\x01\x02"))},
		  what);
}
END_TEST

/* Without them content of any form could be passed off as what was signed. */
START_TEST(attributes_are_there_once_and_signed)
{
	const char *what = "a token with a malformed signer";
	struct str type = tsa_attribute(&t, OID_CONTENT_TYPE, OID_TST_INFO);
	struct str data = tsa_attribute(&t, OID_CONTENT_TYPE, OID_DATA);
	struct str hash = tsa_attribute(&t, OID_MESSAGE_DIGEST, S("\x04\x01h"));
	struct str more = tsa_attribute(&t, OID_POLICY, S("\x05\x00"));
	struct str none = tsa_attribute(&t, OID_CONTENT_TYPE, S(""));
	struct str two = tsa_attribute(&t, OID_MESSAGE_DIGEST, S("\x04\x01h\x04\x01h"));
	const struct {
		bool good;
		struct str parts[3];
	} sets[] = {
		{true, {more, type, hash}},
		{true, {hash, type}},
		{false, {type}},
		{false, {hash}},
		{false, {type, type, hash}},
		{false, {type, hash, hash}},
		{false, {data, hash}},
		{false, {none, hash}},
		{false, {type, two}},
		{false, {type, hash, S("0")}},
		{false, {type, hash, S("\x05\x00")}},
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		struct str item = der_item_of(a, OCTETS, sets[i].parts, 3);
		struct tsa_answer how = {.attributes = str_sub(item, 2, SIZE_MAX)};

		if (sets[i].good)
			parsed(how);
		else
			malformed(how, what);
	}
	malformed((struct tsa_answer){.bare = true}, what);
}
END_TEST

START_TEST(embedded_certificates_are_bounded)
{
	const char *what = "a token with malformed or too many certificates";
	struct text x;
	struct str eight, nine, large;

	text_init(&x, a, 1 << 16);
	for (int i = 0; i < LIMIT_CHAIN; i++)
		text_put(&x, t.leaf.der);
	ck_assert(text_done(&x, &eight));
	parsed((struct tsa_answer){.certificates = eight});
	ck_assert_uint_eq(r.n_certificates, LIMIT_CHAIN);
	text_put(&x, t.leaf.der);
	ck_assert(text_done(&x, &nine));
	malformed((struct tsa_answer){.certificates = nine}, what);
	malformed((struct tsa_answer){.certificates = S("\xA1\x00")}, what);
	malformed((struct tsa_answer){.certificates = S("\x30\x01")}, what);
	large = (struct str){arena_alloc(a, LIMIT_CERTIFICATE_BYTES), LIMIT_CERTIFICATE_BYTES};
	malformed((struct tsa_answer){.certificates = DER(a, SEQUENCE, large)}, what);
	parsed((struct tsa_answer){.crls = S("\xA1\x02\x30\x00")});
	malformed((struct tsa_answer){.crls = S("\xA2\x00")}, "a token with malformed signed data");
}
END_TEST

START_TEST(a_token_is_signed_data)
{
	struct str granted = S("\x30\x03\x02\x01\x00");
	struct str data = DER(a, SEQUENCE, OID_DATA, S("\xA0\x02\x30\x00"));
	struct str twice = DER(a, SEQUENCE, OID_SIGNED_DATA, S("\xA0\x04\x30\x00\x30\x00"));
	struct str empty = DER(a, SEQUENCE, OID_SIGNED_DATA, S("\xA0\x02\x30\x00"));

	fault_is(timestamp_parse(DER(a, SEQUENCE, granted, data), &r, &f),
		 VERIFY_TIMESTAMP_MALFORMED, "timestamp: a token that is no signed data");
	fault_is(timestamp_parse(DER(a, SEQUENCE, granted, twice), &r, &f),
		 VERIFY_TIMESTAMP_MALFORMED, "timestamp: a token that is no signed data");
	fault_is(timestamp_parse(DER(a, SEQUENCE, granted, empty), &r, &f),
		 VERIFY_TIMESTAMP_MALFORMED, "timestamp: a token with malformed signed data");
}
END_TEST

/* ---- TSTInfo ---- */

START_TEST(imprints_are_of_hashes_that_count)
{
	const char *what = "an imprint that is no SHA-256, SHA-384 or SHA-512";
	struct str hash = {arena_alloc(a, 32), 32};
	struct str octets = DER(a, OCTETS, hash), shorter = DER(a, OCTETS, str_sub(hash, 1, 32));
	struct str null = DER(a, SEQUENCE, OID_SHA256, S("\x05\x00"));
	struct str params = DER(a, SEQUENCE, OID_SHA256, S("\x04\x00"));
	struct str plain = DER(a, SEQUENCE, OID_SHA256), sha1 = DER(a, SEQUENCE, OID_SHA1);

	parsed((struct tsa_answer){.imprint = DER(a, SEQUENCE, plain, octets)});
	parsed((struct tsa_answer){.imprint = DER(a, SEQUENCE, null, octets)});
	malformed((struct tsa_answer){.imprint = DER(a, SEQUENCE, params, octets)}, what);
	malformed((struct tsa_answer){.imprint = DER(a, SEQUENCE, plain, shorter)}, what);
	malformed((struct tsa_answer){.imprint = DER(a, SEQUENCE, plain, octets, octets)}, what);
	malformed((struct tsa_answer){.imprint = DER(a, SEQUENCE, sha1,
						     DER(a, OCTETS, str_sub(hash, 0, 20)))},
		  what);
	malformed((struct tsa_answer){.imprint = DER(a, SEQUENCE, plain)}, what);
}
END_TEST

static const char *const no_times[] = {
	"",
	"700101002500Z",
	"19700101002500",
	"197001010025Z",
	"19700101002500+0000",
	"19700101002500.Z",
	"19700101002500.50Z",
	"19700101002500,5Z",
	"19700230002500Z",
	"19700101242500Z",
	"19700101006000Z",
	"1970010100250 Z",
};

START_TEST(times_are_in_utc_and_exist)
{
	malformed((struct tsa_answer){.time = no_times[_i]}, "a malformed genTime");
}
END_TEST

START_TEST(versions_and_further_fields_of_a_tst_info)
{
	const char *what = "a TSTInfo with malformed or critical fields";
	struct str all =
		S("\x30\x03\x02\x01\x01\x01\x01\xFF\x02\x01\x09\xA0\x02\x30\x00\xA1\x09\x30"
		  "\x07\x06\x03\x2A\x03\x04\x04\x00");
	struct str critical = S("\xA1\x0C\x30\x0A\x06\x03\x2A\x03\x04\x01\x01\xFF\x04\x00");

	parsed((struct tsa_answer){.after_time = all});
	malformed((struct tsa_answer){.after_time = critical}, what);
	malformed((struct tsa_answer){.after_time = S("\xA1\x02\x30\x00")}, what);
	malformed((struct tsa_answer){.after_time = S("\x05\x00")}, what);
	malformed((struct tsa_answer){.after_time = S("\x02\x01\x09\x01\x01\xFF")}, what);
	malformed((struct tsa_answer){.version = S("\x02\x01\x02")}, "a malformed TSTInfo");
	malformed((struct tsa_answer){.version = S("")}, "a malformed TSTInfo");
	malformed((struct tsa_answer){.tst_info = S("\x31\x00")}, "a malformed TSTInfo");
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, values_of_a_response);
	tcase_add_test(tc, every_prefix_and_every_byte_more_is_malformed);
	tcase_add_loop_test(tc, status_is_granted, 0, COUNT(statuses));
	tcase_add_test(tc, exactly_one_token);
	tcase_add_test(tc, bytes_are_bounded);
	tcase_add_test(tc, the_token_holds_a_tst_info);
	tcase_add_test(tc, exactly_one_signer);
	tcase_add_test(tc, the_signer_is_named_by_issuer_and_serial_number);
	tcase_add_test(tc, attributes_are_there_once_and_signed);
	tcase_add_test(tc, embedded_certificates_are_bounded);
	tcase_add_test(tc, a_token_is_signed_data);
	tcase_add_test(tc, imprints_are_of_hashes_that_count);
	tcase_add_loop_test(tc, times_are_in_utc_and_exist, 0, COUNT(no_times));
	tcase_add_test(tc, versions_and_further_fields_of_a_tst_info);
}

Suite *test_sig_timestamp_parse_suite(void)
{
	Suite *s = suite_create("sig_timestamp_parse");
	TCase *tc = tcase_create("sig_timestamp_parse");

	tcase_add_checked_fixture(tc, open_authority, close_authority);
	add_tests(tc);
	suite_add_tcase(s, tc);
	return s;
}

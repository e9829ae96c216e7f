/* Checkpoints: what a signed note must look like, and whose signature counts. */
#include <check.h>

#include "core/text.h"
#include "sigstore/checkpoint.h"
#include "tests/unit/log_fixture.h"
#include "tests/unit/sig_fault.h"

Suite *test_sig_checkpoint_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HASH "dauhleYK4YyAdxwwDtR0l0KnSOWZdG2bwqHftlanvcI="
#define HEAD "log.example\n7\n" HASH "\n"
#define LINE "\xE2\x80\x94 log.example c2lnbmF0dXJl\n"

static struct checkpoint c;

START_TEST(values_of_a_note)
{
	struct str note =
		S(HEAD "Timestamp: 5\nmore\n\n" LINE "\xE2\x80\x94 witness.example/a+b AAAAAAE=\n");

	ck_assert_msg(checkpoint_parse(a, note, &c, &f) == 0, "%s", f.err.text);
	ck_assert(str_eq(c.text, S(HEAD "Timestamp: 5\nmore\n")));
	ck_assert(str_eq(c.origin, S("log.example")));
	ck_assert_uint_eq(c.tree_size, 7);
	ck_assert_uint_eq(c.root.n, SHA256_BYTES);
	ck_assert_uint_eq(c.n_signatures, 2);
	ck_assert(str_eq(c.signatures[0].hint, S("sign")));
	ck_assert(str_eq(c.signatures[0].signature, S("ature")));
	ck_assert(str_eq(c.signatures[1].name, S("witness.example/a+b")));
	ck_assert(str_eq(c.signatures[1].hint, S("\0\0\0\0")));
	ck_assert(str_eq(c.signatures[1].signature, S("\1")));
}
END_TEST

START_TEST(sizes_are_decimal_and_have_64_bits)
{
	struct str largest = S("o\n18446744073709551615\n" HASH "\n\n");

	ck_assert_int_eq(checkpoint_parse(a, largest, &c, &f), 0);
	ck_assert_uint_eq(c.tree_size, UINT64_MAX);
	ck_assert_int_eq(checkpoint_parse(a, S("o\n0\n" HASH "\n\n"), &c, &f), 0);
	ck_assert_uint_eq(c.tree_size, 0);
}
END_TEST

#define NOT_A_NOTE "checkpoint: not a signed note"
#define NO_SIZE "checkpoint: no tree size in its second line"
#define NO_LINE "checkpoint: a line after its text that is no signature"

static const struct {
	const char *note, *text;
} malformed[] = {
	{"", NOT_A_NOTE},
	{"\n", NOT_A_NOTE},
	{HEAD LINE, NOT_A_NOTE},
	{HEAD "\n\xE2\x80\x94 log.example c2lnbmF0dXJl", NOT_A_NOTE},
	{"log.example\r\n7\r\n" HASH "\r\n\r\n", NOT_A_NOTE},
	{"log\texample\n7\n" HASH "\n\n", NOT_A_NOTE},
	{"\xFF\n7\n" HASH "\n\n", NOT_A_NOTE},
	{"\n\n" LINE, "checkpoint: no origin"},
	{"\n7\n" HASH "\n\n", "checkpoint: no origin"},
	{"log.example\n\n", NO_SIZE},
	{"7\n" HASH "\n\n" LINE, NO_SIZE},
	{"log.example\n" HASH "\n\n" LINE, NO_SIZE},
	{"log.example\n07\n" HASH "\n\n", NO_SIZE},
	{"log.example\n+7\n" HASH "\n\n", NO_SIZE},
	{"log.example\n-7\n" HASH "\n\n", NO_SIZE},
	{"log.example\n 7\n" HASH "\n\n", NO_SIZE},
	{"log.example\n7 \n" HASH "\n\n", NO_SIZE},
	{"log.example\n18446744073709551616\n" HASH "\n\n", NO_SIZE},
	{"log.example\n7\n\n", "checkpoint: no root hash"},
	{"log.example\n7\nAAAA\n\n", "checkpoint: a root hash that has not 32 bytes"},
	{"log.example\n7\nAAA\n\n", "checkpoint: root hash: base64: length 3 is no multiple of 4"},
	{HEAD "\nextension\n\n" LINE, "checkpoint: an empty line inside its text"},
	{HEAD "\n" LINE "\n" LINE, "checkpoint: an empty line inside its text"},
	{HEAD "\n" LINE "\n", "checkpoint: an empty line inside its text"},
	{HEAD "\n- log.example c2lnbmF0dXJl\n", NO_LINE},
	{HEAD "\n\xE2\x80\x94log.example c2lnbmF0dXJl\n", NO_LINE},
	{HEAD "\n\xE2\x80\x94 c2lnbmF0dXJl\n", NO_LINE},
	{HEAD "\n\xE2\x80\x94  c2lnbmF0dXJl\n", NO_LINE},
	{HEAD "\n" LINE "witness\n", NO_LINE},
	{HEAD "\n\xE2\x80\x94 log.example AAAAAA==\n", "checkpoint: a signature of no bytes"},
	{HEAD "\n\xE2\x80\x94 log.example \n", "checkpoint: a signature of no bytes"},
	{HEAD "\n\xE2\x80\x94 log.example c2lnbmF0dXJl \n",
	 "checkpoint: signature: base64: length 13 is no multiple of 4"},
	{HEAD "\n\xE2\x80\x94 log.example c2ln bmF0\n",
	 "checkpoint: signature: base64: length 9 is no multiple of 4"},
};

START_TEST(a_malformed_note_is_none)
{
	fault_is(checkpoint_parse(a, str_of(malformed[_i].note), &c, &f), VERIFY_LOG_CHECKPOINT,
		 malformed[_i].text);
}
END_TEST

static struct str with_lines(size_t n)
{
	struct text t;
	struct str out;

	text_init(&t, a, 1 << 16);
	text_puts(&t, HEAD "\n");
	for (size_t i = 0; i < n; i++)
		text_puts(&t, LINE);
	ck_assert(text_done(&t, &out));
	return out;
}

START_TEST(lines_and_bytes_are_bounded)
{
	ck_assert_int_eq(checkpoint_parse(a, with_lines(LIMIT_CHECKPOINT_SIGNATURES), &c, &f), 0);
	ck_assert_uint_eq(c.n_signatures, LIMIT_CHECKPOINT_SIGNATURES);
	fault_is(checkpoint_parse(a, with_lines(LIMIT_CHECKPOINT_SIGNATURES + 1), &c, &f),
		 VERIFY_LOG_CHECKPOINT_SIZE, "checkpoint: more than 32 signatures");
	fault_is(checkpoint_parse(a, with_lines(600), &c, &f), VERIFY_LOG_CHECKPOINT_SIZE,
		 "checkpoint: 17460 bytes, at most 16384");
}
END_TEST

START_TEST(without_memory_a_checkpoint_is_not_parsed)
{
	arena_fail_at(a, 1);
	ck_assert_int_eq(checkpoint_parse(a, S(HEAD "\n" LINE), &c, &f), -1);
	ck_assert_int_eq(f.reason, VERIFY_NO_ROOM);
}
END_TEST

/* ---- signatures ---- */

static const char *const keys[] = {"p256", "p384", "ed25519", "rsa2048"};

START_TEST(the_log_has_signed_it_under_any_name)
{
	struct log_fixture l;
	struct str head = S("some log - 5\n7\n" HASH "\n");

	log_fixture_open(&l, a, keys[_i]);
	ck_assert_int_eq(checkpoint_parse(a, log_fixture_note(&l, head, "me"), &c, &f), 0);
	ck_assert_msg(checkpoint_verify(&c, &l.log, false, &f) == 0, "%s", f.err.text);
	fault_is(checkpoint_verify(&c, &l.log, true, &f), VERIFY_LOG_CHECKPOINT_ORIGIN,
		 "checkpoint: origin \"some log - 5\", want \"log.example\"");
	log_fixture_close(&l);
}
END_TEST

START_TEST(of_version_2_name_and_origin_are_the_host)
{
	struct log_fixture l;

	log_fixture_open(&l, a, "ed25519");
	ck_assert_int_eq(checkpoint_parse(a, log_fixture_note(&l, S(HEAD), "log.example"), &c, &f),
			 0);
	ck_assert_msg(checkpoint_verify(&c, &l.log, true, &f) == 0, "%s", f.err.text);
	ck_assert_int_eq(checkpoint_parse(a, log_fixture_note(&l, S(HEAD), "log.exampl."), &c, &f),
			 0);
	fault_is(checkpoint_verify(&c, &l.log, true, &f), VERIFY_LOG_CHECKPOINT_SIGNATURE,
		 "checkpoint: no signature of the log");
	l.log.host = S("");
	c.origin = S("");
	fault_is(checkpoint_verify(&c, &l.log, true, &f), VERIFY_LOG_CHECKPOINT_ORIGIN,
		 "checkpoint: origin \"\", want \"\"");
	log_fixture_close(&l);
}
END_TEST

static struct str lines_of(const struct log_fixture *l, bool good_first, bool bad_second)
{
	struct str hint = str_sub(l->log.id, 0, 4), sig = log_fixture_sign(l, S(HEAD));
	struct str line = log_fixture_line(l, "log.example", hint, sig);
	struct str bad = log_fixture_line(l, "log.example", hint, S("not a signature"));
	struct str witness = log_fixture_line(l, "log.example", S("else"), S("of another key"));

	return log_fixture_text(a, HEAD "\n%s%s%s%s", witness.p, good_first ? line.p : "",
				bad_second ? bad.p : "", witness.p);
}

START_TEST(lines_of_others_are_not_looked_at)
{
	struct log_fixture l;

	log_fixture_open(&l, a, "p256");
	ck_assert_int_eq(checkpoint_parse(a, lines_of(&l, true, false), &c, &f), 0);
	ck_assert_uint_eq(c.n_signatures, 3);
	ck_assert_msg(checkpoint_verify(&c, &l.log, true, &f) == 0, "%s", f.err.text);
	log_fixture_close(&l);
}
END_TEST

START_TEST(a_line_of_the_log_that_does_not_hold_is_a_no)
{
	struct log_fixture l;

	log_fixture_open(&l, a, "p256");
	ck_assert_int_eq(checkpoint_parse(a, lines_of(&l, true, true), &c, &f), 0);
	fault_is(checkpoint_verify(&c, &l.log, true, &f), VERIFY_LOG_CHECKPOINT_SIGNATURE,
		 "checkpoint: the signature of the log does not hold");
	ck_assert_int_eq(checkpoint_parse(a, lines_of(&l, false, true), &c, &f), 0);
	fault_is(checkpoint_verify(&c, &l.log, false, &f), VERIFY_LOG_CHECKPOINT_SIGNATURE,
		 "checkpoint: the signature of the log does not hold");
	ck_assert_int_eq(checkpoint_parse(a, lines_of(&l, false, false), &c, &f), 0);
	fault_is(checkpoint_verify(&c, &l.log, false, &f), VERIFY_LOG_CHECKPOINT_SIGNATURE,
		 "checkpoint: no signature of the log");
	log_fixture_close(&l);
}
END_TEST

START_TEST(a_line_again_and_again_is_malformed)
{
	struct log_fixture l;
	struct str two, three;

	log_fixture_open(&l, a, "p256");
	struct str hint = str_sub(l.log.id, 0, 4), sig = log_fixture_sign(&l, S(HEAD));
	const char *line = log_fixture_line(&l, "log.example", hint, sig).p;

	two = log_fixture_text(a, HEAD "\n%s%s", line, line);
	three = log_fixture_text(a, HEAD "\n%s%s%s", line, line, line);
	ck_assert_int_eq(checkpoint_parse(a, two, &c, &f), 0);
	ck_assert_msg(checkpoint_verify(&c, &l.log, true, &f) == 0, "%s", f.err.text);
	ck_assert_int_eq(checkpoint_parse(a, three, &c, &f), 0);
	fault_is(checkpoint_verify(&c, &l.log, true, &f), VERIFY_LOG_CHECKPOINT,
		 "checkpoint: more lines of its log than a log writes");
	log_fixture_close(&l);
}
END_TEST

START_TEST(every_byte_of_the_text_is_signed)
{
	struct log_fixture l;
	struct str note;

	log_fixture_open(&l, a, keys[_i]);
	note = log_fixture_note(&l, S(HEAD "Timestamp: 5\n"), "log.example");
	for (size_t i = 0; i < sizeof(HEAD "Timestamp: 5\n") - 1; i++) {
		char *p = arena_dup(a, note.p, note.n);

		p[i] ^= 1;
		if (checkpoint_parse(a, (struct str){p, note.n}, &c, &f) < 0)
			ck_assert_int_eq(f.reason, VERIFY_LOG_CHECKPOINT);
		else
			fault_is(checkpoint_verify(&c, &l.log, false, &f),
				 VERIFY_LOG_CHECKPOINT_SIGNATURE,
				 "checkpoint: the signature of the log does not hold");
	}
	log_fixture_close(&l);
}
END_TEST

Suite *test_sig_checkpoint_suite(void)
{
	Suite *s = suite_create("sig_checkpoint");
	TCase *tc = tcase_create("sig_checkpoint");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, values_of_a_note);
	tcase_add_test(tc, sizes_are_decimal_and_have_64_bits);
	tcase_add_loop_test(tc, a_malformed_note_is_none, 0, (int)COUNT(malformed));
	tcase_add_test(tc, lines_and_bytes_are_bounded);
	tcase_add_test(tc, without_memory_a_checkpoint_is_not_parsed);
	tcase_add_loop_test(tc, the_log_has_signed_it_under_any_name, 0, (int)COUNT(keys));
	tcase_add_test(tc, of_version_2_name_and_origin_are_the_host);
	tcase_add_test(tc, lines_of_others_are_not_looked_at);
	tcase_add_test(tc, a_line_of_the_log_that_does_not_hold_is_a_no);
	tcase_add_test(tc, a_line_again_and_again_is_malformed);
	tcase_add_loop_test(tc, every_byte_of_the_text_is_signed, 0, (int)COUNT(keys));
	suite_add_tcase(s, tc);
	return s;
}

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sigstore/verify.h"

Suite *test_sig_reason_suite(void);

START_TEST(zero_is_nothing_verified)
{
	struct verify_result r = {.state = 0};

	ck_assert_int_eq(r.state, VERIFY_STATE_UNAVAILABLE);
	ck_assert_int_eq(r.reason, VERIFY_NOT_VERIFIED);
	ck_assert_int_eq(verify_reason_state(0), VERIFY_STATE_UNAVAILABLE);
	ck_assert_str_eq(verify_reason_name(0), "not_verified");
	ck_assert(!verify_reason_is_final(0));
}
END_TEST

START_TEST(names_are_stable_words_and_differ)
{
	for (int i = 0; i < VERIFY_REASONS; i++) {
		const char *name = verify_reason_name((enum verify_reason)i);

		ck_assert_uint_gt(strlen(name), 0);
		ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789"),
				  strlen(name));
		ck_assert_uint_gt(strlen(verify_reason_meaning((enum verify_reason)i)), 0);
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(name, verify_reason_name((enum verify_reason)j));
	}
}
END_TEST

START_TEST(one_reason_alone_is_a_yes)
{
	for (int i = 0; i < VERIFY_REASONS; i++)
		ck_assert_int_eq(verify_reason_state((enum verify_reason)i) ==
					 VERIFY_STATE_VERIFIED,
				 i == VERIFY_VERIFIED);
}
END_TEST

START_TEST(what_is_no_reason_is_nothing_verified)
{
	ck_assert_str_eq(verify_reason_name((enum verify_reason)VERIFY_REASONS), "not_verified");
	ck_assert_int_eq(verify_reason_state((enum verify_reason) - 1), VERIFY_STATE_UNAVAILABLE);
	ck_assert_str_eq(verify_state_name((enum verify_state)99), "unavailable");
}
END_TEST

/* Who can push to a registry must not be able to make "could not find out". */
START_TEST(only_these_reasons_are_unavailable)
{
	for (int i = 0; i < VERIFY_REASONS; i++) {
		bool expected = i == VERIFY_NOT_VERIFIED || i == VERIFY_NOT_SUPPORTED ||
				i == VERIFY_REGISTRY_FAILED || i == VERIFY_REGISTRY_DENIED ||
				i == VERIFY_DEADLINE;

		ck_assert_int_eq(verify_reason_state((enum verify_reason)i) ==
					 VERIFY_STATE_UNAVAILABLE,
				 expected);
	}
}
END_TEST

START_TEST(verdicts_that_memory_or_the_network_made_are_not_final)
{
	ck_assert(!verify_reason_is_final(VERIFY_NO_ROOM));
	ck_assert(!verify_reason_is_final(VERIFY_CRYPTO_FAILED));
	ck_assert(!verify_reason_is_final(VERIFY_DEADLINE));
	ck_assert(verify_reason_is_final(VERIFY_VERIFIED));
	ck_assert(verify_reason_is_final(VERIFY_NO_SIGNATURE));
	ck_assert(verify_reason_is_final(VERIFY_SIGNATURE_WRONG));
}
END_TEST

static const struct {
	enum verify_state a, b, joined;
} joins[] = {
	{VERIFY_STATE_UNSIGNED, VERIFY_STATE_VERIFIED, VERIFY_STATE_VERIFIED},
	{VERIFY_STATE_UNAVAILABLE, VERIFY_STATE_VERIFIED, VERIFY_STATE_VERIFIED},
	{VERIFY_STATE_UNAVAILABLE, VERIFY_STATE_DIGEST_MISMATCH, VERIFY_STATE_UNAVAILABLE},
	{VERIFY_STATE_UNAVAILABLE, VERIFY_STATE_UNSIGNED, VERIFY_STATE_UNAVAILABLE},
	{VERIFY_STATE_UNTRUSTED_KEY, VERIFY_STATE_UNSIGNED, VERIFY_STATE_UNTRUSTED_KEY},
	{VERIFY_STATE_UNTRUSTED_KEY, VERIFY_STATE_BAD_SIGNATURE, VERIFY_STATE_BAD_SIGNATURE},
	{VERIFY_STATE_DIGEST_MISMATCH, VERIFY_STATE_BAD_SIGNATURE, VERIFY_STATE_DIGEST_MISMATCH},
	{VERIFY_STATE_UNSIGNED, VERIFY_STATE_UNSIGNED, VERIFY_STATE_UNSIGNED},
};

START_TEST(states_of_several_candidates_join)
{
	ck_assert_int_eq(verify_state_join(joins[_i].a, joins[_i].b), joins[_i].joined);
	ck_assert_int_eq(verify_state_join(joins[_i].b, joins[_i].a), joins[_i].joined);
}
END_TEST

START_TEST(a_fault_is_never_a_yes)
{
	struct sig_fault f = {.reason = VERIFY_VERIFIED, .err = {.text = "odd"}};
	struct verify_result r = {.state = VERIFY_STATE_VERIFIED, .reason = VERIFY_VERIFIED};

	verify_rejected(&f, &r);
	ck_assert_int_eq(r.state, VERIFY_STATE_UNAVAILABLE);
	ck_assert_int_eq(r.reason, VERIFY_NOT_VERIFIED);
	sig_fault_set(&f, VERIFY_BASE64, "%s: %d", "sig", 7);
	verify_rejected(&f, &r);
	ck_assert_int_eq(r.state, VERIFY_STATE_BAD_SIGNATURE);
	ck_assert_int_eq(r.reason, VERIFY_BASE64);
	ck_assert_str_eq(r.text, "sig: 7");
	ck_assert_ptr_null(r.key);
}
END_TEST

START_TEST(quotes_are_bounded_and_safe_to_print)
{
	char buf[SIG_QUOTE_BYTES], in[500];

	memset(in, 1, sizeof(in));
	sig_quote(buf, (struct str){in, sizeof(in)});
	ck_assert_uint_eq(strlen(buf), 1 + 96 + 3 + 1);
	ck_assert_str_eq(sig_quote(buf, S("a\"b\n\xFF")), "\"a\\\"b\\x0a\\xff\"");
}
END_TEST

Suite *test_sig_reason_suite(void)
{
	Suite *s = suite_create("sig_reason");
	TCase *t = tcase_create("reason");

	tcase_add_test(t, zero_is_nothing_verified);
	tcase_add_test(t, names_are_stable_words_and_differ);
	tcase_add_test(t, one_reason_alone_is_a_yes);
	tcase_add_test(t, what_is_no_reason_is_nothing_verified);
	tcase_add_test(t, only_these_reasons_are_unavailable);
	tcase_add_test(t, verdicts_that_memory_or_the_network_made_are_not_final);
	tcase_add_loop_test(t, states_of_several_candidates_join, 0,
			    (int)(sizeof(joins) / sizeof(joins[0])));
	tcase_add_test(t, a_fault_is_never_a_yes);
	tcase_add_test(t, quotes_are_bounded_and_safe_to_print);
	suite_add_tcase(s, t);
	return s;
}

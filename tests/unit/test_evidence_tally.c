/* The tally: candidates in any order make the same answer; nothing is a yes that was not added as one. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "evidence/limits.h"
#include "evidence/tally.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new(LIMIT_TALLY_ARENA_BYTES);
}

static void teardown(void)
{
	arena_free(a);
}

static const struct sig_authority authorities[3];
static const struct evidence_want any = {.authorities = authorities,
					 .n_authorities = 3,
					 .enough = 1};
static const struct evidence_want all = {.authorities = authorities,
					 .n_authorities = 3,
					 .enough = 3};

static struct verify_result result(enum verify_reason reason, const char *text)
{
	struct verify_result r = {.reason = reason,
				  .state = verify_reason_state(reason),
				  .format = BUNDLE_V03};

	snprintf(r.text, sizeof(r.text), "%s", text);
	return r;
}

static void add(struct tally *t, size_t number, enum verify_reason r0, enum verify_reason r1,
		enum verify_reason r2)
{
	char text[3][32];
	static struct tally_said said[3];
	const enum verify_reason reasons[3] = {r0, r1, r2};
	const struct tally_candidate c = {.number = number, .digest = S("sha256:x")};

	for (size_t i = 0; i < 3; i++) {
		snprintf(text[i], sizeof(text[i]), "%zu of %zu", i, number);
		const struct verify_result r = result(reasons[i], text[i]);
		tally_say(&r, NULL, &said[i]);
	}
	tally_add(t, &c, said);
}

static void fault(struct tally *t, size_t number, enum verify_reason reason, const char *outcome)
{
	struct sig_fault f;
	const struct tally_candidate c = {.number = number, .outcome = outcome};

	sig_fault_set(&f, reason, "fault %zu", number);
	tally_fault(t, &c, &f, outcome == NULL);
}

START_TEST(nothing_added_is_unsigned)
{
	struct tally t;
	struct evidence e;

	ck_assert(tally_init(&t, a, &any));
	ck_assert(!tally_is_enough(&t));
	tally_finish(&t, &e);
	ck_assert_int_eq(e.state, VERIFY_STATE_UNSIGNED);
	ck_assert_int_eq(e.reason, VERIFY_NO_SIGNATURE);
	ck_assert(str_eq(e.why, S("no signature was found")));
	ck_assert_uint_eq(e.n_signers, 3);
	ck_assert_uint_eq(e.n_candidates, 0);
}
END_TEST

/* One of the candidates below. */
static void add_number(struct tally *t, size_t number)
{
	switch (number) {
	case 0:
		fault(t, 0, VERIFY_REGISTRY_FAILED, "http_5xx");
		break;
	case 1:
		fault(t, 1, VERIFY_DEADLINE, "timeout");
		break;
	case 2:
		add(t, 2, VERIFY_KEY_UNKNOWN, VERIFY_VERIFIED, VERIFY_KEY_UNKNOWN);
		break;
	case 3:
		add(t, 3, VERIFY_DIGEST, VERIFY_KEY_UNKNOWN, VERIFY_SIGNATURE_WRONG);
		break;
	case 4:
		fault(t, 4, VERIFY_JSON, NULL);
		break;
	default:
		add(t, 5, VERIFY_DIGEST, VERIFY_VERIFIED, VERIFY_KEY_UNKNOWN);
		break;
	}
}

#define N 6

static void describe(const struct evidence *e, char *out, size_t size)
{
	struct text t;

	text_init_fixed(&t, out, size);
	text_printf(&t, "%s %s %.*s|", verify_state_name(e->state), e->outcome ? e->outcome : "-",
		    STR_ARG(e->why));
	for (size_t i = 0; i < e->n_signers; i++)
		text_printf(&t, "%s %.*s|", verify_reason_name(e->signers[i].reason),
			    STR_ARG(e->signers[i].text));
	for (size_t i = 0; i < e->n_candidates; i++)
		text_printf(&t, "%s %zu %.*s|", verify_reason_name(e->candidates[i].reason),
			    e->candidates[i].authority, STR_ARG(e->candidates[i].text));
}

START_TEST(the_order_does_not_matter)
{
	static const char want[] =
		"unavailable http_5xx fault 0|registry_failed fault 0|verified 1 of 2|"
		"registry_failed fault 0|verified 1 1 of 2|digest 0 0 of 3|json 0 fault 4|"
		"verified 1 1 of 5|";
	char got[1024];
	uint32_t seed = 1;

	for (int round = 0; round < 200; round++) {
		size_t order[N] = {0, 1, 2, 3, 4, 5};
		struct tally t;
		struct evidence e;
		for (size_t i = N - 1; i > 0; i--) {
			seed = seed * 1664525 + 1013904223;
			size_t k = (seed >> 16) % (i + 1), swap = order[i];
			order[i] = order[k];
			order[k] = swap;
		}
		arena_reset(a);
		ck_assert(tally_init(&t, a, &all));
		for (size_t i = 0; i < N; i++)
			add_number(&t, order[i]);
		tally_finish(&t, &e);
		describe(&e, got, sizeof(got));
		ck_assert_str_eq(got, want);
		ck_assert_uint_eq(e.n_signatures, 4);
	}
}
END_TEST

START_TEST(enough_is_enough)
{
	struct tally t;
	struct evidence e;

	ck_assert(tally_init(&t, a, &any));
	add_number(&t, 0);
	add_number(&t, 3);
	ck_assert(!tally_is_enough(&t));
	add_number(&t, 2);
	ck_assert(tally_is_enough(&t));
	tally_finish(&t, &e);
	ck_assert_int_eq(e.state, VERIFY_STATE_VERIFIED);
	ck_assert(str_eq(e.why, S("")));
	ck_assert_ptr_null(e.outcome);
	ck_assert_uint_eq(e.n_candidates, 0);
	ck_assert_uint_eq(e.n_signatures, 2);
	/* The same signer twice is one. */
	ck_assert(tally_init(&t, a,
			     &(struct evidence_want){.authorities = authorities,
						     .n_authorities = 3,
						     .enough = 2}));
	add_number(&t, 2);
	add_number(&t, 5);
	ck_assert(!tally_is_enough(&t));
}
END_TEST

START_TEST(a_thorough_want_looks_at_everything)
{
	struct tally t;
	struct evidence e;
	struct evidence_want w = any;

	w.thorough = true;
	ck_assert(tally_init(&t, a, &w));
	add_number(&t, 2);
	ck_assert(!tally_is_enough(&t));
	tally_finish(&t, &e);
	ck_assert_int_eq(e.state, VERIFY_STATE_VERIFIED);
	ck_assert_uint_eq(e.n_candidates, 1);
}
END_TEST

START_TEST(more_candidates_than_the_limit_are_said_to_be_more)
{
	struct tally t;
	struct evidence e;

	ck_assert(tally_init(&t, a, &any));
	for (size_t i = 0; i <= LIMIT_CANDIDATES; i++)
		add(&t, i, VERIFY_KEY_UNKNOWN, VERIFY_KEY_UNKNOWN, VERIFY_KEY_UNKNOWN);
	tally_finish(&t, &e);
	ck_assert(e.truncated);
	ck_assert_uint_eq(e.n_candidates, LIMIT_CANDIDATES);
}
END_TEST

START_TEST(texts_of_registries_are_made_safe_and_cut)
{
	struct tally t;
	struct evidence e;
	struct sig_fault f;
	const struct tally_candidate c = {.number = 0};
	char text[480];

	memset(text, 'x', sizeof(text));
	memcpy(text, "\x1b[2J \"a\\x00\" \xE2\x80\xAE", 16);
	text[sizeof(text) - 1] = '\0';
	sig_fault_set(&f, VERIFY_JSON, "%s", text);
	ck_assert(tally_init(&t, a, &any));
	tally_fault(&t, &c, &f, true);
	tally_finish(&t, &e);
	ck_assert(str_starts(e.why, S("\\x1b[2J \"a\\x00\" \\u202exxx")));
	ck_assert(str_ends(e.why, S("xxx...")));
	ck_assert_uint_le(e.why.n, LIMIT_CANDIDATE_TEXT + 3);
}
END_TEST

/* A tally that lost something gives no verdict, but a yes that was complete before. */
START_TEST(what_does_not_fit_is_no_verdict)
{
	size_t n = 1;

	for (;; n++) {
		struct tally t;
		struct evidence e;
		arena_reset(a);
		arena_fail_at(a, n);
		(void)tally_init(&t, a, &any);
		add_number(&t, 3);
		add_number(&t, 4);
		tally_finish(&t, &e);
		if (!arena_exhausted(a)) {
			ck_assert_int_eq(e.state, VERIFY_STATE_DIGEST_MISMATCH);
			break;
		}
		ck_assert_int_eq(e.state, VERIFY_STATE_UNAVAILABLE);
		ck_assert(str_eq(e.why, S("what was found does not fit the memory of one lookup")));
		ck_assert(!tally_is_enough(&t));
	}
	ck_assert_uint_gt(n, 5);
}
END_TEST

Suite *test_evidence_tally_suite(void);
Suite *test_evidence_tally_suite(void)
{
	Suite *s = suite_create("evidence_tally");
	TCase *t = tcase_create("evidence_tally");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_added_is_unsigned);
	tcase_add_test(t, the_order_does_not_matter);
	tcase_add_test(t, enough_is_enough);
	tcase_add_test(t, a_thorough_want_looks_at_everything);
	tcase_add_test(t, more_candidates_than_the_limit_are_said_to_be_more);
	tcase_add_test(t, texts_of_registries_are_made_safe_and_cut);
	tcase_add_test(t, what_does_not_fit_is_no_verdict);
	suite_add_tcase(s, t);
	return s;
}

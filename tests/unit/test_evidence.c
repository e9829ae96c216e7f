/* Wants, and answers: their hash, their copies, what many signers together say. */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/evidence_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* ---- deciding ---- */

#define Y VERIFY_STATE_VERIFIED
#define N VERIFY_STATE_UNTRUSTED_KEY
#define B VERIFY_STATE_BAD_SIGNATURE
#define D VERIFY_STATE_DIGEST_MISMATCH
#define U VERIFY_STATE_UNAVAILABLE
#define NONE VERIFY_STATE_UNSIGNED
#define ID VERIFY_STATE_UNTRUSTED_IDENTITY

static const struct {
	size_t n, enough;
	enum verify_state signers[3];
	enum verify_state want;
	size_t speaks; /* its text is the answer's */
} decisions[] = {
	/* one */
	{1, 1, {Y}, Y, 9},
	{1, 1, {NONE}, NONE, 0},
	{1, 1, {N}, N, 0},
	{1, 1, {ID}, ID, 0},
	{1, 1, {B}, B, 0},
	{1, 1, {D}, D, 0},
	{1, 1, {U}, U, 0},
	/* any of three */
	{3, 1, {N, Y, U}, Y, 9},
	{3, 1, {U, N, B}, U, 0},
	{3, 1, {N, B, N}, B, 1},
	{3, 1, {B, D, N}, D, 1},
	{3, 1, {NONE, N, N}, N, 1},
	{3, 1, {N, ID, NONE}, ID, 1},
	/* all of three */
	{3, 3, {Y, Y, Y}, Y, 9},
	{3, 3, {Y, Y, U}, U, 2},
	{3, 3, {Y, N, U}, N, 1},
	{3, 3, {Y, Y, NONE}, NONE, 2},
	{3, 3, {D, B, Y}, D, 0},
	/* two of three */
	{3, 2, {Y, N, Y}, Y, 9},
	{3, 2, {Y, N, U}, U, 2},
	{3, 2, {U, N, U}, U, 0},
	{3, 2, {N, N, U}, N, 0},
	{3, 2, {N, B, Y}, B, 1},
	/* nothing suffices: never a yes */
	{1, 0, {Y}, U, 9},
	{0, 0, {U}, U, 9},
	{0, 1, {U}, U, 9},
};

START_TEST(many_signers_are_one_answer)
{
	const char *const texts[] = {"first", "second", "third"};
	struct evidence_signer signers[3];
	struct evidence_want want = {.n_authorities = decisions[_i].n,
				     .enough = decisions[_i].enough};
	struct evidence e = {.signers = signers, .n_signers = decisions[_i].n};

	for (size_t i = 0; i < 3; i++)
		signers[i] = (struct evidence_signer){.state = decisions[_i].signers[i],
						      .text = str_of(texts[i])};
	evidence_decide(&want, &e);
	ck_assert_msg(e.state == decisions[_i].want, "%d: %s", _i, verify_state_name(e.state));
	if (decisions[_i].speaks < 3)
		ck_assert(str_eq(e.why, str_of(texts[decisions[_i].speaks])));
	else
		ck_assert(str_eq(e.why, e.state == Y ? S("") : S("nothing was verified")));
}
END_TEST

/* ---- what may be kept ---- */

START_TEST(only_verdicts_are_final)
{
	struct evidence_signer signers[2] = {
		{.state = N, .reason = VERIFY_KEY_FITS_NONE},
		{.state = NONE, .reason = VERIFY_NO_SIGNATURE},
	};
	struct evidence e = {.state = N, .signers = signers, .n_signers = 2};

	ck_assert(evidence_is_final(&e));
	signers[1] = (struct evidence_signer){.state = B, .reason = VERIFY_NO_ROOM};
	ck_assert(!evidence_is_final(&e));
	signers[1] = (struct evidence_signer){.state = U, .reason = VERIFY_DEADLINE};
	ck_assert(!evidence_is_final(&e));
	e.state = U;
	ck_assert(!evidence_is_final(&e));
	e.state = Y;
	ck_assert(evidence_is_final(&e));
	e.refused = true;
	ck_assert(!evidence_is_final(&e));
	ck_assert(!evidence_is_final(&(struct evidence){.state = NONE}));
}
END_TEST

START_TEST(unavailable_is_never_anything_else)
{
	struct evidence e = evidence_unavailable(VERIFY_DEADLINE, S("late"));

	ck_assert_int_eq(e.state, U);
	ck_assert_int_eq(e.reason, VERIFY_DEADLINE);
	e = evidence_unavailable(VERIFY_VERIFIED, S("x"));
	ck_assert_int_eq(e.state, U);
	ck_assert_int_eq(e.reason, VERIFY_NOT_VERIFIED);
}
END_TEST

static struct fake_registry *f;
static struct fake_key keys[2];

static void setup(void)
{
	f = fake_new();
	fake_key_init(f, &keys[0]);
	fake_key_init(f, &keys[1]);
}

static void teardown(void)
{
	fake_key_done(&keys[0]);
	fake_key_done(&keys[1]);
	fake_free(f);
}

/* ---- copies ---- */

static struct evidence_signer signer = {.state = N,
					.reason = VERIFY_KEY_FITS_NONE,
					.format = BUNDLE_V03,
					.text = {"names another", 13},
					.key = {"", 0},
					.origin = {.subject = {"who", 3},
						   .issuer = {"idp", 3},
						   .predicate_type = {"type", 4},
						   .n_logs = 1,
						   .log_index = 7}};
static struct evidence_candidate candidate = {.format = BUNDLE_V03,
					      .state = N,
					      .reason = VERIFY_KEY_FITS_NONE,
					      .text = {"t", 1},
					      .digest = {"sha256:1", 8},
					      .key = {"sha256:2", 8},
					      .hint = {"sha256:3", 8}};
static const struct evidence answer = {.state = N,
				       .reason = VERIFY_KEY_FITS_NONE,
				       .why = {"names another", 13},
				       .truncated = true,
				       .signers = &signer,
				       .n_signers = 1,
				       .candidates = &candidate,
				       .n_candidates = 1,
				       .n_signatures = 1};

static void check_answer(const struct evidence *e)
{
	ck_assert_int_eq(e->state, N);
	ck_assert(e->truncated);
	ck_assert(str_eq(e->why, answer.why) && e->why.p != answer.why.p);
	ck_assert(str_eq(e->signers[0].text, signer.text) && e->signers[0].text.p != signer.text.p);
	const struct evidence_origin *o = &e->signers[0].origin;
	ck_assert(str_eq(o->subject, S("who")) && o->subject.p != signer.origin.subject.p);
	ck_assert(str_eq(o->issuer, S("idp")) && o->issuer.p != signer.origin.issuer.p);
	ck_assert(str_eq(o->predicate_type, S("type")));
	ck_assert_ptr_ne(o->predicate_type.p, signer.origin.predicate_type.p);
	ck_assert_int_eq(o->log_index, 7);
	ck_assert_int_eq(e->candidates[0].format, BUNDLE_V03);
	ck_assert(str_eq(e->candidates[0].digest, candidate.digest));
	ck_assert(str_eq(e->candidates[0].key, candidate.key));
	ck_assert(str_eq(e->candidates[0].hint, candidate.hint) &&
		  e->candidates[0].hint.p != candidate.hint.p);
	ck_assert_uint_eq(e->n_signatures, 1);
}

START_TEST(a_copy_of_an_answer_stands_alone)
{
	struct evidence copy;

	ck_assert(evidence_copy(f->arena, &answer, &copy));
	check_answer(&copy);
	struct evidence_shared *s = evidence_share(&answer);
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_eq(evidence_ref(s), s);
	evidence_unref(s);
	check_answer(evidence_of(s));
	ck_assert_uint_gt(evidence_bytes(s), sizeof(struct evidence));
	ck_assert_uint_lt(evidence_bytes(s), 1024);
	evidence_unref(s);
	evidence_unref(NULL);
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_none)
{
	struct evidence copy = {.state = Y};

	arena_fail_at(f->arena, 1);
	ck_assert(!evidence_copy(f->arena, &answer, &copy));
	ck_assert_int_eq(copy.state, U);
	ck_assert(str_eq(copy.why, S("out of memory for this review")));
}
END_TEST

Suite *test_evidence_suite(void);
Suite *test_evidence_suite(void)
{
	Suite *s = suite_create("evidence");
	TCase *t = tcase_create("evidence");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, many_signers_are_one_answer, 0, COUNT(decisions));
	tcase_add_test(t, only_verdicts_are_final);
	tcase_add_test(t, unavailable_is_never_anything_else);
	tcase_add_test(t, a_copy_of_an_answer_stands_alone);
	tcase_add_test(t, an_answer_that_does_not_fit_is_none);
	suite_add_tcase(s, t);
	return s;
}

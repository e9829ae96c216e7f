#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/evidence.h"

Suite *test_evidence_suite(void);

#define D1 "@sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "@sha256:2222222222222222222222222222222222222222222222222222222222222222"

static struct arena *a;
static struct clock_frozen now;
static struct clock clock;

/* A source that answers with the tag of the image it was asked about, and counts. */
struct counting {
	int fetches;
	int fail_at;         /* 1: the first fails */
	int64_t takes_ms;    /* the clock moves so far */
	bool say_nothing;    /* success without an answer */
	size_t use_up_bytes; /* of the arena */
};

static int count_fetch(void *self, const struct evidence_question *q, struct deadline d,
		       struct arena *arena, struct evidence *out, struct err *e)
{
	struct counting *c = self;
	(void)d;
	c->fetches++;
	now.mono_ms += c->takes_ms;
	if (c->use_up_bytes)
		(void)arena_alloc(arena, c->use_up_bytes);
	if (c->fetches == c->fail_at) {
		*out = (struct evidence){.state = EVIDENCE_KNOWN};
		return err_set(e, ERR_IO, "registry %.*s: connection refused",
			       STR_ARG(q->image->host));
	}
	if (c->say_nothing)
		return 0;
	struct str *fact = arena_alloc(arena, sizeof(*fact));
	if (!fact)
		return err_set(e, ERR_LIMIT, "no memory for the answer");
	*fact = q->image->tag;
	*out = (struct evidence){.state = EVIDENCE_KNOWN, .facts = fact, .n_facts = 1};
	return 0;
}

static struct reference images[5];
static struct evidence_question questions[6];

static void setup(void)
{
	static const char *const texts[] = {"r.io/x:a" D1, "r.io/x:b" D2, "r.io/x:c" D1,
					    "r.io/y:d" D1, "s.io/x:e" D1};
	struct err e;
	a = arena_new(1 << 20);
	now = (struct clock_frozen){.mono_ms = 1000};
	clock = clock_frozen_as_clock(&now);
	for (size_t i = 0; i < 5; i++) {
		ck_assert(reference_parse(a, str_of(texts[i]), &images[i], &e) == 0);
		questions[i] = (struct evidence_question){&images[i], S("signatures")};
	}
	questions[5] = (struct evidence_question){&images[0], S("config")};
}

static void teardown(void)
{
	arena_free(a);
}

static int gather(struct counting *c, size_t n, struct evidence *out, struct err *e)
{
	struct evidence_source source = {count_fetch, c};
	memset(out, 0x55, n * sizeof(*out));
	return evidence_gather(c ? &source : NULL, &clock, deadline_in(&clock, 100), questions, n,
			       a, out, e);
}

static void is_unavailable(const struct evidence *got, const char *why)
{
	ck_assert_int_eq(got->state, EVIDENCE_UNAVAILABLE);
	ck_assert_msg(str_eq(got->why, str_of(why)), "got %.*s", STR_ARG(got->why));
	ck_assert_uint_eq(got->n_facts, 0);
}

START_TEST(equal_questions_are_fetched_once)
{
	struct counting c = {0};
	struct evidence out[6];
	struct err e;
	ck_assert_int_eq(gather(&c, 6, out, &e), 0);
	/* 0 and 2 differ in the tag only; topic, digest, path and host make others. */
	ck_assert_int_eq(c.fetches, 5);
	static const char *const want[] = {"a", "b", "a", "d", "e", "a"};
	for (size_t i = 0; i < 6; i++) {
		ck_assert_int_eq(out[i].state, EVIDENCE_KNOWN);
		ck_assert(str_eq(out[i].facts[0], str_of(want[i])));
	}
	ck_assert_ptr_eq(out[0].facts, out[2].facts);
}
END_TEST

START_TEST(nothing_asked_is_nothing_fetched)
{
	struct counting c = {0};
	struct evidence out[1];
	struct err e;
	ck_assert_int_eq(gather(&c, 0, out, &e), 0);
	ck_assert_int_eq(c.fetches, 0);
}
END_TEST

START_TEST(without_a_source_nothing_is_known)
{
	struct evidence out[2];
	struct err e;
	ck_assert_int_eq(gather(NULL, 2, out, &e), 0);
	is_unavailable(&out[0], "no source of evidence is configured");
	is_unavailable(&out[1], "no source of evidence is configured");
}
END_TEST

START_TEST(a_failed_fetch_leaves_its_reason_and_the_others_alone)
{
	struct counting c = {.fail_at = 1};
	struct evidence out[3];
	struct err e;
	ck_assert_int_eq(gather(&c, 3, out, &e), 0);
	is_unavailable(&out[0], "registry r.io: connection refused");
	ck_assert_int_eq(out[1].state, EVIDENCE_KNOWN);
	is_unavailable(&out[2], "registry r.io: connection refused");
	ck_assert_int_eq(c.fetches, 2);
}
END_TEST

START_TEST(past_the_deadline_nothing_is_asked)
{
	struct counting c = {.takes_ms = 60};
	struct evidence out[6];
	struct err e;
	ck_assert_int_eq(gather(&c, 6, out, &e), 0);
	ck_assert_int_eq(c.fetches, 2);
	size_t known = 0, late = 0, not_asked = 0;
	for (size_t i = 0; i < 6; i++) {
		known += out[i].state == EVIDENCE_KNOWN;
		late += str_eq(out[i].why, S("the deadline passed before the answer came"));
		not_asked += str_eq(out[i].why, S("the deadline passed before it was asked"));
	}
	ck_assert_uint_eq(known, 1);
	ck_assert_uint_ge(late, 1);
	ck_assert_uint_eq(known + late + not_asked, 6);
}
END_TEST

START_TEST(an_answer_without_a_state_is_none)
{
	struct counting c = {.say_nothing = true};
	struct evidence out[1];
	struct err e;
	ck_assert_int_eq(gather(&c, 1, out, &e), 0);
	is_unavailable(&out[0], "the source gave no reason");
}
END_TEST

START_TEST(an_exhausted_arena_makes_every_answer_unavailable)
{
	struct counting c = {.use_up_bytes = 2 << 20};
	struct evidence out[3];
	struct err e;
	ck_assert_int_eq(gather(&c, 3, out, &e), -1);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_str_eq(e.text, "evidence: the memory limit of the review is reached");
	for (size_t i = 0; i < 3; i++)
		is_unavailable(&out[i], "out of memory for this review");
}
END_TEST

START_TEST(whichever_allocation_fails_no_answer_is_known)
{
	struct counting c = {.fail_at = 2};
	struct evidence out[3];
	struct err e;
	size_t n = 1;
	while (true) {
		arena_fail_at(a, n);
		c.fetches = 0;
		int rc = gather(&c, 3, out, &e);
		if (rc == 0)
			break;
		ck_assert_int_eq(e.kind, ERR_LIMIT);
		for (size_t i = 0; i < 3; i++)
			is_unavailable(&out[i], "out of memory for this review");
		teardown();
		setup();
		n++;
	}
	/* the order, an answer, a reason */
	ck_assert_uint_eq(n, 4);
}
END_TEST

Suite *test_evidence_suite(void)
{
	Suite *s = suite_create("evidence");
	TCase *tc = tcase_create("gather");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, equal_questions_are_fetched_once);
	tcase_add_test(tc, nothing_asked_is_nothing_fetched);
	tcase_add_test(tc, without_a_source_nothing_is_known);
	tcase_add_test(tc, a_failed_fetch_leaves_its_reason_and_the_others_alone);
	tcase_add_test(tc, past_the_deadline_nothing_is_asked);
	tcase_add_test(tc, an_answer_without_a_state_is_none);
	tcase_add_test(tc, an_exhausted_arena_makes_every_answer_unavailable);
	tcase_add_test(tc, whichever_allocation_fails_no_answer_is_known);
	suite_add_tcase(s, tc);
	return s;
}

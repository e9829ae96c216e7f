/* Registries that failed are left alone: which, for how long, and who tries again. */
#include <check.h>
#include <stdio.h>

#include "evidence/backoff.h"
#include "evidence/limits.h"

static struct backoff *b;
static const struct registry_repository app = {{"r.io", 4}, {"app", 3}};
static const struct registry_repository other = {{"r.io", 4}, {"other", 5}};
static const struct registry_repository elsewhere = {{"s.io", 4}, {"app", 3}};

static void setup(void)
{
	b = backoff_new();
	ck_assert_ptr_nonnull(b);
}

static void teardown(void)
{
	backoff_free(b);
	backoff_free(NULL);
}

static void failed_with(const struct registry_repository *r, enum registry_outcome o, int status,
			int64_t now)
{
	const struct registry_reply reply = {.outcome = o,
					     .status = status,
					     .text = S("it failed")};

	backoff_failed(b, r, &reply, now);
}

static void failed(const struct registry_repository *r, enum registry_outcome o, int64_t now)
{
	failed_with(r, o, 0, now);
}

static bool holds(const struct registry_repository *r, int64_t now)
{
	struct backoff_failure f;

	if (!backoff_holds(b, r, now, &f))
		return false;
	ck_assert(str_eq(f.text, S("it failed")));
	return true;
}

static bool allows(const struct registry_repository *r, int64_t now)
{
	struct backoff_failure f;

	return backoff_allows(b, r, now, &f);
}

START_TEST(nothing_failed_nothing_holds)
{
	ck_assert(!holds(&app, 0));
	ck_assert(allows(&app, 0));
	backoff_answered(b, &app);
	ck_assert(allows(&app, 0));
}
END_TEST

static const enum registry_outcome of_host[] = {REGISTRY_CONNECT, REGISTRY_TLS,
						REGISTRY_RATE_LIMITED};

START_TEST(what_is_of_the_host_holds_for_all_of_it)
{
	failed(&app, of_host[_i], 0);
	ck_assert(holds(&app, 1999) && holds(&other, 1999));
	ck_assert(!holds(&elsewhere, 0));
	ck_assert(!holds(&app, 2000));
}
END_TEST

/* A connection that breaks after the answer began has carried one. */
static const struct {
	enum registry_outcome outcome;
	int status;
} of_repository[] = {
	{REGISTRY_HTTP_5XX, 503}, {REGISTRY_HTTP_4XX, 400}, {REGISTRY_UNAUTHORIZED, 403},
	{REGISTRY_TIMEOUT, 0},    {REGISTRY_TIMEOUT, 200},  {REGISTRY_CONNECT, 200},
	{REGISTRY_INVALID, 200},  {REGISTRY_REFUSED, 302},
};

START_TEST(what_may_be_of_one_repository_holds_for_it_alone)
{
	failed_with(&app, of_repository[_i].outcome, of_repository[_i].status, 0);
	ck_assert(holds(&app, 1999));
	ck_assert(!holds(&other, 0));
}
END_TEST

/* One that was reset: whoever answers for a repository may do that to it alone. */
START_TEST(a_connection_that_broke_is_of_the_repository)
{
	const struct registry_reply reply = {.outcome = REGISTRY_CONNECT,
					     .broke = true,
					     .text = S("it failed")};

	backoff_failed(b, &app, &reply, 0);
	ck_assert(holds(&app, 1999));
	ck_assert(!holds(&other, 0));
}
END_TEST

/* However many repositories hang, those that do not are asked. */
START_TEST(no_silence_is_of_the_host)
{
	failed(&app, REGISTRY_TIMEOUT, 0);
	failed(&(struct registry_repository){S("r.io"), S("app2")}, REGISTRY_TIMEOUT, 0);
	failed(&(struct registry_repository){S("r.io"), S("app3")}, REGISTRY_TIMEOUT, 0);
	ck_assert(holds(&app, 1999));
	ck_assert(!holds(&other, 0) && allows(&other, 0));
}
END_TEST

START_TEST(one_tries_and_the_others_wait)
{
	failed(&app, REGISTRY_CONNECT, 0);
	ck_assert(!allows(&app, 1999));
	ck_assert(allows(&app, 2000));
	ck_assert(!allows(&other, 2000));
	ck_assert(!allows(&app, 3999));
	ck_assert(allows(&other, 4000));
}
END_TEST

START_TEST(times_double_up_to_the_longest)
{
	static const int64_t waits[] = {2000, 4000, 8000, 16000, 30000, 30000};
	int64_t now = 0;

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		failed(&app, REGISTRY_TLS, now);
		ck_assert_msg(holds(&app, now + waits[i] - 1), "%zu", i);
		now += waits[i];
		ck_assert_msg(allows(&app, now), "%zu", i);
	}
}
END_TEST

START_TEST(failures_side_by_side_are_one)
{
	for (int i = 0; i < 8; i++)
		failed(&app, REGISTRY_CONNECT, i);
	ck_assert(holds(&app, 2006));
	ck_assert(!holds(&app, 2007));
}
END_TEST

START_TEST(an_answer_forgets)
{
	failed(&app, REGISTRY_CONNECT, 0);
	failed(&app, REGISTRY_HTTP_5XX, 0);
	ck_assert(allows(&app, 2000));
	backoff_answered(b, &app);
	ck_assert(!holds(&app, 2001) && !holds(&other, 2001));
	failed(&app, REGISTRY_CONNECT, 3000);
	ck_assert(!holds(&app, 5000));
}
END_TEST

START_TEST(a_failure_of_long_ago_is_forgotten)
{
	failed(&app, REGISTRY_CONNECT, 0);
	ck_assert(allows(&app, 2000));
	failed(&app, REGISTRY_CONNECT, 4 * BACKOFF_LONGEST_MS);
	ck_assert(!holds(&app, 4 * BACKOFF_LONGEST_MS + 2000));
}
END_TEST

START_TEST(remembers_so_many_and_forgets_the_oldest)
{
	char host[32];

	for (int i = 0; i < LIMIT_BACKOFFS + 1; i++) {
		snprintf(host, sizeof(host), "h%d.io", i);
		failed(&(struct registry_repository){str_of(host), S("a")}, REGISTRY_CONNECT, i);
	}
	ck_assert(!holds(&(struct registry_repository){S("h0.io"), S("a")}, 300));
	ck_assert(holds(&(struct registry_repository){S("h1.io"), S("a")}, 300));
	ck_assert(holds(&(struct registry_repository){S("h256.io"), S("a")}, 300));
}
END_TEST

START_TEST(a_name_too_long_to_remember_is_not_held)
{
	static char path[2000];

	memset(path, 'a', sizeof(path));
	const struct registry_repository r = {S("r.io"), {path, sizeof(path)}};
	failed(&r, REGISTRY_HTTP_5XX, 0);
	ck_assert(!holds(&r, 0));
	failed(&r, REGISTRY_CONNECT, 0);
	ck_assert(holds(&r, 0));
}
END_TEST

Suite *test_evidence_backoff_suite(void);
Suite *test_evidence_backoff_suite(void)
{
	Suite *s = suite_create("evidence_backoff");
	TCase *t = tcase_create("evidence_backoff");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_failed_nothing_holds);
	tcase_add_loop_test(t, what_is_of_the_host_holds_for_all_of_it, 0,
			    (int)(sizeof(of_host) / sizeof(of_host[0])));
	tcase_add_loop_test(t, what_may_be_of_one_repository_holds_for_it_alone, 0,
			    (int)(sizeof(of_repository) / sizeof(of_repository[0])));
	tcase_add_test(t, a_connection_that_broke_is_of_the_repository);
	tcase_add_test(t, no_silence_is_of_the_host);
	tcase_add_test(t, one_tries_and_the_others_wait);
	tcase_add_test(t, times_double_up_to_the_longest);
	tcase_add_test(t, failures_side_by_side_are_one);
	tcase_add_test(t, an_answer_forgets);
	tcase_add_test(t, a_failure_of_long_ago_is_forgotten);
	tcase_add_test(t, remembers_so_many_and_forgets_the_oldest);
	tcase_add_test(t, a_name_too_long_to_remember_is_not_held);
	suite_add_tcase(s, t);
	return s;
}

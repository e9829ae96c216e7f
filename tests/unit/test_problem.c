#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/problem.h"

Suite *test_problem_suite(void);

static struct arena *a;
static struct problems p;

static void setup(void)
{
	a = arena_new((size_t)4 << 20);
	problems_init(&p, a);
}

static void teardown(void)
{
	arena_free(a);
}

static const char *line(size_t i)
{
	struct text t;
	struct str s;
	text_init(&t, a, 1 << 16);
	problem_put(&t, &p.items[i]);
	ck_assert(text_done(&t, &s));
	return s.p;
}

START_TEST(sorted_by_file_line_column_and_text)
{
	problem_add(&p, PROBLEM_ERROR, S("b.yaml"), 1, 1, "first of b");
	problem_add(&p, PROBLEM_ERROR, S("a.yaml"), 10, 2, "ten two");
	problem_add(&p, PROBLEM_WARNING, S("a.yaml"), 10, 1, "ten one");
	problem_add(&p, PROBLEM_ERROR, S("a.yaml"), 9, 30, "nine b");
	problem_add(&p, PROBLEM_ERROR, S("a.yaml"), 9, 30, "nine a");
	problem_add(&p, PROBLEM_ERROR, S("a.yaml"), 0, 0, "whole file");
	problem_add(&p, PROBLEM_ERROR, S(""), 0, 0, "no file");
	problems_sort(&p);
	ck_assert_uint_eq(p.n, 7);
	ck_assert_uint_eq(p.errors, 6);
	ck_assert_uint_eq(p.warnings, 1);
	ck_assert_str_eq(line(0), "no file");
	ck_assert_str_eq(line(1), "a.yaml: whole file");
	ck_assert_str_eq(line(2), "a.yaml:9:30: nine a");
	ck_assert_str_eq(line(3), "a.yaml:9:30: nine b");
	ck_assert_str_eq(line(4), "a.yaml:10:1: ten one");
	ck_assert_str_eq(line(5), "a.yaml:10:2: ten two");
	ck_assert_str_eq(line(6), "b.yaml:1:1: first of b");
}
END_TEST

START_TEST(texts_and_file_names_are_copied)
{
	char file[] = "a.yaml", text[] = "why";
	problem_add(&p, PROBLEM_ERROR, str_of(file), 1, 2, "what: %s", text);
	memset(file, 'x', sizeof(file) - 1);
	memset(text, 'x', sizeof(text) - 1);
	ck_assert_str_eq(line(0), "a.yaml:1:2: what: why");
}
END_TEST

START_TEST(past_the_limit_they_are_only_counted)
{
	for (int i = 0; i < LIMIT_PROBLEMS + 7; i++)
		problem_add(&p, PROBLEM_ERROR, S("a"), 1, 1, "x");
	ck_assert_uint_eq(p.n, LIMIT_PROBLEMS);
	ck_assert_uint_eq(p.errors, LIMIT_PROBLEMS + 7);
}
END_TEST

START_TEST(long_texts_are_cut_visibly)
{
	char text[5000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	problem_add(&p, PROBLEM_ERROR, S("a"), 1, 1, "%s", text);
	ck_assert_uint_eq(p.items[0].text.n, 2047);
	ck_assert(str_ends(p.items[0].text, S("x...")));
}
END_TEST

START_TEST(without_memory_errors_still_count)
{
	for (size_t n = 1; n <= 3; n++) {
		arena_reset(a);
		problems_init(&p, a);
		arena_fail_at(a, n);
		problem_add(&p, PROBLEM_ERROR, S("a"), 1, 1, "x");
		ck_assert_uint_eq(p.errors, 1);
		ck_assert_uint_eq(p.n, 0);
		arena_fail_at(a, 0);
		problem_add(&p, PROBLEM_ERROR, S("a"), 1, 1, "y");
		ck_assert_uint_eq(p.errors, 2);
		ck_assert_uint_eq(p.n, 1);
		ck_assert_str_eq(line(0), "a:1:1: y");
	}
}
END_TEST

Suite *test_problem_suite(void)
{
	Suite *s = suite_create("problem");
	TCase *tc = tcase_create("problem");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sorted_by_file_line_column_and_text);
	tcase_add_test(tc, texts_and_file_names_are_copied);
	tcase_add_test(tc, past_the_limit_they_are_only_counted);
	tcase_add_test(tc, long_texts_are_cut_visibly);
	tcase_add_test(tc, without_memory_errors_still_count);
	suite_add_tcase(s, tc);
	return s;
}

/* Every folder of tests/bad-policies: files that must not load, and the exact problems in `expect`. */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "tests/unit/policy_text.h"

Suite *test_bad_policies_suite(void);

#define FOLDER "tests/bad-policies"

static struct dirent **cases;
static int n_cases;

static int wanted(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static struct str must_read(struct arena *a, const char *dir, const char *name)
{
	char path[1024];
	struct err e;
	struct str s = S("");
	snprintf(path, sizeof(path), FOLDER "/%s/%s", dir, name);
	ck_assert_msg(file_read(a, path, 1 << 20, &s, &e) == 0, "%s", e.text);
	return s;
}

/* The folder's files but `expect`, by name. */
static size_t read_files(struct arena *a, const char *dir, struct policy_file files[8])
{
	char path[1024];
	struct dirent **names;
	size_t n_files = 0;
	snprintf(path, sizeof(path), FOLDER "/%s", dir);
	int n = scandir(path, &names, wanted, alphasort);
	ck_assert_int_gt(n, 1);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		if (strcmp(name, "expect") != 0) {
			ck_assert_uint_lt(n_files, 8);
			files[n_files++] =
				(struct policy_file){str_of(arena_dup(a, name, strlen(name))),
						     must_read(a, dir, name)};
		}
		free(names[i]);
	}
	free(names);
	return n_files;
}

START_TEST(is_refused_with_exactly_these_problems)
{
	const char *dir = cases[_i]->d_name;
	struct arena *a = arena_new((size_t)8 << 20);
	struct policy_file files[8];
	struct policy_options o = {.now_unix_s = NOW_UNIX_S};
	struct problems problems;

	problems_init(&problems, a);
	size_t n = read_files(a, dir, files);
	struct policy_set *set = policy_set_build(files, n, &o, &problems);
	ck_assert_msg(set == NULL, "%s: loads", dir);
	ck_assert_msg(problems.errors > 0, "%s: no error", dir);

	struct str expect = must_read(a, dir, "expect");
	const char *got = problems_text(&problems);
	ck_assert_msg(str_eq(str_of(got), expect), "%s: got\n%swant\n%s", dir, got, expect.p);
	arena_free(a);
}
END_TEST

START_TEST(there_are_cases)
{
	ck_assert_int_ge(n_cases, 60);
}
END_TEST

static void free_cases(void)
{
	for (int i = 0; i < n_cases; i++)
		free(cases[i]);
	free(cases);
}

Suite *test_bad_policies_suite(void)
{
	Suite *s = suite_create("bad_policies");
	TCase *tc = tcase_create("folders");
	n_cases = scandir(FOLDER, &cases, wanted, alphasort);
	atexit(free_cases);
	tcase_add_test(tc, there_are_cases);
	tcase_add_loop_test(tc, is_refused_with_exactly_these_problems, 0, n_cases);
	suite_add_tcase(s, tc);
	return s;
}

/* Loading from disk, and without memory. */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/policy_text.h"

Suite *test_load_files_suite(void);

#define HEAD                                                                                       \
	"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"                \
	"  mode: deny\n  onError: deny\n"                                                          \
	"  match: {resources: [pods], operations: [CREATE, UPDATE]}\n"                             \
	"  rules:\n"
#define RULE "  - {name: a, readOnlyRootFilesystem: {}}\n"
#define EXCEPTION                                                                                  \
	"---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: ex}\nspec:\n"            \
	"  policy: golden\n  rules: [a]\n  match: {namespace: legacy, name: x}\n"                  \
	"  reason: r\n  owner: o\n  expires: "

static struct policy_set *load_paths(struct arena *a, const char *const *paths, size_t n,
				     struct problems *problems)
{
	struct policy_options o = {.now_unix_s = NOW_UNIX_S};
	problems_init(problems, a);
	return policy_set_load(paths, n, &o, problems);
}

START_TEST(the_shipped_policies_load_without_a_problem)
{
	static const char *const paths[] = {"policies"};
	struct arena *a = arena_new(1 << 20);
	struct problems problems;
	struct policy_set *s = load_paths(a, paths, 1, &problems);
	ck_assert_str_eq(problems_text(&problems), "");
	ck_assert_uint_ge(s->n_policies, 3);
	for (size_t i = 0; i < s->n_policies; i++)
		check_normal_form(s, i);
	policy_set_free(s);
	arena_free(a);
}
END_TEST

static char root[64];
static char cwd[PATH_MAX];

static void make_root(void)
{
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	strcpy(root, "/tmp/test_load.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(chdir(root), 0);
}

static void remove_root(void)
{
	char command[128];
	ck_assert_int_eq(chdir(cwd), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
}

static void put(const char *path, const char *content)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(content, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* How the kubelet mounts a ConfigMap: links into a folder that is swapped as a whole. */
START_TEST(a_mounted_config_map_loads_once)
{
	static const char *const paths[] = {"mount"};
	struct arena *a = arena_new(1 << 20);
	struct problems problems;
	make_root();
	ck_assert_int_eq(mkdir("mount", 0755), 0);
	ck_assert_int_eq(mkdir("mount/..2026_01", 0755), 0);
	put("mount/..2026_01/golden.yaml", HEAD RULE);
	put("mount/..2026_01/ex.yml", &EXCEPTION "2027-01-31\n"[4]);
	put("mount/..2026_01/notes.txt", "not a policy");
	ck_assert_int_eq(symlink("..2026_01", "mount/..data"), 0);
	ck_assert_int_eq(symlink("..data/golden.yaml", "mount/golden.yaml"), 0);
	ck_assert_int_eq(symlink("..data/ex.yml", "mount/ex.yml"), 0);
	ck_assert_int_eq(symlink("..data/notes.txt", "mount/notes.txt"), 0);
	struct policy_set *s = load_paths(a, paths, 1, &problems);
	ck_assert_str_eq(problems_text(&problems), "");
	ck_assert_uint_eq(s->n_policies, 1);
	ck_assert_uint_eq(s->n_exceptions, 1);
	ck_assert(str_eq(s->policies[0].origin.file, S("mount/golden.yaml")));
	policy_set_free(s);
	arena_free(a);
	remove_root();
}
END_TEST

START_TEST(problems_of_files_and_policies_come_together)
{
	static const char *const paths[] = {"absent", "empty", "bad"};
	struct arena *a = arena_new(1 << 20);
	struct problems problems;
	make_root();
	ck_assert_int_eq(mkdir("empty", 0755), 0);
	ck_assert_int_eq(mkdir("bad", 0755), 0);
	put("bad/a.yaml", HEAD "  - {name: a}\n" EXCEPTION "soon\n");
	put("bad/b.json", "{\"apiVersion\": 1}");
	ck_assert_ptr_null(load_paths(a, paths, 3, &problems));
	ck_assert_str_eq(
		problems_text(&problems),
		"absent: cannot read \"absent\": no such file or directory\n"
		"bad/a.yaml:9:5: spec.rules[0]: has no type: want exactly one of "
		"readOnlyRootFilesystem, image, runAs, signature or attestation\n"
		"bad/a.yaml:20:12: spec.expires: got soon (a string), want a date as in "
		"2027-01-31, "
		"or a time as in 2027-01-31T12:00:00Z\n"
		"bad/b.json: apiVersion: got 1 (an integer), want assay.dev/v1\n"
		"bad/b.json: missing key \"kind\" in the document: want Policy or Exception\n"
		"bad/b.json: missing key \"metadata\" in the document: want a map with a name\n"
		"bad/b.json: missing key \"spec\" in the document: want a map\n"
		"empty: no policy files: want names that end in .yaml, .yml or .json\n");
	arena_free(a);
	remove_root();
}
END_TEST

/* The policy may well be in the file that could not be read. */
START_TEST(an_unreadable_file_does_not_make_exceptions_wrong)
{
	static const char *const paths[] = {"absent", "ex.yaml"};
	struct arena *a = arena_new(1 << 20);
	struct problems problems;
	make_root();
	put("ex.yaml", EXCEPTION "2027-01-31\n");
	ck_assert_ptr_null(load_paths(a, paths, 2, &problems));
	ck_assert_str_eq(problems_text(&problems),
			 "absent: cannot read \"absent\": no such file or directory\n");
	arena_free(a);
	remove_root();
}
END_TEST

START_TEST(no_paths_no_set)
{
	struct arena *a = arena_new(1 << 20);
	struct problems problems;
	ck_assert_ptr_null(load_paths(a, NULL, 0, &problems));
	ck_assert_str_eq(problems_text(&problems),
			 "no policy: want at least one document of kind Policy\n");
	arena_free(a);
}
END_TEST

/* ---- no memory ---- */

enum fault { FAULT_FILES, FAULT_SCRATCH, FAULT_SET, FAULT_PROBLEMS };

static const char *const fault_texts[] = {
	HEAD "  - {name: b, image: {digest: required, registries: ['r.io/**', r.io/x]}}\n" RULE
	     "  - {name: c, runAs: {user: 1}}\n" EXCEPTION "2027-01-31\n",
	HEAD "  - {name: b, imag: {digest: required, registries: ['r.io/**', r.io/x]}}\n" RULE
	     "  - {name: c, runAs: {user: no}}\n" EXCEPTION "soon\n",
};

/* All that a fault may change, as text. */
static const char *outcome(const struct policy_set *s, struct problems *problems)
{
	struct text t;
	struct str all;
	text_init(&t, problems->arena, 1 << 16);
	text_puts(&t, problems_text(problems));
	for (size_t i = 0; s && i < s->n_policies; i++)
		policy_put_yaml(&t, &s->policies[i]);
	for (size_t i = 0; s && i < s->n_exceptions; i++)
		text_printf(&t, "exception of %zu rules\n", s->exceptions[i].n_rules);
	ck_assert(text_done(&t, &all));
	return all.p;
}

/* Load with the n-th allocation failing, 0 none; the outcome, which the caller frees. */
static char *load_failing(enum fault fault, size_t n, const char *yaml, const char *path)
{
	const char *const paths[] = {path};
	struct arena *a = arena_new(1 << 20);
	struct problems problems;
	struct policy_file file = {S("policy.yaml"), str_of(yaml)};
	struct policy_options o = {.now_unix_s = NOW_UNIX_S};
	o.fail_at.files = fault == FAULT_FILES ? n : 0;
	o.fail_at.scratch = fault == FAULT_SCRATCH ? n : 0;
	o.fail_at.set = fault == FAULT_SET ? n : 0;
	problems_init(&problems, a);
	arena_fail_at(a, fault == FAULT_PROBLEMS ? n : 0);

	struct policy_set *s = fault == FAULT_FILES ? policy_set_load(paths, 1, &o, &problems)
						    : policy_set_build(&file, 1, &o, &problems);
	arena_fail_at(a, 0);
	ck_assert_msg((s == NULL) == (problems.errors > 0), "allocation %zu", n);
	char *got = strdup(outcome(s, &problems));
	policy_set_free(s);
	arena_free(a);
	return got;
}

/* True when the fault changed nothing; what it may change it to is no set, because of memory. */
static bool fail_at(enum fault fault, size_t n, const char *yaml, const char *path)
{
	char *want = load_failing(fault, 0, yaml, path);
	char *got = load_failing(fault, n, yaml, path);
	bool same = strcmp(got, want) == 0;
	if (!same && fault == FAULT_PROBLEMS)
		ck_assert_uint_lt(strlen(got), strlen(want));
	else if (!same)
		ck_assert_msg(strstr(got, "memory") && !strstr(got, "kind: Policy"),
			      "allocation %zu: got\n%s", n, got);
	free(want);
	free(got);
	return same;
}

/* How many allocations can fail: all up to a number, and none past it. */
static size_t fail_every(enum fault fault, const char *yaml, const char *path)
{
	size_t n = 1;
	while (!fail_at(fault, n, yaml, path)) {
		n++;
		ck_assert_uint_lt(n, 5000);
	}
	for (size_t i = 1; i < 200; i++)
		ck_assert_msg(fail_at(fault, n + i, yaml, path),
			      "allocation %zu failed unnoticed, and %zu did not", n, n + i);
	return n - 1;
}

START_TEST(whichever_allocation_fails_there_is_no_set_but_a_problem)
{
	ck_assert_uint_gt(fail_every(FAULT_SET, fault_texts[_i], NULL), 10);
	ck_assert_uint_gt(fail_every(FAULT_SCRATCH, fault_texts[_i], NULL), 50);
}
END_TEST

START_TEST(problems_that_cannot_be_kept_still_count)
{
	ck_assert_uint_gt(fail_every(FAULT_PROBLEMS, fault_texts[1], NULL), 3);
}
END_TEST

START_TEST(files_that_do_not_fit_are_problems)
{
	make_root();
	put("a.yaml", fault_texts[0]);
	ck_assert_uint_gt(fail_every(FAULT_FILES, NULL, "a.yaml"), 1);
	remove_root();
}
END_TEST

Suite *test_load_files_suite(void)
{
	Suite *s = suite_create("load_files");
	TCase *tc = tcase_create("files");
	tcase_add_test(tc, the_shipped_policies_load_without_a_problem);
	tcase_add_test(tc, no_paths_no_set);
	tcase_add_test(tc, a_mounted_config_map_loads_once);
	tcase_add_test(tc, problems_of_files_and_policies_come_together);
	tcase_add_test(tc, an_unreadable_file_does_not_make_exceptions_wrong);
	suite_add_tcase(s, tc);
	tc = tcase_create("memory");
	tcase_add_loop_test(tc, whichever_allocation_fails_there_is_no_set_but_a_problem, 0, 2);
	tcase_add_test(tc, problems_that_cannot_be_kept_still_count);
	tcase_add_test(tc, files_that_do_not_fit_are_problems);
	suite_add_tcase(s, tc);
	return s;
}

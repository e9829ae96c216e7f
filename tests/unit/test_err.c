#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/err.h"

Suite *test_err_suite(void);

START_TEST(set_fills_kind_and_text)
{
	struct err e = {0};

	ck_assert_int_eq(err_set(&e, ERR_LIMIT, "depth %d: more than %d", 129, 128), -1);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_str_eq(e.text, "depth 129: more than 128");
}
END_TEST

START_TEST(set_and_wrap_take_null)
{
	ck_assert_int_eq(err_set(NULL, ERR_IO, "x"), -1);
	ck_assert_int_eq(err_wrap(NULL, "x"), -1);
}
END_TEST

START_TEST(wrap_puts_context_before_and_keeps_the_kind)
{
	struct err e = {0};

	err_set(&e, ERR_INPUT, "unknown key");
	ck_assert_int_eq(err_wrap(&e, "rule '%s'", "digest"), -1);
	err_wrap(&e, "policy '%s'", "web");
	ck_assert_int_eq(e.kind, ERR_INPUT);
	ck_assert_str_eq(e.text, "policy 'web': rule 'digest': unknown key");
}
END_TEST

START_TEST(arguments_may_be_the_text_itself)
{
	struct err e = {0};

	err_set(&e, ERR_INPUT, "inner");
	err_set(&e, ERR_IO, "outer (%s)", e.text);
	ck_assert_str_eq(e.text, "outer (inner)");
	err_wrap(&e, "%s", e.text);
	ck_assert_str_eq(e.text, "outer (inner): outer (inner)");
}
END_TEST

static void fill(char *p, size_t n, char c)
{
	memset(p, c, n);
	p[n] = '\0';
}

START_TEST(long_text_is_cut_and_marked)
{
	struct err e = {0};
	char longer[1024], want[sizeof(e.text)];

	fill(longer, 511, 'a');
	err_set(&e, ERR_INPUT, "%s", longer);
	ck_assert_str_eq(e.text, longer);

	fill(longer, 512, 'a');
	fill(want, 508, 'a');
	strcpy(want + 508, "...");
	err_set(&e, ERR_INPUT, "%s", longer);
	ck_assert_str_eq(e.text, want);
}
END_TEST

START_TEST(cut_keeps_characters_whole)
{
	struct err e = {0};
	char longer[1024] = "", want[sizeof(e.text)];

	/* 507 bytes, then a character of 3 bytes over the cut at 508 */
	fill(longer, 507, 'a');
	strcat(longer, "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC");
	fill(want, 507, 'a');
	strcat(want, "...");
	err_set(&e, ERR_INPUT, "%s", longer);
	ck_assert_str_eq(e.text, want);
}
END_TEST

START_TEST(wrap_cuts_at_the_end)
{
	char inner[512], context[1024], want[1600];
	struct err e = {0};

	/* with ": " 511 bytes fit */
	for (size_t n = 500; n < 520; n++) {
		fill(context, n, 'c');
		for (size_t m = 1; m < 511; m += 101) {
			fill(inner, m, 'i');
			err_set(&e, ERR_INPUT, "%s", inner);
			err_wrap(&e, "%s", context);
			snprintf(want, sizeof(want), "%s: %s", context, inner);
			if (strlen(want) > 511)
				strcpy(want + 508, "...");
			ck_assert_str_eq(e.text, want);
		}
	}
	fill(inner, 400, 'i');
	err_set(&e, ERR_INPUT, "%s", inner);
	err_wrap(&e, "ctx");
	snprintf(want, sizeof(want), "ctx: %s", inner);
	ck_assert_str_eq(e.text, want);
}
END_TEST

START_TEST(bug_prints_and_aborts)
{
	char text[256] = "";
	int ends[2], status;
	size_t got = 0;
	ssize_t n;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		bug_at("core/x.c", 7, "state %d", 3);
	}
	close(ends[1]);
	while ((n = read(ends[0], text + got, sizeof(text) - 1 - got)) > 0)
		got += (size_t)n;
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
	ck_assert_str_eq(text, "bug at core/x.c:7: state 3\n");
}
END_TEST

Suite *test_err_suite(void)
{
	Suite *s = suite_create("err");
	TCase *c = tcase_create("err");

	tcase_add_test(c, set_fills_kind_and_text);
	tcase_add_test(c, set_and_wrap_take_null);
	tcase_add_test(c, wrap_puts_context_before_and_keeps_the_kind);
	tcase_add_test(c, arguments_may_be_the_text_itself);
	tcase_add_test(c, long_text_is_cut_and_marked);
	tcase_add_test(c, cut_keeps_characters_whole);
	tcase_add_test(c, wrap_cuts_at_the_end);
	tcase_add_test(c, bug_prints_and_aborts);
	suite_add_tcase(s, c);
	return s;
}

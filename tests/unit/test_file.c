#include "tests/unit/file_root.h"

Suite *test_file_suite(void);

START_TEST(reads_a_file_whole)
{
	struct err e = {0};
	struct str s;

	put("f", "hello\n");
	ck_assert_int_eq(file_read(a, in_root("f"), 100, &s, &e), 0);
	ck_assert_uint_eq(s.n, 6);
	ck_assert_str_eq(s.p, "hello\n");
	put("empty", "");
	ck_assert_int_eq(file_read(a, in_root("empty"), 100, &s, &e), 0);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_str_eq(s.p, "");
	ck_assert_int_eq(file_read(a, in_root("empty"), 0, &s, &e), 0);
}
END_TEST

START_TEST(reads_files_that_do_not_know_their_size)
{
	struct err e = {0};
	struct str s;

	ck_assert_int_eq(file_read(a, "/proc/self/maps", MIB, &s, &e), 0);
	ck_assert_uint_gt(s.n, 0);
	ck_assert_uint_eq(strlen(s.p), s.n);
}
END_TEST

START_TEST(the_limit_is_exact)
{
	struct err e = {0};
	struct str s = S("kept");

	put("f", "123456");
	ck_assert_int_eq(file_read(a, in_root("f"), 6, &s, &e), 0);
	ck_assert_str_eq(s.p, "123456");
	s = S("kept");
	fails(file_read(a, in_root("f"), 5, &s, &e), &e, ERR_LIMIT, "f", "more than 5 bytes");
	fails(file_read(a, in_root("f"), 0, &s, &e), &e, ERR_LIMIT, "f", "more than 0 bytes");
	ck_assert_str_eq(s.p, "kept");
	ck_assert_int_eq(file_read(a, in_root("f"), SIZE_MAX, &s, &e), 0);
}
END_TEST

START_TEST(what_cannot_be_read)
{
	struct err e = {0};
	struct str s;

	folder("d");
	ck_assert_int_eq(mkfifo(in_root("pipe"), 0600), 0);
	fails(file_read(a, in_root("none"), 9, &s, &e), &e, ERR_IO, "none",
	      "no such file or directory");
	fails(file_read(a, in_root("d"), 9, &s, &e), &e, ERR_IO, "d", "is a directory");
	fails(file_read(a, in_root("pipe"), 9, &s, &e), &e, ERR_IO, "pipe", "not a regular file");
}
END_TEST

START_TEST(paths_in_errors_are_escaped)
{
	struct err e = {0};
	struct str s;

	ck_assert_int_eq(file_read(a, "no\nsuch\x1b", 9, &s, &e), -1);
	ck_assert_str_eq(e.text, "cannot read \"no\\x0asuch\\x1b\": no such file or directory");
}
END_TEST

static void read_stdin(size_t size, size_t max, struct str *s, int *rc, struct err *e)
{
	int kept = dup(STDIN_FILENO), fd;
	FILE *f = fopen(in_root("stdin"), "w");

	for (size_t i = 0; i < size; i++)
		fputc('a' + (int)(i % 26), f);
	fclose(f);
	fd = open(in_root("stdin"), O_RDONLY);
	dup2(fd, STDIN_FILENO);
	*rc = file_read(a, "-", max, s, e);
	dup2(kept, STDIN_FILENO);
	close(kept);
	close(fd);
}

START_TEST(dash_is_standard_input)
{
	static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 8191, 100000};
	struct err e = {0};
	struct str s;
	int rc;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		read_stdin(sizes[i], 100000, &s, &rc, &e);
		ck_assert_int_eq(rc, 0);
		ck_assert_uint_eq(s.n, sizes[i]);
		for (size_t n = 0; n < s.n; n++) {
			if (s.p[n] != 'a' + (char)(n % 26))
				ck_abort_msg("byte %zu of %zu", n, s.n);
		}
		ck_assert_int_eq(s.p[s.n], '\0');
	}
	read_stdin(100001, 100000, &s, &rc, &e);
	ck_assert_int_eq(rc, -1);
	ck_assert_str_eq(e.text, "cannot read \"-\": more than 100000 bytes");
}
END_TEST

static const struct {
	const char *dir, *name, *want;
} joins[] = {
	{"dir", "name", "dir/name"}, {"dir/", "name", "dir/name"},
	{"/", "name", "/name"},      {".", "name", "name"},
	{"", "name", "name"},        {"dir", "/abs/name", "/abs/name"},
	{"..", "name", "../name"},   {"a/b", "c/d", "a/b/c/d"},
	{"dir", "", "dir/"},
};

START_TEST(joining)
{
	ck_assert_str_eq(file_join(a, str_of(joins[_i].dir), str_of(joins[_i].name)),
			 joins[_i].want);
}
END_TEST

static const struct {
	const char *path, *want;
} dirs[] = {
	{"name", "."}, {"dir/name", "dir"}, {"/name", "/"}, {"/a/b", "/a"},
	{"a//b", "a"}, {"//b", "/"},        {"", "."},      {"./x", "."},
};

START_TEST(folder_part)
{
	struct str dir = file_dir(dirs[_i].path);

	ck_assert_msg(str_eq(dir, str_of(dirs[_i].want)), "%s: '%.*s'", dirs[_i].path,
		      STR_ARG(dir));
}
END_TEST

START_TEST(every_failed_allocation_of_a_read_is_an_error)
{
	size_t failures = 0;

	for (size_t at = 1;; at++) {
		struct err e = {0};
		struct str s = S("kept");
		int rc;

		arena_reset(a);
		arena_fail_at(a, at);
		rc = file_read(a, "/proc/self/maps", MIB, &s, &e);
		if (!arena_exhausted(a)) {
			ck_assert_int_eq(rc, 0);
			break;
		}
		failures++;
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(e.kind, ERR_LIMIT);
		ck_assert_str_eq(e.text, "cannot read \"/proc/self/maps\": no memory left for it");
		ck_assert_str_eq(s.p, "kept");
	}
	arena_fail_at(a, 0);
	ck_assert_uint_ge(failures, 1);
}
END_TEST

START_TEST(a_failed_allocation_fails_the_join)
{
	arena_fail_at(a, 1);
	ck_assert_ptr_null(file_join(a, S("a"), S("b")));
	arena_fail_at(a, 1);
	ck_assert_ptr_null(file_join(a, S("."), S("b")));
	ck_assert(arena_exhausted(a));
}
END_TEST

Suite *test_file_suite(void)
{
	Suite *s = suite_create("file");
	TCase *c = tcase_create("file");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, reads_a_file_whole);
	tcase_add_test(c, reads_files_that_do_not_know_their_size);
	tcase_add_test(c, the_limit_is_exact);
	tcase_add_test(c, what_cannot_be_read);
	tcase_add_test(c, paths_in_errors_are_escaped);
	tcase_add_test(c, dash_is_standard_input);
	tcase_add_loop_test(c, joining, 0, (int)(sizeof(joins) / sizeof(joins[0])));
	tcase_add_loop_test(c, folder_part, 0, (int)(sizeof(dirs) / sizeof(dirs[0])));
	tcase_add_test(c, every_failed_allocation_of_a_read_is_an_error);
	tcase_add_test(c, a_failed_allocation_fails_the_join);
	suite_add_tcase(s, c);
	return s;
}

#include "tests/unit/file_root.h"

Suite *test_file_tree_suite(void);

static const struct str yaml[] = {{".yaml", 5}, {".json", 5}};

/* The list as "a b c", relative to root. */
static const char *found(const char *name)
{
	static char names[4096];
	struct file_list list;
	struct err e = {0};

	names[0] = '\0';
	ck_assert_msg(file_find(a, in_root(name), yaml, 2, &list, &e) == 0, "%s", e.text);
	for (size_t i = 0; i < list.n; i++) {
		ck_assert_int_eq(strncmp(list.paths[i], root, strlen(root)), 0);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i > 0 ? " " : "", list.paths[i] + strlen(root) + 1);
	}
	return names;
}

START_TEST(finds_files_by_suffix_in_order)
{
	struct file_list list;
	struct err e = {0};

	folder("d");
	folder("d/sub");
	folder("d/empty");
	put("d/b.yaml", "");
	put("d/a.json", "");
	put("d/B.yaml", "");
	put("d/readme.md", "");
	put("d/.hidden.yaml", "");
	put("d/sub/c.yaml", "");
	put("d/sub-x.yaml", "");
	ck_assert_str_eq(found("d"), "d/B.yaml d/a.json d/b.yaml d/sub-x.yaml d/sub/c.yaml");
	ck_assert_str_eq(found("d/"), "d/B.yaml d/a.json d/b.yaml d/sub-x.yaml d/sub/c.yaml");
	ck_assert_str_eq(found("d/empty"), "");
	ck_assert_str_eq(found("d/readme.md"), "d/readme.md");
	ck_assert_int_eq(file_find(a, "-", yaml, 2, &list, &e), 0);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_str_eq(list.paths[0], "-");
}
END_TEST

START_TEST(the_current_folder_has_no_prefix)
{
	struct file_list list;
	struct err e = {0};
	char cwd[PATH_MAX];

	put("x.yaml", "");
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	ck_assert_int_eq(chdir(root), 0);
	ck_assert_int_eq(file_find(a, ".", yaml, 2, &list, &e), 0);
	ck_assert_int_eq(chdir(cwd), 0);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_str_eq(list.paths[0], "x.yaml");
}
END_TEST

/* As the kubelet lays it out. */
static void config_map(void)
{
	folder("m");
	folder("m/..2027_01");
	folder("m/..2027_02");
	put("m/..2027_01/p.yaml", "one");
	put("m/..2027_02/p.yaml", "two");
	points_to("m/..data", "..2027_01");
	points_to("m/p.yaml", "..data/p.yaml");
}

START_TEST(a_mounted_config_map_is_found_once)
{
	config_map();
	ck_assert_str_eq(found("m"), "m/p.yaml");
}
END_TEST

START_TEST(links_to_folders_are_followed_but_not_in_circles)
{
	folder("d");
	folder("elsewhere");
	put("elsewhere/e.yaml", "");
	put("d/x.yaml", "");
	points_to("d/self", ".");
	points_to("d/up", "..");
	points_to("d/link", "../elsewhere");
	ck_assert_str_eq(found("d"), "d/link/e.yaml d/up/elsewhere/e.yaml d/x.yaml");
}
END_TEST

/* d0/next -> ../d1, d1/next -> ../d2, ... */
static void chain(int links)
{
	char name[32], target[32];

	for (int i = 0; i <= links; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		folder(name);
		snprintf(name, sizeof(name), "d%d/next", i);
		snprintf(target, sizeof(target), "../d%d", i + 1);
		if (i < links)
			points_to(name, target);
	}
	snprintf(name, sizeof(name), "d%d/x.yaml", links);
	put(name, "");
}

START_TEST(eight_links_are_followed)
{
	chain(8);
	ck_assert_str_eq(found("d0"), "d0/next/next/next/next/next/next/next/next/x.yaml");
}
END_TEST

START_TEST(nine_links_are_an_error)
{
	struct file_list list;
	struct err e = {0};

	chain(9);
	fails(file_find(a, in_root("d0"), yaml, 2, &list, &e), &e, ERR_IO,
	      "d0/next/next/next/next/next/next/next/next/next",
	      "too many levels of symbolic links");
}
END_TEST

START_TEST(what_cannot_be_found)
{
	struct file_list list = {.n = 7};
	struct err e = {0};

	folder("d");
	points_to("d/gone", "nowhere");
	fails(file_find(a, in_root("none"), yaml, 2, &list, &e), &e, ERR_IO, "none",
	      "no such file or directory");
	fails(file_find(a, in_root("d"), yaml, 2, &list, &e), &e, ERR_IO, "d/gone",
	      "no such file or directory");
	ck_assert_uint_eq(list.n, 7);
}
END_TEST

START_TEST(what_cannot_be_read_does_not_hide_the_rest)
{
	struct file_list list = {.n = 7};
	struct err e = {0};

	folder("d");
	folder("d/sub");
	put("d/x.yaml", "");
	put("d/sub/y.yaml", "");
	points_to("d/zzz", "nowhere");
	points_to("d/gone.yaml", "nowhere");
	points_to("d/sub/round", "round");
	fails(file_find_readable(a, in_root("none"), yaml, 2, &list, &e), &e, ERR_IO, "none",
	      "no such file or directory");
	ck_assert_uint_eq(list.n, 7);
	ck_assert_int_eq(file_find_readable(a, in_root("d"), yaml, 2, &list, &e), 0);
	ck_assert_uint_eq(list.n, 2);
	ck_assert_str_eq(list.paths[0], in_root("d/sub/y.yaml"));
	ck_assert_str_eq(list.paths[1], in_root("d/x.yaml"));
	ck_assert_uint_eq(list.n_unread, 3);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {"d/gone.yaml", "d/sub/round", "d/zzz"};
		static const char *const whys[] = {": no such file or directory",
						   ": too many levels of symbolic links",
						   ": no such file or directory"};
		ck_assert_str_eq(list.unread[i].path, in_root(names[i]));
		ck_assert(str_ends(str_of(list.unread[i].why), str_of(whys[i])));
		ck_assert_ptr_nonnull(strstr(list.unread[i].why, names[i]));
	}
}
END_TEST

START_TEST(too_many_files)
{
	struct file_list list;
	struct err e = {0};
	char name[32];

	folder("d");
	for (int i = 0; i < 10001; i++) {
		snprintf(name, sizeof(name), "d/%05d.yaml", i);
		close(open(in_root(name), O_CREAT | O_WRONLY, 0600));
	}
	ck_assert_int_eq(file_find(a, in_root("d"), yaml, 2, &list, &e), -1);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(e.text, ": more than 10000 files"));
	unlink(in_root("d/07777.yaml"));
	ck_assert_int_eq(file_find(a, in_root("d"), yaml, 2, &list, &e), 0);
	ck_assert_uint_eq(list.n, 10000);
}
END_TEST

START_TEST(fingerprint_follows_the_content)
{
	uint64_t before, after;

	config_map();
	before = file_fingerprint(in_root("m"));
	ck_assert_uint_ne(before, 0);
	ck_assert_uint_eq(file_fingerprint(in_root("m")), before);

	points_to("m/..tmp", "..2027_02");
	ck_assert_int_eq(rename(in_root("m/..tmp"), in_root("m/..data")), 0);
	after = file_fingerprint(in_root("m"));
	ck_assert_uint_ne(after, before);

	before = after;
	put("m/new.yaml", "");
	after = file_fingerprint(in_root("m"));
	ck_assert_uint_ne(after, before);

	before = after;
	ck_assert_int_eq(rename(in_root("m/new.yaml"), in_root("m/newer.yaml")), 0);
	after = file_fingerprint(in_root("m"));
	ck_assert_uint_ne(after, before);

	before = after;
	put("m/newer.yaml", "longer");
	after = file_fingerprint(in_root("m"));
	ck_assert_uint_ne(after, before);

	before = after;
	ck_assert_int_eq(unlink(in_root("m/newer.yaml")), 0);
	ck_assert_uint_ne(file_fingerprint(in_root("m")), before);
}
END_TEST

START_TEST(fingerprint_of_one_file)
{
	struct timespec times[2] = {{1000, 0}, {1000, 5}};
	uint64_t before;

	put("f", "x");
	before = file_fingerprint(in_root("f"));
	ck_assert_uint_ne(before, 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, in_root("f"), times, 0), 0);
	ck_assert_uint_ne(file_fingerprint(in_root("f")), before);
	ck_assert_uint_eq(file_fingerprint(in_root("none")), 0);
	folder("empty");
	ck_assert_uint_ne(file_fingerprint(in_root("empty")), 0);
}
END_TEST

static void twenty_files(void)
{
	char name[32];

	folder("d");
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d/%d.yaml", i);
		put(name, "x");
	}
}

START_TEST(every_failed_allocation_is_an_error)
{
	size_t failures = 0;
	bool readable = _i == 1;

	twenty_files();
	if (readable)
		points_to("d/gone.yaml", "nowhere");
	for (size_t at = 1;; at++) {
		struct file_list list = {0};
		struct err e = {0};
		int rc;

		arena_reset(a);
		arena_fail_at(a, at);
		rc = (readable ? file_find_readable : file_find)(a, in_root("d"), yaml, 2, &list,
								 &e);
		if (!arena_exhausted(a)) {
			ck_assert_int_eq(rc, 0);
			ck_assert_uint_eq(list.n, 20);
			ck_assert_uint_eq(list.n_unread, readable);
			break;
		}
		failures++;
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(e.kind, ERR_LIMIT);
		ck_assert_ptr_nonnull(strstr(e.text, ".yaml\": no memory left for it"));
	}
	arena_fail_at(a, 0);
	/* 20 paths, and the list three times; the link's path, reason, and list */
	ck_assert_uint_eq(failures, readable ? 26 : 23);
}
END_TEST

Suite *test_file_tree_suite(void)
{
	Suite *s = suite_create("file_tree");
	TCase *c = tcase_create("file_tree");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, finds_files_by_suffix_in_order);
	tcase_add_test(c, the_current_folder_has_no_prefix);
	tcase_add_test(c, a_mounted_config_map_is_found_once);
	tcase_add_test(c, links_to_folders_are_followed_but_not_in_circles);
	tcase_add_test(c, eight_links_are_followed);
	tcase_add_test(c, nine_links_are_an_error);
	tcase_add_test(c, what_cannot_be_found);
	tcase_add_test(c, what_cannot_be_read_does_not_hide_the_rest);
	tcase_add_test(c, too_many_files);
	tcase_add_test(c, fingerprint_follows_the_content);
	tcase_add_test(c, fingerprint_of_one_file);
	tcase_add_loop_test(c, every_failed_allocation_is_an_error, 0, 2);
	suite_add_tcase(s, c);
	return s;
}

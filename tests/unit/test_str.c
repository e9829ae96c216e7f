#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

Suite *test_str_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void same(struct str got, const char *want)
{
	ck_assert_msg(str_eq(got, str_of(want)), "got '%.*s', want '%s'", STR_ARG(got), want);
}

START_TEST(comparing)
{
	ck_assert(str_eq(S("ab"), S("ab")));
	ck_assert(!str_eq(S("ab"), S("abc")));
	ck_assert(!str_eq(S("a\0b"), S("a\0c")));
	ck_assert(str_eq(S(""), (struct str){NULL, 0}));
	ck_assert(str_eq_nocase(S("AbZ@["), S("aBz@[")));
	ck_assert(!str_eq_nocase(S("@"), S("`")));
	ck_assert(!str_eq_nocase(S("[a"), S("{a")));
	ck_assert(!str_eq_nocase(S("a"), S("ab")));
	ck_assert_int_eq(str_cmp(S("ab"), S("ab")), 0);
	ck_assert_int_lt(str_cmp(S("ab"), S("abc")), 0);
	ck_assert_int_gt(str_cmp(S("b"), S("abc")), 0);
	ck_assert_int_gt(str_cmp(S("\xFF"), S("a")), 0);
	ck_assert_int_lt(str_cmp(S(""), S("a")), 0);
	ck_assert_int_eq(str_cmp(S(""), str_of(NULL)), 0);
}
END_TEST

START_TEST(cutting)
{
	struct str head = S("kept"), tail = S("kept");

	same(str_of(NULL), "");
	same(str_sub(S("hello"), 1, 3), "el");
	same(str_sub(S("hello"), 3, 99), "lo");
	same(str_sub(S("hello"), 9, 99), "");
	same(str_sub(S("hello"), 4, 2), "");
	same(str_sub(str_of(NULL), 0, 1), "");
	ck_assert(str_starts(S("hello"), S("he")));
	ck_assert(str_starts(S("hello"), S("")));
	ck_assert(!str_starts(S("he"), S("hello")));
	ck_assert(str_ends(S("hello"), S("lo")));
	ck_assert(!str_ends(S("lo"), S("hello")));
	ck_assert_uint_eq(str_find(S("a/b/c"), '/'), 1);
	ck_assert_uint_eq(str_rfind(S("a/b/c"), '/'), 3);
	ck_assert_uint_eq(str_find(S("a"), '/'), SIZE_MAX);
	ck_assert_uint_eq(str_rfind(str_of(NULL), '/'), SIZE_MAX);
	ck_assert(str_has_char(S("a\0b"), 'b'));
	ck_assert(!str_has_char(S("ab"), '\0'));
	ck_assert(!str_cut(S("abc"), '/', &head, &tail));
	same(head, "kept");
	same(tail, "kept");
	ck_assert(str_cut(S("a=b=c"), '=', &head, &tail));
	same(head, "a");
	same(tail, "b=c");
	ck_assert(str_cut(S("="), '=', &head, &tail));
	same(head, "");
	same(tail, "");
	same(str_trim(S(" \t\r\n a b \n")), "a b");
	same(str_trim(S(" \n ")), "");
	same(str_trim(str_of(NULL)), "");
}
END_TEST

static const struct {
	const char *pattern, *text;
	bool want;
} globs[] = {
	{"", "", true},
	{"", "a", false},
	{"*", "", true},
	{"*", "anything/at:all", true},
	{"**", "x", true},
	{"abc", "abc", true},
	{"abc", "abcd", false},
	{"abc", "ab", false},
	{"a*", "a", true},
	{"a*", "abc", true},
	{"a*", "ba", false},
	{"*a", "ba", true},
	{"*a", "ab", false},
	{"a*c", "ac", true},
	{"a*c", "abbc", true},
	{"a*c", "abcd", false},
	{"ab*ba", "aba", false},
	{"ab*ba", "abba", true},
	{"a*b*c", "axxbyyc", true},
	{"a*b*c", "axxcyyb", false},
	{"*ab*ab", "ab", false},
	{"*ab*ab", "abab", true},
	{"*ab*ab", "xabxabxab", true},
	{"*ab*b", "ab", false},
	{"registry.example.com/*", "registry.example.com/team/web", true},
	{"registry.example.com/*", "registry.example.com", false},
	{"registry.example.com/*", "registry.example.com.evil.net/web", false},
	{"*.example.com/*", "evil.net/x.example.com/", true},
	{"a?c", "abc", false},
	{"a?c", "a?c", true},
	{"[ab]", "a", false},
	{"a\\*", "a*", false},
	{"a\\*", "a\\x", true},
	{"A*", "ab", false},
};

START_TEST(glob_matches)
{
	struct str p = str_of(globs[_i].pattern), s = str_of(globs[_i].text);

	ck_assert_msg(str_glob(p, s) == globs[_i].want, "'%s' on '%s'", globs[_i].pattern,
		      globs[_i].text);
}
END_TEST

START_TEST(glob_of_nul_bytes_and_null)
{
	ck_assert(str_glob(S("a*c"), S("a\0\0c")));
	ck_assert(!str_glob(S("ac"), S("a\0c")));
	ck_assert(str_glob(S("*"), str_of(NULL)));
	ck_assert(!str_glob(S("*a*"), str_of(NULL)));
}
END_TEST

/* Quadratic matching would take minutes here, and the runner ends it. */
START_TEST(glob_is_linear)
{
	enum { N = 1 << 20, STARS = 1 << 14 };
	char *p = malloc(N), *s = malloc(N);

	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_nonnull(s);
	memset(s, 'a', N);
	memset(p, 'a', N);
	p[0] = '*';
	p[N / 2] = 'b';
	p[N / 2 + 1] = '*';
	ck_assert(!str_glob((struct str){p, N}, (struct str){s, N}));
	/* less of it: the thread sanitizer looks at all that is left for each piece */
	for (size_t i = 0; i < STARS; i += 2)
		p[i] = '*';
	ck_assert(str_glob((struct str){p, STARS}, (struct str){s, STARS}));
	p[STARS - 1] = 'b';
	ck_assert(!str_glob((struct str){p, STARS}, (struct str){s, STARS}));
	free(p);
	free(s);
}
END_TEST

START_TEST(numbers)
{
	static const char *const bad[] = {"",
					  "-1",
					  "+1",
					  " 1",
					  "1 ",
					  "0x1",
					  "1.0",
					  "a",
					  "18446744073709551616",
					  "99999999999999999999"};
	uint64_t v = 7;

	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(!str_to_u64(str_of(bad[i]), &v), "'%s'", bad[i]);
		ck_assert_uint_eq(v, 7);
	}
	ck_assert(!str_to_u64(S("1\0"), &v));
	ck_assert(str_to_u64(S("0"), &v) && v == 0);
	ck_assert(str_to_u64(S("007"), &v) && v == 7);
	ck_assert(str_to_u64(S("18446744073709551615"), &v) && v == UINT64_MAX);
}
END_TEST

static const struct {
	struct str bytes;
	size_t length; /* 0: malformed */
	uint32_t cp;
} sequences[] = {
	{{"", 0}, 0, 0},
	{{"\0", 1}, 1, 0},
	{{"\x7F", 1}, 1, 0x7F},
	{{"\x80", 1}, 0, 0},
	{{"\xBF\xBF", 2}, 0, 0},
	{{"\xC0\x80", 2}, 0, 0},
	{{"\xC1\xBF", 2}, 0, 0},
	{{"\xC2\x80", 2}, 2, 0x80},
	{{"\xC2", 1}, 0, 0},
	{{"\xC2\x7F", 2}, 0, 0},
	{{"\xC2\xC0", 2}, 0, 0},
	{{"\xDF\xBF", 2}, 2, 0x7FF},
	{{"\xE0\x9F\xBF", 3}, 0, 0},
	{{"\xE0\xA0\x80", 3}, 3, 0x800},
	{{"\xE2\x82\xAC", 3}, 3, 0x20AC},
	{{"\xE2\x82", 2}, 0, 0},
	{{"\xE2\x82\x20", 3}, 0, 0},
	{{"\xED\x9F\xBF", 3}, 3, 0xD7FF},
	{{"\xED\xA0\x80", 3}, 0, 0},
	{{"\xED\xBF\xBF", 3}, 0, 0},
	{{"\xEE\x80\x80", 3}, 3, 0xE000},
	{{"\xEF\xBF\xBF", 3}, 3, 0xFFFF},
	{{"\xF0\x8F\xBF\xBF", 4}, 0, 0},
	{{"\xF0\x90\x80\x80", 4}, 4, 0x10000},
	{{"\xF4\x8F\xBF\xBF", 4}, 4, 0x10FFFF},
	{{"\xF4\x90\x80\x80", 4}, 0, 0},
	{{"\xF5\x80\x80\x80", 4}, 0, 0},
	{{"\xFF", 1}, 0, 0},
};

START_TEST(utf8_sequences)
{
	struct str s = sequences[_i].bytes;
	char longer[64];
	uint32_t cp = 0;

	ck_assert_uint_eq(str_utf8_next(s, &cp), sequences[_i].length);
	ck_assert_uint_eq(cp, sequences[_i].cp);
	ck_assert(str_is_utf8(s) == (sequences[_i].length == s.n));
	/* the same behind every alignment of ASCII */
	for (size_t before = 0; before < 20; before++) {
		memset(longer, 'a', sizeof(longer));
		memcpy(longer + before, s.p, s.n);
		ck_assert(str_is_utf8((struct str){longer, before + s.n + 20}) ==
			  (sequences[_i].length == s.n));
	}
}
END_TEST

static const struct {
	const char *word, *want;
} nearest[] = {
	{"registry", "registry"},
	{"registies", "registries"},
	{"regsitry", "registry"},
	{"digset", "digest"},
	{"readonlyrootfilesystem", "readOnlyRootFilesystem"},
	{"tg", "tag"},
	{"tags", "tag"},
	{"xyz", ""},
	{"x", ""},
	{"", ""},
	{"completely", ""},
	{"ta", "tag"},
};

START_TEST(nearest_word)
{
	static const struct str words[] = {{"registries", 10}, {"registry", 8},
					   {"digest", 6},      {"readOnlyRootFilesystem", 22},
					   {"tag", 3},         {"", 0}};

	same(str_nearest(str_of(nearest[_i].word), words, COUNT(words)), nearest[_i].want);
}
END_TEST

START_TEST(nearest_of_nothing_or_very_long)
{
	char longer[200];
	struct str s = {longer, sizeof(longer)};

	memset(longer, 'a', sizeof(longer));
	same(str_nearest(S("tag"), NULL, 0), "");
	same(str_nearest(s, &s, 1), "");
	same(str_nearest(S("aaa"), &s, 1), "");
}
END_TEST

Suite *test_str_suite(void)
{
	Suite *s = suite_create("str");
	TCase *c = tcase_create("str");

	tcase_add_test(c, comparing);
	tcase_add_test(c, cutting);
	tcase_add_loop_test(c, glob_matches, 0, (int)COUNT(globs));
	tcase_add_test(c, glob_of_nul_bytes_and_null);
	tcase_add_test(c, glob_is_linear);
	tcase_add_test(c, numbers);
	tcase_add_loop_test(c, utf8_sequences, 0, (int)COUNT(sequences));
	tcase_add_loop_test(c, nearest_word, 0, (int)COUNT(nearest));
	tcase_add_test(c, nearest_of_nothing_or_very_long);
	suite_add_tcase(s, c);
	return s;
}

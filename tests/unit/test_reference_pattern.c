/* Patterns of references: what they match, what they must not match, which are refused and why. */
#include <check.h>

#include "oci/reference.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))
#define H64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define A16 "a/a/a/a/a/a/a/a/"
#define A112 A16 A16 A16 A16 A16 A16 A16
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50

static const struct {
	const char *pattern, *reference;
	bool match;
} matches[] = {
	/* "**" is one or more whole segments, at a boundary of the host and of a segment */
	{"h.x/golden/**", "h.x/golden/a", true},
	{"h.x/golden/**", "h.x/golden/a/b/c", true},
	{"h.x/golden/**", "h.x/golden/a:t@sha256:" H64, true},
	{"h.x/golden/**", "h.x/goldenrod/x", false},
	{"h.x/golden/**", "h.x/golden-x/y", false},
	{"h.x/golden/**", "h.x.evil/golden/x", false},
	{"h.x/golden/**", "evil.h.x/golden/x", false},
	{"h.x/golden/**", "h.xx/golden/x", false},
	{"h.x/golden/**", "h.x/golden", false},
	{"h.x/golden/**", "h.x/golden:t", false},
	{"h.x/golden/**", "h.x/evil/golden/x", false},
	{"h.x/golden/**", "golden/x", false},
	{"h.x/golden/**", "h.x:443/golden/x", false},
	{"h.x/**", "h.x/a", true},
	{"h.x/**", "h.x/a/b", true},
	{"h.x/**", "evil/h.x/a", false},
	{"h.x/**", "h.x.y/a", false},
	/* the host is compared whole, port included, case folded */
	{"h:5000/a/**", "h:5000/a/b", true},
	{"h:5000/a/**", "h:5001/a/b", false},
	{"h:5000/a/**", "h:50000/a/b", false},
	{"h:5000/a/**", "h:05000/a/b", false},
	{"h:5000/a/**", "h.x/a/b", false},
	{"h.x/a/**", "h.x:5000/a/b", false},
	{"h.x:443/a/**", "h.x/a/b", false},
	{"h.x/a", "H.X/a", true},
	{"H.x/a", "h.X/a", true},
	{"X/a", "X/a", true},
	{"X/a", "x/a", false},
	{"localhost/a", "localhost/a", true},
	{"localhost/a", "localhost:80/a", false},
	{"[::1]:5000/a", "[::1]:5000/a", true},
	{"[::1]:5000/a", "[::2]:5000/a", false},
	/* Docker Hub under its names */
	{"docker.io/library/*", "x", true},
	{"docker.io/library/*", "docker.io/x", true},
	{"docker.io/library/*", "index.docker.io/library/x", true},
	{"docker.io/library/*", "x/y", false},
	{"docker.io/library/*", "registry-1.docker.io/library/x", false},
	{"docker.io/library/sha256", "sha256:" H64, true},
	{"index.docker.io/x/y", "x/y", true},
	{"docker.io/**", "x", true},
	{"docker.io/host/**", "host/x", true},
	/* literal segments */
	{"h.x/a", "h.x/a", true},
	{"h.x/a", "h.x/a:t", true},
	{"h.x/a", "h.x/a/b", false},
	{"h.x/a", "h.x/b", false},
	{"h.x/a/b", "h.x/a", false},
	{"h.x/a.b", "h.x/a-b", false},
	/* '*' stays within its segment, and may be empty beside other text */
	{"h.x/*", "h.x/a", true},
	{"h.x/*", "h.x/a/b", false},
	{"h.x/*/*", "h.x/a/b", true},
	{"h.x/*/*", "h.x/a/b/c", false},
	{"h.x/a*b", "h.x/ab", true},
	{"h.x/a*b", "h.x/axyb", true},
	{"h.x/a*b", "h.x/a/b", false},
	{"h.x/a*b", "h.x/abc", false},
	{"h.x/a*b", "h.x/xab", false},
	{"h.x/a*a", "h.x/a", false},
	{"h.x/*a", "h.x/ba", true},
	{"h.x/*a", "h.x/ab", false},
	{"h.x/a*b*c", "h.x/a1b2c", true},
	{"h.x/a*b*c", "h.x/acb", false},
	{"h.x/golden-*/x", "h.x/golden-2/x", true},
	{"h.x/golden-*/x", "h.x/golden/x", false},
	{"h.x/golden*/x", "h.x/goldenrod/x", true},
	/* "**" first, in the middle, twice */
	{"h.x/**/c", "h.x/a/c", true},
	{"h.x/**/c", "h.x/a/b/c", true},
	{"h.x/**/c", "h.x/c", false},
	{"h.x/**/c", "h.x/c/c", true},
	{"h.x/**/c", "h.x/a/c/d", false},
	{"h.x/**/c", "h.x/a/cc", false},
	{"h.x/a/**/c", "h.x/a/b/c", true},
	{"h.x/a/**/c", "h.x/a/b/b/c", true},
	{"h.x/a/**/c", "h.x/a/c/b/c", true},
	{"h.x/a/**/c", "h.x/a/c", false},
	{"h.x/a/**/c", "h.x/a/b/c/d", false},
	{"h.x/a/**/b/**", "h.x/a/x/b/y", true},
	{"h.x/a/**/b/**", "h.x/a/b/b/b", true},
	{"h.x/a/**/b/**", "h.x/a/b/y", false},
	{"h.x/a/**/b/**", "h.x/a/x/b", false},
	{"h.x/**/a/b", "h.x/a/a/a/b", true},
	{"h.x/**/a/b/**", "h.x/x/a/a/b/y", true},
	{"h.x/*/**", "h.x/a/b", true},
	{"h.x/*/**", "h.x/a", false},
	{"h.x/**/*", "h.x/a/b/c", true},
	{"h.x/**/*", "h.x/a", false},
	{"h.x/**/b*/**/c", "h.x/a/bx/a/c", true},
};

#define NO_HOST                                                                                    \
	"the first segment is no host: it has neither '.' nor ':' and is not 'localhost' (for "    \
	"Docker Hub begin with 'docker.io/')"
#define ALONE "a wildcard alone would match every image"
#define IN_HOST "a wildcard in the host"
#define NO_PATH "no path after the host"
#define NOT_WHOLE "'**' is not a whole segment"
#define TWO "two '**' side by side"
#define ENDS "a component of the repository path begins or ends with '.', '_' or '-'"
#define RUN "a run of separators in the repository path other than '__' or '-'"
#define HUB "docker.io has no repository of one segment: write 'docker.io/library/...'"

static const struct {
	const char *pattern, *why;
} refused[] = {
	{"", "empty"},
	{"*", ALONE},
	{"**", ALONE},
	{"***", ALONE},
	{"*/**", IN_HOST},
	{"*/x", IN_HOST},
	{"**/x", IN_HOST},
	{"*.x/y", IN_HOST},
	{"h.*/y", IN_HOST},
	{"h.x*", IN_HOST},
	{"h.x", NO_PATH},
	{"h:5000", NO_PATH},
	{"h.x/", NO_PATH},
	{"h/golden/**", NO_HOST},
	{"x/y", NO_HOST},
	{"/x", "the host is empty"},
	{":5000/x", "the host is empty"},
	{"h:/x", "the port is empty"},
	{"h:p/x", "the port is not a number"},
	{"https://h.x/y", "the port is empty"},
	{"a_b.c/x", "a character that no host has"},
	{"h..x/y", "an empty label in the host"},
	{"-h.x/y", "a label of the host begins or ends with '-'"},
	{"[::1/x", "the IPv6 address has no ']'"},
	{"h.x//y", "an empty segment"},
	{"h.x/y/", "an empty segment"},
	{"h.x/y//**", "an empty segment"},
	{"h.x/y:t", "a tag in the pattern"},
	{"h.x/y:*", "a tag in the pattern"},
	{"h.x/**:t", "a tag in the pattern"},
	{"h.x/y@sha256:" H64, "a digest in the pattern"},
	{"h.x/y@*", "a digest in the pattern"},
	{"h.x/a**", NOT_WHOLE},
	{"h.x/**a", NOT_WHOLE},
	{"h.x/a**b/c", NOT_WHOLE},
	{"h.x/***", NOT_WHOLE},
	{"h.x/**/**", TWO},
	{"h.x/a/**/**/b", TWO},
	{"h.x/*/*/*/*/*/*/*/*/*", "more than 8 segments with wildcards"},
	{"h.x/**/*/**/*/**/*/**/*/**", "more than 8 segments with wildcards"},
	{"h.x/Y/**", "upper case in the repository path"},
	{"h.x/a*B", "upper case in the repository path"},
	{"h.x/a+b", "a character that no repository path has"},
	{"h.x/a[bc]", "a character that no repository path has"},
	{"h.x/-*", ENDS},
	{"h.x/*.", ENDS},
	{"h.x/../**", ENDS},
	{"h.x/a..*", RUN},
	{"h.x/*___*", RUN},
	{"h.x/" X250 "xxxxxx", "the repository path is longer than 255 bytes"},
	{"h.x/a?", "the character '?'"},
	{"!h.x/a", "the character '!'"},
	{"h.x/a ", "white space"},
	{"h.x/**\n", "white space"},
	{"h.x/\xc3\xa9", "a character outside ASCII"},
	{"docker.io/x", HUB},
	{"docker.io/*", HUB},
	{"index.docker.io/*", HUB},
	{"DOCKER.IO/x", HUB},
};

static struct reference_pattern pattern_of(struct arena *a, const char *z)
{
	struct reference_pattern p = {0};
	struct err e;

	if (reference_pattern_parse(a, str_of(z), &p, &e) < 0)
		ck_abort_msg("pattern '%s': %s", z, e.text);
	return p;
}

static struct reference reference_of(struct arena *a, const char *z)
{
	struct reference r = {0};
	struct err e;

	if (reference_parse(a, str_of(z), &r, &e) < 0)
		ck_abort_msg("reference '%s': %s", z, e.text);
	return r;
}

START_TEST(pattern_and_reference)
{
	struct arena *a = arena_new(1 << 16);
	struct reference_pattern p = pattern_of(a, matches[_i].pattern);
	struct reference r = reference_of(a, matches[_i].reference);

	ck_assert_msg(reference_pattern_matches(&p, &r) == matches[_i].match, "'%s', '%s'",
		      matches[_i].pattern, matches[_i].reference);
	arena_free(a);
}
END_TEST

START_TEST(pattern_is_refused_with_this_reason)
{
	struct arena *a = arena_new(1 << 16);
	struct reference_pattern p = {.n_segments = 77};
	struct err e;

	ck_assert_int_eq(reference_pattern_parse(a, str_of(refused[_i].pattern), &p, &e), -1);
	ck_assert_int_eq(e.kind, ERR_INPUT);
	ck_assert_str_eq(e.text, refused[_i].why);
	ck_assert_uint_eq(p.n_segments, 77);
	arena_free(a);
}
END_TEST

START_TEST(pattern_has_these_parts)
{
	struct arena *a = arena_new(1 << 16);
	struct reference_pattern p = pattern_of(a, "Index.Docker.io/a*b/**/c");

	ck_assert(str_eq(p.text, S("Index.Docker.io/a*b/**/c")));
	ck_assert(str_eq(p.host, S("docker.io")));
	ck_assert_uint_eq(p.n_segments, 3);
	ck_assert(str_eq(p.segments[0], S("a*b")));
	ck_assert(str_eq(p.segments[1], S("**")));
	ck_assert(str_eq(p.segments[2], S("c")));
	struct err e;
	ck_assert_int_eq(reference_pattern_parse(a, S("h.x/a\0/**"), &p, &e), -1);
	ck_assert_str_eq(e.text, "a NUL byte");
	(void)pattern_of(a, "h.x/*/*/*/*/*/*/*/*/a"); /* the most wildcards there may be */
	(void)pattern_of(a, "h.x/" X250 "xxxxx");     /* the longest path */
	arena_free(a);
}
END_TEST

START_TEST(nothing_matches_an_empty_pattern_or_reference)
{
	struct arena *a = arena_new(1 << 16);
	struct reference_pattern p = pattern_of(a, "h.x/**"), no_pattern = {0};
	struct reference r = reference_of(a, "h.x/y"), no_reference = {0};

	ck_assert(reference_pattern_matches(&p, &r));
	ck_assert(!reference_pattern_matches(&no_pattern, &r));
	ck_assert(!reference_pattern_matches(&no_pattern, &no_reference));
	no_reference.host = p.host;
	ck_assert(!reference_pattern_matches(&p, &no_reference));
	no_pattern.host = r.host;
	ck_assert(!reference_pattern_matches(&no_pattern, &r));
	arena_free(a);
}
END_TEST

/* A matcher that tries every choice would not come back from this one. */
START_TEST(many_wildcards_do_not_explode)
{
	struct arena *a = arena_new(1 << 16);
	struct reference_pattern p = pattern_of(a, "h.x/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b");
	struct reference_pattern q = pattern_of(a, "h.x/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**");
	struct reference r = reference_of(a, "h.x/" A112 A16 "a");

	ck_assert(!reference_pattern_matches(&p, &r));
	ck_assert(reference_pattern_matches(&q, &r));
	p = pattern_of(a, "h.x/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b");
	r = reference_of(
		a, "h.x/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	ck_assert(!reference_pattern_matches(&p, &r));
	arena_free(a);
}
END_TEST

/* The meaning of a pattern, word for word and slow: names are one letter, so "a*" is 'a' here. */
static bool means(const char *const *segments, size_t n, const char *path, size_t n_path)
{
	if (n == 0 || n_path == 0)
		return n == n_path;
	if (segments[0][0] == '*' && segments[0][1] == '*') {
		for (size_t taken = 1; taken <= n_path; taken++) {
			if (means(segments + 1, n - 1, path + taken, n_path - taken))
				return true;
		}
		return false;
	}
	return (segments[0][0] == '*' || segments[0][0] == path[0]) &&
	       means(segments + 1, n - 1, path + 1, n_path - 1);
}

static void put_path(struct text *t, const char *letters, size_t n)
{
	text_puts(t, "h.x");
	for (size_t i = 0; i < n; i++)
		text_printf(t, "/%c", letters[i]);
}

/* Every path of the letters a, b with 1 to 6 segments against one pattern. */
static void compare_with_meaning(const char *const *segments, size_t n)
{
	struct arena *a = arena_new(1 << 18);
	struct text t;
	char buf[64], letters[6];

	text_init_fixed(&t, buf, sizeof(buf));
	text_puts(&t, "h.x");
	for (size_t i = 0; i < n; i++)
		text_printf(&t, "/%s", segments[i]);
	struct reference_pattern p = pattern_of(a, t.p);
	for (size_t length = 1; length <= 6; length++) {
		for (unsigned bits = 0; bits < 1u << length; bits++) {
			for (size_t i = 0; i < length; i++)
				letters[i] = bits >> i & 1 ? 'b' : 'a';
			char path[32];
			struct text u;
			text_init_fixed(&u, path, sizeof(path));
			put_path(&u, letters, length);
			struct reference r = reference_of(a, path);
			ck_assert_msg(reference_pattern_matches(&p, &r) ==
					      means(segments, n, letters, length),
				      "'%.*s', '%s'", STR_ARG(p.text), path);
		}
	}
	arena_free(a);
}

START_TEST(every_small_pattern_means_what_it_says)
{
	static const char *const choices[] = {"a", "b", "*", "**", "a*"};
	const char *segments[5];
	int codes = 1;

	for (size_t n = 1; n <= 5; n++) {
		codes *= 5;
		for (int code = 0; code < codes; code++) {
			bool two = false;
			int rest = code;
			for (size_t i = 0; i < n; i++, rest /= 5) {
				segments[i] = choices[rest % 5];
				two |= i > 0 && rest % 5 == 3 && segments[i - 1] == choices[3];
			}
			if (!two)
				compare_with_meaning(segments, n);
		}
	}
}
END_TEST

START_TEST(every_failing_allocation_is_an_error)
{
	static const char *const why[] = {"no memory left for the host",
					  "no memory left for the pattern"};
	struct err e;

	for (size_t fail = 1; fail <= 3; fail++) {
		struct arena *a = arena_new(1 << 16);
		struct reference_pattern p = {.n_segments = 77};

		arena_fail_at(a, fail);
		int result = reference_pattern_parse(a, S("H.x/a/**"), &p, &e);
		ck_assert_int_eq(result, fail <= 2 ? -1 : 0);
		ck_assert_uint_eq(p.n_segments, fail <= 2 ? 77 : 2);
		if (fail <= 2) {
			ck_assert_int_eq(e.kind, ERR_LIMIT);
			ck_assert_str_eq(e.text, why[fail - 1]);
		}
		arena_free(a);
	}
}
END_TEST

Suite *test_reference_pattern_suite(void)
{
	Suite *s = suite_create("reference_pattern");
	TCase *t = tcase_create("reference_pattern");

	tcase_add_loop_test(t, pattern_and_reference, 0, COUNT(matches));
	tcase_add_loop_test(t, pattern_is_refused_with_this_reason, 0, COUNT(refused));
	tcase_add_test(t, pattern_has_these_parts);
	tcase_add_test(t, nothing_matches_an_empty_pattern_or_reference);
	tcase_add_test(t, many_wildcards_do_not_explode);
	tcase_add_test(t, every_small_pattern_means_what_it_says);
	tcase_add_test(t, every_failing_allocation_is_an_error);
	suite_add_tcase(s, t);
	return s;
}

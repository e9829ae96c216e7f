#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/json_inside.h"
#include "core/limits.h"
#include "tests/unit/repeat.h"

Suite *test_json_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* A literal with its length, for texts with NUL bytes. */
#define B(lit)                                                                                     \
	{                                                                                          \
		(lit), sizeof(lit) - 1                                                             \
	}

static struct arena *a;

static void setup(void)
{
	a = arena_new(LIMIT_DOCUMENT_ARENA_BYTES);
	ck_assert_ptr_nonnull(a);
}

static void teardown(void)
{
	arena_free(a);
}

static const char *render(const struct node *n)
{
	struct text t;
	struct json_writer w;
	struct str out;

	text_init(&t, a, 1 << 24);
	json_writer_init(&w, &t);
	json_node(&w, n);
	ck_assert(text_done(&t, &out));
	return out.p;
}

static struct node *parse(struct str in)
{
	struct node *n = NULL;
	struct err e;

	ck_assert_msg(json_parse(a, in, NULL, &n, NULL, &e) == 0, "%.60s: %s", in.p, e.text);
	ck_assert_ptr_nonnull(n);
	return n;
}

static const struct {
	struct str in;
	const char *out;
} good[] = {
	{B("null"), "null"},
	{B(" \t\r\n true \n"), "true"},
	{B("false"), "false"},
	{B("{}"), "{}"},
	{B("[]"), "[]"},
	{B("[[],{},[{}]]"), "[[],{},[{}]]"},
	{B("{\"z\":1,\"a\":{\"y\":[1,2.5,\"x\",null]},\"\":0}"),
	 "{\"z\":1,\"a\":{\"y\":[1,2.5,\"x\",null]},\"\":0}"},
	{B("9223372036854775807"), "9223372036854775807"},
	{B("-9223372036854775808"), "-9223372036854775808"},
	{B("-0"), "0"},
	{B("-0.0"), "-0.0"},
	{B("1e-999"), "0.0"},
	{B("1.5E+3"), "1500.0"},
	{B("\"\\u0000\\u0041\\/\\b\\f\\n\\r\\t\\\"\\\\\""),
	 "\"\\u0000A/\\u0008\\u000c\\n\\r\\t\\\"\\\\\""},
	{B("\"\\ud83d\\ude00\""), "\"\xF0\x9F\x98\x80\""},
	{B("\"\x7F\xC3\xBC\xF0\x9F\x98\x80\""), "\"\\u007f\xC3\xBC\xF0\x9F\x98\x80\""},
	{B("[\"\\\\\",\"\\\\\\\"]\"]"), "[\"\\\\\",\"\\\\\\\"]\"]"},
};

START_TEST(reads)
{
	ck_assert_str_eq(render(parse(good[_i].in)), good[_i].out);
}
END_TEST

static const struct {
	struct str in;
	uint32_t line;
	uint32_t column;
	const char *why;
} bad[] = {
	{B(""), 0, 0, "empty"},
	{B("\n "), 2, 1, "it ends too early"},
	{B("["), 1, 1, "it ends too early"},
	{B("[1,"), 1, 3, "it ends too early"},
	{B("{\"a\":1"), 1, 6, "it ends too early"},
	{B("\"abc"), 1, 4, "it ends too early"},
	{B("\"\\\""), 1, 3, "it ends too early"},
	{B("nul"), 1, 3, "unknown word or character"},
	{B("NaN"), 1, 3, "unknown word or character"},
	{B("01"), 1, 1, "unknown word or character"},
	{B("1."), 1, 2, "unknown word or character"},
	{B("+1"), 1, 1, "unknown word or character"},
	{B("// x\n1"), 1, 1, "unknown word or character"},
	{B("'a'"), 1, 1, "unknown word or character"},
	{B("[1,]"), 1, 4, "expected a value"},
	{B("]"), 1, 1, "expected a value"},
	{B("[1 2]"), 1, 4, "expected ',' or ']'"},
	{B("{\"a\":1 \"b\":2}"), 1, 10, "expected ',' or '}'"},
	{B("{\"a\" 1}"), 1, 6, "expected ':' after a key"},
	{B("{\"a\":1,}"), 1, 8, "expected a key in quotes or '}'"},
	{B("{1:2}"), 1, 2, "expected a key in quotes or '}'"},
	{B("[1]x"), 1, 4, "something follows the end of the value"},
	{B("{}\n{}"), 2, 1, "something follows the end of the value"},
	{B("\xEF\xBB\xBF{}"), 1, 1, "it begins with a byte order mark"},
	{B("\"a\nb\""), 1, 2, "line break in a string"},
	{B("\"a\tb\""), 1, 2, "control character in a string"},
	{B("\"\\x\""), 1, 3, "unknown escape in a string"},
	{B("\"\\u12g4\""), 1, 6, "unknown escape in a string"},
	{B("\"\\ud800\""), 1, 8, "half of a surrogate pair in a string"},
	{B("\"\\ud800\\u0041\""), 1, 14, "half of a surrogate pair in a string"},
	{B("\"\\udc00\""), 1, 8, "half of a surrogate pair in a string"},
	{B("\"\xFF\""), 1, 1, "invalid UTF-8"},
	{B("\"\xC0\x80\""), 1, 1, "invalid UTF-8"},
	{B("\"\xED\xA0\x80\""), 1, 1, "invalid UTF-8"},
	{B("\"\xF4\x90\x80\x80\""), 1, 1, "invalid UTF-8"},
	{B("\"\xE2\x82"), 1, 1, "invalid UTF-8"},
	{B("9223372036854775808"), 1, 19, "integer beyond 64 bits"},
	{B("-9223372036854775809"), 1, 20, "integer beyond 64 bits"},
	{B("1e999"), 1, 5, "number too large"},
	{B("\0"), 1, 1, "NUL byte"},
	{B("[1\0]"), 1, 3, "NUL byte"},
	{B("[true\0]"), 1, 6, "NUL byte"},
	{B("[1,\n\"\0\"]"), 2, 2, "NUL byte"},
	{B("[1]\0"), 1, 4, "NUL byte"},
	{B("{\"a\\u0000\":1}"), 1, 10, "NUL character in a key"},
	{B("{\"a\":1,\"a\":2}"), 1, 10, "duplicate key \"a\""},
	{B("{\"a\":1,\n\"b\":{\"\":0,\"\":0}}"), 2, 12, "duplicate key \"\""},
	{B("{\"a\\\"b\":1,\"a\\\"b\":2}"), 1, 16, "duplicate key \"a\\\\\\\"b\""},
	{B("{\"a\":1,\"\\u0061\":2}"), 1, 15, "duplicate key \"\\\\u0061\""},
	{B("{\"\xC3\xBC\":1,\"\xC3\xBC\":2}"), 1, 10, "duplicate key \"\xC3\xBC\""},
	{B("{\"m0123456789012345678901234567890123456789\":1,"
	   "\"m0123456789012345678901234567890123456789\":1}"),
	 1, 90, "duplicate key \"m0123456789012345678901234567890...\""},
};

START_TEST(refuses)
{
	struct node *n = NULL;
	struct position where = {99, 99};
	struct err e = {.kind = ERR_INTERNAL};
	char text[128];

	snprintf(text, sizeof(text), "not valid JSON: %s", bad[_i].why);
	ck_assert_int_eq(json_parse(a, bad[_i].in, NULL, &n, &where, &e), -1);
	ck_assert_str_eq(e.text, text);
	ck_assert_int_eq(e.kind, ERR_INPUT);
	ck_assert_uint_eq(where.line, bad[_i].line);
	ck_assert_uint_eq(where.column, bad[_i].column);
	ck_assert_ptr_null(n);
}
END_TEST

static void limit(struct str in, struct position at, const char *text)
{
	struct node *n = NULL;
	struct position where;
	struct err e;

	ck_assert_int_eq(json_parse(a, in, NULL, &n, &where, &e), -1);
	ck_assert_str_eq(e.text, text);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_uint_eq(where.line, at.line);
	ck_assert_uint_eq(where.column, at.column);
}

START_TEST(depth_is_limited)
{
	struct str lists = repeat("", "[", LIMIT_DEPTH, "");
	struct str deep = repeat(lists.p, "]", LIMIT_DEPTH, "");
	struct str deeper = repeat("[", lists.p, 1, "");
	struct str maps = repeat("\n", "{\"a\":", 100000, "");

	ck_assert_str_eq(render(parse(deep)), deep.p);
	limit(deeper, (struct position){1, 129}, "too deep: more than 128 levels");
	limit(maps, (struct position){2, 641}, "too deep: more than 128 levels");
	/* brackets in strings do not count */
	struct str string = repeat("\"", "[\\\"", 1000, "\"");
	parse(string);
	repeat_free(lists);
	repeat_free(deep);
	repeat_free(deeper);
	repeat_free(maps);
	repeat_free(string);
}
END_TEST

START_TEST(keys_of_a_map_are_limited)
{
	struct str most = repeat_keys(LIMIT_MAP_KEYS), more = repeat_keys(LIMIT_MAP_KEYS + 1);
	const struct node *n = parse(most);

	ck_assert_uint_eq(node_len(n), LIMIT_MAP_KEYS);
	ck_assert(str_eq(n->map.pairs[0].key, S("k0")));
	ck_assert(str_eq(n->map.pairs[LIMIT_MAP_KEYS - 1].key, S("k19999")));
	limit(more, (struct position){0}, "too many keys in one map: more than 20000");
	repeat_free(most);
	repeat_free(more);
}
END_TEST

START_TEST(values_are_limited)
{
	struct arena *small = a;
	struct str s = repeat("[0", ",0", LIMIT_NODES - 1, "]");

	a = arena_new((size_t)1 << 30);
	limit(s, (struct position){0}, "too many values: more than 1000000");
	arena_free(a);
	a = small;
	repeat_free(s);
}
END_TEST

START_TEST(a_body_of_tiny_values_does_not_fit_the_arena)
{
	struct str s = repeat("[", "[],", (7u << 20) / 3, "[]]");

	limit(s, (struct position){0},
	      "too large: does not fit the memory limit of 100663296 bytes");
	ck_assert(arena_exhausted(a));
	ck_assert_uint_eq(arena_used(a), 0);
	repeat_free(s);
}
END_TEST

START_TEST(bytes_are_limited)
{
	struct str s = repeat("1", " ", LIMIT_FILE_BYTES, "");

	limit(s, (struct position){0}, "too large: more than 33554432 bytes");
	repeat_free(s);
}
END_TEST

START_TEST(other_limits_can_be_asked_for)
{
	const struct read_limits limits = {.bytes = 10, .nodes = 3};
	const struct json_options o = {.limits = &limits};
	struct node *n;
	struct err e;

	ck_assert_int_eq(json_parse(a, S("[1,2]     "), &o, &n, NULL, &e), 0);
	ck_assert_int_eq(json_parse(a, S("[1,2]      "), &o, &n, NULL, &e), -1);
	ck_assert_str_eq(e.text, "too large: more than 10 bytes");
	ck_assert_int_eq(json_parse(a, S("[1,2,3]"), &o, &n, NULL, &e), -1);
	ck_assert_str_eq(e.text, "too many values: more than 3");

	struct str s = repeat("1", " ", LIMIT_FILE_BYTES, "");
	const struct json_options large = {
		.limits = &(struct read_limits){.bytes = LIMIT_FILE_BYTES + 1}};
	struct arena *roomy = arena_new((size_t)1 << 30);
	ck_assert_int_eq(json_parse(roomy, s, &large, &n, NULL, &e), 0);
	arena_free(roomy);
	repeat_free(s);
}
END_TEST

/* ---- the direct reader ---- */

static bool takes(struct str in, const struct json_options *o)
{
	struct node *n = NULL;
	bool taken = json_read_direct(a, in, o, &n);

	ck_assert_int_eq(taken, n != NULL);
	return taken;
}

START_TEST(the_direct_reader_takes_what_is_good)
{
	ck_assert(takes(good[_i].in, NULL));
}
END_TEST

START_TEST(the_direct_reader_leaves_no_trace_of_what_is_bad)
{
	size_t used = arena_used(a), count = arena_count(a);

	ck_assert(!takes(bad[_i].in, NULL));
	ck_assert_uint_eq(arena_used(a), used);
	ck_assert_uint_eq(arena_count(a), count);
	ck_assert(!arena_exhausted(a));
}
END_TEST

START_TEST(a_failed_allocation_is_an_error)
{
	arena_fail_at(a, 1);
	limit(S("{\"a\":[1,2]}"), (struct position){0},
	      "too large: does not fit the memory limit of 100663296 bytes");
	ck_assert_str_eq(render(parse(S("{\"a\":[1,2]}"))), "{\"a\":[1,2]}");
}
END_TEST

START_TEST(skipped_keys_are_left_out_but_read_strictly)
{
	const struct json_options o = {.skip_key = S("skip")};
	struct node *n;
	struct err e;

	ck_assert_int_eq(json_parse(a,
				    S("{\"skip\":{\"x\":1},\"a\":[{\"b\":1,\"skip\":2}],"
				      "\"skipped\":3,\"c\":\"skip\"}"),
				    &o, &n, NULL, &e),
			 0);
	ck_assert_str_eq(render(n), "{\"a\":[{\"b\":1}],\"skipped\":3,\"c\":\"skip\"}");
	ck_assert_int_eq(json_parse(a, S("{\"skip\":{\"x\":1,\"x\":2}}"), &o, &n, NULL, &e), -1);
	ck_assert_str_eq(e.text, "not valid JSON: duplicate key \"x\"");
	ck_assert_int_eq(json_parse(a, S("{\"skip\":1,\"skip\":2}"), &o, &n, NULL, &e), -1);
	ck_assert_str_eq(e.text, "not valid JSON: duplicate key \"skip\"");
}
END_TEST

START_TEST(nodes_have_no_position_and_strings_keep_their_bytes)
{
	const struct node *n = parse(S("{\"k\":\"a\\u0000b\"}"));
	const struct node *v = node_get(n, S("k"));

	ck_assert(str_eq(node_str(v), S("a\0b")));
	ck_assert_uint_eq(v->line, 0);
	ck_assert_uint_eq(v->column, 0);
	ck_assert_uint_eq(v->source.n, 0);
	ck_assert(!v->quoted);
	ck_assert_uint_eq(node_pair(n, S("k"))->line, 0);
}
END_TEST

static void *parse_many(void *arg)
{
	struct arena *mine = arena_new(1 << 20);
	struct node *n;
	struct err e;
	size_t *right = arg;

	for (int i = 0; mine && i < 2000; i++) {
		if (json_parse(mine, S("{\"a\":[1,{\"b\":\"c\"}],\"d\":null}"), NULL, &n, NULL,
			       &e) == 0)
			*right +=
				str_eq(node_str(node_get(node_at(node_get(n, S("a")), 1), S("b"))),
				       S("c"));
		if (json_parse(mine, S("{\"a\":[1,{\"b\":}"), NULL, &n, NULL, &e) < 0)
			*right += str_eq(str_of(e.text), S("not valid JSON: expected a value"));
		arena_reset(mine);
	}
	arena_free(mine);
	return NULL;
}

START_TEST(threads_parse_at_the_same_time)
{
	pthread_t threads[4];
	size_t right[4] = {0};

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, parse_many, &right[i]), 0);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_uint_eq(right[i], 4000);
	}
}
END_TEST

Suite *test_json_suite(void)
{
	Suite *s = suite_create("json");
	TCase *c = tcase_create("json");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, reads, 0, (int)COUNT(good));
	tcase_add_loop_test(c, refuses, 0, (int)COUNT(bad));
	tcase_add_test(c, depth_is_limited);
	tcase_add_test(c, keys_of_a_map_are_limited);
	tcase_add_test(c, values_are_limited);
	tcase_add_test(c, a_body_of_tiny_values_does_not_fit_the_arena);
	tcase_add_test(c, bytes_are_limited);
	tcase_add_test(c, other_limits_can_be_asked_for);
	tcase_add_loop_test(c, the_direct_reader_takes_what_is_good, 0, (int)COUNT(good));
	tcase_add_loop_test(c, the_direct_reader_leaves_no_trace_of_what_is_bad, 0,
			    (int)COUNT(bad));
	tcase_add_test(c, a_failed_allocation_is_an_error);
	tcase_add_test(c, skipped_keys_are_left_out_but_read_strictly);
	tcase_add_test(c, nodes_have_no_position_and_strings_keep_their_bytes);
	tcase_add_test(c, threads_parse_at_the_same_time);
	suite_add_tcase(s, c);
	return s;
}

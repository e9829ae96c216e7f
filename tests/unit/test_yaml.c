#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"
#include "core/limits.h"
#include "core/yaml.h"
#include "tests/unit/repeat.h"

Suite *test_yaml_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
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

/* The documents as JSON, each after its line: "1:{} 4:[]". */
static const char *render(const struct yaml_stream *s)
{
	struct text t;
	struct json_writer w;
	struct str out;

	text_init(&t, a, 1 << 24);
	for (size_t i = 0; i < s->n; i++) {
		text_printf(&t, "%s%u:", i > 0 ? " " : "", s->docs[i].line);
		json_writer_init(&w, &t);
		json_node(&w, s->docs[i].root);
	}
	ck_assert(text_done(&t, &out));
	return out.p;
}

static struct yaml_stream parse(struct str in)
{
	struct yaml_stream s;
	struct position where;
	struct err e;

	ck_assert_msg(yaml_parse(a, in, &s, &where, &e) == 0, "%.60s: %u:%u: %s", in.p, where.line,
		      where.column, e.text);
	return s;
}

static const struct {
	struct str in;
	const char *out;
} good[] = {
	{B(""), ""},
	{B("# comment\n\n"), ""},
	{B("---\n"), ""},
	{B("---\n---\n# c\n---\na: 1\n...\n"), "4:{\"a\":1}"},
	{B("a: 1\n---\nb: 2\n--- c\n"), "1:{\"a\":1} 2:{\"b\":2} 4:\"c\""},
	{B("---\n~\n"), "1:null"},
	{B("\xEF\xBB\xBF"
	   "a: 1\nb: 2\n"),
	 "1:{\"a\":1,\"b\":2}"},
	{B("%YAML 1.1\n---\na"), "1:\"a\""},
	{B("%YAML 1.2\n---\na"), "1:\"a\""},
	{B("a: 1\r\nb: 2\r\n"), "1:{\"a\":1,\"b\":2}"},
	{B("a: \t1"), "1:{\"a\":1}"},
	{B("a: |\n  x\n  y\nb: >-\n  x\n  y\n"), "1:{\"a\":\"x\\ny\\n\",\"b\":\"x y\"}"},
	{B("a:\n- b:\n  -\n- {c: [], d: {}}\n"), "1:{\"a\":[{\"b\":[null]},{\"c\":[],\"d\":{}}]}"},
	{B("{\"a\":{\"b\":[1,2.5,true,null,\"x\\/\\u00fc\"]}}"),
	 "1:{\"a\":{\"b\":[1,2.5,true,null,\"x/\xC3\xBC\"]}}"},
	{B("{\n\t\"a\": 1,\n\t\"b\": [\n\t]\n}\n"), "1:{\"a\":1,\"b\":[]}"},
	{B("\"\\x85\\u2028\\u2029\""), "1:\"\\u0085\\u2028\\u2029\""},
	{B("a: \"\\0\""), "1:{\"a\":\"\\u0000\"}"},
	/* keys that are the same text for every reader */
	{B("\"<<\": 1\n\"true\": 2\n'1.5': 3\n\"\": 4\n"),
	 "1:{\"<<\":1,\"true\":2,\"1.5\":3,\"\":4}"},
	{B("0: a\n1: a\n-5: b\n10.0.0.1: c\n1.2.3: d\n12ab: e\n2024-01-01: f\nx: g\n? h\n: i\n"),
	 "1:{\"0\":\"a\",\"1\":\"a\",\"-5\":\"b\",\"10.0.0.1\":\"c\",\"1.2.3\":\"d\","
	 "\"12ab\":\"e\",\"2024-01-01\":\"f\",\"x\":\"g\",\"h\":\"i\"}"},
	/* plain scalars */
	{B("[null, Null, NULL, ~, true, True, TRUE, false, False, FALSE]"),
	 "1:[null,null,null,null,true,true,true,false,false,false]"},
	{B("[nULL, tRUE, yes, no, on, off, y, n]"),
	 "1:[\"nULL\",\"tRUE\",\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\"]"},
	{B("[0, -0, +1, -17, 0x1F, 0xff, 0o17, 9223372036854775807, -9223372036854775808]"),
	 "1:[0,0,1,-17,31,255,15,9223372036854775807,-9223372036854775808]"},
	{B("[0777, 00, -01, 0x, 0o8, 0o, -0x1, 0b1, 1_000, 0xFG, 9223372036854775808, "
	   "0x8000000000000000]"),
	 "1:[\"0777\",\"00\",\"-01\",\"0x\",\"0o8\",\"0o\",\"-0x1\",\"0b1\",\"1_000\",\"0xFG\","
	 "\"9223372036854775808\",\"0x8000000000000000\"]"},
	{B("[1.5, .5, 5., -1e3, 1E+3, 1.5e-3, 01.5, +.5]"),
	 "1:[1.5,0.5,5.0,-1000.0,1000.0,0.0015,1.5,0.5]"},
	{B("[1e999, .inf, -.Inf, .nan, ., e5, 1e, 1e+, 1.2.3, 1:30, 2024-01-01, +, 1.5x]"),
	 "1:[\"1e999\",\".inf\",\"-.Inf\",\".nan\",\".\",\"e5\",\"1e\",\"1e+\",\"1.2.3\",\"1:30\","
	 "\"2024-01-01\",\"+\",\"1.5x\"]"},
	{B("[\"1\", '2', \"true\", \"\", '~']"), "1:[\"1\",\"2\",\"true\",\"\",\"~\"]"},
	{B("- |\n  1\n- >-\n  true\n"), "1:[\"1\\n\",\"true\"]"},
};

START_TEST(reads)
{
	struct yaml_stream s = parse(good[_i].in);

	ck_assert_str_eq(render(&s), good[_i].out);
}
END_TEST

#define KEY_WHY ": not a string for every reader, write it in quotes"

static const struct {
	struct str in;
	uint32_t line;
	uint32_t column;
	const char *text;
} bad[] = {
	{B("a: 1\nb: 2\na: 3\n"), 3, 1, "duplicate key \"a\": already at line 1"},
	{B("a: 1\n\"a\": 2\n"), 2, 1, "duplicate key \"a\": already at line 1"},
	{B("x:\n- {k: 1, j: 2, j: 3, k: 4}\n"), 2, 16, "duplicate key \"j\": already at line 2"},
	{B("\"a\\nb\": 1\n\"a\\nb\": 2\n"), 2, 1, "duplicate key \"a\\x0ab\": already at line 1"},
	{B("a: &x 1\n"), 1, 4, "anchor \"x\": not supported"},
	{B("a: &x {}\n"), 1, 4, "anchor \"x\": not supported"},
	{B("- &x []\n"), 1, 3, "anchor \"x\": not supported"},
	{B("&k a: 1\n"), 1, 1, "anchor \"k\": not supported"},
	{B("a: *x\n"), 1, 4, "alias \"x\": not supported"},
	{B("*a : 1\n"), 1, 1, "alias \"a\": not supported"},
	{B("- !!str 1\n"), 1, 3, "tag \"tag:yaml.org,2002:str\": not supported"},
	{B("a: !foo\n"), 1, 4, "tag \"!foo\": not supported"},
	{B("!!map {}\n"), 1, 1, "tag \"tag:yaml.org,2002:map\": not supported"},
	{B("!!seq []\n"), 1, 1, "tag \"tag:yaml.org,2002:seq\": not supported"},
	{B("! a\n"), 1, 1, "tag \"!\": not supported"},
	{B("!!str a: 1\n"), 1, 1, "tag \"tag:yaml.org,2002:str\": not supported"},
	{B("a: 1\n<<: {b: 2}\n"), 2, 1, "merge key \"<<\": not supported"},
	{B("? {a: 1}\n: 2\n"), 1, 3, "key is a map: must be a string"},
	{B("[a]: 1\n"), 1, 1, "key is a list: must be a string"},
	{B("true: 1\n"), 1, 1, "key \"true\"" KEY_WHY},
	{B("a:\n  yes: 1\n"), 2, 3, "key \"yes\"" KEY_WHY},
	{B("on: 1\n"), 1, 1, "key \"on\"" KEY_WHY},
	{B("y: 1\n"), 1, 1, "key \"y\"" KEY_WHY},
	{B("~: 1\n"), 1, 1, "key \"~\"" KEY_WHY},
	{B("null: 1\n"), 1, 1, "key \"null\"" KEY_WHY},
	{B("? \n: 1\n"), 1, 2, "key \"\"" KEY_WHY},
	{B("01: a\n"), 1, 1, "key \"01\"" KEY_WHY},
	{B("-0: a\n"), 1, 1, "key \"-0\"" KEY_WHY},
	{B("+1: a\n"), 1, 1, "key \"+1\"" KEY_WHY},
	{B("0x1: a\n"), 1, 1, "key \"0x1\"" KEY_WHY},
	{B("0b11: a\n"), 1, 1, "key \"0b11\"" KEY_WHY},
	{B("0x_f: a\n"), 1, 1, "key \"0x_f\"" KEY_WHY},
	{B("1_000: a\n"), 1, 1, "key \"1_000\"" KEY_WHY},
	{B("1_0e-3: a\n"), 1, 1, "key \"1_0e-3\"" KEY_WHY},
	{B("1.5: a\n"), 1, 1, "key \"1.5\"" KEY_WHY},
	{B("1e3: a\n"), 1, 1, "key \"1e3\"" KEY_WHY},
	{B(".inf: a\n"), 1, 1, "key \".inf\"" KEY_WHY},
	{B("99999999999999999999: a\n"), 1, 1, "key \"99999999999999999999\"" KEY_WHY},
	{B("%TAG ! tag:x,2000:\n---\na"), 1, 1, "%TAG directive: not supported"},
	{B("%YAML 2.0\n---\na"), 1, 1, "not valid YAML: found incompatible YAML document"},
	{B("%FOO\n---\na"), 1, 5,
	 "not valid YAML: found unknown directive name while scanning a directive"},
	{B("a:\n\t- 1\n"), 2, 1,
	 "not valid YAML: found a tab where indentation or a value should begin"},
	{B("\xC3\xBC: 1\na: {\n}\n\tb: 1\n"), 4, 1,
	 "not valid YAML: found a tab where indentation or a value should begin"},
	{B("a: @x\n"), 1, 4, "not valid YAML: found character that cannot start any token"},
	{B("a: b: c\n"), 1, 5, "not valid YAML: mapping values are not allowed in this context"},
	{B("a: [1, 2\n"), 2, 1,
	 "not valid YAML: did not find expected ',' or ']' while parsing a flow sequence begun at "
	 "line 1"},
	{B("- a\nb: 1\n"), 2, 1,
	 "not valid YAML: did not find expected '-' indicator while parsing a block collection "
	 "begun at line 1"},
	{B("a: \"x"), 1, 6,
	 "not valid YAML: found unexpected end of stream while scanning a quoted scalar"},
	{B("a: \xFF\n"), 1, 4, "not UTF-8: malformed byte 0xFF"},
	{B("\xC3\xBC\n\xC3\xBC\xC3"), 2, 2, "not UTF-8: malformed byte 0xC3"},
	{B("\xFF\xFE"
	   "a\0"),
	 1, 1, "not UTF-8: begins with a UTF-16 byte order mark"},
	{B("\xFE\xFF\0a"), 1, 1, "not UTF-8: begins with a UTF-16 byte order mark"},
	{B("a\0b"), 1, 2, "not valid YAML: control character U+0000"},
	{B("a: 1\nb: \x7F\n"), 2, 4, "not valid YAML: control character U+007F"},
	{B("a: \xC2\x85"
	   "b\n"),
	 1, 4, "U+0085: a line break for some readers, write it as an escape in quotes"},
	{B("a: \"\xE2\x80\xA8\"\n"), 1, 5,
	 "U+2028: a line break for some readers, write it as an escape in quotes"},
	{B("\xE2\x80\xA9"), 1, 1,
	 "U+2029: a line break for some readers, write it as an escape in quotes"},
	{B("\xC2\x9B"), 1, 1, "not valid YAML: control character U+009B"},
	{B("\xEF\xBF\xBF"), 1, 1, "not valid YAML: control character U+FFFF"},
};

START_TEST(refuses)
{
	struct yaml_stream s;
	struct position where = {99, 99};
	struct err e = {.kind = ERR_INTERNAL};

	ck_assert_int_eq(yaml_parse(a, bad[_i].in, &s, &where, &e), -1);
	ck_assert_str_eq(e.text, bad[_i].text);
	ck_assert_int_eq(e.kind, ERR_INPUT);
	ck_assert_uint_eq(where.line, bad[_i].line);
	ck_assert_uint_eq(where.column, bad[_i].column);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

START_TEST(documents_before_an_error_are_kept)
{
	struct yaml_stream s;
	struct position where;
	struct err e;

	ck_assert_int_eq(yaml_parse(a, S("a: 1\n---\n---\nb: 2\n---\nc: [\n---\nd: 4\n"), &s,
				    &where, &e),
			 -1);
	ck_assert_str_eq(render(&s), "1:{\"a\":1} 3:{\"b\":2}");
	ck_assert_uint_eq(where.line, 7);
	ck_assert_int_eq(yaml_parse(a, S("{\"a\":1}{\"b\":2}"), &s, &where, &e), -1);
	ck_assert_str_eq(render(&s), "1:{\"a\":1}");
	ck_assert_str_eq(e.text, "not valid YAML: did not find expected <document start>");
	ck_assert_uint_eq(where.column, 8);
}
END_TEST

START_TEST(nodes_know_where_and_how_they_were_written)
{
	struct yaml_stream s = parse(S("# c\nk: [0x10, \"q\", plain]\nm:\n  'n': |\n    t\n"));
	const struct node *root = s.docs[0].root, *list = node_get(root, S("k"));
	const struct node_pair *n = node_pair(node_get(root, S("m")), S("n"));

	ck_assert_uint_eq(root->line, 2);
	ck_assert_uint_eq(root->column, 1);
	ck_assert_uint_eq(list->column, 4);
	ck_assert_uint_eq(node_at(list, 0)->column, 5);
	ck_assert(str_eq(node_at(list, 0)->source, S("0x10")));
	ck_assert(!node_at(list, 0)->quoted);
	ck_assert_uint_eq(node_at(list, 1)->source.n, 0);
	ck_assert(node_at(list, 1)->quoted);
	ck_assert(str_eq(node_at(list, 2)->source, S("plain")));
	ck_assert(!node_at(list, 2)->quoted);
	ck_assert_uint_eq(n->line, 4);
	ck_assert_uint_eq(n->column, 3);
	ck_assert(n->value->quoted);
	ck_assert_uint_eq(n->value->column, 8);
}
END_TEST

static void limit(struct str in, struct position at, const char *text)
{
	struct yaml_stream s;
	struct position where;
	struct err e;

	ck_assert_int_eq(yaml_parse(a, in, &s, &where, &e), -1);
	ck_assert_str_eq(e.text, text);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_uint_eq(where.line, at.line);
	ck_assert_uint_eq(where.column, at.column);
}

static const struct {
	const char *head;
	const char *unit;
	size_t n;
	struct position at;
	const char *text;
} limits[] = {
	{"", "[", 1000000, {1, 129}, "too deep: more than 128 levels"},
	{"", "{a: ", 1000000, {1, 513}, "too deep: more than 128 levels"},
	{"", "- ", 1000000, {1, 257}, "too deep: more than 128 levels"},
	{"", "[\n", 1000000, {129, 1}, "too deep: more than 128 levels"},
	{"", "- 0\n", LIMIT_NODES, {LIMIT_NODES, 3}, "too many values: more than 1000000"},
	{"", "---\n", LIMIT_DOCUMENTS + 1, {10001, 1}, "too many documents: more than 10000"},
	{"", "%TAG !a! b\n", 100000, {65, 1}, "too many %TAG lines: more than 64"},
	{"1", " ", LIMIT_FILE_BYTES, {0, 0}, "too large: more than 33554432 bytes"},
};

START_TEST(limits_are_kept)
{
	struct str s = repeat(limits[_i].head, limits[_i].unit, limits[_i].n, "");
	struct arena *small = a;

	a = arena_new((size_t)1 << 30);
	limit(s, limits[_i].at, limits[_i].text);
	arena_free(a);
	a = small;
	repeat_free(s);
}
END_TEST

START_TEST(other_limits_can_be_asked_for)
{
	const struct read_limits tiny = {.bytes = 10, .nodes = 3};
	struct yaml_stream s;
	struct err e;

	ck_assert_int_eq(yaml_parse_within(a, S("[1,2]     "), &tiny, &s, NULL, &e), 0);
	ck_assert_int_eq(yaml_parse_within(a, S("[1,2]      "), &tiny, &s, NULL, &e), -1);
	ck_assert_str_eq(e.text, "too large: more than 10 bytes");
	ck_assert_int_eq(yaml_parse_within(a, S("[1,2,3]"), &tiny, &s, NULL, &e), -1);
	ck_assert_str_eq(e.text, "too many values: more than 3");

	struct str text = repeat("1", " ", LIMIT_FILE_BYTES, "");
	const struct read_limits large = {.bytes = LIMIT_FILE_BYTES + 1};
	ck_assert_int_eq(yaml_parse_within(a, text, &large, &s, NULL, &e), 0);
	repeat_free(text);
}
END_TEST

START_TEST(the_greatest_depth_is_read)
{
	struct str open = repeat("", "[", LIMIT_DEPTH, ""),
		   all = repeat(open.p, "]", LIMIT_DEPTH, "");
	struct yaml_stream s = parse(all);

	ck_assert_str_eq(render(&s) + 2, all.p);
	repeat_free(open);
	repeat_free(all);
}
END_TEST

START_TEST(the_arena_is_the_limit_of_many_values)
{
	struct str s = repeat("[", "[],", 900000, "]");
	struct arena *large = a;

	a = arena_new(1 << 20);
	struct yaml_stream stream;
	struct err e;
	ck_assert_int_eq(yaml_parse(a, s, &stream, NULL, &e), -1);
	ck_assert_str_eq(e.text, "too large: does not fit the memory limit of 1048576 bytes");
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	arena_free(a);
	a = large;
	repeat_free(s);
}
END_TEST

static struct str keys(size_t n, const char *tail)
{
	char *p = malloc(n * 16 + 32), *end = p;

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < n; i++)
		end += snprintf(end, 16, "k%zu: 1\n", i);
	end += snprintf(end, 32, "%s", tail);
	return (struct str){p, (size_t)(end - p)};
}

START_TEST(keys_of_a_map_are_limited)
{
	struct str most = keys(LIMIT_MAP_KEYS, ""), more = keys(LIMIT_MAP_KEYS + 1, "");
	struct yaml_stream s = parse(most);

	ck_assert_uint_eq(node_len(s.docs[0].root), LIMIT_MAP_KEYS);
	limit(more, (struct position){LIMIT_MAP_KEYS + 1, 1},
	      "too many keys in one map: more than 20000");
	repeat_free(most);
	repeat_free(more);
}
END_TEST

START_TEST(a_duplicate_among_many_keys_is_found)
{
	struct str in = keys(LIMIT_MAP_KEYS - 2, "k7: 2\nk5: 2\n");
	struct yaml_stream s;
	struct position where;
	struct err e;

	ck_assert_int_eq(yaml_parse(a, in, &s, &where, &e), -1);
	ck_assert_str_eq(e.text, "duplicate key \"k7\": already at line 8");
	ck_assert_uint_eq(where.line, LIMIT_MAP_KEYS - 1);
	repeat_free(in);
}
END_TEST

START_TEST(every_failed_allocation_is_an_error)
{
	struct str in = repeat("a: {b: [x, 'y']}\nl: [1", ", 2", 100, "]\n---\nb: 1\n");
	struct yaml_stream s;
	struct position where;
	struct err e;
	size_t failures = 0;

	for (;;) {
		arena_reset(a);
		arena_fail_at(a, failures + 1);
		if (yaml_parse(a, in, &s, &where, &e) == 0)
			break;
		ck_assert_str_eq(e.text,
				 "too large: does not fit the memory limit of 100663296 bytes");
		ck_assert_int_eq(e.kind, ERR_LIMIT);
		ck_assert(arena_exhausted(a));
		failures++;
	}
	/* nodes, keys, texts, tables */
	ck_assert_uint_gt(failures, 200);
	ck_assert_uint_eq(failures, arena_count(a));
	ck_assert_uint_eq(s.n, 2);
	repeat_free(in);
}
END_TEST

Suite *test_yaml_suite(void)
{
	Suite *s = suite_create("yaml");
	TCase *c = tcase_create("yaml");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, reads, 0, (int)COUNT(good));
	tcase_add_loop_test(c, refuses, 0, (int)COUNT(bad));
	tcase_add_test(c, documents_before_an_error_are_kept);
	tcase_add_test(c, nodes_know_where_and_how_they_were_written);
	tcase_add_loop_test(c, limits_are_kept, 0, (int)COUNT(limits));
	tcase_add_test(c, other_limits_can_be_asked_for);
	tcase_add_test(c, the_greatest_depth_is_read);
	tcase_add_test(c, the_arena_is_the_limit_of_many_values);
	tcase_add_test(c, keys_of_a_map_are_limited);
	tcase_add_test(c, a_duplicate_among_many_keys_is_found);
	tcase_add_test(c, every_failed_allocation_is_an_error);
	suite_add_tcase(s, c);
	return s;
}

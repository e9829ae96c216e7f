#include <check.h>
#include <math.h>

#include "core/json.h"
#include "core/limits.h"

Suite *test_json_write_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	struct str in;
	const char *out;
} strings[] = {
	{{"", 0}, "\"\""},
	{{"plain text", 10}, "\"plain text\""},
	{{"a\"b\\c/d", 7}, "\"a\\\"b\\\\c/d\""},
	{{"\n\r\t\b\f", 5}, "\"\\n\\r\\t\\u0008\\u000c\""},
	{{"\0\x1f\x7f", 3}, "\"\\u0000\\u001f\\u007f\""},
	{{"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80", 11}, "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\""},
	{{"a\xE2\x80\xA8\xE2\x80\xA9z", 8}, "\"a\\u2028\\u2029z\""},
	{{"\xC2\x80\xC2\x9F\xC2\xA0", 6}, "\"\\u0080\\u009f\\u00a0\""},
	/* what moves or hides text: bidi override, zero-width space, a tag character */
	{{"a\xE2\x80\xAE\xE2\x80\x8Bz", 8}, "\"a\\u202e\\u200bz\""},
	{{"\xF3\xA0\x80\x81", 4}, "\"\\udb40\\udc01\""},
	/* malformed: a stray byte, an overlong form, a surrogate, beyond Unicode, a cut sequence */
	{{"a\xFFz", 3}, "\"a\\ufffdz\""},
	{{"\xC0\x80", 2}, "\"\\ufffd\\ufffd\""},
	{{"\xED\xA0\x80", 3}, "\"\\ufffd\\ufffd\\ufffd\""},
	{{"\xF4\x90\x80\x80", 4}, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
	{{"ok\xE2\x82", 4}, "\"ok\\ufffd\\ufffd\""},
};

START_TEST(strings_are_escaped)
{
	char buf[128];
	struct text t;
	struct str out;

	text_init_fixed(&t, buf, sizeof(buf));
	json_put_str(&t, strings[_i].in);
	ck_assert(text_done(&t, &out));
	ck_assert_str_eq(out.p, strings[_i].out);
}
END_TEST

START_TEST(commas_are_put_between_members)
{
	char buf[256];
	struct text t;
	struct json_writer w;
	struct str out;

	text_init_fixed(&t, buf, sizeof(buf));
	json_writer_init(&w, &t);
	json_open(&w, '{');
	json_key(&w, S("a"));
	json_str(&w, S("v"));
	json_key(&w, S("l"));
	json_open(&w, '[');
	json_int(&w, INT64_MIN);
	json_bool(&w, true);
	json_bool(&w, false);
	json_raw(&w, S("null"));
	json_open(&w, '{');
	json_close(&w);
	json_open(&w, '[');
	json_close(&w);
	json_raw(&w, S("{\"x\":1}"));
	json_close(&w);
	json_key(&w, S("m"));
	json_open(&w, '{');
	json_key(&w, S("n"));
	json_int(&w, 0);
	json_close(&w);
	json_key(&w, S("z"));
	json_raw(&w, S("null"));
	json_close(&w);
	ck_assert(text_done(&t, &out));
	ck_assert_str_eq(out.p, "{\"a\":\"v\",\"l\":[-9223372036854775808,true,false,null,{},[],"
				"{\"x\":1}],\"m\":{\"n\":0},\"z\":null}");
}
END_TEST

START_TEST(thirty_one_levels_fit)
{
	char buf[128];
	struct text t;
	struct json_writer w;
	struct str out;

	text_init_fixed(&t, buf, sizeof(buf));
	json_writer_init(&w, &t);
	for (int i = 0; i < 31; i++)
		json_open(&w, '[');
	json_int(&w, 1);
	json_int(&w, 2);
	for (int i = 0; i < 31; i++)
		json_close(&w);
	ck_assert(text_done(&t, &out));
	ck_assert_uint_eq(out.n, 65);
	ck_assert(str_starts(out, S("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1,2]")));
}
END_TEST

START_TEST(a_text_that_is_too_small_fails_as_a_whole)
{
	char buf[8];
	struct text t;
	struct json_writer w;
	struct str out;

	text_init_fixed(&t, buf, sizeof(buf));
	json_writer_init(&w, &t);
	json_open(&w, '[');
	json_str(&w, S("too long"));
	json_close(&w);
	ck_assert(!text_done(&t, &out));
}
END_TEST

static const struct {
	double real;
	const char *out;
} reals[] = {
	{0.1, "0.1"},
	{1.0, "1.0"},
	{-0.0, "-0.0"},
	{1e300, "1e+300"},
	{5e-324, "4.94065645841247e-324"},
	{0.1 + 0.2, "0.30000000000000004"},
	{9007199254740993.0, "9007199254740992.0"},
	{1.7976931348623157e308, "1.7976931348623157e+308"},
	{(double)INFINITY, "null"},
	{(double)NAN, "null"},
};

START_TEST(reals_keep_their_value_and_type)
{
	char buf[64];
	struct text t;
	struct json_writer w;
	struct str out;
	struct node n = {.type = NODE_REAL, .real = reals[_i].real};

	text_init_fixed(&t, buf, sizeof(buf));
	json_writer_init(&w, &t);
	json_node(&w, &n);
	ck_assert(text_done(&t, &out));
	ck_assert_str_eq(out.p, reals[_i].out);
}
END_TEST

START_TEST(a_tree_of_the_greatest_depth_is_written)
{
	char buf[2 * LIMIT_DEPTH + 16];
	struct text t;
	struct json_writer w;
	struct str out;
	struct node nodes[LIMIT_DEPTH];
	struct node *inner[LIMIT_DEPTH];

	for (size_t i = 0; i < LIMIT_DEPTH; i++) {
		inner[i] = i > 0 ? &nodes[i - 1] : NULL;
		nodes[i] = (struct node){.type = NODE_LIST, .list = {&inner[i], i > 0}};
	}
	text_init_fixed(&t, buf, sizeof(buf));
	json_writer_init(&w, &t);
	json_open(&w, '[');
	json_node(&w, &nodes[LIMIT_DEPTH - 1]);
	json_node(&w, &nodes[0]);
	json_close(&w);
	ck_assert(text_done(&t, &out));
	ck_assert_uint_eq(out.n, 2 * LIMIT_DEPTH + 5);
	ck_assert(str_starts(out, S("[[[[")));
	ck_assert(str_ends(out, S("]]],[]]")));
}
END_TEST

Suite *test_json_write_suite(void)
{
	Suite *s = suite_create("json_write");
	TCase *c = tcase_create("json_write");

	tcase_add_loop_test(c, strings_are_escaped, 0, (int)COUNT(strings));
	tcase_add_test(c, commas_are_put_between_members);
	tcase_add_test(c, thirty_one_levels_fit);
	tcase_add_test(c, a_text_that_is_too_small_fails_as_a_whole);
	tcase_add_loop_test(c, reals_keep_their_value_and_type, 0, (int)COUNT(reals));
	tcase_add_test(c, a_tree_of_the_greatest_depth_is_written);
	suite_add_tcase(s, c);
	return s;
}

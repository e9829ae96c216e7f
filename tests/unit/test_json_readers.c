/* The two readers of JSON, each by itself. What they share is in test_json.c. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/json_inside.h"
#include "core/limits.h"
#include "tests/unit/repeat.h"

Suite *test_json_readers_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

/* One allocation a text of the library's reader: what the library and the tree need was foreseen, to the byte or more. */
START_TEST(memory_is_foreseen)
{
	static const struct {
		const char *head;
		const char *unit;
		const char *tail;
	} shapes[] = {
		{"[0", ",0", "]"},
		{"[0.5", ",1.5", "]"},
		{"[[]", ",[]", "]"},
		{"[{}", ",{}", "]"},
		{"[\"\"", ",\"\"", "]"},
		{"[\"a\"", ",\"abcdefgh\"", "]"},
		{"[{\"\":\"\"}", ",{\"\":\"\"}", "]"},
		{"[{\"abcdefg\":{}}", ",{\"abcdefg\":[]}", "]"},
		{"[[1]", ",[1,2,3,4,5,6,7,8,9]", "]"},
		{"[{}",
		 ",{\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0}", "]"},
		{"\"", "x", "\""},
		{"\"", "\\u0041", "\""},
		{"", "1", ".5"},
		{"", " ", "1"},
		{"[", "\"x\" ", "]"},
		{"", "x", ""},
		{"[\"", "\xC3\xBC", "\"]"},
	};
	struct node *n;
	struct err e;

	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t times = 0; times < 300; times++) {
			struct str s =
				repeat(shapes[i].head, shapes[i].unit, times, shapes[i].tail);

			/* also those that are no JSON, or are numbers too large */
			(void)!json_read_library(a, s, NULL, &n, NULL, &e);
			ck_assert_msg(arena_count(a) <= 1, "%.40s: %zu allocations", s.p,
				      arena_count(a));
			arena_reset(a);
			repeat_free(s);
		}
	}
	for (size_t times = 1; times < 2000; times += 7) {
		struct str s = repeat_keys(times);

		ck_assert_int_eq(json_read_library(a, s, NULL, &n, NULL, &e), 0);
		ck_assert_uint_eq(arena_count(a), 1);
		arena_reset(a);
		repeat_free(s);
	}
}
END_TEST

static bool takes(struct str in)
{
	struct node *n = NULL;
	bool taken = json_read_direct(a, in, NULL, &n);

	ck_assert_int_eq(taken, n != NULL);
	return taken;
}

/* Each text at each distance from the end of its memory, where blocks of characters end. */
START_TEST(texts_of_every_length_at_every_place)
{
	static const char *const ends[] = {"\"",     "\\n\"",  "\xC3\xBC\"", "\\u00e9\"",
					   "\x01\"", "\xFF\"", "\\\"",       "\\\"\""};
	struct node *direct, *library;
	struct err e;

	for (size_t i = 0; i < COUNT(ends) * 70; i++) {
		struct str s = repeat("\"", "x", i / COUNT(ends), ends[i % COUNT(ends)]);
		bool good_text = json_read_library(a, s, NULL, &library, NULL, &e) == 0;

		ck_assert_int_eq(json_read_direct(a, s, NULL, &direct), good_text);
		if (good_text)
			ck_assert(str_eq(node_str(direct), node_str(library)));
		arena_reset(a);
		repeat_free(s);
	}
}
END_TEST

START_TEST(many_keys_are_compared_too)
{
	struct str many = repeat_keys(1000);
	struct text t;
	struct str twice;

	ck_assert(takes(many));
	text_init(&t, a, 1 << 20);
	text_put(&t, str_sub(many, 0, many.n - 1));
	text_puts(&t, ",\"k7\":0}");
	ck_assert(text_done(&t, &twice));
	ck_assert(!takes(twice));
	repeat_free(many);
}
END_TEST

START_TEST(numbers_that_are_long_are_left_to_the_library)
{
	struct str s = repeat("0.", "1", 70, "");
	struct node *n = NULL;
	struct err e;

	ck_assert(!takes(s));
	ck_assert_int_eq(json_parse(a, s, NULL, &n, NULL, &e), 0);
	ck_assert_int_eq(n->type, NODE_REAL);
	repeat_free(s);
}
END_TEST

/* What does not fit is not taken, at every allocation, and nothing is left behind. */
START_TEST(every_allocation_of_the_direct_reader_may_fail)
{
	struct str in = S("{\"a\":[1,{\"b\":[]}],\"c\":{}}");
	size_t n = 1;

	for (; n < 100; n++) {
		arena_fail_at(a, n);
		if (takes(in))
			break;
		ck_assert(arena_exhausted(a));
		ck_assert_uint_eq(arena_used(a), 0);
		arena_reset(a);
	}
	arena_fail_at(a, 0);
	ck_assert_uint_gt(n, 5);
	ck_assert_uint_lt(n, 10);
}
END_TEST

Suite *test_json_readers_suite(void)
{
	Suite *s = suite_create("json_readers");
	TCase *c = tcase_create("json_readers");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, memory_is_foreseen);
	tcase_add_test(c, texts_of_every_length_at_every_place);
	tcase_add_test(c, many_keys_are_compared_too);
	tcase_add_test(c, numbers_that_are_long_are_left_to_the_library);
	tcase_add_test(c, every_allocation_of_the_direct_reader_may_fail);
	suite_add_tcase(s, c);
	return s;
}

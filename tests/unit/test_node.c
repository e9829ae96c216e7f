#include <check.h>

#include "core/node.h"

Suite *test_node_suite(void);

static struct node null = {.type = NODE_NULL};
static struct node word = {.type = NODE_STR, .str = {"w\0d", 3}};
static struct node *items[] = {&null, &word};
static struct node list = {.type = NODE_LIST, .list = {items, 2}};
static struct node_pair pairs[] = {
	{.key = {"a", 1}, .line = 3, .column = 5, .value = &word},
	{.key = {"b", 1}, .value = &null},
	{.key = {"", 0}, .value = &list},
};
static struct node map = {.type = NODE_MAP, .map = {pairs, 3}};

START_TEST(get_finds_a_key_by_its_whole_text)
{
	ck_assert_ptr_eq(node_get(&map, S("a")), &word);
	ck_assert_ptr_eq(node_get(&map, S("b")), &null);
	ck_assert_ptr_eq(node_get(&map, S("")), &list);
	ck_assert_ptr_null(node_get(&map, S("c")));
	ck_assert_ptr_null(node_get(&map, S("a\0")));
	ck_assert_ptr_eq(node_pair(&map, S("a")), &pairs[0]);
	ck_assert_ptr_null(node_pair(&map, S("A")));
}
END_TEST

START_TEST(get_of_no_map_is_null)
{
	ck_assert_ptr_null(node_get(NULL, S("a")));
	ck_assert_ptr_null(node_get(&list, S("a")));
	ck_assert_ptr_null(node_get(&word, S("a")));
	ck_assert_ptr_null(node_pair(NULL, S("a")));
}
END_TEST

START_TEST(get_set_takes_null_for_absent)
{
	ck_assert_ptr_eq(node_get_set(&map, S("a")), &word);
	ck_assert_ptr_null(node_get_set(&map, S("b")));
	ck_assert_ptr_null(node_get_set(&map, S("c")));
	ck_assert_ptr_null(node_get_set(NULL, S("c")));
}
END_TEST

START_TEST(values_of_other_types_are_empty)
{
	ck_assert(str_eq(node_str(&word), S("w\0d")));
	ck_assert_uint_eq(node_str(&null).n, 0);
	ck_assert_uint_eq(node_str(&map).n, 0);
	ck_assert_uint_eq(node_str(NULL).n, 0);
	ck_assert_ptr_eq(node_at(&list, 1), &word);
	ck_assert_ptr_null(node_at(&list, 2));
	ck_assert_ptr_null(node_at(&map, 0));
	ck_assert_ptr_null(node_at(NULL, 0));
	ck_assert_uint_eq(node_len(&list), 2);
	ck_assert_uint_eq(node_len(&map), 3);
	ck_assert_uint_eq(node_len(&word), 0);
	ck_assert_uint_eq(node_len(NULL), 0);
}
END_TEST

START_TEST(types_have_names)
{
	static const char *const names[] = {"null",   "boolean", "integer", "number",
					    "string", "list",    "map"};

	for (int i = 0; i < 7; i++)
		ck_assert_str_eq(node_type_name((enum node_type)i), names[i]);
	ck_assert(node_is(&map, NODE_MAP));
	ck_assert(!node_is(&map, NODE_LIST));
	ck_assert(!node_is(NULL, NODE_NULL));
}
END_TEST

Suite *test_node_suite(void)
{
	Suite *s = suite_create("node");
	TCase *c = tcase_create("node");

	tcase_add_test(c, get_finds_a_key_by_its_whole_text);
	tcase_add_test(c, get_of_no_map_is_null);
	tcase_add_test(c, get_set_takes_null_for_absent);
	tcase_add_test(c, values_of_other_types_are_empty);
	tcase_add_test(c, types_have_names);
	suite_add_tcase(s, c);
	return s;
}

#include <check.h>

#include "webhook/review.h"

Suite *test_query_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *query, *value;
} values[] = {
	{"", ""},
	{"timeout=10s", "10s"},
	{"a=b&timeout=10s", "10s"},
	{"timeout=10s&timeout=1s", "10s"},
	{"timeout=", ""},
	{"timeout", ""},
	{"=10s", ""},
	{"timeouts=1s", ""},
	{"xtimeout=1s", ""},
	{"&&&timeout=1s&&", "1s"},
	{"timeout=1s=2s", "1s=2s"},
	{"timeout&timeout=3s", "3s"},
	{"Timeout=1s", ""},
	{"timeout=%31s", "%31s"},
};

START_TEST(values_are_found)
{
	struct str got = query_value(str_of(values[_i].query), S("timeout"));

	ck_assert(str_eq(got, str_of(values[_i].value)));
}
END_TEST

static const struct {
	const char *timeout;
	int64_t ms;
} deadlines[] = {
	/* a second less than the caller waits, at least half of it */
	{"10s", 9000},
	{"30s", 29000},
	{"3s", 2000},
	{"2s", 1000},
	{"1s", 500},
	{"1500ms", 750},
	{"500ms", 250},
	{"1m0s", 29000},
	{"240h", 29000},
	/* absent or unreadable: 10 s */
	{"", 9000},
	{"0s", 9000},
	{"-1s", 9000},
	{"10", 9000},
	{"10s ", 9000},
	{"%31s", 9000},
	{"99999999999999999999s", 9000},
};

START_TEST(deadlines_leave_a_margin)
{
	ck_assert_int_eq(review_deadline_ms(str_of(deadlines[_i].timeout)), deadlines[_i].ms);
}
END_TEST

Suite *test_query_suite(void)
{
	Suite *s = suite_create("query");
	TCase *t = tcase_create("query");

	tcase_add_loop_test(t, values_are_found, 0, (int)COUNT(values));
	tcase_add_loop_test(t, deadlines_leave_a_margin, 0, (int)COUNT(deadlines));
	suite_add_tcase(s, t);
	return s;
}

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

Suite *test_clock_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DAY 86400

START_TEST(system_clock_moves_forward)
{
	int64_t mono = clock_system.mono_ms(NULL), us = clock_mono_us();

	/* after 2020: the units are right */
	ck_assert_int_gt(clock_system.unix_ms(NULL), INT64_C(1577836800000));
	ck_assert_int_lt(clock_system.unix_ms(NULL), INT64_C(32503680000000));
	ck_assert_int_ge(clock_system.mono_ms(NULL), mono);
	ck_assert_int_ge(clock_mono_us(), us);
	ck_assert_int_ge(us / 1000, mono);
}
END_TEST

START_TEST(frozen_clock_stands_still)
{
	struct clock_frozen f = {.unix_ms = 1999, .mono_ms = 5};
	struct clock c = clock_frozen_as_clock(&f);

	ck_assert_int_eq(c.unix_ms(c.self), 1999);
	ck_assert_int_eq(c.mono_ms(c.self), 5);
	ck_assert_int_eq(clock_unix_s(&c), 1);
	f.unix_ms = -1;
	ck_assert_int_eq(clock_unix_s(&c), -1);
	f.unix_ms = -1000;
	ck_assert_int_eq(clock_unix_s(&c), -1);
	f.unix_ms = -1001;
	ck_assert_int_eq(clock_unix_s(&c), -2);
}
END_TEST

START_TEST(deadlines)
{
	struct clock_frozen f = {.mono_ms = 1000};
	struct clock c = clock_frozen_as_clock(&f);
	struct deadline d = deadline_in(&c, 250), never, now;

	ck_assert_int_eq(deadline_left_ms(d, &c), 250);
	f.mono_ms = 1249;
	ck_assert_int_eq(deadline_left_ms(d, &c), 1);
	f.mono_ms = 1250;
	ck_assert_int_eq(deadline_left_ms(d, &c), 0);
	f.mono_ms = 9999;
	ck_assert_int_eq(deadline_left_ms(d, &c), 0);
	never = deadline_in(&c, INT64_MAX);
	ck_assert_int_gt(deadline_left_ms(never, &c), 1000000);
	now = deadline_in(&c, -5);
	ck_assert_int_eq(deadline_left_ms(now, &c), 0);
	f.mono_ms = INT64_MIN;
	ck_assert_int_eq(deadline_left_ms(never, &c), INT64_MAX);
	d.at_mono_ms = INT64_MIN;
	f.mono_ms = INT64_MAX;
	ck_assert_int_eq(deadline_left_ms(d, &c), 0);
}
END_TEST

static const struct {
	const char *text;
	int64_t unix_s;
} times[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"1970-01-01T00:00:01Z", 1},
	{"1969-12-31T23:59:59Z", -1},
	{"2027-01-31T12:00:00Z", 1801396800},
	{"2024-02-29T00:00:00Z", 1709164800},
	{"2000-02-29T23:59:59Z", 951868799},
	{"2038-01-19T03:14:08Z", INT64_C(2147483648)},
	{"0000-01-01T00:00:00Z", INT64_C(-62167219200)},
	{"0000-03-01T00:00:00Z", INT64_C(-62162035200)},
	{"0001-01-01T00:00:00Z", INT64_C(-62135596800)},
	{"9999-12-31T23:59:59Z", INT64_C(253402300799)},
	{"1970-01-01T00:00:00.999999999999Z", 0},
	{"1970-01-01T02:00:00+02:00", 0},
	{"1969-12-31T18:30:00-05:30", 0},
	{"1970-01-01T00:00:00-00:00", 0},
	{"1970-01-01T00:00:00.5+00:01", -60},
};

START_TEST(rfc3339_is_read)
{
	int64_t s = 7;

	ck_assert_msg(time_parse_rfc3339(str_of(times[_i].text), &s), "%s", times[_i].text);
	ck_assert_int_eq(s, times[_i].unix_s);
}
END_TEST

static const struct {
	const char *text;
	int64_t unix_ms;
} times_ms[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"1970-01-01T00:00:00.5Z", 500},
	{"1970-01-01T00:00:00.05Z", 50},
	{"1970-01-01T00:00:00.0019Z", 1},
	{"1970-01-01T00:00:00.999999999Z", 999},
	{"1969-12-31T23:59:59.250Z", -750},
	{"2021-12-18T13:59:59.999999+02:00", INT64_C(1639828799999)},
	{"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
};

START_TEST(rfc3339_is_read_to_the_millisecond)
{
	int64_t ms = 7;

	ck_assert_msg(time_parse_rfc3339_ms(str_of(times_ms[_i].text), &ms), "%s",
		      times_ms[_i].text);
	ck_assert_int_eq(ms, times_ms[_i].unix_ms);
}
END_TEST

static const char *const bad_times[] = {
	"",
	"2027-01-31",
	"2027-01-31T12:00:00",
	"2027-01-31T12:00Z",
	"2027-01-31 12:00:00Z",
	"2027-01-31t12:00:00Z",
	"2027-01-31T12:00:00z",
	"2027-01-31T12:00:00Z ",
	" 2027-01-31T12:00:00Z",
	"2027-02-30T00:00:00Z",
	"2027-02-29T00:00:00Z",
	"1900-02-29T00:00:00Z",
	"2027-04-31T00:00:00Z",
	"2027-13-01T00:00:00Z",
	"2027-00-01T00:00:00Z",
	"2027-01-00T00:00:00Z",
	"2027-01-32T00:00:00Z",
	"2027-1-31T00:00:00Z",
	"27-01-31T00:00:00Z",
	"+027-01-31T00:00:00Z",
	"-027-01-31T00:00:00Z",
	"2027-01-31T24:00:00Z",
	"2027-01-31T23:60:00Z",
	"2027-01-31T23:59:60Z",
	"2027-01-31T23:59:59.Z",
	"2027-01-31T23:59:59,5Z",
	"2027-01-31T23:59:59+24:00",
	"2027-01-31T23:59:59+01:60",
	"2027-01-31T23:59:59+0100",
	"2027-01-31T23:59:59+01",
	"2027-01-31T23:59:59+",
	"2027-01-31T2 :59:59Z",
};

START_TEST(other_times_are_refused)
{
	int64_t s = 7;

	ck_assert_msg(!time_parse_rfc3339(str_of(bad_times[_i]), &s), "%s", bad_times[_i]);
	ck_assert_msg(!time_parse_rfc3339_ms(str_of(bad_times[_i]), &s), "%s", bad_times[_i]);
	ck_assert_int_eq(s, 7);
}
END_TEST

START_TEST(dates)
{
	static const char *const bad[] = {
		"",           "2027-01-3", "2027-01-311",         "2027-02-30",
		"2027/01/31", "20270131",  "2027-01-31T00:00:00Z"};
	int64_t s = 7;

	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(!time_parse_date(str_of(bad[i]), &s), "%s", bad[i]);
		ck_assert_int_eq(s, 7);
	}
	ck_assert(!time_parse_date(S("2027-01-31\0"), &s));
	ck_assert(time_parse_date(S("2027-01-31"), &s));
	ck_assert_int_eq(s, 1801396800 - DAY / 2);
}
END_TEST

/* Every day from 0000 to 2400 reads back, and each is one after the one before. */
START_TEST(days_format_and_read_back)
{
	char date[16], at[32];
	int64_t want = INT64_C(-62167219200), got;

	for (int day = 0; day < 876582; day++, want += DAY) {
		time_format_date(want, date);
		if (!time_parse_date(str_of(date), &got) || got != want)
			ck_abort_msg("%s", date);
	}
	time_format_date(want - 1, date);
	ck_assert_str_eq(date, "2399-12-31");
	time_format(1801396800 + 3723, at);
	ck_assert_str_eq(at, "2027-01-31T13:02:03Z");
	time_format_date(1801396800 + 3723, date);
	ck_assert_str_eq(date, "2027-01-31");
	time_format(-1, at);
	ck_assert_str_eq(at, "1969-12-31T23:59:59Z");
	time_format(INT64_MAX, at);
	ck_assert_str_eq(at, "9999-12-31T23:59:59Z");
	time_format(INT64_MIN, at);
	ck_assert_str_eq(at, "0000-01-01T00:00:00Z");
}
END_TEST

static const struct {
	const char *text;
	int64_t ms;
} durations[] = {
	{"0", 0},
	{"+0", 0},
	{"0s", 0},
	{"10s", 10000},
	{"+5s", 5000},
	{"1m0s", 60000},
	{"1h15m30.918s", 4530918},
	{"1.5h", 5400000},
	{"300ms", 300},
	{"1ns", 1},
	{"1us", 1},
	{"1\xC2\xB5s", 1},
	{"1001\xCE\xBCs", 2},
	{"1.0001ms", 2},
	{".5s", 500},
	{"5.s", 5000},
	{"0.000s", 0},
	{"0.1h", 360000},
	{"0.0000000001h", 1},
	{"0.00000000000000000000000000000000000000000000001s", 1},
	{"0.333333333333333333333333333333333h", 1200000},
	{"1s1s", 2000},
	{"240h", 864000000},
	{"0.9999999999999s", 1000},
};

START_TEST(durations_are_read)
{
	int64_t ms = -7;

	ck_assert_msg(duration_parse(str_of(durations[_i].text), &ms), "%s", durations[_i].text);
	ck_assert_int_eq(ms, durations[_i].ms);
}
END_TEST

static const char *const bad_durations[] = {
	"",
	"+",
	"-",
	"-0",
	"-1s",
	"1",
	"1.5",
	".",
	"s",
	".s",
	"1d",
	"1 s",
	" 1s",
	"1s ",
	"1S",
	"1e3s",
	"0x1s",
	"1s2",
	"1s-1s",
	"1..5s",
	"00",
	"240.1h",
	"240h1ns",
	"14401m",
	"1us1",
	"864001s",
	"+-1s",
	"++1s",
	"99999999999999999999h",
	"9223372036854775807ns9223372036854775807ns",
};

START_TEST(other_durations_are_refused)
{
	int64_t ms = -7;

	ck_assert_msg(!duration_parse(str_of(bad_durations[_i]), &ms), "%s", bad_durations[_i]);
	ck_assert_int_eq(ms, -7);
}
END_TEST

Suite *test_clock_suite(void)
{
	Suite *s = suite_create("clock");
	TCase *c = tcase_create("clock");

	tcase_add_test(c, system_clock_moves_forward);
	tcase_add_test(c, frozen_clock_stands_still);
	tcase_add_test(c, deadlines);
	tcase_add_loop_test(c, rfc3339_is_read, 0, (int)COUNT(times));
	tcase_add_loop_test(c, rfc3339_is_read_to_the_millisecond, 0, (int)COUNT(times_ms));
	tcase_add_loop_test(c, other_times_are_refused, 0, (int)COUNT(bad_times));
	tcase_add_test(c, dates);
	tcase_add_test(c, days_format_and_read_back);
	tcase_add_loop_test(c, durations_are_read, 0, (int)COUNT(durations));
	tcase_add_loop_test(c, other_durations_are_refused, 0, (int)COUNT(bad_durations));
	suite_add_tcase(s, c);
	return s;
}

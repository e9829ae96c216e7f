#include "core/clock.h"

#include <stdio.h>
#include <time.h>

#define DAY_S INT64_C(86400)

/* Exactly `digits` decimal digits at the start; s moves past them. */
static bool take_number(struct str *s, size_t digits, int *out)
{
	uint64_t v;

	if (s->n < digits || !str_to_u64(str_sub(*s, 0, digits), &v))
		return false;
	*s = str_sub(*s, digits, s->n);
	*out = (int)v;
	return true;
}

static struct str take_digits(struct str *s)
{
	struct str digits;
	size_t n = 0;

	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	digits = str_sub(*s, 0, n);
	*s = str_sub(*s, n, s->n);
	return digits;
}

static bool take_char(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = str_sub(*s, 1, s->n);
	return true;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Leap days of the years 0 to year - 1. */
static int64_t leaps_before(int year)
{
	int last = year - 1;

	return year == 0 ? 0 : last / 4 - last / 100 + last / 400 + 1;
}

static bool take_date(struct str *s, int64_t *unix_s)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;
	int64_t days;

	if (!take_number(s, 4, &year) || !take_char(s, '-') || !take_number(s, 2, &month) ||
	    !take_char(s, '-') || !take_number(s, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1)
		return false;
	if (day > lengths[month - 1] + (month == 2 && is_leap(year)))
		return false;
	days = (int64_t)(year - 1970) * 365 + leaps_before(year) - leaps_before(1970) + day - 1;
	for (int m = 1; m < month; m++)
		days += lengths[m - 1];
	if (month > 2 && is_leap(year))
		days++;
	*unix_s = days * DAY_S;
	return true;
}

/* ".25", which may be absent; what is below a millisecond is dropped. */
static bool take_fraction(struct str *s, int64_t *ms)
{
	struct str digits;

	*ms = 0;
	if (!take_char(s, '.'))
		return true;
	digits = take_digits(s);
	for (size_t i = 0; i < 3; i++)
		*ms = *ms * 10 + (i < digits.n ? digits.p[i] - '0' : 0);
	return digits.n > 0;
}

/* "12:00:00". No leap second: time stamps of clusters have none. */
static bool take_time(struct str *s, int64_t *seconds)
{
	int hour, minute, second;

	if (!take_number(s, 2, &hour) || !take_char(s, ':') || !take_number(s, 2, &minute) ||
	    !take_char(s, ':') || !take_number(s, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	*seconds = hour * INT64_C(3600) + minute * 60 + second;
	return true;
}

static bool take_offset(struct str *s, int64_t *seconds)
{
	int hour, minute, sign = 1;

	*seconds = 0;
	if (take_char(s, 'Z'))
		return true;
	if (take_char(s, '-'))
		sign = -1;
	else if (!take_char(s, '+'))
		return false;
	if (!take_number(s, 2, &hour) || !take_char(s, ':') || !take_number(s, 2, &minute))
		return false;
	*seconds = sign * (hour * INT64_C(3600) + minute * 60);
	return hour <= 23 && minute <= 59;
}

static bool parse_rfc3339(struct str s, int64_t *unix_s, int64_t *ms)
{
	int64_t date, time_of_day, offset;

	if (!take_date(&s, &date) || !take_char(&s, 'T') || !take_time(&s, &time_of_day) ||
	    !take_fraction(&s, ms) || !take_offset(&s, &offset) || s.n > 0)
		return false;
	*unix_s = date + time_of_day - offset;
	return true;
}

bool time_parse_rfc3339(struct str s, int64_t *unix_s)
{
	int64_t ms;

	return parse_rfc3339(s, unix_s, &ms);
}

bool time_parse_rfc3339_ms(struct str s, int64_t *unix_ms)
{
	int64_t seconds, ms;

	if (!parse_rfc3339(s, &seconds, &ms))
		return false;
	*unix_ms = seconds * 1000 + ms;
	return true;
}

bool time_parse_date(struct str s, int64_t *unix_s)
{
	int64_t date;

	if (!take_date(&s, &date) || s.n > 0)
		return false;
	*unix_s = date;
	return true;
}

/* Years 0000 to 9999; what is outside is shown as the nearest of them. */
static struct tm civil(int64_t unix_s)
{
	const int64_t first = INT64_C(-62167219200), last = INT64_C(253402300799);
	time_t t = (time_t)(unix_s < first ? first : unix_s > last ? last : unix_s);
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	return tm;
}

void time_format(int64_t unix_s, char out[32])
{
	struct tm tm = civil(unix_s);

	/* the remainders only tell the compiler how long the text can be */
	snprintf(out, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ", ((unsigned)tm.tm_year + 1900u) % 10000u,
		 ((unsigned)tm.tm_mon + 1u) % 100u, (unsigned)tm.tm_mday % 100u,
		 (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u,
		 (unsigned)tm.tm_sec % 100u);
}

void time_format_date(int64_t unix_s, char out[16])
{
	char whole[32];

	time_format(unix_s, whole);
	memcpy(out, whole, 10);
	out[10] = '\0';
}

#define DURATION_MAX_NS (10 * DAY_S * INT64_C(1000000000))

/* source: Go, package time, ParseDuration */
static bool take_unit(struct str *s, int64_t *ns)
{
	static const struct {
		struct str name;
		int64_t ns;
	} units[] = {
		/* "ms" before "m": the first that fits is taken */
		{{"ns", 2}, 1},
		{{"us", 2}, 1000},
		{{"\xC2\xB5s", 3}, 1000}, /* U+00B5, micro sign */
		{{"\xCE\xBCs", 3}, 1000}, /* U+03BC, Greek mu */
		{{"ms", 2}, 1000000},
		{{"s", 1}, 1000000000},
		{{"m", 1}, INT64_C(60000000000)},
		{{"h", 1}, INT64_C(3600000000000)},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (str_starts(*s, units[i].name)) {
			*s = str_sub(*s, units[i].name.n, s->n);
			*ns = units[i].ns;
			return true;
		}
	}
	return false;
}

/* Nanoseconds of "0.<digits>" units, rounded up; from the last digit, so that rounding each step up
 * rounds the whole up. */
static int64_t fraction_ns(struct str digits, int64_t unit_ns)
{
	int64_t ns = 0;

	for (size_t i = digits.n; i > 0; i--)
		ns = (ns + (digits.p[i - 1] - '0') * unit_ns + 9) / 10;
	return ns;
}

/* One "1.5h" of a duration; *total_ns stays below the maximum plus one unit. */
static bool take_part(struct str *s, int64_t *total_ns)
{
	struct str whole, fraction = {NULL, 0};
	int64_t unit_ns;
	uint64_t n = 0;

	whole = take_digits(s);
	if (take_char(s, '.'))
		fraction = take_digits(s);
	if (whole.n + fraction.n == 0 || !take_unit(s, &unit_ns))
		return false;
	if (whole.n > 0 && !str_to_u64(whole, &n))
		return false;
	if (n > (uint64_t)(DURATION_MAX_NS / unit_ns))
		return false;
	*total_ns += (int64_t)n * unit_ns + fraction_ns(fraction, unit_ns);
	return *total_ns <= DURATION_MAX_NS;
}

bool duration_parse(struct str s, int64_t *ms)
{
	int64_t ns = 0;

	take_char(&s, '+');
	if (str_eq(s, S("0"))) {
		*ms = 0;
		return true;
	}
	if (s.n == 0)
		return false;
	while (s.n > 0) {
		if (!take_part(&s, &ns))
			return false;
	}
	*ms = ns / 1000000 + (ns % 1000000 != 0);
	return true;
}

/*
 * Time as an argument. Nothing below webhook/ and cli/ asks the system for the time: it is handed a
 * struct clock, so that tests and recorded cases can freeze it.
 */
#ifndef ASSAY_CORE_CLOCK_H
#define ASSAY_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"

struct clock {
	int64_t (*unix_ms)(void *self); /* wall clock, milliseconds since 1970 */
	int64_t (*mono_ms)(void *self); /* monotonic, for deadlines and durations */
	void *self;
};

extern const struct clock clock_system;

/* A clock that stands still; `c` must outlive the users of *out. */
struct clock_frozen {
	int64_t unix_ms;
	int64_t mono_ms;
};
struct clock clock_frozen_as_clock(struct clock_frozen *c);

int64_t clock_unix_s(const struct clock *c);
int64_t clock_mono_us(void); /* the system's, for measuring durations only */

struct deadline {
	int64_t at_mono_ms;
};
struct deadline deadline_in(const struct clock *c, int64_t ms);
int64_t deadline_left_ms(struct deadline d, const struct clock *c); /* 0 when passed */

/* RFC 3339 "2027-01-31T12:00:00Z" (also with offset and fraction) to seconds since 1970, proleptic
 * Gregorian; false if the text is anything else, e.g. February 30. */
bool time_parse_rfc3339(struct str s, int64_t *unix_s);
/* The same in milliseconds, rounded down. */
bool time_parse_rfc3339_ms(struct str s, int64_t *unix_ms);
/* "2027-01-31": the first second of that day in UTC. */
bool time_parse_date(struct str s, int64_t *unix_s);
/* "2027-01-31T00:00:00Z" */
void time_format(int64_t unix_s, char out[32]);
void time_format_date(int64_t unix_s, char out[16]);

/* A Go duration ("10s", "1m0s", "1.5h", "300ms", "0"), as the API server writes ?timeout=; in
 * milliseconds, rounded up. False for anything else, negative values, or more than 10 days. */
bool duration_parse(struct str s, int64_t *ms);

#endif

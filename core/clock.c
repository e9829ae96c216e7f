#include "core/clock.h"

#include <time.h>

static int64_t now_us(clockid_t id)
{
	struct timespec t = {0, 0};

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_unix_ms(void *self)
{
	(void)self;
	return now_us(CLOCK_REALTIME) / 1000;
}

static int64_t system_mono_ms(void *self)
{
	(void)self;
	return now_us(CLOCK_MONOTONIC) / 1000;
}

const struct clock clock_system = {system_unix_ms, system_mono_ms, NULL};

static int64_t frozen_unix_ms(void *self)
{
	return ((const struct clock_frozen *)self)->unix_ms;
}

static int64_t frozen_mono_ms(void *self)
{
	return ((const struct clock_frozen *)self)->mono_ms;
}

struct clock clock_frozen_as_clock(struct clock_frozen *c)
{
	return (struct clock){frozen_unix_ms, frozen_mono_ms, c};
}

int64_t clock_unix_s(const struct clock *c)
{
	int64_t ms = c->unix_ms(c->self);

	/* down, also before 1970 */
	return ms / 1000 - (ms % 1000 < 0);
}

int64_t clock_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

struct deadline deadline_in(const struct clock *c, int64_t ms)
{
	int64_t at;

	if (ms < 0)
		ms = 0;
	if (__builtin_add_overflow(c->mono_ms(c->self), ms, &at))
		at = INT64_MAX;
	return (struct deadline){at};
}

int64_t deadline_left_ms(struct deadline d, const struct clock *c)
{
	int64_t left;

	if (__builtin_sub_overflow(d.at_mono_ms, c->mono_ms(c->self), &left))
		left = d.at_mono_ms < 0 ? 0 : INT64_MAX;
	return left > 0 ? left : 0;
}

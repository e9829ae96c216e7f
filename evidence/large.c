#include "evidence/large.h"

#include <time.h>

#include "core/err.h"
#include "evidence/limits.h"

/* The clock is looked at at least so often, in milliseconds: it may be one of a test. */
#define LOOK_MS 100

void large_init(struct large *l, const struct clock *clock)
{
	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->freed, NULL);
	l->clock = clock;
	l->left = LIMIT_LARGE_ATTESTATION_BYTES;
	gate_init(&l->reading, LARGE_ATTESTATIONS, 0);
}

void large_done(struct large *l)
{
	gate_done(&l->reading);
	pthread_cond_destroy(&l->freed);
	pthread_mutex_destroy(&l->mutex);
}

static void lock(struct large *l)
{
	if (pthread_mutex_lock(&l->mutex) != 0)
		BUG("large attestations: mutex cannot be locked");
}

static void unlock(struct large *l)
{
	if (pthread_mutex_unlock(&l->mutex) != 0)
		BUG("large attestations: mutex cannot be unlocked");
}

static void wait_locked(struct large *l)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&l->freed, &l->mutex, &until);
}

bool large_enter(struct large *l, size_t bytes, struct deadline d)
{
	bool room;

	if (!l)
		return true;
	lock(l);
	while (l->left < bytes && deadline_left_ms(d, l->clock) > 0)
		wait_locked(l);
	room = l->left >= bytes;
	if (room)
		l->left -= bytes;
	unlock(l);
	return room;
}

void large_leave(struct large *l, size_t bytes)
{
	if (!l)
		return;
	lock(l);
	l->left += bytes;
	pthread_cond_broadcast(&l->freed);
	unlock(l);
}

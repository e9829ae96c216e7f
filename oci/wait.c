#include "oci/wait.h"

#include <errno.h>
#include <time.h>

bool wait_init(pthread_mutex_t *lock, pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	if (pthread_condattr_init(&attr) != 0)
		return false;
	bool made = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
		    pthread_cond_init(cond, &attr) == 0;
	pthread_condattr_destroy(&attr);
	if (made && pthread_mutex_init(lock, NULL) != 0) {
		pthread_cond_destroy(cond);
		return false;
	}
	return made;
}

bool wait_for(pthread_cond_t *cond, pthread_mutex_t *lock, const struct clock *clock,
	      struct deadline d)
{
	int64_t ms = deadline_left_ms(d, clock);
	struct timespec at;
	if (ms <= 0)
		return false;
	/* The clock of the deadline may be another than the system's. */
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return pthread_cond_timedwait(cond, lock, &at) != ETIMEDOUT;
}

void wait_ms(int64_t ms)
{
	struct timespec t = {ms / 1000, (ms % 1000) * 1000000};
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

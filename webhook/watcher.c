#include "webhook/watcher.h"

#include <string.h>
#include <time.h>

#include "core/log.h"
#include "webhook/limits.h"

static int64_t interval_ms(const struct server *s)
{
	int64_t quarter = s->config.slow_ms / 4;
	if (quarter > LOOK_INTERVAL_MS)
		return LOOK_INTERVAL_MS;
	return quarter > 20 ? quarter : 20;
}

static void look(struct server *s)
{
	int64_t now = server_mono_ms(s);
	struct connections_look reviews = connections_look(s->reviews.connections, now);
	struct connections_look admin = connections_look(s->admin.connections, now);
	if (reviews.slow > 0) {
		metrics_rejected(s->metrics, REJECTED_SLOW, reviews.slow);
		log_msg(LOG_WARNING, "cut off %zu slow connections", reviews.slow);
	}
	if (reviews.evicted > 0) {
		metrics_rejected(s->metrics, REJECTED_OVERLOAD, reviews.evicted);
		log_msg(LOG_WARNING, "closed %zu waiting connections to make room",
			reviews.evicted);
	}
	(void)admin; /* nobody's review is lost there */
	atomic_store(&s->stuck, reviews.stuck);
	atomic_store(&s->looked_ms, now);
}

/* True when it is time to end. */
static bool sleep_ms(struct server *s, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms * 1000000;
	until.tv_sec += ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_mutex_lock(&s->watcher_lock);
	while (!s->stopping &&
	       pthread_cond_timedwait(&s->watcher_wake, &s->watcher_lock, &until) == 0)
		;
	bool stop = s->stopping;
	pthread_mutex_unlock(&s->watcher_lock);
	return stop;
}

static void *watch(void *self)
{
	struct server *s = self;
	while (!sleep_ms(s, interval_ms(s)))
		look(s);
	return NULL;
}

int watcher_start(struct server *s, struct err *e)
{
	pthread_condattr_t attr;
	pthread_mutex_init(&s->watcher_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->watcher_wake, &attr);
	pthread_condattr_destroy(&attr);
	s->stopping = false;
	atomic_store(&s->looked_ms, server_mono_ms(s));
	int rc = pthread_create(&s->watcher, NULL, watch, s);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "watching thread: %s", strerror(rc));
	s->watching = true;
	return 0;
}

void watcher_stop(struct server *s)
{
	if (!s->watching)
		return;
	pthread_mutex_lock(&s->watcher_lock);
	s->stopping = true;
	pthread_cond_signal(&s->watcher_wake);
	pthread_mutex_unlock(&s->watcher_lock);
	pthread_join(s->watcher, NULL);
	pthread_cond_destroy(&s->watcher_wake);
	pthread_mutex_destroy(&s->watcher_lock);
	s->watching = false;
}

/* The end of the server, so that nobody notices. spec: admission 3 */
#include <microhttpd.h>
#include <time.h>

#include "core/log.h"
#include "webhook/inside.h"
#include "webhook/limits.h"
#include "webhook/watcher.h"

#define DRAIN_STEP_MS 25
/* So long before the end nobody waits for a registry any more. */
#define LAST_ANSWERS_MS 2000

static void pause_ms(int64_t ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	nanosleep(&t, NULL);
}

/* The Service still sends new connections here until every node has heard that we are not ready. */
static void serve_on(struct server *s, int64_t until_ms)
{
	for (;;) {
		int64_t left = until_ms - server_mono_ms(s);
		if (left <= 0)
			return;
		pause_ms(left < 1000 ? left : 1000);
	}
}

static bool wait_for_last(struct server *s, int64_t until_ms)
{
	while (connections_count(s->reviews.connections) > 0) {
		int64_t now = server_mono_ms(s);
		if (now >= until_ms)
			return false;
		if (now >= until_ms - LAST_ANSWERS_MS)
			server_end_waiting(s);
		connections_close_idle(s->reviews.connections, now);
		pause_ms(DRAIN_STEP_MS);
	}
	return true;
}

bool server_drain(struct server *s)
{
	int64_t start = server_mono_ms(s);
	struct log_line l;
	atomic_store(&s->draining, true);
	log_begin(&l, LOG_INFO, "draining");
	log_ms(&l, "drain_ms", s->config.drain_ms * 1000);
	log_end(&l);
	serve_on(s, start + s->config.drain_ms);
	listener_stop(s->reviews.listener);
	/* Its marks of what was seen belong to one thread: now to this one. */
	watcher_stop(s);
	bool clean = wait_for_last(s, start + (int64_t)DRAIN_MAX_S * 1000);
	log_begin(&l, clean ? LOG_INFO : LOG_WARNING, "drained");
	log_int(&l, "cut_off", (int64_t)connections_count(s->reviews.connections));
	log_end(&l);
	return clean;
}

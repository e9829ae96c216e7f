/* The running server, for the files of this folder that are parts of it; nobody else includes it. */
#ifndef ASSAY_WEBHOOK_INSIDE_H
#define ASSAY_WEBHOOK_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "policy/store.h"
#include "webhook/arenas.h"
#include "webhook/backend.h"
#include "webhook/connections.h"
#include "webhook/listener.h"
#include "webhook/metrics.h"
#include "webhook/reload.h"
#include "webhook/server.h"
#include "webhook/tls.h"

struct MHD_Daemon;

/* One listening side: reviews, or probes and metrics. */
struct side {
	struct connections *connections;
	struct listener *listener;
	struct MHD_Daemon *daemon;
};

struct server {
	struct server_config config; /* limits filled in */
	struct store *store;
	struct tls *tls;
	struct metrics *metrics;
	struct arenas *arenas;
	struct backends *backends;
	struct reload *reload;
	struct side reviews;
	struct side admin;
	_Atomic bool draining;
	_Atomic bool ending;    /* no registry is asked any more */
	_Atomic size_t waiting; /* reviews whose connection is suspended */

	/* The thread that looks after connections: */
	pthread_t watcher;
	bool watching;
	pthread_mutex_t watcher_lock; /* `stopping` */
	pthread_cond_t watcher_wake;
	bool stopping;
	_Atomic int64_t looked_ms; /* when it last looked */
	_Atomic size_t stuck;      /* reviews worked on for longer than STUCK_S, at that look */
};

/* Have every review that waits for a registry answered, and let none wait any more. Twice is fine. */
void server_end_waiting(struct server *s);

static inline int64_t server_mono_ms(const struct server *s)
{
	return s->config.clock.mono_ms(s->config.clock.self);
}

#endif

#include "evidence/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "evidence/limits.h"
#include "evidence/pool_inside.h"

/* The keeper looks at the clock at least so often, in milliseconds. */
#define LOOK_MS 60000

void pool_lock(struct evidence_pool *p)
{
	if (pthread_mutex_lock(&p->mutex) != 0)
		BUG("evidence pool: mutex cannot be locked");
}

void pool_unlock(struct evidence_pool *p)
{
	if (pthread_mutex_unlock(&p->mutex) != 0)
		BUG("evidence pool: mutex cannot be unlocked");
}

/* ---- the keeper: a thread that ends asks at their deadline ---- */

/* The asks that are over by now go to *finished; the earliest deadline of the others is remembered. */
static void end_late_locked(struct evidence_pool *p, struct evidence_ask **finished)
{
	struct evidence_ask *next;

	p->looking = false;
	p->next_mono_ms = INT64_MAX;
	for (struct evidence_ask *a = p->asks; a; a = next) {
		next = a->next;
		if (p->stopping)
			ask_end_locked(a, ASK_STOPPED, finished);
		else if (deadline_left_ms(a->deadline, p->o.clock) == 0)
			ask_end_locked(a, ASK_LATE, finished);
		else if (a->deadline.at_mono_ms < p->next_mono_ms)
			p->next_mono_ms = a->deadline.at_mono_ms;
	}
}

static void sleep_locked(struct evidence_pool *p)
{
	int64_t ms = deadline_left_ms((struct deadline){p->next_mono_ms}, p->o.clock);
	struct timespec until;

	if (ms > LOOK_MS)
		ms = LOOK_MS;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	int rc = 0;
	while (!p->looking && !p->ending && !p->finished && rc == 0)
		rc = pthread_cond_timedwait(&p->wake, &p->mutex, &until);
	if (rc != 0 && rc != ETIMEDOUT)
		BUG("evidence pool: cannot wait: error %d", rc);
}

static void *keep(void *self)
{
	struct evidence_pool *p = self;

	pool_lock(p);
	for (;;) {
		struct evidence_ask *finished = p->finished;
		p->finished = NULL;
		end_late_locked(p, &finished);
		if (finished) {
			pool_unlock(p);
			asks_done(finished);
			pool_lock(p);
			continue;
		}
		if (p->ending)
			break;
		sleep_locked(p);
	}
	pool_unlock(p);
	return NULL;
}

/* ---- life ---- */

static void set_defaults(struct evidence_options *o)
{
	o->threads = o->threads ? o->threads : DEFAULT_EVIDENCE_THREADS;
	o->threads = o->threads < LIMIT_EVIDENCE_THREADS ? o->threads : LIMIT_EVIDENCE_THREADS;
	o->cache_bytes = o->cache_bytes ? o->cache_bytes : DEFAULT_CACHE_BYTES;
	o->yes_ms = o->yes_ms ? o->yes_ms : DEFAULT_YES_MS;
	o->no_ms = o->no_ms ? o->no_ms : DEFAULT_NO_MS;
	o->lookup_ms = o->lookup_ms ? o->lookup_ms : DEFAULT_LOOKUP_MS;
	o->lookups = o->lookups ? o->lookups : DEFAULT_LOOKUPS;
}

static int make_parts(struct evidence_pool *p, struct err *e)
{
	const struct cache_limits l = {p->o.cache_bytes, p->o.yes_ms, p->o.no_ms};

	if (getrandom(p->salt, sizeof(p->salt), 0) != (ssize_t)sizeof(p->salt))
		return err_set(e, ERR_INTERNAL, "evidence pool: the system has no random bytes");
	p->cache = cache_new(&l);
	p->backoff = backoff_new();
	if (!p->cache || !p->backoff)
		return err_set(e, ERR_MEMORY, "evidence pool: out of memory");
	p->workers = workers_start(p->o.threads, e);
	if (!p->workers)
		return -1;
	int error = pthread_create(&p->keeper, NULL, keep, p);
	p->keeping = error == 0;
	if (!p->keeping)
		return err_set(e, ERR_INTERNAL,
			       "evidence pool: a thread cannot be started: error %d", error);
	return 0;
}

struct evidence_pool *evidence_pool_new(const struct evidence_options *o, struct err *e)
{
	struct evidence_pool *p = calloc(1, sizeof(*p));
	pthread_condattr_t monotonic;

	if (!p) {
		err_set(e, ERR_MEMORY, "evidence pool: out of memory");
		return NULL;
	}
	p->o = *o;
	p->next_mono_ms = INT64_MAX;
	set_defaults(&p->o);
	gate_init(&p->large, LARGE_DOCUMENTS, LARGE_DOCUMENT_BYTES);
	large_init(&p->attestations, p->o.clock);
	pthread_mutex_init(&p->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (make_parts(p, e) < 0) {
		evidence_pool_free(p);
		return NULL;
	}
	return p;
}

void evidence_pool_stop(struct evidence_pool *p)
{
	pool_lock(p);
	p->stopping = true;
	p->looking = true;
	pthread_cond_signal(&p->wake);
	pool_unlock(p);
}

void evidence_pool_free(struct evidence_pool *p)
{
	if (!p)
		return;
	evidence_pool_stop(p);
	/* Workers first: what they finish may still be told. */
	workers_stop(p->workers);
	pool_lock(p);
	p->ending = true;
	pthread_cond_signal(&p->wake);
	pool_unlock(p);
	if (p->keeping)
		pthread_join(p->keeper, NULL);
	cache_free(p->cache);
	backoff_free(p->backoff);
	large_done(&p->attestations);
	gate_done(&p->large);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->mutex);
	free(p);
}

/* ---- for metrics and tests ---- */

void evidence_pool_count(struct evidence_pool *p, struct evidence_counts *out)
{
	pool_lock(p);
	*out = (struct evidence_counts){
		.hits = p->hits,
		.negatives = p->negatives,
		.joined = p->joined,
		.misses = p->misses,
		.cache_entries = cache_entries(p->cache),
		.cache_bytes = cache_bytes(p->cache),
		.lookups = p->n_lookups,
		.asks = p->n_asks,
	};
	pool_unlock(p);
}

void evidence_pool_look(struct evidence_pool *p)
{
	pool_lock(p);
	p->looking = true;
	pthread_cond_signal(&p->wake);
	pool_unlock(p);
}

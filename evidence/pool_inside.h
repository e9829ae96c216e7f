/*
 * The inside of the pool, for evidence/pool.c, ask.c and lookup.c alone.
 *
 * One mutex guards all of it. It is never held while a registry, a worker queue or done() is called.
 * An ask has a slot per question; a slot waits for an interest; an interest is one want of a lookup; a
 * lookup is one image in one repository, asked for signatures or for attestations of one type. Functions named *_locked need the mutex.
 */
#ifndef ASSAY_EVIDENCE_POOL_INSIDE_H
#define ASSAY_EVIDENCE_POOL_INSIDE_H

#include <pthread.h>

#include "evidence/backoff.h"
#include "evidence/cache.h"
#include "evidence/discover.h"
#include "evidence/pool.h"
#include "evidence/tally.h"
#include "evidence/workers.h"

#define SALT_BYTES 16
#define LOOKUP_SLOTS 1024 /* of the table of lookups; a power of two */

struct slot {
	const struct evidence_question *question;
	struct cache_key key;
	struct sha256 digest;
	struct evidence_shared *verdict; /* NULL: not yet, or out of memory */
	bool cached;
	struct evidence_ask *ask;
	struct interest *interest; /* waits for it; NULL: answered, or not started */
	struct slot *next, **at;   /* among those that wait for it */
};

struct evidence_ask {
	struct evidence_pool *pool;
	struct arena *arena;
	struct deadline deadline;
	int64_t started_mono_ms;
	int64_t started_us;
	void (*done)(void *closure);
	void *closure;
	size_t pending;                  /* slots that wait */
	struct evidence_ask *next, **at; /* of the pool's asks, or of a list of finished ones */
	size_t n;
	struct slot slots[];
};

/* One want of a lookup. */
struct interest {
	struct interest *next;
	struct lookup *lookup;
	struct evidence_want *want; /* a copy of its own */
	struct cache_key key;
	struct slot *waiters;
	struct arena *arena; /* of the tally; from when judging begins */
	struct tally tally;
	struct evidence_shared *verdict; /* settled: not NULL, unless there was no memory */
	bool settled;
};

struct list_work {
	struct work work;
	struct lookup *lookup;
	bool layers; /* else referrers */
	struct arena *arena;
	struct discovery_list list;
};

struct entry_work {
	struct work work;
	struct lookup *lookup;
	const struct discovery_entry *entry;
	size_t number;
};

struct lookup {
	struct lookup *next; /* of its place in the table */
	struct evidence_pool *pool;
	struct sha256 place;
	struct discovery what;
	struct interest *interests;
	size_t unsettled;
	bool running; /* a worker has begun */
	bool closed;  /* judging has begun: no more interests */
	bool held;    /* the registry just failed, and was not asked */
	struct deadline deadline;
	size_t parts; /* pieces of work that are not done */
	struct list_work lists[2];
	size_t judged;                        /* candidates */
	const struct registry_reply *failure; /* of a list that the registry failed to give */
	char text[]; /* the names of the repository, and the predicate type */
};

struct evidence_pool {
	struct evidence_options o;
	uint8_t salt[SALT_BYTES];
	struct workers *workers;
	struct gate large; /* of the workers */
	struct large attestations;
	pthread_t keeper;
	bool keeping;

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wake;   /* of the keeper */
	bool stopping;
	bool ending;
	bool looking;         /* the keeper is to look at the clock */
	int64_t next_mono_ms; /* the earliest deadline that the keeper knows */
	struct cache *cache;
	struct backoff *backoff;
	struct evidence_ask *asks;     /* started */
	struct evidence_ask *finished; /* whose done() the keeper is to call */
	size_t n_asks;
	struct lookup *lookups[LOOKUP_SLOTS];
	size_t n_lookups;
	uint64_t hits, negatives, joined, misses;
};

static inline int64_t pool_mono_ms(const struct evidence_pool *p)
{
	return p->o.clock->mono_ms(p->o.clock->self);
}

/* ---- pool.c ---- */

void pool_lock(struct evidence_pool *p);
void pool_unlock(struct evidence_pool *p);

/* ---- ask.c ---- */

/* Where the signatures of its image are. */
struct registry_repository slot_place(const struct slot *s);
/* Give a slot that waits its answer, with a reference of its own; when it was the last, its ask goes to
 * *finished. */
void slot_answer_locked(struct slot *s, struct evidence_shared *verdict,
			struct evidence_ask **finished);
/* NULL: no memory. */
struct evidence_shared *share_unavailable(enum verify_reason reason, struct str why);
/* Answer all that wait with `say`, which tells them why there is no better answer. */
enum ask_end { ASK_LATE = 0, ASK_STOPPED };
void ask_end_locked(struct evidence_ask *ask, enum ask_end why, struct evidence_ask **finished);
/* Call done() of each. Without the mutex. */
void asks_done(struct evidence_ask *finished);

/* ---- lookup.c ---- */

/* Let the slot wait for its lookup, or answer it when there can be none. *begun: the lookup to be started,
 * if it is new. */
void lookup_join_locked(struct evidence_pool *p, struct slot *s, struct lookup **begun);
/* Without the mutex. */
void lookup_begin(struct lookup *l);

#endif

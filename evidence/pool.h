/*
 * The pool: answers questions about images, each distinct one once however many ask at the same time.
 *
 * How a question travels: evidence_ask() answers from the cache at once when everything is there. Else
 * the caller suspends its connection and calls evidence_ask_start(). Questions about one image in one
 * repository share one lookup, which asks for the two lists of signatures at the same time, then for all
 * signatures, each by a worker thread with ordinary blocking code; the answer is there as soon as enough have
 * signed. done() is called when everything is answered or the deadline passed; lookups go on after it, so
 * that a retry finds the answer in the cache.
 *
 * "Yes" and "no" are kept for a while, "could not find out" is not; a registry that just failed is left
 * alone for a short time. Any thread may ask. No function here waits for a registry but evidence_gather() and
 * evidence_pool_free(). spec: design sections 4 and 7
 */
#ifndef ASSAY_EVIDENCE_POOL_H
#define ASSAY_EVIDENCE_POOL_H

#include "core/clock.h"
#include "evidence/evidence.h"
#include "oci/source.h"

struct evidence_pool;

struct evidence_options {
	struct registry_source source; /* asked by several threads at once */
	const struct clock *clock;
	unsigned threads; /* the others: 0 is the default of evidence/limits.h */
	size_t cache_bytes;
	int64_t yes_ms;
	int64_t no_ms;
	int64_t lookup_ms;
	size_t lookups;
	/* Hash of trust material beside the keys of the wants; zero when there is none. */
	struct sha256 trust;
	/* May a host be contacted that no policy names? NULL: none. */
	bool (*knows_host)(void *self, struct str host);
	void *knows_self;
	/* Called for each question that was answered, by the thread that takes the answer; NULL: nobody.
	 * `cached`: without asking a registry. */
	void (*answered)(void *self, const struct evidence *e, bool cached, int64_t elapsed_us);
	void *answered_self;
};

/* Start the threads. What the options point to is borrowed until evidence_pool_free(). Errors: MEMORY,
 * INTERNAL. */
struct evidence_pool *evidence_pool_new(const struct evidence_options *o, struct err *e);

/* Answer everybody who waits with "stopping", and ask no registry any more. Any thread, more than once. */
void evidence_pool_stop(struct evidence_pool *p);

/* Stop, wait for the requests under way (lookup_ms at most), free. Every ask must be finished by then, but
 * for asks whose done() runs meanwhile. NULL is fine. */
void evidence_pool_free(struct evidence_pool *p);

/* ---- asking ---- */

struct evidence_ask;

enum evidence_asked {
	EVIDENCE_PENDING = 0, /* *ask is to be started, or dropped; answers are not filled */
	EVIDENCE_READY,       /* answers[n] are there; *ask is NULL */
};

/* Answer n questions from what is known. Questions and what they point to are borrowed until the ask is
 * finished, answers are in `a`. Never fails: what does not fit is answered with UNAVAILABLE. */
enum evidence_asked evidence_ask(struct evidence_pool *p, const struct evidence_question *q,
				 size_t n, struct arena *a, struct evidence *answers,
				 struct evidence_ask **ask);

/* Have the rest answered. done(closure) is called exactly once, by another thread, perhaps before this
 * returns: when every question is answered, when `d` has passed, or when the pool stops. It must not
 * block. Only then the ask may be finished, by any thread, also within done(). */
void evidence_ask_start(struct evidence_ask *ask, struct deadline d, void (*done)(void *closure),
			void *closure);

/* Take the answers (answers[n] in the order of the questions, in the arena given to evidence_ask()) and
 * free the ask. */
void evidence_ask_finish(struct evidence_ask *ask, struct evidence *answers);

/* Free an ask that was not started. NULL is fine. */
void evidence_ask_drop(struct evidence_ask *ask);

/* All of the above, waiting. Not for threads that serve connections. */
void evidence_gather(struct evidence_pool *p, const struct evidence_question *q, size_t n,
		     struct deadline d, struct arena *a, struct evidence *answers);

/* ---- for metrics and tests ---- */

struct evidence_counts {
	/* Questions, by what became of them: */
	uint64_t hits;      /* a "yes" in the cache */
	uint64_t negatives; /* a "no" in the cache */
	uint64_t joined;    /* waits for a lookup that was begun by another question */
	uint64_t misses;    /* everything else */
	size_t cache_entries;
	size_t cache_bytes;
	size_t lookups; /* waiting or running */
	size_t asks;    /* started and not yet done */
};
void evidence_pool_count(struct evidence_pool *p, struct evidence_counts *out);

/* Look at the clock again, after a clock that stood still was moved. */
void evidence_pool_look(struct evidence_pool *p);

#endif

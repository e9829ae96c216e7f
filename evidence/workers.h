/*
 * A pool of threads for work that blocks. A piece of work is embedded in whatever it belongs to, and is
 * run once; what it needs beside is its own affair. spec: design section 7
 *
 * A registry that hangs stops no other, and a repository that hangs stops no other of its registry: threads
 * are given out so that some are left for those that hold none. Of n threads
 *   - a registry that holds none gets any that is free;
 *   - a repository that holds none gets one unless it is reserved for registries. Reserved are as many as
 *     are missing until workers_registries(n) of them hold one;
 *   - a repository that holds one gets more, up to workers_share(n), unless they are reserved for registries
 *     or for repositories. Reserved are as many as are missing until workers_repositories(n) hold one beside
 *     the first of each registry.
 * So one more registry gets a thread at once while fewer than workers_registries(n) hold any, and one more
 * repository while fewer than workers_repositories(n) do, beside the first ones. Of 16 threads: 6 registries,
 * 3 repositories, a share of 8. With 1 there is nothing to be shared.
 */
#ifndef ASSAY_EVIDENCE_WORKERS_H
#define ASSAY_EVIDENCE_WORKERS_H

#include <stdbool.h>

#include "core/err.h"
#include "evidence/discover.h"

/* Whose threads it takes. A clash of two registries or repositories makes them share. */
struct work_place {
	uint64_t registry, repository;
};

struct work {
	struct work *next;
	struct work_place place;
	/* `m` is the thread's own, for as long as this runs. May free the work. */
	void (*run)(struct work *w, const struct discovery_memory *m);
};

struct workers;

/* Start n threads (at least 1). NULL: *e (MEMORY, INTERNAL). */
struct workers *workers_start(unsigned n, struct err *e);

unsigned workers_registries(unsigned n);
unsigned workers_repositories(unsigned n);
unsigned workers_share(unsigned n);

struct work_place work_place(const struct registry_repository *r);

/* Does the registry hold more than half of the threads that it can get at all? Any thread. */
bool workers_are_short(struct workers *w, const struct work_place *p);

/* Hand over a piece of work. Registries take turns. `urgent`: before all of its registry that is not, for what
 * belongs to work begun. Any thread, also a worker. Never fails; after workers_stop() began, what still waits
 * is run as well. */
void workers_add(struct workers *w, struct work *work, bool urgent);

/* Run what waits, end the threads, free. No work may be added from outside meanwhile. NULL is fine. */
void workers_stop(struct workers *w);

#endif

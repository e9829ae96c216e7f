/*
 * Where evidence comes from: the registries file, the client it configures (or recorded content), and
 * the pool that asks, with its cache. Made anew and swapped whole when the files change: a review that
 * waits goes on with the one that it asked, and the new one starts with an empty cache.
 *
 * Counted references under one mutex, as policy/store.h. Loading, sweeping and freeing belong to one
 * thread; everything else may be called by any.
 */
#ifndef ASSAY_WEBHOOK_BACKEND_H
#define ASSAY_WEBHOOK_BACKEND_H

#include "core/problem.h"
#include "evidence/pool.h"
#include "webhook/metrics.h"
#include "webhook/server.h"

struct backends; /* the active one, and those that some review still waits for */
struct backend;

/* Both are borrowed. NULL: no memory. */
struct backends *backends_new(const struct server_config *c, struct metrics *m);
/* All references must be back. Waits for requests under way; NULL is fine. */
void backends_free(struct backends *b);

/* Read the files and make what they say the active backend. Opens no connection. -1 leaves the old one
 * active; what is wrong in the registries file is added to *problems. */
int backends_load(struct backends *b, struct problems *problems, struct err *e) MUST_USE;
/* Of all files that the active one was made of. */
uint64_t backends_fingerprint(const struct backends *b);
/* How many registries have an entry in the active one. */
size_t backends_configured(const struct backends *b);
/* Free those that were replaced and are no longer needed. Never waits. */
void backends_sweep(struct backends *b);

/* Hold the active one; there is one after the first load. */
struct backend *backend_acquire(struct backends *b);
void backend_release(struct backends *b, struct backend *k); /* NULL is fine */
struct evidence_pool *backend_pool(struct backend *k);

/* Answer everybody who waits, and ask no registry any more. */
void backends_stop(struct backends *b);
/* Is no registry being asked? */
bool backends_idle(struct backends *b);
/* Questions since the start, and the active cache. */
void backends_count(struct backends *b, struct evidence_counts *out);

#endif

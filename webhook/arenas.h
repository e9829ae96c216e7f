/*
 * Memory of requests: an arena and a body buffer each, kept in a small free list between requests.
 *
 * Body buffers grow with what has arrived, never with what a header announces, and all of them together
 * stay within LIMIT_BODIES_TOTAL_BYTES. Any thread; a workspace belongs to one request at a time.
 */
#ifndef ASSAY_WEBHOOK_ARENAS_H
#define ASSAY_WEBHOOK_ARENAS_H

#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"

struct arenas;

struct workspace {
	struct workspace *next; /* in the free list */
	struct arena *arena;
	char *body;
	size_t body_n;
	size_t body_room;
};

struct arenas *arenas_new(void);    /* NULL: no memory */
void arenas_free(struct arenas *s); /* all workspaces must be back; NULL is fine */

/* NULL: no memory. */
struct workspace *arenas_take(struct arenas *s);
void arenas_give(struct arenas *s, struct workspace *w); /* NULL is fine */

/* After a burst, when it is over: give the memory of surplus workspaces back to the system. To be called about once
 * a second, by one thread. */
void arenas_trim(struct arenas *s);

/* Append to the body. False when all bodies together would be too large, or there is no memory; the body
 * is then as before. */
bool workspace_append(struct arenas *s, struct workspace *w, const void *p, size_t n);

#endif

#include "webhook/arenas.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "webhook/limits.h"

struct arenas {
	pthread_mutex_t lock; /* the free list */
	struct workspace *spare;
	size_t n_spare;
	_Atomic size_t bodies; /* bytes of all body buffers beyond the kept size */
	_Atomic size_t freed;  /* workspaces that were one too many */
	size_t seen, trimmed;  /* `freed` at the last look, and when memory was last given back */
};

struct arenas *arenas_new(void)
{
	struct arenas *s = calloc(1, sizeof(*s));
	if (s)
		pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void workspace_free(struct workspace *w)
{
	arena_free(w->arena);
	free(w->body);
	free(w);
}

void arenas_free(struct arenas *s)
{
	if (!s)
		return;
	while (s->spare) {
		struct workspace *w = s->spare;
		s->spare = w->next;
		workspace_free(w);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct workspace *arenas_take(struct arenas *s)
{
	pthread_mutex_lock(&s->lock);
	struct workspace *w = s->spare;
	if (w) {
		s->spare = w->next;
		s->n_spare--;
	}
	pthread_mutex_unlock(&s->lock);
	if (w)
		return w;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->arena = arena_new(LIMIT_REVIEW_ARENA_BYTES);
	if (!w->arena) {
		workspace_free(w);
		return NULL;
	}
	return w;
}

/* A large body goes back to the system, so that a burst of them leaves nothing behind. */
static void drop_large_body(struct arenas *s, struct workspace *w)
{
	if (w->body_room <= LIMIT_SPARE_BODY_BYTES)
		return;
	atomic_fetch_sub(&s->bodies, w->body_room);
	free(w->body);
	w->body = NULL;
	w->body_room = 0;
}

/* Before the arena is reset: it grows then, which is of no use to one that is freed. */
static bool reserve_place(struct arenas *s)
{
	pthread_mutex_lock(&s->lock);
	bool keep = s->n_spare < LIMIT_SPARE_ARENAS;
	s->n_spare += keep;
	pthread_mutex_unlock(&s->lock);
	return keep;
}

void arenas_give(struct arenas *s, struct workspace *w)
{
	if (!w)
		return;
	drop_large_body(s, w);
	w->body_n = 0;
	if (!reserve_place(s)) {
		workspace_free(w);
		atomic_fetch_add(&s->freed, 1);
		return;
	}
	arena_reset(w->arena);
	pthread_mutex_lock(&s->lock);
	w->next = s->spare;
	s->spare = w;
	pthread_mutex_unlock(&s->lock);
}

/* The allocator keeps what a thread freed in the midst of what it uses, for ever. */
void arenas_trim(struct arenas *s)
{
	size_t freed = atomic_load(&s->freed);
	bool calm = freed == s->seen;

	s->seen = freed;
	if (!calm || freed - s->trimmed < LIMIT_SPARE_ARENAS)
		return;
	s->trimmed = freed;
	malloc_trim(0);
}

static bool grow(struct arenas *s, struct workspace *w, size_t need)
{
	size_t room = w->body_room > 0 ? w->body_room : LIMIT_SPARE_BODY_BYTES / 4;
	while (room < need)
		room *= 2;
	size_t before = w->body_room > LIMIT_SPARE_BODY_BYTES ? w->body_room : 0;
	size_t after = room > LIMIT_SPARE_BODY_BYTES ? room : 0;
	if (atomic_fetch_add(&s->bodies, after - before) + (after - before) >
		    LIMIT_BODIES_TOTAL_BYTES &&
	    after > before) {
		atomic_fetch_sub(&s->bodies, after - before);
		return false;
	}
	char *p = realloc(w->body, room);
	if (!p) {
		atomic_fetch_sub(&s->bodies, after - before);
		return false;
	}
	w->body = p;
	w->body_room = room;
	return true;
}

bool workspace_append(struct arenas *s, struct workspace *w, const void *p, size_t n)
{
	if (w->body_n + n > w->body_room && !grow(s, w, w->body_n + n))
		return false;
	memcpy(w->body + w->body_n, p, n);
	w->body_n += n;
	return true;
}

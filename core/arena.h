/*
 * Arenas: all memory of one request, or of one policy set, given back in one call.
 *
 * An arena hands out zeroed memory from chunks up to a hard cap. Past the cap, or when the system
 * has no memory, arena_alloc() returns NULL and the arena latches `exhausted`, so that the end of a
 * request can ask once whether anything did not fit; an exhausted request is denied.
 *
 * Nothing is freed singly. Pointers are good until arena_reset() or arena_free(). An arena belongs
 * to one thread at a time; it has no lock.
 *
 * Under AddressSanitizer unused and freed bytes are poisoned and every allocation is followed by a
 * red zone. Built with ARENA_MALLOC each allocation is a malloc of its own, so that memory checkers
 * see all of them.
 */
#ifndef ASSAY_CORE_ARENA_H
#define ASSAY_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct arena;

/* A new arena that never holds more than cap_bytes of allocations (rounding and red zones
 * included). NULL when the system has no memory. Owned by the caller. */
struct arena *arena_new(size_t cap_bytes);

/* Give everything back to the system. NULL is fine. */
void arena_free(struct arena *a);

/* Forget all allocations and the latch; keeps one chunk, as large as was needed up to 512 KiB, so that the
 * next request is cheap. */
void arena_reset(struct arena *a);

/* `n` zeroed bytes aligned for any type; n == 0 gives a unique pointer. NULL past the cap. */
void *arena_alloc(struct arena *a, size_t n);

/* count * size zeroed bytes; an overflowing product counts as past the cap. */
void *arena_calloc(struct arena *a, size_t count, size_t size);

/* n bytes that are NOT zeroed, for buffers that are written whole right away. */
void *arena_alloc_raw(struct arena *a, size_t n);

/* Copy of n bytes, followed by a NUL that is not counted. NULL past the cap. */
char *arena_dup(struct arena *a, const void *p, size_t n);

/* For arrays that grow item by item: `items` (n of them, of `size` bytes, room for *room) if one more fits,
 * else a copy with twice the room, new items zeroed. NULL past the cap; `items` and *room then stay.
 *   struct x *more = arena_grow(a, l->items, l->n, sizeof *more, &l->room); */
void *arena_grow(struct arena *a, void *items, size_t n, size_t size, size_t *room);

bool arena_exhausted(const struct arena *a); /* did any allocation fail since the last reset? */
size_t arena_used(const struct arena *a);    /* bytes handed out, rounding included */
size_t arena_cap(const struct arena *a);
size_t arena_count(const struct arena *a); /* allocations since the last reset */

/* A moment of the arena. arena_rewind() gives back all that was allocated since, whose pointers are then
 * no longer good; the latch stays. Marks are good until an earlier one is rewound to, or a reset. */
struct arena_mark {
	size_t used;
	size_t count;
	void *chunks;
	char *free;
	size_t left;
	size_t next_size;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, const struct arena_mark *m);

/* Tests: let the n-th allocation from now (1 = next) fail as if the cap were reached; 0 = off. */
void arena_fail_at(struct arena *a, size_t n);

/* For CLEANUP(arena_cleanup) on a `struct arena *` in a scope. */
void arena_cleanup(struct arena **a);
#define CLEANUP(f) __attribute__((cleanup(f)))

#endif

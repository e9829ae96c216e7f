#include "core/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT _Alignof(max_align_t)
#define FIRST_CHUNK (16u << 10)
#define MAX_CHUNK (4u << 20)
#define FIRST_ROOM 8 /* items of an array that grows */
#define KEPT_CHUNK (512u << 10)

/* The one place that knows AddressSanitizer. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define RED_ZONE ALIGNMENT
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define RED_ZONE ((size_t)0)
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

struct chunk {
	struct chunk *next;
	_Alignas(max_align_t) char bytes[];
};

struct arena {
	size_t cap;
	size_t used; /* <= cap */
	size_t count;
	size_t fail_at; /* allocations until the one that fails; 0: none */
	bool exhausted;
	struct chunk *chunks; /* all but the first, newest first */
	struct chunk *first;  /* NULL with ARENA_MALLOC */
	size_t first_size;
	char *free; /* the free run of the current chunk */
	size_t left;
	size_t next_size; /* of the next shared chunk */
};

static void free_chunks(struct arena *a)
{
	while (a->chunks) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
}

static struct chunk *new_chunk(struct arena *a, size_t size, bool zero)
{
	/* Big blocks from calloc are fresh pages that need no second zeroing. */
	struct chunk *c = zero ? calloc(1, sizeof(*c) + size) : malloc(sizeof(*c) + size);

	if (!c)
		return NULL;
	c->next = a->chunks;
	a->chunks = c;
	POISON(&c->next + 1, offsetof(struct chunk, bytes) - sizeof(c->next));
	return c;
}

#ifdef ARENA_MALLOC

static bool start(struct arena *a)
{
	(void)a;
	return true;
}

static void restart(struct arena *a)
{
	free_chunks(a);
}

/* An allocation of its own, as long as asked for, so that memory checkers see its exact end. */
static void *take(struct arena *a, size_t n, size_t need, bool zero)
{
	struct chunk *c = new_chunk(a, n, zero);

	(void)need;
	return c ? c->bytes : NULL;
}

#else

static void use_run(struct arena *a, struct chunk *c, size_t size)
{
	a->free = c->bytes;
	a->left = size;
	POISON(a->free, a->left);
}

static bool start(struct arena *a)
{
	a->first_size = a->cap < FIRST_CHUNK ? a->cap : FIRST_CHUNK;
	a->first = malloc(sizeof(*a->first) + a->first_size);
	if (!a->first)
		return false;
	use_run(a, a->first, a->first_size);
	a->next_size = 2 * FIRST_CHUNK;
	return true;
}

/* The first chunk becomes one that holds all that was needed this time, so that the next time it is
 * enough alone. Without memory the small one stays. */
static void enlarge_first(struct arena *a)
{
	size_t size = a->first_size;
	struct chunk *c;

	while (size < a->used)
		size *= 2;
	if (size > a->cap)
		size = a->cap;
	c = malloc(sizeof(*c) + size);
	if (!c)
		return;
	free(a->first);
	a->first = c;
	a->first_size = size;
}

static void restart(struct arena *a)
{
	bool outgrown = a->chunks != NULL && a->used <= KEPT_CHUNK;

	free_chunks(a);
	if (outgrown)
		enlarge_first(a);
	use_run(a, a->first, a->first_size);
	a->next_size = 2 * FIRST_CHUNK;
}

/* A block of its own for what is big: the current chunk goes on, and at most a quarter of a shared
 * chunk is ever left over. */
static void *take_big(struct arena *a, size_t n, size_t need, bool zero)
{
	struct chunk *c = new_chunk(a, need, zero);

	if (!c)
		return NULL;
	POISON(c->bytes + n, need - n);
	return c->bytes;
}

static bool grow(struct arena *a)
{
	size_t room = a->cap - a->used;
	size_t size = a->next_size < room ? a->next_size : room;
	struct chunk *c = new_chunk(a, size, false);

	if (!c)
		return false;
	use_run(a, c, size);
	if (a->next_size < MAX_CHUNK)
		a->next_size *= 2;
	return true;
}

static void *take(struct arena *a, size_t n, size_t need, bool zero)
{
	char *p;

	if (need > a->left) {
		if (need > a->next_size / 4)
			return take_big(a, n, need, zero);
		if (!grow(a))
			return NULL;
	}
	p = a->free;
	a->free += need;
	a->left -= need;
	UNPOISON(p, n);
	if (zero)
		memset(p, 0, n);
	return p;
}

#endif

static void *fail(struct arena *a)
{
	a->exhausted = true;
	return NULL;
}

static void *alloc(struct arena *a, size_t n, bool zero)
{
	size_t need, room = a->cap - a->used;
	void *p;

	if (a->fail_at > 0 && --a->fail_at == 0)
		return fail(a);
	if (n > room)
		return fail(a);
	/* cannot overflow: n <= cap <= PTRDIFF_MAX */
	need = ((n ? n : 1) + RED_ZONE + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (need > room)
		return fail(a);
	p = take(a, n, need, zero);
	if (!p)
		return fail(a);
	a->used += need;
	a->count++;
	return p;
}

struct arena *arena_new(size_t cap_bytes)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->cap = cap_bytes < PTRDIFF_MAX ? cap_bytes : PTRDIFF_MAX;
	if (!start(a)) {
		free(a);
		return NULL;
	}
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	free_chunks(a);
	free(a->first);
	free(a);
}

void arena_reset(struct arena *a)
{
	restart(a);
	a->used = 0;
	a->count = 0;
	a->exhausted = false;
}

void *arena_alloc(struct arena *a, size_t n)
{
	return alloc(a, n, true);
}

void *arena_alloc_raw(struct arena *a, size_t n)
{
	return alloc(a, n, false);
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	/* SIZE_MAX is past every cap. */
	if (size > 0 && count > SIZE_MAX / size)
		return alloc(a, SIZE_MAX, true);
	return alloc(a, count * size, true);
}

char *arena_dup(struct arena *a, const void *p, size_t n)
{
	char *copy = alloc(a, n < SIZE_MAX ? n + 1 : n, false);

	if (!copy)
		return NULL;
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t size, size_t *room)
{
	size_t more = *room > 0 ? *room * 2 : FIRST_ROOM;
	void *p;

	if (n < *room)
		return items;
	p = arena_calloc(a, more, size);
	if (!p)
		return NULL;
	if (n > 0)
		memcpy(p, items, n * size);
	*room = more;
	return p;
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->used, a->count, a->chunks, a->free, a->left, a->next_size};
}

void arena_rewind(struct arena *a, const struct arena_mark *m)
{
	while (a->chunks != m->chunks) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
	a->used = m->used;
	a->count = m->count;
	a->free = m->free;
	a->left = m->left;
	a->next_size = m->next_size;
	if (a->left > 0)
		POISON(a->free, a->left);
}

bool arena_exhausted(const struct arena *a)
{
	return a->exhausted;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

size_t arena_cap(const struct arena *a)
{
	return a->cap;
}

size_t arena_count(const struct arena *a)
{
	return a->count;
}

void arena_fail_at(struct arena *a, size_t n)
{
	a->fail_at = n;
}

void arena_cleanup(struct arena **a)
{
	arena_free(*a);
}

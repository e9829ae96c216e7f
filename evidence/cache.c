#include "evidence/cache.h"

#include <stdlib.h>

/* What malloc adds to a block. */
#define BLOCK_OVERHEAD 16

/* Slots of the index to begin with; it doubles when entries are more. */
#define FIRST_SLOTS 256

struct entry {
	struct entry *next; /* of the slot */
	struct entry *newer, *older;
	struct cache_key key;
	int64_t ends_mono_ms;
	struct evidence_shared *verdict;
};

struct cache {
	struct cache_limits limits;
	struct entry **slots;
	size_t n_slots; /* a power of two */
	size_t n;
	size_t bytes;
	struct entry *newest, *oldest; /* by last use */
};

struct cache *cache_new(const struct cache_limits *l)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->limits = *l;
	c->n_slots = FIRST_SLOTS;
	c->slots = calloc(c->n_slots, sizeof(struct entry *));
	if (!c->slots) {
		free(c);
		return NULL;
	}
	c->bytes = sizeof(*c) + c->n_slots * sizeof(*c->slots);
	return c;
}

static size_t cost(const struct entry *e)
{
	return sizeof(*e) + evidence_bytes(e->verdict) + 2 * BLOCK_OVERHEAD;
}

static struct entry **slot(const struct cache *c, const struct cache_key *k)
{
	uint64_t place, want;

	memcpy(&place, k->place.bytes, sizeof(place));
	memcpy(&want, k->want.bytes, sizeof(want));
	return &c->slots[(place ^ want) & (c->n_slots - 1)];
}

static bool same_key(const struct cache_key *a, const struct cache_key *b)
{
	return memcmp(a->place.bytes, b->place.bytes, SHA256_BYTES) == 0 &&
	       memcmp(a->want.bytes, b->want.bytes, SHA256_BYTES) == 0;
}

/* ---- the order of use ---- */

static void unlist(struct cache *c, struct entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void list_first(struct cache *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

/* ---- entries ---- */

static void drop(struct cache *c, struct entry *e)
{
	struct entry **at = slot(c, &e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlist(c, e);
	c->n--;
	c->bytes -= cost(e);
	evidence_unref(e->verdict);
	free(e);
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	while (c->oldest)
		drop(c, c->oldest);
	free(c->slots);
	free(c);
}

static struct entry *find(const struct cache *c, const struct cache_key *k)
{
	struct entry *e = *slot(c, k);

	while (e && !same_key(&e->key, k))
		e = e->next;
	return e;
}

struct evidence_shared *cache_get(struct cache *c, const struct cache_key *k, int64_t now_mono_ms)
{
	struct entry *e = find(c, k);

	if (!e)
		return NULL;
	if (now_mono_ms >= e->ends_mono_ms) {
		drop(c, e);
		return NULL;
	}
	unlist(c, e);
	list_first(c, e);
	return evidence_ref(e->verdict);
}

/* Without memory the index stays as it is: longer chains are slower, not wrong. */
static void grow(struct cache *c)
{
	size_t n = c->n_slots * 2, old_n = c->n_slots;
	struct entry **old = c->slots;
	struct entry **slots = calloc(n, sizeof(struct entry *));

	if (!slots)
		return;
	c->slots = slots;
	c->n_slots = n;
	c->bytes += (n - old_n) * sizeof(*slots);
	for (size_t i = 0; i < old_n; i++) {
		struct entry *next;
		for (struct entry *e = old[i]; e; e = next) {
			struct entry **at = slot(c, &e->key);
			next = e->next;
			e->next = *at;
			*at = e;
		}
	}
	free(old);
}

/* The one just put goes last, if it alone is too large. */
static void shrink(struct cache *c)
{
	while (c->bytes > c->limits.bytes && c->oldest)
		drop(c, c->oldest);
}

void cache_put(struct cache *c, const struct cache_key *k, struct evidence_shared *s,
	       int64_t now_mono_ms)
{
	const struct evidence *v = evidence_of(s);
	struct entry *old = find(c, k), *e;

	if (!evidence_is_final(v))
		return;
	if (old)
		drop(c, old);
	e = malloc(sizeof(*e));
	if (!e)
		return;
	bool yes = v->state == VERIFY_STATE_VERIFIED;
	*e = (struct entry){.next = *slot(c, k),
			    .key = *k,
			    .ends_mono_ms =
				    now_mono_ms + (yes ? c->limits.yes_ms : c->limits.no_ms),
			    .verdict = evidence_ref(s)};
	*slot(c, k) = e;
	list_first(c, e);
	c->n++;
	c->bytes += cost(e);
	if (c->n > c->n_slots)
		grow(c);
	shrink(c);
}

size_t cache_entries(const struct cache *c)
{
	return c->n;
}

size_t cache_bytes(const struct cache *c)
{
	return c->bytes;
}

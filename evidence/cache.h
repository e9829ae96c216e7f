/*
 * Verdicts that were found, for a while. Plain data without a lock: whoever owns it serialises.
 *
 * A "yes" holds longer than a "no"; what is no verdict (evidence_is_final) is not kept at all. Bounded in
 * bytes: past the bound the one not used for longest is forgotten. The key names everything that the
 * verdict depends on, so nothing is ever invalidated.
 */
#ifndef ASSAY_EVIDENCE_CACHE_H
#define ASSAY_EVIDENCE_CACHE_H

#include "core/digest.h"
#include "evidence/evidence.h"

struct cache_key {
	struct sha256
		place; /* digest, repositories, trust material; salted, so that nobody can choose it */
	struct sha256 want;
};

struct cache;
struct cache_limits {
	size_t bytes;
	int64_t yes_ms;
	int64_t no_ms;
};

struct cache *cache_new(const struct cache_limits *l); /* NULL: no memory */
void cache_free(struct cache *c);                      /* NULL is fine */

/* The verdict, with a reference for the caller; NULL: none, or its time is over. */
struct evidence_shared *cache_get(struct cache *c, const struct cache_key *k, int64_t now_mono_ms);
/* Keep it, with a reference of the cache's own. Without memory, or when it alone is past the bound, it is
 * not kept. */
void cache_put(struct cache *c, const struct cache_key *k, struct evidence_shared *s,
	       int64_t now_mono_ms);

size_t cache_entries(const struct cache *c);
size_t cache_bytes(const struct cache *c); /* of memory, the index included */

#endif

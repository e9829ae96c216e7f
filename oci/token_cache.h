/*
 * Tokens of registries, each fetched once however many threads want it.
 *
 * A key names registry, token service and scope. One thread gets the duty to fetch, the others wait for
 * what it brings, at most until their own deadlines; a failure is shared with those who wait and then
 * forgotten. Tokens are secrets: they are never part of a text. Any thread.
 */
#ifndef ASSAY_OCI_TOKEN_CACHE_H
#define ASSAY_OCI_TOKEN_CACHE_H

#include "core/arena.h"
#include "core/clock.h"
#include "oci/source.h"

struct token_cache;
struct token_cache *token_cache_new(const struct clock *clock); /* NULL: no memory */
void token_cache_free(struct token_cache *c);

enum token_find {
	TOKEN_LATE = 0, /* the deadline passed, or no memory */
	TOKEN_FAILED,   /* another thread tried just now: *outcome and *text, in `a` */
	TOKEN_HERE,     /* *token, in `a` */
	TOKEN_FETCH, /* fetch it, then call token_cache_put() or token_cache_fail(), in any case */
};

/* `stale`: a token that was refused and must not be handed out again; empty if none. */
enum token_find token_cache_get(struct token_cache *c, struct str key, struct str stale,
				struct deadline d, struct arena *a, struct str *token,
				enum registry_outcome *outcome, struct str *text);
/* A token that holds for `ms` from now. */
void token_cache_put(struct token_cache *c, struct str key, struct str token, int64_t ms);
void token_cache_fail(struct token_cache *c, struct str key, enum registry_outcome outcome,
		      struct str text);

#endif

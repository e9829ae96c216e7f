/*
 * The three reply headers that hold a grammar of their own: WWW-Authenticate, Link, Retry-After. Their
 * text is hostile. Any thread.
 */
#ifndef ASSAY_OCI_HEADER_H
#define ASSAY_OCI_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

enum auth_scheme { AUTH_NONE = 0, AUTH_BASIC, AUTH_BEARER };

struct challenge {
	enum auth_scheme scheme;
	struct str realm; /* BEARER: the URL of the token service, unchecked */
	struct str service;
	struct str scope;
};

/* The challenge to answer among those of one or more headers joined with ", ": Bearer with a realm
 * rather than Basic. A challenge with a parameter given twice is passed over. False when there is none.
 * In `a`. source: RFC 9110 section 11.6.1, distribution "Token Authentication" */
bool challenge_parse(struct arena *a, struct str header, struct challenge *out);

/* The target of the first link with the relation "next"; false if there is none. Borrows.
 * source: RFC 8288 section 3 */
bool link_next(struct str header, struct str *out);

/* Seconds, or a date; at most LIMIT_RETRY_AFTER_MS. False if it is neither. */
bool retry_after_ms(struct str header, int64_t now_unix_s, int64_t *ms);

#endif

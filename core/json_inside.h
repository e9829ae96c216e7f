/*
 * The two readers behind json_parse(). Private to core/json*.c, their tests and their fuzz target.
 *
 * The direct one is fast and only ever says yes: it builds the tree in one pass, or gives up without a
 * word. The library's (jansson) decides and explains whatever the direct one did not take. So the
 * direct one must take nothing that the library refuses, and must make the same tree of it.
 */
#ifndef ASSAY_CORE_JSON_INSIDE_H
#define ASSAY_CORE_JSON_INSIDE_H

#include "core/json.h"

/* True and the tree in *out; false: not taken, and `a` is as it was but for the latch of exhaustion. */
bool json_read_direct(struct arena *a, struct str bytes, const struct json_options *o,
		      struct node **out);

/* What json_parse() promises. */
int json_read_library(struct arena *a, struct str bytes, const struct json_options *o,
		      struct node **out, struct position *where, struct err *e) MUST_USE;

/* "too large: ...", kind LIMIT; returns -1. */
int json_no_room(const struct arena *a, struct err *e);

#endif

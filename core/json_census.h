/*
 * A first pass over a JSON text: how deep it nests and how much memory its reader can need at most.
 * It follows strings and brackets only and accepts anything. For core/json.c.
 */
#ifndef ASSAY_CORE_JSON_CENSUS_H
#define ASSAY_CORE_JSON_CENSUS_H

#include <stddef.h>

#include "core/str.h"
#include "core/yaml.h" /* struct position */

/* The most bytes that jansson 2.14 and the node tree take on a 64-bit system, when each allocation of the
 * library is rounded up to 8 bytes and nothing is freed. */
struct json_need {
	size_t library;
	size_t tree; /* with its strings */
};

/* Where more than LIMIT_DEPTH maps and lists are open, the pass ends, *deep is the offset of the bracket
 * and the result means nothing. */
struct json_need json_census(struct str in, size_t *deep);

/* Line and column (in characters) of the byte at offset `at`. */
struct position json_position(struct str in, size_t at);

#endif

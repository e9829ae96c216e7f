/*
 * The one tree for everything that is read: policies, manifests, reviews.
 *
 * Nodes, keys and strings live in the arena given to the reader; strings may hold NUL bytes and are
 * slices. A tree is read-only once built and may then be read by any thread. Lookups in maps are
 * linear: objects of this domain have a few dozen keys at most, and the limits bound the rest.
 */
#ifndef ASSAY_CORE_NODE_H
#define ASSAY_CORE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

enum node_type {
	NODE_NULL = 0,
	NODE_BOOL,
	NODE_INT,
	NODE_REAL,
	NODE_STR,
	NODE_LIST,
	NODE_MAP,
};

struct node_pair;

struct node {
	enum node_type type;
	bool quoted;   /* YAML: a scalar written in quotes or as a block; always a string */
	uint32_t line; /* 1-based, 0 when the source has no positions */
	uint32_t column;
	union {
		bool boolean;
		int64_t integer;
		double real;
		struct str str;
		struct {
			struct node **items;
			size_t n;
		} list;
		struct {
			struct node_pair *pairs; /* in source order, keys unique */
			size_t n;
		} map;
	};
	struct str source; /* YAML plain scalars: the text as written; empty otherwise */
};

struct node_pair {
	struct str key;
	uint32_t line; /* of the key */
	uint32_t column;
	struct node *value; /* never NULL */
};

/* The value of `key` in a map; NULL if absent or if n is NULL or no map. */
const struct node *node_get(const struct node *n, struct str key);
/* The same, but a null value counts as absent. */
const struct node *node_get_set(const struct node *n, struct str key);
/* The pair itself, for positions. */
const struct node_pair *node_pair(const struct node *n, struct str key);
/* String value or an empty slice when n is NULL or no string. */
struct str node_str(const struct node *n);
/* Item i of a list, NULL if n is NULL, no list, or too short. */
const struct node *node_at(const struct node *n, size_t i);
size_t node_len(const struct node *n);                   /* items or pairs; 0 for everything else */
bool node_is(const struct node *n, enum node_type type); /* false for NULL */
const char *node_type_name(
	enum node_type type); /* "null", "boolean", "integer", "number", "string", "list", "map" */

#endif

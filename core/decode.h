/*
 * Strict decoders of configuration trees, for every reader of YAML configuration.
 *
 * Decoders take the place of a value and write their result only when it is right; what is wrong
 * becomes a problem, and they go on, so that all problems are listed at once. An absent value is no
 * problem of theirs: decode_map() has already missed the required ones. One thread at a time.
 */
#ifndef ASSAY_CORE_DECODE_H
#define ASSAY_CORE_DECODE_H

#include "core/arena.h"
#include "core/node.h"
#include "core/problem.h"
#include "core/yaml.h" /* struct position */

struct decoder {
	struct problems *problems;
	struct arena *arena;   /* results that stay */
	struct arena *scratch; /* trees, paths and quotes: gone after the load */
	struct str file;       /* of the document at work, as shown */
};

/* Where a value stands: the path and the position of its problems. */
struct decode_at {
	const struct decode_at *up; /* NULL: the document */
	const char *key;            /* NULL: item `index` of a list */
	size_t index;
	const struct node *node; /* NULL: absent */
};

enum decode_need { DECODE_OPTIONAL = 0, DECODE_REQUIRED, DECODE_UNSUPPORTED };
struct decode_key {
	const char *name;
	enum decode_need need;
	const char *want; /* what a missing one should have been */
};

struct decode_at decode_member(const struct decode_at *up, const char *key);
struct decode_at decode_item(const struct decode_at *up, size_t i);
/* The place of its problems: an absent value stands where its nearest present parent does. */
struct position decode_place(const struct decode_at *at);

/* Parts of texts of problems, in scratch, never NULL: */
/* "spec.rules[0].name"; "the document" for the document itself. */
const char *decode_path(struct decoder *d, const struct decode_at *at);
/* The text between double quotes, escaped and cut. */
const char *decode_quote(struct decoder *d, struct str s);
/* A key that the user chose, as part of a path. */
const char *decode_key_path(struct decoder *d, const struct node_pair *pair);
/* "a, b or c" */
const char *decode_words(struct decoder *d, const char *const *words, const char *last);
/* ": did you mean "x"?", or "" when no candidate is near. */
const char *decode_nearest(struct decoder *d, struct str word, const struct str *names, size_t n);

/* Problems of the value at `at`: "PATH: fmt". */
void decode_error(struct decoder *d, const struct decode_at *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void decode_warning(struct decoder *d, const struct decode_at *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* "PATH: got FOUND, want WANT" */
void decode_wrong(struct decoder *d, const struct decode_at *at, const char *want);
/* Problems of a key: its own position and text. */
void decode_key_error(struct decoder *d, const struct node_pair *pair, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Is it a map, and are its keys the right ones? False only when it is no map. An unknown key is
 * reported with the nearest valid one; DECODE_UNSUPPORTED ones are refused by name. */
bool decode_map(struct decoder *d, const struct decode_at *at, const struct decode_key *keys,
		size_t n);
/* Is it a list of at least one? */
bool decode_list(struct decoder *d, const struct decode_at *at, const char *want);
/* A string that is not blank, copied into the arena. */
bool decode_str(struct decoder *d, const struct decode_at *at, const char *want, struct str *out);
/* Index of the word. */
bool decode_word(struct decoder *d, const struct decode_at *at, const char *const *words,
		 size_t *out);
/* A copy in the arena; false: it does not fit. */
bool decode_copy(struct decoder *d, struct str in, struct str *out);
bool decode_bool(struct decoder *d, const struct decode_at *at, bool *out);
bool decode_int(struct decoder *d, const struct decode_at *at, int64_t min, int64_t max,
		int64_t *out);
/* A duration as "3s" or "300ms", in milliseconds. */
bool decode_ms(struct decoder *d, const struct decode_at *at, int64_t min_ms, int64_t max_ms,
	       int64_t *out);

#endif

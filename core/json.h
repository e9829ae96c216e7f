/*
 * Strict JSON into the node tree, and a JSON writer.
 *
 * The reader refuses duplicate keys, invalid UTF-8, trailing bytes, integers beyond int64, and anything
 * past core/limits.h; "\u0000" is allowed because the API server lets it through. JSON nodes carry no
 * positions. Good JSON is read in one pass of our own; what that pass does not take, jansson decides and
 * explains (core/json_inside.h). Nobody else includes jansson.h.
 */
#ifndef ASSAY_CORE_JSON_H
#define ASSAY_CORE_JSON_H

#include "core/arena.h"
#include "core/err.h"
#include "core/limits.h"
#include "core/node.h"
#include "core/str.h"
#include "core/text.h"
#include "core/yaml.h" /* struct position */

struct json_options {
	/* A map key whose value is not kept (it is still read strictly); the node is left out. For
	 * metadata.managedFields, half of a review's bytes. Empty: keep all. */
	struct str skip_key;
	const struct read_limits *limits; /* NULL: those of core/limits.h */
};

/* Parse one JSON text from `bytes` into `a`; *out is never NULL on success. `o` may be NULL. On
 * failure -1, *e (INPUT, LIMIT, MEMORY) and the place in *where (may be NULL). `bytes` may go
 * afterwards. Any thread; all working memory comes from `a`. */
int json_parse(struct arena *a, struct str bytes, const struct json_options *o, struct node **out,
	       struct position *where, struct err *e) MUST_USE;

/* Once, before threads start: fixes the hash seed and the allocator of the library. json_parse()
 * also does it, race-free. */
void json_init(void);

/* Append a JSON string literal. Escaped: '"', '\', C0, DEL, C1, and what text_is_invisible() names, so that a log
 * line can be looked at on a terminal; readers of JSON get the characters back. Malformed UTF-8 becomes
 * U+FFFD: the result is always valid JSON. */
void json_put_str(struct text *t, struct str s);

/*
 * Writer: objects and lists with the commas done for you; failure is the text's sticky one.
 *   json_open(&w, '{'); json_key(&w, S("a")); json_str(&w, v); json_close(&w);
 */
struct json_writer {
	struct text *t;
	uint32_t depth;     /* <= 31 */
	uint32_t list_bits; /* bit d: level d is a list */
	uint32_t more_bits; /* bit d: level d has a member already */
};
void json_writer_init(struct json_writer *w, struct text *t);
void json_open(struct json_writer *w, char bracket); /* '{' or '[' */
void json_close(struct json_writer *w);
void json_key(struct json_writer *w, struct str key);
void json_str(struct json_writer *w, struct str s);
void json_int(struct json_writer *w, int64_t v);
void json_bool(struct json_writer *w, bool v);
void json_raw(struct json_writer *w, struct str json); /* a value already rendered */
/* The whole tree; positions are not written. For tests and --help of shapes. */
void json_node(struct json_writer *w, const struct node *n);

/* Version of the library underneath, e.g. "2.14". */
const char *json_library_version(void);

#endif

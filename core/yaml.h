/*
 * Strict YAML into the node tree (libyaml underneath; nobody else includes yaml.h).
 *
 * YAML 1.2 core schema for plain scalars: null/~/empty, true/false, integers (decimal, 0x, 0o),
 * reals. kubectl reads YAML 1.1. Where the two differ a scalar stays a string, and whoever expected
 * something else says so: yes/no/on/off, integers with leading zeros (octal in 1.1), with underscores,
 * in base 2 or beyond int64, and infinities. Dates are strings.
 *
 * Refused with position and reason: duplicate keys, keys that are no strings (among plain ones null,
 * booleans of 1.1 and 1.2 and all numbers but the decimal integers, which count as their text),
 * anchors, aliases, merge keys, tags, directives other than %YAML, bytes that are no UTF-8, control
 * characters, line breaks of 1.1 only (U+0085, U+2028, U+2029), and anything past core/limits.h.
 * JSON text is read too, unless it spells a character as two \u surrogates or has a key of more than
 * 1,024 characters.
 */
#ifndef ASSAY_CORE_YAML_H
#define ASSAY_CORE_YAML_H

#include "core/arena.h"
#include "core/err.h"
#include "core/limits.h"
#include "core/node.h"
#include "core/str.h"

struct yaml_doc {
	struct node *root; /* never NULL; an empty document is a null node */
	uint32_t line;     /* where the document starts */
};

struct yaml_stream {
	struct yaml_doc *docs;
	size_t n; /* documents that were read before an error, all of them on success */
};

/* Where a reader stopped: 1-based, 0 when unknown. */
struct position {
	uint32_t line;
	uint32_t column;
};

/* Parse a stream of documents from `bytes` into `a`. Empty documents (only comments or white space)
 * are left out. On failure -1 with *e (kind INPUT or LIMIT; the text has no position) and the place
 * in *where (may be NULL); out->docs then holds the documents before it. Copies what it keeps: `bytes`
 * may go. */
int yaml_parse_within(struct arena *a, struct str bytes, const struct read_limits *limits,
		      struct yaml_stream *out, struct position *where, struct err *e) MUST_USE;

/* The same within the limits of core/limits.h. */
MUST_USE static inline int yaml_parse(struct arena *a, struct str bytes, struct yaml_stream *out,
				      struct position *where, struct err *e)
{
	return yaml_parse_within(a, bytes, &(struct read_limits){0}, out, where, e);
}

/* Version of the library underneath, e.g. "0.2.5". */
const char *yaml_library_version(void);

#endif

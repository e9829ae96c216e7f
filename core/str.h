/*
 * Strings as slices: {pointer, length}. Never NUL-dependent: what arrives from a cluster may hold
 * NUL bytes. A slice borrows; the header that hands it out says from whom and until when.
 */
#ifndef ASSAY_CORE_STR_H
#define ASSAY_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p; /* may be NULL when n == 0 */
	size_t n;
};

/* A literal or array as a slice, without its NUL. */
#define S(lit) ((struct str){(lit), sizeof(lit) - 1})
/* For printf's "%.*s". Only for text known to hold no control characters. */
#define STR_ARG(s) (int)((s).n > 4096 ? 4096 : (s).n), ((s).p ? (s).p : "")

struct str str_of(const char *z); /* from a NUL-terminated string; NULL gives empty */
struct str str_sub(struct str s, size_t from, size_t to); /* clamped to the string */
bool str_eq(struct str a, struct str b);        /* equal bytes; every empty slice is equal */
bool str_eq_nocase(struct str a, struct str b); /* ASCII case folded */
int str_cmp(struct str a, struct str b);        /* byte order, shorter first; for sorting */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_has_char(struct str s, char c);
/* Index of the first / last `c`, or SIZE_MAX. */
size_t str_find(struct str s, char c);
size_t str_rfind(struct str s, char c);
/* Cut at the first `c`: *head is before it, *tail after it; false (and nothing written) if absent. */
bool str_cut(struct str s, char c, struct str *head, struct str *tail);
struct str str_trim(struct str s); /* without leading and trailing space, tab, CR, LF */

/* Glob where '*' is any run of bytes (also empty) and nothing else is special. Linear time. */
bool str_glob(struct str pattern, struct str s);

/* Decimal digits only, no sign, no overflow: false if the text is anything else. */
bool str_to_u64(struct str s, uint64_t *out);

/* True if the bytes are well-formed UTF-8 (no surrogates, no overlong forms, <= U+10FFFF).
 * source: RFC 3629 section 4 */
bool str_is_utf8(struct str s);
/* Length 1-4 of the well-formed UTF-8 sequence at the start of s, its code point in *cp; 0 if the
 * bytes there are malformed or s is empty. */
size_t str_utf8_next(struct str s, uint32_t *cp);

/* The candidate nearest to `word` by edit distance when it is near enough to be meant (at most 2
 * edits, or a third of the length); an empty slice otherwise. For "did you mean". */
struct str str_nearest(struct str word, const struct str *candidates, size_t n);

#endif

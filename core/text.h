/*
 * A text builder with a bound and a sticky failure.
 *
 * Append what you like and ask once at the end with text_done(): after the first append that does
 * not fit, or a failed allocation, all appends do nothing. Memory comes from an arena, or from the
 * caller's fixed buffer. Not for sharing between threads.
 */
#ifndef ASSAY_CORE_TEXT_H
#define ASSAY_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

/* Where something was left out, in texts for people. */
#define ELLIPSIS "\xE2\x80\xA6"

struct text {
	char *p; /* always NUL-terminated when cap > 0 */
	size_t n;
	size_t cap;
	size_t max;
	struct arena *arena; /* NULL: fixed buffer */
	bool failed;
};

/* Grow in `a` up to max bytes. Nothing is allocated before the first append. */
void text_init(struct text *t, struct arena *a, size_t max);
/* Use buf[size]; holds at most size - 1 bytes. */
void text_init_fixed(struct text *t, char *buf, size_t size);

void text_put(struct text *t, struct str s);

/* Inline: an answer is put together from some hundred literals and single characters. */
static inline void text_puts(struct text *t, const char *z)
{
	text_put(t, (struct str){z, z ? strlen(z) : 0});
}

static inline void text_putc(struct text *t, char c)
{
	if (t->failed || t->cap - t->n < 2) {
		text_put(t, (struct str){&c, 1});
		return;
	}
	t->p[t->n++] = c;
	t->p[t->n] = '\0';
}

void text_printf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void text_put_i64(struct text *t, int64_t v);
void text_put_u64(struct text *t, uint64_t v);

/* A user's text for people to read, safe on a terminal and in a log: at most max_bytes of it, cut
 * on a UTF-8 boundary and marked "..."; '"' and '\' get a backslash; C0, DEL, C1 and malformed bytes
 * become \xNN; bidi controls, zero-width and other invisible characters become \uNNNN.
 * spec: admission section 6.2. Adds no surrounding quotes. */
void text_put_escaped(struct text *t, struct str s, size_t max_bytes);
/* The same for a statement that quotes values itself: '"' and '\' stay as they are. */
void text_put_statement(struct text *t, struct str s, size_t max_bytes);
/* The same between double quotes. */
void text_quote(struct text *t, struct str s, size_t max_bytes);

/* Characters that a reader does not see, or that move what he sees: bidi and format controls, zero-width
 * and other default-ignorable characters, spaces other than U+0020. */
bool text_is_invisible(uint32_t cp);

/* Length of the run at the start of `s` that is printable ASCII without '"' and '\': what neither this
 * file nor JSON escapes. */
size_t text_plain_run(struct str s);

/* Cut back to n bytes (no-op if shorter); does not clear a failure. */
void text_truncate(struct text *t, size_t n);

/* True and the whole text in *out if nothing failed; *out borrows from the arena or buffer and is
 * NUL-terminated. */
bool text_done(const struct text *t, struct str *out) MUST_USE;

#endif

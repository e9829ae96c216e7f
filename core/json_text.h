/* The insides of JSON strings and numbers, for core/json_direct.c: places in the input go in and come out,
 * NULL being the end of it all; nothing at or behind `end` is read. source: RFC 8259 */
#ifndef ASSAY_CORE_JSON_TEXT_H
#define ASSAY_CORE_JSON_TEXT_H

#include <endian.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/node.h"

/* 0 is no part of any JSON. */
static inline char json_at(const char *p, const char *end)
{
	return p < end ? *p : '\0';
}

static inline bool json_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* How many of the bytes at `p` are plain characters of a string, at most JSON_BLOCK. */
#ifdef __SSE2__

#define JSON_BLOCK 16

static inline unsigned json_copy_block(char *t, const char *p)
{
	__m128i block = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block);
	__m128i end = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
				   _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
	/* The highest bit of a byte is that of the block itself, too. */
	unsigned special =
		(unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(control, end), block));

	_mm_storeu_si128((__m128i *)(void *)t, block);
	return special ? (unsigned)__builtin_ctz(special) : JSON_BLOCK;
}

#else

#define JSON_BLOCK 8
#define JSON_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline unsigned json_copy_block(char *t, const char *p)
{
	uint64_t block, quote, backslash, special;

	memcpy(&block, p, JSON_BLOCK);
	memcpy(t, &block, JSON_BLOCK);
	block = le64toh(block);
	quote = block ^ JSON_EACH('"');
	backslash = block ^ JSON_EACH('\\');
	/* The lowest bit found is right; those above it may not be. */
	special = (((block - JSON_EACH(0x20)) & ~block) | ((quote - JSON_EACH(1)) & ~quote) |
		   ((backslash - JSON_EACH(1)) & ~backslash) | block) &
		  JSON_EACH(0x80);
	return special ? (unsigned)__builtin_ctzll(special) / 8 : JSON_BLOCK;
}

#endif

static inline bool json_is_plain(char c)
{
	return c != '"' && c != '\\' && (unsigned char)c >= 0x20 && (unsigned char)c < 0x80;
}

/* Copy plain characters up to the first other byte, or the end. */
static inline const char *json_copy_plain(const char *p, const char *end, char **text)
{
	char *t = *text;
	unsigned n = JSON_BLOCK;

	while (n == JSON_BLOCK && end - p >= JSON_BLOCK) {
		n = json_copy_block(t, p);
		p += n;
		t += n;
	}
	while (n == JSON_BLOCK && p < end && json_is_plain(*p))
		*t++ = *p++;
	*text = t;
	return p;
}

/* Behind the plain characters that a string begins with: the rest, up to its closing quote. What it
 * means goes to *text, which moves on; it is never longer than what was read. NULL: not a string. */
const char *json_read_text(const char *p, const char *end, char **text);

/* At a digit or minus. *out becomes an INT or REAL. NULL: no number, an integer beyond 64 bits, a number
 * too large, or one with a fraction or exponent and too many digits for us. */
const char *json_read_number(const char *p, const char *end, struct node *out);

#endif

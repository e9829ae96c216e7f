#include "core/json_census.h"

#include <stddef.h>

#include "core/limits.h"
#include "core/node.h"

/* What the first pass counts. Right up to the first syntax error, and nothing after it is read. */
struct census {
	size_t maps;
	size_t lists;
	size_t commas;
	size_t colons;
	size_t string_bytes; /* with quotes, escapes not resolved */
	size_t longest;      /* token, or the gap between two structural characters */
};

/* Past the closing quote: the first one after an even number of backslashes. */
static const char *skip_string(const char *p, const char *end)
{
	const char *quote, *q;

	while ((quote = memchr(p, '"', (size_t)(end - p)))) {
		q = quote;
		while (q > p && q[-1] == '\\')
			q--;
		p = quote + 1;
		if ((quote - q) % 2 == 0)
			return p;
	}
	return end;
}

static void note_gap(struct census *c, ptrdiff_t n)
{
	if ((size_t)n > c->longest)
		c->longest = (size_t)n;
}

/* NULL, or where the nesting becomes too deep. */
static const char *take_census(struct str in, struct census *c)
{
	const char *p = in.p, *end = in.p + in.n, *last = in.p, *start;
	size_t depth = 0;

	while (p < end) {
		start = p;
		switch (*p++) {
		case '"':
			p = skip_string(p, end);
			c->string_bytes += (size_t)(p - start);
			break;
		case '{':
		case '[':
			if (++depth > LIMIT_DEPTH)
				return start;
			c->maps += *start == '{';
			c->lists += *start == '[';
			break;
		case '}':
		case ']':
			depth -= depth > 0;
			break;
		case ',':
			c->commas++;
			break;
		case ':':
			c->colons++;
			break;
		default:
			continue;
		}
		note_gap(c, p - last);
		last = p;
	}
	note_gap(c, end - last);
	return NULL;
}

/* The most that the library can need, for version 2.14 on 64 bits; each figure is rounded up to the next
 * 8 bytes, and tables that grow by doubling sum to less than four times what they hold. */
static size_t of_library(const struct census *c, size_t values)
{
	size_t need = 256;

	need += c->longest * 4;        /* token buffer, growing from 16 bytes */
	need += c->maps * (72 + 128);  /* object, first table */
	need += c->lists * (40 + 64);  /* array, first table */
	need += c->commas * 64;        /* larger tables */
	need += c->colons * (64 + 16); /* entry and copied key, less its bytes */
	need += c->string_bytes * 2;   /* text as read, and once more as a key */
	need += values * (32 + 16);    /* string, less its bytes; numbers need less */
	return need;
}

static size_t of_tree(const struct census *c, size_t values)
{
	size_t need = values * sizeof(struct node);

	need += c->colons * sizeof(struct node_pair);
	need += values * sizeof(struct node *);
	need += c->string_bytes; /* text, and a NUL instead of its quotes */
	return need;
}

struct position json_position(struct str in, size_t at)
{
	struct position pos = {1, 1};

	for (const char *p = in.p; p < in.p + at; p++) {
		if (*p == '\n') {
			pos.line++;
			pos.column = 1;
		} else if (((unsigned char)*p & 0xC0) != 0x80) {
			pos.column++;
		}
	}
	return pos;
}

struct json_need json_census(struct str in, size_t *deep)
{
	struct census c = {0};
	const char *p = take_census(in, &c);
	size_t values = c.commas + c.maps + c.lists + 1;

	if (p)
		*deep = (size_t)(p - in.p);
	return (struct json_need){of_library(&c, values), of_tree(&c, values)};
}

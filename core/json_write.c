#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"

#define MAX_DEPTH 31

static void put_escape(struct text *t, uint32_t cp)
{
	switch (cp) {
	case '"':
		text_puts(t, "\\\"");
		break;
	case '\\':
		text_puts(t, "\\\\");
		break;
	case '\n':
		text_puts(t, "\\n");
		break;
	case '\r':
		text_puts(t, "\\r");
		break;
	case '\t':
		text_puts(t, "\\t");
		break;
	default:
		if (cp > 0xFFFF) /* as a surrogate pair; source: RFC 8259 section 7 */
			text_printf(t, "\\u%04x\\u%04x", 0xD7C0 + (unsigned)(cp >> 10),
				    0xDC00 + (unsigned)(cp & 0x3FF));
		else
			text_printf(t, "\\u%04x", (unsigned)cp);
		break;
	}
}

/* Log lines are read on terminals too: what would play tricks there is written as an escape, which JSON
 * readers undo. */
static bool needs_escape(uint32_t cp)
{
	return cp < 0x20 || cp == '"' || cp == '\\' || (cp >= 0x7F && cp <= 0x9F) ||
	       (cp > 0x9F && text_is_invisible(cp));
}

void json_put_str(struct text *t, struct str s)
{
	size_t from = 0, i = 0, n;
	uint32_t cp;

	text_putc(t, '"');
	while ((i += text_plain_run(str_sub(s, i, s.n))) < s.n) {
		cp = (unsigned char)s.p[i];
		n = 1;
		if (cp >= 0x80) {
			n = str_utf8_next(str_sub(s, i, s.n), &cp);
			if (n == 0)
				cp = 0xFFFD;
		}
		if (n > 0 && !needs_escape(cp)) {
			i += n;
			continue;
		}
		text_put(t, str_sub(s, from, i));
		put_escape(t, cp);
		i += n > 0 ? n : 1;
		from = i;
	}
	text_put(t, str_sub(s, from, s.n));
	text_putc(t, '"');
}

void json_writer_init(struct json_writer *w, struct text *t)
{
	*w = (struct json_writer){.t = t};
}

static uint32_t level(const struct json_writer *w)
{
	return (uint32_t)1 << w->depth;
}

/* The comma, if one is due. In a map only json_key() puts commas: values follow their colon. */
static void begin_value(struct json_writer *w)
{
	if (!(w->list_bits & level(w)))
		return;
	if (w->more_bits & level(w))
		text_putc(w->t, ',');
	w->more_bits |= level(w);
}

void json_open(struct json_writer *w, char bracket)
{
	begin_value(w);
	if (w->depth >= MAX_DEPTH)
		BUG("json writer: deeper than %d", MAX_DEPTH);
	text_putc(w->t, bracket);
	w->depth++;
	w->more_bits &= ~level(w);
	if (bracket == '[')
		w->list_bits |= level(w);
	else
		w->list_bits &= ~level(w);
}

void json_close(struct json_writer *w)
{
	if (w->depth == 0)
		BUG("json writer: closed more than was opened");
	text_putc(w->t, w->list_bits & level(w) ? ']' : '}');
	w->depth--;
}

void json_key(struct json_writer *w, struct str key)
{
	if (w->depth == 0 || w->list_bits & level(w))
		BUG("json writer: key outside a map");
	if (w->more_bits & level(w))
		text_putc(w->t, ',');
	w->more_bits |= level(w);
	json_put_str(w->t, key);
	text_putc(w->t, ':');
}

void json_str(struct json_writer *w, struct str s)
{
	begin_value(w);
	json_put_str(w->t, s);
}

void json_int(struct json_writer *w, int64_t v)
{
	begin_value(w);
	text_put_i64(w->t, v);
}

void json_bool(struct json_writer *w, bool v)
{
	begin_value(w);
	text_puts(w->t, v ? "true" : "false");
}

void json_raw(struct json_writer *w, struct str json)
{
	begin_value(w);
	text_put(w->t, json);
}

/* The shortest of the usual precisions that reads back as the same number, and as a real. */
static void put_real(struct text *t, double v)
{
	char buf[40];

	if (!isfinite(v)) {
		text_puts(t, "null");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(buf, sizeof(buf), "%.*g", digits, v);
		if (strtod(buf, NULL) == v)
			break;
	}
	text_puts(t, buf);
	if (!strpbrk(buf, ".e"))
		text_puts(t, ".0");
}

/* Trees may be deeper than a writer counts, so this recursion keeps its own commas. Its depth is
 * that of the readers. */
static void put_node(struct text *t, const struct node *n)
{
	switch (n->type) {
	case NODE_NULL:
		text_puts(t, "null");
		break;
	case NODE_BOOL:
		text_puts(t, n->boolean ? "true" : "false");
		break;
	case NODE_INT:
		text_put_i64(t, n->integer);
		break;
	case NODE_REAL:
		put_real(t, n->real);
		break;
	case NODE_STR:
		json_put_str(t, n->str);
		break;
	case NODE_LIST:
		for (size_t i = 0; i < n->list.n; i++) {
			text_putc(t, i > 0 ? ',' : '[');
			put_node(t, n->list.items[i]);
		}
		text_puts(t, n->list.n > 0 ? "]" : "[]");
		break;
	case NODE_MAP:
		for (size_t i = 0; i < n->map.n; i++) {
			text_putc(t, i > 0 ? ',' : '{');
			json_put_str(t, n->map.pairs[i].key);
			text_putc(t, ':');
			put_node(t, n->map.pairs[i].value);
		}
		text_puts(t, n->map.n > 0 ? "}" : "{}");
		break;
	}
}

void json_node(struct json_writer *w, const struct node *n)
{
	begin_value(w);
	put_node(w->t, n);
}

#include "core/decode.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/clock.h"

#define TEXT_MAX 4096
#define QUOTE_MAX 128

struct decode_at decode_member(const struct decode_at *up, const char *key)
{
	return (struct decode_at){up, key, 0, node_get(up->node, str_of(key))};
}

struct decode_at decode_item(const struct decode_at *up, size_t i)
{
	return (struct decode_at){up, NULL, i, node_at(up->node, i)};
}

static const char *done(const struct text *t)
{
	struct str s;
	return text_done(t, &s) && s.p ? s.p : "...";
}

static void put_path(struct text *t, const struct decode_at *at)
{
	if (!at->up)
		return;
	put_path(t, at->up);
	if (at->key && at->up->up)
		text_putc(t, '.');
	if (at->key)
		text_puts(t, at->key);
	else
		text_printf(t, "[%zu]", at->index);
}

const char *decode_path(struct decoder *d, const struct decode_at *at)
{
	struct text t;
	if (!at->up)
		return "the document";
	text_init(&t, d->scratch, TEXT_MAX);
	put_path(&t, at);
	return done(&t);
}

const char *decode_quote(struct decoder *d, struct str s)
{
	struct text t;
	text_init(&t, d->scratch, TEXT_MAX);
	text_quote(&t, s, QUOTE_MAX);
	return done(&t);
}

const char *decode_key_path(struct decoder *d, const struct node_pair *pair)
{
	struct text t;
	text_init(&t, d->scratch, TEXT_MAX);
	text_put_escaped(&t, pair->key, QUOTE_MAX);
	return done(&t);
}

const char *decode_words(struct decoder *d, const char *const *words, const char *last)
{
	struct text t;
	text_init(&t, d->scratch, TEXT_MAX);
	for (size_t i = 0; words[i]; i++) {
		if (i)
			text_puts(&t, words[i + 1] ? ", " : last);
		text_puts(&t, words[i]);
	}
	return done(&t);
}

/* An absent value stands where its nearest present parent does. */
struct position decode_place(const struct decode_at *at)
{
	while (at->up && !(at->node && at->node->line))
		at = at->up;
	if (!at->node)
		return (struct position){0, 0};
	return (struct position){at->node->line, at->node->column};
}

__attribute__((format(printf, 4, 0))) static void add(struct decoder *d, const struct decode_at *at,
						      enum problem_severity severity,
						      const char *fmt, va_list ap)
{
	char buf[1024];
	struct position p = decode_place(at);
	if (vsnprintf(buf, sizeof(buf), fmt, ap) < 0)
		buf[0] = '\0';
	problem_add(d->problems, severity, d->file, p.line, p.column, "%s: %s", decode_path(d, at),
		    buf);
}

void decode_error(struct decoder *d, const struct decode_at *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(d, at, PROBLEM_ERROR, fmt, ap);
	va_end(ap);
}

void decode_warning(struct decoder *d, const struct decode_at *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(d, at, PROBLEM_WARNING, fmt, ap);
	va_end(ap);
}

void decode_key_error(struct decoder *d, const struct node_pair *pair, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;
	va_start(ap, fmt);
	if (vsnprintf(buf, sizeof(buf), fmt, ap) < 0)
		buf[0] = '\0';
	va_end(ap);
	problem_add(d->problems, PROBLEM_ERROR, d->file, pair->line, pair->column, "%s", buf);
}

static void put_scalar(struct text *t, const struct node *n)
{
	if (n->source.n)
		text_put_escaped(t, n->source, QUOTE_MAX);
	else if (n->type == NODE_BOOL)
		text_puts(t, n->boolean ? "true" : "false");
	else if (n->type == NODE_INT)
		text_put_i64(t, n->integer);
	else if (n->type == NODE_REAL)
		text_printf(t, "%.17g", n->real);
	else
		text_quote(t, node_str(n), QUOTE_MAX);
}

static const char *found(struct decoder *d, const struct node *n)
{
	struct text t;
	text_init(&t, d->scratch, TEXT_MAX);
	switch (n ? n->type : NODE_NULL) {
	case NODE_NULL:
		return "null";
	case NODE_LIST:
		return n->list.n ? "a list" : "an empty list";
	case NODE_MAP:
		return n->map.n ? "a map" : "an empty map";
	case NODE_BOOL:
	case NODE_INT:
	case NODE_REAL:
	case NODE_STR:
		break;
	}
	put_scalar(&t, n);
	text_printf(&t, " (%s %s)", n->type == NODE_INT ? "an" : "a", node_type_name(n->type));
	return done(&t);
}

void decode_wrong(struct decoder *d, const struct decode_at *at, const char *want)
{
	decode_error(d, at, "got %s, want %s", found(d, at->node), want);
}

const char *decode_nearest(struct decoder *d, struct str word, const struct str *names, size_t n)
{
	struct text t;
	struct str s = str_nearest(word, names, n);
	if (!s.n)
		return "";
	text_init(&t, d->scratch, TEXT_MAX);
	text_puts(&t, ": did you mean ");
	text_quote(&t, s, QUOTE_MAX);
	text_putc(&t, '?');
	return done(&t);
}

static const char *valid_keys(struct decoder *d, const struct str *names, size_t n)
{
	struct text t;
	if (n == 0)
		return ": no keys are valid here";
	text_init(&t, d->scratch, TEXT_MAX);
	text_puts(&t, n == 1 ? ": the only valid key is " : ": valid keys are ");
	for (size_t i = 0; i < n; i++) {
		text_puts(&t, i ? ", " : "");
		text_put(&t, names[i]);
	}
	return done(&t);
}

static void unknown_key(struct decoder *d, const struct decode_at *at, const struct node_pair *pair,
			const struct decode_key *keys, size_t n)
{
	struct str *names = arena_calloc(d->scratch, n, sizeof(*names));
	size_t n_names = 0;
	for (size_t i = 0; names && i < n; i++) {
		if (keys[i].need != DECODE_UNSUPPORTED)
			names[n_names++] = str_of(keys[i].name);
	}
	const char *hint = decode_nearest(d, pair->key, names, n_names);
	decode_key_error(d, pair, "unknown key %s in %s%s", decode_quote(d, pair->key),
			 decode_path(d, at), *hint ? hint : valid_keys(d, names, n_names));
}

static void check_key(struct decoder *d, const struct decode_at *at, const struct node_pair *pair,
		      const struct decode_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(pair->key, str_of(keys[i].name)))
			continue;
		if (keys[i].need == DECODE_UNSUPPORTED)
			decode_key_error(d, pair, "key \"%s\" in %s: not supported by this version",
					 keys[i].name, decode_path(d, at));
		return;
	}
	unknown_key(d, at, pair, keys, n);
}

bool decode_map(struct decoder *d, const struct decode_at *at, const struct decode_key *keys,
		size_t n)
{
	if (!at->node)
		return false;
	if (!node_is(at->node, NODE_MAP)) {
		decode_wrong(d, at, n ? "a map" : "an empty map, {}");
		return false;
	}
	for (size_t i = 0; i < at->node->map.n; i++)
		check_key(d, at, &at->node->map.pairs[i], keys, n);
	for (size_t i = 0; i < n; i++) {
		struct position p = decode_place(at);
		if (keys[i].need == DECODE_REQUIRED && !node_get(at->node, str_of(keys[i].name)))
			problem_add(d->problems, PROBLEM_ERROR, d->file, p.line, p.column,
				    "missing key \"%s\" in %s: want %s", keys[i].name,
				    decode_path(d, at), keys[i].want);
	}
	return true;
}

bool decode_list(struct decoder *d, const struct decode_at *at, const char *want)
{
	if (!at->node)
		return false;
	if (node_is(at->node, NODE_LIST) && node_len(at->node) > 0)
		return true;
	decode_wrong(d, at, want);
	return false;
}

bool decode_copy(struct decoder *d, struct str in, struct str *out)
{
	const char *p = arena_dup(d->arena, in.p, in.n);
	if (!p)
		return false;
	*out = (struct str){p, in.n};
	return true;
}

bool decode_str(struct decoder *d, const struct decode_at *at, const char *want, struct str *out)
{
	if (!at->node)
		return false;
	if (!node_is(at->node, NODE_STR) || !str_trim(at->node->str).n) {
		decode_wrong(d, at, want);
		return false;
	}
	return decode_copy(d, at->node->str, out);
}

bool decode_word(struct decoder *d, const struct decode_at *at, const char *const *words,
		 size_t *out)
{
	if (!at->node)
		return false;
	for (size_t i = 0; words[i]; i++) {
		if (node_is(at->node, NODE_STR) && str_eq(at->node->str, str_of(words[i]))) {
			*out = i;
			return true;
		}
	}
	decode_wrong(d, at, decode_words(d, words, " or "));
	return false;
}

bool decode_bool(struct decoder *d, const struct decode_at *at, bool *out)
{
	if (!at->node)
		return false;
	if (!node_is(at->node, NODE_BOOL)) {
		decode_wrong(d, at, "true or false");
		return false;
	}
	*out = at->node->boolean;
	return true;
}

bool decode_int(struct decoder *d, const struct decode_at *at, int64_t min, int64_t max,
		int64_t *out)
{
	char want[96];
	if (!at->node)
		return false;
	if (!node_is(at->node, NODE_INT) || at->node->integer < min || at->node->integer > max) {
		snprintf(want, sizeof(want), "a number from %lld to %lld", (long long)min,
			 (long long)max);
		decode_wrong(d, at, want);
		return false;
	}
	*out = at->node->integer;
	return true;
}

bool decode_ms(struct decoder *d, const struct decode_at *at, int64_t min_ms, int64_t max_ms,
	       int64_t *out)
{
	char want[96];
	int64_t ms;
	if (!at->node)
		return false;
	if (!node_is(at->node, NODE_STR) || !duration_parse(at->node->str, &ms) || ms < min_ms ||
	    ms > max_ms) {
		snprintf(want, sizeof(want), "a duration from %lldms to %llds, as \"3s\"",
			 (long long)min_ms, (long long)max_ms / 1000);
		decode_wrong(d, at, want);
		return false;
	}
	*out = ms;
	return true;
}

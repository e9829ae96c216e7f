/* What all decoders of policy documents need: places, texts of problems, maps, lists, scalars. */
#include <stdarg.h>
#include <stdio.h>

#include "policy/limits.h"
#include "policy/loader.h"

#define TEXT_MAX 4096

struct load_at load_member(const struct load_at *up, const char *key)
{
	return (struct load_at){up, key, 0, node_get(up->node, str_of(key))};
}

struct load_at load_item(const struct load_at *up, size_t i)
{
	return (struct load_at){up, NULL, i, node_at(up->node, i)};
}

struct origin load_origin(const struct loader *ld, const struct load_at *at)
{
	while (at->up && !(at->node && at->node->line))
		at = at->up;
	if (!at->node)
		return (struct origin){ld->file, 0, 0};
	return (struct origin){ld->file, at->node->line, at->node->column};
}

static const char *done(const struct text *t)
{
	struct str s;
	return text_done(t, &s) && s.p ? s.p : "...";
}

static void put_path(struct text *t, const struct load_at *at)
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

const char *load_path(struct loader *ld, const struct load_at *at)
{
	struct text t;
	if (!at->up)
		return "the document";
	text_init(&t, ld->scratch, TEXT_MAX);
	put_path(&t, at);
	return done(&t);
}

const char *load_quote(struct loader *ld, struct str s)
{
	struct text t;
	text_init(&t, ld->scratch, TEXT_MAX);
	text_quote(&t, s, LIMIT_QUOTE);
	return done(&t);
}

const char *load_words(struct loader *ld, const char *const *words, const char *last)
{
	struct text t;
	text_init(&t, ld->scratch, TEXT_MAX);
	for (size_t i = 0; words[i]; i++) {
		if (i)
			text_puts(&t, words[i + 1] ? ", " : last);
		text_puts(&t, words[i]);
	}
	return done(&t);
}

__attribute__((format(printf, 4, 0))) static void add(struct loader *ld, const struct load_at *at,
						      enum problem_severity severity,
						      const char *fmt, va_list ap)
{
	char buf[1024];
	struct origin o = load_origin(ld, at);
	if (vsnprintf(buf, sizeof(buf), fmt, ap) < 0)
		buf[0] = '\0';
	problem_add(ld->problems, severity, o.file, o.line, o.column, "%s: %s", load_path(ld, at),
		    buf);
}

void load_error(struct loader *ld, const struct load_at *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(ld, at, PROBLEM_ERROR, fmt, ap);
	va_end(ap);
}

void load_warning(struct loader *ld, const struct load_at *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(ld, at, PROBLEM_WARNING, fmt, ap);
	va_end(ap);
}

void load_key_error(struct loader *ld, const struct node_pair *pair, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;
	va_start(ap, fmt);
	if (vsnprintf(buf, sizeof(buf), fmt, ap) < 0)
		buf[0] = '\0';
	va_end(ap);
	problem_add(ld->problems, PROBLEM_ERROR, ld->file, pair->line, pair->column, "%s", buf);
}

static void put_scalar(struct text *t, const struct node *n)
{
	if (n->source.n)
		text_put_escaped(t, n->source, LIMIT_QUOTE);
	else if (n->type == NODE_BOOL)
		text_puts(t, n->boolean ? "true" : "false");
	else if (n->type == NODE_INT)
		text_put_i64(t, n->integer);
	else if (n->type == NODE_REAL)
		text_printf(t, "%.17g", n->real);
	else
		text_quote(t, node_str(n), LIMIT_QUOTE);
}

static const char *found(struct loader *ld, const struct node *n)
{
	struct text t;
	text_init(&t, ld->scratch, TEXT_MAX);
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

void load_wrong(struct loader *ld, const struct load_at *at, const char *want)
{
	load_error(ld, at, "got %s, want %s", found(ld, at->node), want);
}

static const struct load_key *find_key(const struct load_key *keys, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(name, str_of(keys[i].name)))
			return &keys[i];
	}
	return NULL;
}

static const char *valid_keys(struct loader *ld, const struct str *names, size_t n)
{
	struct text t;
	if (n == 0)
		return ": no keys are valid here";
	text_init(&t, ld->scratch, TEXT_MAX);
	text_puts(&t, n == 1 ? ": the only valid key is " : ": valid keys are ");
	for (size_t i = 0; i < n; i++) {
		text_puts(&t, i ? ", " : "");
		text_put(&t, names[i]);
	}
	return done(&t);
}

static void unknown_key(struct loader *ld, const struct load_at *at, const struct node_pair *pair,
			const struct load_key *keys, size_t n)
{
	struct str *names = arena_calloc(ld->scratch, n, sizeof(*names));
	size_t n_names = 0;
	for (size_t i = 0; names && i < n; i++) {
		if (keys[i].need != LOAD_UNSUPPORTED)
			names[n_names++] = str_of(keys[i].name);
	}
	const char *hint = load_nearest(ld, pair->key, names, n_names);
	load_key_error(ld, pair, "unknown key %s in %s%s", load_quote(ld, pair->key),
		       load_path(ld, at), *hint ? hint : valid_keys(ld, names, n_names));
}

bool load_map(struct loader *ld, const struct load_at *at, const struct load_key *keys, size_t n)
{
	if (!at->node)
		return false;
	if (!node_is(at->node, NODE_MAP)) {
		load_wrong(ld, at, n ? "a map" : "an empty map, {}");
		return false;
	}
	for (size_t i = 0; i < at->node->map.n; i++) {
		const struct node_pair *pair = &at->node->map.pairs[i];
		const struct load_key *key = find_key(keys, n, pair->key);
		if (!key)
			unknown_key(ld, at, pair, keys, n);
		else if (key->need == LOAD_UNSUPPORTED)
			load_key_error(ld, pair, "key \"%s\" in %s: not supported by this version",
				       key->name, load_path(ld, at));
	}
	for (size_t i = 0; i < n; i++) {
		if (keys[i].need == LOAD_REQUIRED && !node_get(at->node, str_of(keys[i].name))) {
			struct origin o = load_origin(ld, at);
			problem_add(ld->problems, PROBLEM_ERROR, o.file, o.line, o.column,
				    "missing key \"%s\" in %s: want %s", keys[i].name,
				    load_path(ld, at), keys[i].want);
		}
	}
	return true;
}

bool load_list(struct loader *ld, const struct load_at *at, const char *want)
{
	if (!at->node)
		return false;
	if (node_is(at->node, NODE_LIST) && node_len(at->node) > 0)
		return true;
	load_wrong(ld, at, want);
	return false;
}

bool load_copy(struct loader *ld, struct str in, struct str *out)
{
	const char *p = arena_dup(ld->arena, in.p, in.n);
	if (!p)
		return false;
	*out = (struct str){p, in.n};
	return true;
}

bool load_str(struct loader *ld, const struct load_at *at, const char *want, struct str *out)
{
	if (!at->node)
		return false;
	if (!node_is(at->node, NODE_STR) || !str_trim(at->node->str).n) {
		load_wrong(ld, at, want);
		return false;
	}
	return load_copy(ld, at->node->str, out);
}

bool load_word(struct loader *ld, const struct load_at *at, const char *const *words, size_t *out)
{
	if (!at->node)
		return false;
	for (size_t i = 0; words[i]; i++) {
		if (node_is(at->node, NODE_STR) && str_eq(at->node->str, str_of(words[i]))) {
			*out = i;
			return true;
		}
	}
	load_wrong(ld, at, load_words(ld, words, " or "));
	return false;
}

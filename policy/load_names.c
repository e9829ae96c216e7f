/* Names of the loader: grammar, globs, second uses; where they stand. */
#include <stdlib.h>

#include "policy/loader.h"

#define NAME_MAX_BYTES 63

struct origin load_origin(const struct loader *ld, const struct decode_at *at)
{
	struct position p = decode_place(at);
	return (struct origin){ld->d.file, p.line, p.column};
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_of(struct str s, bool dots, bool stars)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!is_alnum(c) && c != '-' && !(dots && c == '.') && !(stars && c == '*'))
			return false;
	}
	return true;
}

/* source: RFC 1123 section 2.1, as Kubernetes reads it */
static bool is_name(struct str s)
{
	return s.n > 0 && s.n <= NAME_MAX_BYTES && is_of(s, true, false) && is_alnum(s.p[0]) &&
	       is_alnum(s.p[s.n - 1]);
}

/* 42 and true are names, once they are strings. */
static bool needs_quotes(const struct node *n)
{
	return n->type != NODE_STR && is_name(n->source);
}

bool load_name(struct loader *ld, const struct decode_at *at, struct str *out)
{
	static const char want[] = "a name: at most 63 lower-case letters, digits, '-' and '.', "
				   "a letter or digit first and last";
	if (!at->node)
		return false;
	if (!node_is(at->node, NODE_STR) || !is_name(at->node->str)) {
		decode_wrong(&ld->d, at,
			     needs_quotes(at->node) ? "a string: put it in quotes" : want);
		return false;
	}
	return decode_copy(&ld->d, at->node->str, out);
}

static bool is_stars(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '*')
			return false;
	}
	return s.n > 0;
}

static size_t letters(struct str s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] != '*';
	return n;
}

/* A generateName may end in '-', and other names never do. */
static bool edges_right(struct str s, const struct load_glob *g)
{
	char first = s.p[0], last = s.p[s.n - 1];
	return (is_alnum(first) || first == '*') && (is_alnum(last) || last == '*' || g->dots);
}

static void wrong_glob(struct loader *ld, const struct decode_at *at, const struct load_glob *g)
{
	struct text t;
	struct str want = S("a name");
	text_init(&t, ld->d.scratch, 256);
	text_printf(&t, "a %s%s: at most %zu lower-case letters, digits%s%s", g->what,
		    g->stars ? " pattern" : "", g->max, g->dots ? ", '-' and '.'" : " and '-'",
		    g->stars ? "; '*' is any run of them" : "");
	if (!text_done(&t, &want) || !want.p)
		want = S("a name");
	decode_wrong(&ld->d, at, want.p);
}

bool load_glob(struct loader *ld, const struct decode_at *at, const struct load_glob *g,
	       struct str *out)
{
	if (!at->node)
		return false;
	struct str s = node_str(at->node);
	if (g->stars && is_stars(s)) {
		decode_error(&ld->d, at, "%s matches every %s: leave the key out to mean all",
			     decode_quote(&ld->d, s), g->what);
		return false;
	}
	if (needs_quotes(at->node)) {
		decode_wrong(&ld->d, at, "a string: put it in quotes");
		return false;
	}
	if (!s.n || letters(s) > g->max || !is_of(s, g->dots, g->stars) || !edges_right(s, g)) {
		wrong_glob(ld, at, g);
		return false;
	}
	return decode_copy(&ld->d, s, out);
}

bool load_is_repeated(struct loader *ld, const struct decode_at *list, size_t i)
{
	struct decode_at at = decode_item(list, i);
	for (size_t k = 0; k < i; k++) {
		const struct node *before = node_at(list->node, k);
		if (node_is(before, NODE_STR) && node_is(at.node, NODE_STR) &&
		    str_eq(before->str, at.node->str)) {
			decode_error(&ld->d, &at, "%s is listed twice",
				     decode_quote(&ld->d, at.node->str));
			return true;
		}
	}
	return false;
}

static int compare(const void *va, const void *vb)
{
	const struct load_name *a = va;
	const struct load_name *b = vb;
	int c = str_cmp(a->name, b->name);
	return c ? c : (a->index > b->index) - (a->index < b->index);
}

static const char *place(struct loader *ld, const struct origin *o)
{
	struct text t;
	struct str s;
	text_init(&t, ld->d.scratch, 4096);
	text_put(&t, o->file);
	if (o->line)
		text_printf(&t, ":%u:%u", o->line, o->column);
	return text_done(&t, &s) && s.p ? s.p : "...";
}

void load_unique(struct loader *ld, const char *what, struct load_name *names, size_t n)
{
	if (n < 2)
		return;
	qsort(names, n, sizeof(*names), compare);
	size_t first = 0;
	for (size_t i = 1; i < n; i++) {
		if (!str_eq(names[first].name, names[i].name)) {
			first = i;
			continue;
		}
		const struct origin *o = &names[i].origin;
		problem_add(ld->d.problems, PROBLEM_ERROR, o->file, o->line, o->column,
			    "%s name %s is used twice: first in %s", what,
			    decode_quote(&ld->d, names[i].name), place(ld, &names[first].origin));
	}
}

/* Lists of image patterns. */
#include "policy/loader.h"

#define TEXT_MAX 4096
#define PORT_MAX 65535

static bool same_pattern(const struct reference_pattern *a, const struct reference_pattern *b)
{
	if (!str_eq(a->host, b->host) || a->n_segments != b->n_segments)
		return false;
	for (size_t i = 0; i < a->n_segments; i++) {
		if (!str_eq(a->segments[i], b->segments[i]))
			return false;
	}
	return true;
}

static bool is_any(struct str segment)
{
	return str_eq(segment, S("**"));
}

/* Every text that `b` matches, `a` matches too: a '*' of `b`, taken as a letter, only matches a '*'. */
static bool covers_segment(struct str a, struct str b)
{
	return !is_any(b) && str_glob(a, b);
}

/* Does `a` match all that `b` matches? As for a reference, but the segments to match are those of `b`, and
 * its "**" only match a "**". On a mismatch only the last "**" need take one segment more. */
static bool covers(const struct reference_pattern *a, const struct reference_pattern *b)
{
	const size_t none = SIZE_MAX;
	size_t i = 0, k = 0, retry_i = none, retry_k = 0;

	if (!str_eq(a->host, b->host))
		return false;
	while (k < b->n_segments) {
		if (i < a->n_segments && is_any(a->segments[i])) {
			retry_i = ++i;
			retry_k = ++k;
		} else if (i < a->n_segments && covers_segment(a->segments[i], b->segments[k])) {
			i++;
			k++;
		} else if (retry_i != none) {
			i = retry_i;
			k = ++retry_k;
		} else {
			return false;
		}
	}
	return i == a->n_segments;
}

/* The first pattern that matches all that item `n` matches, or NULL. Only a wildcard matches more than
 * itself. */
static const struct reference_pattern *find_wider(const struct param_patterns *list, size_t n)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct reference_pattern *wide = &list->items[i];
		if (i != n && str_has_char(wide->text, '*') && covers(wide, &list->items[n]))
			return wide;
	}
	return NULL;
}

static void find_covered(struct loader *ld, const struct decode_at *at,
			 const struct param_patterns *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct reference_pattern *wide = find_wider(list, i);
		struct decode_at item = decode_item(at, i);
		if (wide)
			decode_warning(&ld->d, &item, "%s adds nothing: %s matches all of it",
				       decode_quote(&ld->d, list->items[i].text),
				       decode_quote(&ld->d, wide->text));
	}
}

/* A reference's port is any number, so a pattern for a port that no registry has loads and matches nothing
 * that can be pulled. */
static bool port_right(const struct reference_pattern *p)
{
	size_t colon = str_rfind(p->host, ':');
	uint64_t port;

	if (colon == SIZE_MAX || str_ends(p->host, S("]")))
		return true;
	return str_to_u64(str_sub(p->host, colon + 1, p->host.n), &port) && port > 0 &&
	       port <= PORT_MAX;
}

static bool decode_pattern(struct loader *ld, const struct decode_at *at,
			   struct reference_pattern *out)
{
	struct str s;
	struct err e = {0};
	if (!decode_str(&ld->d, at, "an image pattern, host/path", &s))
		return false;
	if (reference_pattern_parse(ld->d.arena, s, out, &e) == 0) {
		if (port_right(out))
			return true;
		(void)!err_set(&e, ERR_INPUT, "the port is not from 1 to %d", PORT_MAX);
	}
	decode_error(&ld->d, at, "%s cannot be an image pattern: %s", decode_quote(&ld->d, s),
		     e.text);
	return false;
}

/* "a", "one of: a, b, c" or "one of: a, b, c and 4 more" */
static bool put_list(struct loader *ld, struct param_patterns *out)
{
	const size_t shown = out->n < 3 ? out->n : 3;
	struct text t;
	text_init(&t, ld->d.arena, TEXT_MAX);
	text_puts(&t, out->n > 1 ? "one of: " : "");
	for (size_t i = 0; i < shown; i++) {
		text_puts(&t, i ? ", " : "");
		text_put_escaped(&t, out->items[i].text, SIZE_MAX);
	}
	if (out->n > shown)
		text_printf(&t, " and %zu more", out->n - shown);
	return text_done(&t, &out->list);
}

void load_patterns(struct loader *ld, const struct decode_at *at, struct param_patterns *out)
{
	size_t before = ld->d.problems->errors, n = node_len(at->node);
	struct reference_pattern *items = arena_calloc(ld->d.arena, n, sizeof(*items));
	struct param_patterns got = {.items = items};
	for (size_t i = 0; items && i < n; i++) {
		struct decode_at item = decode_item(at, i);
		if (!decode_pattern(ld, &item, &items[got.n]))
			continue;
		size_t k = 0;
		while (k < got.n && !same_pattern(&items[k], &items[got.n]))
			k++;
		if (k < got.n)
			decode_error(&ld->d, &item, "%s is listed twice",
				     decode_quote(&ld->d, items[got.n].text));
		got.n++;
	}
	if (!items || !put_list(ld, &got))
		return;
	*out = got;
	/* Items and places have the same numbers only where every item could be read. */
	if (ld->d.problems->errors == before)
		find_covered(ld, at, out);
}

bool load_same_patterns(const struct param_patterns *a, const struct param_patterns *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!same_pattern(&a->items[i], &b->items[i]))
			return false;
	}
	return true;
}

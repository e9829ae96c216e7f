#include "policy/report_lines.h"

static uint64_t hash_str(uint64_t h, struct str s)
{
	/* FNV-1a. Who provokes collisions only slows down his own refusal. */
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * UINT64_C(1099511628211);
	return h;
}

static uint64_t hash_line(const struct violation *v)
{
	uint64_t h = hash_str(UINT64_C(14695981039346656037) ^ v->code, v->path);

	if (v->subject)
		h = (h ^ v->subject->index ^ (uint64_t)v->subject->kind << 32) *
		    UINT64_C(1099511628211);
	return h;
}

static bool same_got(const struct got *a, const struct got *b)
{
	return a->form == b->form && a->prefix == b->prefix && str_eq(a->value, b->value) &&
	       str_eq(a->note, b->note);
}

static bool same_line(enum report_lines_of of, const struct violation *a, const struct violation *b)
{
	if (a->code != b->code || a->unavailable != b->unavailable || a->subject != b->subject ||
	    !str_eq(a->path, b->path))
		return false;
	return of == REPORT_LINES_WARNING ||
	       (same_got(&a->got, &b->got) && str_eq(a->want, b->want) && a->expired == b->expired);
}

static bool counts(enum report_lines_of of, const struct violation *v)
{
	enum verdict effect = report_effect(v);

	if (of == REPORT_LINES_WARNING)
		return effect == VERDICT_WARN;
	return effect == VERDICT_DENY || effect == VERDICT_UNAVAILABLE;
}

/* Open addressing; a slot holds 1 + an index of out->items. */
static void add_once(struct report_lines *out, uint32_t *slots, size_t mask,
		     enum report_lines_of of, const struct violation *v)
{
	size_t at = (size_t)hash_line(v) & mask;

	for (; slots[at]; at = (at + 1) & mask) {
		if (same_line(of, out->items[slots[at] - 1], v))
			return;
	}
	out->items[out->n++] = v;
	slots[at] = (uint32_t)out->n;
}

bool report_lines(const struct report *r, enum report_lines_of of, struct report_lines *out)
{
	size_t n_slots = 8;

	*out = (struct report_lines){0};
	while (n_slots < 2 * r->n_violations)
		n_slots *= 2;
	uint32_t *slots = arena_calloc(r->arena, n_slots, sizeof(*slots));
	out->items = arena_calloc(r->arena, r->n_violations, sizeof(*out->items));
	if (!slots || !out->items)
		return false;
	for (size_t i = 0; i < r->n_violations; i++) {
		if (counts(of, &r->violations[i]))
			add_once(out, slots, n_slots - 1, of, &r->violations[i]);
	}
	return true;
}

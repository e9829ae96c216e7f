/* The words of an admission with warnings. spec: admission 6.5 */
#include "policy/limits.h"
#include "policy/report_lines.h"

/* Bytes of names, so that no warning is too long. */
#define NAME_BYTES 56
#define EXCEPTION_BYTES 32
#define DATE_BYTES 10

/* The path, or its end after a dot when it is too long, or nothing. */
static void put_path(struct text *t, struct str path)
{
	size_t used = t->n + sizeof(" ()") - 1;
	size_t room = used < LIMIT_WARNING_BYTES ? LIMIT_WARNING_BYTES - used : 0;
	bool cut = false;

	while (path.n + (cut ? sizeof(ELLIPSIS) - 1 : 0) > room) {
		struct str head;
		cut = true;
		if (!str_cut(path, '.', &head, &path))
			return;
	}
	text_puts(t, " (");
	text_puts(t, cut ? ELLIPSIS : "");
	text_put(t, path);
	text_putc(t, ')');
}

static void put_violation(struct text *t, const struct violation *v)
{
	const struct subject *s = v->subject;

	text_puts(t, "assay: ");
	if (s && s->name.n) {
		text_puts(t, s->kind == SUBJECT_IMAGE_VOLUME ? "volume " : "container ");
		text_quote(t, s->name, NAME_BYTES);
		text_puts(t, ": ");
	}
	text_puts(t, code_brief(v->code));
	put_path(t, v->path);
}

static void put_exception(struct text *t, const struct exception *x)
{
	text_puts(t, "assay: exception ");
	text_quote(t, x->name, EXCEPTION_BYTES);
	text_puts(t, " ends on ");
	text_put_escaped(t, x->expires_text, DATE_BYTES);
	text_puts(t, " (owner ");
	text_put_escaped(t, x->owner, EXCEPTION_BYTES);
	text_putc(t, ')');
}

static bool is_first_use(const struct report *r, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (r->uses[k].near_end && r->uses[k].exception == r->uses[i].exception)
			return false;
	}
	return true;
}

/* Up to LIMIT_WARNINGS distinct exceptions near their end; the count of all of them. */
static size_t find_ending(const struct report *r, const struct exception *out[LIMIT_WARNINGS])
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_uses; i++) {
		if (!r->uses[i].near_end || !is_first_use(r, i))
			continue;
		if (n < LIMIT_WARNINGS)
			out[n] = r->uses[i].exception;
		n++;
	}
	return n;
}

/* Add the text to the list, if it could be made. */
static void push(struct str_list *list, struct text *t)
{
	if (text_done(t, &list->items[list->n]))
		list->n++;
}

struct str_list report_warnings(const struct report *r)
{
	struct str_list list = {0};
	const struct exception *ending[LIMIT_WARNINGS];
	enum verdict verdict = report_verdict(r);
	struct report_lines lines;
	struct text t;
	size_t shown = 0;

	if ((verdict != VERDICT_WARN && verdict != VERDICT_ALLOW) ||
	    !report_lines(r, REPORT_LINES_WARNING, &lines))
		return list;
	size_t n_ending = find_ending(r, ending), all = lines.n + n_ending;
	list.items = arena_calloc(r->arena, LIMIT_WARNINGS + 1, sizeof(*list.items));
	if (!list.items)
		return list;
	for (; shown < all && shown < LIMIT_WARNINGS; shown++) {
		text_init(&t, r->arena, 512);
		if (shown < lines.n)
			put_violation(&t, lines.items[shown]);
		else
			put_exception(&t, ending[shown - lines.n]);
		push(&list, &t);
	}
	if (shown < all) {
		text_init(&t, r->arena, 64);
		text_puts(&t, "assay: " ELLIPSIS " and ");
		text_put_u64(&t, all - shown);
		text_puts(&t, all - shown == 1 ? " more warning" : " more warnings");
		push(&list, &t);
	}
	return list;
}

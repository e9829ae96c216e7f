/* `assay check -o text` and `-o github`. */
#include "cli/check.h"
#include "policy/limits.h"

static void put_object(struct text *t, const struct check_document *d)
{
	text_put_escaped(t, d->kind, LIMIT_QUOTE);
	text_putc(t, ' ');
	if (d->ns.n) {
		text_put_escaped(t, d->ns, LIMIT_QUOTE);
		text_putc(t, '/');
	}
	text_put_escaped(t, d->name, LIMIT_QUOTE);
}

static void put_place(struct text *t, const struct check_document *d)
{
	text_put_escaped(t, d->file, 4096);
	if (d->line)
		text_printf(t, ":%u", d->line);
	text_puts(t, ": ");
}

static void print_document(struct text *t, const struct check_document *d)
{
	if ((d->result == CHECK_SKIP && !d->unjudged) ||
	    (d->result == CHECK_PASS && !d->warnings.n))
		return;
	put_place(t, d);
	if (d->result == CHECK_ERROR) {
		text_puts(t, "error: ");
		text_put(t, d->message);
		text_puts(t, "\n\n");
		return;
	}
	put_object(t, d);
	if (d->unjudged) {
		text_puts(t, ": not judged: ");
		text_put(t, d->message);
		text_puts(t, "\n\n");
		return;
	}
	text_printf(t, ": %s\n", verdict_decision(d->verdict));
	if (d->message.n) {
		text_put(t, d->message);
		text_putc(t, '\n');
	}
	for (size_t i = 0; i < d->warnings.n; i++) {
		text_puts(t, "Warning: ");
		text_put(t, d->warnings.items[i]);
		text_putc(t, '\n');
	}
	for (size_t i = 0; i < d->n_rows; i++) {
		if (d->rows[i].mode != mode_name(MODE_AUDIT) || d->rows[i].result != CHECK_WARN)
			continue;
		text_puts(t, "Audit: ");
		text_put(t, d->rows[i].message);
		text_putc(t, '\n');
	}
	text_putc(t, '\n');
}

void check_print_text(const struct check_run *run, struct text *t)
{
	const struct check_summary *s = &run->summary;
	size_t errors = run->n - s->checked - s->skipped;

	for (size_t i = 0; i < run->n; i++)
		print_document(t, &run->documents[i]);
	text_printf(t, "%zu checked: %zu denied, %zu warned, %zu allowed; %zu skipped", s->checked,
		    s->denied, s->warned, s->allowed, s->skipped);
	if (errors)
		text_printf(t, "; %zu could not be read", errors);
	text_putc(t, '\n');
}

/* Workflow commands end at a line feed, and '%' begins an escape; properties also end at ':' and ','. */
static void put_command(struct text *t, struct str s, bool property)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
			text_printf(t, "%%%02X", (unsigned)(unsigned char)c);
		else
			text_putc(t, c);
	}
}

static const char *github_level(const struct check_row *r)
{
	switch (r->result) {
	case CHECK_ERROR:
	case CHECK_FAIL:
	case CHECK_UNKNOWN:
		return "error";
	case CHECK_WARN:
		return r->mode == mode_name(MODE_AUDIT) ? "notice" : "warning";
	case CHECK_SKIP:
	case CHECK_PASS:
		return NULL;
	}
	BUG("check result %d", (int)r->result);
}

void check_print_github(const struct check_run *run, struct text *t)
{
	for (size_t i = 0; i < run->n; i++) {
		const struct check_document *d = &run->documents[i];
		for (size_t k = 0; k < d->n_rows; k++) {
			const struct check_row *r = &d->rows[k];
			const char *level = github_level(r);
			if (!level)
				continue;
			text_printf(t, "::%s file=", level);
			put_command(t, d->file, true);
			if (r->line)
				text_printf(t, ",line=%u", r->line);
			text_puts(t, ",title=assay");
			if (r->code.n) {
				text_putc(t, ' ');
				put_command(t, r->code, true);
			}
			text_puts(t, "::");
			put_command(t, r->message, false);
			text_putc(t, '\n');
		}
	}
}

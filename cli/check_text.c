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

static bool has_pin(const struct check_document *d, const struct check_pin *pin, size_t before)
{
	for (size_t i = 0; i < before; i++) {
		if (d->rows[i].pin == pin)
			return true;
	}
	return false;
}

/* What the server's answer does not say. */
static void put_more(struct text *t, const struct check_document *d)
{
	for (size_t i = 0; i < d->n_rows; i++) {
		const struct check_row *r = &d->rows[i];
		bool audit = r->mode == mode_name(MODE_AUDIT) && r->result == CHECK_WARN;
		if (!audit && !r->unjudged)
			continue;
		text_puts(t, audit ? "Audit: " : "Skipped: ");
		text_put(t, r->message);
		text_putc(t, '\n');
	}
	for (size_t i = 0; i < d->n_rows; i++) {
		if (!d->rows[i].pin || has_pin(d, d->rows[i].pin, i))
			continue;
		check_put_pin(t, d->rows[i].pin);
		text_putc(t, '\n');
	}
}

static void put_judged(struct text *t, const struct check_document *d)
{
	text_printf(t, ": %s%s\n", verdict_decision(d->verdict),
		    d->n_unjudged ? ", but not all of it judged" : "");
	if (d->message.n) {
		text_put(t, d->message);
		text_putc(t, '\n');
	}
	for (size_t i = 0; i < d->warnings.n; i++) {
		text_puts(t, "Warning: ");
		text_put(t, d->warnings.items[i]);
		text_putc(t, '\n');
	}
	put_more(t, d);
}

static bool is_silent(const struct check_document *d)
{
	return (d->result == CHECK_SKIP && !d->unjudged) ||
	       (d->result == CHECK_PASS && !d->warnings.n && !d->n_unjudged);
}

static void print_document(struct text *t, const struct check_document *d)
{
	if (is_silent(d))
		return;
	put_place(t, d);
	if (d->result == CHECK_ERROR) {
		text_puts(t, "error: ");
		text_put(t, d->message);
		text_putc(t, '\n');
	} else if (d->unjudged) {
		put_object(t, d);
		text_puts(t, ": not judged: ");
		text_put(t, d->message);
		text_putc(t, '\n');
	} else {
		put_object(t, d);
		put_judged(t, d);
	}
	text_putc(t, '\n');
}

static void put_signatures(struct text *t, size_t n, const char *what)
{
	if (n)
		text_printf(t, "; %zu signature%s %s", n, n == 1 ? "" : "s", what);
}

void check_print_text(const struct check_run *run, struct text *t)
{
	const struct check_summary *s = &run->summary;
	size_t errors = run->n - s->checked - s->skipped;

	for (size_t i = 0; i < run->n; i++)
		print_document(t, &run->documents[i]);
	text_printf(t, "%zu checked: %zu denied, %zu warned, %zu allowed", s->checked, s->denied,
		    s->warned, s->allowed);
	if (s->unknown)
		text_printf(t, ", %zu not verified", s->unknown);
	text_printf(t, "; %zu skipped", s->skipped);
	put_signatures(t, s->unjudged, "not judged: --offline");
	put_signatures(t, s->unavailable, "could not be verified");
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

void check_print_github(const struct check_run *run, struct text *t)
{
	static const struct check_words words = {"error", "warning", "notice", "notice"};

	for (size_t i = 0; i < run->n; i++) {
		const struct check_document *d = &run->documents[i];
		for (size_t k = 0; k < d->n_rows; k++) {
			const struct check_row *r = &d->rows[k];
			const char *level = check_level(r, &words);
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
			put_command(t, check_told(r), false);
			text_putc(t, '\n');
		}
	}
}

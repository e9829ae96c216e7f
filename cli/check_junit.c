/* `assay check -o junit`: suite = file, case = document, failure = violation. */
#include "cli/check.h"

/* XML 1.0 has no way to write most control characters, escaped or not: they become U+FFFD, like
 * malformed UTF-8 and the two non-characters. source: XML 1.0 section 2.2 */
static void put_xml(struct text *t, struct str s)
{
	while (s.n) {
		uint32_t cp = 0;
		size_t len = str_utf8_next(s, &cp);
		bool ok = len && (cp >= 0x20 || cp == '\t' || cp == '\n') && cp != 0xfffe &&
			  cp != 0xffff;
		if (!ok)
			text_puts(t, "\xef\xbf\xbd");
		else if (cp == '&')
			text_puts(t, "&amp;");
		else if (cp == '<')
			text_puts(t, "&lt;");
		else if (cp == '>')
			text_puts(t, "&gt;");
		else if (cp == '"')
			text_puts(t, "&quot;");
		else if (cp == '\n')
			text_puts(t, "&#10;");
		else
			text_put(t, str_sub(s, 0, len));
		s = str_sub(s, len ? len : 1, s.n);
	}
}

static void put_case_name(struct text *t, const struct check_document *d)
{
	if (d->kind.n) {
		put_xml(t, d->kind);
		text_putc(t, ' ');
		put_xml(t, d->ns);
		text_putc(t, '/');
		put_xml(t, d->name);
	}
	text_printf(t, "%s[document %zu]", d->kind.n ? " " : "", d->index);
}

static void put_row(struct text *t, const struct check_row *r)
{
	const char *element = NULL;

	switch (r->result) {
	case CHECK_ERROR:
	case CHECK_UNKNOWN:
		element = "error";
		break;
	case CHECK_FAIL:
		element = "failure";
		break;
	case CHECK_WARN:
	case CHECK_SKIP:
	case CHECK_PASS:
		return;
	}
	text_printf(t, "      <%s type=\"", element);
	put_xml(t, r->code.n ? r->code : S("unreadable"));
	text_puts(t, "\" message=\"");
	put_xml(t, check_told(r));
	text_puts(t, "\"/>\n");
}

/* A case that is neither failed nor an error is not passed either when part of it was not judged. */
static bool is_skipped(const struct check_document *d)
{
	return d->result == CHECK_SKIP || (d->result > CHECK_UNKNOWN && d->n_unjudged);
}

static void put_skipped(struct text *t, const struct check_document *d)
{
	bool first = true;

	text_puts(t, "      <skipped message=\"");
	if (d->result == CHECK_SKIP)
		put_xml(t, d->message);
	for (size_t i = 0; i < d->n_rows; i++) {
		if (!d->rows[i].unjudged)
			continue;
		text_puts(t, first ? "" : "&#10;");
		put_xml(t, d->rows[i].message);
		first = false;
	}
	text_puts(t, "\"/>\n");
}

/* Warnings, and what a failed case leaves unjudged. */
static void put_output(struct text *t, const struct check_document *d)
{
	bool any = false;

	for (size_t i = 0; i < d->n_rows; i++) {
		const struct check_row *r = &d->rows[i];
		if (r->result != CHECK_WARN && !(r->unjudged && !is_skipped(d)))
			continue;
		text_puts(t, any ? "&#10;" : "      <system-out>");
		put_xml(t, check_told(r));
		any = true;
	}
	if (any)
		text_puts(t, "</system-out>\n");
}

static void put_document(struct text *t, const struct check_document *d)
{
	text_puts(t, "    <testcase classname=\"");
	put_xml(t, d->file);
	text_puts(t, "\" name=\"");
	put_case_name(t, d);
	text_puts(t, "\">\n");
	if (is_skipped(d))
		put_skipped(t, d);
	for (size_t i = 0; i < d->n_rows; i++)
		put_row(t, &d->rows[i]);
	put_output(t, d);
	text_puts(t, "    </testcase>\n");
}

struct suite_counts {
	size_t tests, failures, errors, skipped;
};

static void count(const struct check_document *d, struct suite_counts *c)
{
	c->tests++;
	c->failures += d->result == CHECK_FAIL;
	c->errors += d->result == CHECK_ERROR || d->result == CHECK_UNKNOWN;
	c->skipped += is_skipped(d);
}

static void put_counts(struct text *t, const struct suite_counts *c)
{
	text_printf(t, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
		    c->tests, c->failures, c->errors, c->skipped);
}

void check_print_junit(const struct check_run *run, struct text *t)
{
	struct suite_counts all = {0, 0, 0, 0};

	for (size_t i = 0; i < run->n; i++)
		count(&run->documents[i], &all);
	text_puts(t,
		  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay check\"");
	put_counts(t, &all);
	/* Documents of one file follow each other. */
	for (size_t from = 0, to; from < run->n; from = to) {
		struct suite_counts c = {0, 0, 0, 0};
		for (to = from;
		     to < run->n && str_eq(run->documents[to].file, run->documents[from].file);
		     to++)
			count(&run->documents[to], &c);
		text_puts(t, "  <testsuite name=\"");
		put_xml(t, run->documents[from].file);
		text_puts(t, "\"");
		put_counts(t, &c);
		for (size_t i = from; i < to; i++)
			put_document(t, &run->documents[i]);
		text_puts(t, "  </testsuite>\n");
	}
	text_puts(t, "</testsuites>\n");
}

/* The words of a refusal. spec: admission 6.2, 6.3 */
#include "policy/limits.h"
#include "policy/report_lines.h"

#define DIGEST_PREFIX "sha256:"
#define SHORT_DIGEST 12

/* Names from policies are trusted and short; the bound is for the worst of them. */
#define NAME_BYTES 256

/* Room for a message before it is found to be too long. */
#define MESSAGE_ROOM ((size_t)64 << 10)
#define ALL_ROOM ((size_t)64 << 20)

/* ---- one line ---- */

/* Where the digits of the first sha256 digest begin and end. */
static bool find_digest(struct str s, size_t *from, size_t *to)
{
	const char *p = s.n ? memmem(s.p, s.n, DIGEST_PREFIX, sizeof(DIGEST_PREFIX) - 1) : NULL;
	size_t end;

	if (!p)
		return false;
	*from = end = (size_t)(p - s.p) + sizeof(DIGEST_PREFIX) - 1;
	while (end < s.n && strchr("0123456789abcdef", s.p[end]) && s.p[end])
		end++;
	*to = end;
	return true;
}

/* Where the digits after the 12th begin and end; false if there are none. */
static bool find_long_digest(struct str s, size_t *from, size_t *to)
{
	if (!find_digest(s, from, to) || *to - *from <= SHORT_DIGEST)
		return false;
	*from += SHORT_DIGEST;
	return true;
}

/* A user's value; with short quotes a digest keeps 12 digits. */
static void put_value(struct text *t, struct str s, size_t quote_bytes)
{
	size_t from, to;

	if (quote_bytes >= LIMIT_QUOTE || !find_long_digest(s, &from, &to) ||
	    from > quote_bytes + SHORT_DIGEST) {
		text_put_escaped(t, s, quote_bytes);
		return;
	}
	text_put_escaped(t, str_sub(s, 0, from), quote_bytes + SHORT_DIGEST);
	text_puts(t, ELLIPSIS);
	text_put_escaped(t, str_sub(s, to, s.n), quote_bytes);
}

/* A whole statement, which may name several digests. */
static void put_statement(struct text *t, struct str s, size_t quote_bytes)
{
	size_t from, to;

	while (quote_bytes < LIMIT_QUOTE && find_digest(s, &from, &to)) {
		bool is_long = to - from > SHORT_DIGEST;
		size_t end = is_long ? from + SHORT_DIGEST : to;
		text_put_statement(t, str_sub(s, 0, end), 4 * LIMIT_QUOTE);
		if (is_long)
			text_puts(t, ELLIPSIS);
		s = str_sub(s, to, s.n);
	}
	text_put_statement(t, s, 4 * LIMIT_QUOTE);
}

static void put_got(struct text *t, const struct got *g, size_t quote_bytes)
{
	switch (g->form) {
	case GOT_NOT_SET:
		text_puts(t, "not set");
		break;
	case GOT_QUOTED:
	case GOT_PLAIN:
		text_puts(t, "got ");
		text_puts(t, g->prefix ? g->prefix : "");
		if (g->form == GOT_QUOTED)
			text_putc(t, '"');
		put_value(t, g->value, quote_bytes);
		if (g->form == GOT_QUOTED)
			text_putc(t, '"');
		break;
	case GOT_SAYS:
		put_statement(t, g->value, quote_bytes);
		break;
	}
	if (g->note.n) {
		text_puts(t, " (");
		text_put_escaped(t, g->note, LIMIT_QUOTE);
		text_putc(t, ')');
	}
}

static void put_found_and_wanted(struct text *t, const struct violation *v, size_t quote_bytes)
{
	put_got(t, &v->got, quote_bytes);
	if (v->want.n) {
		text_puts(t, "; want ");
		text_put(t, v->want);
	}
	if (v->expired) {
		text_puts(t, "; exception ");
		text_quote(t, v->expired->name, NAME_BYTES);
		text_puts(t, " expired ");
		text_put_escaped(t, v->expired->expires_text, NAME_BYTES);
	}
}

static void put_subject(struct text *t, const struct subject *s, size_t quote_bytes)
{
	if (!s || !s->name.n)
		return;
	text_puts(t, s->kind == SUBJECT_IMAGE_VOLUME ? " (volume " : " (container ");
	text_quote(t, s->name, quote_bytes);
	text_putc(t, ')');
}

void report_put_line(struct text *t, const struct violation *v, size_t quote_bytes)
{
	text_puts(t, code_name(v->code));
	text_puts(t, ": ");
	text_put(t, v->path);
	put_subject(t, v->subject, quote_bytes);
	text_puts(t, ": ");
	put_found_and_wanted(t, v, quote_bytes);
}

void report_put_cause(struct text *t, const struct violation *v)
{
	if (v->policy)
		text_put_escaped(t, v->policy->name, NAME_BYTES);
	if (v->rule) {
		text_putc(t, '/');
		text_put_escaped(t, v->rule->name, NAME_BYTES);
	}
	text_puts(t, ": ");
	put_found_and_wanted(t, v, LIMIT_QUOTE);
}

/* ---- the whole refusal ---- */

struct message {
	const struct report *report;
	const struct report_object *object;
	const struct report_text_options *options;
	struct report_lines lines;
	const char *gap; /* why the object could not be judged whole; NULL if it was */
	bool refused;    /* something was, beside what could not be found out */
	bool one_code;
	enum code code;      /* of the first line */
	struct str mend;     /* the same in all lines, else empty */
	const char *outcome; /* likewise NULL */
};

static const char *gap_of(const struct report *r)
{
	if (r->incomplete || arena_exhausted(r->arena))
		return "it needs more memory than one review may use";
	if (r->lost_violations)
		return "it has too many violations to list";
	return r->unanswered ? "questions about its images were left unanswered" : NULL;
}

static void put_object(struct text *t, const struct report_object *o)
{
	text_put_escaped(t, o->kind, LIMIT_QUOTE);
	text_putc(t, ' ');
	if (o->ns.n) {
		text_put_escaped(t, o->ns, NAME_BYTES);
		text_putc(t, '/');
	}
	if (o->name.n) {
		text_put_escaped(t, o->name, NAME_BYTES);
	} else if (o->generate_name.n) {
		text_put_escaped(t, o->generate_name, NAME_BYTES);
		text_putc(t, '*');
	} else {
		text_puts(t, "(no name)");
	}
}

static void put_count(struct text *t, size_t n, const char *noun)
{
	text_put_u64(t, n);
	text_putc(t, ' ');
	text_puts(t, noun);
	if (n != 1)
		text_putc(t, 's');
}

/* Lines of one subject stand together. */
static size_t count_images(const struct report_lines *lines)
{
	size_t n = 0;

	for (size_t i = 0; i < lines->n; i++)
		n += i == 0 || lines->items[i]->subject != lines->items[i - 1]->subject;
	return n;
}

static void put_header(struct text *t, const struct message *m)
{
	text_puts(t, "assay: ");
	if (m->refused) {
		put_count(t, m->lines.n + (m->gap ? 1 : 0), "violation");
		text_puts(t, " in ");
	} else if (m->lines.n) {
		text_puts(t, "could not verify ");
		put_count(t, count_images(&m->lines), "image");
		text_puts(t, " in ");
	} else {
		text_puts(t, "could not judge ");
	}
	put_object(t, m->object);
	if (!m->refused && m->lines.n)
		text_puts(t, " (try again; the manifest may be fine)");
	text_putc(t, '\n');
}

static void put_footer(struct text *t, const struct message *m)
{
	const struct report_text_options *o = m->options;
	bool platform = !m->refused && m->lines.n;

	if (!platform)
		text_puts(t, "Fix it: ");
	else if (m->outcome)
		text_printf(t, "Platform team: see assay_registry_requests_total{outcome=\"%s\"}; ",
			    m->outcome);
	else
		text_puts(t, "Platform team: see the server's log; ");
	if (!platform && m->mend.n) {
		text_put(t, m->mend);
		text_puts(t, " ; ");
	}
	text_put(t, o->docs_url);
	if (m->one_code) {
		text_putc(t, '#');
		text_puts(t, code_name(m->code));
	}
	if (o->contact.n && !platform) {
		text_puts(t, "; ask ");
		text_put_escaped(t, o->contact, NAME_BYTES);
	}
	if (o->uid.n) {
		text_puts(t, " (request ");
		text_put_escaped(t, str_sub(o->uid, 0, 8), 8);
		text_putc(t, ')');
	}
}

static void put_message(struct text *t, const struct message *m, size_t n_lines, size_t quote_bytes)
{
	put_header(t, m);
	for (size_t i = 0; i < n_lines; i++) {
		text_puts(t, "- ");
		report_put_line(t, m->lines.items[i], quote_bytes);
		text_putc(t, '\n');
	}
	if (n_lines < m->lines.n) {
		text_puts(t, ELLIPSIS " and ");
		text_put_u64(t, m->lines.n - n_lines);
		text_puts(t, " more: assay check -f FILE lists all\n");
	}
	if (m->gap) {
		text_puts(t, "- object: the object is too complex to judge: ");
		text_puts(t, m->gap);
		text_puts(t, "; nothing is admitted unjudged\n");
	}
	put_footer(t, m);
}

static bool try_message(const struct message *m, size_t n_lines, size_t quote_bytes,
			struct str *out)
{
	struct text t;

	text_init(&t, m->report->arena, m->options->all ? ALL_ROOM : MESSAGE_ROOM);
	put_message(&t, m, n_lines, quote_bytes);
	return text_done(&t, out);
}

/* Shorter and shorter until it fits; completeness wins over the aim, the limit over completeness. */
static struct str fit_message(const struct message *m)
{
	size_t n = m->lines.n < LIMIT_MESSAGE_LINES ? m->lines.n : LIMIT_MESSAGE_LINES;
	struct str s;

	if (m->options->all)
		return try_message(m, m->lines.n, LIMIT_QUOTE, &s) ? s : S("");
	if (try_message(m, n, LIMIT_QUOTE, &s) && s.n <= LIMIT_MESSAGE_AIM)
		return s;
	for (;; n--) {
		if (try_message(m, n, LIMIT_QUOTE_SHORT, &s) && s.n <= LIMIT_MESSAGE)
			return s;
		if (n == 0 || arena_exhausted(m->report->arena))
			return S("");
	}
}

/* A command that mends one line of several would be half a help. */
static void find_mend(struct message *m)
{
	for (size_t i = 0; i < m->lines.n && !m->gap; i++) {
		const struct violation *v = m->lines.items[i];
		bool same_outcome =
			!i || (v->outcome && m->outcome && strcmp(v->outcome, m->outcome) == 0);
		m->mend = !i || str_eq(v->mend, m->mend) ? v->mend : S("");
		m->outcome = same_outcome ? v->outcome : NULL;
	}
}

static void find_code(struct message *m)
{
	m->code = m->lines.n && !m->gap ? m->lines.items[0]->code : CODE_OBJECT;
	m->one_code = true;
	for (size_t i = 0; i < m->lines.n; i++) {
		if (m->lines.items[i]->code != m->code)
			m->one_code = false;
	}
}

struct str report_message(const struct report *r, const struct report_object *obj,
			  const struct report_text_options *o)
{
	struct message m = {.report = r, .object = obj, .options = o, .gap = gap_of(r)};
	enum verdict verdict = report_verdict(r);

	if (verdict != VERDICT_DENY && verdict != VERDICT_UNAVAILABLE)
		return S("");
	if (!report_lines(r, REPORT_LINES_REFUSAL, &m.lines))
		return S("");
	m.refused = verdict == VERDICT_DENY;
	find_code(&m);
	find_mend(&m);
	return fit_message(&m);
}

/* The text of `assay verify`. */
#include "cli/verify.h"

/* ---- who made what ---- */

static bool has_made(const struct verify_party *p, const struct evidence_candidate *c)
{
	char buf[SIG_FINGERPRINT_BYTES];

	if (c->authority != p->authority)
		return false;
	if (!p->key)
		return c->origin.subject.n > 0;
	return c->key.n && str_eq(c->key, str_of(sig_key_fingerprint(p->key, buf)));
}

const struct verify_party *verify_maker(const struct verify_report *r,
					const struct evidence_candidate *c)
{
	for (size_t i = 0; i < r->n_parties; i++) {
		if (has_made(&r->parties[i], c))
			return &r->parties[i];
	}
	return NULL;
}

struct verify_counts verify_count(const struct verify_report *r, const struct verify_party *p)
{
	const struct evidence *e = r->evidence;
	struct verify_counts n = {0, 0};

	for (size_t i = 0; i < e->n_candidates; i++) {
		bool made = has_made(p, &e->candidates[i]);
		n.made += made;
		n.verified += made && e->candidates[i].state == VERIFY_STATE_VERIFIED;
	}
	return n;
}

/* ---- text ---- */

/* What is made for people has its quotes already; what a terminal must not see is escaped here. */
static void put_safe(struct text *t, struct str s)
{
	while (s.n) {
		size_t n = 0;
		while (n < s.n && s.p[n] != '"' && s.p[n] != '\\')
			n++;
		text_put_escaped(t, str_sub(s, 0, n), 4096);
		if (n == s.n)
			return;
		text_putc(t, s.p[n]);
		s = str_sub(s, n + 1, s.n);
	}
}

/* "reason: text", or the reason's meaning where there is no text. */
static void put_reason(struct text *t, enum verify_reason reason, struct str text)
{
	text_printf(t, "%s: ", verify_reason_name(reason));
	put_safe(t, text.n ? text : str_of(verify_reason_meaning(reason)));
}

static void put_party(struct text *t, const struct verify_party *p)
{
	const struct identity_match *m = p->identity ? &p->identity->subject : NULL;

	if (p->name)
		put_safe(t, str_of(p->name));
	else
		put_safe(t, m->exact.n ? m->exact : m->regex);
}

static void put_verdict(struct text *t, const struct verify_report *r)
{
	const struct evidence *e = r->evidence;
	bool more = false;

	if (r->kind != VERIFY_YES) {
		text_puts(t, r->kind == VERIFY_NO ? "not verified: " : "could not find out: ");
		if (r->kind == VERIFY_NO)
			text_printf(t, "%s: ", verify_state_name(e->state));
		put_reason(t, e->reason, e->why);
		text_putc(t, '\n');
		return;
	}
	text_puts(t, r->type.n ? "verified: attested by " : "verified: signed by ");
	for (size_t i = 0; i < r->n_parties; i++) {
		if (!verify_count(r, &r->parties[i]).verified)
			continue;
		text_puts(t, more ? " and " : "");
		put_party(t, &r->parties[i]);
		more = true;
	}
	text_putc(t, '\n');
}

static void put_match(struct text *t, const struct identity_match *m)
{
	if (m->regex.n)
		text_puts(t, "that fits ");
	put_safe(t, m->regex.n ? m->regex : m->exact);
}

/* "key release.pub (ecdsa-p256, sha256:...)", "identity ci (subject ..., issuer ...)" */
static void put_who(struct text *t, const struct verify_party *p)
{
	char fingerprint[SIG_FINGERPRINT_BYTES];

	text_puts(t, p->key ? "key " : "identity");
	if (p->name) {
		text_puts(t, p->key ? "" : " ");
		put_safe(t, str_of(p->name));
	}
	if (p->key) {
		text_printf(t, " (%s, %s)", sig_algorithm_name(p->key->algorithm),
			    sig_key_fingerprint(p->key, fingerprint));
		return;
	}
	text_puts(t, " (subject ");
	put_match(t, &p->identity->subject);
	if (!p->identity->any_issuer) {
		text_puts(t, ", issuer ");
		put_match(t, &p->identity->issuer);
	}
	text_putc(t, ')');
}

static void put_parties(struct text *t, const struct verify_report *r)
{
	for (size_t i = 0; i < r->n_parties; i++) {
		struct verify_counts n = verify_count(r, &r->parties[i]);
		put_who(t, &r->parties[i]);
		text_printf(t, ": made %zu, of which %zu count%s\n", n.made, n.verified,
			    n.verified == 1 ? "s" : "");
	}
}

static void put_time(struct text *t, const char *what, int64_t unix_s)
{
	char at[32];

	if (!unix_s)
		return;
	time_format(unix_s, at);
	text_printf(t, ", %s %s", what, at);
}

/* Who made it, when, and where it was recorded, as far as that was verified. */
static void put_origin(struct text *t, const struct verify_report *r,
		       const struct evidence_origin *o)
{
	if (o->subject.n) {
		text_puts(t, ", made by ");
		put_safe(t, o->subject);
		if (o->issuer.n) {
			text_puts(t, " (issuer ");
			put_safe(t, o->issuer);
			text_putc(t, ')');
		}
	}
	put_time(t, "signed", o->signed_unix_s);
	if (o->n_logs)
		text_printf(t, ", log index %lld", (long long)o->log_index);
	if (o->n_logs > 1)
		text_printf(t, " and %zu more", o->n_logs - 1);
	if (o->n_timestamps)
		text_printf(t, ", %zu timestamp%s", o->n_timestamps,
			    o->n_timestamps == 1 ? "" : "s");
	/* Of signatures it is always the same, or the reason tells. */
	if (r->type.n && o->predicate_type.n) {
		text_puts(t, ", type ");
		put_safe(t, o->predicate_type);
		put_time(t, "which says it is of", o->made_unix_s);
	}
}

static void put_candidates(struct text *t, const struct verify_report *r)
{
	const struct evidence *e = r->evidence;

	text_printf(t, "candidates: %zu%s\n", e->n_candidates,
		    e->truncated ? ", and there may be more" : "");
	for (size_t i = 0; i < e->n_candidates; i++) {
		const struct evidence_candidate *c = &e->candidates[i];
		const struct verify_party *by = verify_maker(r, c);
		text_puts(t, "  ");
		put_safe(t, c->digest.n ? c->digest : S("list of signatures"));
		text_printf(t, " %s ", bundle_format_name(c->format));
		if (c->state == VERIFY_STATE_VERIFIED) {
			text_puts(t, "verified");
		} else {
			text_puts(t, c->state == VERIFY_STATE_UNAVAILABLE ? "unknown: "
									  : "rejected: ");
			put_reason(t, c->reason, c->text);
		}
		if (by && by->key) {
			text_puts(t, ", made by ");
			put_safe(t, str_of(by->name));
		}
		put_origin(t, r, &c->origin);
		text_putc(t, '\n');
	}
}

void verify_print_text(const struct verify_report *r, struct text *t)
{
	if (!r->image.n)
		return;
	text_put(t, r->image);
	text_putc(t, '\n');
	if (!r->evidence)
		return;
	put_verdict(t, r);
	if (r->repository.n) {
		text_puts(t, "signatures of repository ");
		text_put(t, r->repository);
		text_putc(t, '\n');
	}
	/* Without an answer of the registry there is nothing to be said of keys. */
	if (r->kind == VERIFY_UNKNOWN && r->evidence->n_candidates == 0)
		return;
	put_parties(t, r);
	put_candidates(t, r);
}

/* The two outputs of `assay verify`. */
#include "cli/verify.h"
#include "core/json.h"

/* ---- who made what ---- */

static bool is_maker(const struct verify_key *k, struct str fingerprint)
{
	char buf[SIG_FINGERPRINT_BYTES];

	return fingerprint.n && str_eq(fingerprint, str_of(sig_key_fingerprint(&k->key, buf)));
}

/* The key that made the candidate, NULL if none did. */
static const struct verify_key *maker(const struct verify_report *r,
				      const struct evidence_candidate *c)
{
	for (size_t i = 0; i < r->n_keys; i++) {
		if (is_maker(&r->keys[i], c->key))
			return &r->keys[i];
	}
	return NULL;
}

/* Of the candidates, those that a key made. */
struct counts {
	size_t made;
	size_t verified;
};

static struct counts count(const struct verify_report *r, const struct verify_key *k)
{
	const struct evidence *e = r->evidence;
	struct counts n = {0, 0};

	for (size_t i = 0; i < e->n_candidates; i++) {
		bool made = is_maker(k, e->candidates[i].key);
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
	text_puts(t, "verified: signed by ");
	for (size_t i = 0; i < r->n_keys; i++) {
		if (!count(r, &r->keys[i]).verified)
			continue;
		text_puts(t, more ? " and " : "");
		put_safe(t, str_of(r->keys[i].file));
		more = true;
	}
	text_putc(t, '\n');
}

static void put_keys(struct text *t, const struct verify_report *r)
{
	char fingerprint[SIG_FINGERPRINT_BYTES];

	for (size_t i = 0; i < r->n_keys; i++) {
		const struct verify_key *k = &r->keys[i];
		struct counts n = count(r, k);
		text_puts(t, "key ");
		put_safe(t, str_of(k->file));
		text_printf(t, " (%s, %s): made %zu, of which %zu count%s\n",
			    sig_algorithm_name(k->key.algorithm),
			    sig_key_fingerprint(&k->key, fingerprint), n.made, n.verified,
			    n.verified == 1 ? "s" : "");
	}
}

static void put_candidates(struct text *t, const struct verify_report *r)
{
	const struct evidence *e = r->evidence;

	text_printf(t, "candidates: %zu%s\n", e->n_candidates,
		    e->truncated ? ", and there may be more" : "");
	for (size_t i = 0; i < e->n_candidates; i++) {
		const struct evidence_candidate *c = &e->candidates[i];
		const struct verify_key *by = maker(r, c);
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
		if (by) {
			text_puts(t, ", made by ");
			put_safe(t, str_of(by->file));
		}
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
	put_keys(t, r);
	put_candidates(t, r);
}

/* ---- JSON ---- */

static void field(struct json_writer *w, const char *key, struct str value)
{
	json_key(w, str_of(key));
	json_str(w, value);
}

static void optional(struct json_writer *w, const char *key, struct str value)
{
	if (value.n)
		field(w, key, value);
}

static void put_said(struct json_writer *w, enum verify_state state, enum verify_reason reason,
		     struct str text)
{
	field(w, "state", str_of(verify_state_name(state)));
	field(w, "reason", str_of(verify_reason_name(reason)));
	optional(w, "message", text);
}

static void put_key_json(struct json_writer *w, const struct verify_key *k)
{
	char fingerprint[SIG_FINGERPRINT_BYTES];

	field(w, "file", str_of(k->file));
	field(w, "fingerprint", str_of(sig_key_fingerprint(&k->key, fingerprint)));
	field(w, "algorithm", str_of(sig_algorithm_name(k->key.algorithm)));
}

static void put_keys_json(struct json_writer *w, const struct verify_report *r)
{
	json_key(w, S("keys"));
	json_open(w, '[');
	for (size_t i = 0; i < r->n_keys; i++) {
		struct counts n = count(r, &r->keys[i]);
		json_open(w, '{');
		put_key_json(w, &r->keys[i]);
		json_key(w, S("made"));
		json_int(w, (int64_t)n.made);
		json_key(w, S("verified"));
		json_int(w, (int64_t)n.verified);
		json_close(w);
	}
	json_close(w);
}

static void put_candidates_json(struct json_writer *w, const struct verify_report *r)
{
	const struct evidence *e = r->evidence;

	json_key(w, S("candidates"));
	json_open(w, '[');
	for (size_t i = 0; i < e->n_candidates; i++) {
		const struct evidence_candidate *c = &e->candidates[i];
		const struct verify_key *by = maker(r, c);
		json_open(w, '{');
		optional(w, "digest", c->digest);
		field(w, "format", str_of(bundle_format_name(c->format)));
		put_said(w, c->state, c->reason, c->text);
		if (by) {
			json_key(w, S("madeBy"));
			json_open(w, '{');
			put_key_json(w, by);
			json_close(w);
		}
		optional(w, "hint", c->hint);
		json_close(w);
	}
	json_close(w);
	json_key(w, S("truncated"));
	json_bool(w, e->truncated);
}

void verify_print_json(const struct verify_report *r, struct text *t)
{
	static const char *const kinds[] = {
		[VERIFY_UNKNOWN] = "unknown",
		[VERIFY_NO] = "not_verified",
		[VERIFY_RESOLVED] = "resolved",
		[VERIFY_YES] = "verified",
	};
	struct json_writer w;

	json_writer_init(&w, t);
	json_open(&w, '{');
	field(&w, "reference", r->reference);
	optional(&w, "image", r->image);
	optional(&w, "signatureRepository", r->repository);
	field(&w, "result", str_of(kinds[r->kind]));
	if (r->evidence) {
		put_said(&w, r->evidence->state, r->evidence->reason, r->evidence->why);
		optional(&w, "registry", str_of(r->evidence->outcome));
		put_keys_json(&w, r);
		put_candidates_json(&w, r);
	} else {
		optional(&w, "registry", str_of(r->outcome));
		optional(&w, "message", r->why);
	}
	json_close(&w);
	text_putc(t, '\n');
}

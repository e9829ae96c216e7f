/* The JSON of `assay verify`. */
#include "cli/verify.h"
#include "core/json.h"

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

static void number(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, str_of(key));
	json_int(w, value);
}

static void put_key_json(struct json_writer *w, const struct verify_party *p)
{
	char fingerprint[SIG_FINGERPRINT_BYTES];

	field(w, "file", str_of(p->name));
	field(w, "fingerprint", str_of(sig_key_fingerprint(p->key, fingerprint)));
	field(w, "algorithm", str_of(sig_algorithm_name(p->key->algorithm)));
}

static void put_match_json(struct json_writer *w, const char *exact, const char *regex,
			   const struct identity_match *m)
{
	optional(w, exact, m->exact);
	optional(w, regex, m->regex);
}

static void put_identity_json(struct json_writer *w, const struct verify_party *p)
{
	optional(w, "authority", str_of(p->name));
	put_match_json(w, "subject", "subjectRegex", &p->identity->subject);
	put_match_json(w, "issuer", "issuerRegex", &p->identity->issuer);
}

/* Keys, or identities. */
static void put_parties_json(struct json_writer *w, const struct verify_report *r, bool keys)
{
	json_key(w, keys ? S("keys") : S("identities"));
	json_open(w, '[');
	for (size_t i = 0; i < r->n_parties; i++) {
		struct verify_counts n = verify_count(r, &r->parties[i]);
		if (keys != (r->parties[i].key != NULL))
			continue;
		json_open(w, '{');
		if (keys)
			put_key_json(w, &r->parties[i]);
		else
			put_identity_json(w, &r->parties[i]);
		number(w, "made", (int64_t)n.made);
		number(w, "verified", (int64_t)n.verified);
		json_close(w);
	}
	json_close(w);
}

static bool has_identities(const struct verify_report *r)
{
	for (size_t i = 0; i < r->n_parties; i++) {
		if (!r->parties[i].key)
			return true;
	}
	return false;
}

static void put_time_json(struct json_writer *w, const char *key, int64_t unix_s)
{
	char at[32];

	if (!unix_s)
		return;
	time_format(unix_s, at);
	field(w, key, str_of(at));
}

static void put_origin_json(struct json_writer *w, const struct evidence_origin *o)
{
	if (o->subject.n) {
		json_key(w, S("identity"));
		json_open(w, '{');
		field(w, "subject", o->subject);
		optional(w, "issuer", o->issuer);
		json_close(w);
	}
	put_time_json(w, "signedAt", o->signed_unix_s);
	if (o->n_logs) {
		number(w, "logEntries", (int64_t)o->n_logs);
		number(w, "logIndex", o->log_index);
	}
	if (o->n_timestamps)
		number(w, "timestamps", (int64_t)o->n_timestamps);
	optional(w, "predicateType", o->predicate_type);
	put_time_json(w, "madeAt", o->made_unix_s);
}

static void put_candidates_json(struct json_writer *w, const struct verify_report *r)
{
	const struct evidence *e = r->evidence;

	json_key(w, S("candidates"));
	json_open(w, '[');
	for (size_t i = 0; i < e->n_candidates; i++) {
		const struct evidence_candidate *c = &e->candidates[i];
		const struct verify_party *by = verify_maker(r, c);
		json_open(w, '{');
		optional(w, "digest", c->digest);
		field(w, "format", str_of(bundle_format_name(c->format)));
		put_said(w, c->state, c->reason, c->text);
		if (by && by->key) {
			json_key(w, S("madeBy"));
			json_open(w, '{');
			put_key_json(w, by);
			json_close(w);
		}
		optional(w, "hint", c->hint);
		put_origin_json(w, &c->origin);
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
	optional(&w, "type", r->type);
	field(&w, "result", str_of(kinds[r->kind]));
	if (r->evidence) {
		put_said(&w, r->evidence->state, r->evidence->reason, r->evidence->why);
		optional(&w, "registry", str_of(r->evidence->outcome));
		put_parties_json(&w, r, true);
		if (has_identities(r))
			put_parties_json(&w, r, false);
		put_candidates_json(&w, r);
	} else {
		optional(&w, "registry", str_of(r->outcome));
		optional(&w, "message", r->why);
	}
	json_close(&w);
	text_putc(t, '\n');
}

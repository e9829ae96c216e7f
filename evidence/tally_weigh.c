/*
 * Statements of one type by one authority, weighed against each other: a report of last month must not win
 * over the one of today. Candidates that nobody of ours made weigh nothing, else whoever may push could
 * decide. spec: policy 3.7; design section 7
 */
#include "core/text.h"
#include "evidence/tally_inside.h"

/* ---- what was said, apart from the memory of the verification ---- */

/* Cut, and ended by a NUL: what a certificate or statement says has none inside. */
static struct str keep_bytes(char out[EVIDENCE_ORIGIN_BYTES], struct str s)
{
	size_t n = s.n < EVIDENCE_ORIGIN_BYTES - 1 ? s.n : EVIDENCE_ORIGIN_BYTES - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] ? s.p[i] : '?';
	out[n] = '\0';
	return (struct str){out, n};
}

/* No signature covers its own timestamps and log entries. Only with a certificate that lives for minutes do
 * they tell when it was made: an old statement by a key can be stamped anew by whoever may push. */
static bool proves_time(const struct verify_result *r, const struct verify_input *in)
{
	return in && in->authority->brief_certificates && r->signed_unix_s != 0;
}

static void say_time(const struct verify_result *r, const struct verify_input *in,
		     struct tally_said *out)
{
	struct predicate_input p = {.type = r->predicate_type, .predicate = r->predicate};
	int64_t made;

	if (in && r->predicate_type.n) {
		p.digest = in->subject->digest;
		p.now_unix_s = in->now_unix_s;
		if (predicate_time(&p, &made))
			out->origin.made_unix_s = made;
	}
	out->unix_s = proves_time(r, in) ? r->signed_unix_s : out->origin.made_unix_s;
	out->has_time = out->unix_s != 0;
}

void tally_say(const struct verify_result *r, const struct verify_input *in, struct tally_said *out)
{
	*out = (struct tally_said){.state = r->state,
				   .reason = r->reason,
				   .format = r->format,
				   .hint = r->hint,
				   .key = r->key};
	memcpy(out->text, r->text, sizeof(out->text));
	out->is_ours = r->key || r->identity.kind != IDENTITY_NONE;
	out->origin.subject = keep_bytes(out->subject, r->identity.subject);
	out->origin.issuer = keep_bytes(out->issuer, r->identity.issuer);
	out->origin.predicate_type = keep_bytes(out->predicate_type, r->predicate_type);
	out->origin.n_logs = r->n_entries;
	out->origin.log_index = r->n_entries ? r->entries[0].log_index : 0;
	out->origin.n_timestamps = r->n_timestamps;
	out->origin.signed_unix_s = r->signed_unix_s;
	say_time(r, in, out);
}

/* ---- weighing ---- */

/* By one of ours, and no statement that could be read: nobody knows what it says. */
static bool is_unread(const struct tally_said *r)
{
	switch (r->reason) {
	case VERIFY_NO_ROOM:
	case VERIFY_TOO_LARGE:
	case VERIFY_TOO_DEEP:
	case VERIFY_TOO_MANY_VALUES:
	case VERIFY_JSON:
	case VERIFY_FIELD_TYPE:
	case VERIFY_STATEMENT:
	case VERIFY_STATEMENT_TYPE:
	case VERIFY_SUBJECT:
	case VERIFY_SUBJECTS:
		return r->is_ours;
	default:
		return false;
	}
}

static bool decides(const struct tally_said *r)
{
	return r->state == VERIFY_STATE_VERIFIED || r->state == VERIFY_STATE_CONDITION ||
	       is_unread(r);
}

static bool is_no(const struct evidence_signer *s)
{
	return s->state != VERIFY_STATE_VERIFIED;
}

/* Of two that count alike a "no" speaks, and of two of these the one of the lower number. */
static bool outweighs(const struct evidence_signer *before, size_t before_number,
		      const struct tally_said *now, size_t number)
{
	bool no = now->state != VERIFY_STATE_VERIFIED;

	return no != is_no(before) ? no : number < before_number;
}

static void weigh_other(struct tally *t, struct tally_weighed *w, size_t number,
			const struct tally_said *r)
{
	if (w->has_others && !outweighs(&w->others, w->others_number, r, number))
		return;
	w->has_others = true;
	w->others_number = number;
	w->others = tally_signer(t, r);
}

static void weigh_newest(struct tally *t, struct tally_weighed *w, size_t number,
			 const struct tally_said *r)
{
	if (w->has_newest && r->unix_s < w->newest_unix_s)
		return;
	if (w->has_newest && r->unix_s == w->newest_unix_s &&
	    !outweighs(&w->newest, w->newest_number, r, number))
		return;
	w->has_newest = true;
	w->newest_unix_s = r->unix_s;
	w->newest_number = number;
	w->newest = tally_signer(t, r);
}

static void weigh_unknown(struct tally *t, struct tally_weighed *w, size_t number,
			  const struct tally_said *r)
{
	if (w->has_unknown && w->unknown_number <= number)
		return;
	w->has_unknown = true;
	w->unknown_number = number;
	w->unknown = tally_signer(t, r);
}

void tally_weigh(struct tally *t, size_t i, size_t number, const struct tally_said *r)
{
	struct tally_weighed *w = &t->weighed[i];

	if (r->state == VERIFY_STATE_UNAVAILABLE)
		weigh_unknown(t, w, number, r);
	else if (!decides(r))
		return;
	else if (t->want->which == EVIDENCE_LATEST && r->has_time && !is_unread(r))
		weigh_newest(t, w, number, r);
	else
		weigh_other(t, w, number, r);
}

/* ---- the answer ---- */

/* What was not looked at may be newer. Where the age of what was found is proven and bounded, so is the harm. */
static bool hides_newer(const struct tally *t, size_t i)
{
	const struct evidence_want *w = t->want;
	const struct sig_authority *a = &w->authorities[i];
	bool is_bounded = a->brief_certificates &&
			  (a->max_age_s || (w->demand.predicate && w->demand.predicate->max_age_s));

	return t->truncated && !(w->which == EVIDENCE_LATEST && is_bounded);
}

static struct evidence_signer hidden(void)
{
	return (struct evidence_signer){
		.state = VERIFY_STATE_UNAVAILABLE,
		.reason = VERIFY_NOT_VERIFIED,
		.text = S("there are more attestations than are looked at, and a newer one may be "
			  "among the rest: remove what is not needed")};
}

void tally_settle(struct tally *t, size_t i)
{
	const struct tally_weighed *w = &t->weighed[i];

	if (w->has_others && is_no(&w->others))
		t->signers[i] = w->others;
	else if (w->has_unknown)
		t->signers[i] = w->unknown;
	else if (w->has_newest && is_no(&w->newest))
		t->signers[i] = w->newest;
	else if ((w->has_newest || w->has_others) && hides_newer(t, i))
		t->signers[i] = hidden();
	else if (w->has_newest)
		t->signers[i] = w->newest;
	else if (w->has_others)
		t->signers[i] = w->others;
}

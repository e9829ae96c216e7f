#include "evidence/tally_inside.h"

#include <stdlib.h>

#include "core/base64.h"
#include "evidence/limits.h"

#define NO_SIGNATURE_TEXT "no signature was found"

bool tally_init(struct tally *t, struct arena *a, const struct evidence_want *want)
{
	size_t n = want->n_authorities;

	*t = (struct tally){.want = want, .arena = a, .incomplete = true};
	t->signers = arena_calloc(a, n, sizeof(*t->signers));
	t->numbers = arena_calloc(a, n, sizeof(*t->numbers));
	t->candidates = arena_calloc(a, LIMIT_CANDIDATES, sizeof(*t->candidates));
	t->candidate_numbers = arena_calloc(a, LIMIT_CANDIDATES, sizeof(*t->candidate_numbers));
	if (evidence_weighs(want))
		t->weighed = arena_calloc(a, n, sizeof(*t->weighed));
	if (!t->signers || !t->numbers || !t->candidates || !t->candidate_numbers ||
	    evidence_weighs(want) != (t->weighed != NULL))
		return false;
	for (size_t i = 0; i < n; i++) {
		t->signers[i] = (struct evidence_signer){.state = VERIFY_STATE_UNSIGNED,
							 .reason = VERIFY_NO_SIGNATURE,
							 .text = S(NO_SIGNATURE_TEXT)};
		t->numbers[i] = SIZE_MAX;
	}
	t->incomplete = false;
	return true;
}

static struct str keep(struct tally *t, struct str s)
{
	const char *p = s.n ? arena_dup(t->arena, s.p, s.n) : NULL;

	if (s.n && !p)
		t->incomplete = true;
	return p ? (struct str){p, s.n} : S("");
}

/* For people: what it quotes is escaped already, what else a registry or library said is not. */
static struct str keep_text(struct tally *t, const char *text)
{
	struct text out;
	struct str s;

	if (!*text)
		return S("");
	text_init(&out, t->arena, 4 * LIMIT_CANDIDATE_TEXT + 8);
	text_put_statement(&out, str_of(text), LIMIT_CANDIDATE_TEXT);
	if (text_done(&out, &s))
		return s;
	t->incomplete = true;
	return S("");
}

static struct str keep_key(struct tally *t, const struct sig_key *k)
{
	char buf[SIG_FINGERPRINT_BYTES];

	return k ? keep(t, str_of(sig_key_fingerprint(k, buf))) : S("");
}

/* A hint is the base64 of a SHA-256 when it comes from cosign; fingerprints are easier to compare. */
static struct str keep_hint(struct tally *t, struct str hint)
{
	struct str raw;
	struct sha256 d;
	struct err e;
	char buf[7 + SHA256_HEX + 1] = "sha256:";

	if (!hint.n)
		return S("");
	if (hint.n > 64 || base64_decode(t->arena, hint, &raw, &e) < 0 || raw.n != SHA256_BYTES)
		return keep(t, str_sub(hint, 0, 64));
	memcpy(d.bytes, raw.p, SHA256_BYTES);
	sha256_hex(&d, buf + 7);
	return keep(t, str_of(buf));
}

/* Does `now` speak louder than what `before` said? The same, of a lower number, does too. */
static bool speaks(enum verify_state before, size_t before_number, enum verify_state now,
		   size_t number)
{
	if (before == now)
		return number < before_number;
	return verify_state_join(before, now) == now;
}

static struct evidence_origin keep_origin(struct tally *t, const struct tally_said *r)
{
	struct evidence_origin o = r->origin;

	o.subject = keep(t, str_of(r->subject));
	o.issuer = keep(t, str_of(r->issuer));
	o.predicate_type = keep(t, str_of(r->predicate_type));
	return o;
}

struct evidence_signer tally_signer(struct tally *t, const struct tally_said *r)
{
	return (struct evidence_signer){.state = r->state,
					.reason = r->reason,
					.format = r->format,
					.text = keep_text(t, r->text),
					.key = keep_key(t, r->key),
					.origin = keep_origin(t, r)};
}

static void tell_signer(struct tally *t, size_t i, size_t number, const struct tally_said *r)
{
	struct evidence_signer *s = &t->signers[i];

	if (t->weighed)
		tally_weigh(t, i, number, r);
	if (!speaks(s->state, t->numbers[i], r->state, number))
		return;
	t->yes += r->state == VERIFY_STATE_VERIFIED && s->state != VERIFY_STATE_VERIFIED;
	t->numbers[i] = number;
	*s = tally_signer(t, r);
}

static void tell_outcome(struct tally *t, const struct tally_candidate *c)
{
	if (!c->outcome || (t->outcome && t->outcome_number <= c->number))
		return;
	t->outcome = c->outcome;
	t->outcome_number = c->number;
}

static void list_candidate(struct tally *t, const struct tally_candidate *c, size_t authority,
			   const struct tally_said *r)
{
	if (t->n_candidates == LIMIT_CANDIDATES) {
		t->truncated = true;
		return;
	}
	t->n_signatures += r->state != VERIFY_STATE_UNSIGNED;
	t->candidate_numbers[t->n_candidates] = c->number;
	t->candidates[t->n_candidates++] = (struct evidence_candidate){
		.format = r->format,
		.state = r->state,
		.reason = r->reason,
		.text = keep_text(t, r->text),
		.authority = authority,
		.digest = keep(t, c->digest),
		.key = keep_key(t, r->key),
		.hint = keep_hint(t, r->hint),
		.origin = keep_origin(t, r),
	};
}

/* One of ours says of another type what nobody was asked about. The others, who did not make it, cannot know
 * that. NULL: nobody does. */
static const struct tally_said *other_type(const struct tally *t, const struct tally_said *said)
{
	for (size_t i = 0; i < t->want->n_authorities; i++) {
		if (said[i].reason == VERIFY_PREDICATE_TYPE)
			return &said[i];
	}
	return NULL;
}

void tally_add(struct tally *t, const struct tally_candidate *c, const struct tally_said *said)
{
	const struct tally_said *other = other_type(t, said);
	size_t best = 0;

	/* Of nobody nothing is said. */
	if (t->incomplete || t->want->n_authorities == 0)
		return;
	for (size_t i = 0; i < t->want->n_authorities; i++) {
		tell_signer(t, i, c->number, other && !said[i].is_ours ? other : &said[i]);
		if (i && speaks(said[best].state, 0, said[i].state, 1))
			best = i;
	}
	tell_outcome(t, c);
	if (other)
		best = (size_t)(other - said);
	list_candidate(t, c, best, &said[best]);
}

void tally_fault(struct tally *t, const struct tally_candidate *c, const struct sig_fault *f,
		 bool listed)
{
	struct verify_result rejected;
	struct tally_said r;

	if (t->incomplete)
		return;
	verify_rejected(f, &rejected);
	tally_say(&rejected, NULL, &r);
	for (size_t i = 0; i < t->want->n_authorities; i++)
		tell_signer(t, i, c->number, &r);
	tell_outcome(t, c);
	if (listed)
		list_candidate(t, c, 0, &r);
}

bool tally_is_enough(const struct tally *t)
{
	return !t->incomplete && !t->want->thorough && !t->weighed && t->want->enough > 0 &&
	       t->yes >= t->want->enough;
}

/* ---- the answer ---- */

/* By number; few, and nearly in order. */
static void sort_candidates(struct tally *t)
{
	for (size_t i = 1; i < t->n_candidates; i++) {
		struct evidence_candidate c = t->candidates[i];
		size_t number = t->candidate_numbers[i], k = i;
		for (; k > 0 && t->candidate_numbers[k - 1] > number; k--) {
			t->candidates[k] = t->candidates[k - 1];
			t->candidate_numbers[k] = t->candidate_numbers[k - 1];
		}
		t->candidates[k] = c;
		t->candidate_numbers[k] = number;
	}
}

void tally_finish(struct tally *t, struct evidence *out)
{
	if (t->incomplete || arena_exhausted(t->arena)) {
		*out = evidence_unavailable(
			VERIFY_NOT_VERIFIED,
			S("what was found does not fit the memory of one lookup"));
		return;
	}
	for (size_t i = 0; t->weighed && i < t->want->n_authorities; i++)
		tally_settle(t, i);
	*out = (struct evidence){.truncated = t->truncated,
				 .signers = t->signers,
				 .n_signers = t->want->n_authorities,
				 .n_signatures = t->n_signatures};
	evidence_decide(t->want, out);
	if (out->state == VERIFY_STATE_UNAVAILABLE)
		out->outcome = t->outcome;
	if (out->state == VERIFY_STATE_VERIFIED && !t->want->thorough)
		return;
	sort_candidates(t);
	out->candidates = t->candidates;
	out->n_candidates = t->n_candidates;
}

#include "policy/signature_text.h"

#include <string.h>

#include "core/clock.h"
#include "policy/limits.h"
#include "policy/signature_inside.h"

#define SHORT_HEX 12
#define NAMES_SHOWN 4
#define SIGNERS_SHOWN 3

struct str signature_done_or(const struct text *t, struct str instead)
{
	struct str s;

	return text_done(t, &s) && s.n ? s : instead;
}

/* ---- parts ---- */

/* "sha256:9f8e7d6c5b4a…" */
static void put_short(struct text *t, struct str digest)
{
	const size_t prefix = sizeof("sha256:") - 1;

	if (!str_starts(digest, S("sha256:")) || digest.n <= prefix + SHORT_HEX) {
		text_put_escaped(t, digest, LIMIT_QUOTE_SHORT);
		return;
	}
	text_put_escaped(t, str_sub(digest, 0, prefix + SHORT_HEX), LIMIT_QUOTE_SHORT);
	text_puts(t, ELLIPSIS);
}

void signature_put_repository(struct text *t, struct str host, struct str path)
{
	text_put_escaped(t, host, LIMIT_QUOTE);
	text_putc(t, '/');
	text_put_escaped(t, path, LIMIT_QUOTE);
}

static void put_image(struct text *t, const struct reference *r)
{
	signature_put_repository(t, r->host, r->path);
	text_putc(t, '@');
	put_short(t, r->digest);
}

static void put_more(struct text *t, size_t n, size_t shown)
{
	if (n > shown)
		text_printf(t, " and %zu more", n - shown);
}

struct str signature_key_and_value(struct arena *a, const struct sig_annotation *annotation)
{
	struct text t;
	struct str s;

	text_init(&t, a, SIGNATURE_TEXT_ROOM);
	text_put(&t, annotation->key);
	text_putc(&t, '=');
	text_put(&t, annotation->value);
	return text_done(&t, &s) ? s : annotation->key;
}

static void put_annotations(struct text *t, struct arena *a, const struct param_annotations *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n && i < NAMES_SHOWN; i++) {
		text_puts(t, i ? ", " : l->n > 1 ? " with annotations " : " with annotation ");
		text_put_escaped(t, signature_key_and_value(a, &l->items[i]), LIMIT_QUOTE_SHORT);
	}
	put_more(t, l->n, NAMES_SHOWN);
}

/* "attestation", "attestations of type vuln", "cosign signatures" */
static void put_noun(struct text *t, const struct signature_asked *q, bool cosign, bool many)
{
	const char *end = many ? "s" : "";

	if (!q->type) {
		text_printf(t, "%ssignature%s", cosign ? "cosign " : "", end);
		return;
	}
	text_printf(t, "attestation%s of type ", end);
	text_put_escaped(t, q->type->text, LIMIT_QUOTE);
}

struct str signature_wanted(struct arena *a, const struct signature_asked *q, size_t enough)
{
	const struct param_authorities *who = q->authorities;
	bool many = who->n > 1 && enough > 1;
	struct text t;

	text_init(&t, a, SIGNATURE_TEXT_ROOM);
	text_puts(&t, many ? "" : q->type ? "an " : "a ");
	put_noun(&t, q, false, many);
	if (who->n == 1)
		text_puts(&t, " by ");
	else if (enough == who->n)
		text_puts(&t, " by all of: ");
	else if (enough == 1)
		text_puts(&t, " by one of: ");
	else
		text_printf(&t, " by at least %zu of: ", enough);
	for (size_t i = 0; i < who->n && i < NAMES_SHOWN; i++) {
		text_puts(&t, i ? ", " : "");
		text_put(&t, who->items[i]->name);
	}
	put_more(&t, who->n, NAMES_SHOWN);
	put_annotations(&t, a, q->annotations);
	return signature_done_or(&t, S("a signature by a trusted key"));
}

struct str signature_want_pin(struct arena *a, const struct reference *r)
{
	struct text t, name;
	struct str image;

	text_init(&name, a, SIGNATURE_TEXT_ROOM);
	signature_put_repository(&name, r->host, r->path);
	if (reference_effective_tag(r).n) {
		text_putc(&name, ':');
		text_put(&name, reference_effective_tag(r));
	}
	if (!text_done(&name, &image) || image.n > LIMIT_QUOTE)
		image = S("IMAGE:TAG");
	text_init(&t, a, SIGNATURE_TEXT_ROOM);
	text_puts(&t, "...@sha256:<64 hex>; assay verify ");
	text_put(&t, image);
	text_puts(&t, " prints its pin");
	return signature_done_or(&t, S("...@sha256:<64 hex>"));
}

/* ---- who signed, who did not ---- */

struct str signature_authority_name(const struct signature_asked *q, size_t i)
{
	return i < q->authorities->n ? q->authorities->items[i]->name : S("?");
}

bool signature_has_signed(const struct evidence *e, size_t i)
{
	return i < e->n_signers && e->signers[i].state == VERIFY_STATE_VERIFIED;
}

/* Of keys alone? */
static bool are_keys(const struct signature_asked *q, const struct evidence *e)
{
	for (size_t i = 0; i < q->authorities->n; i++) {
		if (!signature_has_signed(e, i) && q->authorities->items[i]->identity)
			return false;
	}
	return true;
}

/* 'key "a" or "b"', 'identity "c"' */
static void put_missing(struct text *t, const struct signature_asked *q, const struct evidence *e)
{
	size_t n = 0;

	text_puts(t, are_keys(q, e) ? "key " : "");
	for (size_t i = 0; i < q->authorities->n; i++) {
		if (signature_has_signed(e, i))
			continue;
		if (n++ >= NAMES_SHOWN)
			continue;
		text_puts(t, n > 1 ? " or " : "");
		text_quote(t, signature_authority_name(q, i), LIMIT_QUOTE_SHORT);
	}
	put_more(t, n, NAMES_SHOWN);
}

/* Who made a candidate, as far as it says; empty when it says nothing. */
static struct str signer_of(struct arena *a, const struct signature_asked *q,
			    const struct evidence_candidate *c)
{
	struct text t;

	if (c->state == VERIFY_STATE_UNSIGNED)
		return S("");
	if (c->reason == VERIFY_CERTIFICATE)
		return S("the holder of a certificate");
	text_init(&t, a, SIGNATURE_TEXT_ROOM);
	if (c->key.n) {
		text_quote(&t, signature_authority_name(q, c->authority), LIMIT_QUOTE_SHORT);
	} else if (c->hint.n) {
		text_puts(&t, "key ");
		put_short(&t, c->hint);
	}
	return signature_done_or(&t, S(""));
}

/* ", by "release" and key sha256:9f8e7d6c5b4a…": each once, those that are known. */
static void put_signers(struct text *t, struct arena *a, const struct signature_asked *q,
			const struct evidence *e)
{
	struct str seen[SIGNERS_SHOWN];
	size_t n = 0, more = 0;

	for (size_t i = 0; i < e->n_candidates; i++) {
		struct str s = signer_of(a, q, &e->candidates[i]);
		size_t k = 0;
		while (k < n && !str_eq(seen[k], s))
			k++;
		if (!s.n || k < n)
			continue;
		if (n == SIGNERS_SHOWN)
			more++;
		else
			seen[n++] = s;
	}
	for (size_t i = 0; i < n; i++) {
		text_puts(t, i == 0 ? ", by " : i + 1 == n && !more ? " and " : ", ");
		text_put(t, seen[i]);
	}
	put_more(t, n + more, n);
}

static void put_count(struct text *t, const struct signature_asked *q, const struct evidence *e)
{
	text_printf(t, "has %zu ", e->n_signatures);
	put_noun(t, q, true, e->n_signatures != 1);
}

/* ---- the states ---- */

static void say_unsigned(struct text *t, const struct signature_asked *q)
{
	struct str hex = str_sub(q->image->digest, sizeof("sha256:") - 1, SIZE_MAX);

	text_puts(t, "has no ");
	put_noun(t, q, true, false);
	text_puts(t, ": none at tag sha256-");
	text_put_escaped(t, str_sub(hex, 0, SHORT_HEX), SHORT_HEX);
	text_printf(t, ELLIPSIS "%s, none among its referrers", q->type ? ".att" : ".sig");
	if (!q->repository)
		return;
	text_puts(t, " in ");
	signature_put_repository(t, q->repository->repository.host, q->repository->repository.path);
}

/* The signer that decided: its words are the answer's. */
static const struct evidence_signer *decider(const struct evidence *e, size_t *index)
{
	for (size_t i = 0; i < e->n_signers; i++) {
		if (e->signers[i].state != e->state || e->signers[i].reason != e->reason)
			continue;
		*index = i;
		return &e->signers[i];
	}
	*index = 0;
	return NULL;
}

static void put_why(struct text *t, const struct evidence *e)
{
	struct str why = e->why.n ? e->why : str_of(verify_reason_meaning(e->reason));

	text_put_statement(t, why, 2 * LIMIT_QUOTE);
}

/* An attestation of ours that does not say what it must. */
static void say_condition(struct text *t, const struct signature_asked *q, const struct evidence *e)
{
	size_t i;
	const struct evidence_signer *s = decider(e, &i);
	int64_t at = !s                        ? 0
		     : s->origin.signed_unix_s ? s->origin.signed_unix_s
					       : s->origin.made_unix_s;
	char when[32];

	put_count(t, q, e);
	text_puts(t, ", the one by ");
	text_quote(t, signature_authority_name(q, i), LIMIT_QUOTE_SHORT);
	if (at) {
		time_format(at, when);
		text_printf(t, " of %s", when);
	}
	text_puts(t, " not as wanted: ");
	put_why(t, e);
}

/* By certificates, whose names the reason tells. */
static bool tells_identity(const struct evidence *e)
{
	return e->state == VERIFY_STATE_UNTRUSTED_IDENTITY && e->reason != VERIFY_CERTIFICATE;
}

static void say_mismatch(struct text *t, const struct signature_asked *q, const struct evidence *e)
{
	size_t i;
	const struct evidence_signer *s = decider(e, &i);

	put_count(t, q, e);
	text_puts(t, e->reason == VERIFY_ANNOTATION ? ", none as wanted" : ", none of this image");
	if (s && s->key.n) {
		text_puts(t, " by ");
		text_quote(t, signature_authority_name(q, i), LIMIT_QUOTE_SHORT);
	}
	text_puts(t, ": ");
	put_why(t, e);
}

/* Good in itself, but not all that the authority wants of it is there. */
static bool is_lacking(enum verify_reason r)
{
	switch (r) {
	case VERIFY_NO_TIME:
	case VERIFY_SIGNATURE_AGE:
	case VERIFY_CERTIFICATE_TIME:
	case VERIFY_LOG_MISSING:
	case VERIFY_LOG_UNKNOWN:
	case VERIFY_LOG_THRESHOLD:
	case VERIFY_SCT_MISSING:
	case VERIFY_SCT_LOG_UNKNOWN:
	case VERIFY_SCT_THRESHOLD:
	case VERIFY_TIMESTAMP_MISSING:
	case VERIFY_TIMESTAMP_UNTRUSTED:
	case VERIFY_TIMESTAMP_THRESHOLD:
		return true;
	default:
		return false;
	}
}

static const char *word_of_bad(const struct evidence *e)
{
	bool one = e->n_signatures == 1;

	if (is_lacking(e->reason))
		return one ? ", which does not count: " : ", none that counts: ";
	return one ? ", which is broken: " : ", none good: ";
}

static void say_state(struct text *t, struct arena *a, const struct signature_asked *q,
		      const struct evidence *e)
{
	switch (e->state) {
	case VERIFY_STATE_UNSIGNED:
		if (e->n_signatures == 0) {
			say_unsigned(t, q);
			return;
		}
		break;
	case VERIFY_STATE_BAD_SIGNATURE:
		put_count(t, q, e);
		text_puts(t, word_of_bad(e));
		put_why(t, e);
		return;
	case VERIFY_STATE_DIGEST_MISMATCH:
		say_mismatch(t, q, e);
		return;
	case VERIFY_STATE_CONDITION:
		say_condition(t, q, e);
		return;
	case VERIFY_STATE_UNTRUSTED_KEY:
	case VERIFY_STATE_UNTRUSTED_IDENTITY:
	case VERIFY_STATE_UNAVAILABLE:
	case VERIFY_STATE_VERIFIED:
		break;
	}
	put_count(t, q, e);
	put_signers(t, a, q, e);
	text_puts(t, ", none by ");
	put_missing(t, q, e);
	if (tells_identity(e)) {
		text_puts(t, ": ");
		put_why(t, e);
	}
}

struct str signature_says(struct arena *a, const struct signature_asked *q,
			  const struct evidence *e)
{
	struct text t;

	if (e->state == VERIFY_STATE_UNAVAILABLE)
		return e->why.n ? e->why : str_of(verify_reason_meaning(e->reason));
	text_init(&t, a, SIGNATURE_TEXT_ROOM);
	put_image(&t, q->image);
	text_putc(&t, ' ');
	say_state(&t, a, q, e);
	if (e->truncated)
		text_puts(&t, " (and more, which were not looked at)");
	return signature_done_or(&t, S("is not signed as wanted"));
}

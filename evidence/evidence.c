#include "evidence/evidence.h"

#include <stdlib.h>

#include "evidence/pack.h"

/* ---- the hash ---- */

/* Sticky: after a failure nothing more is hashed. */
struct seal {
	struct sha256_ctx c;
	struct err *e;
	int rc;
};

static void seal_bytes(struct seal *s, const void *p, size_t n)
{
	if (s->rc == 0)
		s->rc = sha256_update(&s->c, (struct str){p, n}, s->e);
}

static void seal_number(struct seal *s, uint64_t v)
{
	uint8_t b[8];

	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(v >> 8 * i);
	seal_bytes(s, b, sizeof(b));
}

/* With its length, so that no two lists of strings are alike. */
static void seal_str(struct seal *s, struct str v)
{
	seal_number(s, v.n);
	seal_bytes(s, v.p, v.n);
}

static void seal_authority(struct seal *s, const struct sig_authority *a)
{
	seal_number(s, a->n_keys);
	for (size_t i = 0; i < a->n_keys; i++) {
		const struct sig_authority_key *k = &a->keys[i];
		seal_bytes(s, k->key->fingerprint.bytes, SHA256_BYTES);
		seal_number(s, (uint64_t)k->valid_from_unix_s);
		seal_number(s, (uint64_t)k->valid_until_unix_s);
	}
	seal_number(s, a->schemes);
	seal_number(s, a->accept_message);
	seal_number(s, a->log_threshold);
	seal_number(s, a->time_threshold);
}

static void seal_demand(struct seal *s, const struct sig_demand *d)
{
	seal_number(s, d->want);
	seal_str(s, d->predicate_type);
	seal_number(s, d->n_annotations);
	for (size_t i = 0; i < d->n_annotations; i++) {
		seal_str(s, d->annotations[i].key);
		seal_str(s, d->annotations[i].value);
	}
	seal_str(s, d->reference);
	seal_number(s, d->reference_prefix);
}

int evidence_want_seal(struct evidence_want *want, struct err *e)
{
	struct seal s = {.e = e};

	TRY(sha256_init(&s.c, e));
	seal_number(&s, want->n_authorities);
	for (size_t i = 0; i < want->n_authorities; i++)
		seal_authority(&s, &want->authorities[i]);
	seal_number(&s, want->enough);
	seal_demand(&s, &want->demand);
	seal_str(&s, want->repository.host);
	seal_str(&s, want->repository.path);
	seal_number(&s, want->thorough);
	sha256_final(&s.c, s.rc == 0 ? &want->sha256 : NULL);
	return s.rc;
}

/* ---- a copy ---- */

static const struct sig_authority_key *pack_keys(struct pack *k, const struct sig_authority *a)
{
	struct sig_authority_key *keys = pack_put(k, a->keys, a->n_keys * sizeof(*keys));

	for (size_t i = 0; i < a->n_keys; i++) {
		struct sig_key *key = pack_put(k, a->keys[i].key, sizeof(*key));
		struct str spki = pack_str(k, a->keys[i].key->spki);
		if (!keys || !key)
			continue;
		key->spki = spki;
		keys[i].key = key;
	}
	return keys;
}

static const struct sig_annotation *pack_annotations(struct pack *k, const struct sig_demand *d)
{
	struct sig_annotation *out = pack_put(k, d->annotations, d->n_annotations * sizeof(*out));

	for (size_t i = 0; i < d->n_annotations; i++) {
		struct str key = pack_str(k, d->annotations[i].key);
		struct str value = pack_str(k, d->annotations[i].value);
		if (out)
			out[i] = (struct sig_annotation){key, value};
	}
	return out;
}

static struct evidence_want *pack_want(struct pack *k, const struct evidence_want *in)
{
	struct evidence_want copy = *in;
	struct evidence_want *out = pack_put(k, in, sizeof(*in));
	struct sig_authority *authorities =
		pack_put(k, in->authorities, in->n_authorities * sizeof(*authorities));

	for (size_t i = 0; i < in->n_authorities; i++) {
		const struct sig_authority_key *keys = pack_keys(k, &in->authorities[i]);
		if (authorities)
			authorities[i].keys = keys;
	}
	copy.authorities = authorities;
	copy.demand.predicate_type = pack_str(k, in->demand.predicate_type);
	copy.demand.annotations = pack_annotations(k, &in->demand);
	copy.demand.reference = pack_str(k, in->demand.reference);
	copy.repository.host = pack_str(k, in->repository.host);
	copy.repository.path = pack_str(k, in->repository.path);
	if (out)
		*out = copy;
	return out;
}

struct evidence_want *evidence_want_dup(const struct evidence_want *want)
{
	struct pack k = {NULL, 0};

	pack_want(&k, want);
	k = (struct pack){malloc(k.n), 0};
	return k.p ? pack_want(&k, want) : NULL;
}

/* ---- the answer ---- */

static bool is_unknown(const struct evidence_signer *s)
{
	return s->state == VERIFY_STATE_UNAVAILABLE;
}

/* The first of those that are unknown, or the worst of those that said no. */
static const struct evidence_signer *speaker(const struct evidence *e, bool unknown)
{
	const struct evidence_signer *worst = NULL;

	for (size_t i = 0; i < e->n_signers; i++) {
		const struct evidence_signer *s = &e->signers[i];
		if (s->state == VERIFY_STATE_VERIFIED || is_unknown(s) != unknown)
			continue;
		if (!worst || s->state > worst->state)
			worst = s;
	}
	return worst;
}

void evidence_decide(const struct evidence_want *want, struct evidence *e)
{
	size_t yes = 0, unknown = 0;

	for (size_t i = 0; i < e->n_signers; i++) {
		yes += e->signers[i].state == VERIFY_STATE_VERIFIED;
		unknown += is_unknown(&e->signers[i]);
	}
	if (want->enough > 0 && yes >= want->enough) {
		e->state = VERIFY_STATE_VERIFIED;
		e->reason = VERIFY_VERIFIED;
		e->why = S("");
		return;
	}
	const struct evidence_signer *s = speaker(e, yes + unknown >= want->enough);
	e->state = s ? s->state : VERIFY_STATE_UNAVAILABLE;
	e->reason = s ? s->reason : VERIFY_NOT_VERIFIED;
	e->why = s ? s->text : str_of(verify_reason_meaning(VERIFY_NOT_VERIFIED));
}

bool evidence_is_final(const struct evidence *e)
{
	if (e->refused || e->state == VERIFY_STATE_UNAVAILABLE || !e->n_signers)
		return false;
	if (e->state == VERIFY_STATE_VERIFIED)
		return true;
	for (size_t i = 0; i < e->n_signers; i++) {
		if (!verify_reason_is_final(e->signers[i].reason))
			return false;
	}
	return true;
}

struct evidence evidence_unavailable(enum verify_reason reason, struct str why)
{
	bool fits = verify_reason_state(reason) == VERIFY_STATE_UNAVAILABLE;

	return (struct evidence){.reason = fits ? reason : VERIFY_NOT_VERIFIED, .why = why};
}

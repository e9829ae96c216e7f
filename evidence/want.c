/* The hash of a want: whatever an answer depends on is in it. */
#include "evidence/evidence.h"

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

static void seal_match(struct seal *s, const struct identity_match *m)
{
	seal_str(s, m->exact);
	seal_str(s, m->regex);
}

static void seal_identity(struct seal *s, const struct identity_demand *d)
{
	seal_match(s, &d->issuer);
	seal_match(s, &d->subject);
	seal_number(s, d->n_extensions);
	for (size_t i = 0; i < d->n_extensions; i++) {
		seal_number(s, d->extensions[i].number);
		seal_match(s, &d->extensions[i].value);
	}
	seal_number(s, d->any_issuer);
}

static void seal_root(struct seal *s, const struct trusted_root *r)
{
	seal_number(s, r != NULL);
	if (r)
		seal_bytes(s, r->sha256.bytes, SHA256_BYTES);
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
	seal_number(s, a->n_identities);
	for (size_t i = 0; i < a->n_identities; i++)
		seal_identity(s, &a->identities[i]);
	seal_root(s, a->root);
	seal_number(s, a->any_issuer);
	seal_number(s, a->brief_certificates);
	seal_number(s, a->log_threshold);
	seal_number(s, a->time_threshold);
	seal_number(s, a->sct_threshold);
	seal_number(s, a->use_current_time);
	seal_number(s, (uint64_t)a->max_age_s);
}

static void seal_globs(struct seal *s, const struct predicate_globs *g)
{
	seal_number(s, g->n);
	for (size_t i = 0; i < g->n; i++)
		seal_str(s, g->items[i]);
}

static void seal_predicate(struct seal *s, const struct predicate_demand *d)
{
	seal_number(s, d != NULL);
	if (!d)
		return;
	seal_number(s, (uint64_t)d->max_age_s);
	seal_number(s, d->has_ceilings);
	for (size_t i = 0; i < SEVERITIES; i++)
		seal_number(s, (uint64_t)d->ceilings[i]);
	seal_number(s, d->fixable_only);
	seal_globs(s, &d->accepted);
	seal_number(s, d->names_subject);
	seal_number(s, d->not_empty);
	seal_globs(s, &d->forbidden_packages);
	seal_globs(s, &d->forbidden_licences);
	seal_globs(s, &d->builders);
	seal_globs(s, &d->sources);
	seal_globs(s, &d->build_types);
}

static void seal_demand(struct seal *s, const struct sig_demand *d)
{
	seal_number(s, d->want);
	seal_str(s, d->predicate_type);
	seal_predicate(s, d->predicate);
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
	seal_number(&s, want->which);
	seal_str(&s, want->repository.host);
	seal_str(&s, want->repository.path);
	seal_number(&s, want->thorough);
	sha256_final(&s.c, s.rc == 0 ? &want->sha256 : NULL);
	return s.rc;
}

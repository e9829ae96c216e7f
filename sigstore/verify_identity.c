/* Signed by the holder of a certificate: when it was valid, who issued it, to whom.
 * spec: sigstore sections 6.1 to 6.5 and 9 */
#include "sigstore/chain.h"
#include "sigstore/sct.h"
#include "sigstore/verify_work.h"

static bool takes_foreign_intermediates(const struct trusted_root *root)
{
	for (size_t i = 0; i < root->n_certificate_authorities; i++) {
		if (root->certificate_authorities[i].foreign_intermediates)
			return true;
	}
	return false;
}

/* What came with the leaf is never an anchor, and read only where it may be a link. */
static int read_leaf(struct verification *v, struct chain_leaf *out)
{
	const struct bundle *b = v->bundle;
	struct str *candidates;
	size_t n;

	*out = (struct chain_leaf){b->certificates[0], b->certificates + 1, b->n_certificates - 1};
	if (b->chain_pem.n == 0 || !takes_foreign_intermediates(v->in->authority->root))
		return 0;
	candidates = arena_calloc(v->arena, LIMIT_CHAIN, sizeof(*candidates));
	if (!candidates)
		return sig_fault_room(v->fault);
	TRY(chain_parse_pem(v->arena, b->chain_pem, candidates, &n, v->fault));
	out->intermediates = candidates;
	out->n_intermediates = n;
	return 0;
}

/* Which of two faults says more: of the authority that did issue it, or of the one that could not
 * be asked. */
static int telling(enum verify_reason r)
{
	if (!verify_reason_is_final(r))
		return 2;
	return r == VERIFY_CERTIFICATE_TIME;
}

static int check_chain_at(struct verification *v, const struct chain_leaf *leaf, int64_t unix_ms,
			  struct str *issuer_spki)
{
	const struct trusted_root *root = v->in->authority->root;
	struct sig_fault f, best;

	sig_fault_set(&best, VERIFY_CERTIFICATE_CHAIN, "%s",
		      verify_reason_meaning(VERIFY_CERTIFICATE_CHAIN));
	for (size_t i = 0; i < root->n_certificate_authorities; i++) {
		if (chain_verify_at(v->arena, leaf, &root->certificate_authorities[i],
				    CHAIN_CODE_SIGNING, unix_ms, issuer_spki, &f) == 0)
			return 0;
		if (i == 0 || telling(f.reason) > telling(best.reason))
			best = f;
	}
	*v->fault = best;
	return -1;
}

/* spec: sigstore#6.1 "Every time in T must satisfy 6.2" */
static int check_chain(struct verification *v, const struct chain_leaf *leaf,
		       const struct verified_times *t, struct str *issuer_spki)
{
	if (t->n == 0 && !v->in->authority->use_current_time)
		return verify_no(v, VERIFY_NO_TIME);
	if (t->n == 0)
		return check_chain_at(v, leaf, v->in->now_unix_s * 1000, issuer_spki);
	for (size_t i = 0; i < t->n; i++)
		TRY(check_chain_at(v, leaf, t->unix_ms[i], issuer_spki));
	return 0;
}

/* Of several identities the one that fits best says what does not fit. */
static int nearness(enum verify_reason r)
{
	switch (r) {
	case VERIFY_IDENTITY_ISSUER:
		return 1;
	case VERIFY_IDENTITY_SUBJECT:
		return 2;
	case VERIFY_IDENTITY_EXTENSION:
		return 3;
	default:
		return 4;
	}
}

static int check_identity(struct verification *v, const struct identity *id, size_t *index)
{
	const struct sig_authority *authority = v->in->authority;
	struct sig_fault f, best = {.reason = VERIFY_NOT_VERIFIED};

	for (size_t i = 0; i < authority->n_identities; i++) {
		struct identity_demand want = authority->identities[i];

		want.any_issuer |= authority->any_issuer;
		if (identity_fits(id, &want, &f) == 0) {
			*index = i;
			return 0;
		}
		if (i == 0 || nearness(f.reason) > nearness(best.reason))
			best = f;
	}
	*v->fault = best;
	return -1;
}

static int check_signature(struct verification *v, const struct identity *id,
			   const struct signed_thing *what, unsigned *scheme)
{
	switch (verify_try(v, &id->key, what, scheme)) {
	case SIG_YES:
		return 0;
	case SIG_NO:
		return sig_fault_set(v->fault, VERIFY_SIGNATURE_WRONG,
				     "not the signature of this content by the key of its "
				     "certificate");
	case SIG_CANNOT:
		return verify_no(v, VERIFY_ARTIFACT_NEEDED);
	case SIG_FAILED:
		break;
	}
	return verify_no(v, VERIFY_CRYPTO_FAILED);
}

int verify_by_identity(struct verification *v, const struct signed_thing *what)
{
	const struct sig_authority *authority = v->in->authority;
	struct str der = v->bundle->certificates[0], issuer_spki = {NULL, 0};
	struct identity id = {.kind = IDENTITY_NONE};
	const struct rekor_subject s = verify_recorded(v, what, der, &id.key);
	struct verified_times t;
	struct chain_leaf leaf;
	unsigned scheme = 0;
	size_t index = 0;

	TRY(chain_check_leaf(der, CHAIN_CODE_SIGNING, v->fault));
	TRY(identity_parse(v->arena, der, !authority->any_issuer, &id, v->fault));
	TRY(verify_times(v, &s, &t));
	TRY(read_leaf(v, &leaf));
	TRY(check_chain(v, &leaf, &t, &issuer_spki));
	TRY(sct_verify(v->arena, der, issuer_spki, authority->root, authority->sct_threshold,
		       v->fault));
	TRY(check_identity(v, &id, &index));
	TRY(check_signature(v, &id, what, &scheme));
	v->result->identity = id;
	v->result->identity_index = index;
	v->result->scheme = scheme;
	verify_put_times(v, &t);
	return 0;
}

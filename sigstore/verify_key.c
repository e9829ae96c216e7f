/* Signed by a key: which of the authority's keys, and when it counted.
 * spec: sigstore sections 4.2 and 5 */
#include "sigstore/verify_work.h"

/* What the keys said, from worst to best known. */
struct tried {
	bool failed; /* the library could not tell */
	bool cannot; /* a key needs the message */
	bool hinted; /* the hint names one of the keys */
};

static bool try_key(struct verification *v, size_t i, const struct signed_thing *what,
		    struct tried *tried)
{
	const struct sig_authority_key *k = &v->in->authority->keys[i];
	unsigned scheme = 0;
	enum sig_outcome o = verify_try(v, k->key, what, &scheme);

	tried->failed |= o == SIG_FAILED;
	tried->cannot |= o == SIG_CANNOT;
	if (o != SIG_YES)
		return false;
	v->result->key = k->key;
	v->result->key_index = i;
	v->result->scheme = scheme;
	return true;
}

/* The hint selects what is tried first; it cannot be believed, so the others follow. */
static bool try_keys(struct verification *v, const struct signed_thing *what, struct tried *tried)
{
	const struct sig_authority *authority = v->in->authority;
	bool hinted[LIMIT_AUTHORITY_KEYS];

	for (size_t i = 0; i < authority->n_keys; i++) {
		hinted[i] = sig_key_is_hinted(authority->keys[i].key, v->bundle->hint);
		tried->hinted |= hinted[i];
		if (hinted[i] && try_key(v, i, what, tried))
			return true;
	}
	for (size_t i = 0; i < authority->n_keys; i++) {
		if (!hinted[i] && try_key(v, i, what, tried))
			return true;
	}
	return false;
}

static int check_signature(struct verification *v, const struct signed_thing *what)
{
	struct tried tried = {.failed = false};
	char quote[SIG_QUOTE_BYTES];

	if (try_keys(v, what, &tried))
		return 0;
	if (tried.failed)
		return verify_no(v, VERIFY_CRYPTO_FAILED);
	if (tried.cannot)
		return verify_no(v, VERIFY_ARTIFACT_NEEDED);
	if (tried.hinted)
		return verify_no(v, VERIFY_SIGNATURE_WRONG);
	if (v->bundle->material == BUNDLE_CERTIFICATE)
		return verify_no(v, VERIFY_CERTIFICATE);
	if (v->bundle->hint.n > 0)
		return sig_fault_set(v->fault, VERIFY_KEY_UNKNOWN,
				     "names key %s, and fits none of ours",
				     v->result->hinted_fingerprint[0]
					     ? v->result->hinted_fingerprint
					     : sig_quote(quote, v->bundle->hint));
	return verify_no(v, VERIFY_KEY_FITS_NONE);
}

/* ---- when it counts ---- */

static bool is_inside(const struct sig_authority_key *k, int64_t unix_ms)
{
	int64_t s = unix_ms / 1000, rest = unix_ms % 1000;

	if (k->valid_from_unix_s != 0 &&
	    (s < k->valid_from_unix_s || (s == k->valid_from_unix_s && rest < 0)))
		return false;
	return k->valid_until_unix_s == 0 || s < k->valid_until_unix_s ||
	       (s == k->valid_until_unix_s && rest <= 0);
}

static bool counts(const struct verification *v, const struct sig_authority_key *k,
		   const struct verified_times *t)
{
	if (t->n == 0)
		return is_inside(k, v->in->now_unix_s * 1000);
	for (size_t i = 0; i < t->n; i++) {
		if (!is_inside(k, t->unix_ms[i]))
			return false;
	}
	return true;
}

/* One key may be listed with several windows. */
static int check_windows(struct verification *v, const struct verified_times *t)
{
	const struct sig_authority *authority = v->in->authority;
	struct verify_result *r = v->result;

	for (size_t i = r->key_index; i < authority->n_keys; i++) {
		const struct sig_authority_key *k = &authority->keys[i];

		if (!str_eq(k->key->spki, r->key->spki) || !counts(v, k, t))
			continue;
		r->key = k->key;
		r->key_index = i;
		return 0;
	}
	r->key = NULL;
	r->key_index = 0;
	r->scheme = 0;
	return verify_no(v, VERIFY_KEY_OUTSIDE_WINDOW);
}

int verify_by_key(struct verification *v, const struct signed_thing *what)
{
	struct rekor_subject s;
	struct verified_times t;

	TRY(check_signature(v, what));
	s = verify_recorded(v, what, S(""), v->result->key);
	TRY(verify_times(v, &s, &t));
	TRY(check_windows(v, &t));
	verify_put_times(v, &t);
	return 0;
}

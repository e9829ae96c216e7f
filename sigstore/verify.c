#include "sigstore/verify.h"

#include <stdio.h>

#include "sigstore/verify_claims.h"

static int reject(struct verification *v, enum verify_reason r)
{
	return sig_fault_set(v->fault, r, "%s", verify_reason_meaning(r));
}

/* ---- before any signature is looked at ---- */

static int check_input(struct verification *v)
{
	const struct sig_authority *authority = v->in->authority;
	const struct sig_subject *subject = v->in->subject;
	struct sha256 d;

	if (authority->log_threshold > 0 || authority->time_threshold > 0)
		return sig_fault_set(v->fault, VERIFY_NOT_SUPPORTED,
				     "authority: a transparency log or timestamp is demanded: not "
				     "supported by this version");
	if (authority->n_keys == 0 || authority->n_keys > LIMIT_AUTHORITY_KEYS)
		return sig_fault_set(v->fault, VERIFY_NOT_SUPPORTED,
				     "authority: %zu keys, want 1 to %d", authority->n_keys,
				     LIMIT_AUTHORITY_KEYS);
	if (subject->bytes.n == 0)
		return 0;
	if (sha256_of(subject->bytes, &d, NULL) < 0)
		return reject(v, VERIFY_CRYPTO_FAILED);
	if (memcmp(d.bytes, subject->digest.bytes, SHA256_BYTES) != 0)
		return sig_fault_set(v->fault, VERIFY_NOT_VERIFIED,
				     "image: the bytes do not have the digest");
	return 0;
}

/* A key must not be tried on a bundle that names a certificate as its signer. A legacy layer names no
 * signer: cosign attaches certificates to signatures by key as well. */
static int check_kind(struct verification *v)
{
	const struct bundle *b = v->bundle;
	char quote[SIG_QUOTE_BYTES];

	if (b->format == BUNDLE_FORMAT_NONE || b->material == BUNDLE_MATERIAL_NONE)
		return reject(v, VERIFY_NOT_VERIFIED);
	if (b->material == BUNDLE_CERTIFICATE && b->format <= BUNDLE_V03)
		return reject(v, VERIFY_CERTIFICATE);
	if (b->content == BUNDLE_MESSAGE && !v->in->authority->accept_message)
		return reject(v, VERIFY_MESSAGE_SIGNATURE);
	if (v->in->demand->want == SIG_WANT_ATTESTATION && b->content != BUNDLE_ENVELOPE)
		return sig_fault_set(v->fault, VERIFY_PREDICATE_TYPE,
				     "a signature, not an attestation");
	if (b->content == BUNDLE_ENVELOPE && !str_eq(b->envelope.payload_type, S(DSSE_IN_TOTO)))
		return sig_fault_set(v->fault, VERIFY_PAYLOAD_TYPE, "payloadType: %s, want \"%s\"",
				     sig_quote(quote, b->envelope.payload_type), DSSE_IN_TOTO);
	return 0;
}

/* ---- whose signature is it ---- */

/* What is signed: a message, or only its digest. */
struct signed_thing {
	struct str message;
	const struct sha256 *digest; /* not NULL: the message is not known */
};

/* What the keys said, from worst to best known. */
struct tried {
	bool failed;  /* the library could not tell */
	bool cannot;  /* a key needs the message */
	bool hinted;  /* the hint names one of the keys */
	bool outside; /* a key made it, at a time when it does not count */
};

static bool is_inside(const struct sig_authority_key *k, int64_t now_unix_s)
{
	return (k->valid_from_unix_s == 0 || now_unix_s >= k->valid_from_unix_s) &&
	       (k->valid_until_unix_s == 0 || now_unix_s <= k->valid_until_unix_s);
}

static bool try_key(struct verification *v, size_t i, const struct signed_thing *what,
		    struct tried *tried)
{
	const struct sig_authority *authority = v->in->authority;
	const struct sig_authority_key *k = &authority->keys[i];
	unsigned scheme = 0;
	enum sig_outcome o;

	if (what->digest)
		o = sig_verify_digest(k->key, authority->schemes, what->digest,
				      v->bundle->signature, &scheme);
	else
		o = sig_verify_message(k->key, authority->schemes, what->message,
				       v->bundle->signature, &scheme);
	tried->failed |= o == SIG_FAILED;
	tried->cannot |= o == SIG_CANNOT;
	if (o != SIG_YES)
		return false;
	if (!is_inside(k, v->in->now_unix_s)) {
		tried->outside = true;
		return false;
	}
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
	if (tried.outside)
		return reject(v, VERIFY_KEY_OUTSIDE_WINDOW);
	if (tried.failed)
		return reject(v, VERIFY_CRYPTO_FAILED);
	if (tried.cannot)
		return reject(v, VERIFY_ARTIFACT_NEEDED);
	if (tried.hinted)
		return reject(v, VERIFY_SIGNATURE_WRONG);
	if (v->bundle->material == BUNDLE_CERTIFICATE)
		return reject(v, VERIFY_CERTIFICATE);
	if (v->bundle->hint.n > 0)
		return sig_fault_set(v->fault, VERIFY_KEY_UNKNOWN,
				     "names key %s, and fits none of ours",
				     v->result->hinted_fingerprint[0]
					     ? v->result->hinted_fingerprint
					     : sig_quote(quote, v->bundle->hint));
	return reject(v, VERIFY_KEY_FITS_NONE);
}

/* ---- the three contents ---- */

static int verify_payload(struct verification *v)
{
	const struct signed_thing what = {v->bundle->payload, NULL};

	TRY(check_signature(v, &what));
	return verify_claims(v);
}

static int verify_envelope(struct verification *v)
{
	const struct dsse *d = &v->bundle->envelope;
	struct signed_thing what = {{NULL, 0}, NULL};

	if (dsse_pae(v->arena, d->payload_type, d->payload, &what.message) < 0)
		return sig_fault_room(v->fault);
	TRY(check_signature(v, &what));
	return verify_statement(v);
}

static int put_digest(struct verification *v, const struct sha256 *d)
{
	char *p = arena_alloc(v->arena, 7 + SHA256_HEX + 1);

	if (!p)
		return sig_fault_room(v->fault);
	memcpy(p, "sha256:", 7);
	sha256_hex(d, p + 7);
	v->result->claimed_digest = (struct str){p, 7 + SHA256_HEX};
	return 0;
}

/* It names another digest, which nothing authenticates: if our key did sign that one, this is a
 * signature of something else. */
static int verify_other_message(struct verification *v, const struct sha256 *named)
{
	const struct signed_thing what = {{NULL, 0}, named};
	struct tried tried = {.failed = false};
	char hex[SHA256_HEX + 1];

	if (try_keys(v, &what, &tried)) {
		TRY(put_digest(v, named));
		return verify_is_of_other(v, v->result->claimed_digest);
	}
	if (tried.failed)
		return reject(v, VERIFY_CRYPTO_FAILED);
	sha256_hex(named, hex);
	return sig_fault_set(v->fault, VERIFY_MESSAGE_DIGEST, "messageDigest: names sha256:%s",
			     hex);
}

static int verify_message(struct verification *v)
{
	const struct sig_subject *subject = v->in->subject;
	const struct signed_thing what = {subject->bytes,
					  subject->bytes.n > 0 ? NULL : &subject->digest};
	const struct bundle *b = v->bundle;
	struct sha256 named;
	char quote[SIG_QUOTE_BYTES];

	if (!str_eq(b->message_hash, S("SHA2_256")) || b->message_digest.n != SHA256_BYTES)
		return sig_fault_set(v->fault, VERIFY_MESSAGE_DIGEST,
				     "messageDigest: %zu bytes of %s, want %d of SHA2_256",
				     b->message_digest.n, sig_quote(quote, b->message_hash),
				     SHA256_BYTES);
	memcpy(named.bytes, b->message_digest.p, SHA256_BYTES);
	if (memcmp(named.bytes, subject->digest.bytes, SHA256_BYTES) != 0)
		return verify_other_message(v, &named);
	TRY(check_signature(v, &what));
	TRY(put_digest(v, &subject->digest));
	return verify_demands(v);
}

static int verify_content(struct verification *v)
{
	TRY(check_input(v));
	TRY(check_kind(v));
	switch (v->bundle->content) {
	case BUNDLE_PAYLOAD:
		return verify_payload(v);
	case BUNDLE_ENVELOPE:
		return verify_envelope(v);
	case BUNDLE_MESSAGE:
		return verify_message(v);
	case BUNDLE_CONTENT_NONE:
		break;
	}
	return reject(v, VERIFY_NOT_VERIFIED);
}

static void put_verdict(struct verify_result *r, enum verify_reason reason, const char *text)
{
	r->reason = reason;
	r->state = verify_reason_state(reason);
	snprintf(r->text, sizeof(r->text), "%s", text);
}

/* A fault is no yes, whatever it says. */
static void put_fault(struct verify_result *r, const struct sig_fault *f)
{
	bool is_no = f->reason != VERIFY_VERIFIED;

	put_verdict(r, is_no ? f->reason : VERIFY_NOT_VERIFIED, f->err.text);
}

void verify_bundle(struct arena *a, const struct bundle *b, const struct verify_input *in,
		   struct verify_result *out)
{
	struct verify_result r = {.format = b->format, .hint = b->hint};
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED, .err = {.kind = ERR_INTERNAL}};
	struct verification v = {a, b, in, &f, &r};
	int rc;

	*out = (struct verify_result){.state = VERIFY_STATE_UNAVAILABLE};
	sig_hint_fingerprint(b->hint, r.hinted_fingerprint);
	rc = verify_content(&v);
	/* Whatever did not fit was not checked. */
	if (rc == 0 && arena_exhausted(a))
		rc = sig_fault_room(&f);
	if (rc == 0)
		put_verdict(&r, VERIFY_VERIFIED, "");
	else
		put_fault(&r, &f);
	*out = r;
}

void verify_rejected(const struct sig_fault *f, struct verify_result *out)
{
	*out = (struct verify_result){.state = VERIFY_STATE_UNAVAILABLE};
	put_fault(out, f);
}

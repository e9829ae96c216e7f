#include "sigstore/verify.h"

#include <stdio.h>

#include "sigstore/sha2.h"
#include "sigstore/verify_work.h"

int verify_no(struct verification *v, enum verify_reason r)
{
	return sig_fault_set(v->fault, r, "%s", verify_reason_meaning(r));
}

/* ---- before any signature is looked at ---- */

static int makes_no_sense(struct verification *v, const char *why)
{
	return sig_fault_set(v->fault, VERIFY_NOT_SUPPORTED, "authority: %s", why);
}

static int check_authority(struct verification *v)
{
	const struct sig_authority *authority = v->in->authority;
	bool wants_root = authority->n_identities > 0 || authority->log_threshold > 0 ||
			  authority->time_threshold > 0;

	if (authority->n_keys > 0 && authority->n_identities > 0)
		return makes_no_sense(v, "both keys and identities");
	if (authority->n_keys == 0 && authority->n_identities == 0)
		return makes_no_sense(v, "neither a key nor an identity");
	if (authority->n_keys > LIMIT_AUTHORITY_KEYS)
		return sig_fault_set(v->fault, VERIFY_NOT_SUPPORTED,
				     "authority: %zu keys, at most %d", authority->n_keys,
				     LIMIT_AUTHORITY_KEYS);
	if (wants_root && !authority->root)
		return makes_no_sense(v, "an identity, a transparency log or a timestamp is "
					 "demanded, and no trusted root is given");
	return 0;
}

static int check_subject(struct verification *v)
{
	const struct sig_subject *subject = v->in->subject;
	struct sha256 d;

	if (subject->bytes.n == 0)
		return 0;
	if (sha256_of(subject->bytes, &d, NULL) < 0)
		return verify_no(v, VERIFY_CRYPTO_FAILED);
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
		return verify_no(v, VERIFY_NOT_VERIFIED);
	if (v->in->authority->n_keys == 0 && b->material != BUNDLE_CERTIFICATE)
		return verify_no(v, VERIFY_KEY_NO_IDENTITY);
	if (v->in->authority->n_keys > 0 && b->material == BUNDLE_CERTIFICATE &&
	    b->format <= BUNDLE_V03)
		return verify_no(v, VERIFY_CERTIFICATE);
	if (b->content == BUNDLE_MESSAGE && !v->in->authority->accept_message)
		return verify_no(v, VERIFY_MESSAGE_SIGNATURE);
	if (v->in->demand->want == SIG_WANT_ATTESTATION && b->content != BUNDLE_ENVELOPE)
		return sig_fault_set(v->fault, VERIFY_PREDICATE_TYPE,
				     "a signature, not an attestation");
	if (b->content == BUNDLE_ENVELOPE && !str_eq(b->envelope.payload_type, S(DSSE_IN_TOTO)))
		return sig_fault_set(v->fault, VERIFY_PAYLOAD_TYPE, "payloadType: %s, want \"%s\"",
				     sig_quote(quote, b->envelope.payload_type), DSSE_IN_TOTO);
	return 0;
}

/* ---- whose signature is it ---- */

enum sig_outcome verify_try(const struct verification *v, const struct sig_key *key,
			    const struct signed_thing *what, unsigned *scheme)
{
	unsigned schemes = v->in->authority->schemes;

	if (what->artifact && what->message.n == 0)
		return sig_verify_digest(key, schemes, what->artifact, v->bundle->signature,
					 scheme);
	return sig_verify_message(key, schemes, what->message, v->bundle->signature, scheme);
}

static int verify_signer(struct verification *v, const struct signed_thing *what)
{
	if (v->in->authority->n_keys > 0)
		TRY(verify_by_key(v, what));
	else
		TRY(verify_by_identity(v, what));
	return verify_age(v);
}

/* ---- the three contents ---- */

static int verify_payload(struct verification *v)
{
	const struct signed_thing what = {v->bundle->payload, NULL};

	TRY(verify_signer(v, &what));
	return verify_claims(v);
}

static int verify_envelope(struct verification *v)
{
	const struct dsse *d = &v->bundle->envelope;
	struct signed_thing what = {{NULL, 0}, NULL};

	if (dsse_pae(v->arena, d->payload_type, d->payload, &what.message) < 0)
		return sig_fault_room(v->fault);
	TRY(verify_signer(v, &what));
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

/* It names another digest, which nothing authenticates: if the authority did sign that one, this is
 * a signature of something else. */
static int verify_other_message(struct verification *v, const struct sha256 *named)
{
	const struct signed_thing what = {{NULL, 0}, named};
	char hex[SHA256_HEX + 1];

	if (verify_signer(v, &what) == 0) {
		TRY(put_digest(v, named));
		return verify_is_of_other(v, v->result->claimed_digest);
	}
	if (!verify_reason_is_final(v->fault->reason))
		return -1;
	sha256_hex(named, hex);
	return sig_fault_set(v->fault, VERIFY_MESSAGE_DIGEST, "messageDigest: names sha256:%s",
			     hex);
}

/* A hash that is not the one of the image's digest can be compared with the bytes alone. */
static int check_larger_hash(struct verification *v, unsigned bits)
{
	const struct bundle *b = v->bundle;
	int same;

	if (v->in->subject->bytes.n == 0)
		return verify_no(v, VERIFY_ARTIFACT_NEEDED);
	same = sha2_is(bits, &v->in->subject->bytes, 1, b->message_digest);
	if (same < 0)
		return verify_no(v, VERIFY_CRYPTO_FAILED);
	if (!same)
		return sig_fault_set(v->fault, VERIFY_MESSAGE_DIGEST,
				     "messageDigest: another SHA2_%u than that of the content",
				     bits);
	return 0;
}

static int check_message_digest(struct verification *v)
{
	const struct bundle *b = v->bundle;
	struct sha256 named;
	char quote[SIG_QUOTE_BYTES];

	if (str_eq(b->message_hash, S("SHA2_384")))
		return check_larger_hash(v, 384);
	if (str_eq(b->message_hash, S("SHA2_512")))
		return check_larger_hash(v, 512);
	if (!str_eq(b->message_hash, S("SHA2_256")) || b->message_digest.n != SHA256_BYTES)
		return sig_fault_set(v->fault, VERIFY_MESSAGE_DIGEST,
				     "messageDigest: %zu bytes of %s, want %d of SHA2_256",
				     b->message_digest.n, sig_quote(quote, b->message_hash),
				     SHA256_BYTES);
	memcpy(named.bytes, b->message_digest.p, SHA256_BYTES);
	if (memcmp(named.bytes, v->in->subject->digest.bytes, SHA256_BYTES) != 0)
		return verify_other_message(v, &named);
	return 0;
}

static int verify_message(struct verification *v)
{
	const struct sig_subject *subject = v->in->subject;
	const struct signed_thing what = {subject->bytes, &subject->digest};

	TRY(check_message_digest(v));
	TRY(verify_signer(v, &what));
	TRY(put_digest(v, &subject->digest));
	return verify_demands(v);
}

static int verify_content(struct verification *v)
{
	TRY(check_authority(v));
	TRY(check_subject(v));
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
	return verify_no(v, VERIFY_NOT_VERIFIED);
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

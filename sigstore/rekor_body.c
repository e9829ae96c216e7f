/* Does the log speak of our signature? The other half of sigstore/rekor.h. */
#include "sigstore/rekor_body.h"
#include "sigstore/rekor.h"
#include "sigstore/sha2.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int other(struct sig_fault *f, enum verify_reason r)
{
	return sig_fault_set(f, r, "log entry: %s", verify_reason_meaning(r));
}

/* ---- verifier ---- */

/* source: sigstore protobuf-specs, enum PublicKeyDetails: those not marked as deprecated */
static const struct details {
	const char *name;
	enum sig_algorithm algorithm;
	unsigned bits, hash_bits;
} details[] = {
	{"PKIX_ECDSA_P256_SHA_256", SIG_ECDSA_P256, 256, 256},
	{"PKIX_ECDSA_P384_SHA_384", SIG_ECDSA_P384, 384, 384},
	{"PKIX_ECDSA_P384_SHA_256", SIG_ECDSA_P384, 384, 256},
	{"PKIX_ECDSA_P521_SHA_512", SIG_ECDSA_P521, 521, 512},
	{"PKIX_ECDSA_P521_SHA_256", SIG_ECDSA_P521, 521, 256},
	{"PKIX_RSA_PKCS1V15_2048_SHA256", SIG_RSA, 2048, 256},
	{"PKIX_RSA_PKCS1V15_3072_SHA256", SIG_RSA, 3072, 256},
	{"PKIX_RSA_PKCS1V15_4096_SHA256", SIG_RSA, 4096, 256},
	{"PKIX_RSA_PSS_2048_SHA256", SIG_RSA, 2048, 256},
	{"PKIX_RSA_PSS_3072_SHA256", SIG_RSA, 3072, 256},
	{"PKIX_RSA_PSS_4096_SHA256", SIG_RSA, 4096, 256},
	{"PKIX_ED25519", SIG_ED25519, 256, 512},
	{"PKIX_ED25519_PH", SIG_ED25519, 256, 512},
};

static int check_details(const struct rekor_body *body, const struct sig_key *key,
			 struct sig_fault *f)
{
	char quote[SIG_QUOTE_BYTES];

	for (size_t i = 0; i < COUNT(details); i++) {
		const struct details *d = &details[i];

		if (!str_eq(body->key_details, str_of(d->name)))
			continue;
		if (d->algorithm != key->algorithm || d->bits != key->bits)
			break;
		if (d->hash_bits != body->hash.bits)
			return sig_fault_set(f, VERIFY_LOG_BODY_SUBJECT,
					     "log entry: a hash of %u bits, of a key with %u",
					     body->hash.bits, d->hash_bits);
		return 0;
	}
	return sig_fault_set(f, VERIFY_LOG_BODY_VERIFIER,
			     "log entry: keyDetails %s do not fit the key",
			     sig_quote(quote, body->key_details));
}

static int check_verifier(const struct rekor_body *body, const struct rekor_subject *s,
			  struct sig_fault *f)
{
	bool by_certificate = s->certificate.n > 0;
	struct str want = by_certificate ? s->certificate : s->key->spki;

	if (body->has_certificate != by_certificate || !str_eq(body->verifier, want))
		return other(f, VERIFY_LOG_BODY_VERIFIER);
	return body->has_key_details ? check_details(body, s->key, f) : 0;
}

/* ---- subject ---- */

static int check_hash(const struct rekor_hash *h, const struct str *parts, size_t n,
		      struct sig_fault *f)
{
	int rc = sha2_is(h->bits, parts, n, h->digest);

	if (rc < 0)
		return other(f, VERIFY_CRYPTO_FAILED);
	return rc > 0 ? 0 : other(f, VERIFY_LOG_BODY_SUBJECT);
}

static int check_message(const struct rekor_hash *h, const struct rekor_subject *s,
			 struct sig_fault *f)
{
	if (s->artifact_bytes.n > 0)
		return check_hash(h, &s->artifact_bytes, 1, f);
	if (h->bits != 256)
		return sig_fault_set(f, VERIFY_ARTIFACT_NEEDED, "log entry: its hash of %u bits %s",
				     h->bits, verify_reason_meaning(VERIFY_ARTIFACT_NEEDED));
	if (!s->artifact ||
	    !str_eq(h->digest, (struct str){(const char *)s->artifact->bytes, SHA256_BYTES}))
		return other(f, VERIFY_LOG_BODY_SUBJECT);
	return 0;
}

/* The hash of what the signature of the bundle signs. */
static int check_signed(struct arena *a, const struct rekor_hash *h, const struct rekor_subject *s,
			struct sig_fault *f)
{
	const struct bundle *b = s->bundle;
	struct str pae;

	switch (b->content) {
	case BUNDLE_MESSAGE:
		return check_message(h, s, f);
	case BUNDLE_PAYLOAD:
		return check_hash(h, &b->payload, 1, f);
	case BUNDLE_ENVELOPE:
		if (dsse_pae(a, b->envelope.payload_type, b->envelope.payload, &pae) < 0)
			return sig_fault_room(f);
		return check_hash(h, &pae, 1, f);
	case BUNDLE_CONTENT_NONE:
		break;
	}
	return other(f, VERIFY_LOG_BODY_SUBJECT);
}

/* Only of a legacy attestation is the envelope known as it was uploaded. */
static int check_envelope(const struct rekor_body *body, const struct bundle *b,
			  struct sig_fault *f)
{
	if (body->envelope.bits == 0 || b->format != BUNDLE_LEGACY_ATT)
		return 0;
	return check_hash(&body->envelope, &b->blob, 1, f);
}

static int check_subject(struct arena *a, const struct rekor_body *body,
			 const struct rekor_subject *s, struct sig_fault *f)
{
	TRY(check_envelope(body, s->bundle, f));
	switch (body->content) {
	case REKOR_SIGNED:
		return check_signed(a, &body->hash, s, f);
	case REKOR_PAYLOAD:
		/* without it the hash of the envelope speaks for both */
		return body->hash.bits == 0 && !body->has_signature
			       ? 0
			       : check_hash(&body->hash, &s->bundle->envelope.payload, 1, f);
	case REKOR_CONTENT_NONE:
		break;
	}
	return other(f, VERIFY_LOG_BODY_SUBJECT);
}

int rekor_body_fits(struct arena *a, const struct bundle_log_entry *entry,
		    const struct rekor_subject *s, struct sig_fault *f)
{
	struct rekor_body body;

	TRY(rekor_body_parse(a, entry, s->bundle, &body, f));
	TRY(check_subject(a, &body, s, f));
	if (body.has_signature && !str_eq(body.signature, s->bundle->signature))
		return other(f, VERIFY_LOG_BODY_SIGNATURE);
	return check_verifier(&body, s, f);
}

/* Whether a signature is a key's: the other half of sigstore/key.h. */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <sodium.h>

#include "sigstore/key.h"
#include "sigstore/limits.h"

/* Which schemes fit which key, in the order in which they are tried.
 * spec: sigstore section 5, the table */
struct attempt {
	enum sig_algorithm key;
	unsigned scheme;
	gnutls_sign_algorithm_t sign; /* not of Ed25519 */
};

static const struct attempt attempts[] = {
	{SIG_ECDSA_P256, SIG_SCHEME_SHA256, GNUTLS_SIGN_ECDSA_SHA256},
	{SIG_ECDSA_P384, SIG_SCHEME_SHA384, GNUTLS_SIGN_ECDSA_SHA384},
	{SIG_ECDSA_P384, SIG_SCHEME_SHA256, GNUTLS_SIGN_ECDSA_SHA256},
	{SIG_ECDSA_P521, SIG_SCHEME_SHA512, GNUTLS_SIGN_ECDSA_SHA512},
	{SIG_ECDSA_P521, SIG_SCHEME_SHA256, GNUTLS_SIGN_ECDSA_SHA256},
	{SIG_RSA, SIG_SCHEME_SHA256, GNUTLS_SIGN_RSA_SHA256},
	{SIG_RSA, SIG_SCHEME_RSA_PSS, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256},
	{SIG_ED25519, SIG_SCHEME_ED25519PH, GNUTLS_SIGN_UNKNOWN},
	{SIG_ED25519, SIG_SCHEME_ED25519, GNUTLS_SIGN_UNKNOWN},
};
#define N_ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

const char *sig_scheme_name(unsigned scheme)
{
	switch (scheme) {
	case SIG_SCHEME_SHA256:
		return "sha256";
	case SIG_SCHEME_SHA384:
		return "sha384";
	case SIG_SCHEME_SHA512:
		return "sha512";
	case SIG_SCHEME_ED25519:
		return "ed25519";
	case SIG_SCHEME_ED25519PH:
		return "ed25519ph";
	case SIG_SCHEME_RSA_PSS:
		return "rsa-pss";
	default:
		return "none";
	}
}

static bool fits(const struct attempt *t, const struct sig_key *k, unsigned schemes)
{
	return t->key == k->algorithm && (t->scheme & schemes) != 0;
}

/* Only lack of memory keeps the library from an answer; everything else that it reports of a
 * signature is its way of saying that it is none. */
static enum sig_outcome outcome(int rc)
{
	if (rc >= 0)
		return SIG_YES;
	return rc == GNUTLS_E_MEMORY_ERROR ? SIG_FAILED : SIG_NO;
}

static gnutls_datum_t datum(struct str s)
{
	return (gnutls_datum_t){(unsigned char *)s.p, (unsigned)s.n};
}

/* The key as the library wants it, for one verification: handles are not shared between threads. */
static gnutls_pubkey_t import(const struct sig_key *k)
{
	gnutls_datum_t spki = datum(k->spki);
	gnutls_pubkey_t pub;

	if (gnutls_pubkey_init(&pub) < 0)
		return NULL;
	if (gnutls_pubkey_import(pub, &spki, GNUTLS_X509_FMT_DER) >= 0)
		return pub;
	gnutls_pubkey_deinit(pub);
	return NULL;
}

/* ---- Ed25519: the key is the end of the SPKI ---- */

static const unsigned char *point(const struct sig_key *k)
{
	return (const unsigned char *)k->spki.p + k->spki.n - crypto_sign_PUBLICKEYBYTES;
}

static bool ed25519ph_verify(const struct sig_key *k, struct str message, struct str sig)
{
	crypto_sign_state s;

	return crypto_sign_init(&s) == 0 &&
	       crypto_sign_update(&s, (const unsigned char *)message.p, message.n) == 0 &&
	       crypto_sign_final_verify(&s, (const unsigned char *)sig.p, point(k)) == 0;
}

static bool ed25519_verify(const struct sig_key *k, struct str message, struct str sig)
{
	return crypto_sign_verify_detached((const unsigned char *)sig.p,
					   (const unsigned char *)message.p, message.n,
					   point(k)) == 0;
}

static enum sig_outcome verify_ed25519(const struct sig_key *k, unsigned scheme, struct str message,
				       struct str sig)
{
	bool good;

	if (sig.n != crypto_sign_BYTES || k->spki.n < crypto_sign_PUBLICKEYBYTES)
		return SIG_NO;
	if (sodium_init() < 0)
		return SIG_FAILED;
	good = scheme == SIG_SCHEME_ED25519PH ? ed25519ph_verify(k, message, sig)
					      : ed25519_verify(k, message, sig);
	return good ? SIG_YES : SIG_NO;
}

/* ---- the two questions ---- */

static bool is_sane(struct str sig)
{
	return sig.n > 0 && sig.n <= LIMIT_SIGNATURE_BYTES;
}

enum sig_outcome sig_verify_message(const struct sig_key *k, unsigned schemes, struct str message,
				    struct str sig, unsigned *scheme)
{
	gnutls_pubkey_t pub = NULL;
	gnutls_datum_t m = datum(message.n > 0 ? message : S("")), s = datum(sig);
	enum sig_outcome o = SIG_NO;

	if (!is_sane(sig) || message.n > LIMIT_BUNDLE_BYTES + LIMIT_PAYLOAD_BYTES)
		return SIG_NO;
	if (k->algorithm != SIG_ED25519) {
		pub = import(k);
		if (!pub)
			return SIG_FAILED;
	}
	for (size_t i = 0; i < N_ATTEMPTS && o == SIG_NO; i++) {
		const struct attempt *t = &attempts[i];

		if (!fits(t, k, schemes))
			continue;
		o = pub ? outcome(gnutls_pubkey_verify_data2(pub, t->sign, 0, &m, &s))
			: verify_ed25519(k, t->scheme, message, sig);
		if (o == SIG_YES && scheme)
			*scheme = t->scheme;
	}
	if (pub)
		gnutls_pubkey_deinit(pub);
	return o;
}

static bool needs_message(const struct sig_key *k, unsigned schemes)
{
	for (size_t i = 0; i < N_ATTEMPTS; i++) {
		if (fits(&attempts[i], k, schemes))
			return true;
	}
	return false;
}

enum sig_outcome sig_verify_digest(const struct sig_key *k, unsigned schemes,
				   const struct sha256 *digest, struct str sig, unsigned *scheme)
{
	gnutls_pubkey_t pub;
	gnutls_datum_t d = {(unsigned char *)digest->bytes, SHA256_BYTES}, s = datum(sig);
	unsigned usable = schemes & (SIG_SCHEME_SHA256 | SIG_SCHEME_RSA_PSS);
	enum sig_outcome o = SIG_CANNOT;

	if (!is_sane(sig))
		return SIG_NO;
	if (k->algorithm == SIG_ED25519)
		return SIG_CANNOT;
	pub = import(k);
	if (!pub)
		return SIG_FAILED;
	for (size_t i = 0; i < N_ATTEMPTS && (o == SIG_CANNOT || o == SIG_NO); i++) {
		const struct attempt *t = &attempts[i];

		if (!fits(t, k, usable))
			continue;
		o = outcome(gnutls_pubkey_verify_hash2(pub, t->sign, 0, &d, &s));
		if (o == SIG_YES && scheme)
			*scheme = t->scheme;
	}
	gnutls_pubkey_deinit(pub);
	return o == SIG_NO && needs_message(k, schemes & ~usable) ? SIG_CANNOT : o;
}

/*
 * Public keys, and whether a signature is theirs.
 *
 * A key is plain data in the arena of whoever loaded it: immutable, shared by any threads, nothing to
 * free. Accepted are ECDSA P-256, P-384 and P-521 on named curves, RSA of 2048 to 8192 bits and
 * Ed25519, as PEM "PUBLIC KEY" (SPKI), "RSA PUBLIC KEY" (PKCS#1) or "CERTIFICATE" (its key).
 * No I/O and no clock; GnuTLS underneath, libsodium for Ed25519.
 * spec: sigstore section 5
 */
#ifndef ASSAY_SIGSTORE_KEY_H
#define ASSAY_SIGSTORE_KEY_H

#include <stdint.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/err.h"
#include "core/str.h"

enum sig_algorithm {
	SIG_ALGORITHM_NONE = 0,
	SIG_ECDSA_P256,
	SIG_ECDSA_P384,
	SIG_ECDSA_P521,
	SIG_RSA,
	SIG_ED25519,
};
const char *sig_algorithm_name(enum sig_algorithm a); /* "ecdsa-p256", "rsa", "ed25519", "none" */

/* What a signature may be of the message, as a set of bits; 0 accepts none. */
#define SIG_SCHEME_SHA256 0x01u    /* ECDSA of any curve, RSA PKCS#1 v1.5 */
#define SIG_SCHEME_SHA384 0x02u    /* ECDSA P-384 */
#define SIG_SCHEME_SHA512 0x04u    /* ECDSA P-521 */
#define SIG_SCHEME_ED25519 0x08u   /* the message itself */
#define SIG_SCHEME_ED25519PH 0x10u /* its SHA-512, empty context, as cosign 3.1 writes it */
#define SIG_SCHEME_RSA_PSS 0x20u   /* SHA-256, salt of 32 bytes; nobody's default */
#define SIG_SCHEMES_DEFAULT 0x1Fu  /* all but RSA-PSS */
const char *sig_scheme_name(unsigned scheme); /* of one bit: "sha256", "ed25519ph"; else "none" */

struct sig_key {
	enum sig_algorithm algorithm;
	unsigned bits;             /* 256, 384, 521; RSA: of the modulus */
	struct str spki;           /* SubjectPublicKeyInfo, DER */
	struct sha256 fingerprint; /* SHA-256 of spki; what bundles call the hint, in base64 */
};

/* Load the one key of a PEM text into `a`. Errors: INPUT, LIMIT, INTERNAL, e.g. "key: RSA of 1024
 * bits: want 2048 to 8192", "key: block "PRIVATE KEY" is a private key: give the public one". */
int sig_key_parse(struct arena *a, struct str pem, struct sig_key *out, struct err *e) MUST_USE;
/* The same for the DER of a SubjectPublicKeyInfo. */
int sig_key_parse_spki(struct arena *a, struct str der, struct sig_key *out, struct err *e)
	MUST_USE;

/* "sha256:" and 64 hex digits: how messages name a key. */
#define SIG_FINGERPRINT_BYTES 72
const char *sig_key_fingerprint(const struct sig_key *k, char buf[SIG_FINGERPRINT_BYTES]);

/* Is `hint`, the text of a bundle, the base64 of the fingerprint? */
bool sig_key_is_hinted(const struct sig_key *k, struct str hint);
/* The fingerprint that a hint stands for; false and buf[0] == 0 when it is none. */
bool sig_hint_fingerprint(struct str hint, char buf[SIG_FINGERPRINT_BYTES]);

enum sig_outcome {
	SIG_FAILED = 0, /* the library could not tell (memory) */
	SIG_NO,         /* not a signature of this key over this message by an accepted scheme */
	SIG_CANNOT,     /* digest only: an accepted scheme of this key needs the message */
	SIG_YES,
};

/* Is `sig` (ECDSA: DER; RSA: as long as the modulus; Ed25519: 64 bytes) this key's over `message`, by
 * one of `schemes` that fits the key? The scheme is in *scheme (may be NULL) when the answer is YES. */
enum sig_outcome sig_verify_message(const struct sig_key *k, unsigned schemes, struct str message,
				    struct str sig, unsigned *scheme);
/* The same for a message of which only the SHA-256 is known. */
enum sig_outcome sig_verify_digest(const struct sig_key *k, unsigned schemes,
				   const struct sha256 *digest, struct str sig, unsigned *scheme);

#endif

#include "sigstore/key.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <sodium.h>

#include "core/base64.h"
#include "sigstore/limits.h"
#include "sigstore/pem.h"

const char *sig_algorithm_name(enum sig_algorithm a)
{
	switch (a) {
	case SIG_ECDSA_P256:
		return "ecdsa-p256";
	case SIG_ECDSA_P384:
		return "ecdsa-p384";
	case SIG_ECDSA_P521:
		return "ecdsa-p521";
	case SIG_RSA:
		return "rsa";
	case SIG_ED25519:
		return "ed25519";
	case SIG_ALGORITHM_NONE:
		break;
	}
	return "none";
}

static gnutls_datum_t datum(struct str s)
{
	return (gnutls_datum_t){(unsigned char *)s.p, (unsigned)s.n};
}

static void pubkey_cleanup(gnutls_pubkey_t *p)
{
	if (*p)
		gnutls_pubkey_deinit(*p);
}

static void crt_cleanup(gnutls_x509_crt_t *p)
{
	if (*p)
		gnutls_x509_crt_deinit(*p);
}

static void datum_cleanup(gnutls_datum_t *d)
{
	gnutls_free(d->data);
}

static int gnutls_fault(int rc, const char *what, struct err *e)
{
	enum err_kind kind = rc == GNUTLS_E_MEMORY_ERROR ? ERR_MEMORY : ERR_INPUT;

	return err_set(e, kind, "key: %s: %s", what, gnutls_strerror(rc));
}

/* ---- what keys may be ---- */

static int check_curve(gnutls_pubkey_t pub, struct sig_key *k, struct err *e)
{
	gnutls_ecc_curve_t curve;
	int rc = gnutls_pubkey_export_ecc_raw2(pub, &curve, NULL, NULL, 0);

	if (rc < 0)
		return gnutls_fault(rc, "no point of a named curve", e);
	switch (curve) {
	case GNUTLS_ECC_CURVE_SECP256R1:
		k->algorithm = SIG_ECDSA_P256;
		k->bits = 256;
		return 0;
	case GNUTLS_ECC_CURVE_SECP384R1:
		k->algorithm = SIG_ECDSA_P384;
		k->bits = 384;
		return 0;
	case GNUTLS_ECC_CURVE_SECP521R1:
		k->algorithm = SIG_ECDSA_P521;
		k->bits = 521;
		return 0;
	default:
		return err_set(e, ERR_INPUT,
			       "key: ECDSA on another curve: want P-256, P-384 or P-521");
	}
}

/* A public exponent of 1 makes every message its own signature; one as long as the modulus takes
 * seconds. */
static int check_rsa(gnutls_pubkey_t pub, unsigned bits, struct sig_key *k, struct err *e)
{
	__attribute__((cleanup(datum_cleanup))) gnutls_datum_t m = {NULL, 0};
	__attribute__((cleanup(datum_cleanup))) gnutls_datum_t x = {NULL, 0};
	int rc = gnutls_pubkey_export_rsa_raw2(pub, &m, &x, GNUTLS_EXPORT_FLAG_NO_LZ);

	if (rc < 0)
		return gnutls_fault(rc, "no RSA modulus and exponent", e);
	if (bits < LIMIT_RSA_BITS_MIN || bits > LIMIT_RSA_BITS_MAX)
		return err_set(e, ERR_INPUT, "key: RSA of %u bits: want %d to %d", bits,
			       LIMIT_RSA_BITS_MIN, LIMIT_RSA_BITS_MAX);
	if (x.size == 0 || (x.data[x.size - 1] & 1) == 0 || (x.size == 1 && x.data[0] < 3))
		return err_set(e, ERR_INPUT, "key: RSA exponent: want an odd one above 1");
	if (x.size > sizeof(uint32_t))
		return err_set(e, ERR_INPUT, "key: RSA exponent: want at most 32 bits");
	k->algorithm = SIG_RSA;
	k->bits = bits;
	return 0;
}

/* Points of small order have signatures that anybody can make. */
static int check_ed25519(gnutls_pubkey_t pub, struct sig_key *k, struct err *e)
{
	__attribute__((cleanup(datum_cleanup))) gnutls_datum_t x = {NULL, 0};
	gnutls_ecc_curve_t curve;
	int rc = gnutls_pubkey_export_ecc_raw2(pub, &curve, &x, NULL, 0);

	if (rc < 0)
		return gnutls_fault(rc, "no Ed25519 point", e);
	if (x.size != crypto_sign_PUBLICKEYBYTES || sodium_init() < 0 ||
	    !crypto_core_ed25519_is_valid_point(x.data))
		return err_set(e, ERR_INPUT, "key: Ed25519: not a point of the prime-order group");
	k->algorithm = SIG_ED25519;
	k->bits = 256;
	return 0;
}

static int check_kind(gnutls_pubkey_t pub, struct sig_key *k, struct err *e)
{
	unsigned bits = 0;
	int pk = gnutls_pubkey_get_pk_algorithm(pub, &bits);

	switch (pk) {
	case GNUTLS_PK_EC:
		return check_curve(pub, k, e);
	case GNUTLS_PK_RSA:
		return check_rsa(pub, bits, k, e);
	case GNUTLS_PK_EDDSA_ED25519:
		return check_ed25519(pub, k, e);
	default:
		return err_set(e, ERR_INPUT, "key: %s: want ECDSA, RSA or Ed25519",
			       pk < 0 ? "unknown algorithm"
				      : gnutls_pk_get_name((gnutls_pk_algorithm_t)pk));
	}
}

/* Everybody must compute the same fingerprint, so the DER must be the only one of this key. */
static int check_spki(gnutls_pubkey_t pub, struct str der, struct err *e)
{
	__attribute__((cleanup(datum_cleanup))) gnutls_datum_t d = {NULL, 0};
	int rc = gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &d);

	if (rc < 0)
		return gnutls_fault(rc, "cannot be encoded", e);
	if (!str_eq(der, (struct str){(const char *)d.data, d.size}))
		return err_set(e, ERR_INPUT, "key: not the DER encoding of its values");
	return 0;
}

int sig_key_parse_spki(struct arena *a, struct str der, struct sig_key *out, struct err *e)
{
	__attribute__((cleanup(pubkey_cleanup))) gnutls_pubkey_t pub = NULL;
	gnutls_datum_t d = datum(der);
	struct sig_key k = {.algorithm = SIG_ALGORITHM_NONE};
	int rc;

	if (der.n == 0 || der.n > LIMIT_CERTIFICATE_BYTES)
		return err_set(e, ERR_INPUT, "key: no public key of %zu bytes", der.n);
	rc = gnutls_pubkey_init(&pub);
	if (rc < 0)
		return gnutls_fault(rc, "cannot be read", e);
	rc = gnutls_pubkey_import(pub, &d, GNUTLS_X509_FMT_DER);
	if (rc < 0)
		return gnutls_fault(rc, "not a public key that we can use", e);
	TRY(check_kind(pub, &k, e));
	TRY(check_spki(pub, der, e));
	TRY(sha256_of(der, &k.fingerprint, e));
	k.spki = (struct str){arena_dup(a, der.p, der.n), der.n};
	if (!k.spki.p)
		return err_set(e, ERR_LIMIT, "key: no room for %zu bytes", der.n);
	*out = k;
	return 0;
}

/* ---- the three PEM blocks ---- */

/* Tag and definite length of DER; at most 64 KiB. */
static size_t put_head(uint8_t *p, uint8_t tag, size_t n)
{
	p[0] = tag;
	if (n < 0x80) {
		p[1] = (uint8_t)n;
		return 2;
	}
	if (n < 0x100) {
		p[1] = 0x81;
		p[2] = (uint8_t)n;
		return 3;
	}
	p[1] = 0x82;
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)(n & 0xFF);
	return 4;
}

/* SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { 0 unused bits, der } }
 * source: RFC 8017 appendix A.1, RFC 3279 section 2.3.1 */
static int parse_pkcs1(struct arena *a, struct str der, struct sig_key *out, struct err *e)
{
	static const uint8_t algorithm[] = {0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
					    0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00};
	uint8_t bits[4], whole[4];
	size_t n_bits, n_whole, n;
	uint8_t *p;

	if (der.n > LIMIT_CERTIFICATE_BYTES)
		return err_set(e, ERR_LIMIT, "key: RSA of %zu bytes", der.n);
	n_bits = put_head(bits, 0x03, der.n + 1);
	n = sizeof(algorithm) + n_bits + 1 + der.n;
	n_whole = put_head(whole, 0x30, n);
	p = arena_alloc(a, n_whole + n);
	if (!p)
		return err_set(e, ERR_LIMIT, "key: no room for %zu bytes", n_whole + n);
	memcpy(p, whole, n_whole);
	memcpy(p + n_whole, algorithm, sizeof(algorithm));
	memcpy(p + n_whole + sizeof(algorithm), bits, n_bits);
	memcpy(p + n_whole + n - der.n, der.p, der.n);
	return sig_key_parse_spki(a, (struct str){(const char *)p, n_whole + n}, out, e);
}

static int parse_certificate(struct arena *a, struct str der, struct sig_key *out, struct err *e)
{
	__attribute__((cleanup(crt_cleanup))) gnutls_x509_crt_t crt = NULL;
	__attribute__((cleanup(pubkey_cleanup))) gnutls_pubkey_t pub = NULL;
	__attribute__((cleanup(datum_cleanup))) gnutls_datum_t spki = {NULL, 0};
	gnutls_datum_t d = datum(der);
	int rc = gnutls_x509_crt_init(&crt);

	if (rc >= 0)
		rc = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_DER);
	if (rc < 0)
		return gnutls_fault(rc, "not a certificate", e);
	rc = gnutls_pubkey_init(&pub);
	if (rc >= 0)
		rc = gnutls_pubkey_import_x509(pub, crt, 0);
	if (rc >= 0)
		rc = gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &spki);
	if (rc < 0)
		return gnutls_fault(rc, "a certificate whose key we cannot use", e);
	return sig_key_parse_spki(a, (struct str){(const char *)spki.data, spki.size}, out, e);
}

int sig_key_parse(struct arena *a, struct str text, struct sig_key *out, struct err *e)
{
	struct pem pem;

	if (pem_parse(a, text, &pem, e) < 0)
		return err_wrap(e, "key");
	if (str_eq(pem.label, S("PUBLIC KEY")))
		return sig_key_parse_spki(a, pem.der, out, e);
	if (str_eq(pem.label, S("RSA PUBLIC KEY")))
		return parse_pkcs1(a, pem.der, out, e);
	if (str_eq(pem.label, S("CERTIFICATE")))
		return parse_certificate(a, pem.der, out, e);
	if (str_ends(pem.label, S("PRIVATE KEY")))
		return err_set(e, ERR_INPUT,
			       "key: block \"%.*s\" is a private key: give the public one",
			       STR_ARG(pem.label));
	return err_set(e, ERR_INPUT,
		       "key: block \"%.*s\": want PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE",
		       STR_ARG(pem.label));
}

/* ---- names of keys ---- */

static void put_fingerprint(const struct sha256 *d, char buf[SIG_FINGERPRINT_BYTES])
{
	memcpy(buf, "sha256:", 7);
	sha256_hex(d, buf + 7);
}

const char *sig_key_fingerprint(const struct sig_key *k, char buf[SIG_FINGERPRINT_BYTES])
{
	put_fingerprint(&k->fingerprint, buf);
	return buf;
}

bool sig_hint_fingerprint(struct str hint, char buf[SIG_FINGERPRINT_BYTES])
{
	unsigned char bytes[SHA256_BYTES];
	struct sha256 d;
	size_t n;

	buf[0] = '\0';
	if (hint.n != 44 || sodium_base642bin(bytes, sizeof(bytes), hint.p, hint.n, NULL, &n, NULL,
					      sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	if (n != SHA256_BYTES)
		return false;
	memcpy(d.bytes, bytes, SHA256_BYTES);
	put_fingerprint(&d, buf);
	return true;
}

bool sig_key_is_hinted(const struct sig_key *k, struct str hint)
{
	char buf[64];
	struct text t;
	struct str base64;

	text_init_fixed(&t, buf, sizeof(buf));
	base64_put(&t, (struct str){(const char *)k->fingerprint.bytes, SHA256_BYTES});
	return text_done(&t, &base64) && str_eq(base64, hint);
}

#include "sigstore/timestamp.h"

#include <gnutls/crypto.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>

#include "sigstore/certificate.h"
#include "sigstore/chain.h"
#include "sigstore/der.h"
#include "sigstore/sha2.h"

#define TST_INFO "1.2.840.113549.1.9.16.1.4"
#define NO_TIME (GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS)

static void crt_cleanup(gnutls_x509_crt_t *p)
{
	if (*p)
		gnutls_x509_crt_deinit(*p);
}

static void pkcs7_cleanup(gnutls_pkcs7_t *p)
{
	if (*p)
		gnutls_pkcs7_deinit(*p);
}

static void datum_cleanup(gnutls_datum_t *d)
{
	gnutls_free(d->data);
}

static int fault(struct sig_fault *f, enum verify_reason r, const char *what)
{
	return sig_fault_set(f, r, "timestamp: %s", what);
}

/* Lack of memory is no answer; everything else that the library reports is a no. */
static int refused(struct sig_fault *f, enum verify_reason r, const char *what, int rc)
{
	if (rc == GNUTLS_E_MEMORY_ERROR)
		r = VERIFY_CRYPTO_FAILED;
	return sig_fault_set(f, r, "timestamp: %s: %s", what, gnutls_strerror(rc));
}

static int import_certificate(struct str der, gnutls_x509_crt_t *crt)
{
	gnutls_datum_t d = {(unsigned char *)der.p, (unsigned)der.n};
	int rc = gnutls_x509_crt_init(crt);

	return rc < 0 ? rc : gnutls_x509_crt_import(*crt, &d, GNUTLS_X509_FMT_DER);
}

/* ---- the signature, by one certificate ---- */

/* The library must see what we have parsed. */
static int check_content(gnutls_pkcs7_t p7, const struct timestamp_response *t, struct sig_fault *f)
{
	__attribute__((cleanup(datum_cleanup))) gnutls_datum_t tst = {NULL, 0};
	const char *oid = gnutls_pkcs7_get_embedded_data_oid(p7);
	int rc = gnutls_pkcs7_get_embedded_data(p7, 0, &tst);

	if (rc < 0)
		return refused(f, VERIFY_TIMESTAMP_MALFORMED, "a token without content", rc);
	if (gnutls_pkcs7_get_signature_count(p7) != 1 || !oid || strcmp(oid, TST_INFO) != 0 ||
	    !str_eq(t->tst_info, (struct str){(const char *)tst.data, tst.size}))
		return fault(f, VERIFY_TIMESTAMP_MALFORMED, "a token that can be read in two ways");
	return 0;
}

/* The hash of content and attributes is the one of the signature, and one that counts. */
static int check_hash(gnutls_pkcs7_t p7, const struct timestamp_response *t, struct sig_fault *f)
{
	gnutls_pkcs7_signature_info_st info;
	int rc = gnutls_pkcs7_get_signature_info(p7, 0, &info);
	gnutls_digest_algorithm_t hash;

	if (rc < 0)
		return refused(f, VERIFY_TIMESTAMP_SIGNATURE, "a signature that is not known", rc);
	hash = gnutls_sign_get_hash_algorithm(info.algo);
	gnutls_pkcs7_signature_info_deinit(&info);
	if (8 * gnutls_hash_get_len(hash) != t->signer_bits ||
	    (hash != GNUTLS_DIG_SHA256 && hash != GNUTLS_DIG_SHA384 && hash != GNUTLS_DIG_SHA512))
		return fault(f, VERIFY_TIMESTAMP_SIGNATURE,
			     "a signature by another hash than announced");
	return 0;
}

static int check_signature(const struct timestamp_response *t, gnutls_x509_crt_t leaf,
			   struct sig_fault *f)
{
	__attribute__((cleanup(pkcs7_cleanup))) gnutls_pkcs7_t p7 = NULL;
	gnutls_datum_t d = {(unsigned char *)t->token.p, (unsigned)t->token.n};
	int rc = gnutls_pkcs7_init(&p7);

	if (rc >= 0)
		rc = gnutls_pkcs7_import(p7, &d, GNUTLS_X509_FMT_DER);
	if (rc < 0)
		return refused(f, VERIFY_TIMESTAMP_MALFORMED, "not a token", rc);
	TRY(check_content(p7, t, f));
	TRY(check_hash(p7, t, f));
	/* Each of the flags alone leaves a check of today's time against the certificate. */
	rc = gnutls_pkcs7_verify_direct(p7, leaf, 0, NULL, NO_TIME);
	if (rc < 0)
		return refused(f, VERIFY_TIMESTAMP_SIGNATURE, "its authority has not signed it",
			       rc);
	return 0;
}

/* ---- whose certificate ---- */

/* Issuer and serial number of a certificate. source: RFC 5280 section 4.1 */
static bool read_name(struct str der, struct str *issuer, struct str *serial)
{
	struct certificate c;
	struct str version;

	if (certificate_parse(der, &c, NULL) < 0)
		return false;
	*issuer = c.issuer;
	return der_take_optional(&c.tbs, DER_CONTEXT(0), &version) &&
	       der_take(&c.tbs, DER_INTEGER, serial);
}

static bool is_signer(const struct timestamp_response *t, struct str der)
{
	struct str issuer, serial;

	return read_name(der, &issuer, &serial) && str_eq(issuer, t->signer_issuer) &&
	       str_eq(serial, t->signer_serial);
}

static bool is_ca(struct str der)
{
	__attribute__((cleanup(crt_cleanup))) gnutls_x509_crt_t crt = NULL;

	return import_certificate(der, &crt) >= 0 && gnutls_x509_crt_get_ca_status(crt, NULL) > 0;
}

static bool is_embedded(const struct timestamp_response *t, struct str der)
{
	for (size_t i = 0; i < t->n_certificates; i++) {
		if (str_eq(t->certificates[i], der))
			return true;
	}
	return false;
}

/* How well the signer fits an authority: which of their faults is told. */
enum fit {
	FIT_NONE = 0,
	FIT_CLAIMED,    /* its certificate came with the token */
	FIT_CONFIGURED, /* it is the authority's own */
	FIT_FAILED,     /* could not be found out */
};

/* The one certificate that everything else is checked of. */
static int find_leaf(const struct timestamp_response *t, const struct trusted_authority *authority,
		     struct str *leaf, enum fit *fit, struct sig_fault *f)
{
	struct str first = authority->certificates[0];

	*fit = FIT_NONE;
	if (is_ca(first)) {
		for (size_t i = 0; i < t->n_certificates; i++) {
			if (is_signer(t, t->certificates[i])) {
				*leaf = t->certificates[i];
				*fit = FIT_CLAIMED;
				return 0;
			}
		}
		return fault(f, VERIFY_TIMESTAMP_UNTRUSTED,
			     "its signer is of no trusted authority");
	}
	if (!is_signer(t, first))
		return fault(f, VERIFY_TIMESTAMP_UNTRUSTED,
			     "its signer is of no trusted authority");
	*fit = FIT_CONFIGURED;
	if (t->n_certificates > 0 && !is_embedded(t, first))
		return fault(f, VERIFY_TIMESTAMP_CERTIFICATE,
			     "the certificates in it are not those of its authority");
	*leaf = first;
	return 0;
}

/* A fault of the chain's code, told as one of ours; what is not final stays what it is. */
static int told_as(struct sig_fault *f, enum verify_reason r, const struct sig_fault *inner)
{
	return sig_fault_set(f, verify_reason_is_final(inner->reason) ? r : inner->reason,
			     "timestamp: %s", inner->err.text);
}

/* An end entity for timestamps alone, with a key that counts. */
static int check_leaf(struct arena *a, struct str der, struct sig_fault *f)
{
	struct sig_fault inner = {.reason = VERIFY_NOT_VERIFIED};
	struct certificate c;
	struct sig_key key;
	struct err e;

	if (chain_check_leaf(der, CHAIN_TIME_STAMPING, &inner) < 0 ||
	    certificate_parse(der, &c, &inner) < 0)
		return told_as(f, VERIFY_TIMESTAMP_CERTIFICATE, &inner);
	if (sig_key_parse_spki(a, c.spki, &key, &e) == 0)
		return 0;
	if (e.kind != ERR_INPUT)
		return sig_fault_room(f);
	return fault(f, VERIFY_TIMESTAMP_CERTIFICATE, e.text);
}

static int check_chain(struct arena *a, const struct timestamp_response *t, struct str leaf,
		       const struct trusted_authority *authority, struct sig_fault *f)
{
	const struct chain_leaf chain = {leaf, t->certificates, t->n_certificates};
	struct sig_fault inner = {.reason = VERIFY_NOT_VERIFIED};

	if (chain_verify_at(a, &chain, authority, CHAIN_TIME_STAMPING, t->unix_ms, NULL, &inner) ==
	    0)
		return 0;
	return told_as(f,
		       inner.reason == VERIFY_CERTIFICATE_TIME ? VERIFY_TIMESTAMP_TIME
							       : VERIFY_TIMESTAMP_CHAIN,
		       &inner);
}

static int try_authority(struct arena *a, const struct timestamp_response *t,
			 const struct trusted_authority *authority, enum fit *fit,
			 struct sig_fault *f)
{
	__attribute__((cleanup(crt_cleanup))) gnutls_x509_crt_t crt = NULL;
	struct str leaf;
	int rc;

	TRY(find_leaf(t, authority, &leaf, fit, f));
	rc = import_certificate(leaf, &crt);
	if (rc < 0)
		return refused(f, VERIFY_TIMESTAMP_CERTIFICATE, "not a certificate", rc);
	TRY(check_leaf(a, leaf, f));
	TRY(check_signature(t, crt, f));
	if (!trusted_window_has(&authority->window, t->unix_ms))
		return fault(f, VERIFY_TIMESTAMP_TIME, "made when its authority did not count");
	return check_chain(a, t, leaf, authority, f);
}

/* ---- the whole ---- */

static int check_imprint(const struct timestamp_response *t, const struct str *messages, size_t n,
			 struct sig_fault *f)
{
	for (size_t i = 0; i < n; i++) {
		int rc = sha2_is(t->imprint_bits, &messages[i], 1, t->imprint);

		if (rc < 0)
			return fault(f, VERIFY_CRYPTO_FAILED, "its imprint could not be computed");
		if (rc > 0)
			return 0;
	}
	return fault(f, VERIFY_TIMESTAMP_IMPRINT, "of other content");
}

int timestamp_verify(struct arena *a, struct str response, const struct str *messages,
		     size_t n_messages, const struct trusted_root *root,
		     struct timestamp_result *out, struct sig_fault *f)
{
	struct timestamp_response t;
	struct sig_fault inner = {.reason = VERIFY_NOT_VERIFIED};
	enum fit best = FIT_NONE, fit;

	TRY(timestamp_parse(response, &t, f));
	TRY(check_imprint(&t, messages, n_messages, f));
	fault(f, VERIFY_TIMESTAMP_UNTRUSTED, "its signer is of no trusted authority");
	for (size_t i = 0; i < root->n_timestamp_authorities; i++) {
		const struct trusted_authority *authority = &root->timestamp_authorities[i];

		if (try_authority(a, &t, authority, &fit, &inner) == 0) {
			*out = (struct timestamp_result){t.unix_ms, authority};
			return 0;
		}
		if (!verify_reason_is_final(inner.reason))
			fit = FIT_FAILED;
		if (fit > best && f) {
			*f = inner;
			best = fit;
		}
	}
	return -1;
}

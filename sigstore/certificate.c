#include "sigstore/certificate.h"

#include <gnutls/x509.h>

#include "sigstore/limits.h"

static void crt_cleanup(gnutls_x509_crt_t *p)
{
	if (*p)
		gnutls_x509_crt_deinit(*p);
}

static void datum_cleanup(gnutls_datum_t *d)
{
	gnutls_free(d->data);
}

static int malformed(struct sig_fault *f, const char *path, int rc)
{
	if (rc == GNUTLS_E_MEMORY_ERROR)
		return sig_fault_set(f, VERIFY_CRYPTO_FAILED, "%s: %s", path, gnutls_strerror(rc));
	return sig_fault_set(f, VERIFY_CERTIFICATE_MALFORMED, "%s: not a certificate: %s", path,
			     gnutls_strerror(rc));
}

int certificate_check(struct str der, const char *path, bool *self_issued, struct sig_fault *f)
{
	__attribute__((cleanup(crt_cleanup))) gnutls_x509_crt_t crt = NULL;
	__attribute__((cleanup(datum_cleanup))) gnutls_datum_t subject = {NULL, 0};
	__attribute__((cleanup(datum_cleanup))) gnutls_datum_t issuer = {NULL, 0};
	gnutls_datum_t d = {(unsigned char *)der.p, (unsigned)der.n};
	int rc;

	if (der.n == 0 || der.n > LIMIT_CERTIFICATE_BYTES)
		return sig_fault_set(f, VERIFY_CERTIFICATE_MALFORMED, "%s: %zu bytes, want 1 to %u",
				     path, der.n, LIMIT_CERTIFICATE_BYTES);
	rc = gnutls_x509_crt_init(&crt);
	if (rc >= 0)
		rc = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_DER);
	if (rc >= 0)
		rc = gnutls_x509_crt_get_raw_dn(crt, &subject);
	if (rc >= 0)
		rc = gnutls_x509_crt_get_raw_issuer_dn(crt, &issuer);
	if (rc < 0)
		return malformed(f, path, rc);
	*self_issued = str_eq((struct str){(const char *)subject.data, subject.size},
			      (struct str){(const char *)issuer.data, issuer.size});
	return 0;
}

#include "sigstore/certificate.h"

#include <gnutls/x509.h>

#include "core/text.h"
#include "sigstore/der.h"
#include "sigstore/limits.h"
#include "sigstore/pem.h"

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
	if (rc == GNUTLS_E_X509_DUPLICATE_EXTENSION)
		return sig_fault_set(f, VERIFY_CERTIFICATE_EXTENSION, "%s: an extension twice",
				     path);
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
	if (self_issued)
		*self_issued = str_eq((struct str){(const char *)subject.data, subject.size},
				      (struct str){(const char *)issuer.data, issuer.size});
	return 0;
}

/* ---- PEM texts with several ---- */

/* The text up to and with the next line that ends a block, or what is left when it begins one. */
static bool next_block(struct str *rest, struct str *block)
{
	static const char end[] = "-----END ", begin[] = "-----BEGIN ";
	const char *at = rest->n ? memmem(rest->p, rest->n, end, sizeof(end) - 1) : NULL;
	const char *eol;

	if (!at) {
		*block = *rest;
		*rest = (struct str){NULL, 0};
		return block->n && memmem(block->p, block->n, begin, sizeof(begin) - 1);
	}
	eol = memchr(at, '\n', rest->n - (size_t)(at - rest->p));
	*block = str_sub(*rest, 0, eol ? (size_t)(eol + 1 - rest->p) : rest->n);
	*rest = str_sub(*rest, block->n, rest->n);
	return true;
}

static int parse_block(struct arena *a, struct str block, size_t i, struct str *out,
		       struct sig_fault *f)
{
	struct err e = {.kind = ERR_INTERNAL};
	char path[48];
	struct pem pem;
	struct text t;

	if (pem_parse(a, block, &pem, &e) < 0)
		return arena_exhausted(a) ? sig_fault_room(f)
					  : sig_fault_set(f, VERIFY_CERTIFICATE_MALFORMED,
							  "certificates[%zu]: %s", i, e.text);
	if (!str_eq(pem.label, S("CERTIFICATE")))
		return sig_fault_set(f, VERIFY_CERTIFICATE_MALFORMED,
				     "certificates[%zu]: pem: block \"%.*s\": want CERTIFICATE", i,
				     STR_ARG(pem.label));
	text_init_fixed(&t, path, sizeof(path));
	text_printf(&t, "certificates[%zu]", i);
	*out = pem.der;
	return certificate_check(pem.der, path, NULL, f);
}

int certificate_parse_pem(struct arena *a, struct str pem, size_t max, struct str *out, size_t *n,
			  struct sig_fault *f)
{
	struct str rest = pem, block;
	size_t found = 0;

	while (next_block(&rest, &block)) {
		if (found == max)
			return sig_fault_set(f, VERIFY_CHAIN_TOO_LONG,
					     "certificates: more than %zu", max);
		TRY(parse_block(a, block, found, &out[found], f));
		found++;
	}
	if (found == 0 && str_trim(pem).n > 0)
		return sig_fault_set(f, VERIFY_CERTIFICATE_MALFORMED,
				     "certificates: no line \"-----BEGIN CERTIFICATE-----\"");
	*n = found;
	return 0;
}

/* ---- parts ---- */

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static bool take_extension(struct str *rest, struct certificate_extension *out)
{
	struct str at = *rest, in, critical;
	struct certificate_extension x = {.critical = false};
	struct der_item item;

	if (!der_next(&at, &item) || item.tag != DER_SEQUENCE)
		return false;
	in = item.value;
	if (!der_take(&in, DER_OID, &x.oid) || x.oid.n == 0 ||
	    !der_take_optional(&in, DER_BOOLEAN, &critical) ||
	    !der_take(&in, DER_OCTET_STRING, &x.value) || in.n > 0)
		return false;
	if (critical.p && (critical.n != 1 || (critical.p[0] != 0 && critical.p[0] != '\xFF')))
		return false;
	x.critical = critical.p && critical.p[0] != 0;
	x.whole = item.whole;
	*rest = at;
	*out = x;
	return true;
}

bool certificate_extension_next(struct str *rest, struct certificate_extension *out)
{
	return rest->n > 0 && take_extension(rest, out);
}

bool certificate_extension_find(const struct certificate *c, struct str oid,
				struct certificate_extension *out)
{
	struct str rest = c->extensions;
	struct certificate_extension x;

	while (certificate_extension_next(&rest, &x)) {
		if (str_eq(x.oid, oid)) {
			*out = x;
			return true;
		}
	}
	return false;
}

static int check_extensions(const struct certificate *c, struct sig_fault *f)
{
	struct str seen[LIMIT_CERTIFICATE_EXTENSIONS], rest = c->extensions;
	struct certificate_extension x;
	size_t n = 0;

	while (rest.n > 0) {
		if (!take_extension(&rest, &x))
			return sig_fault_set(f, VERIFY_CERTIFICATE_EXTENSION,
					     "certificate: extension %zu is malformed", n);
		if (n == LIMIT_CERTIFICATE_EXTENSIONS)
			return sig_fault_set(f, VERIFY_CERTIFICATE_EXTENSION,
					     "certificate: more than %d extensions",
					     LIMIT_CERTIFICATE_EXTENSIONS);
		for (size_t i = 0; i < n; i++) {
			if (str_eq(seen[i], x.oid))
				return sig_fault_set(f, VERIFY_CERTIFICATE_EXTENSION,
						     "certificate: an extension twice");
		}
		seen[n++] = x.oid;
	}
	return 0;
}

static bool take_whole(struct str *rest, unsigned char tag, struct str *whole)
{
	struct str at = *rest;
	struct der_item item;

	if (!der_next(&at, &item) || item.tag != tag)
		return false;
	*rest = at;
	*whole = item.whole;
	return true;
}

/* TBSCertificate; false: it is none. */
static bool walk_tbs(struct str tbs, struct certificate *c)
{
	struct str rest = tbs, version, skipped, list;

	if (!der_take_optional(&rest, DER_CONTEXT(0), &version) ||
	    !der_take(&rest, DER_INTEGER, &skipped) || !der_take(&rest, DER_SEQUENCE, &skipped) ||
	    !take_whole(&rest, DER_SEQUENCE, &c->issuer) ||
	    !der_take(&rest, DER_SEQUENCE, &skipped) ||
	    !take_whole(&rest, DER_SEQUENCE, &c->subject) ||
	    !take_whole(&rest, DER_SEQUENCE, &c->spki) ||
	    !der_take_optional(&rest, DER_CONTEXT_PRIMITIVE(1), &skipped) ||
	    !der_take_optional(&rest, DER_CONTEXT_PRIMITIVE(2), &skipped))
		return false;
	c->tbs = tbs;
	c->head = str_sub(tbs, 0, tbs.n - rest.n);
	c->extensions = (struct str){NULL, 0};
	if (rest.n == 0)
		return true;
	/* only version 3 has extensions, and the list is not empty */
	return str_eq(version, S("\x02\x01\x02")) && der_only(rest, DER_CONTEXT(3), &list) &&
	       der_only(list, DER_SEQUENCE, &c->extensions) && c->extensions.n > 0;
}

int certificate_parse(struct str der, struct certificate *out, struct sig_fault *f)
{
	struct str in, tbs, algorithm, signature;
	struct certificate c;

	if (der.n > LIMIT_CERTIFICATE_BYTES || !der_only(der, DER_SEQUENCE, &in) ||
	    !der_take(&in, DER_SEQUENCE, &tbs) || !der_take(&in, DER_SEQUENCE, &algorithm) ||
	    !der_take(&in, DER_BIT_STRING, &signature) || in.n > 0 || !walk_tbs(tbs, &c))
		return sig_fault_set(f, VERIFY_CERTIFICATE_MALFORMED,
				     "certificate: not the DER of a certificate");
	TRY(check_extensions(&c, f));
	*out = c;
	return 0;
}

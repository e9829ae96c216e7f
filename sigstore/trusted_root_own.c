/* Certificates of one's own as trusted root, and what both halves share. */
#include <gnutls/x509.h>

#include "sigstore/certificate.h"
#include "sigstore/trusted_root_inside.h"

/* ---- shared ---- */

int trusted_grow(struct arena *a, const void *items, size_t n, size_t more, size_t size,
		 const char *what, void **out, struct sig_fault *f)
{
	char *list;

	if (more > LIMIT_TRUSTED_ENTRIES || n > LIMIT_TRUSTED_ENTRIES - more)
		return sig_fault_set(f, VERIFY_TOO_MANY_VALUES, "%s: %zu of them, at most %d", what,
				     n + more, LIMIT_TRUSTED_ENTRIES);
	list = arena_calloc(a, n + more, size);
	if (!list)
		return sig_fault_room(f);
	if (n > 0)
		memcpy(list, items, n * size);
	*out = list;
	return 0;
}

static bool same_certificates(const struct trusted_authority *a, const struct trusted_authority *b)
{
	if (a->n_certificates != b->n_certificates)
		return false;
	for (size_t i = 0; i < a->n_certificates; i++) {
		if (!str_eq(a->certificates[i], b->certificates[i]))
			return false;
	}
	return true;
}

void trusted_put_authority(struct trusted_authority *list, size_t *n,
			   const struct trusted_authority *one)
{
	for (size_t i = 0; i < *n; i++) {
		if (same_certificates(&list[i], one) &&
		    list[i].foreign_intermediates == one->foreign_intermediates &&
		    list[i].window.from_unix_ms == one->window.from_unix_ms &&
		    list[i].window.until_unix_ms == one->window.until_unix_ms)
			return;
	}
	list[(*n)++] = *one;
}

/* Is it a certificate authority? `path` and `i` name it. */
static int check_ca(struct str der, const char *path, size_t i, struct sig_fault *f)
{
	gnutls_datum_t d = {(unsigned char *)der.p, (unsigned)der.n};
	gnutls_x509_crt_t crt;
	struct certificate parts;
	int rc = gnutls_x509_crt_init(&crt), ca = 0;

	if (rc >= 0) {
		rc = gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_DER);
		/* negative without basic constraints, which only says that it is none */
		ca = rc >= 0 && gnutls_x509_crt_get_ca_status(crt, NULL) > 0;
		gnutls_x509_crt_deinit(crt);
	}
	if (rc < 0)
		return sig_fault_set(f, VERIFY_CRYPTO_FAILED, "%s[%zu]: %s", path, i,
				     gnutls_strerror(rc));
	if (!ca)
		return sig_fault_set(f, VERIFY_CERTIFICATE_PURPOSE,
				     "%s[%zu]: not a certificate authority", path, i);
	return certificate_parse(der, &parts, f);
}

int trusted_check_authority(const struct trusted_authority *one, bool timestamps, const char *path,
			    struct sig_fault *f)
{
	bool has_leaf = timestamps && one->n_certificates > 1;

	for (size_t i = has_leaf ? 1 : 0; i < one->n_certificates; i++)
		TRY(check_ca(one->certificates[i], path, i, f));
	return 0;
}

int trusted_hash(struct trusted_root *root, const char *kind, struct str bytes, struct sig_fault *f)
{
	struct str before = {(const char *)root->sha256.bytes, SHA256_BYTES};
	struct err e = {.kind = ERR_INTERNAL};
	struct sha256_ctx c;
	int rc = sha256_init(&c, &e);

	if (rc < 0)
		return sig_fault_set(f, VERIFY_CRYPTO_FAILED, "%s", e.text);
	rc = sha256_update(&c, before, &e);
	if (rc == 0)
		rc = sha256_update(&c, (struct str){kind, strlen(kind) + 1}, &e);
	if (rc == 0)
		rc = sha256_update(&c, bytes, &e);
	sha256_final(&c, rc == 0 ? &root->sha256 : NULL);
	return rc == 0 ? 0 : sig_fault_set(f, VERIFY_CRYPTO_FAILED, "%s", e.text);
}

static enum err_kind kind_of(enum verify_reason r)
{
	switch (r) {
	case VERIFY_CRYPTO_FAILED:
		return ERR_INTERNAL;
	case VERIFY_NO_ROOM:
	case VERIFY_TOO_LARGE:
	case VERIFY_TOO_DEEP:
	case VERIFY_TOO_MANY_VALUES:
	case VERIFY_CHAIN_TOO_LONG:
		return ERR_LIMIT;
	default:
		return ERR_INPUT;
	}
}

int trusted_fail(const struct sig_fault *f, const char *context, struct err *e)
{
	/* what parsers of signatures say of memory speaks of signatures */
	const char *text = f->reason == VERIFY_NO_ROOM ? "does not fit the memory" : f->err.text;

	return err_set(e, kind_of(f->reason), "%s%s%s", context, context[0] ? ": " : "", text);
}

/* ---- own certificates ---- */

static const struct trusted_window always = {INT64_MIN, INT64_MAX};

struct own {
	struct str certificates[LIMIT_TRUSTED_ENTRIES];
	bool anchor[LIMIT_TRUSTED_ENTRIES];
	size_t n;
	size_t n_anchors;
};

static int read_own(struct arena *a, struct str pem, struct own *own, struct sig_fault *f)
{
	if (pem.n > LIMIT_TRUSTED_ROOT_BYTES)
		return sig_fault_set(f, VERIFY_TOO_LARGE, "certificates: %zu bytes, at most %u",
				     pem.n, LIMIT_TRUSTED_ROOT_BYTES);
	TRY(certificate_parse_pem(a, pem, LIMIT_TRUSTED_ENTRIES, own->certificates, &own->n, f));
	if (own->n == 0)
		return sig_fault_set(f, VERIFY_FIELD_MISSING, "certificates: none");
	for (size_t i = 0; i < own->n; i++) {
		TRY(certificate_check(own->certificates[i], "certificates", &own->anchor[i], f));
		own->n_anchors += own->anchor[i];
	}
	return 0;
}

static int check_own(struct own *own, struct sig_fault *f)
{
	for (size_t i = 0; i < own->n; i++)
		TRY(check_ca(own->certificates[i], "certificates", i, f));
	if (own->n_anchors == 0) {
		memset(own->anchor, true, own->n * sizeof(own->anchor[0]));
		own->n_anchors = own->n;
	}
	if (own->n - own->n_anchors > LIMIT_CHAIN - 1)
		return sig_fault_set(f, VERIFY_CHAIN_TOO_LONG,
				     "certificates: %zu intermediates, at most %d",
				     own->n - own->n_anchors, LIMIT_CHAIN - 1);
	return 0;
}

static struct trusted_authority authority_of(const struct own *own, size_t anchor)
{
	struct trusted_authority t = {.window = always, .foreign_intermediates = true};

	for (size_t i = 0; i < own->n; i++) {
		if (!own->anchor[i])
			t.certificates[t.n_certificates++] = own->certificates[i];
	}
	t.certificates[t.n_certificates++] = own->certificates[anchor];
	return t;
}

static int add_certificates(struct arena *a, struct str pem, struct trusted_root *root,
			    struct sig_fault *f)
{
	struct own *own = arena_alloc(a, sizeof(*own));
	void *list;

	if (!own)
		return sig_fault_room(f);
	TRY(read_own(a, pem, own, f));
	TRY(check_own(own, f));
	TRY(trusted_grow(a, root->certificate_authorities, root->n_certificate_authorities,
			 own->n_anchors, sizeof(*root->certificate_authorities), "certificates",
			 &list, f));
	root->certificate_authorities = list;
	for (size_t i = 0; i < own->n; i++) {
		struct trusted_authority t;

		if (!own->anchor[i])
			continue;
		t = authority_of(own, i);
		trusted_put_authority(root->certificate_authorities,
				      &root->n_certificate_authorities, &t);
	}
	return trusted_hash(root, "certificates", pem, f);
}

static int add_timestamp_chain(struct arena *a, struct str pem, struct trusted_root *root,
			       struct sig_fault *f)
{
	struct trusted_authority t = {.window = always};
	void *list;

	if (pem.n > LIMIT_TRUSTED_ROOT_BYTES)
		return sig_fault_set(f, VERIFY_TOO_LARGE, "certificates: %zu bytes, at most %u",
				     pem.n, LIMIT_TRUSTED_ROOT_BYTES);
	TRY(certificate_parse_pem(a, pem, LIMIT_CHAIN, t.certificates, &t.n_certificates, f));
	if (t.n_certificates == 0)
		return sig_fault_set(f, VERIFY_FIELD_MISSING, "certificates: none");
	TRY(trusted_check_authority(&t, true, "certificates", f));
	TRY(trusted_grow(a, root->timestamp_authorities, root->n_timestamp_authorities, 1,
			 sizeof(*root->timestamp_authorities), "certificates", &list, f));
	root->timestamp_authorities = list;
	trusted_put_authority(root->timestamp_authorities, &root->n_timestamp_authorities, &t);
	return trusted_hash(root, "timestamp chain", pem, f);
}

int trusted_root_add_certificates(struct arena *a, struct str pem, struct trusted_root *root,
				  struct err *e)
{
	struct trusted_root r = *root;
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};

	if (add_certificates(a, pem, &r, &f) < 0)
		return trusted_fail(&f, "", e);
	*root = r;
	return 0;
}

int trusted_root_add_timestamp_chain(struct arena *a, struct str pem, struct trusted_root *root,
				     struct err *e)
{
	struct trusted_root r = *root;
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};

	if (add_timestamp_chain(a, pem, &r, &f) < 0)
		return trusted_fail(&f, "", e);
	*root = r;
	return 0;
}

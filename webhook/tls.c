#include "webhook/tls.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/file.h"
#include "webhook/limits.h"

struct tls {
	pthread_mutex_t lock; /* `active`, and every pair's `refs` */
	struct tls_pair *active;
};

struct tls_pair {
	unsigned refs;
	bool has_client_ca;
	gnutls_certificate_credentials_t cred;
	int64_t not_before, not_after;
};

struct tls *tls_new(void)
{
	struct tls *t = calloc(1, sizeof(*t));
	if (t)
		pthread_mutex_init(&t->lock, NULL);
	return t;
}

static void pair_free(struct tls_pair *p)
{
	if (!p)
		return;
	if (p->cred)
		gnutls_certificate_free_credentials(p->cred);
	free(p);
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	tls_release(t, t->active);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

struct tls_pair *tls_acquire(struct tls *t)
{
	pthread_mutex_lock(&t->lock);
	struct tls_pair *p = t->active;
	if (p)
		p->refs++;
	pthread_mutex_unlock(&t->lock);
	return p;
}

void tls_release(struct tls *t, struct tls_pair *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&t->lock);
	bool last = --p->refs == 0;
	pthread_mutex_unlock(&t->lock);
	if (last)
		pair_free(p);
}

void tls_validity(struct tls *t, int64_t *not_before, int64_t *not_after)
{
	pthread_mutex_lock(&t->lock);
	*not_before = t->active ? t->active->not_before : 0;
	*not_after = t->active ? t->active->not_after : 0;
	pthread_mutex_unlock(&t->lock);
}

static gnutls_datum_t datum_of(struct str s)
{
	return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)s.p, .size = (unsigned)s.n};
}

/* The library's words for text that is something else are about base64. */
static bool is_no_pem(int rc)
{
	return rc == GNUTLS_E_BASE64_DECODING_ERROR ||
	       rc == GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR ||
	       rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE || rc == GNUTLS_E_NO_CERTIFICATE_FOUND;
}

static int read_pair(struct arena *a, const struct tls_files *f, struct tls_pair *p, struct err *e)
{
	struct str cert;
	struct str key;
	TRY(file_read(a, f->cert, LIMIT_PEM_BYTES, &cert, e));
	TRY(file_read(a, f->key, LIMIT_PEM_BYTES, &key, e));
	gnutls_datum_t cert_pem = datum_of(cert);
	gnutls_datum_t key_pem = datum_of(key);
	int rc = gnutls_certificate_set_x509_key_mem2(p->cred, &cert_pem, &key_pem,
						      GNUTLS_X509_FMT_PEM, NULL, 0);
	explicit_bzero(key_pem.data, key_pem.size);
	if (rc == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return err_set(e, ERR_INPUT,
			       "certificate %s: private key %s belongs to another one", f->cert,
			       f->key);
	if (rc < 0)
		return err_set(e, ERR_INPUT, "certificate %s with private key %s: %s", f->cert,
			       f->key,
			       is_no_pem(rc) ? "no PEM in one of them" : gnutls_strerror(rc));
	return 0;
}

static int read_client_ca(struct arena *a, const char *path, struct tls_pair *p, struct err *e)
{
	struct str ca;
	TRY(file_read(a, path, LIMIT_PEM_BYTES, &ca, e));
	gnutls_datum_t pem = datum_of(ca);
	int n = gnutls_certificate_set_x509_trust_mem(p->cred, &pem, GNUTLS_X509_FMT_PEM);
	if (n < 0)
		return err_set(e, ERR_INPUT, "client CA %s: %s", path,
			       is_no_pem(n) ? "no certificate in it" : gnutls_strerror(n));
	if (n == 0)
		return err_set(e, ERR_INPUT, "client CA %s: no certificate in it", path);
	p->has_client_ca = true;
	return 0;
}

static int check_time(const char *path, struct tls_pair *p, int64_t now_unix_s, struct err *e)
{
	gnutls_x509_crt_t *chain = NULL;
	unsigned n = 0;
	char when[32];
	int rc = gnutls_certificate_get_x509_crt(p->cred, 0, &chain, &n);
	if (rc < 0 || n == 0)
		return err_set(e, ERR_INPUT, "certificate %s: %s", path,
			       rc < 0 ? gnutls_strerror(rc) : "no certificate in it");
	p->not_before = (int64_t)gnutls_x509_crt_get_activation_time(chain[0]);
	p->not_after = (int64_t)gnutls_x509_crt_get_expiration_time(chain[0]);
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	if (now_unix_s > p->not_after) {
		time_format(p->not_after, when);
		return err_set(e, ERR_INPUT, "certificate %s: expired on %s", path, when);
	}
	if (now_unix_s < p->not_before) {
		time_format(p->not_before, when);
		return err_set(e, ERR_INPUT, "certificate %s: not valid before %s", path, when);
	}
	return 0;
}

static int fill_pair(struct tls_pair *p, const struct tls_files *f, int64_t now_unix_s,
		     struct err *e)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(4 * LIMIT_PEM_BYTES);
	if (!a || gnutls_certificate_allocate_credentials(&p->cred) < 0)
		return err_set(e, ERR_MEMORY, "certificate %s: no memory", f->cert);
	TRY(read_pair(a, f, p, e));
	if (f->client_ca)
		TRY(read_client_ca(a, f->client_ca, p, e));
	return check_time(f->cert, p, now_unix_s, e);
}

int tls_load(struct tls *t, const struct tls_files *f, int64_t now_unix_s, struct err *e)
{
	struct tls_pair *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_MEMORY, "certificate %s: no memory", f->cert);
	p->refs = 1;
	if (fill_pair(p, f, now_unix_s, e) < 0) {
		pair_free(p);
		return -1;
	}
	pthread_mutex_lock(&t->lock);
	struct tls_pair *old = t->active;
	t->active = p;
	pthread_mutex_unlock(&t->lock);
	tls_release(t, old);
	return 0;
}

int tls_attach(const struct tls_pair *p, gnutls_session_t session, struct err *e)
{
	static const char http[] = "http/1.1";
	gnutls_datum_t alpn = {.data = (unsigned char *)(uintptr_t)http, .size = sizeof(http) - 1};
	int rc = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, p->cred);
	if (rc >= 0)
		rc = gnutls_alpn_set_protocols(session, &alpn, 1, 0);
	if (rc < 0)
		return err_set(e, ERR_INTERNAL, "TLS session: %s", gnutls_strerror(rc));
	if (p->has_client_ca)
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	return 0;
}

bool tls_client_ok(const struct tls_pair *p, gnutls_session_t session, struct err *e)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	unsigned status = 0;
	gnutls_datum_t text = {0};
	if (!p->has_client_ca)
		return true;
	int rc = gnutls_certificate_verify_peers(session, &purpose, 1, &status);
	if (rc == GNUTLS_E_NO_CERTIFICATE_FOUND)
		return err_set(e, ERR_INPUT, "client certificate: none was shown") == 0;
	if (rc < 0)
		return err_set(e, ERR_INPUT, "client certificate: %s", gnutls_strerror(rc)) == 0;
	if (status == 0)
		return true;
	rc = gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0);
	(void)err_set(e, ERR_INPUT, "client certificate: %s",
		      rc < 0 ? "not accepted" : (const char *)text.data);
	gnutls_free(text.data);
	return false;
}

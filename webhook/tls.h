/*
 * The server's certificate: loaded from files, checked, given to each new TLS session, replaced while
 * running. A bad file changes nothing.
 *
 * A session is given its own reference to the credentials of the moment when the connection opens, and
 * holds them to its end: new connections see a new certificate, old ones go on with theirs.
 */
#ifndef ASSAY_WEBHOOK_TLS_H
#define ASSAY_WEBHOOK_TLS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/* TLS 1.2 and 1.3 only. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct tls;      /* the active credentials, counted, behind one mutex */
struct tls_pair; /* certificate, key, and the CA of clients: immutable */

struct tls_files {
	const char *cert;      /* PEM, the chain, the server's own first */
	const char *key;       /* PEM */
	const char *client_ca; /* PEM; NULL: clients need no certificate */
};

struct tls *tls_new(void);    /* NULL: no memory */
void tls_free(struct tls *t); /* all pairs must be back; NULL is fine */

/* Read the files, check that certificate and key belong together and that the certificate is within its
 * time at now_unix_s, and make them the active pair. On failure -1 (IO, INPUT) and the old pair stays.
 * Any thread. */
int tls_load(struct tls *t, const struct tls_files *f, int64_t now_unix_s, struct err *e) MUST_USE;

/* Validity of the active certificate in seconds since 1970; both 0 when there is none. */
void tls_validity(struct tls *t, int64_t *not_before, int64_t *not_after);

/* Hold the active pair; NULL when there is none. Any thread. */
struct tls_pair *tls_acquire(struct tls *t);
void tls_release(struct tls *t, struct tls_pair *p); /* NULL is fine */

/* Make a session that has not begun its handshake use this pair and offer ALPN "http/1.1" alone; with a
 * client CA it asks for a certificate. The pair must outlive the session. */
int tls_attach(const struct tls_pair *p, gnutls_session_t session, struct err *e) MUST_USE;

/* Has the client of this session shown a certificate, for client authentication, signed by the client
 * CA? True without a client CA. *e says why not. */
bool tls_client_ok(const struct tls_pair *p, gnutls_session_t session, struct err *e);

#endif

/*
 * One HTTP exchange over libcurl, and the connections kept for the next one. Knows nothing of
 * registries: no redirects, no tries, no tokens. For oci/client*.c and oci/token.c.
 *
 * A pool may be used by many threads; each exchange takes a handle of its own from it.
 */
#ifndef ASSAY_OCI_HTTP_H
#define ASSAY_OCI_HTTP_H

#include "core/arena.h"
#include "core/err.h"
#include "oci/address.h"
#include "oci/source.h"

struct http_pool;
/* `user_agent` is copied. NULL: no memory, or the library cannot be set up. */
struct http_pool *http_pool_new(const char *user_agent);
void http_pool_free(struct http_pool *p);

/* How to reach the other side. */
struct http_peer {
	const char *ca_path;   /* PEM bundle; NULL: the system's */
	const char *cert_file; /* NULL: no client certificate */
	const char *key_file;
	const char *proxy;             /* URL; NULL: none */
	struct address_rule addresses; /* not asked of a proxy: it is configured */
};

struct http_request {
	const char *url;
	const char *key;           /* connections are reused only between equal keys */
	const char *accept;        /* value of the header */
	const char *authorization; /* NULL: none */
	const char *form;          /* POST this; NULL: GET */
	struct http_peer peer;
	uint64_t max_bytes;   /* of the body of a 200 */
	int64_t expect_bytes; /* its exact size; -1: unknown */
	int64_t connect_ms;
	int64_t total_ms;
	struct arena *arena; /* headers and texts */
};

struct http_response {
	/* OK: a whole reply came, whatever its status. Else INVALID, CONTENT, TOO_LARGE, REFUSED, TIMEOUT,
	 * CONNECT or TLS, and `why`. */
	enum registry_outcome outcome;
	int status; /* 0: none */
	struct str why;
	struct str body; /* cut at LIMIT_ERROR_BODY_BYTES unless the status is 200 */
	char *block;     /* what the body lives in */
	struct str content_type, location, link, retry_after, www_authenticate;
	bool broke; /* CONNECT: after the connection was made */
	int64_t elapsed_us;
};

/* Never fails: the outcome says what happened. *out is to be given to http_response_done(). */
void http_exchange(struct http_pool *p, const struct http_request *rq, struct http_response *out);
/* A web page: of something between the registry and us, where no registry has one. */
bool http_is_page(struct str content_type);
void http_response_done(struct http_response *r); /* frees the body; zeroed ones are fine */

#endif

/*
 * The inside of the client: one question to one registry or mirror, for oci/client*.c alone.
 *
 * An ask is filled by client.c, run by client_ask.c, which gets its Authorization from client_auth.c,
 * and read by client.c and client_referrers.c. Everything it needs for itself is in its scratch arena.
 */
#ifndef ASSAY_OCI_CLIENT_ASK_H
#define ASSAY_OCI_CLIENT_ASK_H

#include "oci/client.h"
#include "oci/host.h"
#include "oci/http.h"
#include "oci/token_cache.h"
#include "oci/url.h"

struct ca_file {
	const struct registry_config *config;
	int fd;
	char path[32];
};

struct registry_client {
	struct registry_client_options o;
	struct registries *none; /* owned; when no configuration was given */
	struct http_pool *pool;
	struct hosts *hosts;
	struct token_cache *tokens;
	struct ca_file *ca_files;
	size_t n_ca_files;
};

struct ask {
	struct registry_client *c;
	struct arena *a; /* scratch */
	const struct registry_config *config;
	struct host *host;
	struct str name; /* of the registry or mirror, for people and metrics */
	struct str path; /* of the repository there */
	struct url base; /* "https://host/" */
	struct deadline deadline;
	int64_t start_ms;

	struct str what; /* "manifests/latest": below the repository */
	struct url link; /* or a whole address on the same host: the next page; text empty if not */
	struct str shown; /* what is asked for, for people */
	const char *accept;
	uint64_t max_bytes;
	int64_t expect_bytes;
	const struct sha256 *expect; /* digest of the body; NULL: any */

	/* The result: */
	enum registry_outcome outcome;
	int status;
	unsigned tries;
	struct str text;         /* for people */
	struct http_response rs; /* body and headers when OK, and of any reply */
	struct sha256 digest;    /* when OK */
	struct url final;        /* where the reply came from */
};

/* ---- client.c ---- */

/* How to reach `u` when `k` asks for it. */
struct http_peer client_peer(const struct ask *k, const struct url *u);

/* ---- client_proxy.c ---- */

/* The proxy for `u`, NULL: none. */
const char *client_proxy(const struct registry_proxies *p, const struct url *u);

/* ---- client_ask.c ---- */

/* Ask, with redirects, tokens and tries. Fills the result; ask_done() frees it. */
void ask_run(struct ask *k);
void ask_done(struct ask *k);

/* One request. False: no place or time for it, or none was made; k->outcome and k->text say why. */
struct ask_request {
	const struct url *url;
	const char *authorization;
	const char *form;
	const char *accept;
	uint64_t max_bytes;
	int64_t expect_bytes;
	bool may_challenge; /* a 401 is what we expect */
};
bool ask_request(struct ask *k, const struct ask_request *q, struct http_response *out);

/* Fail: text "HOST fmt"; returns false. */
bool ask_fail(struct ask *k, enum registry_outcome o, const char *fmt, ...) PRINTF_LIKE(3, 4);
int64_t ask_left_ms(const struct ask *k);

/* ---- client_judge.c ---- */

enum registry_outcome outcome_of_status(int status);
/* The outcome and text of the reply in k->rs, asked for since start_ms. True: it is good. */
bool ask_judge(struct ask *k, int64_t start_ms);

/* ---- client_auth.c ---- */

struct authorization {
	const char *header; /* NULL: none */
	struct str token;   /* the token in it, if it is one of the cache's */
};

/* What is known to be needed. False: the token could not be had; k->outcome and k->text say why. */
bool auth_prepare(struct ask *k, struct authorization *out);
/* The answer to a 401. False: there is none; k->outcome and k->text say why. */
bool auth_answer(struct ask *k, const struct http_response *rs, const struct authorization *sent,
		 struct authorization *out);

/* ---- client_referrers.c ---- */

/* Through one registry or mirror. `k` is complete but for what is asked. */
void referrers_ask(struct ask *k, const struct registry_call *call, const struct sha256 *subject,
		   const struct registry_filter *filter, struct registry_referrers *out);

#endif

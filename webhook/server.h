/*
 * The HTTPS server for reviews and the plain HTTP server for probes and metrics.
 *
 * libmicrohttpd with epoll and a thread pool over GnuTLS; handlers never block. A request's memory is
 * one workspace, given back together with the policy reference, the audit line and the metrics. A review
 * that waits for a registry has its connection suspended, and no thread waits with it. How a review
 * travels: ARCHITECTURE.md.
 */
#ifndef ASSAY_WEBHOOK_SERVER_H
#define ASSAY_WEBHOOK_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/err.h"
#include "core/problem.h"
#include "oci/client.h"

/* Everything that points somewhere is borrowed until server_free(). A limit of 0 means the default of
 * webhook/limits.h. */
struct server_config {
	const char *const *policy_paths; /* files and folders */
	size_t n_policy_paths;
	const char *tls_cert;
	const char *tls_key;
	const char *client_ca; /* NULL: clients need no certificate */
	const char *listen; /* ":10250", "127.0.0.1:10250", "[::1]:10250"; port 0: any free one */
	const char *metrics_listen; /* ":8080" */
	const char *docs_url;
	const char *contact; /* "" for none */
	/* Signatures. Of the first three at most one; all NULL: public registries, without credentials. */
	const char *registries;    /* how to reach which (kind: Registries) */
	const char *docker_config; /* credentials of all of them */
	const char *registry_dir;  /* recorded content; no registry is asked */
	struct registry_proxies proxies;
	unsigned evidence_threads;
	size_t cache_bytes;
	int64_t cache_ttl_ms; /* of a "yes", and of a "no"; 0: defaults of evidence/limits.h */
	int64_t cache_negative_ttl_ms;
	bool log_allowed;
	unsigned threads; /* 0: one per CPU that this process may use, at most 16 */
	size_t max_body_bytes;
	unsigned max_in_flight;
	unsigned max_connections;
	int64_t slow_ms; /* for the handshake, for headers, for a body */
	int64_t drain_ms;
	int64_t max_exception_days; /* 0: no cap */
	struct clock clock;
	const char *version; /* for build_info */
	const char *revision;
	/* The floor of `make bench`: answer a constant review without looking at the object. Not
	 * reachable from the command line of the product; set by tests/bench only. */
	bool constant_answer;
};

struct server;

/* Why it does not start: one for policies, certificate, registries and each address, or one for what
 * came after. */
struct server_errors {
	struct err items[5];
	size_t n;
};

/* Load policies and certificate, listen, start threads. On failure NULL, everything that is wrong in
 * *errors, and every policy problem in *problems; the caller prints both. */
struct server *server_start(const struct server_config *c, struct problems *problems,
			    struct server_errors *errors);

/* Ports in use (after port 0). */
uint16_t server_port(const struct server *s);
uint16_t server_metrics_port(const struct server *s);

/* Look at the mounted files and load again what changed; `force` (SIGHUP): whatever the fingerprints
 * say. A bad reload changes nothing and is logged once, counted, and shown by /readyz. Called by one
 * thread (the signal loop), about every WATCH_INTERVAL_MS. */
void server_reload(struct server *s, bool force);

/* SIGTERM: /readyz fails at once; go on accepting and answering for drain_ms with "Connection: close";
 * then stop listening, close idle connections, wait for the last answer, at most DRAIN_MAX_S in all.
 * Reviews that wait for a registry
 * are waited for, and shortly before that end told that it did not answer. Blocks; true if nothing was
 * cut off. */
bool server_drain(struct server *s);

/* Is no registry being asked? Then server_free() does not wait for one. */
bool server_is_idle(struct server *s);

/* Stops at once, but for requests to registries that are under way. NULL is fine. */
void server_free(struct server *s);

/* Of libmicrohttpd, as it is linked. */
const char *server_library_version(void);

#endif

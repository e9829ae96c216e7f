/*
 * How to reach which registry: the file of --registries.
 *
 *   apiVersion: assay.dev/v1
 *   kind: Registries
 *   spec:
 *     credentials: config.json           # docker config.json, for every registry without its own
 *     registries:
 *     - host: registry.internal.example:5000
 *       credentials: internal.json
 *       caFile: ca.pem                   # beside the system's, not instead
 *       clientCertificate: {certFile: tls.crt, keyFile: tls.key}
 *       mirrors: [mirror.internal.example/hub]   # host[/prefix]: asked first, in order
 *       plainHttp: true
 *       allowPrivate: true               # private and loopback addresses of this very host
 *       allowedPrivateNetworks: [10.0.0.0/8]     # also for its redirects and token service
 *       tokenRealms: [auth.example]      # other hosts that may be asked for tokens
 *       proxy: false                     # ignore the proxy environment
 *       maxConcurrent: 16
 *       timeouts: {connect: 3s, request: 30s}
 *
 * Paths are relative to the file. Strict: everything that is wrong is listed at once, with
 * file:line:column, and then nothing is loaded. Immutable once loaded; any thread may read it.
 */
#ifndef ASSAY_OCI_REGISTRIES_H
#define ASSAY_OCI_REGISTRIES_H

#include "core/arena.h"
#include "core/problem.h"
#include "core/str.h"
#include "oci/address.h"
#include "oci/credentials.h"

struct registry_mirror {
	struct str host; /* normalised; its own entry, if any, says how to reach it */
	struct str path; /* put before the repository's path; empty if none */
};

struct registry_config {
	struct str host;                       /* normalised */
	const struct credentials *credentials; /* NULL: none */
	const char *ca_file;   /* NULL: only the system's. Was readable PEM at load */
	const char *cert_file; /* NULL: no client certificate */
	const char *key_file;
	const struct registry_mirror *mirrors;
	size_t n_mirrors;
	const struct str *token_realms; /* normalised hosts */
	size_t n_token_realms;
	struct address_rule addresses;
	bool plain_http;
	bool proxy;
	int64_t max_concurrent;
	int64_t connect_ms;
	int64_t request_ms;
};

/* A file that was read for the configuration: credentials, a CA, a certificate, a key. */
struct registries_file {
	const struct registries_file *next;
	const char *path;
};

struct registries {
	struct arena *arena;
	struct registry_config fallback; /* of hosts that are not listed */
	const struct registry_config *items;
	size_t n;
	const struct registries_file *files; /* beside the configuration itself */
};

/* Without a file: no credentials, public addresses only, https only. NULL: no memory. */
struct registries *registries_none(void);
/* NULL when anything is wrong; the problems are in *problems, whose arena outlives this call. */
struct registries *registries_load(const char *path, struct problems *problems);
/* The same from bytes; `path` names them and is what file names are relative to. */
struct registries *registries_parse(const char *path, struct str bytes, struct problems *problems);
void registries_free(struct registries *r); /* NULL is fine */

/* The entry of a normalised host, else the fallback; never NULL. */
const struct registry_config *registries_find(const struct registries *r, struct str host);
bool registries_has(const struct registries *r, struct str host);

#endif

/*
 * The distribution client: a registry_source over libcurl.
 *
 * How a question travels: mirrors in order, then the registry itself; for each the place in the
 * host's queue, a token if one is needed (kept for the next question, fetched once however many wait for
 * it), the request, redirects by rule, one more try after 429, 502 to 504 or a broken connection. All of
 * it within the deadline; each wait is cut short by it.
 *
 * Rules that hold whatever a registry answers: https unless the host is configured plain; credentials
 * only to the host (scheme, name, port) they are configured for and to its token service, which is on the
 * same site or listed; no private, loopback or link-local address that is not configured; at most 3
 * redirects; bounded sizes. spec: sigstore sections 2.3, 10
 *
 * Thread-safe: any number of threads may ask one client. Owns its connections; borrows the
 * configuration, the clock and the hooks until registry_client_free(), which no question may outlive.
 */
#ifndef ASSAY_OCI_CLIENT_H
#define ASSAY_OCI_CLIENT_H

#include "core/clock.h"
#include "core/err.h"
#include "oci/registries.h"
#include "oci/source.h"

/* Called after each HTTP request, by the thread that made it, so must not block. `host`: of the
 * registry, mirror or, for a token, the registry it is for; `configured`: is it listed in the registries
 * file? A 401 that only asks for a token counts as OK. */
struct registry_hooks {
	void (*request)(void *self, struct str host, bool configured, enum registry_outcome outcome,
			int64_t elapsed_us);
	void *self;
};

/* Proxies as in the environment: URLs or NULL. `no`: comma-separated names, suffixes of names,
 * addresses, or "*". */
struct registry_proxies {
	const char *http;
	const char *https;
	const char *no;
};
/* From http_proxy, https_proxy, all_proxy, no_proxy and, but for the first, their upper-case forms. Before
 * threads start; borrows from the environment. */
void registry_proxies_from_environment(struct registry_proxies *out);

struct registry_client_options {
	const struct registries *registries; /* NULL: registries_none() */
	const struct clock *clock;
	struct registry_hooks hooks;     /* zero: none */
	struct registry_proxies proxies; /* zero: none */
	const char *user_agent;          /* "assay/1.0" */
};

struct registry_client;

/* Opens no connection. Errors: INTERNAL, MEMORY, IO (a CA file that is gone). */
struct registry_client *registry_client_new(const struct registry_client_options *o, struct err *e);
void registry_client_free(struct registry_client *c); /* NULL is fine */

struct registry_source registry_client_source(struct registry_client *c);

/* Version of the library underneath, e.g. "7.88.1". */
const char *registry_client_library_version(void);

#endif

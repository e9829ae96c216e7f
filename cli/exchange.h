/* One HTTP exchange for `assay probe`, over libcurl. */
#ifndef ASSAY_CLI_EXCHANGE_H
#define ASSAY_CLI_EXCHANGE_H

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

struct exchange {
	const char *url;
	const char *ca;   /* PEM file; NULL: the system's */
	const char *cert; /* client certificate and key, or NULL */
	const char *key;
	struct str body; /* empty: GET; else POST of application/json */
	int64_t timeout_ms;
};

/* *status and *reply (in `a`, at most 1 MiB) on any HTTP answer. -1 with *e (IO, TIMEOUT) if there was
 * none: no connection, wrong certificate, too late. Follows no redirects. */
int exchange(const struct exchange *c, struct arena *a, long *status, struct str *reply,
	     struct err *e) MUST_USE;

#endif

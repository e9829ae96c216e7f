/*
 * Docker's config.json: who we are to which registry.
 *
 * Read are `auths` with auth, username and password, identitytoken, registrytoken; other top-level keys
 * belong to Docker and are ignored. `credHelpers` and `credsStore` name programs to run: a file that
 * needs them is refused. Keys match exactly: host and port as written, no wildcards; a path after the
 * host narrows the entry to that repository and those below it, and the longest path wins.
 * "https://index.docker.io/v1/" and its kin mean docker.io.
 *
 * Values are secrets: no function prints them and no error quotes them. Results live in the arena.
 * source: docker/cli config format; containers-auth.json(5) for paths. spec: sigstore section 10
 */
#ifndef ASSAY_OCI_CREDENTIALS_H
#define ASSAY_OCI_CREDENTIALS_H

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

struct credential {
	struct str host; /* normalised, port as written */
	struct str path; /* repository or a prefix of it; empty: all of the host */
	struct str username, password;
	struct str identity_token; /* OAuth2 refresh token; empty if none */
	struct str registry_token; /* bearer token as it is; empty if none */
};

struct credentials {
	const struct credential *items;
	size_t n;
};

/* Errors: INPUT, 'auths["registry.internal"].auth: not base64: ...'; LIMIT. */
int credentials_parse(struct arena *a, struct str bytes, struct credentials *out, struct err *e)
	MUST_USE;
/* The same from a file; errors name it. Also IO. */
int credentials_load(struct arena *a, const char *path, struct credentials *out, struct err *e)
	MUST_USE;

/* The entry for a normalised repository, NULL if none. `c` may be NULL. */
const struct credential *credentials_find(const struct credentials *c, struct str host,
					  struct str path);

#endif

/*
 * Recorded registry content as a registry_source: for `assay check --registry-dir`, tests and
 * demonstrations without network.
 *
 *   DIR/<host>/<repository path>/manifests/<tag or digest>
 *                                blobs/<digest>
 *                                referrers/<digest>      reply of the referrers API
 *                                index.json              {"manifests/<tag>": "<Content-Type>", ...}
 *
 * Host and path are those of the normalised reference, so nginx is DIR/docker.io/library/nginx. A
 * repository was recorded if it has a folder `manifests`: what that one does not have is NOT_FOUND, and
 * of any other nothing is known (REFUSED), as of what is there and cannot be read. Without a folder
 * `referrers` there is no referrers API: the tag schema is used. index.json may be absent; bodies then
 * speak for themselves. The same limits and digest checks hold as for a registry; DIR is trusted not to
 * change, its content is not.
 */
#ifndef ASSAY_OCI_RECORDED_H
#define ASSAY_OCI_RECORDED_H

#include "core/err.h"
#include "oci/source.h"

struct registry_recorded {
	const char *dir;
	const struct clock *clock;
};

/* `r` is the caller's storage and must outlive the source, `dir` and `clock` too. Errors: IO when `dir`
 * is no folder. */
int registry_recorded_init(struct registry_recorded *r, const char *dir, const struct clock *clock,
			   struct err *e) MUST_USE;
struct registry_source registry_recorded_source(struct registry_recorded *r);

#endif

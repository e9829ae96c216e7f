/*
 * The payload of legacy cosign signatures: what the signer claims of an image. Read only from payloads
 * whose signature holds. Keys count in their exact spelling only.
 * source: containers/image docs/containers-signature.5.md; spec: sigstore sections 3.2 and 3.3
 */
#ifndef ASSAY_SIGSTORE_SIMPLE_SIGNING_H
#define ASSAY_SIGSTORE_SIMPLE_SIGNING_H

#include "core/node.h"
#include "sigstore/reason.h"

#define SIMPLE_SIGNING_TYPE "cosign container image signature"

struct simple_signing {
	struct str type;             /* not checked here */
	struct str manifest_digest;  /* "sha256:..." as written; not empty */
	struct str docker_reference; /* may be empty */
	const struct node *optional; /* a map, or NULL when absent or null */
};

/* Parse the payload into `a`. Errors: reasons claims and those of pj_parse(). */
int simple_signing_parse(struct arena *a, struct str payload, struct simple_signing *out,
			 struct sig_fault *f) MUST_USE;

#endif

/* What a good signature says, and whether that is what was demanded. For sigstore/verify.c only. */
#ifndef ASSAY_SIGSTORE_VERIFY_CLAIMS_H
#define ASSAY_SIGSTORE_VERIFY_CLAIMS_H

#include "sigstore/verify.h"

struct verification {
	struct arena *arena;
	const struct bundle *bundle;
	const struct verify_input *in;
	struct sig_fault *fault;
	struct verify_result *result; /* facts for the caller's result; no verdict in it */
};

/* The payload of a legacy signature, the statement of an envelope: type, digest, demands. */
int verify_claims(struct verification *v) MUST_USE;
int verify_statement(struct verification *v) MUST_USE;

/* Repository and annotations, of what the result says of them. */
int verify_demands(struct verification *v) MUST_USE;

/* Fault: the signature is good and of `claimed`, not of the image. */
int verify_is_of_other(struct verification *v, struct str claimed);

#endif

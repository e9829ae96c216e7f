/*
 * In-toto statements v0.1 and v1: of which subjects something is said, and what. Read only from
 * payloads whose signature holds; unknown fields are ignored, as the format demands.
 * source: in-toto/attestation spec/v1/statement.md; spec: sigstore sections 4.3 and 8
 */
#ifndef ASSAY_SIGSTORE_STATEMENT_H
#define ASSAY_SIGSTORE_STATEMENT_H

#include "core/digest.h"
#include "core/node.h"
#include "sigstore/reason.h"

#define STATEMENT_COSIGN_SIGN "https://sigstore.dev/cosign/sign/v1"

struct statement_subject {
	struct str name;                /* often empty */
	struct str sha256;              /* as written, empty when it has none */
	const struct node *annotations; /* a map, or NULL */
};

struct statement {
	struct statement_subject *subjects; /* at least one */
	size_t n_subjects;
	struct str predicate_type;    /* not empty */
	const struct node *predicate; /* of any type; NULL when absent */
};

/* Parse the payload of an envelope into `a`. Errors: reasons json, statement, statement_type, subject,
 * subjects and those of pj_parse(). */
int statement_parse(struct arena *a, struct str payload, struct statement *out, struct sig_fault *f)
	MUST_USE;

/* The first subject with this digest, in lower-case hex; NULL when there is none. */
const struct statement_subject *statement_find(const struct statement *s,
					       const struct sha256 *digest);

#endif

/*
 * The words of the rules signature and attestation: the states, never merged. What comes from a registry is escaped and
 * cut. Everything is in the arena given; what does not fit becomes shorter, never empty.
 * spec: admission 6.3, 6.4
 */
#ifndef ASSAY_POLICY_SIGNATURE_TEXT_H
#define ASSAY_POLICY_SIGNATURE_TEXT_H

#include "policy/rule.h"

struct signature_asked {
	const struct param_predicate *type; /* of attestations; NULL: signatures */
	const struct reference *image;      /* pinned */
	const struct param_authorities *authorities;
	const struct param_annotations *annotations; /* wanted */
	const struct param_repository *repository;   /* NULL: the image's own */
};

/* "a signature by one of: a, b", "signatures by all of: a, b", "signatures by at least 2 of: a, b, c"; with
 * annotations " with annotation team=infra" behind it. Of attestations: "an attestation of type vuln by a".
 * `image` is not looked at. */
struct str signature_wanted(struct arena *a, const struct signature_asked *q, size_t enough);

/* "...@sha256:<64 hex>; assay verify registry.internal/app:1.2 prints its pin" */
struct str signature_want_pin(struct arena *a, const struct reference *r);

/* What was found, as one statement. Not of VERIFIED. */
struct str signature_says(struct arena *a, const struct signature_asked *q,
			  const struct evidence *e);

/* "cosign sign --key <release key> registry.internal/app@sha256:...": a line for a shell. Where the image
 * itself must be mended it shows what the attestation says. */
struct str signature_mend(struct arena *a, const struct signature_asked *q,
			  const struct evidence *e);

#endif

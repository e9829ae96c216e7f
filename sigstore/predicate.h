/*
 * What an attestation must say: conditions on the predicate of a statement whose signature,
 * subject and type hold already.
 *
 * What is not understood is no pass: reason predicate_shape, told apart from a condition that is
 * not met. Neither is "could not find out": only who may sign attestations can write either.
 * Any thread; pure.
 * source: in-toto attestation predicates, cosign COSIGN_VULN_ATTESTATION_SPEC.md, SPDX 2.3,
 * CycloneDX 1.6, SLSA provenance v0.2 and v1, OpenVEX 0.2.0; spec: sigstore section 8
 */
#ifndef ASSAY_SIGSTORE_PREDICATE_H
#define ASSAY_SIGSTORE_PREDICATE_H

#include <stdint.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/node.h"
#include "sigstore/reason.h"

/* What a predicate type means to us. */
enum predicate_kind {
	PREDICATE_OTHER = 0, /* its contents cannot be judged */
	PREDICATE_KIND_VULN,
	PREDICATE_KIND_SPDX,
	PREDICATE_KIND_CYCLONEDX,
	PREDICATE_KIND_SLSA_02,
	PREDICATE_KIND_SLSA_1,
	PREDICATE_KIND_VEX,
};
enum predicate_kind predicate_kind_of_type(struct str type);

/* The type that a short name of cosign stands for ("spdx", "cyclonedx", "slsaprovenance1",
 * "vuln", ...); empty: none. */
struct str predicate_type_of_name(struct str name);
const char *predicate_type_name_at(size_t i); /* all names in order; NULL past the end */

enum severity {
	SEVERITY_UNKNOWN = 0,
	SEVERITY_NEGLIGIBLE,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITIES,
};
const char *severity_name(enum severity s); /* "critical" */

struct predicate_globs {
	const struct str *items;
	size_t n;
};

/* Any number of findings. */
#define SEVERITY_NO_CEILING (-1)

/* Immutable, borrowed. What is absent or false demands nothing. */
struct predicate_demand {
	/* By the time that the predicate itself tells, see predicate_time(); 0: any. */
	int64_t max_age_s;

	/* Vulnerability reports. */
	bool has_ceilings;
	int ceilings[SEVERITIES]; /* at most so many findings of each, or SEVERITY_NO_CEILING */
	bool fixable_only;        /* count only what a fix exists for */
	struct predicate_globs accepted; /* ids that do not count, e.g. "CVE-2024-1234"; exact */

	/* Bills of material. */
	bool names_subject; /* the document describes the image by its digest */
	bool not_empty;     /* it lists a package beside the image itself */
	struct predicate_globs
		forbidden_packages; /* of "name", "name@version" or the package URL */
	struct predicate_globs forbidden_licences; /* of each SPDX id in an expression */

	/* Provenance: one of each must match. */
	struct predicate_globs builders;
	struct predicate_globs sources; /* of the repository, with or without "git+" and "@ref" */
	struct predicate_globs build_types;
};

struct predicate_input {
	struct str type;
	const struct node *predicate; /* may be NULL */
	struct sha256 digest;         /* of the image */
	int64_t now_unix_s;
};

/* Reasons predicate_shape, predicate_condition, predicate_age; the text says what was found,
 * with counts and the first ids. */
int predicate_fits(struct arena *a, const struct predicate_input *in,
		   const struct predicate_demand *want, struct sig_fault *f) MUST_USE;

/* When it was made, as its signer says: end of the scan or build, creation of the document.
 * False: it does not say. */
bool predicate_time(const struct predicate_input *in, int64_t *unix_s);

#endif

/*
 * One case of the signature verifier, read from a file of tests/sigstore/vectors (or of the same form,
 * written by tests/sigstore/replay): a candidate, an authority, a demand, the image, the answer wanted.
 *
 *   keys            paths of PEM files; window: [from, until] of all of them
 *   schemes         names; absent: the default ones
 *   digest          of the image; artifact: its bytes
 *   want            absent: a signature; else the type of an attestation
 *   annotations, reference, reference_prefix, accept_message, log_threshold, time_threshold, now
 *   bundle | layer  the text of a bundle; {mediaType, annotations, blob}
 *   reason          that must come out; key_index
 */
#ifndef ASSAY_TESTS_UNIT_SIG_CASE_H
#define ASSAY_TESTS_UNIT_SIG_CASE_H

#include "sigstore/verify.h"

struct sig_case {
	struct str reason;
	size_t key_index;
	struct sig_authority authority;
	struct sig_demand demand;
	struct sig_subject subject;
	struct verify_input input; /* points at the three above */
	bool is_layer;
	struct str bundle;
	struct bundle_layer layer;
};

/* Into `a`, with the keys. */
int sig_case_load(struct arena *a, const char *path, struct sig_case *out, struct err *e) MUST_USE;

/* Parse and verify the candidate, all in `a`. */
void sig_case_run(struct arena *a, const struct sig_case *c, struct verify_result *out);

#endif

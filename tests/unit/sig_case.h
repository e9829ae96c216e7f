/*
 * One case of the signature verifier, read from a file of tests/sigstore/vectors (or of the same form,
 * written by tests/sigstore/replay): a candidate, an authority, a demand, the image, the answer wanted.
 *
 *   keys            paths of PEM files; keys_inline: texts; window: [from, until] of all of them
 *   identities      maps of issuer or issuerRegex, subject or subjectRegex, extensions and
 *                   extensionsRegex (name or OID: value); any_issuer
 *   root            texts of trusted roots; certificates, timestamp_chains: texts of PEM, added to them;
 *                   no_root: none of it is given to the authority
 *   schemes         names; absent: the default ones
 *   digest          of the image; artifact: its bytes
 *   want            absent: a signature; else the type of an attestation
 *   annotations, reference, reference_prefix, accept_message, log_threshold, time_threshold,
 *   sct_threshold, use_current_time, max_age_s, now
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
	struct trusted_root root;
	struct err root_error; /* text not empty: it did not load, which is then the result */
	struct sig_demand demand;
	struct sig_subject subject;
	struct verify_input input; /* points at the three above */
	bool is_layer;
	struct str bundle;
	struct bundle_layer layer;
};

/* Into `a`, with the keys. */
int sig_case_load(struct arena *a, const char *path, struct sig_case *out, struct err *e) MUST_USE;

/* Parse and verify the candidate, all in `a`. With a root that did not load: not_verified. */
void sig_case_run(struct arena *a, const struct sig_case *c, struct verify_result *out);

#endif

/*
 * Transparency log entries: did a trusted log record this very signature, and when?
 *
 * One function for every format and every version of the log, so that no path can do without the
 * comparison of the entry's body with what was signed: most advisories of the field are about that.
 * Pure; any thread, one arena each.
 * source: sigstore client-spec.md, rekor-v2-spec.md; spec: sigstore sections 7.1 to 7.5
 */
#ifndef ASSAY_SIGSTORE_REKOR_H
#define ASSAY_SIGSTORE_REKOR_H

#include "core/arena.h"
#include "sigstore/bundle.h"
#include "sigstore/key.h"
#include "sigstore/trusted_root.h"

/* What the entry must be about: the signature of `bundle`, made by this certificate or key. */
struct rekor_subject {
	const struct bundle *bundle;
	struct str certificate;    /* DER of the leaf; empty: by key alone */
	const struct sig_key *key; /* never NULL: the one that verified, or of the certificate */
	/* Of a message signature: the digest of what is signed, never NULL, and all of it; empty where
	 * that is not known, then entries with a longer hash are reason artifact_needed. */
	const struct sha256 *artifact;
	struct str artifact_bytes;
};

struct rekor_result {
	const struct trusted_log *log;
	int64_t log_index;
	bool has_time;             /* by a verified promise; proofs sign no time */
	int64_t integrated_unix_s; /* else 0 */
	bool has_proof;
};

/* The body of an entry is about the subject: kind and version, then what was signed, signature and
 * verifier. Reasons log_kind, log_body, log_body_subject, log_body_signature, log_body_verifier,
 * artifact_needed, crypto_failed, no_room. rekor_body.c */
int rekor_body_fits(struct arena *a, const struct bundle_log_entry *entry,
		    const struct rekor_subject *s, struct sig_fault *f) MUST_USE;

/* Verify one entry whole: promise (if there), proof with its checkpoint (if there), at least one of
 * both, and body. An entry of a log of version 2 (hashedrekord 0.0.2) needs its proof, and has no
 * time. *out is written on success only. Reasons: log_unknown (no such log in the root, or its key
 * cannot be used), log_promise, log_promise_time, log_proof, log_proof_missing, log_checkpoint...,
 * those of rekor_body_fits(). */
int rekor_verify(struct arena *a, const struct bundle_log_entry *entry,
		 const struct trusted_root *root, const struct rekor_subject *s,
		 struct rekor_result *out, struct sig_fault *f) MUST_USE;

#endif

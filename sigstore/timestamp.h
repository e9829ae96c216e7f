/*
 * RFC 3161 timestamps: when did a trusted authority see these bytes?
 * Pure; any thread, one arena each.
 * source: RFC 3161, RFC 5652; spec: sigstore section 6.6
 */
#ifndef ASSAY_SIGSTORE_TIMESTAMP_H
#define ASSAY_SIGSTORE_TIMESTAMP_H

#include "core/arena.h"
#include "sigstore/reason.h"
#include "sigstore/trusted_root.h"

/* Bytes of a response; usual are 1 to 6 KiB. Past it: reason timestamp_malformed. */
#define LIMIT_TIMESTAMP_BYTES (64u << 10)

/* A TimeStampResp, taken apart, believed by nobody. Borrows. */
struct timestamp_response {
	struct str token;    /* ContentInfo, DER */
	struct str tst_info; /* DER */
	int64_t unix_ms;     /* genTime */
	struct str imprint;
	unsigned imprint_bits;    /* 256, 384, 512 */
	struct str signer_issuer; /* Name, DER: of the certificate that the only signer names */
	struct str signer_serial; /* content octets of an INTEGER */
	unsigned signer_bits;     /* of its hash: 256, 384, 512 */
	struct str certificates[LIMIT_CHAIN]; /* DER; in the token, in its order */
	size_t n_certificates;
};

/* Parse without verifying. Reasons timestamp_malformed, timestamp_status (not granted). */
int timestamp_parse(struct str response, struct timestamp_response *out, struct sig_fault *f)
	MUST_USE;

struct timestamp_result {
	int64_t unix_ms;
	const struct trusted_authority *authority;
};

/* Is `response` a timestamp of one of `messages` (either will do: the signature, or of a legacy
 * envelope the whole of it), by one of the root's timestamp authorities, with a chain that was
 * valid at that time and inside the authority's window? *out is written on success only.
 *
 * Of several authorities any will do; if none, the fault is that of the best fitting one. Reasons:
 * timestamp_malformed, timestamp_status, timestamp_imprint, timestamp_untrusted (the signer is of
 * no authority of ours), timestamp_certificate (the signer's is not for timestamps, or not the
 * one embedded), timestamp_signature, timestamp_chain, timestamp_time, crypto_failed, no_room. */
int timestamp_verify(struct arena *a, struct str response, const struct str *messages,
		     size_t n_messages, const struct trusted_root *root,
		     struct timestamp_result *out, struct sig_fault *f) MUST_USE;

#endif

/*
 * Is a certificate under a trusted authority, at a given time, for a given purpose? Time is an
 * argument: every certificate of the chain, the anchor included, must be valid then. Revocation
 * does not exist here. Any thread; pure.
 * source: RFC 5280 section 6; spec: sigstore sections 6.2 and 6.6
 */
#ifndef ASSAY_SIGSTORE_CHAIN_H
#define ASSAY_SIGSTORE_CHAIN_H

#include "core/arena.h"
#include "sigstore/reason.h"
#include "sigstore/trusted_root.h"

enum chain_purpose {
	CHAIN_NO_PURPOSE = 0, /* nothing fits */
	CHAIN_CODE_SIGNING,
	CHAIN_TIME_STAMPING,
};

/* What a leaf must be whatever its chain: an end entity (no CA) with the purpose, spelled out:
 * code signing among its extended key usages and digitalSignature; or time stamping as the only
 * one, critical. Reasons certificate_purpose; certificate_malformed; certificate_extension
 * (malformed, or one twice); crypto_failed. */
int chain_check_leaf(struct str leaf, enum chain_purpose purpose, struct sig_fault *f) MUST_USE;

struct chain_leaf {
	struct str der;
	/* That came with the signature: used only where the authority allows foreign
	 * intermediates, and only with keys that would count for a signature. At most
	 * LIMIT_CHAIN of them are looked at. */
	const struct str *intermediates;
	size_t n_intermediates;
};

/* Is the leaf under this authority at this moment? The chain leads from the leaf over any of the
 * other certificates to the anchor, the authority's last. *issuer_spki (may be NULL) is the
 * SubjectPublicKeyInfo of the certificate after the leaf, in `a`. Reasons: certificate_chain;
 * certificate_time (there is a chain, but some certificate of it was not valid, or the
 * authority's window does not have the moment); certificate_malformed; crypto_failed; no_room.
 * Does not call chain_check_leaf(). */
int chain_verify_at(struct arena *a, const struct chain_leaf *leaf,
		    const struct trusted_authority *authority, enum chain_purpose purpose,
		    int64_t unix_ms, struct str *issuer_spki, struct sig_fault *f) MUST_USE;

/* The PEM certificates of a legacy chain annotation, as candidates: at most LIMIT_CHAIN - 1 of
 * them into `out`; none of an empty text. What is no certificate is reason
 * certificate_malformed; too many chain_too_long; crypto_failed; no_room. */
int chain_parse_pem(struct arena *a, struct str pem, struct str out[LIMIT_CHAIN], size_t *n,
		    struct sig_fault *f) MUST_USE;

#endif

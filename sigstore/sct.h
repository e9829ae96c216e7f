/*
 * Signed certificate timestamps inside a certificate: has a log of certificates seen it?
 * source: RFC 6962 sections 3.2 and 3.3; spec: sigstore section 6.4
 */
#ifndef ASSAY_SIGSTORE_SCT_H
#define ASSAY_SIGSTORE_SCT_H

#include "core/arena.h"
#include "sigstore/reason.h"
#include "sigstore/trusted_root.h"

/* Of version 1, with SHA-256. Borrows. */
struct sct {
	struct str log_id; /* 32 bytes */
	int64_t unix_ms;
	struct str extensions;
	unsigned signature_algorithm; /* 3 ecdsa, 1 rsa */
	struct str signature;
};
/* Of one certificate; public certificate authorities embed 2 or 3. Past it: sct_malformed. */
#define LIMIT_SCTS 16

/* The list in the value of the extension, OCTET STRING included; at least one. Reason
 * sct_malformed. */
int sct_list_parse(struct str extension_value, struct sct out[LIMIT_SCTS], size_t *n,
		   struct sig_fault *f) MUST_USE;

/* The certificate's TBSCertificate (whole item) without the list, in `a`, and the value of the
 * list's extension (p NULL: it has none; *tbs then is the certificate's own). Reasons
 * certificate_malformed, certificate_extension (an extension twice, the list among them),
 * no_room. */
int sct_precertificate(struct arena *a, struct str certificate, struct str *tbs, struct str *list,
		       struct sig_fault *f) MUST_USE;

/* How many distinct logs of the root have signed the certificate, each within the window of its
 * key? Fails unless that is at least `threshold` (0: not even looked at). An SCT that does not
 * count is skipped; the reason of the one that came closest to counting is the fault's if none
 * counts. Reasons: sct_missing, sct_malformed, sct_log_unknown, sct_time, sct_signature,
 * sct_threshold (fewer than wanted, but at least one); those of sct_precertificate();
 * crypto_failed. */
int sct_verify(struct arena *a, struct str certificate, struct str issuer_spki,
	       const struct trusted_root *root, unsigned threshold, struct sig_fault *f) MUST_USE;

#endif

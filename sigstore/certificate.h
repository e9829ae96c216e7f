/* What a certificate in a bundle must be before anything is concluded from it. */
#ifndef ASSAY_SIGSTORE_CERTIFICATE_H
#define ASSAY_SIGSTORE_CERTIFICATE_H

#include "sigstore/reason.h"

/* Is `der` one X.509 certificate of bounded size? *self_issued: its subject is its issuer. Reason
 * certificate_malformed; `path` names it in the text. Any thread. */
int certificate_check(struct str der, const char *path, bool *self_issued, struct sig_fault *f)
	MUST_USE;

#endif

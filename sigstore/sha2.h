/* SHA-256, SHA-384 and SHA-512, where the hash is named by what is verified. Any thread. */
#ifndef ASSAY_SIGSTORE_SHA2_H
#define ASSAY_SIGSTORE_SHA2_H

#include "core/err.h"
#include "core/str.h"

/* Is `digest` the hash of `bits` (256, 384, 512) over the parts, one after the other? 1 or 0; 0 for
 * other bits, and for a digest of another length; -1: the library failed. */
int sha2_is(unsigned bits, const struct str *parts, size_t n, struct str digest) MUST_USE;

#endif

/* Inclusion in a Merkle tree of SHA-256. Any thread.
 * source: RFC 9162 section 2.1.3.2; spec: sigstore section 7.3 */
#ifndef ASSAY_SIGSTORE_MERKLE_H
#define ASSAY_SIGSTORE_MERKLE_H

#include "core/digest.h"
#include "core/err.h"

/* The hash of a leaf. -1: the library failed. */
int merkle_leaf(struct str body, struct sha256 *out, struct err *e) MUST_USE;

/* 1: `leaf` is number `index` of the tree with this size and root; 0: it is not; -1: the library
 * failed. Hashes of another length than 32 bytes prove nothing. */
int merkle_includes(const struct sha256 *leaf, uint64_t index, uint64_t size,
		    const struct str *hashes, size_t n, const struct sha256 *root, struct err *e)
	MUST_USE;

#endif

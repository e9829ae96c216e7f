/* The certificates and the trusted root of tests/sigstore/trust, for the tests of what reads
 * them. */
#ifndef ASSAY_TESTS_UNIT_SIG_TRUST_H
#define ASSAY_TESTS_UNIT_SIG_TRUST_H

#include "sigstore/trusted_root.h"

/* 2024-06-01T00:00:00Z, when the leaves begin; they end ten minutes later. */
#define TRUST_LEAF_MS INT64_C(1717200000000)

/* The DER of the certificate with this name. */
struct str trust_certificate(struct arena *a, const char *name);

/* The PEM of certificates, their names parted by one space. */
struct str trust_pem(struct arena *a, const char *names);

/* The JSON of the trusted root, with the first `from` (must be there) replaced by `to`. */
struct str trust_json(struct arena *a, const char *from, const char *to);
void trust_root(struct arena *a, struct trusted_root *out);

/* An authority without end. */
struct trusted_authority trust_authority(struct arena *a, const char *names, bool foreign);

#endif

#include "sigstore/sha2.h"

#include <gnutls/crypto.h>

#define SHA512_BYTES 64

static gnutls_digest_algorithm_t algorithm(unsigned bits)
{
	switch (bits) {
	case 256:
		return GNUTLS_DIG_SHA256;
	case 384:
		return GNUTLS_DIG_SHA384;
	case 512:
		return GNUTLS_DIG_SHA512;
	default:
		return GNUTLS_DIG_UNKNOWN;
	}
}

int sha2_is(unsigned bits, const struct str *parts, size_t n, struct str digest)
{
	gnutls_digest_algorithm_t alg = algorithm(bits);
	unsigned char got[SHA512_BYTES];
	gnutls_hash_hd_t h;
	int rc = 0;

	if (alg == GNUTLS_DIG_UNKNOWN || digest.n != bits / 8)
		return 0;
	if (gnutls_hash_init(&h, alg) < 0)
		return -1;
	for (size_t i = 0; i < n && rc >= 0; i++) {
		if (parts[i].n > 0)
			rc = gnutls_hash(h, parts[i].p, parts[i].n);
	}
	gnutls_hash_deinit(h, got);
	return rc < 0 ? -1 : memcmp(got, digest.p, digest.n) == 0;
}

#include "sigstore/merkle.h"

static int hash_tagged(const char *tag, struct str a, struct str b, struct sha256 *out,
		       struct err *e)
{
	struct sha256_ctx c = {NULL};
	int rc;

	TRY(sha256_init(&c, e));
	rc = sha256_update(&c, (struct str){tag, 1}, e);
	if (rc == 0)
		rc = sha256_update(&c, a, e);
	if (rc == 0)
		rc = sha256_update(&c, b, e);
	sha256_final(&c, rc == 0 ? out : NULL);
	return rc;
}

int merkle_leaf(struct str body, struct sha256 *out, struct err *e)
{
	return hash_tagged("\0", body, (struct str){NULL, 0}, out, e);
}

int merkle_includes(const struct sha256 *leaf, uint64_t index, uint64_t size,
		    const struct str *hashes, size_t n, const struct sha256 *root, struct err *e)
{
	struct sha256 r = *leaf, above;
	uint64_t fn = index, sn = size - 1;

	if (index >= size)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct str here = {(const char *)r.bytes, SHA256_BYTES};

		if (sn == 0 || hashes[i].n != SHA256_BYTES)
			return 0;
		if ((fn & 1) != 0 || fn == sn) {
			TRY(hash_tagged("\1", hashes[i], here, &above, e));
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			TRY(hash_tagged("\1", here, hashes[i], &above, e));
		}
		r = above;
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(r.bytes, root->bytes, SHA256_BYTES) == 0;
}

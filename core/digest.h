/* Content digests. Only SHA-256 is a pin (spec: policy section 3.5). */
#ifndef ASSAY_CORE_DIGEST_H
#define ASSAY_CORE_DIGEST_H

#include <stdint.h>

#include "core/err.h"
#include "core/str.h"

#define SHA256_BYTES 32
#define SHA256_HEX 64

struct sha256 {
	uint8_t bytes[SHA256_BYTES];
};

/* Incremental hash over GnuTLS. The handle is owned by the caller and ended by sha256_final(). */
struct sha256_ctx {
	void *handle;
};
int sha256_init(struct sha256_ctx *c, struct err *e) MUST_USE;
int sha256_update(struct sha256_ctx *c, struct str bytes, struct err *e) MUST_USE;
void sha256_final(struct sha256_ctx *c, struct sha256 *out); /* out may be NULL: just release */

int sha256_of(struct str bytes, struct sha256 *out, struct err *e) MUST_USE;
/* 64 lower-case hex digits and a NUL. */
void sha256_hex(const struct sha256 *d, char out[SHA256_HEX + 1]);
/* Exactly "sha256:" and 64 lower-case hex digits; false for anything else, *out untouched. */
bool sha256_parse(struct str s, struct sha256 *out);

#endif

#include "core/digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

int sha256_init(struct sha256_ctx *c, struct err *e)
{
	gnutls_hash_hd_t handle;
	int rc = gnutls_hash_init(&handle, GNUTLS_DIG_SHA256);

	if (rc < 0)
		return err_set(e, ERR_INTERNAL, "sha256: %s", gnutls_strerror(rc));
	c->handle = handle;
	return 0;
}

int sha256_update(struct sha256_ctx *c, struct str bytes, struct err *e)
{
	int rc = bytes.n > 0 ? gnutls_hash(c->handle, bytes.p, bytes.n) : 0;

	if (rc < 0)
		return err_set(e, ERR_INTERNAL, "sha256: %s", gnutls_strerror(rc));
	return 0;
}

void sha256_final(struct sha256_ctx *c, struct sha256 *out)
{
	if (!c->handle)
		return;
	gnutls_hash_deinit(c->handle, out ? out->bytes : NULL);
	c->handle = NULL;
}

int sha256_of(struct str bytes, struct sha256 *out, struct err *e)
{
	struct sha256 d;
	int rc = gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.n > 0 ? bytes.p : "", bytes.n, d.bytes);

	if (rc < 0)
		return err_set(e, ERR_INTERNAL, "sha256: %s", gnutls_strerror(rc));
	*out = d;
	return 0;
}

void sha256_hex(const struct sha256 *d, char out[SHA256_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_BYTES; i++) {
		out[2 * i] = digits[d->bytes[i] >> 4];
		out[2 * i + 1] = digits[d->bytes[i] & 0x0F];
	}
	out[SHA256_HEX] = '\0';
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool sha256_parse(struct str s, struct sha256 *out)
{
	struct str prefix = S("sha256:");
	struct sha256 d;

	if (s.n != prefix.n + SHA256_HEX || !str_starts(s, prefix))
		return false;
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		int high = nibble(s.p[prefix.n + 2 * i]), low = nibble(s.p[prefix.n + 2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		d.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*out = d;
	return true;
}

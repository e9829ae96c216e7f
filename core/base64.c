#include "core/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of a character, or -1. */
static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* The bits of `digits` characters at in[at], first one highest. */
static int group(struct str in, size_t at, size_t digits, uint32_t *bits, struct err *e)
{
	*bits = 0;
	for (size_t i = at; i < at + digits; i++) {
		int v = sextet(in.p[i]);

		if (v < 0)
			return err_set(e, ERR_INPUT,
				       in.p[i] == '=' ? "base64: padding at offset %zu"
						      : "base64: invalid character at offset %zu",
				       i);
		*bits = *bits << 6 | (uint32_t)v;
	}
	return 0;
}

/* The last group, of 2 or 3 characters and padding. */
static int tail(struct str in, size_t at, size_t digits, char *p, struct err *e)
{
	uint32_t bits = 0, unused = digits == 2 ? 0x0F : 0x03;

	TRY(group(in, at, digits, &bits, e));
	if (bits & unused)
		return err_set(e, ERR_INPUT, "base64: unused bits of the last character are set");
	if (digits == 2) {
		p[0] = (char)(bits >> 4);
		return 0;
	}
	p[0] = (char)(bits >> 10);
	p[1] = (char)(bits >> 2 & 0xFF);
	return 0;
}

int base64_decode(struct arena *a, struct str in, struct str *out, struct err *e)
{
	size_t pad = 0, whole, n = 0;
	char *p;

	if (in.n % 4 != 0)
		return err_set(e, ERR_INPUT, "base64: length %zu is no multiple of 4", in.n);
	while (pad < 2 && pad < in.n && in.p[in.n - 1 - pad] == '=')
		pad++;
	whole = pad > 0 ? in.n - 4 : in.n;
	p = arena_alloc_raw(a, in.n / 4 * 3);
	if (!p)
		return err_set(e, ERR_LIMIT, "base64: no room for %zu bytes", in.n / 4 * 3);
	for (size_t i = 0; i < whole; i += 4) {
		uint32_t bits = 0;

		TRY(group(in, i, 4, &bits, e));
		p[n++] = (char)(bits >> 16);
		p[n++] = (char)(bits >> 8 & 0xFF);
		p[n++] = (char)(bits & 0xFF);
	}
	if (pad > 0) {
		TRY(tail(in, whole, 4 - pad, p + n, e));
		n += 3 - pad;
	}
	*out = (struct str){p, n};
	return 0;
}

void base64_put(struct text *t, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
		uint32_t bits = 0;
		char four[4];

		for (size_t j = 0; j < 3; j++)
			bits = bits << 8 | (j < n ? (unsigned char)bytes.p[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			four[j] = j <= n ? alphabet[bits >> (18 - 6 * j) & 0x3F] : '=';
		text_put(t, (struct str){four, sizeof(four)});
	}
}

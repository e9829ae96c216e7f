#include "core/json_text.h"

#include <math.h>
#include <stdlib.h>

/* Bytes of a number with a fraction or exponent; longer ones are left to the library. */
#define REAL_BYTES 64

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits of "\uXXXX" at `p`; -1: there are none. */
static int32_t hex_four(const char *p, const char *end)
{
	int32_t value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static char *put_utf8(char *t, uint32_t c)
{
	if (c < 0x80) {
		*t++ = (char)c;
	} else if (c < 0x800) {
		*t++ = (char)(0xC0 | c >> 6);
		*t++ = (char)(0x80 | (c & 0x3F));
	} else if (c < 0x10000) {
		*t++ = (char)(0xE0 | c >> 12);
		*t++ = (char)(0x80 | (c >> 6 & 0x3F));
		*t++ = (char)(0x80 | (c & 0x3F));
	} else {
		*t++ = (char)(0xF0 | c >> 18);
		*t++ = (char)(0x80 | (c >> 12 & 0x3F));
		*t++ = (char)(0x80 | (c >> 6 & 0x3F));
		*t++ = (char)(0x80 | (c & 0x3F));
	}
	return t;
}

/* At the digits. Surrogates come in pairs. */
static const char *read_code_point(const char *p, const char *end, char **text)
{
	int32_t c = hex_four(p, end), low;

	if (c < 0 || (c >= 0xDC00 && c <= 0xDFFF))
		return NULL;
	p += 4;
	if (c >= 0xD800 && c <= 0xDBFF) {
		if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
			return NULL;
		low = hex_four(p + 2, end);
		if (low < 0xDC00 || low > 0xDFFF)
			return NULL;
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		p += 6;
	}
	*text = put_utf8(*text, (uint32_t)c);
	return p;
}

/* At the backslash. */
static const char *read_escape(const char *p, const char *end, char **text)
{
	static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char c = json_at(++p, end);
	const char *found;

	if (c == 'u')
		return read_code_point(p + 1, end, text);
	found = c ? strchr(escapes, c) : NULL;
	if (!found)
		return NULL;
	*(*text)++ = meant[found - escapes];
	return p + 1;
}

static const char *copy_utf8(const char *p, const char *end, char **text)
{
	uint32_t c;
	size_t n = str_utf8_next((struct str){p, (size_t)(end - p)}, &c);

	memcpy(*text, p, n);
	*text += n;
	return n ? p + n : NULL;
}

const char *json_read_text(const char *p, const char *end, char **text)
{
	while (p && json_at(p, end) != '"') {
		char c = json_at(p, end);

		if ((unsigned char)c < 0x20)
			return NULL;
		p = c == '\\' ? read_escape(p, end, text) : copy_utf8(p, end, text);
		if (p)
			p = json_copy_plain(p, end, text);
	}
	return p;
}

static const char *skip_digits(const char *p, const char *end)
{
	const char *start = p;

	while (json_is_digit(json_at(p, end)))
		p++;
	return p > start ? p : NULL;
}

/* A number from `start`, at its fraction or exponent. */
static const char *read_real(const char *start, const char *p, const char *end, struct node *out)
{
	char copy[REAL_BYTES];
	size_t n;

	if (json_at(p, end) == '.')
		p = skip_digits(p + 1, end);
	if (p && (json_at(p, end) == 'e' || json_at(p, end) == 'E')) {
		p++;
		p = skip_digits(p + (json_at(p, end) == '+' || json_at(p, end) == '-'), end);
	}
	n = p ? (size_t)(p - start) : sizeof(copy);
	if (n >= sizeof(copy))
		return NULL;
	memcpy(copy, start, n);
	copy[n] = '\0';
	out->type = NODE_REAL;
	out->real = strtod(copy, NULL);
	return isfinite(out->real) ? p : NULL;
}

const char *json_read_number(const char *p, const char *end, struct node *out)
{
	const char *start = p;
	bool negative = *p == '-', fits = true;
	int64_t value = 0;

	p += negative;
	if (!json_is_digit(json_at(p, end)))
		return NULL;
	/* Downwards, because there is one more number below zero than above. */
	if (*p == '0')
		p++;
	else
		for (; json_is_digit(json_at(p, end)); p++)
			fits = fits && !__builtin_mul_overflow(value, 10, &value) &&
			       !__builtin_sub_overflow(value, *p - '0', &value);
	if (json_at(p, end) == '.' || json_at(p, end) == 'e' || json_at(p, end) == 'E')
		return read_real(start, p, end, out);
	if (!fits || (!negative && value == INT64_MIN))
		return NULL;
	out->type = NODE_INT;
	out->integer = negative ? value : -value;
	return p;
}

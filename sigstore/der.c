#include "sigstore/der.h"

#include "core/clock.h"
#include "core/err.h"

#define LONG_TAG 0x1F
#define LONG_LENGTH 0x80
#define LENGTH_OCTETS_MAX 4

/* Length octets at *at of s, which moves behind them. False: indefinite, not the shortest form,
 * more octets than anything here needs, or none left. */
static bool take_length(struct str s, size_t *at, size_t *n)
{
	size_t octets, v = 0;
	unsigned char first;

	if (*at >= s.n)
		return false;
	first = (unsigned char)s.p[(*at)++];
	if (first < LONG_LENGTH) {
		*n = first;
		return true;
	}
	octets = first & 0x7Fu;
	if (octets == 0 || octets > LENGTH_OCTETS_MAX || octets > s.n - *at || s.p[*at] == 0)
		return false;
	for (size_t i = 0; i < octets; i++)
		v = v << 8 | (unsigned char)s.p[(*at)++];
	*n = v;
	return v >= LONG_LENGTH;
}

bool der_next(struct str *rest, struct der_item *out)
{
	size_t at = 1, n;

	if (rest->n < 2 || (rest->p[0] & LONG_TAG) == LONG_TAG || !take_length(*rest, &at, &n) ||
	    n > rest->n - at)
		return false;
	*out = (struct der_item){(unsigned char)rest->p[0], str_sub(*rest, at, at + n),
				 str_sub(*rest, 0, at + n)};
	*rest = str_sub(*rest, at + n, rest->n);
	return true;
}

bool der_take(struct str *rest, unsigned char tag, struct str *value)
{
	struct str at = *rest;
	struct der_item item;

	if (!der_next(&at, &item) || item.tag != tag)
		return false;
	*rest = at;
	*value = item.value;
	return true;
}

bool der_take_optional(struct str *rest, unsigned char tag, struct str *value)
{
	if (rest->n > 0 && (unsigned char)rest->p[0] == tag)
		return der_take(rest, tag, value);
	*value = (struct str){NULL, 0};
	return true;
}

bool der_only(struct str bytes, unsigned char tag, struct str *value)
{
	struct str v;

	if (!der_take(&bytes, tag, &v) || bytes.n > 0)
		return false;
	*value = v;
	return true;
}

bool der_small(struct str value, int64_t *out)
{
	uint64_t v = 0;

	if (value.n == 0 || (value.p[0] & 0x80) != 0 ||
	    (value.n > 1 && value.p[0] == 0 && (value.p[1] & 0x80) == 0))
		return false;
	/* a ninth octet would be a leading zero before 64 bits */
	if (value.n > sizeof(v))
		return false;
	for (size_t i = 0; i < value.n; i++)
		v = v << 8 | (unsigned char)value.p[i];
	*out = (int64_t)v;
	return true;
}

/* More digits than any fraction of a second has. */
#define TIME_MAX_BYTES 40

/* DER leaves no choice: no trailing zeros, no fraction of none.
 * source: X.690 section 11.7 */
static bool is_fraction(struct str s)
{
	return s.n == 0 || (s.p[0] == '.' && s.n > 1 && s.p[s.n - 1] != '0');
}

bool der_time(struct str value, int64_t *unix_ms)
{
	/* where a separator of RFC 3339 stands before the digit */
	static const char before[14] = {[4] = '-', [6] = '-', [8] = 'T', [10] = ':', [12] = ':'};
	char buf[TIME_MAX_BYTES + sizeof(before)];
	size_t n = 0;

	if (value.n < sizeof(before) + 1 || value.n > TIME_MAX_BYTES ||
	    value.p[value.n - 1] != 'Z' ||
	    !is_fraction(str_sub(value, sizeof(before), value.n - 1)))
		return false;
	for (size_t i = 0; i < value.n; i++) {
		if (i < sizeof(before) && before[i])
			buf[n++] = before[i];
		buf[n++] = value.p[i];
	}
	return time_parse_rfc3339_ms((struct str){buf, n}, unix_ms);
}

size_t der_header(unsigned char tag, size_t n, unsigned char out[DER_HEADER_BYTES])
{
	size_t octets = 0;

	out[0] = tag;
	if (n < LONG_LENGTH) {
		out[1] = (unsigned char)n;
		return 2;
	}
	for (size_t v = n; v > 0; v >>= 8)
		octets++;
	if (octets > LENGTH_OCTETS_MAX)
		BUG("DER of %zu bytes", n);
	out[1] = (unsigned char)(LONG_LENGTH | octets);
	for (size_t i = 0; i < octets; i++)
		out[2 + i] = (unsigned char)(n >> 8 * (octets - 1 - i));
	return 2 + octets;
}

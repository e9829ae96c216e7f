#include "core/scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DIGITS "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};
/* Booleans of YAML 1.1 only, and the reals that are no numbers for us. */
static const char *const old_words[] = {"y",     "Y",     "yes",   "Yes",   "YES",   "on",
					"On",    "ON",    "n",     "N",     "no",    "No",
					"NO",    "off",   "Off",   "OFF",   ".inf",  ".Inf",
					".INF",  "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf",
					"-.INF", ".nan",  ".NaN",  ".NAN",  NULL};

static bool is_word(struct str s, const char *const *words)
{
	for (; *words; words++) {
		if (str_eq(s, str_of(*words)))
			return true;
	}
	return false;
}

static size_t sign_length(struct str s)
{
	return s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
}

/* Are all bytes of `s` from `from` on, at least one, in `set`? */
static bool is_all(struct str s, size_t from, const char *set)
{
	return from < s.n && from + strspn(s.p + from, set) == s.n;
}

/* Without leading zeros, which make an octal number in 1.1 and a decimal one in 1.2. */
static bool to_int(struct str s, int64_t *out)
{
	size_t sign = sign_length(s);
	const char *from = s.p;
	int base = 10;

	if (str_starts(s, S("0x")) && is_all(s, 2, HEX_DIGITS)) {
		from += 2;
		base = 16;
	} else if (str_starts(s, S("0o")) && is_all(s, 2, "01234567")) {
		from += 2;
		base = 8;
	} else if (!is_all(s, sign, DIGITS) || (s.p[sign] == '0' && s.n > sign + 1)) {
		return false;
	}
	errno = 0;
	*out = strtoll(from, NULL, base);
	return errno != ERANGE;
}

/* With a point or an exponent; without either it is an integer or, beyond 64 bits, a string. */
static bool to_real(struct str s, double *out)
{
	size_t i = sign_length(s), digits, n;
	bool marked = false;

	digits = strspn(s.p + i, DIGITS);
	i += digits;
	if (s.p[i] == '.') {
		marked = true;
		n = strspn(s.p + i + 1, DIGITS);
		digits += n;
		i += 1 + n;
	}
	if (digits == 0)
		return false;
	if (s.p[i] == 'e' || s.p[i] == 'E') {
		marked = true;
		i++;
		i += s.p[i] == '-' || s.p[i] == '+';
		n = strspn(s.p + i, DIGITS);
		if (n == 0)
			return false;
		i += n;
	}
	if (!marked || i != s.n)
		return false;
	*out = strtod(s.p, NULL);
	return isfinite(*out);
}

void scalar_resolve(struct node *n)
{
	struct str s = n->str;
	int64_t integer;
	double real;

	n->source = s;
	if (is_word(s, nulls)) {
		n->type = NODE_NULL;
	} else if (is_word(s, trues) || is_word(s, falses)) {
		n->type = NODE_BOOL;
		n->boolean = is_word(s, trues);
	} else if (to_int(s, &integer)) {
		n->type = NODE_INT;
		n->integer = integer;
	} else if (to_real(s, &real)) {
		n->type = NODE_REAL;
		n->real = real;
	}
}

/* Numbers of YAML 1.1: with leading zeros, with underscores, or in base 2; and those
 * beyond 64 bits. Broader than need be. */
static bool is_old_number(struct str s)
{
	size_t sign = sign_length(s);
	const char *p = s.p + sign;

	if (s.n > sign + 2 && p[0] == '0' && (p[1] == 'b' || p[1] == 'o'))
		return is_all(s, sign + 2, "01234567_");
	if (s.n > sign + 2 && p[0] == '0' && p[1] == 'x')
		return is_all(s, sign + 2, HEX_DIGITS "_");
	if (s.n == sign || !strchr(DIGITS ".", p[0]) || !strpbrk(p, DIGITS))
		return false;
	if (str_has_char(s, '_'))
		return is_all(s, sign, DIGITS "._eE+-");
	return is_all(s, sign, DIGITS ".") && str_find(s, '.') == str_rfind(s, '.');
}

bool scalar_is_key(struct str s)
{
	int64_t integer;
	double real;

	if (is_word(s, nulls) || is_word(s, trues) || is_word(s, falses) || is_word(s, old_words))
		return false;
	if (to_int(s, &integer))
		return is_all(s, s.p[0] == '-', DIGITS) && !str_eq(s, S("-0"));
	return !to_real(s, &real) && !is_old_number(s);
}

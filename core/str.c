#include "core/str.h"

struct str str_of(const char *z)
{
	return (struct str){z, z ? strlen(z) : 0};
}

struct str str_sub(struct str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return (struct str){s.p ? s.p + from : NULL, to - from};
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (fold(a.p[i]) != fold(b.p[i]))
			return false;
	}
	return true;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_sub(s, s.n - suffix.n, s.n), suffix);
}

bool str_has_char(struct str s, char c)
{
	return str_find(s, c) != SIZE_MAX;
}

size_t str_find(struct str s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

size_t str_rfind(struct str s, char c)
{
	const char *at = s.n > 0 ? memrchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

bool str_cut(struct str s, char c, struct str *head, struct str *tail)
{
	size_t at = str_find(s, c);

	if (at == SIZE_MAX)
		return false;
	*head = str_sub(s, 0, at);
	*tail = str_sub(s, at + 1, s.n);
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	size_t from = 0, to = s.n;

	while (from < to && is_space(s.p[from]))
		from++;
	while (to > from && is_space(s.p[to - 1]))
		to--;
	return str_sub(s, from, to);
}

/* Each piece between stars is taken at its first place after the one before: leftmost is as good as
 * any, so there is no backtracking, and memmem is linear. */
bool str_glob(struct str pattern, struct str s)
{
	struct str piece, rest = pattern;

	if (!str_cut(rest, '*', &piece, &rest))
		return str_eq(pattern, s);
	if (!str_starts(s, piece))
		return false;
	s = str_sub(s, piece.n, s.n);
	while (str_cut(rest, '*', &piece, &rest)) {
		const char *at;

		if (piece.n == 0)
			continue;
		at = s.n > 0 ? memmem(s.p, s.n, piece.p, piece.n) : NULL;
		if (!at)
			return false;
		s = str_sub(s, (size_t)(at - s.p) + piece.n, s.n);
	}
	return str_ends(s, rest);
}

bool str_to_u64(struct str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

/* source: RFC 3629 section 4, the table of UTF8-octets: by first byte, the length and the range of
 * the second byte; the others are 80..BF. */
struct lead {
	unsigned char first, last, length, low, high;
};

static const struct lead leads[] = {
	{0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF}, {0xE1, 0xEC, 3, 0x80, 0xBF},
	{0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF}, {0xF0, 0xF0, 4, 0x90, 0xBF},
	{0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static size_t next_multibyte(struct str s, uint32_t *cp)
{
	unsigned char c = (unsigned char)s.p[0];
	const struct lead *l = NULL;
	uint32_t v;

	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		if (c >= leads[i].first && c <= leads[i].last)
			l = &leads[i];
	}
	if (!l || s.n < l->length)
		return 0;
	v = c & (0xFFu >> (l->length + 1));
	for (size_t i = 1; i < l->length; i++) {
		c = (unsigned char)s.p[i];
		if (c < (i == 1 ? l->low : 0x80) || c > (i == 1 ? l->high : 0xBF))
			return 0;
		v = v << 6 | (c & 0x3Fu);
	}
	*cp = v;
	return l->length;
}

size_t str_utf8_next(struct str s, uint32_t *cp)
{
	if (s.n == 0)
		return 0;
	if ((unsigned char)s.p[0] < 0x80) {
		*cp = (unsigned char)s.p[0];
		return 1;
	}
	return next_multibyte(s, cp);
}

/* Length of the run of ASCII at the start, eight bytes at a time. */
static size_t ascii_run(struct str s)
{
	size_t i = 0;

	for (; s.n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, s.p + i, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

bool str_is_utf8(struct str s)
{
	uint32_t cp;

	for (size_t i = 0; i < s.n;) {
		size_t n = ascii_run(str_sub(s, i, s.n));

		i += n;
		if (i == s.n)
			return true;
		n = next_multibyte(str_sub(s, i, s.n), &cp);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

/* Words are keys and flags; longer ones are not guessed at. */
#define NEAREST_MAX 64

/* Levenshtein distance, with one row. */
static size_t distance(struct str a, struct str b)
{
	size_t row[NEAREST_MAX + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t best = diagonal + (a.p[i - 1] != b.p[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[b.n];
}

struct str str_nearest(struct str word, const struct str *candidates, size_t n)
{
	struct str nearest = {NULL, 0};
	size_t best = word.n / 3 > 2 ? word.n / 3 : 2;

	/* Two edits make any word of three letters out of any other that shares one. */
	if (word.n <= 3)
		best = word.n > 1;
	best++;
	if (word.n == 0 || word.n > NEAREST_MAX)
		return nearest;
	for (size_t i = 0; i < n; i++) {
		size_t d;

		if (candidates[i].n > NEAREST_MAX)
			continue;
		d = distance(word, candidates[i]);
		if (d < best) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}

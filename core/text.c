#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>

#define FIRST_CAP ((size_t)128)

void text_init(struct text *t, struct arena *a, size_t max)
{
	*t = (struct text){.arena = a, .max = max < SIZE_MAX ? max : SIZE_MAX - 1};
}

void text_init_fixed(struct text *t, char *buf, size_t size)
{
	*t = (struct text){.p = buf, .cap = size, .max = size > 0 ? size - 1 : 0};
	if (size > 0)
		buf[0] = '\0';
}

/* Room for n more bytes and the NUL; false, and failed from now on, if there is none. */
static bool reserve(struct text *t, size_t n)
{
	size_t cap;
	char *p;

	if (!t->failed && n < t->cap - t->n)
		return true;
	if (t->failed || n > t->max - t->n) {
		t->failed = true;
		return false;
	}
	if (!t->arena) {
		t->failed = true;
		return false;
	}
	cap = t->cap > 0 ? t->cap : FIRST_CAP;
	while (cap <= t->n + n)
		cap = cap < SIZE_MAX / 2 ? cap * 2 : SIZE_MAX;
	if (cap > t->max + 1)
		cap = t->max + 1;
	p = arena_alloc_raw(t->arena, cap);
	if (!p) {
		t->failed = true;
		return false;
	}
	if (t->n > 0)
		memcpy(p, t->p, t->n);
	p[t->n] = '\0';
	t->p = p;
	t->cap = cap;
	return true;
}

void text_put(struct text *t, struct str s)
{
	if (s.n == 0 || !reserve(t, s.n))
		return;
	memcpy(t->p + t->n, s.p, s.n);
	t->n += s.n;
	t->p[t->n] = '\0';
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0) {
		t->failed = true;
		return;
	}
	if (n == 0 || !reserve(t, (size_t)n))
		return;
	va_start(args, fmt);
	vsnprintf(t->p + t->n, (size_t)n + 1, fmt, args);
	va_end(args);
	t->n += (size_t)n;
}

void text_put_u64(struct text *t, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	text_put(t, (struct str){digits + at, sizeof(digits) - at});
}

void text_put_i64(struct text *t, int64_t v)
{
	if (v >= 0) {
		text_put_u64(t, (uint64_t)v);
		return;
	}
	text_putc(t, '-');
	text_put_u64(t, -(uint64_t)v);
}

/* What a reader would not see, or that moves what the reader sees: the default-ignorable characters,
 * the bidi controls, format controls, line separators, and every space but U+0020.
 * source: Unicode 15, DerivedCoreProperties.txt (Default_Ignorable_Code_Point), categories Zs, Zl,
 * Zp; bidi: Unicode Annex 9 section 2 */
static const struct range {
	uint32_t first, last;
} invisible[] = {
	{0x00A0, 0x00A0},   {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x061C, 0x061C},
	{0x115F, 0x1160},   {0x1680, 0x1680},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
	{0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},   {0x2800, 0x2800},
	{0x3000, 0x3000},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
	{0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   {0x13430, 0x13440}, {0x1BCA0, 0x1BCA3},
	{0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

bool text_is_invisible(uint32_t cp)
{
	for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
		if (cp <= invisible[i].last)
			return cp >= invisible[i].first;
	}
	return false;
}

#define UNIT_SIZE 16

/* One character of s as it is shown, in `unit`; `s` moves past it. */
static size_t take_unit(struct str *s, char unit[UNIT_SIZE])
{
	uint32_t cp = 0;
	size_t used = str_utf8_next(*s, &cp);
	unsigned char byte = (unsigned char)s->p[0];
	int n = 0;

	if (used == 0)
		n = snprintf(unit, UNIT_SIZE, "\\x%02x", byte);
	else if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
		n = snprintf(unit, UNIT_SIZE, "\\x%02x", (unsigned)cp);
	else if (cp == '"' || cp == '\\')
		n = snprintf(unit, UNIT_SIZE, "\\%c", byte);
	else if (cp < 0x80 || !text_is_invisible(cp))
		memcpy(unit, s->p, used);
	else if (cp <= 0xFFFF)
		n = snprintf(unit, UNIT_SIZE, "\\u%04x", (unsigned)cp);
	else
		n = snprintf(unit, UNIT_SIZE, "\\U%08x", (unsigned)cp);
	*s = str_sub(*s, used > 0 ? used : 1, s->n);
	return n > 0 ? (size_t)n : used;
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* Has any of eight bytes its high bit set, or is it below 0x20, 0x7F, a quote or a backslash? Exact as a
 * whole: what is borrowed or carried over comes from a byte that is one of these. */
static bool has_special(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t high = ones * 0x80;
	const uint64_t quotes = word ^ ones * '"';
	const uint64_t backslashes = word ^ ones * '\\';

	return ((word | (word + ones) | (word - ones * 0x20) | (quotes - ones) |
		 (backslashes - ones)) &
		high) != 0;
}

size_t text_plain_run(struct str s)
{
	size_t i = 0;

	for (; s.n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, s.p + i, sizeof(word));
		if (has_special(word))
			break;
	}
	while (i < s.n && is_plain(s.p[i]))
		i++;
	return i;
}

/* max_bytes bounds what is shown. No character is shown in fewer bytes than it has, so that it also
 * bounds what is read. */
static void put_bounded(struct text *t, struct str s, size_t max_bytes, bool statement)
{
	while (s.n > 0 && max_bytes > 0 && !t->failed) {
		char unit[UNIT_SIZE];
		size_t run = text_plain_run(s), n;

		if (run > 0) {
			run = run < max_bytes ? run : max_bytes;
			text_put(t, str_sub(s, 0, run));
			s = str_sub(s, run, s.n);
			max_bytes -= run;
			continue;
		}
		struct str after = s;
		n = take_unit(&after, unit);
		if (statement && (s.p[0] == '"' || s.p[0] == '\\')) {
			unit[0] = s.p[0];
			n = 1;
		}
		if (n > max_bytes)
			break;
		text_put(t, (struct str){unit, n});
		s = after;
		max_bytes -= n;
	}
	if (s.n > 0)
		text_puts(t, "...");
}

void text_put_escaped(struct text *t, struct str s, size_t max_bytes)
{
	put_bounded(t, s, max_bytes, false);
}

void text_put_statement(struct text *t, struct str s, size_t max_bytes)
{
	put_bounded(t, s, max_bytes, true);
}

void text_quote(struct text *t, struct str s, size_t max_bytes)
{
	text_putc(t, '"');
	text_put_escaped(t, s, max_bytes);
	text_putc(t, '"');
}

void text_truncate(struct text *t, size_t n)
{
	if (n >= t->n)
		return;
	t->n = n;
	t->p[n] = '\0';
}

bool text_done(const struct text *t, struct str *out)
{
	if (t->failed)
		return false;
	*out = (struct str){t->cap > 0 ? t->p : "", t->n};
	return true;
}

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

Suite *test_text_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(appending_in_an_arena)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(1 << 20);
	struct text t;
	struct str s;

	text_init(&t, a, 1000);
	ck_assert_uint_eq(arena_count(a), 0);
	ck_assert(text_done(&t, &s));
	ck_assert_str_eq(s.p, "");
	ck_assert_uint_eq(s.n, 0);
	text_put(&t, S("a\0b"));
	text_put(&t, str_of(NULL));
	text_puts(&t, "-");
	text_putc(&t, 'c');
	text_printf(&t, " %d %s %%", 42, "x");
	text_printf(&t, "%s", "");
	ck_assert(text_done(&t, &s));
	ck_assert_uint_eq(s.n, 12);
	ck_assert_mem_eq(s.p, "a\0b-c 42 x %", 13);
}
END_TEST

START_TEST(numbers)
{
	char buf[256];
	struct text t;

	text_init_fixed(&t, buf, sizeof(buf));
	text_put_i64(&t, INT64_MIN);
	text_putc(&t, ' ');
	text_put_i64(&t, INT64_MAX);
	text_putc(&t, ' ');
	text_put_u64(&t, UINT64_MAX);
	text_putc(&t, ' ');
	text_put_i64(&t, 0);
	text_putc(&t, ' ');
	text_put_i64(&t, -10);
	ck_assert_str_eq(buf,
			 "-9223372036854775808 9223372036854775807 18446744073709551615 0 -10");
}
END_TEST

START_TEST(grows_to_exactly_max)
{
	static const size_t maxima[] = {0, 1, 127, 128, 129, 255, 1000, 5000};

	for (size_t i = 0; i < COUNT(maxima); i++) {
		CLEANUP(arena_cleanup) struct arena *a = arena_new(1 << 20);
		struct text t;
		struct str s;

		text_init(&t, a, maxima[i]);
		for (size_t n = 0; n < maxima[i]; n++)
			text_putc(&t, (char)('a' + n % 26));
		ck_assert(text_done(&t, &s));
		ck_assert_uint_eq(s.n, maxima[i]);
		for (size_t n = 0; n < s.n; n++) {
			if (s.p[n] != 'a' + (char)(n % 26))
				ck_abort_msg("byte %zu of %zu", n, s.n);
		}
		ck_assert_int_eq(s.p[s.n], '\0');
		text_putc(&t, '!');
		ck_assert(!text_done(&t, &s));
		ck_assert(!arena_exhausted(a));
	}
}
END_TEST

START_TEST(failure_is_sticky_and_leaves_what_was_there)
{
	char buf[6];
	struct text t;
	struct str s = S("untouched");

	text_init_fixed(&t, buf, sizeof(buf));
	text_puts(&t, "abc");
	text_puts(&t, "def");
	text_puts(&t, "d");
	text_printf(&t, "%d", 1);
	text_put_escaped(&t, S("\n"), 10);
	text_quote(&t, S("q"), 10);
	text_put_u64(&t, 1);
	ck_assert(!text_done(&t, &s));
	ck_assert_str_eq(s.p, "untouched");
	ck_assert_str_eq(buf, "abc");
	text_truncate(&t, 1);
	ck_assert_str_eq(buf, "a");
	ck_assert(!text_done(&t, &s));
}
END_TEST

START_TEST(fixed_holds_one_less_than_its_buffer)
{
	char buf[4];
	struct text t;
	struct str s;

	text_init_fixed(&t, buf, sizeof(buf));
	ck_assert_str_eq(buf, "");
	text_printf(&t, "%s", "abc");
	ck_assert(text_done(&t, &s));
	ck_assert_str_eq(s.p, "abc");
	text_init_fixed(&t, buf, 0);
	text_puts(&t, "");
	ck_assert(text_done(&t, &s));
	ck_assert_uint_eq(s.n, 0);
	text_putc(&t, 'a');
	ck_assert(!text_done(&t, &s));
}
END_TEST

START_TEST(truncating)
{
	char buf[16];
	struct text t;

	text_init_fixed(&t, buf, sizeof(buf));
	text_puts(&t, "abcdef");
	text_truncate(&t, 9);
	ck_assert_str_eq(buf, "abcdef");
	text_truncate(&t, 3);
	text_putc(&t, 'X');
	ck_assert_str_eq(buf, "abcX");
}
END_TEST

static const struct {
	struct str in;
	size_t max;
	const char *want;
} escapes[] = {
	{{"", 0}, 10, ""},
	{{"nginx:1.27", 10}, 128, "nginx:1.27"},
	{{"say \"hi\" \\", 10}, 128, "say \\\"hi\\\" \\\\"},
	{{"a\0b", 3}, 128, "a\\x00b"},
	{{"a\nb\tc\r\x1b[31m", 11}, 128, "a\\x0ab\\x09c\\x0d\\x1b[31m"},
	{{"\x7f", 1}, 128, "\\x7f"},
	{{"\xC2\x80\xC2\x9B\xC2\x9F", 6}, 128, "\\x80\\x9b\\x9f"},
	{{"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\xB3", 9}, 128, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\xB3"},
	{{"\xFFz\xC3", 3}, 128, "\\xffz\\xc3"},
	{{"\xE2\x82 \xED\xA0\x80", 6}, 128, "\\xe2\\x82 \\xed\\xa0\\x80"},
	{{"\xC0\x80", 2}, 128, "\\xc0\\x80"},
	/* bidi: 061C 200E 200F 202A 202E 2066 2069 */
	{{"\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F", 8}, 128, "\\u061c\\u200e\\u200f"},
	{{"\xE2\x80\xAA\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA9", 12},
	 128,
	 "\\u202a\\u202e\\u2066\\u2069"},
	/* zero width: 200B 200D 2060 FEFF 00AD 180E 034F */
	{{"\xE2\x80\x8B\xE2\x80\x8D\xE2\x81\xA0\xEF\xBB\xBF", 12},
	 128,
	 "\\u200b\\u200d\\u2060\\ufeff"},
	{{"\xC2\xAD\xE1\xA0\x8E\xCD\x8F", 7}, 128, "\\u00ad\\u180e\\u034f"},
	/* fillers and selectors: 115F 1160 3164 FFA0 FE0F; separators: 2028 2029; spaces: A0 2003 3000 */
	{{"\xE1\x85\x9F\xE1\x85\xA0\xE3\x85\xA4\xEF\xBE\xA0\xEF\xB8\x8F", 15},
	 128,
	 "\\u115f\\u1160\\u3164\\uffa0\\ufe0f"},
	{{"\xE2\x80\xA8\xE2\x80\xA9", 6}, 128, "\\u2028\\u2029"},
	{{"\xC2\xA0\xE2\x80\x83\xE3\x80\x80", 8}, 128, "\\u00a0\\u2003\\u3000"},
	/* tags: E0001 E007F; music: 1D173 */
	{{"\xF3\xA0\x80\x81\xF3\xA0\x81\xBF\xF0\x9D\x85\xB3", 12},
	 128,
	 "\\U000e0001\\U000e007f\\U0001d173"},
	/* the neighbours are shown: 2010 2027 2030 FE10 3001 */
	{{"\xE2\x80\x90\xE2\x80\xA7\xE2\x80\xB0\xEF\xB8\x90\xE3\x80\x81", 15},
	 128,
	 "\xE2\x80\x90\xE2\x80\xA7\xE2\x80\xB0\xEF\xB8\x90\xE3\x80\x81"},
	/* cuts */
	{{"abcdef", 6}, 6, "abcdef"},
	{{"abcdef", 6}, 5, "abcde..."},
	{{"abcdef", 6}, 0, "..."},
	{{"a\xE2\x82\xAC", 4}, 4, "a\xE2\x82\xAC"},
	{{"a\xE2\x82\xAC", 4}, 3, "a..."},
	{{"a\xE2\x82\xAC", 4}, 2, "a..."},
	{{"\n", 1}, 4, "\\x0a"},
	{{"\n", 1}, 3, "..."},
	{{"\n\n", 2}, 7, "\\x0a..."},
	{{"\"\"", 2}, 3, "\\\"..."},
	{{"\xE2\x80\xAEx", 4}, 5, "..."},
};

START_TEST(escaping)
{
	char buf[512];
	struct text t;

	text_init_fixed(&t, buf, sizeof(buf));
	text_put_escaped(&t, escapes[_i].in, escapes[_i].max);
	ck_assert_str_eq(buf, escapes[_i].want);
	ck_assert(!t.failed);
}
END_TEST

static bool is_safe(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
			return false;
	}
	return str_is_utf8(s);
}

/* Whatever the bytes and the bound: no control byte, well-formed, not more than asked for. */
START_TEST(escaped_text_is_always_safe)
{
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		char in[24], buf[256];
		size_t n, max = (size_t)(round % 60);
		struct text t;
		struct str out;

		for (n = 0; n < sizeof(in); n++) {
			seed = seed * 1103515245u + 12345u;
			in[n] = (char)(seed >> 16 & ((seed >> 28) ? 0xFF : 0x1F));
		}
		text_init_fixed(&t, buf, sizeof(buf));
		text_put_escaped(&t, (struct str){in, n}, max);
		if (!text_done(&t, &out) || out.n > max + 3 || !is_safe(out))
			ck_abort_msg("round %d: %s", round, buf);
	}
}
END_TEST

/* Every byte at every place of words of eight bytes and of the rest after them. */
START_TEST(plain_runs)
{
	for (unsigned c = 0; c < 256; c++) {
		bool plain = c >= 0x20 && c < 0x7F && c != '"' && c != '\\';

		for (size_t n = 1; n <= 20; n++) {
			for (size_t at = 0; at < n; at++) {
				char in[20];

				memset(in, at % 2 ? '~' : ' ', sizeof(in));
				in[at] = (char)c;
				if (text_plain_run((struct str){in, n}) != (plain ? n : at))
					ck_abort_msg("byte %u at %zu of %zu", c, at, n);
			}
		}
	}
	ck_assert_uint_eq(text_plain_run(str_of(NULL)), 0);
}
END_TEST

START_TEST(quoting)
{
	char buf[64];
	struct text t;

	text_init_fixed(&t, buf, sizeof(buf));
	text_quote(&t, S("a\"b"), 10);
	text_putc(&t, ' ');
	text_quote(&t, S("abcdef"), 3);
	text_putc(&t, ' ');
	text_quote(&t, str_of(NULL), 3);
	ck_assert_str_eq(buf, "\"a\\\"b\" \"abc...\" \"\"");
}
END_TEST

START_TEST(every_failed_allocation_fails_the_text)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(1 << 20);
	size_t failures = 0;

	for (size_t at = 1;; at++) {
		struct text t;
		struct str s;

		arena_reset(a);
		arena_fail_at(a, at);
		text_init(&t, a, 100000);
		for (int i = 0; i < 1000; i++)
			text_printf(&t, "%d ", i);
		text_quote(&t, S("x\n"), 9);
		ck_assert(text_done(&t, &s) == !arena_exhausted(a));
		if (!arena_exhausted(a))
			break;
		failures++;
	}
	arena_fail_at(a, 0);
	ck_assert_uint_eq(failures, 6);
}
END_TEST

Suite *test_text_suite(void)
{
	Suite *s = suite_create("text");
	TCase *c = tcase_create("text");

	tcase_add_test(c, appending_in_an_arena);
	tcase_add_test(c, numbers);
	tcase_add_test(c, grows_to_exactly_max);
	tcase_add_test(c, failure_is_sticky_and_leaves_what_was_there);
	tcase_add_test(c, fixed_holds_one_less_than_its_buffer);
	tcase_add_test(c, truncating);
	tcase_add_loop_test(c, escaping, 0, (int)COUNT(escapes));
	tcase_add_test(c, escaped_text_is_always_safe);
	tcase_add_test(c, plain_runs);
	tcase_add_test(c, quoting);
	tcase_add_test(c, every_failed_allocation_fails_the_text);
	suite_add_tcase(s, c);
	return s;
}

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"

Suite *test_base64_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* source: RFC 4648 section 10, and bytes that need the last two letters of the alphabet */
static const struct {
	struct str bytes;
	const char *text;
} pairs[] = {
	{{"", 0}, ""},
	{{"f", 1}, "Zg=="},
	{{"fo", 2}, "Zm8="},
	{{"foo", 3}, "Zm9v"},
	{{"foob", 4}, "Zm9vYg=="},
	{{"fooba", 5}, "Zm9vYmE="},
	{{"foobar", 6}, "Zm9vYmFy"},
	{{"\0", 1}, "AA=="},
	{{"\0\0\0", 3}, "AAAA"},
	{{"\xFB\xFF\xBF", 3}, "+/+/"},
	{{"\xFF\xFF\xFF\xFF", 4}, "/////w=="},
	{{"\x14\xFB\x9C\x03\xD9\x7E", 6}, "FPucA9l+"},
};

START_TEST(both_ways)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(1 << 20);
	struct err e = {0};
	struct text t;
	struct str s;

	ck_assert_int_eq(base64_decode(a, str_of(pairs[_i].text), &s, &e), 0);
	ck_assert(str_eq(s, pairs[_i].bytes));
	text_init(&t, a, 100);
	base64_put(&t, pairs[_i].bytes);
	ck_assert(text_done(&t, &s));
	ck_assert_str_eq(s.p, pairs[_i].text);
}
END_TEST

static const struct {
	struct str text;
	const char *error;
} bad[] = {
	{{"Zg", 2}, "base64: length 2 is no multiple of 4"},
	{{"Zg=", 3}, "base64: length 3 is no multiple of 4"},
	{{"Zm9v\n", 5}, "base64: length 5 is no multiple of 4"},
	{{"Zm9\n", 4}, "base64: invalid character at offset 3"},
	{{" Zm9", 4}, "base64: invalid character at offset 0"},
	{{"Zm9vZm-v", 8}, "base64: invalid character at offset 6"},
	{{"Zm_v", 4}, "base64: invalid character at offset 2"},
	{{"Zm\0v", 4}, "base64: invalid character at offset 2"},
	{{"Zm9\xFF", 4}, "base64: invalid character at offset 3"},
	{{"Z!==", 4}, "base64: invalid character at offset 1"},
	{{"====", 4}, "base64: padding at offset 0"},
	{{"Z===", 4}, "base64: padding at offset 1"},
	{{"Z=9v", 4}, "base64: padding at offset 1"},
	{{"Zg=v", 4}, "base64: padding at offset 2"},
	{{"Zg==Zg==", 8}, "base64: padding at offset 2"},
	{{"Zm8=Zm8=", 8}, "base64: padding at offset 3"},
	{{"Zh==", 4}, "base64: unused bits of the last character are set"},
	{{"Zv==", 4}, "base64: unused bits of the last character are set"},
	{{"Zm9=", 4}, "base64: unused bits of the last character are set"},
};

START_TEST(refused)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(1 << 20);
	struct err e = {0};
	struct str s = S("kept");

	ck_assert_int_eq(base64_decode(a, bad[_i].text, &s, &e), -1);
	ck_assert_int_eq(e.kind, ERR_INPUT);
	ck_assert_str_eq(e.text, bad[_i].error);
	ck_assert_str_eq(s.p, "kept");
}
END_TEST

START_TEST(every_length_round_trips)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(1 << 20);
	char bytes[300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 37 + i / 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct err e = {0};
		struct text t;
		struct str s;

		arena_reset(a);
		text_init(&t, a, 1000);
		base64_put(&t, (struct str){bytes, n});
		ck_assert(text_done(&t, &s));
		ck_assert_uint_eq(s.n, (n + 2) / 3 * 4);
		ck_assert_int_eq(base64_decode(a, s, &s, &e), 0);
		ck_assert(str_eq(s, (struct str){bytes, n}));
	}
}
END_TEST

START_TEST(no_room)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(1 << 20);
	struct err e = {0};
	struct str s;

	arena_fail_at(a, 1);
	ck_assert_int_eq(base64_decode(a, S("Zm9v"), &s, &e), -1);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_str_eq(e.text, "base64: no room for 3 bytes");
	ck_assert(arena_exhausted(a));
}
END_TEST

Suite *test_base64_suite(void)
{
	Suite *s = suite_create("base64");
	TCase *c = tcase_create("base64");

	tcase_add_loop_test(c, both_ways, 0, (int)COUNT(pairs));
	tcase_add_loop_test(c, refused, 0, (int)COUNT(bad));
	tcase_add_test(c, every_length_round_trips);
	tcase_add_test(c, no_room);
	suite_add_tcase(s, c);
	return s;
}

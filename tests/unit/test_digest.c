#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

Suite *test_digest_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define TWO_BLOCKS "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"

/* source: FIPS 180-2 appendix B */
static const struct {
	const char *text, *hex;
} known[] = {
	{"", EMPTY},
	{"abc", ABC},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", TWO_BLOCKS},
};

START_TEST(known_answers)
{
	struct str whole = str_of(known[_i].text);
	char hex[SHA256_HEX + 1];
	struct sha256_ctx c;
	struct sha256 d;
	struct err e = {0};

	ck_assert_int_eq(sha256_of(whole, &d, &e), 0);
	sha256_hex(&d, hex);
	ck_assert_str_eq(hex, known[_i].hex);

	memset(&d, 0, sizeof(d));
	ck_assert_int_eq(sha256_init(&c, &e), 0);
	for (size_t i = 0; i < whole.n; i++)
		ck_assert_int_eq(sha256_update(&c, str_sub(whole, i, i + 1), &e), 0);
	ck_assert_int_eq(sha256_update(&c, str_of(NULL), &e), 0);
	sha256_final(&c, &d);
	sha256_hex(&d, hex);
	ck_assert_str_eq(hex, known[_i].hex);
}
END_TEST

START_TEST(of_a_null_slice)
{
	char hex[SHA256_HEX + 1];
	struct sha256 d;
	struct err e = {0};

	ck_assert_int_eq(sha256_of(str_of(NULL), &d, &e), 0);
	sha256_hex(&d, hex);
	ck_assert_str_eq(hex, EMPTY);
}
END_TEST

START_TEST(final_only_releases_and_twice_is_fine)
{
	struct sha256_ctx c;
	struct err e = {0};

	ck_assert_int_eq(sha256_init(&c, &e), 0);
	sha256_final(&c, NULL);
	sha256_final(&c, NULL);
	ck_assert_ptr_null(c.handle);
}
END_TEST

START_TEST(parse_takes_the_one_spelling)
{
	struct sha256 d, want;
	char hex[SHA256_HEX + 1];
	struct err e = {0};

	ck_assert(sha256_parse(S("sha256:" ABC), &d));
	sha256_hex(&d, hex);
	ck_assert_str_eq(hex, ABC);
	ck_assert_int_eq(sha256_of(S("abc"), &want, &e), 0);
	ck_assert_mem_eq(&d, &want, sizeof(d));
}
END_TEST

static const struct str bad[] = {
	{"", 0},
	{"sha256:", 7},
	{ABC, 64},
	{"sha256:" ABC "0", 72},
	{"sha256:" ABC "\0", 72},
	{"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a", 70},
	{"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015aD", 71},
	{"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag", 71},
	{"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a ", 71},
	{"sha256:-a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 71},
	{"SHA256:" ABC, 71},
	{"sha512:" ABC, 71},
	{"sha256-" ABC, 71},
	{" sha256:" ABC, 72},
};

START_TEST(parse_refuses_the_rest)
{
	struct sha256 d, before;

	memset(&d, 0x5A, sizeof(d));
	before = d;
	ck_assert(!sha256_parse(bad[_i], &d));
	ck_assert_mem_eq(&d, &before, sizeof(d));
}
END_TEST

Suite *test_digest_suite(void)
{
	Suite *s = suite_create("digest");
	TCase *c = tcase_create("digest");

	tcase_add_loop_test(c, known_answers, 0, (int)COUNT(known));
	tcase_add_test(c, of_a_null_slice);
	tcase_add_test(c, final_only_releases_and_twice_is_fine);
	tcase_add_test(c, parse_takes_the_one_spelling);
	tcase_add_loop_test(c, parse_refuses_the_rest, 0, (int)COUNT(bad));
	suite_add_tcase(s, c);
	return s;
}

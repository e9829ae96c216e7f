#include <check.h>
#include <string.h>

#include "sigstore/der.h"

Suite *test_sig_der_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Bytes of a literal, behind which nothing may be read. */
#define BYTES(lit)                                                                                 \
	{                                                                                          \
		(lit), sizeof(lit) - 1                                                             \
	}

static const struct {
	struct str in;
	unsigned char tag;
	size_t header;
	size_t content;
	size_t rest;
} items[] = {
	{BYTES("\x05\x00"), 0x05, 2, 0, 0},
	{BYTES("\x02\x01\x07"), DER_INTEGER, 2, 1, 0},
	{BYTES("\x30\x02\x05\x00\x05\x00"), DER_SEQUENCE, 2, 2, 2},
	{BYTES("\xA3\x00\xFF"), DER_CONTEXT(3), 2, 0, 1},
	{BYTES("\x80\x01x"), DER_CONTEXT_PRIMITIVE(0), 2, 1, 0},
	/* a tag of one byte up to number 30 */
	{BYTES("\xBE\x00"), DER_CONTEXT(30), 2, 0, 0},
};

START_TEST(an_item_is_cut_off)
{
	struct str rest = items[_i].in;
	struct der_item item;

	ck_assert(der_next(&rest, &item));
	ck_assert_uint_eq(item.tag, items[_i].tag);
	ck_assert_ptr_eq(item.whole.p, items[_i].in.p);
	ck_assert_uint_eq(item.whole.n, items[_i].header + items[_i].content);
	ck_assert_ptr_eq(item.value.p, items[_i].in.p + items[_i].header);
	ck_assert_uint_eq(item.value.n, items[_i].content);
	ck_assert_ptr_eq(rest.p, items[_i].in.p + item.whole.n);
	ck_assert_uint_eq(rest.n, items[_i].rest);
}
END_TEST

static const struct str refused[] = {
	BYTES(""),
	BYTES("\x02"),
	BYTES("\x02\x01"),                     /* content is missing */
	BYTES("\x30\x80\x05\x00\x00\x00"),     /* indefinite */
	BYTES("\x04\x81\x01x"),                /* not the shortest length */
	BYTES("\x04\x82\x00\x01x"),            /* the same with a leading zero */
	BYTES("\x04\x81"),                     /* length is missing */
	BYTES("\x04\x82\x01"),                 /* half of it */
	BYTES("\x04\x84\xFF\xFF\xFF\xFF"),     /* 4 GiB of content */
	BYTES("\x04\x85\x01\x00\x00\x00\x00"), /* more octets of length than are read */
	BYTES("\x04\x88\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFx"), /* a sum of it would overflow */
	BYTES("\x04\xFF"),                                  /* 127 octets of length */
	BYTES("\x1F\x20\x00"),                              /* a tag of two bytes */
	BYTES("\xBF\x20\x00"),
};

START_TEST(what_is_not_der_is_refused)
{
	struct str rest = refused[_i], value = {"v", 1};
	struct der_item item = {.tag = 0x55};

	ck_assert(!der_next(&rest, &item));
	ck_assert_uint_eq(item.tag, 0x55);
	ck_assert_ptr_eq(rest.p, refused[_i].p);
	ck_assert_uint_eq(rest.n, refused[_i].n);
	ck_assert(!der_take(&rest, DER_OCTET_STRING, &value));
	ck_assert(!der_only(rest, DER_OCTET_STRING, &value));
	ck_assert(str_eq(value, S("v")));
}
END_TEST

static const size_t lengths[] = {0,     1,      0x7F,    0x80,     0xFF,
				 0x100, 0xFFFF, 0x10000, 0xFFFFFF, 0x1000000};

START_TEST(headers_are_read_back)
{
	static unsigned char buf[DER_HEADER_BYTES + 0x1000000];
	unsigned char head[DER_HEADER_BYTES];
	size_t n = der_header(DER_SEQUENCE, lengths[_i], head);
	struct str whole = {(const char *)buf, n + lengths[_i]}, value;

	memcpy(buf, head, n);
	ck_assert(der_only(whole, DER_SEQUENCE, &value));
	ck_assert_uint_eq(value.n, lengths[_i]);
	whole.n--;
	ck_assert(!der_only(whole, DER_SEQUENCE, &value));
}
END_TEST

START_TEST(an_item_of_a_tag_is_taken)
{
	struct str rest = S("\x02\x01\x07\x04\x00"), value, none;

	ck_assert(!der_take(&rest, DER_OCTET_STRING, &value));
	ck_assert_uint_eq(rest.n, 5);
	ck_assert(der_take(&rest, DER_INTEGER, &value));
	ck_assert(str_eq(value, S("\x07")));
	ck_assert(der_take_optional(&rest, DER_BOOLEAN, &none));
	ck_assert_ptr_null(none.p);
	ck_assert_uint_eq(rest.n, 2);
	/* there, but empty */
	ck_assert(der_take_optional(&rest, DER_OCTET_STRING, &value));
	ck_assert_ptr_nonnull(value.p);
	ck_assert_uint_eq(value.n, 0);
	ck_assert_uint_eq(rest.n, 0);
	ck_assert(der_take_optional(&rest, DER_OCTET_STRING, &none));
	ck_assert_ptr_null(none.p);
}
END_TEST

START_TEST(an_optional_item_must_be_der_when_it_is_there)
{
	struct str rest = S("\x04\x02x"), value = S("v");

	ck_assert(!der_take_optional(&rest, DER_OCTET_STRING, &value));
	ck_assert_uint_eq(rest.n, 3);
	ck_assert(str_eq(value, S("v")));
}
END_TEST

START_TEST(only_leaves_no_byte)
{
	struct str value;

	ck_assert(der_only(S("\x0C\x02hi"), DER_UTF8_STRING, &value));
	ck_assert(str_eq(value, S("hi")));
	ck_assert(!der_only(S("\x0C\x02hi\x00"), DER_UTF8_STRING, &value));
	ck_assert(!der_only(S("\x0C\x02hi"), DER_OCTET_STRING, &value));
}
END_TEST

static const struct {
	struct str in;
	int64_t value; /* -1: refused */
} integers[] = {
	{BYTES("\x00"), 0},
	{BYTES("\x01"), 1},
	{BYTES("\x7F"), 127},
	{BYTES("\x00\x80"), 128},
	{BYTES("\x01\x00"), 256},
	{BYTES("\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), INT64_MAX},
	{BYTES(""), -1},
	{BYTES("\xFF"), -1},                                 /* negative */
	{BYTES("\x80\x00"), -1},                             /* the same */
	{BYTES("\x00\x7F"), -1},                             /* not the shortest */
	{BYTES("\x00\x00"), -1},                             /* the same */
	{BYTES("\x00\x80\x00\x00\x00\x00\x00\x00\x00"), -1}, /* 64 bits */
	{BYTES("\x01\x00\x00\x00\x00\x00\x00\x00\x00"), -1}, /* 65 bits */
};

START_TEST(small_integers)
{
	int64_t v = -1;

	ck_assert_int_eq(der_small(integers[_i].in, &v), integers[_i].value >= 0);
	ck_assert_int_eq(v, integers[_i].value);
}
END_TEST

static const struct {
	const char *in;
	int64_t unix_ms; /* -1: refused */
} times[] = {
	{"19700101000000Z", 0},
	{"20240229235959Z", INT64_C(1709251199000)},
	{"20240229235959.5Z", INT64_C(1709251199500)},
	{"20240229235959.001Z", INT64_C(1709251199001)},
	{"20240229235959.999999999Z", INT64_C(1709251199999)},
	{"99991231235959Z", INT64_C(253402300799000)},
	{"", -1},
	{"Z", -1},
	{"20240229235959", -1},       /* local time */
	{"20240229235959+0100Z", -1}, /* an offset */
	{"20240229235959+0000", -1},
	{"202402292359Z", -1},   /* without seconds */
	{"20230229000000Z", -1}, /* not a day */
	{"20240229240000Z", -1},
	{"20240229235960Z", -1},
	{"20240229235959.Z", -1},
	{"20240229235959.0Z", -1}, /* trailing zeros */
	{"20240229235959.50Z", -1},
	{"20240229235959,5Z", -1},
	{"20240229235959.5aZ", -1},
	{"2024022923595 Z", -1},
	{"20240229235959.11111111111111111111111111111111Z", -1},
};

START_TEST(generalized_times)
{
	int64_t ms = -1;

	ck_assert_msg(der_time(str_of(times[_i].in), &ms) == (times[_i].unix_ms >= 0), "%s",
		      times[_i].in);
	ck_assert_int_eq(ms, times[_i].unix_ms);
}
END_TEST

Suite *test_sig_der_suite(void)
{
	Suite *s = suite_create("sig_der");
	TCase *c = tcase_create("sig_der");

	tcase_add_loop_test(c, an_item_is_cut_off, 0, (int)COUNT(items));
	tcase_add_loop_test(c, what_is_not_der_is_refused, 0, (int)COUNT(refused));
	tcase_add_loop_test(c, headers_are_read_back, 0, (int)COUNT(lengths));
	tcase_add_test(c, an_item_of_a_tag_is_taken);
	tcase_add_test(c, an_optional_item_must_be_der_when_it_is_there);
	tcase_add_test(c, only_leaves_no_byte);
	tcase_add_loop_test(c, small_integers, 0, (int)COUNT(integers));
	tcase_add_loop_test(c, generalized_times, 0, (int)COUNT(times));
	suite_add_tcase(s, c);
	return s;
}

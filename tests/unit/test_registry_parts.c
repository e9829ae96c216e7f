/* The small parts of the registry client: addresses, URLs, headers with a grammar. */
#include <check.h>
#include <stdlib.h>

#include "oci/address.h"
#include "oci/header.h"
#include "oci/url.h"

Suite *test_registry_parts_suite(void);

#define COUNT(x) ((int)(sizeof(x) / sizeof((x)[0])))

static struct arena *a;

static void setup(void)
{
	a = arena_new((size_t)1 << 20);
}

static void teardown(void)
{
	arena_free(a);
}

static void expect(struct str got, const char *want)
{
	ck_assert_msg(str_eq(got, str_of(want)), "'%.*s', not '%s'", STR_ARG(got), want);
}

static const struct {
	const char *text;
	enum address_class class;
} classes[] = {
	{"8.8.8.8", ADDRESS_PUBLIC},
	{"9.255.255.255", ADDRESS_PUBLIC},
	{"10.0.0.0", ADDRESS_PRIVATE},
	{"11.0.0.0", ADDRESS_PUBLIC},
	{"100.63.255.255", ADDRESS_PUBLIC},
	{"100.64.0.1", ADDRESS_PRIVATE},
	{"100.128.0.0", ADDRESS_PUBLIC},
	{"127.1.2.3", ADDRESS_LOOPBACK},
	{"169.254.169.254", ADDRESS_LINK_LOCAL},
	{"172.15.255.255", ADDRESS_PUBLIC},
	{"172.16.0.0", ADDRESS_PRIVATE},
	{"172.31.255.255", ADDRESS_PRIVATE},
	{"172.32.0.0", ADDRESS_PUBLIC},
	{"192.168.255.255", ADDRESS_PRIVATE},
	{"198.18.0.1", ADDRESS_PRIVATE},
	{"0.0.0.0", ADDRESS_OTHER},
	{"224.0.0.1", ADDRESS_OTHER},
	{"255.255.255.255", ADDRESS_OTHER},
	{"::", ADDRESS_OTHER},
	{"::1", ADDRESS_LOOPBACK},
	{"::2", ADDRESS_OTHER},
	{"fe80::1", ADDRESS_LINK_LOCAL},
	{"febf::1", ADDRESS_LINK_LOCAL},
	{"fd00:ec2::254", ADDRESS_PRIVATE},
	{"ff02::1", ADDRESS_OTHER},
	{"2001:4860:4860::8888", ADDRESS_PUBLIC},
	{"::ffff:169.254.169.254", ADDRESS_LINK_LOCAL},
	{"::ffff:8.8.8.8", ADDRESS_PUBLIC},
	{"::127.0.0.1", ADDRESS_OTHER},
	{"64:ff9b::a9fe:a9fe", ADDRESS_LINK_LOCAL},
	{"64:ff9b::808:808", ADDRESS_PUBLIC},
	{"2002:a9fe:a9fe::1", ADDRESS_LINK_LOCAL},
};

START_TEST(address_is_of_this_class)
{
	struct address x;
	ck_assert(address_parse(str_of(classes[_i].text), &x));
	ck_assert_msg(address_class_of(&x) == classes[_i].class, "%s", classes[_i].text);
}
END_TEST

START_TEST(text_is_no_address)
{
	static const char *const no[] = {"",    "1.2.3",    "1.2.3.4.5", "0x7f.0.0.1", "[::1]",
					 "::g", "1.2.3.4 ", "localhost", "::1%eth0"};
	struct address x;
	for (int i = 0; i < COUNT(no); i++)
		ck_assert_msg(!address_parse(str_of(no[i]), &x), "%s", no[i]);
}
END_TEST

static const struct {
	const char *network, *address, *why; /* why: NULL if allowed */
	bool private_too;
} rules[] = {
	{NULL, "8.8.8.8", NULL, false},
	{NULL, "10.0.0.1", "a private address", false},
	{NULL, "10.0.0.1", NULL, true},
	{NULL, "127.0.0.1", "a loopback address", false},
	{NULL, "127.0.0.1", NULL, true},
	{NULL, "169.254.169.254", "a link-local address", true},
	{"169.254.0.0/16", "169.254.169.254", NULL, false},
	{"10.0.0.0/8", "10.9.9.9", NULL, false},
	{"10.0.0.0/8", "11.0.0.1", NULL, false},
	{"10.0.0.0/8", "192.168.0.1", "a private address", false},
	{"10.0.0.0/8", "::ffff:10.0.0.1", NULL, false},
	{"10.0.0.0/8", "64:ff9b::a00:1", NULL, false},
	{"10.1.2.3", "10.1.2.3", NULL, false},
	{"10.1.2.3", "10.1.2.4", "a private address", false},
	{"fd00::/8", "fd12::1", NULL, false},
	{"0.0.0.0/0", "224.0.0.1", "an address of no host", true},
	{"::/0", "::", "an address of no host", true},
};

START_TEST(address_is_allowed_or_refused_with_this_reason)
{
	struct address_network n;
	struct address x;
	struct address_rule r = {.private_too = rules[_i].private_too, .networks = &n};
	if (rules[_i].network) {
		ck_assert(address_network_parse(str_of(rules[_i].network), &n));
		r.n_networks = 1;
	}
	ck_assert(address_parse(str_of(rules[_i].address), &x));
	const char *why = address_refusal(&r, &x);
	ck_assert_pstr_eq(why, rules[_i].why);
	/* The second list counts as the first. */
	struct address_rule second = {.private_too = r.private_too,
				      .more = &n,
				      .n_more = r.n_networks};
	ck_assert_pstr_eq(address_refusal(&second, &x), rules[_i].why);
}
END_TEST

START_TEST(text_is_no_network)
{
	static const char *const no[] = {"10.0.0.1/8",  "10.0.0.0/33", "10.0.0.0/", "::/129",
					 "10.0.0.0/-1", "fd00::1/8",   "x/8",       ""};
	struct address_network n;
	for (int i = 0; i < COUNT(no); i++)
		ck_assert_msg(!address_network_parse(str_of(no[i]), &n), "%s", no[i]);
}
END_TEST

static const struct {
	const char *base, *text, *want, *host; /* want: NULL if refused */
} urls[] = {
	{NULL, "https://R.example/v2/x?y=1#z", "https://r.example/v2/x?y=1", "r.example"},
	{NULL, "https://r.example:443/", "https://r.example:443/", "r.example"},
	{NULL, "http://r.example:443/", "http://r.example:443/", "r.example:443"},
	{NULL, "https://[::1]:5000/x", "https://[::1]:5000/x", "[::1]:5000"},
	{"https://r.example/v2/a/b?c", "/v2/d", "https://r.example/v2/d", "r.example"},
	{"https://r.example/v2/a/b?c", "e?f", "https://r.example/v2/a/e?f", "r.example"},
	{"https://r.example/v2/a", "//evil.example/x", "https://evil.example/x", "evil.example"},
	{NULL, "/v2/x", NULL, NULL},
	{NULL, "ftp://r.example/", NULL, NULL},
	{NULL, "file:///etc/passwd", NULL, NULL},
	{NULL, "https://u:p@r.example/", NULL, NULL},
	{"https://r.example/", "https://u@evil.example/", NULL, NULL},
	{NULL, "https://r.example/a b", NULL, NULL},
	{NULL, "https://r.example/\r\nX: y", NULL, NULL},
	{NULL, "", NULL, NULL},
	{NULL, "https:///x", "https://x/", "x"},
	{NULL, "https://r.example:99999/", NULL, NULL},
};

START_TEST(url_means_this_or_is_refused)
{
	struct url base, u;
	struct err e;
	if (urls[_i].base)
		ck_assert_int_eq(url_parse(a, NULL, str_of(urls[_i].base), &base, &e), 0);
	int rc = url_parse(a, urls[_i].base ? &base : NULL, str_of(urls[_i].text), &u, &e);
	ck_assert_msg((rc == 0) == (urls[_i].want != NULL), "%s", urls[_i].text);
	if (rc < 0) {
		ck_assert_int_eq(e.kind, ERR_INPUT);
		return;
	}
	expect(u.host, urls[_i].host);
	ck_assert_int_eq(u.text.p[u.text.n], 0);
	if (!strstr(urls[_i].text, "R.example"))
		expect(u.text, urls[_i].want);
}
END_TEST

START_TEST(origin_is_scheme_name_and_port)
{
	static const char *const same[][2] = {{"https://r.example/a", "https://R.EXAMPLE:443/b"}};
	static const char *const other[][2] = {{"https://r.example/", "http://r.example/"},
					       {"https://r.example/", "https://r.example:5000/"},
					       {"https://r.example/", "https://r.example.evil/"},
					       {"https://r.example/", "https://r.example./"}};
	struct url x, y;
	struct err e;
	for (int i = 0; i < COUNT(same) + COUNT(other); i++) {
		const char *const *pair = i < COUNT(same) ? same[i] : other[i - COUNT(same)];
		ck_assert_int_eq(url_parse(a, NULL, str_of(pair[0]), &x, &e), 0);
		ck_assert_int_eq(url_parse(a, NULL, str_of(pair[1]), &y, &e), 0);
		ck_assert_msg(url_same_origin(&x, &y) == (i < COUNT(same)), "%s", pair[1]);
	}
}
END_TEST

static const struct {
	const char *header;
	enum auth_scheme scheme; /* NONE: none is found */
	const char *realm, *service, *scope;
} challenges[] = {
	{"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:x:pull\"", AUTH_BEARER,
	 "https://a/t", "s", "repository:x:pull"},
	{"bearer REALM = \"https://a/t\" , Service=s", AUTH_BEARER, "https://a/t", "s", ""},
	{"Bearer realm=\"a\\\"b\\\\c\"", AUTH_BEARER, "a\"b\\c", "", ""},
	{"Basic realm=\"x, y\"", AUTH_BASIC, "x, y", "", ""},
	{"Basic", AUTH_BASIC, "", "", ""},
	{"Basic realm=\"x\", Bearer realm=\"https://a/t\"", AUTH_BEARER, "https://a/t", "", ""},
	{"Bearer realm=\"https://a/t\", Basic realm=\"x\"", AUTH_BEARER, "https://a/t", "", ""},
	{"Negotiate abc==, Basic realm=\"x\"", AUTH_BASIC, "x", "", ""},
	{"Digest realm=\"x\", nonce=\"y\"", AUTH_NONE, "", "", ""},
	{"Bearer", AUTH_NONE, "", "", ""},
	{"Bearer realm=\"\"", AUTH_NONE, "", "", ""},
	{"Bearer service=\"s\"", AUTH_NONE, "", "", ""},
	{"Bearer realm=\"a\",realm=\"b\"", AUTH_NONE, "", "", ""},
	{"Bearer realm=\"a", AUTH_NONE, "", "", ""},
	{"Bearer realm=\"a\\", AUTH_NONE, "", "", ""},
	{"Bearer realm=\"a\",realm=\"b\", Basic", AUTH_BASIC, "", "", ""},
	{"", AUTH_NONE, "", "", ""},
	{"realm=\"a\"", AUTH_NONE, "", "", ""},
	{"\"", AUTH_NONE, "", "", ""},
};

START_TEST(challenge_is_this_one)
{
	struct challenge c;
	bool found = challenge_parse(a, str_of(challenges[_i].header), &c);
	ck_assert_msg(found == (challenges[_i].scheme != AUTH_NONE), "%s", challenges[_i].header);
	if (!found)
		return;
	ck_assert_int_eq(c.scheme, challenges[_i].scheme);
	expect(c.realm, challenges[_i].realm);
	expect(c.service, challenges[_i].service);
	expect(c.scope, challenges[_i].scope);
}
END_TEST

static const struct {
	const char *header, *next; /* NULL: none */
} links[] = {
	{"</v2/x?n=1>; rel=\"next\"", "/v2/x?n=1"},
	{"</a>;rel=next", "/a"},
	{"</a>; rel=\"prev\", </b>; title=\"x, y; rel=next\"; rel=\"first NEXT\"", "/b"},
	{"</a>; rel=prev", NULL},
	{"</a>", NULL},
	{"", NULL},
	{"/a; rel=next", NULL},
	{"</a; rel=next", NULL},
	{"</a>; rel=\"next", NULL},
	{"</a> rel=next", NULL},
	{"</a>; rel=\"x\\", NULL},
};

START_TEST(link_to_the_next_page_is_this)
{
	struct str next;
	bool found = link_next(str_of(links[_i].header), &next);
	ck_assert_msg(found == (links[_i].next != NULL), "%s", links[_i].header);
	if (found)
		expect(next, links[_i].next);
}
END_TEST

static const struct {
	const char *header;
	int64_t ms; /* -1: not understood */
} retries[] = {
	{"0", 0},
	{" 7 ", 7000},
	{"60", 60000},
	{"61", 60000},
	{"99999999999999999", 60000},
	{"Sun, 22 Nov 2026 06:00:05 GMT", 5000},
	{"Sun, 22 Nov 2020 06:00:05 GMT", 0},
	{"Sun, 22 Nov 2036 06:00:05 GMT", 60000},
	{"", -1},
	{"-1", -1},
	{"soon", -1},
};

START_TEST(retry_after_is_so_long)
{
	int64_t ms = -1;
	bool understood = retry_after_ms(str_of(retries[_i].header), 1795327200, &ms);
	ck_assert_msg(understood == (retries[_i].ms >= 0), "%s", retries[_i].header);
	ck_assert_int_eq(ms, retries[_i].ms);
}
END_TEST

Suite *test_registry_parts_suite(void)
{
	Suite *s = suite_create("registry_parts");
	TCase *t = tcase_create("registry_parts");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, address_is_of_this_class, 0, COUNT(classes));
	tcase_add_test(t, text_is_no_address);
	tcase_add_loop_test(t, address_is_allowed_or_refused_with_this_reason, 0, COUNT(rules));
	tcase_add_test(t, text_is_no_network);
	tcase_add_loop_test(t, url_means_this_or_is_refused, 0, COUNT(urls));
	tcase_add_test(t, origin_is_scheme_name_and_port);
	tcase_add_loop_test(t, challenge_is_this_one, 0, COUNT(challenges));
	tcase_add_loop_test(t, link_to_the_next_page_is_this, 0, COUNT(links));
	tcase_add_loop_test(t, retry_after_is_so_long, 0, COUNT(retries));
	suite_add_tcase(s, t);
	return s;
}

#include <gnutls/x509.h>
#include <stdio.h>

#include "core/file.h"
#include "core/text.h"
#include "sigstore/bundle.h"
#include "sigstore/certificate.h"
#include "sigstore/chain.h"
#include "sigstore/der.h"
#include "sigstore/sct.h"
#include "tests/unit/sig_fault.h"
#include "tests/unit/sig_trust.h"

Suite *test_sig_sct_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LIST "certificate: list of its logs: "
#define NO_LOG                                                                                     \
	"certificate: seen by logs that the trusted root does not have, or whose key cannot be "   \
	"used"

static struct str spki_of(const char *name)
{
	struct certificate c;

	ck_assert_int_eq(certificate_parse(trust_certificate(a, name), &c, &f), 0);
	return c.spki;
}

/* The root of the tests has two logs of certificates: of the key of `stranger`, and of `inter`. */
static int verify(const char *name, unsigned threshold)
{
	struct trusted_root root;

	trust_root(a, &root);
	return sct_verify(a, trust_certificate(a, name), spki_of("inter"), &root, threshold, &f);
}

static const struct {
	const char *name;
	unsigned threshold;
} good[] = {
	{"sct", 1},
	{"sct", 2},
	{"sct-ecdsa", 1},
	{"sct-rsa", 1},
	{"sct-extensions", 1},
	{"sct-same-log", 1},
	{"sct-last", 1},
	{"sct-first-last", 1},
	{"sct-alone", 1},
	{"sct-good-and-unknown", 1},
	/* not even looked at */
	{"sct-none", 0},
	{"sct-not-octets", 0},
	{"leaf-extension-twice", 0},
};

START_TEST(what_logs_signed_counts)
{
	ck_assert_msg(verify(good[_i].name, good[_i].threshold) == 0, "%s: %s", good[_i].name,
		      f.err.text);
}
END_TEST

static const struct {
	const char *name;
	unsigned threshold;
	enum verify_reason reason;
	const char *text;
} bad[] = {
	{"sct-none", 1, VERIFY_SCT_MISSING, "certificate: no list of logs that have seen it"},
	{"sct-not-octets", 1, VERIFY_SCT_MALFORMED, LIST "not an octet string"},
	{"sct-twice", 1, VERIFY_CERTIFICATE_EXTENSION, "certificate: an extension twice"},
	{"sct-unknown", 1, VERIFY_SCT_LOG_UNKNOWN, NO_LOG},
	{"sct-unusable", 1, VERIFY_SCT_LOG_UNKNOWN, NO_LOG},
	{"sct-early", 1, VERIFY_SCT_TIME,
	 "certificate: seen by its log at 2023-12-31T23:59:59Z, when its key did not count"},
	{"sct-late", 1, VERIFY_SCT_TIME,
	 "certificate: seen by its log at 2025-01-01T00:00:00Z, when its key did not count"},
	{"sct-other-issuer", 1, VERIFY_SCT_SIGNATURE, "certificate: its log did not sign it"},
	{"sct-other-body", 1, VERIFY_SCT_SIGNATURE, "certificate: its log did not sign it"},
	{"sct-other-algorithm", 1, VERIFY_SCT_SIGNATURE, "certificate: its log did not sign it"},
	{"sct-other-log", 1, VERIFY_SCT_SIGNATURE, "certificate: its log did not sign it"},
	{"sct-one-of-each", 1, VERIFY_SCT_SIGNATURE, "certificate: its log did not sign it"},
	{"sct-same-log", 2, VERIFY_SCT_THRESHOLD,
	 "certificate: seen by 1 of the trusted root's logs, want 2"},
	{"sct-good-and-unknown", 2, VERIFY_SCT_THRESHOLD,
	 "certificate: seen by 1 of the trusted root's logs, want 2"},
	{"sct", 3, VERIFY_SCT_THRESHOLD,
	 "certificate: seen by 2 of the trusted root's logs, want 3"},
};

START_TEST(what_does_not_count_is_told)
{
	fault_is(verify(bad[_i].name, bad[_i].threshold), bad[_i].reason, bad[_i].text);
}
END_TEST

START_TEST(every_bit_of_the_certificate_is_signed)
{
	struct trusted_root root;
	struct str der = trust_certificate(a, "sct-ecdsa"), spki = spki_of("inter");
	struct certificate c;
	char *p = arena_dup(a, der.p, der.n);
	size_t signed_bytes;

	trust_root(a, &root);
	ck_assert_int_eq(certificate_parse((struct str){p, der.n}, &c, &f), 0);
	/* what comes after it is the issuer's signature, which no log has seen */
	signed_bytes = (size_t)(c.tbs.p + c.tbs.n - p);
	for (size_t i = 0; i < signed_bytes; i++) {
		struct arena *one = arena_new(1 << 20);

		p[i] ^= 1;
		ck_assert_msg(sct_verify(one, (struct str){p, der.n}, spki, &root, 1, &f) == -1,
			      "byte %zu", i);
		p[i] ^= 1;
		arena_free(one);
	}
	ck_assert_int_eq(sct_verify(a, (struct str){p, der.n}, spki, &root, 1, &f), 0);
}
END_TEST

START_TEST(without_logs_nothing_counts)
{
	struct trusted_root root = {0};

	fault_is(sct_verify(a, trust_certificate(a, "sct"), spki_of("inter"), &root, 1, &f),
		 VERIFY_SCT_LOG_UNKNOWN, NO_LOG);
	fault_is(sct_verify(a, S("\x30\x00"), spki_of("inter"), &root, 1, &f),
		 VERIFY_CERTIFICATE_MALFORMED, "certificate: not the DER of a certificate");
}
END_TEST

/* ---- the precertificate ---- */

START_TEST(a_certificate_without_a_list_stays_as_it_is)
{
	struct str der = trust_certificate(a, "sct-none"), tbs, list = S("x");
	struct certificate c;

	ck_assert_int_eq(certificate_parse(der, &c, &f), 0);
	ck_assert_int_eq(sct_precertificate(a, der, &tbs, &list, &f), 0);
	ck_assert_ptr_null(list.p);
	/* with the four bytes of its head */
	ck_assert_uint_eq(tbs.n, c.tbs.n + 4);
	ck_assert_mem_eq(tbs.p, c.tbs.p - 4, tbs.n);
}
END_TEST

static const char *const logged[] = {"sct", "sct-first-last", "sct-alone", "sct-not-octets"};

START_TEST(a_precertificate_is_what_is_left)
{
	struct str der = trust_certificate(a, logged[_i]), tbs, list, in;
	struct certificate c;

	ck_assert_int_eq(certificate_parse(der, &c, &f), 0);
	ck_assert_int_eq(sct_precertificate(a, der, &tbs, &list, &f), 0);
	ck_assert_ptr_nonnull(list.p);
	ck_assert_uint_lt(tbs.n, c.tbs.n);
	in = str_sub(tbs, tbs.n - 4, tbs.n);
	/* it ends as the certificate did, unless the list was all that it had */
	if (_i == 0 || _i == 1)
		ck_assert_mem_eq(in.p, c.tbs.p + c.tbs.n - 4, 4);
	ck_assert_ptr_null(memmem(tbs.p, tbs.n, list.p, list.n));
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	struct str der = trust_certificate(a, "sct"), spki = spki_of("inter");
	struct trusted_root root;
	size_t n = 0;
	int rc;

	trust_root(a, &root);
	do {
		struct arena *small = arena_new(1 << 20);

		arena_fail_at(small, ++n);
		rc = sct_verify(small, der, spki, &root, 2, &f);
		if (rc < 0)
			ck_assert_str_eq(verify_reason_name(f.reason), "no_room");
		arena_free(small);
	} while (rc < 0);
	ck_assert_uint_eq(n, 4);
}
END_TEST

/* ---- the list ---- */

/* An OCTET STRING of a list of n items of these bytes. */
static struct str list_of(struct str item, size_t n)
{
	size_t items = n * (item.n + 2), all = items + 2;
	unsigned char head[DER_HEADER_BYTES];
	struct str out;
	struct text t;

	text_init(&t, a, 1 << 16);
	text_put(&t, (struct str){(char *)head, der_header(DER_OCTET_STRING, all, head)});
	text_put(&t, (struct str){(char[]){(char)(items >> 8), (char)items}, 2});
	for (size_t i = 0; i < n; i++) {
		text_put(&t, (struct str){(char[]){(char)(item.n >> 8), (char)item.n}, 2});
		text_put(&t, item);
	}
	ck_assert(text_done(&t, &out));
	return out;
}

#define ID "0123456789abcdef0123456789ABCDEF"
#define TIME "\x00\x00\x01\x8F\xD0\x00\x00\x01"

/* So many that the length takes two bytes. */
#define LONG_SIGNATURE "\x01\x00" ID ID ID ID ID ID ID ID

START_TEST(lists_are_read)
{
	struct str item = S("\x00" ID TIME "\x00\x02xy\x04\x03" LONG_SIGNATURE);
	struct sct out[LIMIT_SCTS];
	size_t n = 0;

	ck_assert_int_eq(sct_list_parse(list_of(item, LIMIT_SCTS), out, &n, &f), 0);
	ck_assert_uint_eq(n, LIMIT_SCTS);
	ck_assert(str_eq(out[15].log_id, S(ID)));
	ck_assert_int_eq(out[15].unix_ms, INT64_C(0x18FD0000001));
	ck_assert(str_eq(out[15].extensions, S("xy")));
	ck_assert_uint_eq(out[15].signature_algorithm, 3);
	ck_assert_uint_eq(out[15].signature.n, 256);
	n = 7;
	fault_is(sct_list_parse(list_of(item, LIMIT_SCTS + 1), out, &n, &f), VERIFY_SCT_MALFORMED,
		 LIST "too many items");
	ck_assert_uint_eq(n, 7);
}
END_TEST

#define ITEM(version, time, extensions, algorithms, signature)                                     \
	{                                                                                          \
		version ID time extensions algorithms signature,                                   \
			sizeof(version ID time extensions algorithms signature) - 1                \
	}

static const struct {
	struct str item;
	bool good;
} items[] = {
	{ITEM("\x00", TIME, "\x00\x00", "\x04\x03", LONG_SIGNATURE), true},
	{ITEM("\x00", TIME, "\x00\x00", "\x04\x01", LONG_SIGNATURE), true},
	{ITEM("\x00", "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\x00\x00", "\x04\x03", LONG_SIGNATURE),
	 true},
	{ITEM("\x01", TIME, "\x00\x00", "\x04\x03", LONG_SIGNATURE), false}, /* version */
	{ITEM("\x00", "\x80\x00\x00\x00\x00\x00\x00\x00", "\x00\x00", "\x04\x03", LONG_SIGNATURE),
	 false},
	{ITEM("\x00", TIME, "\xFF\xFF", "\x04\x03", LONG_SIGNATURE), false}, /* extensions */
	{ITEM("\x00", TIME, "\x00\x00", "\x02\x03", LONG_SIGNATURE), false}, /* SHA-1 */
	{ITEM("\x00", TIME, "\x00\x00", "\x04\x02", LONG_SIGNATURE), false}, /* DSA */
	{ITEM("\x00", TIME, "\x00\x00", "\x04\x03", LONG_SIGNATURE "x"), false},
	{ITEM("\x00", TIME, "\x00\x00", "\x04\x03", "\x00\x09" ID), false},
	{ITEM("\x00", TIME, "\x00\x00", "\x04\x03", "\xFF\xFF" ID ID ID ID ID ID ID ID), false},
};

START_TEST(items_are_whole)
{
	struct sct out[LIMIT_SCTS];
	struct str list = list_of(items[_i].item, 1);
	size_t n;

	if (items[_i].good)
		ck_assert_int_eq(sct_list_parse(list, out, &n, &f), 0);
	else
		fault_is(sct_list_parse(list, out, &n, &f), VERIFY_SCT_MALFORMED,
			 LIST "an item is malformed, or of an unknown version");
}
END_TEST

START_TEST(no_prefix_of_an_item_is_one)
{
	struct str item = S("\x00" ID TIME "\x00\x02xy\x04\x03" LONG_SIGNATURE);
	struct sct out[LIMIT_SCTS];
	size_t n;

	for (size_t i = 0; i < item.n; i++)
		fault_is(sct_list_parse(list_of(str_sub(item, 0, i), 1), out, &n, &f),
			 VERIFY_SCT_MALFORMED,
			 LIST "an item is malformed, or of an unknown version");
}
END_TEST

static const struct {
	struct str list;
	const char *text;
} lists[] = {
	{{"", 0}, LIST "not an octet string"},
	{{"\x30\x00", 2}, LIST "not an octet string"},
	{{"\x04\x02\x00\x00x", 5}, LIST "not an octet string"},
	{{"\x04\x00", 2}, LIST "not as long as it says"},
	{{"\x04\x01\x00", 3}, LIST "not as long as it says"},
	{{"\x04\x02\x00\x01", 4}, LIST "not as long as it says"},
	{{"\x04\x03\x00\x00x", 5}, LIST "not as long as it says"},
	{{"\x04\x02\x00\x00", 4}, LIST "empty"},
	{{"\x04\x03\x00\x01\x00", 5}, LIST "an item is longer than the list"},
	{{"\x04\x04\x00\x02\x00\x01", 6}, LIST "an item is longer than the list"},
	{{"\x04\x04\x00\x02\x00\x00", 6}, LIST "an item is malformed, or of an unknown version"},
};

START_TEST(lists_are_whole)
{
	struct sct out[LIMIT_SCTS];
	size_t n;

	fault_is(sct_list_parse(lists[_i].list, out, &n, &f), VERIFY_SCT_MALFORMED, lists[_i].text);
}
END_TEST

/* ---- real ones ---- */

#define CASES "bundle-verify/"

static const struct {
	const char *root;
	const char *bundle;
} recorded[] = {
	{"public-good-2025.trusted_root.json", CASES "happy-path-v0.1/bundle.sigstore.json"},
	{CASES "bundle-with-sct-with-extensions/trusted_root.json",
	 CASES "bundle-with-sct-with-extensions/bundle.sigstore.json"},
	{CASES "rekor2-checkpoint-cosigned/trusted_root.json",
	 CASES "rekor2-checkpoint-cosigned/bundle.sigstore.json"},
};

/* When the leaf begins. */
static int64_t begin_ms(struct str der)
{
	gnutls_datum_t d = {(unsigned char *)der.p, (unsigned)der.n};
	gnutls_x509_crt_t crt;
	int64_t ms;

	ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
	ck_assert_int_eq(gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_DER), 0);
	ms = (int64_t)gnutls_x509_crt_get_activation_time(crt) * 1000;
	gnutls_x509_crt_deinit(crt);
	return ms;
}

static bool read_recorded(const char *file, struct str *out)
{
	struct err e;

	if (file_read(a, file_join(a, S("../shared/conformance/"), str_of(file)), 1 << 20, out,
		      &e) == 0)
		return true;
	printf("SKIP sig_sct: %s\n", e.text);
	return false;
}

static int under_any(const struct trusted_root *r, const struct chain_leaf *leaf, struct str *spki)
{
	int rc = -1;

	for (size_t i = 0; rc < 0 && i < r->n_certificate_authorities; i++)
		rc = chain_verify_at(a, leaf, &r->certificate_authorities[i], CHAIN_CODE_SIGNING,
				     begin_ms(leaf->der), spki, &f);
	return rc;
}

START_TEST(real_certificates_count)
{
	struct chain_leaf leaf = {.n_intermediates = 0};
	struct trusted_root r = {0};
	struct identity id;
	struct str json, spki;
	struct bundle *b;
	struct err e;

	if (!read_recorded(recorded[_i].root, &json))
		return;
	ck_assert_msg(trusted_root_add(a, json, &r, &e) == 0, "%s", e.text);
	if (!read_recorded(recorded[_i].bundle, &json))
		return;
	ck_assert_msg(bundle_parse(a, json, &b, &f) == 0, "%s", f.err.text);
	leaf.der = b->certificates[0];
	ck_assert_msg(chain_check_leaf(leaf.der, CHAIN_CODE_SIGNING, &f) == 0, "%s", f.err.text);
	ck_assert_msg(under_any(&r, &leaf, &spki) == 0, "%s", f.err.text);
	ck_assert_msg(sct_verify(a, leaf.der, spki, &r, 1, &f) == 0, "%s", f.err.text);
	ck_assert_msg(identity_parse(a, leaf.der, true, &id, &f) == 0, "%s", f.err.text);
	ck_assert(str_eq(id.issuer, S("https://token.actions.githubusercontent.com")));
	ck_assert_uint_ge(id.n_extensions, 20);
}
END_TEST

Suite *test_sig_sct_suite(void)
{
	Suite *s = suite_create("sig_sct");
	TCase *c = tcase_create("sig_sct");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, what_logs_signed_counts, 0, (int)COUNT(good));
	tcase_add_loop_test(c, what_does_not_count_is_told, 0, (int)COUNT(bad));
	tcase_add_test(c, every_bit_of_the_certificate_is_signed);
	tcase_add_test(c, without_logs_nothing_counts);
	tcase_add_test(c, a_certificate_without_a_list_stays_as_it_is);
	tcase_add_loop_test(c, a_precertificate_is_what_is_left, 0, (int)COUNT(logged));
	tcase_add_test(c, every_allocation_may_fail);
	tcase_add_test(c, lists_are_read);
	tcase_add_loop_test(c, items_are_whole, 0, (int)COUNT(items));
	tcase_add_test(c, no_prefix_of_an_item_is_one);
	tcase_add_loop_test(c, lists_are_whole, 0, (int)COUNT(lists));
	tcase_add_loop_test(c, real_certificates_count, 0, (int)COUNT(recorded));
	suite_add_tcase(s, c);
	return s;
}

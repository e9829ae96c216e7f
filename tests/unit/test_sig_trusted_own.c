#include <check.h>

#include "core/text.h"
#include "sigstore/trusted_root.h"
#include "tests/unit/sig_trust.h"

Suite *test_sig_trusted_own_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct arena *a;
static struct err e;

static void setup(void)
{
	a = arena_new(64 << 20);
	ck_assert_ptr_nonnull(a);
	e = (struct err){.kind = ERR_INTERNAL};
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(self_issued_certificates_are_anchors)
{
	struct trusted_root r = {0};
	const struct trusted_authority *t;

	ck_assert_int_eq(trusted_root_add_certificates(a, trust_pem(a, "root inter below stranger"),
						       &r, &e),
			 0);
	ck_assert_uint_eq(r.n_certificate_authorities, 2);
	for (size_t i = 0; i < 2; i++) {
		t = &r.certificate_authorities[i];
		ck_assert_uint_eq(t->n_certificates, 3);
		ck_assert(str_eq(t->certificates[0], trust_certificate(a, "inter")));
		ck_assert(str_eq(t->certificates[1], trust_certificate(a, "below")));
		ck_assert(
			str_eq(t->certificates[2], trust_certificate(a, i ? "stranger" : "root")));
		ck_assert(t->foreign_intermediates);
		ck_assert_int_eq(t->window.from_unix_ms, INT64_MIN);
		ck_assert_int_eq(t->window.until_unix_ms, INT64_MAX);
	}
}
END_TEST

START_TEST(without_a_self_issued_one_all_are_anchors)
{
	struct trusted_root r = {0};

	ck_assert_int_eq(trusted_root_add_certificates(a, trust_pem(a, "inter below"), &r, &e), 0);
	ck_assert_uint_eq(r.n_certificate_authorities, 2);
	ck_assert_uint_eq(r.certificate_authorities[0].n_certificates, 1);
	ck_assert_uint_eq(r.certificate_authorities[1].n_certificates, 1);
	ck_assert(str_eq(r.certificate_authorities[1].certificates[0],
			 trust_certificate(a, "below")));
}
END_TEST

START_TEST(a_timestamp_chain)
{
	struct trusted_root r = {0};

	ck_assert_int_eq(trusted_root_add_timestamp_chain(a, trust_pem(a, "tsa root"), &r, &e), 0);
	ck_assert_int_eq(trusted_root_add_timestamp_chain(a, trust_pem(a, "root"), &r, &e), 0);
	ck_assert_int_eq(trusted_root_add_timestamp_chain(a, trust_pem(a, "root"), &r, &e), 0);
	ck_assert_uint_eq(r.n_timestamp_authorities, 2);
	ck_assert_uint_eq(r.timestamp_authorities[0].n_certificates, 2);
	ck_assert(!r.timestamp_authorities[0].foreign_intermediates);
	ck_assert_uint_eq(r.n_certificate_authorities, 0);
}
END_TEST

static const struct {
	const char *names;
	const char *extra;
	bool timestamps;
	const char *text;
} own[] = {
	{"", "", false, "certificates: none"},
	{"", "", true, "certificates: none"},
	{"", "text\n", false, "certificates: no line \"-----BEGIN CERTIFICATE-----\""},
	{"root leaf-server", "", false, "certificates[1]: not a certificate authority"},
	{"inter-no-ca", "", false, "certificates[0]: not a certificate authority"},
	{"inter-twice", "", false, "certificates[0]: an extension twice"},
	{"tsa", "", true, "certificates[0]: not a certificate authority"},
	{"root tsa", "", true, "certificates[1]: not a certificate authority"},
	{"root", "-----BEGIN CERTIFICATE-----\nAAAA\n", false,
	 "certificates[1]: pem: block \"CERTIFICATE\" does not end"},
	{"root", "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n", false,
	 "certificates[1]: pem: block \"CERTIFICATE\": base64: length 2 is no multiple of 4"},
	{"root", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", false,
	 "certificates[1]: not a certificate: ASN1 parser: Element was not found."},
	{"root", "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", false,
	 "certificates[1]: pem: block \"PUBLIC KEY\": want CERTIFICATE"},
	{"root inter inter inter inter inter inter inter inter", "", false,
	 "certificates: 8 intermediates, at most 7"},
	{"root root root root root root root root root", "", true, "certificates: more than 8"},
};

START_TEST(wrong_certificates_are_told)
{
	struct trusted_root r = {0}, before = {0};
	struct str pem;
	struct text t;

	text_init(&t, a, 1 << 20);
	text_put(&t, trust_pem(a, own[_i].names));
	text_puts(&t, own[_i].extra);
	ck_assert(text_done(&t, &pem));
	if (own[_i].timestamps)
		ck_assert_int_eq(trusted_root_add_timestamp_chain(a, pem, &r, &e), -1);
	else
		ck_assert_int_eq(trusted_root_add_certificates(a, pem, &r, &e), -1);
	ck_assert_str_eq(e.text, own[_i].text);
	ck_assert_mem_eq(&r, &before, sizeof(r));
}
END_TEST

/* ---- memory ---- */

static int add_all(struct arena *in, struct str json, struct str pem, struct trusted_root *r)
{
	TRY(trusted_root_add(in, json, r, &e));
	TRY(trusted_root_add_certificates(in, pem, r, &e));
	return trusted_root_add_timestamp_chain(in, pem, r, &e);
}

START_TEST(every_allocation_may_fail)
{
	struct str json = trust_json(a, "", ""), pem = trust_pem(a, "inter root");
	size_t n;

	for (n = 1; n < 100000; n++) {
		struct arena *small = arena_new(64 << 20);
		struct trusted_root r = {0};
		int rc;

		arena_fail_at(small, n);
		rc = add_all(small, json, pem, &r);
		if (rc == 0) {
			ck_assert(!arena_exhausted(small));
			arena_free(small);
			break;
		}
		ck_assert_msg(e.kind == ERR_LIMIT, "%zu: %s", n, e.text);
		arena_free(small);
	}
	ck_assert_uint_gt(n, 100);
	ck_assert_uint_lt(n, 100000);
}
END_TEST

Suite *test_sig_trusted_own_suite(void)
{
	Suite *s = suite_create("sig_trusted_own");
	TCase *c = tcase_create("sig_trusted_own");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, self_issued_certificates_are_anchors);
	tcase_add_test(c, without_a_self_issued_one_all_are_anchors);
	tcase_add_test(c, a_timestamp_chain);
	tcase_add_loop_test(c, wrong_certificates_are_told, 0, (int)COUNT(own));
	tcase_add_test(c, every_allocation_may_fail);
	suite_add_tcase(s, c);
	return s;
}

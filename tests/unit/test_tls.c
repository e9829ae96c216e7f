#include <check.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "webhook/tls.h"

Suite *test_tls_suite(void);

/* 2026-11-22T00:00:00Z */
#define NOW ((int64_t)1795305600)
#define DAY ((int64_t)86400)

static char folder[64];
static struct tls *tls;

static const char *path_of(const char *name)
{
	static char paths[16][128];
	static unsigned next;
	char *p = paths[next++ % 16];

	(void)snprintf(p, 128, "%s/%s", folder, name);
	return p;
}

static void put_file(const char *name, const void *bytes, size_t n)
{
	FILE *file = fopen(path_of(name), "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
	fclose(file);
}

/* NAME.crt and NAME.key, self-signed, good from NOW + from to NOW + to. */
static void make_pair(const char *name, int64_t from, int64_t to)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_datum_t pem;
	char file[64];

	gnutls_x509_privkey_init(&key);
	gnutls_x509_crt_init(&crt);
	ck_assert_int_eq(
		gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\x01", 1);
	gnutls_x509_crt_set_dn(crt, "CN=localhost", NULL);
	gnutls_x509_crt_set_activation_time(crt, (time_t)(NOW + from));
	gnutls_x509_crt_set_expiration_time(crt, (time_t)(NOW + to));
	gnutls_x509_crt_set_key(crt, key);
	ck_assert_int_eq(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	ck_assert_int_eq(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), 0);
	(void)snprintf(file, sizeof(file), "%s.crt", name);
	put_file(file, pem.data, pem.size);
	gnutls_free(pem.data);
	ck_assert_int_eq(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem), 0);
	(void)snprintf(file, sizeof(file), "%s.key", name);
	put_file(file, pem.data, pem.size);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static void setup(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/tls-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	tls = tls_new();
	ck_assert_ptr_nonnull(tls);
	make_pair("good", -DAY, 30 * DAY);
}

static void teardown(void)
{
	const char *names[] = {"good.crt", "good.key", "other.crt", "other.key", "text"};

	tls_free(tls);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	(void)rmdir(folder);
}

static int load(const char *cert, const char *key, int64_t now, struct err *e)
{
	const struct tls_files files = {.cert = path_of(cert), .key = path_of(key)};

	return tls_load(tls, &files, now, e);
}

PRINTF_LIKE(1, 2)
static const char *text_of(const char *fmt, ...)
{
	static char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return text;
}

START_TEST(a_good_pair_becomes_active)
{
	struct err e = {0};
	int64_t before = 1;
	int64_t after = 1;

	ck_assert_ptr_null(tls_acquire(tls));
	tls_validity(tls, &before, &after);
	ck_assert(before == 0 && after == 0);
	ck_assert_int_eq(load("good.crt", "good.key", NOW, &e), 0);
	tls_validity(tls, &before, &after);
	ck_assert_int_eq(before, NOW - DAY);
	ck_assert_int_eq(after, NOW + 30 * DAY);
}
END_TEST

START_TEST(held_pairs_outlive_a_swap)
{
	struct err e = {0};

	ck_assert_int_eq(load("good.crt", "good.key", NOW, &e), 0);
	struct tls_pair *old = tls_acquire(tls);
	make_pair("other", -DAY, 60 * DAY);
	ck_assert_int_eq(load("other.crt", "other.key", NOW, &e), 0);
	struct tls_pair *now = tls_acquire(tls);
	ck_assert(old && now && old != now);
	tls_release(tls, old);
	tls_release(tls, now);
	tls_release(tls, NULL);
}
END_TEST

/* Whatever is wrong, the pair before it stays. */
static void expect_refused(const char *cert, const char *key, int64_t now, const char *why)
{
	struct err e = {0};
	int64_t before = 0;
	int64_t after = 0;

	ck_assert_int_eq(load("good.crt", "good.key", NOW, &e), 0);
	ck_assert_int_eq(load(cert, key, now, &e), -1);
	ck_assert_str_eq(e.text, why);
	tls_validity(tls, &before, &after);
	ck_assert_int_eq(after, NOW + 30 * DAY);
}

START_TEST(keys_of_others_are_refused)
{
	make_pair("other", -DAY, DAY);
	expect_refused("good.crt", "other.key", NOW,
		       text_of("certificate %s: private key %s belongs to another one",
			       path_of("good.crt"), path_of("other.key")));
}
END_TEST

START_TEST(times_are_checked)
{
	make_pair("other", -DAY, DAY);
	expect_refused("other.crt", "other.key", NOW + DAY + 1,
		       text_of("certificate %s: expired on 2026-11-23T00:00:00Z",
			       path_of("other.crt")));
	expect_refused("other.crt", "other.key", NOW - DAY - 1,
		       text_of("certificate %s: not valid before 2026-11-21T00:00:00Z",
			       path_of("other.crt")));
}
END_TEST

START_TEST(what_is_no_certificate_is_refused)
{
	put_file("text", "hello\n", 6);
	expect_refused("text", "good.key", NOW,
		       text_of("certificate %s with private key %s: no PEM in one of them",
			       path_of("text"), path_of("good.key")));
	expect_refused("good.crt", "text", NOW,
		       text_of("certificate %s with private key %s: no PEM in one of them",
			       path_of("good.crt"), path_of("text")));
}
END_TEST

START_TEST(missing_files_are_named)
{
	struct err e = {0};

	ck_assert_int_eq(load("none.crt", "good.key", NOW, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_ptr_nonnull(strstr(e.text, path_of("none.crt")));
	ck_assert_int_eq(load("good.crt", "none.key", NOW, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, path_of("none.key")));
}
END_TEST

START_TEST(an_empty_client_ca_is_refused)
{
	struct err e = {0};
	struct tls_files files = {.cert = path_of("good.crt"),
				  .key = path_of("good.key"),
				  .client_ca = path_of("good.crt")};

	ck_assert_int_eq(tls_load(tls, &files, NOW, &e), 0);
	put_file("text", "hello\n", 6);
	files.client_ca = path_of("text");
	ck_assert_int_eq(tls_load(tls, &files, NOW, &e), -1);
	ck_assert_str_eq(e.text, text_of("client CA %s: no certificate in it", path_of("text")));
}
END_TEST

Suite *test_tls_suite(void)
{
	Suite *s = suite_create("tls");
	TCase *t = tcase_create("tls");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_good_pair_becomes_active);
	tcase_add_test(t, held_pairs_outlive_a_swap);
	tcase_add_test(t, keys_of_others_are_refused);
	tcase_add_test(t, times_are_checked);
	tcase_add_test(t, what_is_no_certificate_is_refused);
	tcase_add_test(t, missing_files_are_named);
	tcase_add_test(t, an_empty_client_ca_is_refused);
	suite_add_tcase(s, t);
	return s;
}

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/file.h"
#include "sigstore/key.h"
#include "sigstore/limits.h"
#include "sigstore/pem.h"
#include "tests/unit/repeat.h"

Suite *test_sig_key_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEYS "tests/sigstore/keys/"

static struct arena *a;

static void setup(void)
{
	a = arena_new(8 << 20);
	ck_assert_ptr_nonnull(a);
}

static void teardown(void)
{
	arena_free(a);
}

static struct str read_file(const char *name)
{
	struct str s;
	struct err e;

	ck_assert_msg(file_read(a, file_join(a, S(KEYS), str_of(name)), 1 << 20, &s, &e) == 0, "%s",
		      e.text);
	return s;
}

static struct sig_key load(const char *name)
{
	struct sig_key k;
	struct err e;

	ck_assert_msg(sig_key_parse(a, read_file(name), &k, &e) == 0, "%s: %s", name, e.text);
	return k;
}

static void refused(struct str pem, const char *text)
{
	struct sig_key k;
	struct err e;

	ck_assert_int_eq(sig_key_parse(a, pem, &k, &e), -1);
	ck_assert_str_eq(e.text, text);
}

/* ---- loading ---- */

static const struct {
	const char *file;
	enum sig_algorithm algorithm;
	unsigned bits;
} accepted[] = {
	{"p256.pub", SIG_ECDSA_P256, 256},      {"p256.crlf.pub", SIG_ECDSA_P256, 256},
	{"p256.text.pub", SIG_ECDSA_P256, 256}, {"p256.crt", SIG_ECDSA_P256, 256},
	{"p384.pub", SIG_ECDSA_P384, 384},      {"p521.pub", SIG_ECDSA_P521, 521},
	{"rsa2048.pub", SIG_RSA, 2048},         {"rsa2048.pkcs1.pub", SIG_RSA, 2048},
	{"ed25519.pub", SIG_ED25519, 256},
};

START_TEST(accepted_keys)
{
	struct sig_key k = load(accepted[_i].file);
	struct sha256 d;

	ck_assert_int_eq(k.algorithm, accepted[_i].algorithm);
	ck_assert_uint_eq(k.bits, accepted[_i].bits);
	ck_assert_int_eq(sha256_of(k.spki, &d, NULL), 0);
	ck_assert_mem_eq(d.bytes, k.fingerprint.bytes, SHA256_BYTES);
}
END_TEST

START_TEST(one_key_has_one_fingerprint_in_every_form)
{
	struct sig_key k = load("p256.pub"), crlf = load("p256.crlf.pub"), crt = load("p256.crt");
	struct sig_key r = load("rsa2048.pub"), pkcs1 = load("rsa2048.pkcs1.pub");

	ck_assert_mem_eq(k.fingerprint.bytes, crlf.fingerprint.bytes, SHA256_BYTES);
	ck_assert_mem_eq(k.fingerprint.bytes, crt.fingerprint.bytes, SHA256_BYTES);
	ck_assert_mem_eq(r.fingerprint.bytes, pkcs1.fingerprint.bytes, SHA256_BYTES);
	ck_assert(str_eq(r.spki, pkcs1.spki));
}
END_TEST

static const struct {
	const char *file;
	const char *text;
} refusals[] = {
	{"rsa1024.pub", "key: RSA of 1024 bits: want 2048 to 8192"},
	{"secp256k1.pub", "key: not a public key that we can use: The curve is unsupported"},
	{"p224.pub", "key: ECDSA on another curve: want P-256, P-384 or P-521"},
	{"p256.key", "key: block \"PRIVATE KEY\" is a private key: give the public one"},
	{"README", "key: pem: no line \"-----BEGIN ...-----\""},
};

START_TEST(refused_keys)
{
	refused(read_file(refusals[_i].file), refusals[_i].text);
}
END_TEST

static const struct {
	const char *pem;
	const char *text;
} bad_pems[] = {
	{"", "key: pem: no line \"-----BEGIN ...-----\""},
	{"-----BEGIN PUBLIC KEY-----\nAAAA\n", "key: pem: block \"PUBLIC KEY\" does not end"},
	{"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
	 "key: pem: block \"PUBLIC KEY\" is empty"},
	{"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END CERTIFICATE-----\n",
	 "key: pem: block \"PUBLIC KEY\" ends as another one"},
	{"-----BEGIN PUBLIC KEY-----\nA?AA\n-----END PUBLIC KEY-----\n",
	 "key: pem: block \"PUBLIC KEY\": base64: invalid character at offset 1"},
	{"-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END PUBLIC KEY-----\n",
	 "key: pem: block \"PUBLIC KEY\" has header lines"},
	{"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
	 "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	 "key: pem: more than one block"},
	{"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n"
	 "-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
	 "key: block \"ENCRYPTED SIGSTORE PRIVATE KEY\" is a private key: give the public one"},
	{"-----BEGIN SSH2 PUBLIC KEY-----\nAAAA\n-----END SSH2 PUBLIC KEY-----\n",
	 "key: block \"SSH2 PUBLIC KEY\": want PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE"},
	{"-----BEGIN public key-----\nAAAA\n-----END public key-----\n",
	 "key: pem: no line \"-----BEGIN ...-----\""},
	{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	 "key: not a certificate: ASN1 parser: Error in TAG."},
	{"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	 "key: not a public key that we can use: ASN1 parser: Error in TAG."},
};

START_TEST(bad_pem_texts)
{
	refused(str_of(bad_pems[_i].pem), bad_pems[_i].text);
}
END_TEST

START_TEST(pem_is_bounded)
{
	struct str big = repeat("", "x", LIMIT_KEY_PEM_BYTES + 1, "");

	refused(big, "key: pem: more than 65536 bytes");
	repeat_free(big);
}
END_TEST

static struct str edited(struct str der, size_t at, char c)
{
	char *p = arena_dup(a, der.p, der.n);

	p[at] = c;
	return (struct str){p, der.n};
}

START_TEST(spki_must_be_the_only_encoding)
{
	struct sig_key k = load("ed25519.pub"), out;
	char longer[64] = {0};
	struct err e;

	memcpy(longer, k.spki.p, k.spki.n);
	ck_assert_int_eq(sig_key_parse_spki(a, (struct str){longer, k.spki.n + 1}, &out, &e), -1);
	ck_assert_int_eq(sig_key_parse_spki(a, k.spki, &out, &e), 0);
	ck_assert_int_eq(sig_key_parse_spki(a, (struct str){"", 0}, &out, &e), -1);
	ck_assert_str_eq(e.text, "key: no public key of 0 bytes");
}
END_TEST

/* The neutral element verifies anything under some rules. */
START_TEST(ed25519_points_of_small_order_are_refused)
{
	struct sig_key k = load("ed25519.pub"), out;
	struct str der = edited(k.spki, 12, 1);
	struct err e;

	memset((char *)der.p + 13, 0, 31);
	ck_assert_int_eq(sig_key_parse_spki(a, der, &out, &e), -1);
	ck_assert_str_eq(e.text, "key: Ed25519: not a point of the prime-order group");
}
END_TEST

/* 65537 ends the SPKI as 01 00 01: 65536 is even. */
START_TEST(rsa_exponents_must_be_odd)
{
	struct sig_key k = load("rsa2048.pub"), out;
	struct err e;

	ck_assert_int_eq(sig_key_parse_spki(a, edited(k.spki, k.spki.n - 1, 0), &out, &e), -1);
	ck_assert_str_eq(e.text, "key: RSA exponent: want an odd one above 1");
}
END_TEST

START_TEST(points_off_the_curve_are_refused_or_verify_nothing)
{
	struct sig_key k = load("p256.pub"), out;
	struct err e;

	if (sig_key_parse_spki(a, edited(k.spki, k.spki.n - 1, (char)(k.spki.p[k.spki.n - 1] ^ 1)),
			       &out, &e) == 0)
		ck_assert_int_ne(sig_verify_message(&out, SIG_SCHEMES_DEFAULT, S("x"),
						    S("\x30\x06\x02\x01\x01\x02\x01\x01"), NULL),
				 SIG_YES);
}
END_TEST

START_TEST(loading_survives_failed_allocations)
{
	struct str pem = read_file("rsa2048.pkcs1.pub");
	struct arena *small = arena_new(1 << 20);
	struct sig_key k;
	struct err e;
	size_t n;

	ck_assert_int_eq(sig_key_parse(small, pem, &k, &e), 0);
	n = arena_count(small);
	ck_assert_uint_ge(n, 3);
	for (size_t at = 1; at <= n; at++) {
		arena_reset(small);
		arena_fail_at(small, at);
		ck_assert_int_eq(sig_key_parse(small, pem, &k, &e), -1);
		ck_assert_int_eq(e.kind, ERR_LIMIT);
	}
	arena_free(small);
}
END_TEST

/* ---- names ---- */

START_TEST(fingerprints_and_hints)
{
	struct sig_key k = load("p256.pub"), other = load("other.pub");
	char buf[SIG_FINGERPRINT_BYTES], hinted[SIG_FINGERPRINT_BYTES];
	struct text t;
	struct str hint;

	text_init(&t, a, 100);
	base64_put(&t, (struct str){(const char *)k.fingerprint.bytes, SHA256_BYTES});
	ck_assert(text_done(&t, &hint));
	ck_assert(sig_key_is_hinted(&k, hint));
	ck_assert(!sig_key_is_hinted(&other, hint));
	ck_assert(!sig_key_is_hinted(&k, S("")));
	ck_assert(sig_hint_fingerprint(hint, hinted));
	ck_assert_str_eq(hinted, sig_key_fingerprint(&k, buf));
	ck_assert_uint_eq(strlen(buf), SIG_FINGERPRINT_BYTES - 1);
	ck_assert(!sig_hint_fingerprint(S("release-key"), hinted));
	ck_assert_str_eq(hinted, "");
	ck_assert(!sig_hint_fingerprint(str_sub(hint, 0, 43), hinted));
}
END_TEST

/* ---- verification beyond the vectors ---- */

START_TEST(no_scheme_accepts_nothing)
{
	struct sig_key k = load("p256.pub");
	struct sha256 d = {{0}};

	ck_assert_int_eq(sig_verify_message(&k, 0, S("x"), S("\x30\x03"), NULL), SIG_NO);
	ck_assert_int_eq(sig_verify_digest(&k, 0, &d, S("\x30\x03"), NULL), SIG_CANNOT);
}
END_TEST

START_TEST(digest_alone_says_when_it_cannot)
{
	static const struct {
		const char *file;
		unsigned schemes;
		enum sig_outcome outcome;
	} rows[] = {
		{"p256.pub", SIG_SCHEMES_DEFAULT, SIG_NO},
		{"p384.pub", SIG_SCHEMES_DEFAULT, SIG_CANNOT},
		{"p384.pub", SIG_SCHEME_SHA256, SIG_NO},
		{"p521.pub", SIG_SCHEMES_DEFAULT, SIG_CANNOT},
		{"rsa2048.pub", SIG_SCHEMES_DEFAULT, SIG_NO},
		{"ed25519.pub", SIG_SCHEMES_DEFAULT, SIG_CANNOT},
	};
	struct sha256 d = {{1}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sig_key k = load(rows[i].file);

		ck_assert_int_eq(sig_verify_digest(&k, rows[i].schemes, &d, S("not a signature"),
						   NULL),
				 rows[i].outcome);
	}
}
END_TEST

START_TEST(signatures_of_odd_sizes_are_no_signatures)
{
	static const size_t sizes[] = {0, 1, 63, 64, 65, 72, 255, 256, 257, 2048, 2049, 100000};
	struct str zeros = repeat("", "\x01", 100000, "");

	for (size_t i = 0; i < COUNT(accepted); i++) {
		struct sig_key k = load(accepted[i].file);

		for (size_t j = 0; j < COUNT(sizes); j++)
			ck_assert_int_eq(
				sig_verify_message(&k, SIG_SCHEMES_DEFAULT | SIG_SCHEME_RSA_PSS,
						   S("m"), str_sub(zeros, 0, sizes[j]), NULL),
				SIG_NO);
	}
	repeat_free(zeros);
}
END_TEST

START_TEST(names_of_algorithms_and_schemes)
{
	ck_assert_str_eq(sig_algorithm_name(SIG_ALGORITHM_NONE), "none");
	ck_assert_str_eq(sig_algorithm_name(SIG_ECDSA_P256), "ecdsa-p256");
	ck_assert_str_eq(sig_algorithm_name(SIG_ECDSA_P384), "ecdsa-p384");
	ck_assert_str_eq(sig_algorithm_name(SIG_ECDSA_P521), "ecdsa-p521");
	ck_assert_str_eq(sig_algorithm_name(SIG_RSA), "rsa");
	ck_assert_str_eq(sig_algorithm_name(SIG_ED25519), "ed25519");
	ck_assert_str_eq(sig_scheme_name(0), "none");
	ck_assert_str_eq(sig_scheme_name(SIG_SCHEME_ED25519PH), "ed25519ph");
	ck_assert_uint_eq(SIG_SCHEMES_DEFAULT & SIG_SCHEME_RSA_PSS, 0);
}
END_TEST

Suite *test_sig_key_suite(void)
{
	Suite *s = suite_create("sig_key");
	TCase *t = tcase_create("key");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, accepted_keys, 0, COUNT(accepted));
	tcase_add_test(t, one_key_has_one_fingerprint_in_every_form);
	tcase_add_loop_test(t, refused_keys, 0, COUNT(refusals));
	tcase_add_loop_test(t, bad_pem_texts, 0, COUNT(bad_pems));
	tcase_add_test(t, pem_is_bounded);
	tcase_add_test(t, spki_must_be_the_only_encoding);
	tcase_add_test(t, ed25519_points_of_small_order_are_refused);
	tcase_add_test(t, rsa_exponents_must_be_odd);
	tcase_add_test(t, points_off_the_curve_are_refused_or_verify_nothing);
	tcase_add_test(t, loading_survives_failed_allocations);
	tcase_add_test(t, fingerprints_and_hints);
	tcase_add_test(t, no_scheme_accepts_nothing);
	tcase_add_test(t, digest_alone_says_when_it_cannot);
	tcase_add_test(t, signatures_of_odd_sizes_are_no_signatures);
	tcase_add_test(t, names_of_algorithms_and_schemes);
	suite_add_tcase(s, t);
	return s;
}

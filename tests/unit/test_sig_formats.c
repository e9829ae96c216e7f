/* DSSE, statements and payloads: values and limits. Shapes that must be refused are in
 * tests/sigstore/vectors. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "sigstore/bundle.h"
#include "sigstore/simple_signing.h"
#include "sigstore/statement.h"
#include "tests/unit/repeat.h"
#include "tests/unit/sig_fault.h"

Suite *test_sig_formats_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIB ((size_t)1 << 20)
#define HEX "5e63f0bb7faff349a2d961a419d21183858d1a10ee20f134c88965d1ffcf9ec6"

/* ---- DSSE ---- */

START_TEST(pae_of_the_specification)
{
	struct str out;

	ck_assert_int_eq(dsse_pae(a, S("http://example.com/HelloWorld"), S("hello world"), &out),
			 0);
	ck_assert(str_eq(out, S("DSSEv1 29 http://example.com/HelloWorld 11 hello world")));
	ck_assert_int_eq(dsse_pae(a, S(""), S(""), &out), 0);
	ck_assert(str_eq(out, S("DSSEv1 0  0 ")));
}
END_TEST

START_TEST(sigstore_js_b5aa4f1f_pae_counts_bytes)
{
	struct str out;

	ck_assert_int_eq(dsse_pae(a, S("t\xC3\xA9"), S("\xF0\x9F\x98\x80"), &out), 0);
	ck_assert(str_eq(out, S("DSSEv1 3 t\xC3\xA9 4 \xF0\x9F\x98\x80")));
	ck_assert_int_eq(dsse_pae(a, S("t"), S("a\0b"), &out), 0);
	ck_assert(str_eq(out, S("DSSEv1 1 t 3 a\0b")));
}
END_TEST

/* ---- statements ---- */

static struct str statement(struct str subjects)
{
	struct text t;
	struct str out;

	text_init(&t, a, 16 * MIB);
	text_puts(&t, "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[");
	text_put(&t, subjects);
	text_puts(&t, "],\"predicateType\":\"p\",\"predicate\":[1],\"new\":1}");
	ck_assert(text_done(&t, &out));
	return out;
}

START_TEST(statement_values)
{
	struct sha256 d;
	struct statement s;

	ck_assert(sha256_parse(S("sha256:" HEX), &d));
	ck_assert_int_eq(statement_parse(a,
					 statement(S("{\"digest\":{\"sha1\":\"" HEX "\"}},"
						     "{\"name\":\"n\",\"digest\":{\"sha256\":\"" HEX
						     "\"},\"annotations\":{\"k\":\"v\"}}")),
					 &s, &f),
			 0);
	ck_assert_uint_eq(s.n_subjects, 2);
	ck_assert_ptr_eq(statement_find(&s, &d), &s.subjects[1]);
	ck_assert(str_eq(s.subjects[1].name, S("n")));
	ck_assert(str_eq(node_str(node_get(s.subjects[1].annotations, S("k"))), S("v")));
	ck_assert(str_eq(s.predicate_type, S("p")));
	ck_assert_uint_eq(node_len(s.predicate), 1);
	d.bytes[0] ^= 1;
	ck_assert_ptr_null(statement_find(&s, &d));
}
END_TEST

#define SUBJECT "{\"digest\":{\"sha256\":\"" HEX "\"}},"

START_TEST(cve_2024_45395_subjects_are_bounded)
{
	struct statement s;
	struct str most = repeat("", SUBJECT, 1023, "{\"digest\":{\"x\":\"y\"}}");
	struct str many = repeat("", SUBJECT, 1024, "{\"digest\":{\"x\":\"y\"}}");

	ck_assert_int_eq(statement_parse(a, statement(most), &s, &f), 0);
	ck_assert_uint_eq(s.n_subjects, LIMIT_SUBJECTS_IN_STATEMENT);
	fault_is(statement_parse(a, statement(many), &s, &f), VERIFY_SUBJECTS,
		 "statement: 1025 subjects, at most 1024");
	repeat_free(most);
	repeat_free(many);
}
END_TEST

START_TEST(digests_of_a_subject_are_bounded)
{
	struct statement s;

	for (int n = 32; n <= 33; n++) {
		struct text t;
		struct str out;
		int rc;

		text_init(&t, a, MIB);
		text_puts(&t, "{\"digest\":{\"x\":\"y\"");
		for (int i = 1; i < n; i++)
			text_printf(&t, ",\"d%d\":\"y\"", i);
		text_puts(&t, "}}");
		ck_assert(text_done(&t, &out));
		rc = statement_parse(a, statement(out), &s, &f);
		if (n == 32)
			ck_assert_int_eq(rc, 0);
		else
			fault_is(rc, VERIFY_SUBJECTS,
				 "statement: subject[0]: 33 digests, at most 32");
	}
}
END_TEST

/* ---- simple signing ---- */

START_TEST(payload_values)
{
	struct simple_signing s;
	struct str in = S("{\"critical\":{\"identity\":{\"docker-reference\":\"r/a\"},\"image\":"
			  "{\"docker-manifest-digest\":\"sha256:x\"},\"type\":\"t\",\"more\":1},"
			  "\"optional\":{\"k\":\"v\"},\"more\":1}");

	ck_assert_int_eq(simple_signing_parse(a, in, &s, &f), 0);
	ck_assert(str_eq(s.type, S("t")));
	ck_assert(str_eq(s.manifest_digest, S("sha256:x")));
	ck_assert(str_eq(s.docker_reference, S("r/a")));
	ck_assert_uint_eq(node_len(s.optional), 1);
}
END_TEST

START_TEST(payload_size_is_bounded)
{
	struct simple_signing s;
	struct str big = repeat("{", " ", LIMIT_PAYLOAD_BYTES, "}");
	struct bundle_layer layer = {S(BUNDLE_LAYER_SIG), NULL, big};
	struct bundle *b;

	fault_is(simple_signing_parse(a, big, &s, &f), VERIFY_TOO_LARGE,
		 "payload: 65538 bytes, at most 65536");
	fault_is(bundle_from_layer(a, &layer, &b, &f), VERIFY_TOO_LARGE,
		 "payload: 65538 bytes, at most 65536");
	repeat_free(big);
}
END_TEST

START_TEST(a_large_statement_fits_the_arena)
{
	struct str in =
		repeat("{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[" SUBJECT
		       "{\"digest\":{\"x\":\"y\"}}],\"predicateType\":\"p\",\"predicate\":[",
		       "{\"k\":\"0123456789\"},", 145000, "1]}");
	struct statement s;

	ck_assert_msg(statement_parse(a, in, &s, &f) == 0, "%s", f.err.text);
	repeat_free(in);
}
END_TEST

Suite *test_sig_formats_suite(void)
{
	Suite *s = suite_create("sig_formats");
	TCase *t = tcase_create("formats");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, pae_of_the_specification);
	tcase_add_test(t, sigstore_js_b5aa4f1f_pae_counts_bytes);
	tcase_add_test(t, statement_values);
	tcase_add_test(t, cve_2024_45395_subjects_are_bounded);
	tcase_add_test(t, digests_of_a_subject_are_bounded);
	tcase_add_test(t, payload_values);
	tcase_add_test(t, payload_size_is_bounded);
	tcase_add_test(t, a_large_statement_fits_the_arena);
	suite_add_tcase(s, t);
	return s;
}

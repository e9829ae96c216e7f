#include "sigstore/chain.h"
#include "tests/unit/sig_fault.h"
#include "tests/unit/sig_trust.h"

Suite *test_sig_chain_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the leaf alone ---- */

static const struct {
	const char *name;
	enum chain_purpose purpose;
	enum verify_reason reason; /* VERIFIED: fine */
	const char *text;
} leaves[] = {
	{"leaf-root", CHAIN_CODE_SIGNING, VERIFY_VERIFIED, NULL},
	{"leaf-two-purposes", CHAIN_CODE_SIGNING, VERIFY_VERIFIED, NULL},
	{"leaf-end-entity", CHAIN_CODE_SIGNING, VERIFY_VERIFIED, NULL},
	{"tsa", CHAIN_TIME_STAMPING, VERIFY_VERIFIED, NULL},
	{"leaf-root", CHAIN_NO_PURPOSE, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: no purpose is wanted"},
	{"leaf-root", CHAIN_TIME_STAMPING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: its extended key usage does not have time stamping"},
	{"leaf-no-usage", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: its key usage does not have digital signature"},
	{"leaf-other-usage", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: its key usage does not have digital signature"},
	{"leaf-no-purpose", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: no extended key usage"},
	{"leaf-any-purpose", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: its extended key usage does not have code signing"},
	{"leaf-server", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: its extended key usage does not have code signing"},
	{"tsa", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: its extended key usage does not have code signing"},
	{"leaf-bad-purpose", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_EXTENSION,
	 "certificate: malformed extended key usage"},
	{"leaf-ca", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: is a certificate authority"},
	{"leaf-extension-twice", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_EXTENSION,
	 "certificate: an extension twice"},
	{"extensions-many", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_EXTENSION,
	 "certificate: more than 128 extensions"},
	{"extensions-most", CHAIN_CODE_SIGNING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: its key usage does not have digital signature"},
	{"tsa-not-critical", CHAIN_TIME_STAMPING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: its extended key usage is not critical"},
	{"tsa-two-purposes", CHAIN_TIME_STAMPING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: its extended key usage has more than time stamping"},
	{"tsa-ca", CHAIN_TIME_STAMPING, VERIFY_CERTIFICATE_PURPOSE,
	 "certificate: is a certificate authority"},
};

START_TEST(leaves_have_their_purpose_spelled_out)
{
	struct str der = trust_certificate(a, leaves[_i].name);
	int rc = chain_check_leaf(der, leaves[_i].purpose, &f);

	if (leaves[_i].text)
		fault_is(rc, leaves[_i].reason, leaves[_i].text);
	else
		ck_assert_msg(rc == 0, "%s", f.err.text);
}
END_TEST

START_TEST(leaves_are_certificates)
{
	struct str der = trust_certificate(a, "leaf-root");

	fault_is(chain_check_leaf(S(""), CHAIN_CODE_SIGNING, &f), VERIFY_CERTIFICATE_MALFORMED,
		 "certificate: 0 bytes, want 1 to 16384");
	fault_is(chain_check_leaf(S("\x30\x00"), CHAIN_CODE_SIGNING, &f),
		 VERIFY_CERTIFICATE_MALFORMED,
		 "certificate: not a certificate: ASN1 parser: Element was not found.");
	der.n--;
	fault_is(chain_check_leaf(der, CHAIN_CODE_SIGNING, &f), VERIFY_CERTIFICATE_MALFORMED,
		 "certificate: not a certificate: ASN1 parser: Error in DER parsing.");
}
END_TEST

/* ---- chains ---- */

#define URI "https://ca.example.com"
#define NO_CHAIN "certificate: no chain to the authority \"" URI "\": "
#define MIDNIGHT 0
#define TEN_PAST (INT64_C(600) * 1000)

static const struct {
	const char *leaf;
	const char *authority;
	const char *foreign; /* NULL: none are allowed */
	int64_t after_ms;    /* TRUST_LEAF_MS */
	enum verify_reason reason;
	const char *text;   /* NULL: fine */
	const char *issuer; /* whose key signed the leaf */
} chains[] = {
	{"sct", "inter root", NULL, MIDNIGHT, VERIFY_VERIFIED, NULL, "inter"},
	{"sct", "inter root", NULL, TEN_PAST, VERIFY_VERIFIED, NULL, "inter"},
	/* the anchor need not be self-issued */
	{"sct", "inter", NULL, MIDNIGHT, VERIFY_VERIFIED, NULL, "inter"},
	{"leaf-root", "root", NULL, MIDNIGHT, VERIFY_VERIFIED, NULL, "root"},
	/* what the chain does not need does no harm */
	{"leaf-root", "inter root", NULL, MIDNIGHT, VERIFY_VERIFIED, NULL, "root"},
	{"sct", "inter-short inter-no-ca inter-other-key inter root", NULL, MIDNIGHT,
	 VERIFY_VERIFIED, NULL, "inter"},

	{"sct", "inter root", NULL, -1, VERIFY_CERTIFICATE_TIME,
	 "certificate: the certificate itself was not valid at 2024-05-31T23:59:59Z", NULL},
	{"sct", "inter root", NULL, TEN_PAST + 1, VERIFY_CERTIFICATE_TIME,
	 "certificate: the certificate itself was not valid at 2024-06-01T00:10:00Z", NULL},
	{"sct", "inter-short root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_TIME,
	 "certificate: an intermediate certificate was not valid at 2024-06-01T00:00:00Z", NULL},
	{"sct", "inter root-short", NULL, MIDNIGHT, VERIFY_CERTIFICATE_TIME,
	 "certificate: the certificate of the authority was not valid at 2024-06-01T00:00:00Z",
	 NULL},
	{"sct", "inter-short", NULL, MIDNIGHT, VERIFY_CERTIFICATE_TIME,
	 "certificate: the certificate of the authority was not valid at 2024-06-01T00:00:00Z",
	 NULL},

	{"sct", "root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN, NO_CHAIN "no issuer", NULL},
	/* the same names, another key */
	{"sct", "inter stranger", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "the constraints of an issuer, or its kind of key", NULL},
	{"leaf-forged", "inter root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "a signature that its issuer did not make", NULL},
	{"leaf-stranger", "inter root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "the constraints of an issuer, or its kind of key", NULL},
	{"sct", "inter-server root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "an issuer for other purposes", NULL},
	{"leaf-server", "inter root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "an issuer for other purposes", NULL},
	{"sct", "inter-no-ca root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN, NO_CHAIN "no issuer",
	 NULL},
	{"sct", "inter-no-ca", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "its issuer is no certificate authority", NULL},
	{"leaf-below", "below inter root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "the constraints of an issuer, or its kind of key", NULL},
	{"leaf-sha1", "inter root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "an insecure algorithm", NULL},
	{"leaf-small", "small root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "an insecure algorithm", NULL},
	{"leaf-critical", "inter root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "an unknown critical extension", NULL},
	{"leaf-loop", "loop-a loop-b root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "no issuer", NULL},
	/* an anchor is nobody's signer */
	{"root", "root", NULL, MIDNIGHT, VERIFY_CERTIFICATE_CHAIN, NO_CHAIN "no issuer", NULL},
	/* of no chain at all, time is not what is wrong */
	{"leaf-forged", "inter-short root", NULL, TEN_PAST + 1, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "a signature that its issuer did not make", NULL},

	/* certificates that came with the signature */
	{"sct", "root", "inter", MIDNIGHT, VERIFY_VERIFIED, NULL, "inter"},
	{"sct", "root", "root stranger inter-short loop-a inter-other-key inter", MIDNIGHT,
	 VERIFY_VERIFIED, NULL, "inter"},
	{"sct", "stranger", "inter root", MIDNIGHT, VERIFY_CERTIFICATE_CHAIN,
	 NO_CHAIN "the constraints of an issuer, or its kind of key", NULL},
	{"sct", "root", "inter-no-ca", MIDNIGHT, VERIFY_CERTIFICATE_CHAIN, NO_CHAIN "no issuer",
	 NULL},
	{"sct", "root", "inter-short", MIDNIGHT, VERIFY_CERTIFICATE_TIME,
	 "certificate: an intermediate certificate was not valid at 2024-06-01T00:00:00Z", NULL},
	{"leaf-small", "root", "small", MIDNIGHT, VERIFY_CERTIFICATE_CHAIN, NO_CHAIN "no issuer",
	 NULL},
	/* nothing is verified with a key that takes seconds */
	{"sct", "root", "slow", MIDNIGHT, VERIFY_CERTIFICATE_CHAIN, NO_CHAIN "no issuer", NULL},
	/* the eighth is the last that is looked at */
	{"sct", "root", "small small small small small small small inter", MIDNIGHT,
	 VERIFY_VERIFIED, NULL, "inter"},
	{"sct", "root", "small small small small small small small small inter", MIDNIGHT,
	 VERIFY_CERTIFICATE_CHAIN, NO_CHAIN "no issuer", NULL},
};

static int verify(size_t i, struct str *spki)
{
	bool foreign = chains[i].foreign != NULL;
	struct trusted_authority t = trust_authority(a, chains[i].authority, foreign);
	struct str more[16], rest = str_of(chains[i].foreign), name;
	struct chain_leaf leaf = {trust_certificate(a, chains[i].leaf), more, 0};

	while (rest.n > 0) {
		if (!str_cut(rest, ' ', &name, &rest)) {
			name = rest;
			rest.n = 0;
		}
		more[leaf.n_intermediates++] = trust_certificate(a, arena_dup(a, name.p, name.n));
	}
	t.uri = S(URI);
	return chain_verify_at(a, &leaf, &t, CHAIN_CODE_SIGNING, TRUST_LEAF_MS + chains[i].after_ms,
			       spki, &f);
}

/* Is it the key of the certificate with this name? The tests' certificates hold it once. */
static bool is_key_of(struct str spki, const char *name)
{
	struct str der = trust_certificate(a, name);

	return spki.n > 30 && memmem(der.p, der.n, spki.p, spki.n) != NULL;
}

START_TEST(chains_lead_to_their_anchor)
{
	struct str spki = {NULL, 0};
	int rc = verify((size_t)_i, &spki);

	if (chains[_i].text) {
		fault_is(rc, chains[_i].reason, chains[_i].text);
		ck_assert_ptr_null(spki.p);
		return;
	}
	ck_assert_msg(rc == 0, "%s", f.err.text);
	ck_assert(is_key_of(spki, chains[_i].issuer));
}
END_TEST

START_TEST(foreign_certificates_count_where_they_are_allowed)
{
	struct trusted_authority t = trust_authority(a, "root", false);
	struct str inter = trust_certificate(a, "inter");
	struct chain_leaf leaf = {trust_certificate(a, "sct"), &inter, 1};

	fault_is(chain_verify_at(a, &leaf, &t, CHAIN_CODE_SIGNING, TRUST_LEAF_MS, NULL, &f),
		 VERIFY_CERTIFICATE_CHAIN,
		 "certificate: no chain to the authority of the policy: no issuer");
	t.foreign_intermediates = true;
	ck_assert_int_eq(chain_verify_at(a, &leaf, &t, CHAIN_CODE_SIGNING, TRUST_LEAF_MS, NULL, &f),
			 0);
}
END_TEST

START_TEST(authorities_have_a_window)
{
	struct trusted_authority t = trust_authority(a, "inter root", false);
	struct chain_leaf leaf = {trust_certificate(a, "sct"), NULL, 0};

	t.window = (struct trusted_window){TRUST_LEAF_MS, TRUST_LEAF_MS};
	ck_assert_int_eq(chain_verify_at(a, &leaf, &t, CHAIN_CODE_SIGNING, TRUST_LEAF_MS, NULL, &f),
			 0);
	fault_is(chain_verify_at(a, &leaf, &t, CHAIN_CODE_SIGNING, TRUST_LEAF_MS + 1, NULL, &f),
		 VERIFY_CERTIFICATE_TIME,
		 "certificate: the authority, says the trusted root, was not valid at "
		 "2024-06-01T00:00:00Z");
	t.window = (struct trusted_window){TRUST_LEAF_MS + 1, INT64_MAX};
	fault_is(chain_verify_at(a, &leaf, &t, CHAIN_CODE_SIGNING, TRUST_LEAF_MS, NULL, &f),
		 VERIFY_CERTIFICATE_TIME,
		 "certificate: the authority, says the trusted root, was not valid at "
		 "2024-06-01T00:00:00Z");
}
END_TEST

START_TEST(timestamp_authorities)
{
	struct trusted_authority t = trust_authority(a, "tsa root", false);
	struct chain_leaf leaf = {trust_certificate(a, "tsa"), NULL, 0};
	struct str spki;

	ck_assert_int_eq(chain_verify_at(a, &leaf, &t, CHAIN_TIME_STAMPING, TRUST_LEAF_MS, &spki,
					 &f),
			 0);
	ck_assert(is_key_of(spki, "root"));
	t = trust_authority(a, "root", false);
	ck_assert_int_eq(chain_verify_at(a, &leaf, &t, CHAIN_TIME_STAMPING, TRUST_LEAF_MS, &spki,
					 &f),
			 0);
	fault_is(chain_verify_at(a, &leaf, &t, CHAIN_CODE_SIGNING, TRUST_LEAF_MS, NULL, &f),
		 VERIFY_CERTIFICATE_CHAIN,
		 "certificate: no chain to the authority of the policy: an issuer for other "
		 "purposes");
	fault_is(chain_verify_at(a, &leaf, &t, CHAIN_NO_PURPOSE, TRUST_LEAF_MS, NULL, &f),
		 VERIFY_CERTIFICATE_PURPOSE, "certificate: no purpose is wanted");
	/* under an intermediate for code signing */
	t = trust_authority(a, "inter root", false);
	leaf.der = trust_certificate(a, "sct");
	fault_is(chain_verify_at(a, &leaf, &t, CHAIN_TIME_STAMPING, TRUST_LEAF_MS, NULL, &f),
		 VERIFY_CERTIFICATE_CHAIN,
		 "certificate: no chain to the authority of the policy: an issuer for other "
		 "purposes");
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	struct trusted_authority t = trust_authority(a, "root", true);
	struct str inter = trust_certificate(a, "inter"), spki;
	struct chain_leaf leaf = {trust_certificate(a, "sct"), &inter, 1};
	size_t n = 0;
	int rc;

	do {
		struct arena *small = arena_new(1 << 20);

		arena_fail_at(small, ++n);
		rc = chain_verify_at(small, &leaf, &t, CHAIN_CODE_SIGNING, TRUST_LEAF_MS, &spki,
				     &f);
		ck_assert_int_eq(rc == 0, !arena_exhausted(small));
		if (rc < 0)
			ck_assert_str_eq(verify_reason_name(f.reason), "no_room");
		arena_free(small);
	} while (rc < 0);
	ck_assert_uint_ge(n, 3);
}
END_TEST

/* ---- PEM ---- */

START_TEST(chains_of_annotations)
{
	struct str out[LIMIT_CHAIN];
	size_t n = 7;

	ck_assert_int_eq(chain_parse_pem(a, S(""), out, &n, &f), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(chain_parse_pem(a, S(" \n"), out, &n, &f), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(chain_parse_pem(a, trust_pem(a, "inter root"), out, &n, &f), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert(str_eq(out[0], trust_certificate(a, "inter")));
	ck_assert(str_eq(out[1], trust_certificate(a, "root")));
	n = 7;
	ck_assert_int_eq(chain_parse_pem(a, trust_pem(a, "root root root root root root root"), out,
					 &n, &f),
			 0);
	ck_assert_uint_eq(n, 7);
	fault_is(chain_parse_pem(a, trust_pem(a, "root root root root root root root root"), out,
				 &n, &f),
		 VERIFY_CHAIN_TOO_LONG, "certificates: more than 7");
	fault_is(chain_parse_pem(a, S("AAAA"), out, &n, &f), VERIFY_CERTIFICATE_MALFORMED,
		 "certificates: no line \"-----BEGIN CERTIFICATE-----\"");
	fault_is(chain_parse_pem(a,
				 S("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"),
				 out, &n, &f),
		 VERIFY_CERTIFICATE_MALFORMED,
		 "certificates[0]: not a certificate: ASN1 parser: Element was not found.");
	fault_is(chain_parse_pem(a, trust_pem(a, "leaf-extension-twice"), out, &n, &f),
		 VERIFY_CERTIFICATE_EXTENSION, "certificates[0]: an extension twice");
}
END_TEST

Suite *test_sig_chain_suite(void)
{
	Suite *s = suite_create("sig_chain");
	TCase *c = tcase_create("sig_chain");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, leaves_have_their_purpose_spelled_out, 0, (int)COUNT(leaves));
	tcase_add_test(c, leaves_are_certificates);
	tcase_add_loop_test(c, chains_lead_to_their_anchor, 0, (int)COUNT(chains));
	tcase_add_test(c, foreign_certificates_count_where_they_are_allowed);
	tcase_add_test(c, authorities_have_a_window);
	tcase_add_test(c, timestamp_authorities);
	tcase_add_test(c, every_allocation_may_fail);
	tcase_add_test(c, chains_of_annotations);
	suite_add_tcase(s, c);
	return s;
}

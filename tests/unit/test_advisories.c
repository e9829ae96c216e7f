/* What went wrong in other verifiers, replayed against this one: forged content of signatures. Each test
 * is named after its advisory, and shows too that the same content without the forgery verifies.
 * docs/advisories.md lists them all. */
#include "core/text.h"
#include "tests/unit/advisory_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LOG "verificationMaterial.tlogEntries"

struct refusal {
	const char *forged;
	enum verify_reason reason;
	const char *why;
};

/* ---- who says what ---- */

/* An attestation of the asked type by somebody else, and one of ours of another type, are not one of ours
 * of the asked type. */
static void asks_for_provenance(const struct evidence_want *provenance)
{
	const struct forged_bundle ours = {.statement = statement_of(subject_of(image), SPDX)};
	const struct forged_bundle theirs = {.key = 1,
					     .statement = statement_of(subject_of(image), SLSA)};
	const struct forged_bundle good = {.statement = statement_of(subject_of(image), SLSA)};
	struct evidence e;

	put_bundle(&ours);
	e = answer_to(provenance);
	expect(&e, VERIFY_STATE_UNSIGNED, "a statement of type \"" SPDX "\", want \"" SLSA "\"");
	put_bundle(&theirs);
	e = answer_to(provenance);
	ck_assert_int_eq(e.reason, VERIFY_KEY_UNKNOWN);
	put_bundle(&good);
	e = answer_to(provenance);
	expect(&e, VERIFY_STATE_VERIFIED, "");
}

START_TEST(cve_2022_35929_attestation_of_another_type_is_not_the_asked_one)
{
	struct evidence_want provenance = want;
	struct err e;

	provenance.demand.want = SIG_WANT_ATTESTATION;
	provenance.demand.predicate_type = S(SLSA);
	ck_assert_int_eq(evidence_want_seal(&provenance, &e), 0);
	asks_for_provenance(&provenance);
}
END_TEST

START_TEST(cve_2022_35930_attestation_is_not_the_signature_that_a_policy_asks_for)
{
	const struct forged_bundle spdx = {.statement = statement_of(subject_of(image), SPDX)};

	bundle_refused(&spdx, VERIFY_PREDICATE_TYPE,
		       "a statement of type \"" SPDX "\", want \"" COSIGN_SIGN "\"");
	/* The annotations are a hint of whoever pushed it: they do not make it a signature. */
	put_bundle(&spdx);
	put_bundle(&(struct forged_bundle){.key = 1});
	struct evidence e = answer_to(&want);
	ck_assert_int_eq(e.reason, VERIFY_KEY_UNKNOWN);
	clean();
	bundle_verified(&(struct forged_bundle){.key = 0});
}
END_TEST

/* A check of the type that cannot be made is no check that passed. */
START_TEST(cve_2026_39395_a_type_that_cannot_be_read_is_not_the_right_one)
{
	static const struct refusal rows[] = {
		{"", VERIFY_STATEMENT, "statement: predicateType: missing"},
		{",\"predicateType\":null", VERIFY_STATEMENT, "statement: predicateType: missing"},
		{",\"predicateType\":\"\"", VERIFY_STATEMENT, "statement: predicateType: missing"},
		{",\"predicateType\":[\"" COSIGN_SIGN "\"]", VERIFY_STATEMENT,
		 "statement: predicateType: missing"},
		{",\"predicatetype\":\"" COSIGN_SIGN "\"", VERIFY_STATEMENT,
		 "statement: predicateType: missing"},
		{",\"predicateType\":\"" COSIGN_SIGN "/\"", VERIFY_PREDICATE_TYPE,
		 "a statement of type \"" COSIGN_SIGN "/\", want \"" COSIGN_SIGN "\""},
		{",\"predicateType\":\"" COSIGN_SIGN "\",\"predicateType\":\"x\"", VERIFY_JSON,
		 NULL},
		{",\"predicateType\":\"" COSIGN_SIGN "\"", VERIFY_VERIFIED, ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *text = fake_text(f,
					     "{\"_type\":\"https://in-toto.io/Statement/v1\","
					     "\"subject\":[%s]%s}",
					     subject_of(image), rows[i].forged);
		put_bundle(&(struct forged_bundle){.statement = text});
		struct evidence e = answer_to(&want);
		ck_assert_msg(e.reason == rows[i].reason, "%zu: %.*s", i, STR_ARG(e.why));
		if (rows[i].why)
			ck_assert_msg(str_eq(e.why, str_of(rows[i].why)), "%.*s", STR_ARG(e.why));
		clean();
	}
}
END_TEST

/* Nothing begins as "yes", and no failure becomes one. */
START_TEST(cve_2026_39395_nothing_is_verified_until_all_of_it_was)
{
	const struct verify_result zero = {0};
	const struct sig_fault says_yes = {.reason = VERIFY_VERIFIED};
	struct verify_result r;

	ck_assert_int_eq(zero.state, VERIFY_STATE_UNAVAILABLE);
	ck_assert_int_eq(zero.reason, VERIFY_NOT_VERIFIED);
	verify_rejected(&says_yes, &r);
	ck_assert_int_eq(r.state, VERIFY_STATE_UNAVAILABLE);
	ck_assert_int_eq(r.reason, VERIFY_NOT_VERIFIED);
}
END_TEST

/* ---- of what ---- */

START_TEST(sigstore_go_618325f_nothing_to_compare_is_not_equal)
{
	static const struct refusal rows[] = {
		{"[]", VERIFY_SUBJECT, "statement: no subject"},
		{"null", VERIFY_SUBJECT, "statement: no subject"},
		{"{}", VERIFY_SUBJECT, "statement: no subject"},
		{"[{}]", VERIFY_SUBJECT, "statement: subject[0]: no digest"},
		{"[{\"digest\":{}}]", VERIFY_SUBJECT, "statement: subject[0]: no digest"},
		{"[{\"digest\":{\"sha1\":\"00\"}}]", VERIFY_DIGEST, NULL},
		{"[{\"digest\":{\"sha256\":\"\"}}]", VERIFY_DIGEST, NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *text =
			fake_text(f,
				  "{\"_type\":\"https://in-toto.io/Statement/v1\","
				  "\"subject\":%s,\"predicateType\":\"" COSIGN_SIGN "\"}",
				  rows[i].forged);
		put_bundle(&(struct forged_bundle){.statement = text});
		struct evidence e = answer_to(&want);
		ck_assert_msg(e.reason == rows[i].reason, "%zu: %.*s", i, STR_ARG(e.why));
		ck_assert_int_ne(e.state, VERIFY_STATE_VERIFIED);
		if (rows[i].why)
			ck_assert_msg(str_eq(e.why, str_of(rows[i].why)), "%.*s", STR_ARG(e.why));
		clean();
	}
	bundle_verified(&(struct forged_bundle){.key = 0});
}
END_TEST

/* No key is nobody, and nobody has not signed. */
START_TEST(sigstore_go_618325f_no_key_and_no_authority_accept_nothing)
{
	struct sig_authority keyless = {.schemes = SIG_SCHEMES_DEFAULT};
	struct evidence_want nobody = {.authorities = &keyless, .n_authorities = 1, .enough = 1};
	struct err err;

	put_bundle(&(struct forged_bundle){.key = 0});
	ck_assert_int_eq(evidence_want_seal(&nobody, &err), 0);
	struct evidence e = answer_to(&nobody);
	expect(&e, VERIFY_STATE_UNAVAILABLE, "authority: neither a key nor an identity");
	nobody.enough = 0;
	ck_assert_int_eq(evidence_want_seal(&nobody, &err), 0);
	e = answer_to(&nobody);
	ck_assert_int_eq(e.state, VERIFY_STATE_UNAVAILABLE);
	nobody.n_authorities = 0;
	ck_assert_int_eq(evidence_want_seal(&nobody, &err), 0);
	e = answer_to(&nobody);
	expect(&e, VERIFY_STATE_UNAVAILABLE, "nothing was verified");
	verified();
}
END_TEST

/* The forged lengths are those of UTF-16: a multi-byte text would be split elsewhere. */
START_TEST(sigstore_js_b5aa4f1f_pae_in_bytes)
{
	const char *text = fake_text(f,
				     "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":["
				     "%s],\"predicateType\":\"" COSIGN_SIGN "\",\"predicate\":{"
				     "\"note\":\"\xC5\xBC\xC3\xB3\xC5\x82w \xF0\x9F\x90\xA2\"}}",
				     subject_of(image));
	/* 2 bytes and 1 unit for each of three letters, 4 bytes and 2 units for the turtle. */
	const char *units = fake_text(f, "DSSEv1 28 " IN_TOTO " %zu %s", strlen(text) - 5, text);
	const char *points = fake_text(f, "DSSEv1 28 " IN_TOTO " %zu %s", strlen(text) - 6, text);
	const char *bytes = fake_text(f, "DSSEv1 28 " IN_TOTO " %zu %s", strlen(text), text);
	struct forged_bundle b = {.statement = text, .signed_bytes = units};
	const char *why = "names our key, and is not its signature of this content";

	bundle_refused(&b, VERIFY_SIGNATURE_WRONG, why);
	b.signed_bytes = points;
	bundle_refused(&b, VERIFY_SIGNATURE_WRONG, why);
	b.signed_bytes = text;
	bundle_refused(&b, VERIFY_SIGNATURE_WRONG, why);
	b.signed_bytes = bytes;
	bundle_verified(&b);
}
END_TEST

START_TEST(sigstore_go_4594ab4_a_key_counts_within_its_window_only)
{
	const int64_t now = clock_unix_s(&clock_system);
	const struct {
		int64_t from, until;
		enum verify_reason reason;
	} rows[] = {
		{now - 200, now - 100, VERIFY_KEY_OUTSIDE_WINDOW},
		{0, now - 100, VERIFY_KEY_OUTSIDE_WINDOW},
		{now + 3600, 0, VERIFY_KEY_OUTSIDE_WINDOW},
		{now + 3600, now + 7200, VERIFY_KEY_OUTSIDE_WINDOW},
		{now - 100, now + 3600, VERIFY_VERIFIED},
		{0, 0, VERIFY_VERIFIED},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct evidence_want w;
		keys[0].authority_key.valid_from_unix_s = rows[i].from;
		keys[0].authority_key.valid_until_unix_s = rows[i].until;
		fake_want(f, &w, keys, 1, 1);
		for (int legacy = 0; legacy < 2; legacy++) {
			if (legacy)
				put_layers(layer_text(&(struct forged_layer){.key = 0}));
			else
				put_bundle(&(struct forged_bundle){.key = 0});
			struct evidence e = answer_to(&w);
			ck_assert_msg(e.reason == rows[i].reason, "%zu: %s", i,
				      verify_reason_name(e.reason));
			clean();
		}
	}
}
END_TEST

/* ---- malformed content that crashed others ---- */

static void logs_refused(const char *media_type, const struct refusal *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct forged_bundle b = {
			.media_type = media_type,
			.material = fake_text(f, "\"tlogEntries\":[%s]", rows[i].forged),
		};
		bundle_refused(&b, rows[i].reason, rows[i].why);
	}
	bundle_verified(&(struct forged_bundle){
		.media_type = media_type,
		.material = fake_text(f, "\"tlogEntries\":[%s]", log_entry(7)),
	});
}

START_TEST(cosign_4648_malformed_log_entries_are_refused)
{
	static const struct refusal rows[] = {
		{"null", VERIFY_FIELD_TYPE, LOG "[0]: got null, want map"},
		{"[]", VERIFY_FIELD_TYPE, LOG "[0]: got list, want map"},
		{"{}", VERIFY_LOG_PROMISE_MISSING,
		 LOG ": no inclusion promise, which version 0.1 demands"},
		{"{\"inclusionPromise\":null}", VERIFY_FIELD_TYPE,
		 LOG ".inclusionPromise: got null, want map"},
		{"{\"inclusionPromise\":{}}", VERIFY_LOG_PROMISE_MISSING,
		 LOG ": no inclusion promise, which version 0.1 demands"},
		{"{\"logId\":null}", VERIFY_FIELD_TYPE, LOG ".logId: got null, want map"},
		{"{\"kindVersion\":null}", VERIFY_FIELD_TYPE,
		 LOG ".kindVersion: got null, want map"},
	};

	logs_refused("application/vnd.dev.sigstore.bundle+json;version=0.1", rows, COUNT(rows));
}
END_TEST

START_TEST(cosign_4653_log_entries_without_a_proof_are_refused)
{
	static const struct refusal rows[] = {
		{"{}", VERIFY_LOG_PROOF_MISSING, LOG ": no inclusion proof"},
		{"{\"inclusionProof\":null}", VERIFY_FIELD_TYPE,
		 LOG ".inclusionProof: got null, want map"},
		{"{\"inclusionProof\":{}}", VERIFY_LOG_CHECKPOINT_MISSING,
		 LOG ".inclusionProof.checkpoint: missing"},
		{"{\"inclusionProof\":{\"checkpoint\":null}}", VERIFY_FIELD_TYPE,
		 LOG ".inclusionProof.checkpoint: got null, want map"},
		{"{\"inclusionProof\":{\"hashes\":[null]}}", VERIFY_FIELD_TYPE,
		 LOG ".inclusionProof.hashes[0]: got null, want string"},
		{"{\"inclusionProof\":{\"hashes\":[\"AAAA\"]}}", VERIFY_LOG_PROOF_HASHES,
		 LOG ".inclusionProof.hashes[0]: 3 bytes, want 32"},
	};

	logs_refused(NULL, rows, COUNT(rows));
}
END_TEST

START_TEST(cosign_4649_a_payload_that_is_no_statement_is_refused)
{
	static const struct refusal rows[] = {
		{"[]", VERIFY_FIELD_TYPE, "statement: got list, want map"},
		{"null", VERIFY_FIELD_TYPE, "statement: got null, want map"},
		{"7", VERIFY_FIELD_TYPE, "statement: got integer, want map"},
		{"\"{}\"", VERIFY_FIELD_TYPE, "statement: got string, want map"},
		{"", VERIFY_JSON, "statement: not valid JSON: empty"},
		{"{}", VERIFY_STATEMENT, "statement: _type: missing"},
		{"{\"_type\":null}", VERIFY_STATEMENT, "statement: _type: missing"},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		bundle_refused(&(struct forged_bundle){.statement = rows[i].forged}, rows[i].reason,
			       rows[i].why);
	bundle_verified(&(struct forged_bundle){.key = 0});
}
END_TEST

START_TEST(cosign_4651_claims_of_another_shape_are_refused)
{
	static const struct refusal rows[] = {
		{"\"x\"", VERIFY_FIELD_TYPE, "payload: got string, want map"},
		{"null", VERIFY_FIELD_TYPE, "payload: got null, want map"},
		{"{}", VERIFY_CLAIMS, "payload: critical: missing"},
		{"{\"critical\":null}", VERIFY_CLAIMS, "payload: critical: not a map"},
		{"{\"critical\":\"x\"}", VERIFY_CLAIMS, "payload: critical: not a map"},
		{"{\"critical\":{\"type\":7}}", VERIFY_CLAIMS,
		 "payload: critical.type: not a string"},
		{"{\"critical\":{\"type\":\"t\",\"image\":null}}", VERIFY_CLAIMS,
		 "payload: critical.image: not a map"},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		layer_refused(&(struct forged_layer){.payload = rows[i].forged}, rows[i].reason,
			      rows[i].why);
	layer_refused(&(struct forged_layer){.payload = payload_of("[]")}, VERIFY_CLAIMS,
		      "payload: optional: not a map");
	layer_verified(&(struct forged_layer){.payload = payload_of("{}")});
}
END_TEST

START_TEST(cosign_4652_a_log_body_that_is_no_string_is_refused)
{
	static const struct refusal rows[] = {
		{"null", VERIFY_FIELD_TYPE,
		 "dev.sigstore.cosign/bundle.Payload.body: got null, want string"},
		{"7", VERIFY_FIELD_TYPE,
		 "dev.sigstore.cosign/bundle.Payload.body: got integer, want string"},
		{"{}", VERIFY_FIELD_TYPE,
		 "dev.sigstore.cosign/bundle.Payload.body: got map, want string"},
		{"[\"e30=\"]", VERIFY_FIELD_TYPE,
		 "dev.sigstore.cosign/bundle.Payload.body: got list, want string"},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		layer_refused(&(struct forged_layer){.annotations = log_annotation(rows[i].forged)},
			      rows[i].reason, rows[i].why);
	layer_verified(&(struct forged_layer){.annotations = log_annotation("\"e30=\"")});
}
END_TEST

/* A null among the subjects, before and after the right one. */
START_TEST(cosign_5016_a_null_subject_is_refused)
{
	const char *right = subject_of(image);
	struct forged_bundle b = {
		.statement = statement_of(fake_text(f, "null,%s", right), COSIGN_SIGN)};

	bundle_refused(&b, VERIFY_SUBJECT, "statement: subject[0]: not a map");
	b.statement = statement_of(fake_text(f, "%s,null", right), COSIGN_SIGN);
	bundle_refused(&b, VERIFY_SUBJECT, "statement: subject[1]: not a map");
	b.statement = statement_of(fake_text(f, "{\"digest\":null},%s", right), COSIGN_SIGN);
	bundle_refused(&b, VERIFY_SUBJECT, "statement: subject[0]: no digest");
	b.statement = statement_of(fake_text(f, "%s,%s", subject_of(fake_digest(f, 2)), right),
				   COSIGN_SIGN);
	bundle_verified(&b);
}
END_TEST

Suite *test_advisories_suite(void);
Suite *test_advisories_suite(void)
{
	Suite *s = suite_create("advisories");
	TCase *t = tcase_create("advisories");

	tcase_add_checked_fixture(t, advisory_setup, advisory_teardown);
	tcase_add_test(t, cve_2022_35929_attestation_of_another_type_is_not_the_asked_one);
	tcase_add_test(t, cve_2022_35930_attestation_is_not_the_signature_that_a_policy_asks_for);
	tcase_add_test(t, cve_2026_39395_a_type_that_cannot_be_read_is_not_the_right_one);
	tcase_add_test(t, cve_2026_39395_nothing_is_verified_until_all_of_it_was);
	tcase_add_test(t, sigstore_go_618325f_nothing_to_compare_is_not_equal);
	tcase_add_test(t, sigstore_go_618325f_no_key_and_no_authority_accept_nothing);
	tcase_add_test(t, sigstore_js_b5aa4f1f_pae_in_bytes);
	tcase_add_test(t, sigstore_go_4594ab4_a_key_counts_within_its_window_only);
	tcase_add_test(t, cosign_4648_malformed_log_entries_are_refused);
	tcase_add_test(t, cosign_4653_log_entries_without_a_proof_are_refused);
	tcase_add_test(t, cosign_4649_a_payload_that_is_no_statement_is_refused);
	tcase_add_test(t, cosign_4651_claims_of_another_shape_are_refused);
	tcase_add_test(t, cosign_4652_a_log_body_that_is_no_string_is_refused);
	tcase_add_test(t, cosign_5016_a_null_subject_is_refused);
	suite_add_tcase(s, t);
	return s;
}

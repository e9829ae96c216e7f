/* What went wrong in other verifiers with transparency logs and their entries, as far as signatures by key go:
 * an entry that nobody verified neither helps a signature nor satisfies who demands one. And the leniencies of
 * other parsers, in parts of a bundle that no key needs. docs/advisories.md lists them all. */
#include "tests/unit/advisory_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define RAW "verificationMaterial"
#define LOG RAW ".tlogEntries"
#define DEMAND                                                                                     \
	"authority: an identity, a transparency log or a timestamp is demanded, and no "           \
	"trusted root is given"

/* keys[0] with so many verified log entries or timestamps. */
static struct evidence_want demanding(unsigned logs, unsigned times)
{
	struct evidence_want w;

	keys[0].authority.log_threshold = logs;
	keys[0].authority.time_threshold = times;
	fake_want(f, &w, keys, 1, 1);
	return w;
}

static void not_for_who_demands(unsigned logs, unsigned times)
{
	const struct evidence_want w = demanding(logs, times);
	struct evidence e = answer_to(&w);

	expect(&e, VERIFY_STATE_UNAVAILABLE, DEMAND);
	ck_assert_int_eq(e.reason, VERIFY_NOT_SUPPORTED);
}

/* The entry of any other signature, moved here. */
START_TEST(cve_2022_23649_a_log_entry_of_something_else_counts_for_nothing)
{
	const struct forged_layer theirs = {.key = 1, .annotations = log_annotation("\"e30=\"")};
	const struct forged_layer ours = {.key = 0, .annotations = log_annotation("\"e30=\"")};

	layer_refused(&theirs, VERIFY_KEY_FITS_NONE, "names no key, and fits none of ours");
	put_layers(layer_text(&ours));
	not_for_who_demands(1, 0);
	verified();
}
END_TEST

/* A log entry and a certificate beside a signature, bound to neither: no key is tried on it. */
START_TEST(cve_2022_36056_a_certificate_and_a_log_entry_prove_nothing)
{
	const char *der = certificate_base64();
	struct forged_bundle b = {
		.identity = fake_text(f, "\"certificate\":{\"rawBytes\":\"%s\"}", der),
		.material = fake_text(f, "\"tlogEntries\":[%s]", log_entry(7)),
	};

	bundle_refused(&b, VERIFY_CERTIFICATE, "made by the holder of a certificate, not of a key");
	put_bundle(&b);
	not_for_who_demands(1, 0);
	b.identity = fake_text(f, "\"certificate\":{\"rawBytes\":\"%s\"},\"publicKey\":{}", der);
	clean();
	bundle_refused(&b, VERIFY_MATERIAL,
		       RAW ": 2 of publicKey, certificate and x509CertificateChain, want 1");
	b.identity = NULL;
	bundle_verified(&b);
}
END_TEST

/* Every format, and with timestamps too: one function judges them all. */
START_TEST(cve_2026_22703_no_format_satisfies_a_demand_with_an_entry_nobody_verified)
{
	static const char *const formats[] = {
		"application/vnd.dev.sigstore.bundle+json;version=0.1",
		"application/vnd.dev.sigstore.bundle+json;version=0.2",
		"application/vnd.dev.sigstore.bundle+json;version=0.3",
		"application/vnd.dev.sigstore.bundle.v0.3+json",
	};
	const char *entries = fake_text(f,
					"\"tlogEntries\":[%s],\"timestampVerificationData\":{"
					"\"rfc3161Timestamps\":[{\"signedTimestamp\":\"AAAA\"}]}",
					log_entry(7));

	for (size_t i = 0; i < COUNT(formats); i++) {
		struct forged_bundle b = {.media_type = formats[i], .material = entries};

		put_bundle(&b);
		not_for_who_demands(1, 0);
		not_for_who_demands(0, 1);
		verified();
		b.key = 1;
		put_bundle(&b);
		struct evidence e = answer_to(&want);
		ck_assert_int_eq(e.reason, VERIFY_KEY_UNKNOWN);
		clean();
	}
}
END_TEST

/* An authority that cannot be satisfied does not keep another one from being. */
START_TEST(cve_2026_22703_a_demand_is_not_met_by_the_signature_of_another_authority)
{
	struct evidence_want both;

	keys[0].authority.log_threshold = 1;
	fake_want(f, &both, keys, 2, 2);
	put_layers(fake_text(f, "%s,%s",
			     layer_text(&(struct forged_layer){.annotations =
								       log_annotation("\"e30=\"")}),
			     layer_text(&(struct forged_layer){.key = 1})));
	struct evidence e = answer_to(&both);
	expect(&e, VERIFY_STATE_UNAVAILABLE, DEMAND);
	fake_want(f, &both, keys, 2, 1);
	e = answer_to(&both);
	expect(&e, VERIFY_STATE_VERIFIED, "");
	keys[0].authority.log_threshold = 0;
	fake_want(f, &both, keys, 2, 2);
	e = answer_to(&both);
	expect(&e, VERIFY_STATE_VERIFIED, "");
}
END_TEST

/* ---- leniencies; spec: sigstore section 12 ---- */

/* An entry with one field replaced, which comes twice, or is of another form. */
static const char *entry_with(const char *field, const char *value)
{
	const char *entry = log_entry(7), *at = strstr(entry, fake_text(f, "\"%s\":", field));

	ck_assert_ptr_nonnull(at);
	const char *old = at + strlen(field) + 3, *end = strpbrk(old + 1, ",}");
	return fake_text(f, "\"tlogEntries\":[%.*s%s%s]", (int)(old - entry), entry, value, end);
}

START_TEST(lenient_parsers_count_an_entry_twice)
{
	const char *twice = fake_text(f, "\"tlogEntries\":[%s,%s]", log_entry(7), log_entry(7));
	const char *others = fake_text(f, "\"tlogEntries\":[%s,%s]", log_entry(7), log_entry(8));

	bundle_refused(&(struct forged_bundle){.material = twice}, VERIFY_LOG_ENTRY_TWICE,
		       LOG "[1]: the same as [0]");
	bundle_verified(&(struct forged_bundle){.material = others});
}
END_TEST

START_TEST(lenient_parsers_skip_white_space_in_base64)
{
	static const char *const fields[] = {"keyId", "signedEntryTimestamp", "rootHash",
					     "canonicalizedBody"};
	static const char *const values[] = {"\"AAAA\\n\\n\\n\\n\"", "\"AA A\"", "\"\\tAAA\"",
					     "\"AAA\\r\""};

	for (size_t i = 0; i < COUNT(fields); i++) {
		for (size_t k = 0; k < COUNT(values); k++) {
			put_bundle(&(struct forged_bundle){
				.material = entry_with(fields[i], values[k])});
			struct evidence e = answer_to(&want);
			ck_assert_msg(e.reason == VERIFY_BASE64, "%s: %.*s", fields[i],
				      STR_ARG(e.why));
			clean();
		}
		if (strcmp(fields[i], "keyId") != 0 && strcmp(fields[i], "rootHash") != 0)
			bundle_verified(&(struct forged_bundle){
				.material = entry_with(fields[i], "\"AAAA\"")});
	}
}
END_TEST

START_TEST(lenient_parsers_wrap_large_integers)
{
	static const char *const fields[] = {"logIndex", "integratedTime", "treeSize"};
	static const struct {
		const char *value;
		enum verify_reason reason;
	} rows[] = {
		{"\"9223372036854775808\"", VERIFY_FIELD_RANGE},
		{"\"18446744073709551616\"", VERIFY_FIELD_RANGE},
		{"9223372036854775808", VERIFY_JSON},
		{"\"-1\"", VERIFY_FIELD_RANGE},
		{"-1", VERIFY_FIELD_RANGE},
		{"1e3", VERIFY_FIELD_TYPE},
		{"1.0", VERIFY_FIELD_TYPE},
		{"true", VERIFY_FIELD_TYPE},
		{"\"AAAA\"", VERIFY_FIELD_RANGE},
		{"\" 7\"", VERIFY_FIELD_RANGE},
		{"\"0x7\"", VERIFY_FIELD_RANGE},
		{"\"9223372036854775807\"", VERIFY_VERIFIED},
		{"9223372036854775807", VERIFY_VERIFIED},
	};

	for (size_t i = 0; i < COUNT(fields); i++) {
		for (size_t k = 0; k < COUNT(rows); k++) {
			put_bundle(&(struct forged_bundle){
				.material = entry_with(fields[i], rows[k].value)});
			struct evidence e = answer_to(&want);
			ck_assert_msg(e.reason == rows[k].reason, "%s %s: %.*s", fields[i],
				      rows[k].value, STR_ARG(e.why));
			clean();
		}
	}
}
END_TEST

START_TEST(lenient_parsers_take_any_type_where_they_do_not_look)
{
	static const struct {
		const char *material;
		const char *why;
	} rows[] = {
		{"\"timestampVerificationData\":\"x\"",
		 RAW ".timestampVerificationData: got string, want map"},
		{"\"timestampVerificationData\":{\"rfc3161Timestamps\":{}}",
		 RAW ".timestampVerificationData.rfc3161Timestamps: got map, want list"},
		{"\"timestampVerificationData\":{\"rfc3161Timestamps\":[\"AAAA\"]}",
		 RAW ".timestampVerificationData.rfc3161Timestamps[0]: got string, want map"},
		{"\"timestampVerificationData\":{\"rfc3161Timestamps\":[{\"signedTimestamp\":7}]}",
		 RAW ".timestampVerificationData.rfc3161Timestamps.signedTimestamp: got integer, "
		     "want string"},
		{"\"tlogEntries\":{}", LOG ": got map, want list"},
		{"\"tlogEntries\":null", LOG ": got null, want list"},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		bundle_refused(&(struct forged_bundle){.material = rows[i].material},
			       VERIFY_FIELD_TYPE, rows[i].why);
	bundle_verified(&(struct forged_bundle){.material = "\"timestampVerificationData\":{}"});
}
END_TEST

START_TEST(lenient_parsers_ignore_fields_they_do_not_know)
{
	static const struct {
		const char *material, *more;
		const char *why;
	} rows[] = {
		{"\"timestampVerificationData\":{\"x\":1}", NULL,
		 RAW ".timestampVerificationData: unknown field \"x\""},
		{"\"timestampVerificationData\":{\"rfc3161Timestamps\":[{\"x\":1}]}", NULL,
		 RAW ".timestampVerificationData.rfc3161Timestamps: unknown field \"x\""},
		{"\"tlogentries\":[]", NULL, RAW ": unknown field \"tlogentries\""},
		{"\"tlog_entries\":[]", NULL, RAW ": unknown field \"tlog_entries\""},
		{NULL, "\"x\":1", "bundle: unknown field \"x\""},
	};
	const struct forged_bundle good = {.key = 0};
	const char *both = "both messageSignature and dsseEnvelope";

	for (size_t i = 0; i < COUNT(rows); i++)
		bundle_refused(&(struct forged_bundle){.material = rows[i].material,
						       .more = rows[i].more},
			       VERIFY_FIELD_UNKNOWN, rows[i].why);
	bundle_refused(&(struct forged_bundle){.more = "\"messageSignature\":{}"}, VERIFY_CONTENT,
		       both);
	bundle_verified(&good);
}
END_TEST

Suite *test_advisories_log_suite(void);
Suite *test_advisories_log_suite(void)
{
	Suite *s = suite_create("advisories_log");
	TCase *t = tcase_create("advisories_log");

	tcase_add_checked_fixture(t, advisory_setup, advisory_teardown);
	tcase_add_test(t, cve_2022_23649_a_log_entry_of_something_else_counts_for_nothing);
	tcase_add_test(t, cve_2022_36056_a_certificate_and_a_log_entry_prove_nothing);
	tcase_add_test(t,
		       cve_2026_22703_no_format_satisfies_a_demand_with_an_entry_nobody_verified);
	tcase_add_test(t, cve_2026_22703_a_demand_is_not_met_by_the_signature_of_another_authority);
	tcase_add_test(t, lenient_parsers_count_an_entry_twice);
	tcase_add_test(t, lenient_parsers_skip_white_space_in_base64);
	tcase_add_test(t, lenient_parsers_wrap_large_integers);
	tcase_add_test(t, lenient_parsers_take_any_type_where_they_do_not_look);
	tcase_add_test(t, lenient_parsers_ignore_fields_they_do_not_know);
	suite_add_tcase(s, t);
	return s;
}

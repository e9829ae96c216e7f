/* The values and limits of bundles. Shapes that must be refused are in tests/sigstore/vectors. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/text.h"
#include "sigstore/bundle.h"
#include "sigstore/statement.h"
#include "sigstore/verify.h"
#include "tests/unit/repeat.h"
#include "tests/unit/sig_fault.h"

Suite *test_sig_bundle_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIB ((size_t)1 << 20)
#define TYPE_V03 "application/vnd.dev.sigstore.bundle.v0.3+json"
#define ENVELOPE                                                                                   \
	"\"dsseEnvelope\":{\"payload\":\"e30=\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":"   \
	"\"AAAA\",\"keyid\":\"k\"}]}"

static struct str bundle_text(const char *material)
{
	struct text t;
	struct str out;

	text_init(&t, a, 32 * MIB);
	text_puts(&t, "{\"mediaType\":\"" TYPE_V03 "\",\"verificationMaterial\":{");
	text_puts(&t, material);
	text_puts(&t, "}," ENVELOPE "}");
	ck_assert(text_done(&t, &out));
	return out;
}

START_TEST(bundle_values)
{
	struct bundle *b;
	struct str in = bundle_text(
		"\"publicKey\":{\"hint\":\"h\"},\"tlogEntries\":[{\"logIndex\":"
		"\"9223372036854775807\","
		"\"logId\":{\"keyId\":\"aWQ=\"},\"kindVersion\":{\"kind\":\"dsse\",\"version\":"
		"\"1\"},"
		"\"integratedTime\":5,\"inclusionPromise\":{\"signedEntryTimestamp\":\"c2V0\"},"
		"\"inclusionProof\":{\"logIndex\":\"3\",\"rootHash\":\"cg==\",\"treeSize\":\"4\","
		"\"checkpoint\":{\"envelope\":\"c\\nd\"}},\"canonicalizedBody\":\"Ym9keQ==\"}],"
		"\"timestampVerificationData\":{\"rfc3161Timestamps\":[{\"signedTimestamp\":\"dHM="
		"\"}]}");

	ck_assert_msg(bundle_parse(a, in, &b, &f) == 0, "%s", f.err.text);
	ck_assert_int_eq(b->format, BUNDLE_V03);
	ck_assert_int_eq(b->material, BUNDLE_KEY);
	ck_assert_int_eq(b->content, BUNDLE_ENVELOPE);
	ck_assert(str_eq(b->hint, S("h")) && str_eq(b->signature, S("\0\0\0")));
	ck_assert(str_eq(b->envelope.payload, S("{}")) && str_eq(b->envelope.keyid, S("k")));
	ck_assert(str_eq(b->blob, in));
	ck_assert_uint_eq(b->n_log_entries, 1);
	ck_assert_int_eq(b->log_entries[0].log_index, INT64_MAX);
	ck_assert_int_eq(b->log_entries[0].integrated_unix_s, 5);
	ck_assert(str_eq(b->log_entries[0].log_id, S("id")));
	ck_assert(str_eq(b->log_entries[0].kind, S("dsse")));
	ck_assert(str_eq(b->log_entries[0].promise, S("set")));
	ck_assert(str_eq(b->log_entries[0].body, S("body")));
	ck_assert(str_eq(b->log_entries[0].checkpoint, S("c\nd")));
	ck_assert_int_eq(b->log_entries[0].proof_tree_size, 4);
	ck_assert_uint_eq(b->log_entries[0].n_proof_hashes, 0);
	ck_assert_uint_eq(b->n_timestamps, 1);
	ck_assert(str_eq(b->timestamps[0], S("ts")));
}
END_TEST

/* `n` log entries of different indexes, or the last of them with `n_hashes` and a checkpoint. */
static struct str with_log(int n, int n_hashes, size_t checkpoint)
{
	struct text t;
	struct str out;

	text_init(&t, a, 8 * MIB);
	text_puts(&t, "\"publicKey\":{},\"tlogEntries\":[");
	for (int i = 0; i < n; i++) {
		text_printf(&t, "%s{\"logIndex\":%d,\"inclusionProof\":{\"hashes\":[", i ? "," : "",
			    i);
		for (int j = 0; j < n_hashes; j++)
			text_printf(&t, "%s\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"",
				    j ? "," : "");
		text_puts(&t, "],\"checkpoint\":{\"envelope\":\"");
		for (size_t j = 0; j < checkpoint; j++)
			text_putc(&t, 'c');
		text_puts(&t, "\"}}}");
	}
	text_puts(&t, "]");
	ck_assert(text_done(&t, &out));
	return bundle_text(out.p);
}

static struct str with_timestamps(size_t n)
{
	struct str in = repeat("\"publicKey\":{},\"timestampVerificationData\":{"
			       "\"rfc3161Timestamps\":[",
			       "{\"signedTimestamp\":\"AAAA\"},", n - 1,
			       "{\"signedTimestamp\":\"AAAA\"}]}");
	struct str out = bundle_text(in.p);

	repeat_free(in);
	return out;
}

START_TEST(cve_2024_45395_log_entries_and_timestamps_are_bounded)
{
	struct bundle *b;

	ck_assert_int_eq(bundle_parse(a, with_log(32, 0, 1), &b, &f), 0);
	ck_assert_uint_eq(b->n_log_entries, LIMIT_LOG_ENTRIES);
	fault_is(bundle_parse(a, with_log(33, 0, 1), &b, &f), VERIFY_LOG_ENTRIES,
		 "verificationMaterial.tlogEntries: 33 items, at most 32");
	ck_assert_int_eq(bundle_parse(a, with_timestamps(32), &b, &f), 0);
	ck_assert_uint_eq(b->n_timestamps, LIMIT_TIMESTAMPS);
	fault_is(bundle_parse(a, with_timestamps(33), &b, &f), VERIFY_TIMESTAMPS,
		 "verificationMaterial.timestampVerificationData.rfc3161Timestamps: 33 items, at "
		 "most 32");
}
END_TEST

START_TEST(proofs_and_checkpoints_are_bounded)
{
	struct bundle *b;

	ck_assert_int_eq(bundle_parse(a, with_log(1, 63, LIMIT_CHECKPOINT_BYTES), &b, &f), 0);
	ck_assert_uint_eq(b->log_entries[0].n_proof_hashes, LIMIT_PROOF_HASHES);
	fault_is(bundle_parse(a, with_log(1, 64, 1), &b, &f), VERIFY_LOG_PROOF_HASHES,
		 "verificationMaterial.tlogEntries.inclusionProof.hashes: 64 items, at most 63");
	fault_is(bundle_parse(a, with_log(1, 0, LIMIT_CHECKPOINT_BYTES + 1), &b, &f),
		 VERIFY_LOG_CHECKPOINT_SIZE,
		 "verificationMaterial.tlogEntries.inclusionProof.checkpoint: 16385 bytes, at most "
		 "16384");
}
END_TEST

START_TEST(cve_2024_29902_size_is_bounded_before_anything_is_read)
{
	struct str big = repeat("{\"x\":\"", "x", LIMIT_BUNDLE_BYTES, "\"}");
	struct bundle_layer layer = {S(BUNDLE_LAYER_ATT), NULL, big};
	struct statement s;
	struct bundle *b;
	size_t before = arena_used(a);

	fault_is(bundle_parse(a, big, &b, &f), VERIFY_TOO_LARGE,
		 "bundle: 16777224 bytes, at most 16777216");
	fault_is(bundle_from_layer(a, &layer, &b, &f), VERIFY_TOO_LARGE,
		 "envelope: 16777224 bytes, at most 16777216");
	fault_is(statement_parse(a, big, &s, &f), VERIFY_TOO_LARGE,
		 "statement: 16777224 bytes, at most 16777216");
	ck_assert_uint_lt(arena_used(a) - before, 4096);
	repeat_free(big);
}
END_TEST

START_TEST(cve_2024_29903_values_are_bounded)
{
	struct str many = repeat("{\"x\":[", "0,", LIMIT_SIG_VALUES - 2, "0]}");
	struct bundle *b;

	fault_is(bundle_parse(a, many, &b, &f), VERIFY_TOO_MANY_VALUES,
		 "bundle: more than 300000 values");
	repeat_free(many);
}
END_TEST

START_TEST(depth_is_bounded_and_brackets_in_strings_do_not_count)
{
	struct str deep = repeat("{\"x\":", "[", 64, ""), text;
	struct str fine = repeat("{\"x\\\"\":\"", "[{", 100, "\"}");
	struct bundle *b;

	text = deep;
	fault_is(bundle_parse(a, text, &b, &f), VERIFY_TOO_DEEP, "bundle: more than 64 levels");
	fault_is(bundle_parse(a, fine, &b, &f), VERIFY_FIELD_UNKNOWN,
		 "bundle: unknown field \"x\\\"\"");
	repeat_free(deep);
	repeat_free(fine);
}
END_TEST

START_TEST(the_largest_bundle_fits_the_arena)
{
	struct str in =
		repeat("{\"mediaType\":\"" TYPE_V03 "\",\"verificationMaterial\":{\"publicKey\":{"
		       "}},\"dsseEnvelope\":{\"payloadType\":\"" DSSE_IN_TOTO
		       "\",\"signatures\":[{\"sig\":\"AAAA\"}],\"payload\":\"",
		       "AAAA", LIMIT_BUNDLE_BYTES / 4 - 128, "\"}}");
	struct sig_key k = {.algorithm = SIG_ALGORITHM_NONE};
	struct sig_authority_key keys = {.key = &k};
	struct sig_authority authority = {.keys = &keys,
					  .n_keys = 1,
					  .schemes = SIG_SCHEMES_DEFAULT,
					  .accept_message = false};
	struct sig_demand demand = {.want = SIG_WANT_SIGNATURE};
	struct sig_subject subject = {.bytes = {NULL, 0}};
	struct verify_input input = {&authority, &demand, &subject, 0};
	struct verify_result r;
	struct bundle *b;
	struct str pem;
	struct err e;

	ck_assert_int_eq(file_read(a, "tests/sigstore/keys/p256.pub", MIB, &pem, &e), 0);
	ck_assert_int_eq(sig_key_parse(a, pem, &k, &e), 0);
	ck_assert_uint_gt(in.n, LIMIT_BUNDLE_BYTES - 1024);
	ck_assert_msg(bundle_parse(a, in, &b, &f) == 0, "%s", f.err.text);
	verify_bundle(a, b, &input, &r);
	ck_assert_str_eq(verify_reason_name(r.reason), "key_fits_none");
	repeat_free(in);
}
END_TEST

START_TEST(names_of_formats)
{
	ck_assert_str_eq(bundle_format_name(BUNDLE_FORMAT_NONE), "none");
	ck_assert_str_eq(bundle_format_name(BUNDLE_V01), "bundle-v0.1");
	ck_assert_str_eq(bundle_format_name(BUNDLE_V02), "bundle-v0.2");
	ck_assert_str_eq(bundle_format_name(BUNDLE_V03), "bundle-v0.3");
	ck_assert_str_eq(bundle_format_name(BUNDLE_LEGACY_SIG), "legacy-sig");
	ck_assert_str_eq(bundle_format_name(BUNDLE_LEGACY_ATT), "legacy-att");
}
END_TEST

Suite *test_sig_bundle_suite(void)
{
	Suite *s = suite_create("sig_bundle");
	TCase *t = tcase_create("bundle");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bundle_values);
	tcase_add_test(t, cve_2024_45395_log_entries_and_timestamps_are_bounded);
	tcase_add_test(t, proofs_and_checkpoints_are_bounded);
	tcase_add_test(t, cve_2024_29902_size_is_bounded_before_anything_is_read);
	tcase_add_test(t, cve_2024_29903_values_are_bounded);
	tcase_add_test(t, depth_is_bounded_and_brackets_in_strings_do_not_count);
	tcase_add_test(t, the_largest_bundle_fits_the_arena);
	tcase_add_test(t, names_of_formats);
	suite_add_tcase(s, t);
	return s;
}

/* What went wrong in other verifiers with content without end. A registry's whole conversation is in
 * tests/registry/test_advisories.py. docs/advisories.md lists them all. */
#include "core/text.h"
#include "evidence/limits.h"
#include "sigstore/limits.h"
#include "tests/unit/advisory_fixture.h"
#include "tests/unit/repeat.h"

#define RAW "verificationMaterial"

/* ---- how many ---- */

/* `n` layers of the attacker's, the one at `at` ours. */
static void put_many_layers(size_t n, size_t at)
{
	const char *theirs = layer_text(&(struct forged_layer){.key = 1});
	const char *ours = layer_text(&(struct forged_layer){.key = 0});
	struct str before = repeat("", fake_text(f, "%s,", theirs), at, "");
	struct str after = repeat("", fake_text(f, ",%s", theirs), n - at - 1, "");

	put_layers(fake_text(f, "%s%s%s", before.p, ours, after.p));
	repeat_free(before);
	repeat_free(after);
}

START_TEST(cve_2023_46737_layers_without_end_are_not_looked_at)
{
	put_many_layers(1500, 1499);
	struct evidence e = answer_to(&want);
	expect(&e, VERIFY_STATE_UNTRUSTED_KEY, "names no key, and fits none of ours");
	ck_assert(e.truncated);
	ck_assert_uint_eq(e.n_signatures, LIMIT_SIGNATURE_LAYERS);
	ck_assert_uint_eq(f->blobs, LIMIT_SIGNATURE_LAYERS);
	clean();
	/* Ours among those that are looked at counts, whatever comes after. */
	put_many_layers(1500, LIMIT_SIGNATURE_LAYERS - 1);
	e = answer_to(&want);
	expect(&e, VERIFY_STATE_VERIFIED, "");
	ck_assert(e.truncated);
	clean();
	put_many_layers(LIMIT_SIGNATURE_LAYERS, LIMIT_SIGNATURE_LAYERS - 1);
	e = answer_to(&want);
	expect(&e, VERIFY_STATE_VERIFIED, "");
	ck_assert(!e.truncated);
}
END_TEST

/* Each referrer a bundle of the attacker's; the registry's own list has no end either. */
START_TEST(cve_2023_46737_referrers_without_end_are_not_looked_at)
{
	for (int ours = 0; ours < 2; ours++) {
		if (ours)
			put_bundle(&(struct forged_bundle){.key = 0});
		for (size_t i = 0; i < 100; i++)
			put_bundle(&(struct forged_bundle){.key = 1});
		if (!ours)
			put_bundle(&(struct forged_bundle){.key = 0});
		struct evidence e = answer_to(&want);
		ck_assert(e.truncated);
		ck_assert_int_eq(e.reason, ours ? VERIFY_VERIFIED : VERIFY_KEY_UNKNOWN);
		ck_assert_uint_le(f->blobs, 64);
		clean();
	}
}
END_TEST

/* A list of small things that become large ones: 1 MiB of numbers, of empty maps, of lists. */
START_TEST(cve_2024_29903_arrays_of_a_manifest_are_bounded)
{
	static const char *const items[] = {"0,", "{},", "[],", "\"\","};

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		struct str many = repeat("", items[i],
					 (LIMIT_SIG_MANIFEST_BYTES - 4096) / strlen(items[i]), "");

		put_layers(fake_text(f, "%s0", many.p));
		repeat_free(many);
		struct evidence e = answer_to(&want);
		ck_assert_msg(e.state == VERIFY_STATE_BAD_SIGNATURE, "%s: %.*s", items[i],
			      STR_ARG(e.why));
		ck_assert(str_starts(e.why, S("the .sig manifest: ")));
		ck_assert_uint_eq(f->blobs, 0);
		clean();
	}
	layer_verified(&(struct forged_layer){.key = 0});
}
END_TEST

/* ---- how large ---- */

static void put_layer_of(const char *payload, size_t size)
{
	const char *text = layer_text(&(struct forged_layer){.payload = payload});
	const char *at = strstr(text, "\"size\":");
	const char *end = strchr(at, ',');

	put_layers(fake_text(f, "%.*s\"size\":%zu%s", (int)(at - text), text, size, end));
}

/* By its descriptor, before anything is asked for; and nothing larger than its descriptor is read. */
START_TEST(cve_2024_29902_a_huge_attachment_is_not_asked_for)
{
	struct str spaces = repeat("", " ", LIMIT_PAYLOAD_BYTES, "");
	const char *usual = payload_of("null");
	const char *padded =
		fake_text(f, "%s%.*s", usual, (int)(LIMIT_PAYLOAD_BYTES - strlen(usual)), spaces.p);

	put_layer_of(usual, (size_t)1 << 40);
	struct evidence e = answer_to(&want);
	ck_assert_uint_eq(f->blobs, 0);
	expect(&e, VERIFY_STATE_BAD_SIGNATURE,
	       "not asked: the blob has 1099511627776 bytes by its descriptor, and at most 65536 "
	       "are allowed");
	ck_assert_int_eq(e.reason, VERIFY_TOO_LARGE);
	clean();
	put_layer_of(fake_text(f, "%s ", padded), strlen(usual));
	refused(VERIFY_BLOB, FAKE_HOST " sent another size");
	put_layer_of(fake_text(f, "%s ", padded), LIMIT_PAYLOAD_BYTES + 1);
	refused(VERIFY_TOO_LARGE, "not asked: the blob has 65537 bytes by its descriptor, and at "
				  "most 65536 are allowed");
	put_layer_of(padded, LIMIT_PAYLOAD_BYTES);
	verified();
	repeat_free(spaces);
}
END_TEST

START_TEST(cve_2024_29902_a_huge_bundle_is_not_asked_for)
{
	const char *usual = bundle_text(&(struct forged_bundle){.key = 0});
	struct str spaces = repeat("", " ", LIMIT_SIGNATURE_BUNDLE_BYTES, "");
	size_t room = LIMIT_SIGNATURE_BUNDLE_BYTES - strlen(usual);

	put_bundle_text(fake_text(f, "%s%.*s", usual, (int)room + 1, spaces.p));
	struct evidence e = answer_to(&want);
	ck_assert_uint_eq(f->blobs, 0);
	expect(&e, VERIFY_STATE_BAD_SIGNATURE,
	       "not asked: the blob has 262145 bytes by its descriptor, and at most 262144 are "
	       "allowed");
	clean();
	put_bundle_text(fake_text(f, "%s%.*s", usual, (int)room, spaces.p));
	verified();
	repeat_free(spaces);
}
END_TEST

/* ---- how many in a signed bundle ---- */

static const char *entries_of(unsigned n)
{
	struct text t;
	struct str s;

	text_init(&t, f->arena, 1 << 20);
	text_puts(&t, "\"tlogEntries\":[");
	for (unsigned i = 0; i < n; i++) {
		text_puts(&t, i ? "," : "");
		text_puts(&t, log_entry(i));
	}
	text_puts(&t, "]");
	ck_assert(text_done(&t, &s));
	return s.p;
}

START_TEST(cve_2024_45395_log_entries_without_end_are_refused)
{
	bundle_verified(&(struct forged_bundle){.material = entries_of(LIMIT_LOG_ENTRIES)});
	bundle_refused(&(struct forged_bundle){.material = entries_of(LIMIT_LOG_ENTRIES + 1)},
		       VERIFY_LOG_ENTRIES, RAW ".tlogEntries: 33 items, at most 32");
	bundle_refused(&(struct forged_bundle){.material = entries_of(500)}, VERIFY_LOG_ENTRIES,
		       RAW ".tlogEntries: 500 items, at most 32");
}
END_TEST

/* `n` times `item`, between these. */
static const char *many(const char *head, const char *item, size_t n, const char *tail)
{
	struct str s = repeat(head, fake_text(f, "%s,", item), n - 1, item);
	const char *out = fake_text(f, "%s%s", s.p, tail);

	repeat_free(s);
	return out;
}

static const char *timestamps_of(size_t n)
{
	return many("\"timestampVerificationData\":{\"rfc3161Timestamps\":[",
		    "{\"signedTimestamp\":\"AAAA\"}", n, "]}");
}

START_TEST(cve_2024_45395_timestamps_without_end_are_refused)
{
	bundle_verified(&(struct forged_bundle){.material = timestamps_of(LIMIT_TIMESTAMPS)});
	bundle_refused(&(struct forged_bundle){.material = timestamps_of(LIMIT_TIMESTAMPS + 1)},
		       VERIFY_TIMESTAMPS,
		       RAW ".timestampVerificationData.rfc3161Timestamps: 33 items, at most 32");
}
END_TEST

/* `n` of another image, then ours. */
static const char *subjects_of(size_t n)
{
	const char *ours = fake_text(f, ",%s", subject_of(image));

	return statement_of(many("", subject_of(fake_digest(f, 2)), n - 1, ours), COSIGN_SIGN);
}

START_TEST(cve_2024_45395_subjects_without_end_are_refused)
{
	bundle_verified(
		&(struct forged_bundle){.statement = subjects_of(LIMIT_SUBJECTS_IN_STATEMENT)});
	bundle_refused(&(struct forged_bundle){.statement = subjects_of(
						       LIMIT_SUBJECTS_IN_STATEMENT + 1)},
		       VERIFY_SUBJECTS, "statement: 1025 subjects, at most 1024");
}
END_TEST

/* Ours, with `n` digests. */
static const char *digests_of(unsigned n)
{
	struct text t;
	struct str s;

	text_init(&t, f->arena, 8192);
	text_printf(&t, "{\"digest\":{\"sha256\":\"%s\"", image + 7);
	for (unsigned i = 1; i < n; i++)
		text_printf(&t, ",\"x%u\":\"00\"", i);
	text_puts(&t, "}}");
	ck_assert(text_done(&t, &s));
	return statement_of(s.p, COSIGN_SIGN);
}

START_TEST(cve_2024_45395_digests_without_end_are_refused)
{
	bundle_verified(&(struct forged_bundle){.statement = digests_of(LIMIT_SUBJECT_DIGESTS)});
	bundle_refused(&(struct forged_bundle){.statement = digests_of(LIMIT_SUBJECT_DIGESTS + 1)},
		       VERIFY_SUBJECTS, "statement: subject[0]: 33 digests, at most 32");
}
END_TEST

Suite *test_advisories_bounds_suite(void);
Suite *test_advisories_bounds_suite(void)
{
	Suite *s = suite_create("advisories_bounds");
	TCase *t = tcase_create("advisories_bounds");

	tcase_add_checked_fixture(t, advisory_setup, advisory_teardown);
	tcase_add_test(t, cve_2023_46737_layers_without_end_are_not_looked_at);
	tcase_add_test(t, cve_2023_46737_referrers_without_end_are_not_looked_at);
	tcase_add_test(t, cve_2024_29903_arrays_of_a_manifest_are_bounded);
	tcase_add_test(t, cve_2024_29902_a_huge_attachment_is_not_asked_for);
	tcase_add_test(t, cve_2024_29902_a_huge_bundle_is_not_asked_for);
	tcase_add_test(t, cve_2024_45395_log_entries_without_end_are_refused);
	tcase_add_test(t, cve_2024_45395_timestamps_without_end_are_refused);
	tcase_add_test(t, cve_2024_45395_subjects_without_end_are_refused);
	tcase_add_test(t, cve_2024_45395_digests_without_end_are_refused);
	suite_add_tcase(s, t);
	return s;
}

/* The cache: what is kept, for how long, and what is forgotten first. */
#include <check.h>
#include <stdio.h>

#include "evidence/cache.h"

#define YES_MS 1000
#define NO_MS 10

static struct cache *c;

static void setup(void)
{
	c = cache_new(&(struct cache_limits){1 << 20, YES_MS, NO_MS});
	ck_assert_ptr_nonnull(c);
}

static void teardown(void)
{
	cache_free(c);
	cache_free(NULL);
}

static struct cache_key key(unsigned place, unsigned want)
{
	struct cache_key k = {0};

	memcpy(k.place.bytes, &place, sizeof(place));
	memcpy(k.want.bytes, &want, sizeof(want));
	return k;
}

static void put(unsigned place, unsigned want, enum verify_state state, const char *why,
		int64_t now)
{
	static const enum verify_reason reasons[] = {
		[VERIFY_STATE_UNAVAILABLE] = VERIFY_DEADLINE,
		[VERIFY_STATE_UNSIGNED] = VERIFY_NO_SIGNATURE,
		[VERIFY_STATE_VERIFIED] = VERIFY_VERIFIED,
	};
	struct evidence_signer signer = {.state = state, .reason = reasons[state]};
	const struct evidence e = {.state = state,
				   .reason = signer.reason,
				   .why = str_of(why),
				   .signers = &signer,
				   .n_signers = 1};
	const struct cache_key k = key(place, want);
	struct evidence_shared *s = evidence_share(&e);

	cache_put(c, &k, s, now);
	evidence_unref(s);
}

/* The text of what is there, "-" for nothing. */
static const char *get(unsigned place, unsigned want, int64_t now)
{
	static char buf[64];
	const struct cache_key k = key(place, want);
	struct evidence_shared *s = cache_get(c, &k, now);

	if (!s)
		return "-";
	snprintf(buf, sizeof(buf), "%.*s", STR_ARG(evidence_of(s)->why));
	evidence_unref(s);
	return buf;
}

START_TEST(keeps_by_the_whole_key)
{
	put(1, 1, VERIFY_STATE_VERIFIED, "a", 0);
	put(1, 2, VERIFY_STATE_VERIFIED, "b", 0);
	put(2, 1, VERIFY_STATE_UNSIGNED, "c", 0);
	ck_assert_str_eq(get(1, 1, 0), "a");
	ck_assert_str_eq(get(1, 2, 0), "b");
	ck_assert_str_eq(get(2, 1, 0), "c");
	ck_assert_str_eq(get(2, 2, 0), "-");
	ck_assert_uint_eq(cache_entries(c), 3);
	put(1, 1, VERIFY_STATE_UNSIGNED, "d", 0);
	ck_assert_str_eq(get(1, 1, 0), "d");
	ck_assert_uint_eq(cache_entries(c), 3);
}
END_TEST

START_TEST(a_yes_holds_longer_than_a_no)
{
	size_t empty = cache_bytes(c);

	put(1, 1, VERIFY_STATE_VERIFIED, "yes", 100);
	put(2, 1, VERIFY_STATE_UNSIGNED, "no", 100);
	ck_assert_str_eq(get(2, 1, 109), "no");
	ck_assert_str_eq(get(2, 1, 110), "-");
	ck_assert_uint_eq(cache_entries(c), 1);
	ck_assert_str_eq(get(1, 1, 1099), "yes");
	ck_assert_str_eq(get(1, 1, 1100), "-");
	ck_assert_uint_eq(cache_entries(c), 0);
	ck_assert_uint_eq(cache_bytes(c), empty);
}
END_TEST

START_TEST(use_does_not_lengthen_a_verdict)
{
	put(1, 1, VERIFY_STATE_VERIFIED, "yes", 0);
	ck_assert_str_eq(get(1, 1, 999), "yes");
	ck_assert_str_eq(get(1, 1, 1000), "-");
}
END_TEST

START_TEST(what_is_no_verdict_is_not_kept)
{
	put(1, 1, VERIFY_STATE_UNAVAILABLE, "late", 0);
	ck_assert_str_eq(get(1, 1, 0), "-");
	put(1, 1, VERIFY_STATE_VERIFIED, "yes", 0);
	put(1, 1, VERIFY_STATE_UNAVAILABLE, "late", 0);
	ck_assert_str_eq(get(1, 1, 0), "yes");
}
END_TEST

START_TEST(forgets_what_was_not_used_for_longest)
{
	size_t empty = cache_bytes(c);

	put(0, 0, VERIFY_STATE_VERIFIED, "x", 0);
	size_t each = cache_bytes(c) - empty;
	cache_free(c);
	c = cache_new(&(struct cache_limits){empty + 3 * each, YES_MS, NO_MS});
	put(1, 0, VERIFY_STATE_VERIFIED, "1", 0);
	put(2, 0, VERIFY_STATE_VERIFIED, "2", 0);
	put(3, 0, VERIFY_STATE_VERIFIED, "3", 0);
	ck_assert_str_eq(get(1, 0, 1), "1");
	put(4, 0, VERIFY_STATE_VERIFIED, "4", 1);
	ck_assert_str_eq(get(2, 0, 1), "-");
	ck_assert_str_eq(get(3, 0, 1), "3");
	put(5, 0, VERIFY_STATE_VERIFIED, "5", 1);
	ck_assert_str_eq(get(1, 0, 1), "-");
	ck_assert_str_eq(get(4, 0, 1), "4");
	ck_assert_str_eq(get(5, 0, 1), "5");
	ck_assert_uint_eq(cache_entries(c), 3);
	ck_assert_uint_le(cache_bytes(c), empty + 3 * each);
}
END_TEST

START_TEST(never_holds_more_than_its_bound)
{
	char why[4096];

	memset(why, 'x', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	for (unsigned i = 0; i < 5000; i++) {
		why[i % (sizeof(why) - 1)] = '\0';
		put(i, 7, VERIFY_STATE_VERIFIED, why, i);
		why[i % (sizeof(why) - 1)] = 'x';
		ck_assert_uint_le(cache_bytes(c), 1 << 20);
	}
	ck_assert_uint_gt(cache_entries(c), 100);
}
END_TEST

START_TEST(one_that_is_too_large_alone_is_not_kept)
{
	size_t empty = cache_bytes(c);

	cache_free(c);
	c = cache_new(&(struct cache_limits){empty + 50, YES_MS, NO_MS});
	put(1, 1, VERIFY_STATE_VERIFIED, "yes", 0);
	ck_assert_str_eq(get(1, 1, 0), "-");
	ck_assert_uint_eq(cache_entries(c), 0);
	ck_assert_uint_eq(cache_bytes(c), empty);
}
END_TEST

START_TEST(finds_everything_after_it_grew)
{
	char why[16];

	cache_free(c);
	c = cache_new(&(struct cache_limits){64 << 20, YES_MS, NO_MS});
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(why, sizeof(why), "%u", i);
		put(i, i % 3, VERIFY_STATE_VERIFIED, why, 0);
	}
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(why, sizeof(why), "%u", i);
		ck_assert_str_eq(get(i, i % 3, 1), why);
	}
	ck_assert_uint_eq(cache_entries(c), 10000);
}
END_TEST

START_TEST(a_verdict_outlives_its_place)
{
	const struct cache_key k = key(1, 1);

	put(1, 1, VERIFY_STATE_VERIFIED, "yes", 0);
	struct evidence_shared *s = cache_get(c, &k, 0);
	put(1, 1, VERIFY_STATE_VERIFIED, "again", 0);
	ck_assert(str_eq(evidence_of(s)->why, S("yes")));
	evidence_unref(s);
}
END_TEST

Suite *test_evidence_cache_suite(void);
Suite *test_evidence_cache_suite(void)
{
	Suite *s = suite_create("evidence_cache");
	TCase *t = tcase_create("evidence_cache");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, keeps_by_the_whole_key);
	tcase_add_test(t, a_yes_holds_longer_than_a_no);
	tcase_add_test(t, use_does_not_lengthen_a_verdict);
	tcase_add_test(t, what_is_no_verdict_is_not_kept);
	tcase_add_test(t, forgets_what_was_not_used_for_longest);
	tcase_add_test(t, never_holds_more_than_its_bound);
	tcase_add_test(t, one_that_is_too_large_alone_is_not_kept);
	tcase_add_test(t, finds_everything_after_it_grew);
	tcase_add_test(t, a_verdict_outlives_its_place);
	suite_add_tcase(s, t);
	return s;
}

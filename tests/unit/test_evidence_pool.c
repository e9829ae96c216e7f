/* The pool: each distinct question once, the cache, what is enough, deadlines. */
#include "evidence/limits.h"
#include "tests/unit/pool_fixture.h"

#define ARENA ((size_t)1 << 20)

/* ---- verdicts ---- */

START_TEST(verifies_a_signature_of_each_format)
{
	const struct fake_signature s = {.key = &keys[0]};
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);

	start_pool(&(struct evidence_options){0});
	if (_i == 0)
		fake_put_signatures(f, "app", image, &s, 1);
	else
		fake_put_bundle(f, "app", image, &s);
	struct evidence e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_VERIFIED, "");
	ck_assert_int_eq(e.reason, VERIFY_VERIFIED);
	ck_assert_uint_eq(e.n_signers, 1);
	ck_assert_int_eq(e.signers[0].format, _i == 0 ? BUNDLE_LEGACY_SIG : BUNDLE_V03);
	char fingerprint[SIG_FINGERPRINT_BYTES];
	ck_assert(str_eq(e.signers[0].key, str_of(sig_key_fingerprint(&keys[0].key, fingerprint))));
	wait_for_rest();
	ck_assert_uint_eq(f->referrers, 1);
	ck_assert_uint_eq(f->manifests, _i == 0 ? 1 : 2);
	ck_assert_uint_eq(f->blobs, 1);
}
END_TEST

START_TEST(a_yes_holds_for_an_hour_without_a_request)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	const struct evidence_question q = question(&r, &want);
	struct evidence e;
	struct evidence_ask *ask;

	start_pool(&(struct evidence_options){0});
	sign("app", image, 0);
	gather_one(&r, &want);
	wait_for_rest();
	size_t requests = fake_requests(f);
	pass_ms(DEFAULT_YES_MS - 1);
	ck_assert_int_eq(evidence_ask(pool, &q, 1, arena, &e, &ask), EVIDENCE_READY);
	expect(&e, VERIFY_STATE_VERIFIED, "");
	ck_assert_ptr_null(ask);
	ck_assert_uint_eq(fake_requests(f), requests);
	ck_assert_uint_eq(counts().hits, 1);
	ck_assert_uint_eq(counts().misses, 1);
	pass_ms(1);
	ck_assert_int_eq(evidence_ask(pool, &q, 1, arena, &e, &ask), EVIDENCE_PENDING);
	evidence_ask_drop(ask);
	ck_assert_uint_eq(fake_requests(f), requests);
}
END_TEST

START_TEST(a_no_holds_for_half_a_minute)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);

	start_pool(&(struct evidence_options){0});
	struct evidence e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_UNSIGNED, "no signature was found");
	ck_assert_int_eq(e.reason, VERIFY_NO_SIGNATURE);
	ck_assert_uint_eq(fake_requests(f), 2);
	sign("app", image, 0);
	pass_ms(DEFAULT_NO_MS - 1);
	e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_UNSIGNED, "no signature was found");
	ck_assert_uint_eq(fake_requests(f), 2);
	ck_assert_uint_eq(counts().negatives, 1);
	pass_ms(1);
	e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_VERIFIED, "");
}
END_TEST

START_TEST(keeps_apart_what_a_verdict_depends_on)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image), other = fake_image(f, "app2", image),
			 another = fake_image(f, "app", fake_digest(f, 2));
	struct evidence_want elsewhere = want, two;
	struct evidence e;
	struct err err;

	start_pool(&(struct evidence_options){0});
	sign("app", image, 0);
	fake_want(f, &two, keys, 2, 2);
	elsewhere.repository = (struct registry_repository){S(FAKE_HOST), S("sigs")};
	ck_assert_int_eq(evidence_want_seal(&elsewhere, &err), 0);
	e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_VERIFIED, "");
	e = gather_one(&other, &want);
	expect(&e, VERIFY_STATE_UNSIGNED, "no signature was found");
	e = gather_one(&another, &want);
	expect(&e, VERIFY_STATE_UNSIGNED, "no signature was found");
	e = gather_one(&r, &elsewhere);
	expect(&e, VERIFY_STATE_UNSIGNED, "no signature was found");
	e = gather_one(&r, &two);
	expect(&e, VERIFY_STATE_UNTRUSTED_KEY, "names no key, and fits none of ours");
	ck_assert_uint_eq(e.n_signers, 2);
	ck_assert_int_eq(e.signers[0].state, VERIFY_STATE_VERIFIED);
	ck_assert_uint_eq(counts().misses, 5);
	ck_assert_uint_eq(counts().cache_entries, 5);
}
END_TEST

START_TEST(finds_signatures_in_another_repository)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	struct evidence_want elsewhere = want;
	struct err err;

	start_pool(&(struct evidence_options){0});
	sign("sigs", image, 0);
	elsewhere.repository = (struct registry_repository){S(FAKE_HOST), S("sigs")};
	ck_assert_int_eq(evidence_want_seal(&elsewhere, &err), 0);
	struct evidence e = gather_one(&r, &elsewhere);
	expect(&e, VERIFY_STATE_VERIFIED, "");
}
END_TEST

/* ---- once, however many ask ---- */

#define MANY 500

START_TEST(five_hundred_reviews_of_a_cold_image_make_one_verification)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	const struct evidence_question q = question(&r, &want);
	static struct evidence_ask *asks[MANY];
	static struct arena *arenas[MANY];
	struct evidence e;

	start_pool(&(struct evidence_options){0});
	sign("app", image, 0);
	fake_hold(f);
	for (size_t i = 0; i < MANY; i++) {
		arenas[i] = arena_new(ARENA);
		asks[i] = start(&q, 1, arenas[i], &e);
	}
	fake_wait_for(f, 2);
	ck_assert_uint_eq(counts().asks, MANY);
	ck_assert_uint_eq(rings(), 0);
	fake_release(f);
	wait_for_rings(MANY);
	for (size_t i = 0; i < MANY; i++) {
		evidence_ask_finish(asks[i], &e);
		expect(&e, VERIFY_STATE_VERIFIED, "");
		arena_free(arenas[i]);
	}
	wait_for_rest();
	ck_assert_uint_eq(rings(), MANY);
	ck_assert_uint_eq(f->manifests, 1);
	ck_assert_uint_eq(f->referrers, 1);
	ck_assert_uint_eq(f->blobs, 1);
	struct evidence_counts c = counts();
	ck_assert_uint_eq(c.misses, 1);
	ck_assert_uint_eq(c.joined, MANY - 1);
	ck_assert_uint_eq(c.asks, 0);
	ck_assert_uint_eq(c.cache_entries, 1);
}
END_TEST

struct asker {
	pthread_t thread;
	const struct evidence_question *q;
	struct arena *arena;
	struct evidence answer;
};

static void *ask_in_a_thread(void *self)
{
	struct asker *a = self;

	evidence_gather(pool, a->q, 1, soon(), a->arena, &a->answer);
	return NULL;
}

#define THREADS 32

START_TEST(threads_that_ask_at_once_share_the_verification)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	const struct evidence_question q = question(&r, &want);
	struct asker askers[THREADS];

	start_pool(&(struct evidence_options){0});
	sign("app", image, 0);
	for (size_t i = 0; i < THREADS; i++) {
		askers[i] = (struct asker){.q = &q, .arena = arena_new(ARENA)};
		ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, ask_in_a_thread,
						&askers[i]),
				 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		expect(&askers[i].answer, VERIFY_STATE_VERIFIED, "");
		arena_free(askers[i].arena);
	}
	wait_for_rest();
	struct evidence_counts c = counts();
	ck_assert_uint_eq(fake_requests(f), 3);
	ck_assert_uint_eq(c.misses, 1);
	ck_assert_uint_eq(c.joined + c.hits, THREADS - 1);
}
END_TEST

#define CONTAINERS 8
#define AUTHORITIES 5

/* Of one rule with five authorities, or of five rules with one each. */
START_TEST(eight_containers_and_five_authorities_are_one_verification)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	struct evidence_want wants[AUTHORITIES];
	struct evidence_question q[CONTAINERS * AUTHORITIES];
	struct evidence e[CONTAINERS * AUTHORITIES];
	size_t n_wants = _i == 0 ? 1 : AUTHORITIES;
	const struct fake_signature s[] = {{.key = &keys[1]}, {.key = &keys[3]}};

	start_pool(&(struct evidence_options){0});
	fake_put_signatures(f, "app", image, s, 2);
	for (size_t i = 0; i < n_wants; i++)
		fake_want(f, &wants[i], &keys[i], _i == 0 ? AUTHORITIES : 1, 1);
	size_t n = 0;
	for (size_t c = 0; c < CONTAINERS; c++) {
		for (size_t w = 0; w < n_wants; w++)
			q[n++] = question(&r, &wants[w]);
	}
	fake_hold(f);
	struct evidence_ask *ask = start(q, n, arena, e);
	fake_wait_for(f, 2);
	fake_release(f);
	wait_for_rings(1);
	evidence_ask_finish(ask, e);
	for (size_t i = 0; i < n; i++) {
		size_t w = i % n_wants;
		bool yes = _i == 0 || w == 1 || w == 3;
		ck_assert_msg(e[i].state ==
				      (yes ? VERIFY_STATE_VERIFIED : VERIFY_STATE_UNTRUSTED_KEY),
			      "%zu: %s", i, verify_state_name(e[i].state));
	}
	wait_for_rest();
	ck_assert_uint_eq(rings(), 1);
	ck_assert_uint_eq(f->manifests, 1);
	ck_assert_uint_eq(f->referrers, 1);
	ck_assert_uint_le(f->blobs, 2);
	ck_assert_uint_eq(counts().misses, n_wants);
	ck_assert_uint_eq(counts().joined, n - n_wants);
}
END_TEST

START_TEST(asks_for_both_lists_and_all_images_at_the_same_time)
{
	struct reference r[4];
	struct evidence_question q[4];
	struct evidence e[4];

	start_pool(&(struct evidence_options){0});
	for (unsigned i = 0; i < 4; i++) {
		r[i] = fake_image(f, "app", fake_digest(f, i));
		q[i] = question(&r[i], &want);
	}
	fake_hold(f);
	struct evidence_ask *ask = start(q, 4, arena, e);
	fake_wait_for(f, 8);
	fake_release(f);
	wait_for_rings(1);
	evidence_ask_finish(ask, e);
	ck_assert_uint_eq(f->most, 8);
	ck_assert_uint_eq(fake_requests(f), 8);
}
END_TEST

START_TEST(all_signatures_are_asked_for_at_the_same_time)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	const struct fake_signature s[] = {{.key = &keys[1]},
					   {.key = &keys[2], .tampered = true},
					   {.key = &keys[3], .digest = fake_digest(f, 2)},
					   {.key = &keys[4], .digest = fake_digest(f, 3)}};
	const struct evidence_question q = question(&r, &want);
	struct evidence e;

	start_pool(&(struct evidence_options){0});
	fake_put_signatures(f, "app", image, s, 4);
	struct evidence_ask *ask = start(&q, 1, arena, &e);
	wait_for_rings(1);
	evidence_ask_finish(ask, &e);
	expect(&e, VERIFY_STATE_UNTRUSTED_KEY, "names no key, and fits none of ours");
	ck_assert_uint_eq(e.n_signatures, 4);
	ck_assert_uint_eq(e.n_candidates, 4);
	ck_assert_uint_eq(fake_requests(f), 6);
}
END_TEST

/* ---- enough ---- */

START_TEST(a_slow_signature_does_not_hold_up_a_good_one)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	const struct fake_signature s = {.key = &keys[0]};

	start_pool(&(struct evidence_options){0});
	fake_put_signatures(f, "app", image, &s, 1);
	fake_fail(f, "referrers/", REGISTRY_HTTP_5XX);
	struct evidence e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_VERIFIED, "");
	wait_for_rest();
	ck_assert_uint_eq(counts().cache_entries, 1);
}
END_TEST

START_TEST(a_no_needs_both_lists)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	const struct fake_signature s = {.key = &keys[1]};

	start_pool(&(struct evidence_options){0});
	fake_put_signatures(f, "app", image, &s, 1);
	fake_fail(f, "referrers/", REGISTRY_HTTP_5XX);
	struct evidence e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_UNAVAILABLE, "registry.example failed: http_5xx");
	ck_assert_int_eq(e.reason, VERIFY_REGISTRY_FAILED);
	ck_assert_str_eq(e.outcome, "http_5xx");
	ck_assert_uint_eq(counts().cache_entries, 0);
}
END_TEST

/* ---- deadlines ---- */

START_TEST(past_the_deadline_the_lookup_goes_on_and_a_retry_finds_it)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	const struct evidence_question q = question(&r, &want);
	struct evidence e;

	start_pool(&(struct evidence_options){0});
	sign("app", image, 0);
	fake_hold(f);
	struct evidence_ask *ask = start(&q, 1, arena, &e);
	fake_wait_for(f, 2);
	pass_ms(9499);
	ck_assert_uint_eq(counts().asks, 1);
	pass_ms(1);
	wait_for_rings(1);
	evidence_ask_finish(ask, &e);
	expect(&e, VERIFY_STATE_UNAVAILABLE, "registry.example did not answer within 9.5 s");
	ck_assert_int_eq(e.reason, VERIFY_DEADLINE);
	ck_assert_uint_eq(counts().lookups, 1);
	fake_release(f);
	wait_for_rest();
	ck_assert_int_eq(evidence_ask(pool, &q, 1, arena, &e, &ask), EVIDENCE_READY);
	expect(&e, VERIFY_STATE_VERIFIED, "");
	ck_assert_uint_eq(fake_requests(f), 3);
	ck_assert_uint_eq(rings(), 1);
}
END_TEST

START_TEST(a_deadline_in_the_past_is_told_at_once)
{
	struct reference r = fake_image(f, "app", fake_digest(f, 1));
	const struct evidence_question q = question(&r, &want);
	struct evidence e;
	struct evidence_ask *ask;

	start_pool(&(struct evidence_options){0});
	fake_hold(f);
	ck_assert_int_eq(evidence_ask(pool, &q, 1, arena, &e, &ask), EVIDENCE_PENDING);
	ring_when_done(ask, deadline_in(&frozen, 0));
	wait_for_rings(1);
	evidence_ask_finish(ask, &e);
	ck_assert_int_eq(e.state, VERIFY_STATE_UNAVAILABLE);
	ck_assert_int_eq(e.reason, VERIFY_DEADLINE);
	fake_release(f);
	wait_for_rest();
	ck_assert_uint_eq(rings(), 1);
}
END_TEST

START_TEST(one_that_waits_in_the_queue_says_so)
{
	struct reference a = fake_image(f, "app", fake_digest(f, 1)),
			 b = fake_image(f, "app", fake_digest(f, 2));
	const struct evidence_question q[] = {question(&a, &want), question(&b, &want)};
	struct evidence e[2];

	start_pool(&(struct evidence_options){.threads = 1});
	fake_hold(f);
	struct evidence_ask *ask = start(q, 2, arena, e);
	fake_wait_for(f, 1);
	pass_ms(9500);
	wait_for_rings(1);
	evidence_ask_finish(ask, e);
	expect(&e[0], VERIFY_STATE_UNAVAILABLE, "registry.example did not answer within 9.5 s");
	expect(&e[1], VERIFY_STATE_UNAVAILABLE,
	       "registry.example was not asked within 9.5 s: 2 images are being looked up at once");
	fake_release(f);
}
END_TEST

Suite *test_evidence_pool_suite(void);
Suite *test_evidence_pool_suite(void)
{
	Suite *s = suite_create("evidence_pool");
	TCase *t = tcase_create("evidence_pool");

	tcase_add_checked_fixture(t, pool_setup, pool_teardown);
	tcase_add_loop_test(t, verifies_a_signature_of_each_format, 0, 2);
	tcase_add_test(t, a_yes_holds_for_an_hour_without_a_request);
	tcase_add_test(t, a_no_holds_for_half_a_minute);
	tcase_add_test(t, keeps_apart_what_a_verdict_depends_on);
	tcase_add_test(t, finds_signatures_in_another_repository);
	tcase_add_test(t, five_hundred_reviews_of_a_cold_image_make_one_verification);
	tcase_add_test(t, threads_that_ask_at_once_share_the_verification);
	tcase_add_loop_test(t, eight_containers_and_five_authorities_are_one_verification, 0, 2);
	tcase_add_test(t, asks_for_both_lists_and_all_images_at_the_same_time);
	tcase_add_test(t, all_signatures_are_asked_for_at_the_same_time);
	tcase_add_test(t, a_slow_signature_does_not_hold_up_a_good_one);
	tcase_add_test(t, a_no_needs_both_lists);
	tcase_add_test(t, past_the_deadline_the_lookup_goes_on_and_a_retry_finds_it);
	tcase_add_test(t, a_deadline_in_the_past_is_told_at_once);
	tcase_add_test(t, one_that_waits_in_the_queue_says_so);
	suite_add_tcase(s, t);
	return s;
}

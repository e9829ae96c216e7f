/* The pool when things go wrong: registries that fail, too much at once, the end, no memory. */
#include "evidence/limits.h"
#include "tests/unit/pool_fixture.h"

#define ARENA ((size_t)1 << 20)

/* ---- failures ---- */

static const struct {
	enum registry_outcome outcome;
	int status;
	enum verify_reason reason;
	const char *label, *why;
	bool of_host;
} failures[] = {
	{REGISTRY_CONNECT, 0, VERIFY_REGISTRY_FAILED, "connect", "connect", true},
	{REGISTRY_TLS, 0, VERIFY_REGISTRY_FAILED, "tls", "tls", true},
	{REGISTRY_RATE_LIMITED, 429, VERIFY_REGISTRY_FAILED, "rate_limited", "rate_limited", true},
	{REGISTRY_TIMEOUT, 0, VERIFY_DEADLINE, "timeout", "timeout", false},
	{REGISTRY_TIMEOUT, 200, VERIFY_DEADLINE, "timeout", "timeout", false},
	{REGISTRY_HTTP_5XX, 503, VERIFY_REGISTRY_FAILED, "http_5xx", "http_5xx", false},
	{REGISTRY_HTTP_4XX, 400, VERIFY_REGISTRY_FAILED, "http_4xx", "http_4xx", false},
	{REGISTRY_UNAUTHORIZED, 403, VERIFY_REGISTRY_DENIED, "unauthorized", "unauthorized", false},
	{REGISTRY_INVALID, 200, VERIFY_REGISTRY_FAILED, "invalid", "invalid", false},
	{REGISTRY_REFUSED, 302, VERIFY_REGISTRY_FAILED, "invalid", "refused", false},
};

START_TEST(a_registry_that_failed_is_left_alone_for_a_while)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image), other = fake_image(f, "other", image);
	const char *why = fake_text(f, FAKE_HOST " failed: %s", failures[_i].why);
	struct evidence e;

	start_pool(&(struct evidence_options){0});
	f->failure_status = failures[_i].status;
	fake_fail(f, "", failures[_i].outcome);
	for (int64_t wait = BACKOFF_FIRST_MS; wait <= 2 * BACKOFF_LONGEST_MS; wait *= 2) {
		size_t before = fake_requests(f);
		e = gather_one(&r, &want);
		expect(&e, VERIFY_STATE_UNAVAILABLE, why);
		ck_assert_int_eq(e.reason, failures[_i].reason);
		ck_assert_str_eq(e.outcome, failures[_i].label);
		ck_assert_uint_eq(fake_requests(f), before + 2);
		/* The same text, and no request. */
		pass_ms((wait < BACKOFF_LONGEST_MS ? wait : BACKOFF_LONGEST_MS) - 1);
		e = gather_one(&r, &want);
		expect(&e, VERIFY_STATE_UNAVAILABLE, why);
		ck_assert_str_eq(e.outcome, failures[_i].label);
		ck_assert_uint_eq(fake_requests(f), before + 2);
		pass_ms(1);
	}
	size_t before = fake_requests(f);
	gather_one(&r, &want);
	gather_one(&other, &want);
	ck_assert_uint_eq(fake_requests(f), before + (failures[_i].of_host ? 2 : 4));
	ck_assert_uint_eq(counts().cache_entries, 0);
}
END_TEST

START_TEST(one_answer_ends_the_waiting)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image), other = fake_image(f, "other", image);

	start_pool(&(struct evidence_options){0});
	fake_fail(f, "", REGISTRY_CONNECT);
	gather_one(&r, &want);
	pass_ms(BACKOFF_FIRST_MS);
	fake_fail(f, "", REGISTRY_OK);
	struct evidence e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_UNSIGNED, "no signature was found");
	e = gather_one(&other, &want);
	expect(&e, VERIFY_STATE_UNSIGNED, "no signature was found");
}
END_TEST

START_TEST(a_failed_part_is_no_verdict)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);

	start_pool(&(struct evidence_options){0});
	sign("app", image, 0);
	fake_fail(f, "blobs/", REGISTRY_TIMEOUT);
	struct evidence e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_UNAVAILABLE, "registry.example failed: timeout");
	ck_assert_str_eq(e.outcome, "timeout");
	fake_fail(f, "", REGISTRY_OK);
	e = gather_one(&r, &want);
	expect(&e, VERIFY_STATE_VERIFIED, "");
}
END_TEST

START_TEST(unknown_hosts_are_not_contacted)
{
	struct reference r = fake_image(f, "app", fake_digest(f, 1));
	struct evidence_question q = {.image = &r, .want = &want};
	struct evidence e;
	struct evidence_ask *ask;

	start_pool(&(struct evidence_options){0});
	ck_assert_int_eq(evidence_ask(pool, &q, 1, arena, &e, &ask), EVIDENCE_READY);
	ck_assert(e.refused);
	expect(&e, VERIFY_STATE_UNAVAILABLE,
	       "registry.example was not asked: it is named neither by an image pattern of the "
	       "policy nor in the registries file");
	ck_assert_uint_eq(fake_requests(f), 0);
}
END_TEST

static bool knows(void *self, struct str host)
{
	return str_eq(host, str_of(self));
}

START_TEST(hosts_of_the_registries_file_are)
{
	struct reference r = fake_image(f, "app", fake_digest(f, 1));
	struct evidence_question q = {.image = &r, .want = &want};
	char host[] = FAKE_HOST;
	struct evidence e;

	start_pool(&(struct evidence_options){.knows_host = knows, .knows_self = host});
	evidence_gather(pool, &q, 1, soon(), arena, &e);
	ck_assert(!e.refused);
	expect(&e, VERIFY_STATE_UNSIGNED, "no signature was found");
}
END_TEST

/* ---- too much ---- */

START_TEST(too_many_lookups_are_refused_with_their_own_text)
{
	struct reference a = fake_image(f, "app", fake_digest(f, 1)),
			 b = fake_image(f, "app", fake_digest(f, 2)),
			 c = fake_image(f, "app", fake_digest(f, 3));
	const struct evidence_question q[] = {question(&a, &want), question(&b, &want)};
	struct evidence e[2];

	start_pool(&(struct evidence_options){.lookups = 2});
	fake_hold(f);
	struct evidence_ask *ask = start(q, 2, arena, e);
	struct evidence one = gather_one(&c, &want);
	expect(&one, VERIFY_STATE_UNAVAILABLE,
	       "registry.example was not asked: 2 images are being looked up already");
	fake_release(f);
	wait_for_rings(1);
	evidence_ask_finish(ask, e);
	wait_for_rest();
	one = gather_one(&c, &want);
	expect(&one, VERIFY_STATE_UNSIGNED, "no signature was found");
}
END_TEST

START_TEST(a_thousand_cold_images_are_all_answered)
{
	enum { N = 1000 };
	static struct reference r[N];
	static struct evidence_question q[N];
	static struct evidence e[N];

	start_pool(&(struct evidence_options){0});
	for (unsigned i = 0; i < N; i++) {
		r[i] = fake_image(f, "app", fake_digest(f, i));
		q[i] = question(&r[i], &want);
		if (i % 4 == 0)
			sign("app", fake_digest(f, i), 0);
	}
	evidence_gather(pool, q, N, soon(), arena, e);
	for (unsigned i = 0; i < N; i++)
		ck_assert_msg(e[i].state ==
				      (i % 4 == 0 ? VERIFY_STATE_VERIFIED : VERIFY_STATE_UNSIGNED),
			      "%u: %.*s", i, STR_ARG(e[i].why));
	wait_for_rest();
	ck_assert_uint_eq(fake_requests(f), 2 * N + N / 4);
	ck_assert_uint_eq(counts().cache_entries, N);
}
END_TEST

/* ---- the end ---- */

START_TEST(stopping_answers_all_who_wait)
{
	struct reference a = fake_image(f, "app", fake_digest(f, 1)),
			 b = fake_image(f, "app", fake_digest(f, 2));
	const struct evidence_question q[] = {question(&a, &want), question(&b, &want)};
	struct evidence e[2], one;

	start_pool(&(struct evidence_options){.threads = 1});
	sign("app", fake_digest(f, 1), 0);
	fake_hold(f);
	struct evidence_ask *ask = start(q, 2, arena, e);
	fake_wait_for(f, 1);
	evidence_pool_stop(pool);
	wait_for_rings(1);
	evidence_ask_finish(ask, e);
	for (size_t i = 0; i < 2; i++)
		expect(&e[i], VERIFY_STATE_UNAVAILABLE,
		       "registry.example did not answer before this server was stopped");
	fake_release(f);
	wait_for_rest();
	one = gather_one(&a, &want);
	expect(&one, VERIFY_STATE_UNAVAILABLE,
	       "registry.example was not asked: this server is being stopped");
	ck_assert_uint_eq(counts().cache_entries, 0);
	ck_assert_uint_eq(rings(), 1);
}
END_TEST

START_TEST(can_be_freed_while_busy)
{
	struct reference r[16];
	struct evidence_question q[16];
	struct evidence e[16];

	start_pool(&(struct evidence_options){.threads = 3});
	for (unsigned i = 0; i < 16; i++) {
		r[i] = fake_image(f, "app", fake_digest(f, i));
		q[i] = question(&r[i], &want);
	}
	fake_hold(f);
	struct evidence_ask *ask = start(q, 16, arena, e);
	fake_wait_for(f, 2);
	evidence_pool_stop(pool);
	wait_for_rings(1);
	evidence_ask_finish(ask, e);
	fake_release(f);
	evidence_pool_free(pool);
	pool = NULL;
	ck_assert_uint_le(f->most, 2);
}
END_TEST

/* ---- memory ---- */

START_TEST(a_full_arena_is_no_verdict)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	const struct evidence_question q = question(&r, &want);
	struct evidence e;
	size_t n = 1;

	start_pool(&(struct evidence_options){0});
	sign("app", image, 0);
	gather_one(&r, &want);
	for (;; n++) {
		struct arena *small = arena_new(ARENA);
		arena_fail_at(small, n);
		evidence_gather(pool, &q, 1, soon(), small, &e);
		bool failed = arena_exhausted(small);
		if (failed)
			expect(&e, VERIFY_STATE_UNAVAILABLE, "out of memory for this review");
		else
			expect(&e, VERIFY_STATE_VERIFIED, "");
		arena_free(small);
		if (!failed)
			break;
	}
	ck_assert_uint_gt(n, 2);
}
END_TEST

START_TEST(ten_thousand_verdicts_fit_eight_mebibytes)
{
	enum { N = 10000, STEP = 500 };
	struct reference r[STEP];
	struct evidence_question q[STEP];
	struct evidence e[STEP];
	const struct fake_signature s = {.key = &keys[0]};

	start_pool(&(struct evidence_options){0});
	/* One payload is every image's: what counts is the room of the verdicts. */
	struct evidence_want wants[N / STEP];
	fake_put_signatures(f, "app", fake_digest(f, 1), &s, 1);
	for (size_t w = 0; w < N / STEP; w++) {
		struct err err;
		struct sig_authority_key *k = arena_calloc(f->arena, 1, sizeof(*k));
		struct sig_authority *a = arena_calloc(f->arena, 1, sizeof(*a));
		*k = keys[0].authority_key;
		k->valid_from_unix_s = (int64_t)w + 1;
		*a = keys[0].authority;
		a->keys = k;
		wants[w] =
			(struct evidence_want){.authorities = a, .n_authorities = 1, .enough = 1};
		ck_assert_int_eq(evidence_want_seal(&wants[w], &err), 0);
	}
	for (unsigned i = 0; i < STEP; i++) {
		r[i] = fake_image(f, fake_text(f, "golden/team-%u/app", i), fake_digest(f, 1));
		fake_put_signatures(f, fake_text(f, "golden/team-%u/app", i), fake_digest(f, 1), &s,
				    1);
	}
	for (size_t w = 0; w < N / STEP; w++) {
		struct arena *a = arena_new((size_t)8 << 20);
		for (size_t i = 0; i < STEP; i++)
			q[i] = question(&r[i], &wants[w]);
		evidence_gather(pool, q, STEP, soon(), a, e);
		for (size_t i = 0; i < STEP; i++)
			expect(&e[i], VERIFY_STATE_VERIFIED, "");
		arena_free(a);
	}
	struct evidence_counts c = counts();
	ck_assert_uint_eq(c.cache_entries, N);
	ck_assert_uint_le(c.cache_bytes, 8 << 20);
}
END_TEST

/* ---- what is told to metrics ---- */

struct told {
	size_t n;
	bool cached[4];
	enum verify_state state[4];
};

static void tell(void *self, const struct evidence *e, bool cached, int64_t elapsed_us)
{
	struct told *t = self;

	ck_assert_int_ge(elapsed_us, 0);
	ck_assert_uint_lt(t->n, 4);
	t->cached[t->n] = cached;
	t->state[t->n++] = e->state;
}

START_TEST(tells_every_answer_once)
{
	const char *image = fake_digest(f, 1);
	struct reference r = fake_image(f, "app", image);
	struct told told = {0};

	start_pool(&(struct evidence_options){.answered = tell, .answered_self = &told});
	gather_one(&r, &want);
	gather_one(&r, &want);
	ck_assert_uint_eq(told.n, 2);
	ck_assert(!told.cached[0] && told.cached[1]);
	ck_assert_int_eq(told.state[0], VERIFY_STATE_UNSIGNED);
	ck_assert_int_eq(told.state[1], VERIFY_STATE_UNSIGNED);
}
END_TEST

/* ---- what a failure is, by what was asked ---- */

/* By outcome: of a list, of a referrer's manifest, of a blob. */
static const struct {
	enum registry_outcome outcome;
	enum verify_reason list, manifest, blob;
} outcomes[] = {
	{REGISTRY_INVALID, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED},
	{REGISTRY_CONTENT, VERIFY_JSON, VERIFY_JSON, VERIFY_BLOB},
	{REGISTRY_REFUSED, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED},
	{REGISTRY_TOO_LARGE, VERIFY_TOO_LARGE, VERIFY_TOO_LARGE, VERIFY_TOO_LARGE},
	{REGISTRY_TIMEOUT, VERIFY_DEADLINE, VERIFY_DEADLINE, VERIFY_DEADLINE},
	{REGISTRY_CONNECT, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED},
	{REGISTRY_TLS, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED},
	{REGISTRY_UNAUTHORIZED, VERIFY_REGISTRY_DENIED, VERIFY_REGISTRY_DENIED,
	 VERIFY_REGISTRY_DENIED},
	{REGISTRY_RATE_LIMITED, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED,
	 VERIFY_REGISTRY_FAILED},
	{REGISTRY_HTTP_4XX, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED},
	{REGISTRY_HTTP_5XX, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED, VERIFY_REGISTRY_FAILED},
};

static void failing(const char *name, enum registry_outcome o, enum verify_reason reason)
{
	fake_fail(f, name, o);
	struct registry_source source = fake_source(f);
	struct reference r = fake_image(f, "app", fake_digest(f, 1));
	struct evidence e = fake_gather(arena, &source, &r, &want);
	ck_assert_int_eq(e.reason, reason);
	expect(&e, verify_reason_state(reason),
	       fake_text(f, "registry.example failed: %s", registry_outcome_name(o)));
	bool unknown = verify_reason_state(reason) == VERIFY_STATE_UNAVAILABLE;
	ck_assert((e.outcome != NULL) == unknown);
	if (unknown)
		ck_assert_str_eq(e.outcome, registry_outcome_label(o));
}

START_TEST(tells_failures_from_what_was_pushed)
{
	enum registry_outcome o = outcomes[_i].outcome;
	const char *image = fake_digest(f, 1);

	failing("manifests/sha256-", o, outcomes[_i].list);
	failing("referrers/", o, outcomes[_i].list);
	fake_put_bundle(f, "app", image, &(struct fake_signature){.key = &keys[0]});
	failing("manifests/sha256:", o, outcomes[_i].manifest);
	failing("blobs/", o, outcomes[_i].blob);
	fake_put_signatures(f, "app", image, &(struct fake_signature){.key = &keys[0]}, 1);
	failing("blobs/", o, outcomes[_i].blob);
}
END_TEST

Suite *test_evidence_failure_suite(void);
Suite *test_evidence_failure_suite(void)
{
	Suite *s = suite_create("evidence_failure");
	TCase *t = tcase_create("evidence_failure");

	tcase_add_checked_fixture(t, pool_setup, pool_teardown);
	tcase_add_test(t, unknown_hosts_are_not_contacted);
	tcase_add_test(t, hosts_of_the_registries_file_are);
	tcase_add_test(t, too_many_lookups_are_refused_with_their_own_text);
	tcase_add_test(t, a_thousand_cold_images_are_all_answered);
	tcase_add_test(t, stopping_answers_all_who_wait);
	tcase_add_test(t, can_be_freed_while_busy);
	tcase_add_test(t, a_full_arena_is_no_verdict);
	tcase_add_test(t, ten_thousand_verdicts_fit_eight_mebibytes);
	tcase_add_test(t, tells_every_answer_once);
	tcase_add_loop_test(t, a_registry_that_failed_is_left_alone_for_a_while, 0,
			    (int)(sizeof(failures) / sizeof(failures[0])));
	tcase_add_test(t, one_answer_ends_the_waiting);
	tcase_add_test(t, a_failed_part_is_no_verdict);
	tcase_add_loop_test(t, tells_failures_from_what_was_pushed, 0,
			    (int)(sizeof(outcomes) / sizeof(outcomes[0])));
	suite_add_tcase(s, t);
	return s;
}

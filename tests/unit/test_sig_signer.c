/* Signatures by identity, over what tests/fuzz/bundle/write wrote: what is known of a good one, who is
 * believed, and that neither a failed allocation nor a turned bit makes a yes. Everything that must be
 * refused for a reason of its own is in tests/sigstore/mini. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "sigstore/verify.h"

Suite *test_sig_signer_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIB ((size_t)1 << 20)
#define SUBJECT "https://git.mini.example/acme/app/.ci/build.yml@refs/heads/main"
#define ISSUER "https://accounts.mini.example"
#define DIGEST "sha256:6fbad25408872c023f315a114a2e7a93fe03bf6958a9eec47d8d5f90a760f357"
#define LOGGED 1780315210 /* 2026-06-01T12:00:10Z; stamped 5 seconds before */
#define NOW (LOGGED + 86400)

static const struct identity_demand who = {
	.issuer.exact = {ISSUER, sizeof(ISSUER) - 1},
	.subject.exact = {SUBJECT, sizeof(SUBJECT) - 1},
};

static struct arena *a, *work;
static struct trusted_root root;
static struct sig_authority authority;
static struct verify_result r;

static struct str file(const char *folder, const char *name)
{
	char path[128];
	struct str out;
	struct err e;

	snprintf(path, sizeof(path), "tests/fuzz/%s/%s", folder, name);
	ck_assert_msg(file_read(a, path, MIB, &out, &e) == 0, "%s", e.text);
	return out;
}

static void setup(void)
{
	struct err e;

	a = arena_new(16 * MIB);
	work = arena_new(LIMIT_VERIFY_ARENA_BYTES);
	ck_assert(a && work);
	root = (struct trusted_root){.n_logs = 0};
	ck_assert_msg(trusted_root_add(a, file("bundle", "root.json"), &root, &e) == 0, "%s",
		      e.text);
	authority = (struct sig_authority){
		.identities = &who,
		.n_identities = 1,
		.schemes = SIG_SCHEMES_DEFAULT,
		.accept_message = true,
		.root = &root,
		.log_threshold = 1,
		.sct_threshold = 1,
	};
}

static void teardown(void)
{
	arena_free(a);
	arena_free(work);
}

/* The answer is in r until the next question. */
static void ask(struct str text)
{
	const struct sig_demand demand = {.want = SIG_WANT_SIGNATURE};
	struct sig_subject subject = {.bytes = {NULL, 0}};
	const struct verify_input in = {&authority, &demand, &subject, NOW};
	struct sig_fault f;
	struct bundle *b;

	ck_assert(sha256_parse(S(DIGEST), &subject.digest));
	if (bundle_parse(work, text, &b, &f) < 0)
		verify_rejected(&f, &r);
	else
		verify_bundle(work, b, &in, &r);
}

static void ask_anew(struct str text)
{
	arena_reset(work);
	ask(text);
}

static const struct {
	const char *name;
	size_t timestamps;
	bool logged; /* the log tells the time */
} good[] = {
	{"identity-v0.1", 0, true},    {"identity-v0.2", 0, true},     {"identity-v0.3", 0, true},
	{"identity-rekor2", 1, false}, {"identity-message", 1, false},
};

START_TEST(what_is_known_of_a_good_one)
{
	ask(file("corpus/bundle", good[_i].name));
	ck_assert_msg(r.reason == VERIFY_VERIFIED, "%s", r.text);
	ck_assert(!r.key && r.key_index == 0 && r.scheme == SIG_SCHEME_SHA256);
	ck_assert(r.identity.kind == IDENTITY_URI && r.identity_index == 0);
	ck_assert(str_eq(r.identity.subject, S(SUBJECT)));
	ck_assert(str_eq(r.identity.issuer, S(ISSUER)));
	ck_assert_uint_eq(r.n_entries, 1);
	ck_assert_int_eq(r.entries[0].has_time, good[_i].logged);
	ck_assert_uint_eq(r.n_timestamps, good[_i].timestamps);
	ck_assert_int_eq(r.signed_unix_s, good[_i].logged ? LOGGED : LOGGED - 5);
	ck_assert(str_eq(r.claimed_digest, S(DIGEST)));
}
END_TEST

static void refused(const char *name, enum verify_reason reason, const char *text)
{
	ask_anew(file("corpus/bundle", name));
	ck_assert_str_eq(r.text, text);
	ck_assert_int_eq(r.reason, reason);
	ck_assert(!r.identity.subject.p && !r.entries && r.signed_unix_s == 0);
}

START_TEST(authorities_that_make_no_sense_judge_nothing)
{
	const struct sig_authority_key key = {.key = NULL};

	authority.root = NULL;
	refused("identity-v0.3", VERIFY_NOT_SUPPORTED,
		"authority: an identity, a transparency log or a timestamp is demanded, and no "
		"trusted root is given");
	authority.root = &root;
	authority.keys = &key;
	authority.n_keys = 1;
	refused("identity-v0.3", VERIFY_NOT_SUPPORTED, "authority: both keys and identities");
	authority.n_keys = authority.n_identities = 0;
	refused("identity-v0.3", VERIFY_NOT_SUPPORTED, "authority: neither a key nor an identity");
}
END_TEST

/* Of several identities the one that fits best says what is wrong, wherever it stands. */
START_TEST(the_nearest_identity_speaks)
{
	const struct identity_demand near = {.issuer.exact = S(ISSUER), .subject.exact = S("b")};
	const struct identity_demand far = {.issuer.exact = S("x"), .subject.exact = S("y")};
	const struct identity_demand lists[2][2] = {{near, far}, {far, near}};

	authority.n_identities = 2;
	for (size_t i = 0; i < 2; i++) {
		authority.identities = lists[i];
		ask_anew(file("corpus/bundle", "identity-v0.3"));
		ck_assert_int_eq(r.reason, VERIFY_IDENTITY_SUBJECT);
	}
}
END_TEST

/* A log whose key was out of use at every known time cannot have recorded it, also where the log itself
 * tells no time. */
START_TEST(a_log_counts_while_its_key_does)
{
	struct str text = file("corpus/bundle", "identity-rekor2");
	int64_t at = (int64_t)(LOGGED - 5) * 1000;

	for (size_t i = 0; i < root.n_logs; i++)
		root.logs[i].window = (struct trusted_window){at, at};
	ask(text);
	ck_assert_msg(r.reason == VERIFY_VERIFIED, "%s", r.text);
	for (size_t i = 0; i < root.n_logs; i++)
		root.logs[i].window = (struct trusted_window){INT64_MIN, at - 1};
	refused("identity-rekor2", VERIFY_LOG_PROMISE_TIME,
		"recorded when the key of the log did not count");
}
END_TEST

START_TEST(no_failed_allocation_makes_a_yes)
{
	struct str text = file("corpus/bundle", good[_i].name);
	size_t at = 0;

	for (;;) {
		arena_reset(work);
		arena_fail_at(work, ++at);
		ask(text);
		if (!arena_exhausted(work))
			break;
		ck_assert_msg(r.reason == VERIFY_NO_ROOM, "allocation %zu: %s (%s)", at,
			      verify_reason_name(r.reason), r.text);
	}
	ck_assert_uint_gt(at, 50);
	ck_assert_int_eq(r.reason, VERIFY_VERIFIED);
}
END_TEST

/* The name in a checkpoint's signature line of the first version is nobody's; all other bytes count. */
START_TEST(no_bit_can_be_turned)
{
	struct str text = file("corpus/bundle", good[_i].name);
	char *copy = arena_dup(a, text.p, text.n);
	const char *name = strstr(copy, "\xE2\x80\x94 rekor");
	size_t from = name ? (size_t)(name - copy) + 4 : 0, until;

	ck_assert_ptr_nonnull(name);
	until = from + strcspn(copy + from, " ");
	for (size_t i = 0; i < text.n; i += 3) {
		copy[i] = (char)(copy[i] ^ 1);
		ask_anew((struct str){copy, text.n});
		ck_assert_msg(r.reason != VERIFY_VERIFIED || (i >= from && i < until), "byte %zu",
			      i);
		copy[i] = (char)(copy[i] ^ 1);
	}
	ask_anew((struct str){copy, text.n});
	ck_assert_int_eq(r.reason, VERIFY_VERIFIED);
}
END_TEST

Suite *test_sig_signer_suite(void)
{
	Suite *s = suite_create("sig_signer");
	TCase *t = tcase_create("sig_signer");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, what_is_known_of_a_good_one, 0, (int)COUNT(good));
	tcase_add_test(t, authorities_that_make_no_sense_judge_nothing);
	tcase_add_test(t, the_nearest_identity_speaks);
	tcase_add_test(t, a_log_counts_while_its_key_does);
	tcase_add_loop_test(t, no_failed_allocation_makes_a_yes, 0, (int)COUNT(good));
	tcase_add_loop_test(t, no_bit_can_be_turned, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

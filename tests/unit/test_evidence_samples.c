/* Real registry content, signed by real tools: every repository gives the verdict that it should. */
#include <check.h>
#include <stdio.h>
#include <unistd.h>

#include "core/file.h"
#include "oci/recorded.h"
#include "tests/unit/evidence_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static struct fake_registry *f;
static struct arena *arena;

static void setup(void)
{
	f = fake_new();
	arena = arena_new((size_t)16 << 20);
}

static void teardown(void)
{
	arena_free(arena);
	fake_free(f);
}

#define SAMPLES "../shared/samples/sigstore"
#define MULTI "sha256:eefd8343a14bc7ac72800e387652f6340420891412da188753c94c7893a4e18b"
#define AMD64 "sha256:a51618d53afe7ded5a250d57bee51d38fa5df0ec6fef107921b1b665200d9e15"
#define ARM64 "sha256:a8e898e7aab922c23f610cc333172e68c3e5ce40ecdb04cc552a29308c6d0c36"
#define WITH "with-referrers-api"

static const struct {
	const char *host, *path, *digest, *key;
	enum verify_state state;
	size_t verified; /* candidates */
} samples[] = {
	{WITH, "app", AMD64, "cosign", VERIFY_STATE_VERIFIED, 4},
	{WITH, "app", MULTI, "cosign", VERIFY_STATE_VERIFIED, 2},
	{WITH, "app", ARM64, "cosign", VERIFY_STATE_VERIFIED, 1},
	{WITH, "app", AMD64, "p256", VERIFY_STATE_UNTRUSTED_KEY, 0},
	{"without-referrers-api", "app", AMD64, "cosign", VERIFY_STATE_VERIFIED, 3},
	{"without-referrers-api", "app", MULTI, "cosign", VERIFY_STATE_VERIFIED, 2},
	{"without-referrers-api", "app", ARM64, "cosign", VERIFY_STATE_VERIFIED, 1},
	{"without-referrers-api", "app", ARM64, "p384", VERIFY_STATE_UNTRUSTED_KEY, 0},
	{WITH, "app25", AMD64, "cosign", VERIFY_STATE_VERIFIED, 1},
	{WITH, "app25", ARM64, "cosign", VERIFY_STATE_VERIFIED, 1},
	{WITH, "app25", MULTI, "cosign", VERIFY_STATE_UNSIGNED, 0},
	{WITH, "keyless-v3-bundle", AMD64, "cosign", VERIFY_STATE_UNTRUSTED_IDENTITY, 0},
	{WITH, "keyless-v3-legacy", AMD64, "cosign", VERIFY_STATE_UNTRUSTED_IDENTITY, 0},
	{WITH, "keyless-v25-legacy", AMD64, "cosign", VERIFY_STATE_UNTRUSTED_IDENTITY, 0},
	{WITH, "keyless-v25-bundle", AMD64, "cosign", VERIFY_STATE_UNSIGNED, 0},
	{WITH, "keyless-v3-rekor2", AMD64, "cosign", VERIFY_STATE_UNTRUSTED_IDENTITY, 0},
	{WITH, "keyless-v3-rekor2", MULTI, "cosign", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-p256-true", AMD64, "p256", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-p256-false", AMD64, "p256", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-p384-true", AMD64, "p384", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-p384-false", AMD64, "p384", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-p521-true", AMD64, "p521", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-p521-false", AMD64, "p521", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-ed25519-true", AMD64, "ed25519", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-ed25519-false", AMD64, "ed25519", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-rsa2048-true", AMD64, "rsa2048", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-rsa2048-false", AMD64, "rsa2048", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-rsa3072-true", AMD64, "rsa3072", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-rsa3072-false", AMD64, "rsa3072", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-rsa4096-true", AMD64, "rsa4096", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg-rsa4096-false", AMD64, "rsa4096", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg25-p384", AMD64, "p384", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg25-p521", AMD64, "p521", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg25-ed25519", AMD64, "ed25519", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg25-rsa2048", AMD64, "rsa2048", VERIFY_STATE_VERIFIED, 1},
	{WITH, "alg25-rsa2048", AMD64, "ed25519", VERIFY_STATE_UNTRUSTED_KEY, 0},
	{WITH, "absent", AMD64, "cosign", VERIFY_STATE_UNAVAILABLE, 0},
};

static void want_key(const char *name, struct evidence_want *w)
{
	struct sig_key *key = arena_alloc(f->arena, sizeof(*key));
	struct sig_authority_key *k = arena_alloc(f->arena, sizeof(*k));
	struct sig_authority *a = arena_alloc(f->arena, sizeof(*a));
	struct str pem;
	struct err e;

	ck_assert_msg(file_read(f->arena, fake_text(f, SAMPLES "/keys/%s.pub", name), 1 << 16, &pem,
				&e) == 0,
		      "%s", e.text);
	ck_assert_msg(sig_key_parse(f->arena, pem, key, &e) == 0, "%s", e.text);
	*k = (struct sig_authority_key){.key = key};
	*a = (struct sig_authority){.keys = k, .n_keys = 1, .schemes = SIG_SCHEMES_DEFAULT};
	*w = (struct evidence_want){.authorities = a,
				    .n_authorities = 1,
				    .enough = 1,
				    .thorough = true};
	ck_assert_int_eq(evidence_want_seal(w, &e), 0);
}

START_TEST(agrees_with_what_real_tools_signed)
{
	struct registry_recorded recorded;
	struct evidence_want w;
	struct err e;

	if (access(SAMPLES, R_OK) != 0) {
		if (_i == 0)
			printf("evidence_samples: skipped %d cases: no folder " SAMPLES "\n",
			       COUNT(samples));
		return;
	}
	ck_assert_msg(registry_recorded_init(&recorded, SAMPLES "/registry", &clock_system, &e) ==
			      0,
		      "%s", e.text);
	struct registry_source source = registry_recorded_source(&recorded);
	const struct reference r = {.host = str_of(samples[_i].host),
				    .path = str_of(samples[_i].path),
				    .digest = str_of(samples[_i].digest),
				    .digest_kind = REFERENCE_DIGEST_PINNED};
	want_key(samples[_i].key, &w);
	struct evidence got = fake_gather(arena, &source, &r, &w);
	ck_assert_msg(got.state == samples[_i].state, "%s/%s %s: %s: %.*s", samples[_i].host,
		      samples[_i].path, samples[_i].key, verify_state_name(got.state),
		      STR_ARG(got.why));
	size_t verified = 0;
	for (size_t i = 0; i < got.n_candidates; i++)
		verified += got.candidates[i].state == VERIFY_STATE_VERIFIED;
	ck_assert_msg(verified == samples[_i].verified, "%s/%s: %zu verified", samples[_i].host,
		      samples[_i].path, verified);
	/* Less thorough, the same answer. */
	w.thorough = false;
	ck_assert_int_eq(evidence_want_seal(&w, &e), 0);
	struct evidence again = fake_gather(arena, &source, &r, &w);
	ck_assert_int_eq(again.state, got.state);
}
END_TEST

Suite *test_evidence_samples_suite(void);
Suite *test_evidence_samples_suite(void)
{
	Suite *s = suite_create("evidence_samples");
	TCase *t = tcase_create("evidence_samples");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, agrees_with_what_real_tools_signed, 0, COUNT(samples));
	suite_add_tcase(s, t);
	return s;
}

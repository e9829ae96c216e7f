/* The words of the signature rule: five states, what mends them, where to look. */
#include "tests/unit/signature_fixture.h"

static const struct words {
	const char *params;
	enum verify_state state[2];
	enum verify_reason reason;
	const char *why;
	struct evidence_candidate candidates[3];
	size_t n;
	const char *line;
} words[] = {
	{"anyOf: [r1]",
	 {VERIFY_STATE_UNSIGNED},
	 VERIFY_NO_SIGNATURE,
	 "no signature was found",
	 {{.state = VERIFY_STATE_UNAVAILABLE}},
	 0,
	 "signature: " AT SHORT
	 " has no cosign signature: none at tag sha256-0123456789ab\xE2\x80\xA6.sig, none among "
	 "its referrers; want a signature by r1"},
	{"anyOf: [r1], signatureRepository: sigs.example/all",
	 {VERIFY_STATE_UNSIGNED},
	 VERIFY_NO_SIGNATURE,
	 "no signature was found",
	 {{.state = VERIFY_STATE_UNAVAILABLE}},
	 0,
	 "signature: " AT SHORT
	 " has no cosign signature: none at tag sha256-0123456789ab\xE2\x80\xA6.sig, none among "
	 "its referrers in sigs.example/all; want a signature by r1"},
	{"anyOf: [r1, r2]",
	 {VERIFY_STATE_UNTRUSTED_KEY, VERIFY_STATE_UNTRUSTED_KEY},
	 VERIFY_KEY_FITS_NONE,
	 "names no key, and fits none of ours",
	 {{.state = VERIFY_STATE_UNTRUSTED_KEY, .reason = VERIFY_KEY_FITS_NONE}},
	 1,
	 "signature: " AT SHORT " has 1 cosign signature, none by key \"r1\" or \"r2\"; want a "
	 "signature by one of: r1, r2"},
	{"anyOf: [r1]",
	 {VERIFY_STATE_UNTRUSTED_KEY},
	 VERIFY_KEY_UNKNOWN,
	 "names another key",
	 {{.state = VERIFY_STATE_UNTRUSTED_KEY,
	   .reason = VERIFY_KEY_UNKNOWN,
	   .hint = {"sha256:" HEX, 71}},
	  {.state = VERIFY_STATE_UNTRUSTED_IDENTITY, .reason = VERIFY_CERTIFICATE},
	  {.state = VERIFY_STATE_UNTRUSTED_KEY,
	   .reason = VERIFY_KEY_UNKNOWN,
	   .hint = {"sha256:" HEX, 71}}},
	 3,
	 "signature: " AT SHORT " has 3 cosign signatures, by key sha256:0123456789ab\xE2\x80\xA6 "
	 "and the holder of a certificate, none by key \"r1\"; want a "
	 "signature by r1"},
	{"allOf: [r1, r2]",
	 {VERIFY_STATE_VERIFIED, VERIFY_STATE_UNTRUSTED_KEY},
	 VERIFY_KEY_FITS_NONE,
	 "",
	 {{.state = VERIFY_STATE_VERIFIED, .key = {"sha256:" HEX, 71}, .authority = 0}},
	 1,
	 "signature: " AT SHORT " has 1 cosign signature, by \"r1\", none by key \"r2\"; want "
	 "signatures by all of: r1, r2"},
	{"anyOf: [r1]",
	 {VERIFY_STATE_UNTRUSTED_IDENTITY},
	 VERIFY_CERTIFICATE,
	 "made by the holder of a certificate",
	 {{.state = VERIFY_STATE_UNTRUSTED_IDENTITY, .reason = VERIFY_CERTIFICATE}},
	 1,
	 "signature: " AT SHORT " has 1 cosign signature, by the holder of a certificate, none by "
	 "key \"r1\"; want a signature by r1"},
	{"anyOf: [r1]",
	 {VERIFY_STATE_BAD_SIGNATURE},
	 VERIFY_SIGNATURE_WRONG,
	 "names our key, and is not its signature of this content",
	 {{.state = VERIFY_STATE_BAD_SIGNATURE, .reason = VERIFY_SIGNATURE_WRONG}},
	 1,
	 "signature: " AT SHORT " has 1 cosign signature, which is broken: names our key, and is "
	 "not its signature of this content; want a signature by r1"},
	{"anyOf: [r1]",
	 {VERIFY_STATE_BAD_SIGNATURE},
	 VERIFY_JSON,
	 "evil\x1b[31m\xE2\x80\xAEtext",
	 {{.state = VERIFY_STATE_BAD_SIGNATURE}, {.state = VERIFY_STATE_UNTRUSTED_KEY}},
	 2,
	 "signature: " AT SHORT " has 2 cosign signatures, none good: evil\\x1b[31m\\u202etext; "
	 "want a signature by r1"},
	{"atLeast: {count: 2, of: [r1, r2]}",
	 {VERIFY_STATE_UNSIGNED, VERIFY_STATE_DIGEST_MISMATCH},
	 VERIFY_DIGEST,
	 "a good signature of \"sha256:aa\", not of sha256:bb",
	 {{.state = VERIFY_STATE_DIGEST_MISMATCH, .key = {"sha256:" HEX, 71}, .authority = 1}},
	 1,
	 "signature: " AT SHORT " has 1 cosign signature, none of this image by \"r2\": a good "
	 "signature of \"sha256:aa\", not of sha256:bb; want signatures "
	 "by all of: r1, r2"},
	{"anyOf: [r1]",
	 {VERIFY_STATE_UNAVAILABLE},
	 VERIFY_REGISTRY_FAILED,
	 "registry.internal.example.com answered HTTP 503 for sha256-1a2b.sig after 2 tries in "
	 "4.1 s",
	 {{.state = VERIFY_STATE_UNAVAILABLE}},
	 0,
	 "signature-unavailable: " AT "registry.internal.example.com answered HTTP 503 for "
	 "sha256-1a2b.sig after 2 tries in 4.1 s"},
};

static void answer(const struct words *w, struct evidence *e, struct evidence_signer signers[2])
{
	size_t n = x->engine.questions[0].want->n_authorities;

	struct evidence_candidate *candidates =
		arena_calloc(x->static_arena, 3, sizeof(*candidates));
	memcpy(candidates, w->candidates, sizeof(w->candidates));
	*e = (struct evidence){.signers = signers,
			       .n_signers = n,
			       .candidates = candidates,
			       .n_candidates = w->n,
			       .n_signatures = w->n,
			       .outcome = w->state[0] ? NULL : "http_5xx"};
	for (size_t i = 0; i < n; i++) {
		bool yes = w->state[i] == VERIFY_STATE_VERIFIED;
		signers[i] =
			(struct evidence_signer){.state = w->state[i],
						 .reason = yes ? VERIFY_VERIFIED : w->reason,
						 .text = yes ? S("") : str_of(w->why),
						 .key = w->state[i] == VERIFY_STATE_DIGEST_MISMATCH
								? S("sha256:" HEX)
								: S("")};
	}
	evidence_decide(x->engine.questions[0].want, e);
}

START_TEST(says_what_was_found)
{
	const struct words *w = &words[_i];
	struct evidence_signer signers[2];
	struct evidence e;

	load_rules("deny", rule(w->params));
	evaluate(pod_of(IMAGE));
	answer(w, &e, signers);
	conclude(&e);
	expect_text(fixture_lines(x), fake_text(reg, "%s\n", w->line), w->params);
}
END_TEST

static const char *message(void)
{
	const struct report_object o = {S("Pod"), S("shop"), S("web-7d4f9"), S("")};
	const struct report_text_options options = {.docs_url = S("https://docs.example.com/fix"),
						    .uid = S("9d0c11aa-0000")};
	struct str s = report_message(&x->engine.report, &o, &options);

	return fake_text(reg, "%.*s", STR_ARG(s));
}

START_TEST(names_the_command_that_mends_it)
{
	struct evidence_signer signers[2];
	struct evidence e;

	load_rules("deny", rule(words[2].params));
	evaluate(pod_of(IMAGE));
	answer(&words[2], &e, signers);
	conclude(&e);
	expect_text(message(),
		    "assay: 1 violation in Pod shop/web-7d4f9\n"
		    "- signature: " AT SHORT " has 1 cosign signature, none by key \"r1\" or "
		    "\"r2\"; want a signature by one of: r1, r2\n"
		    "Fix it: cosign sign --key <r1 key> " IMAGE
		    " ; https://docs.example.com/fix#signature (request 9d0c11aa)",
		    "message");
}
END_TEST

/* A command that, run as it stands, makes what is wanted. */
START_TEST(the_command_has_all_that_is_wanted)
{
	static const char params[] =
		"anyOf: [r1], annotations: {team: infra, note: \"it's fine\"}, "
		"signatureRepository: registry.internal.example.com/sigs";
	struct evidence_signer signers[2];
	struct evidence e;

	load_rules("deny", rule(params));
	evaluate(pod_of(IMAGE));
	answer(&words[0], &e, signers);
	conclude(&e);
	const char *text = message();
	const char *want =
		"; want a signature by r1 with annotations team=infra, note=it's fine\n"
		"Fix it: COSIGN_REPOSITORY=registry.internal.example.com/sigs cosign sign "
		"--key <r1 key> -a team=infra -a 'note=it'\\''s fine' " IMAGE " ; ";
	ck_assert_msg(strstr(text, want), "%s\nhas no\n%s", text, want);
}
END_TEST

START_TEST(names_the_metric_that_shows_why)
{
	struct evidence_signer signers[2];
	struct evidence e;

	load_rules("deny", rule("anyOf: [r1]"));
	evaluate(pod_of(IMAGE));
	answer(&words[COUNT(words) - 1], &e, signers);
	ck_assert_int_eq(conclude(&e), VERDICT_UNAVAILABLE);
	expect_text(
		message(),
		"assay: could not verify 1 image in Pod shop/web-7d4f9 (try again; the manifest "
		"may be fine)\n"
		"- signature-unavailable: " AT
		"registry.internal.example.com answered HTTP 503 for "
		"sha256-1a2b.sig after 2 tries in 4.1 s\n"
		"Platform team: see assay_registry_requests_total{outcome=\"http_5xx\"}; "
		"https://docs.example.com/fix#signature-unavailable (request 9d0c11aa)",
		"message");
}
END_TEST

/* ---- memory ---- */

START_TEST(never_admits_when_an_allocation_fails)
{
	struct evidence_signer signers[2];
	struct evidence e;
	enum verdict v;
	size_t n = 1;

	load_rules("deny", rule(words[_i].params));
	for (;; n++) {
		arena_reset(x->arena);
		arena_fail_at(x->arena, n);
		evaluate(pod_of(IMAGE));
		if (x->engine.n_questions)
			answer(&words[_i], &e, signers);
		v = conclude(x->engine.n_questions ? &e : NULL);
		ck_assert(v == VERDICT_DENY || v == VERDICT_UNAVAILABLE);
		if (!arena_exhausted(x->arena))
			break;
	}
	ck_assert_uint_gt(n, 8);
}
END_TEST

Suite *test_signature_text_suite(void);
Suite *test_signature_text_suite(void)
{
	Suite *s = suite_create("signature_text");
	TCase *t = tcase_create("signature_text");

	tcase_add_checked_fixture(t, signature_setup, signature_teardown);
	tcase_add_loop_test(t, says_what_was_found, 0, COUNT(words));
	tcase_add_test(t, names_the_command_that_mends_it);
	tcase_add_test(t, the_command_has_all_that_is_wanted);
	tcase_add_test(t, names_the_metric_that_shows_why);
	tcase_add_loop_test(t, never_admits_when_an_allocation_fails, 0, COUNT(words));
	suite_add_tcase(s, t);
	return s;
}

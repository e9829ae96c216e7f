/* The signature rule: every state under anyOf, allOf and atLeast; what is not asked at all. */
#include <stdio.h>

#include "tests/unit/signature_fixture.h"

/* ---- every state, however many are wanted ---- */

static const enum verify_reason reason_of[] = {
	[VERIFY_STATE_UNAVAILABLE] = VERIFY_DEADLINE,
	[VERIFY_STATE_UNSIGNED] = VERIFY_NO_SIGNATURE,
	[VERIFY_STATE_UNTRUSTED_KEY] = VERIFY_KEY_FITS_NONE,
	[VERIFY_STATE_UNTRUSTED_IDENTITY] = VERIFY_CERTIFICATE,
	[VERIFY_STATE_BAD_SIGNATURE] = VERIFY_SIGNATURE_WRONG,
	[VERIFY_STATE_DIGEST_MISMATCH] = VERIFY_DIGEST,
	[VERIFY_STATE_VERIFIED] = VERIFY_VERIFIED,
};

static const struct {
	const char *params;
	size_t enough;
} forms[] = {
	{"anyOf: [r1, r2, r3]", 1},
	{"allOf: [r1, r2, r3]", 3},
	{"atLeast: {count: 2, of: [r1, r2, r3]}", 2},
	{"atLeast: {count: 1, of: [r1, r2, r3]}", 1},
	{"atLeast: {count: 3, of: [r1, r2, r3]}", 3},
};

/* The first `yes` authorities have signed, the others are in `state`. */
static void judge_states(size_t form, size_t yes, enum verify_state state)
{
	struct evidence_signer signers[3];
	struct evidence e = {.signers = signers, .n_signers = 3, .n_signatures = 1};

	evaluate(pod_of(IMAGE));
	ck_assert_uint_eq(x->engine.n_questions, 1);
	const struct evidence_want *want = x->engine.questions[0].want;
	ck_assert_uint_eq(want->enough, forms[form].enough);
	ck_assert_uint_eq(want->n_authorities, 3);
	for (size_t i = 0; i < 3; i++) {
		enum verify_state s = i < yes ? VERIFY_STATE_VERIFIED : state;
		signers[i] = (struct evidence_signer){.state = s,
						      .reason = reason_of[s],
						      .text = S("because")};
	}
	evidence_decide(want, &e);
	enum verdict v = conclude(&e);
	const struct report *r = &x->engine.report;
	bool ok = (state == VERIFY_STATE_VERIFIED ? 3 : yes) >= forms[form].enough;
	bool gap = !ok && state == VERIFY_STATE_UNAVAILABLE;
	enum verdict expected = ok ? VERDICT_ALLOW : gap ? VERDICT_UNAVAILABLE : VERDICT_DENY;
	ck_assert_msg(v == expected, "%s, %zu yes, %s: %s", forms[form].params, yes,
		      verify_state_name(state), verdict_decision(v));
	ck_assert_uint_eq(r->n_violations, ok ? 0 : 1);
	if (ok)
		return;
	ck_assert_int_eq(r->violations[0].code, gap ? CODE_SIGNATURE_UNAVAILABLE : CODE_SIGNATURE);
	ck_assert(r->violations[0].unavailable == gap);
	ck_assert_int_eq(r->results[0].outcome, gap ? RULE_ERROR : RULE_FAIL);
}

START_TEST(judges_every_state)
{
	load_rules("deny", rule(forms[_i].params));
	for (size_t yes = 0; yes <= 3; yes++) {
		for (int s = VERIFY_STATE_UNAVAILABLE; s <= VERIFY_STATE_VERIFIED; s++) {
			judge_states((size_t)_i, yes, (enum verify_state)s);
			arena_reset(x->arena);
		}
	}
}
END_TEST

/* ---- what is not asked ---- */

static const struct {
	const char *image, *line;
} unasked[] = {
	{"nginx:1.27", "signature: " AT "got tag \"1.27\"; want ...@sha256:<64 hex>; assay verify "
		       "docker.io/library/nginx:1.27 prints its pin\n"},
	{"nginx", "signature: " AT "got tag \"latest\" (implied); want ...@sha256:<64 hex>; assay "
		  "verify docker.io/library/nginx:latest prints its pin\n"},
	{"r.io/a:1@sha512:0123456789abcdef0123456789abcdef",
	 "signature: " AT "got digest \"sha512:0123456789abcdef0123456789abcdef\" (not sha256 with "
	 "64 lower-case hex digits); want ...@sha256:<64 hex>; assay verify r.io/a:1 prints its "
	 "pin\n"},
	{"Nginx", "image-reference: " AT "got \"Nginx\" (upper case in the repository path); want "
		  "a valid image reference\n"},
	{"", "object: spec.containers[0].image (container \"proxy\"): got \"\" (an empty string); "
	     "want an image\n"},
};

START_TEST(refuses_what_cannot_be_asked_about)
{
	load_rules("allow", rule("anyOf: [r1]"));
	evaluate(pod_of(unasked[_i].image));
	ck_assert_uint_eq(x->engine.n_questions, 0);
	ck_assert_int_eq(conclude(NULL), VERDICT_DENY);
	if (*unasked[_i].image)
		expect_text(fixture_lines(x), unasked[_i].line, unasked[_i].image);
}
END_TEST

START_TEST(a_long_name_is_not_put_into_a_command)
{
	char image[300];

	memset(image, 'a', sizeof(image));
	memcpy(image, "r.io/", 5);
	snprintf(image + 200, 3, ":1");
	load_rules("deny", rule("anyOf: [r1]"));
	evaluate(pod_of(image));
	conclude(NULL);
	expect_text(fixture_lines(x),
		    "signature: " AT
		    "got tag \"1\"; want ...@sha256:<64 hex>; assay verify IMAGE:TAG "
		    "prints its pin\n",
		    image);
}
END_TEST

START_TEST(images_narrow_the_rule)
{
	static const struct {
		const char *image;
		size_t asked;
		enum verdict verdict;
	} cases[] = {
		{"r.io/golden/a@sha256:" HEX, 1, VERDICT_UNAVAILABLE},
		{"r.io/other/a@sha256:" HEX, 0, VERDICT_ALLOW},
		{"r.io/other/a:1", 0, VERDICT_ALLOW},
		{"r.io/golden/a:1", 0, VERDICT_DENY},
		{"R.IO/golden/a:1", 0, VERDICT_DENY},
		{"Other", 0, VERDICT_DENY},
	};

	load_rules("deny", "  - {name: s, signature: {images: ['r.io/golden/**'], anyOf: [r1]}}\n"
			   "  - {name: from, image: {registries: ['r.io/**']}}\n");
	for (int i = 0; i < COUNT(cases); i++) {
		evaluate(pod_of(cases[i].image));
		ck_assert_uint_eq(x->engine.n_questions, cases[i].asked);
		ck_assert_msg(conclude(NULL) == cases[i].verdict, "%s", cases[i].image);
		arena_reset(x->arena);
	}
}
END_TEST

START_TEST(asks_of_every_part_of_a_pod)
{
	load_rules("deny", rule("anyOf: [r1]"));
	evaluate("{'spec': {'initContainers': [{'name': 'i', 'image': '" IMAGE "'}], 'containers': "
		 "[{'name': 'c', 'image': '" IMAGE "'}], 'ephemeralContainers': [{'name': 'e', "
		 "'image': '" IMAGE "'}], 'volumes': [{'name': 'v', 'image': {'reference': '" IMAGE
		 "'}}]}}");
	ck_assert_uint_eq(x->engine.n_questions, 4);
	struct evidence e[4] = {0};
	ck_assert_int_eq(conclude(e), VERDICT_UNAVAILABLE);
	expect_text(
		fixture_lines(x),
		"signature-unavailable: spec.initContainers[0].image (container \"i\"): nothing "
		"was verified\n"
		"signature-unavailable: spec.containers[0].image (container \"c\"): nothing was "
		"verified\n"
		"signature-unavailable: spec.ephemeralContainers[0].image (container \"e\"): "
		"nothing was verified\n"
		"signature-unavailable: spec.volumes[0].image.reference (volume \"v\"): nothing "
		"was verified\n",
		"lines");
}
END_TEST

/* ---- which hosts may be contacted ---- */

START_TEST(says_whether_a_policy_names_the_host)
{
	load_rules("deny",
		   "  - {name: s, signature: {anyOf: [r1]}}\n"
		   "  - {name: from, mode: warn, image: {registries: ['r.io/golden/**']}}\n");
	evaluate("{'spec': {'containers': [{'name': 'a', 'image': 'r.io/other@sha256:" HEX "'}, "
		 "{'name': 'b', 'image': 'evil.example/golden/a@sha256:" HEX "'}, {'name': 'c', "
		 "'image': 'r.io:5000/golden/a@sha256:" HEX "'}]}}");
	ck_assert_uint_eq(x->engine.n_questions, 3);
	ck_assert(x->engine.questions[0].listed);
	ck_assert(!x->engine.questions[1].listed);
	ck_assert(!x->engine.questions[2].listed);
}
END_TEST

START_TEST(one_that_was_not_asked_is_refused_whatever_on_error_says)
{
	struct evidence e = {.refused = true, .why = S("evil.example was not asked: why")};

	load_rules("allow", rule("anyOf: [r1]"));
	evaluate(pod_of(IMAGE));
	ck_assert_int_eq(conclude(&e), VERDICT_DENY);
	expect_text(fixture_lines(x),
		    "signature: " AT "evil.example was not asked: why; want a signature by r1\n",
		    "lines");
}
END_TEST

/* ---- modes, errors, exceptions ---- */

/* One authority, which says this. */
static struct evidence answer_of(enum verify_state state)
{
	static struct evidence_signer signer;
	struct evidence e = {.signers = &signer, .n_signers = 1, .n_signatures = 1};

	signer = (struct evidence_signer){.state = state,
					  .reason = reason_of[state],
					  .text = S("because")};
	evidence_decide(x->engine.questions[0].want, &e);
	return e;
}

START_TEST(on_error_decides_over_what_could_not_be_found_out)
{
	struct evidence e;

	load_rules("allow", rule("anyOf: [r1]"));
	evaluate(pod_of(IMAGE));
	e = answer_of(VERIFY_STATE_UNAVAILABLE);
	ck_assert_int_eq(conclude(&e), VERDICT_WARN);
	struct str_list warnings = report_warnings(&x->engine.report);
	ck_assert_uint_eq(warnings.n, 1);
	ck_assert(str_eq(warnings.items[0], S("assay: container \"proxy\": could not verify image "
					      "(spec.containers[0].image)")));
	arena_reset(x->arena);
	evaluate(pod_of(IMAGE));
	e = answer_of(VERIFY_STATE_UNTRUSTED_KEY);
	ck_assert_int_eq(conclude(&e), VERDICT_DENY);
}
END_TEST

START_TEST(mode_warn_warns)
{
	struct evidence e;

	load_rules("deny", "  - {name: signed, mode: warn, signature: {anyOf: [r1]}}\n");
	evaluate(pod_of(IMAGE));
	e = answer_of(VERIFY_STATE_UNSIGNED);
	ck_assert_int_eq(conclude(&e), VERDICT_WARN);
	struct str_list warnings = report_warnings(&x->engine.report);
	ck_assert_uint_eq(warnings.n, 1);
	ck_assert(str_eq(warnings.items[0],
			 S("assay: container \"proxy\": image is not signed by a trusted key "
			   "(spec.containers[0].image)")));
}
END_TEST

START_TEST(exceptions_silence_it)
{
	struct evidence e;

	load_rules("deny",
		   fake_text(reg,
			     "%s---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: "
			     "{name: ex}\nspec:\n  {policy: golden, rules: [signed], match: "
			     "{namespace: shop, image: 'registry.internal.example.com/edge/"
			     "proxy@sha256:" HEX "'}, reason: r, owner: o, expires: "
			     "2027-01-31}\n",
			     rule("anyOf: [r1]")));
	for (int i = 0; i < 2; i++) {
		evaluate(pod_of(IMAGE));
		e = answer_of(i ? VERIFY_STATE_UNAVAILABLE : VERIFY_STATE_UNSIGNED);
		ck_assert_int_eq(conclude(&e), VERDICT_ALLOW);
		ck_assert_uint_eq(x->engine.report.n_uses, 1);
		ck_assert_int_eq(x->engine.report.results[0].outcome, RULE_SKIP);
		arena_reset(x->arena);
	}
	evaluate(pod_of("registry.internal.example.com/edge/proxy:1"));
	ck_assert_int_eq(conclude(NULL), VERDICT_DENY);
}
END_TEST

Suite *test_signature_suite(void);
Suite *test_signature_suite(void)
{
	Suite *s = suite_create("signature");
	TCase *t = tcase_create("signature");

	tcase_add_checked_fixture(t, signature_setup, signature_teardown);
	tcase_add_loop_test(t, judges_every_state, 0, COUNT(forms));
	tcase_add_loop_test(t, refuses_what_cannot_be_asked_about, 0, COUNT(unasked));
	tcase_add_test(t, a_long_name_is_not_put_into_a_command);
	tcase_add_test(t, images_narrow_the_rule);
	tcase_add_test(t, asks_of_every_part_of_a_pod);
	tcase_add_test(t, says_whether_a_policy_names_the_host);
	tcase_add_test(t, one_that_was_not_asked_is_refused_whatever_on_error_says);
	tcase_add_test(t, on_error_decides_over_what_could_not_be_found_out);
	tcase_add_test(t, mode_warn_warns);
	tcase_add_test(t, exceptions_silence_it);
	suite_add_tcase(s, t);
	return s;
}

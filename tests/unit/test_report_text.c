/* The exact words of refusals. */
#include <check.h>

#include "policy/limits.h"
#include "tests/unit/report_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

extern const struct rule rule_read_only_root_filesystem;
extern const struct rule rule_image;
extern const struct rule rule_run_as;

/* ---- refusals ---- */

static void add_golden(struct fixture *f)
{
	struct policy *p = fixture_policy(f, "golden");

	fixture_rule(f, p, "image", &rule_image,
		     fixture_params(f, &rule_image,
				    "{'registries': ['registry.internal.example.com/*'], 'digest': "
				    "'required'}"));
	fixture_rule(f, p, "ro", &rule_read_only_root_filesystem, NULL);
	fixture_rule(f, p, "as", &rule_run_as, fixture_params(f, &rule_run_as, "{'user': 65532}"));
}

START_TEST(writes_the_refusal_of_the_specification)
{
	struct fixture *f = fixture_new();
	const struct report_object obj = {S("Deployment"), S("shop"), S("web"), S("")};

	add_golden(f);
	fixture_kind(f, "apps", "Deployment");
	fixture_judge(f, "{'spec': {'template': {'spec': {'containers': [{'name': 'web', 'image': "
			 "'nginx:1.27'}]}}}}");
	struct str s = report_message(&f->engine.report, &obj, &fixture_options);
	expect_text(s.p,
		    "assay: 4 violations in Deployment shop/web\n"
		    "- registry: spec.template.spec.containers[0].image (container \"web\"): got "
		    "\"nginx:1.27\" (docker.io); want registry.internal.example.com/*\n"
		    "- digest: spec.template.spec.containers[0].image (container \"web\"): got tag "
		    "\"1.27\"; want ...@sha256:<64 hex>\n"
		    "- read-only-root-filesystem: spec.template.spec.containers[0].securityContext."
		    "readOnlyRootFilesystem (container \"web\"): not set; want true\n"
		    "- run-as-user: spec.template.spec.containers[0].securityContext.runAsUser "
		    "(container \"web\"): not set (pod default also not set); want 65532\n"
		    "Fix it: https://docs.example.com/assay/fix (request 705ab4f5)",
		    "refusal");
	ck_assert_uint_eq(s.n, 629);
	fixture_free(f);
}
END_TEST

START_TEST(speaks_of_one_violation_in_the_singular)
{
	struct fixture *f = fixture_new();
	struct report_text_options o = fixture_options;
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);

	report_add(fixture_report(f), &v);
	expect_message(f, &o,
		       "assay: 1 violation in Pod shop/web\n"
		       "- registry: spec.containers[0].image: got \"nginx:1.27\" (docker.io); want "
		       "registry.internal.example.com/*\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	o.contact = S("#platform on chat");
	o.uid = S("");
	expect_message(f, &o,
		       "assay: 1 violation in Pod shop/web\n"
		       "- registry: spec.containers[0].image: got \"nginx:1.27\" (docker.io); want "
		       "registry.internal.example.com/*\n"
		       "Fix it: " DOCS "#registry; ask #platform on chat");
	fixture_free(f);
}
END_TEST

static const struct {
	struct report_object object;
	const char *want;
} object_cases[] = {
	{{{"Pod", 3}, {"shop", 4}, {"web", 3}, {"x-", 2}}, "Pod shop/web"},
	{{{"Pod", 3}, {"shop", 4}, {"", 0}, {"web-", 4}}, "Pod shop/web-*"},
	{{{"Pod", 3}, {"", 0}, {"web", 3}, {"", 0}}, "Pod web"},
	{{{"Pod", 3}, {"shop", 4}, {"", 0}, {"", 0}}, "Pod shop/(no name)"},
	{{{"Pod\n", 4}, {"s\"p", 3}, {"w\x1b\xe2\x80\xae", 5}, {"", 0}},
	 "Pod\\x0a s\\\"p/w\\x1b\\u202e"},
};

START_TEST(names_the_object)
{
	struct fixture *f = fixture_new();
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);

	report_add(fixture_report(f), &v);
	struct str s =
		report_message(&f->engine.report, &object_cases[_i].object, &fixture_options);
	struct str head, tail;
	ck_assert(str_cut(s, '\n', &head, &tail));
	expect_text(arena_dup(f->arena, head.p, head.n),
		    fixture_text(f, "assay: 1 violation in %s", object_cases[_i].want), "header");
	fixture_free(f);
}
END_TEST

START_TEST(tells_equal_lines_once)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);

	v.mode = MODE_AUDIT;
	report_add(r, &v);
	v.mode = MODE_WARN;
	report_add(r, &v);
	v.mode = MODE_DENY;
	v.policy = &fixture_lenient;
	report_add(r, &v);
	v.policy = &fixture_deny;
	report_add(r, &v);
	expect_message(f, &fixture_options,
		       "assay: 1 violation in Pod shop/web\n"
		       "- registry: spec.containers[0].image: got \"nginx:1.27\" (docker.io); want "
		       "registry.internal.example.com/*\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	v.want = S("other.example/*");
	report_add(r, &v);
	ck_assert_ptr_nonnull(
		strstr(report_message(r, &fixture_web, &fixture_options).p, "2 violations"));
	fixture_free(f);
}
END_TEST

START_TEST(tells_one_pod_default_for_every_container)
{
	struct fixture *f = fixture_new();

	fixture_only_rule(f, "runAs", "{'user': 65532}");
	fixture_judge(f, "{'spec': {'securityContext': {'runAsUser': 0}, 'containers': [{'name': "
			 "'a', 'image': 'i'}, {'name': 'b', 'image': 'i'}]}}");
	expect_message(f, &fixture_options,
		       "assay: 2 violations in Pod shop/web\n"
		       "- run-as-user: spec.securityContext.runAsUser (container \"a\"): got 0 "
		       "(pod default); want 65532\n"
		       "- run-as-user: spec.securityContext.runAsUser (container \"b\"): got 0 "
		       "(pod default); want 65532\n"
		       "Fix it: " DOCS "#run-as-user (request 705ab4f5)");
	fixture_free(f);
}
END_TEST

START_TEST(leaves_warnings_and_audit_out_of_refusals)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);

	report_add(r, &v);
	v = fixture_violation(f, CODE_DIGEST, 1);
	v.mode = MODE_WARN;
	report_add(r, &v);
	v.mode = MODE_AUDIT;
	report_add(r, &v);
	expect_message(f, &fixture_options,
		       "assay: 1 violation in Pod shop/web\n"
		       "- registry: spec.containers[0].image: got \"nginx:1.27\" (docker.io); want "
		       "registry.internal.example.com/*\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	enum code codes[CODE_COUNT];
	ck_assert_uint_eq(report_codes(r, VERDICT_DENY, codes), 1);
	ck_assert_int_eq(codes[0], CODE_REGISTRY);
	ck_assert_uint_eq(report_codes(r, VERDICT_WARN, codes), 1);
	ck_assert_int_eq(codes[0], CODE_DIGEST);
	/* the one of mode audit */
	ck_assert_uint_eq(report_codes(r, VERDICT_ALLOW, codes), 1);
	ck_assert_uint_eq(report_warnings(r).n, 0);
	fixture_free(f);
}
END_TEST

START_TEST(says_what_could_not_be_verified)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct subject s[] = {{.kind = SUBJECT_CONTAINER, .name = S("main")},
			      {.kind = SUBJECT_IMAGE_VOLUME, .name = S("data")}};
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);

	v.unavailable = true;
	v.subject = &s[0];
	v.got = (struct got){.form = GOT_SAYS, .value = S("r.example answered HTTP 503")};
	v.want = S("");
	report_add(r, &v);
	ck_assert_int_eq(report_verdict(r), VERDICT_UNAVAILABLE);
	expect_message(
		f, &fixture_options,
		"assay: could not verify 1 image in Pod shop/web (try again; the manifest may be "
		"fine)\n"
		"- registry: spec.containers[0].image (container \"main\"): r.example answered "
		"HTTP 503\n"
		"Platform team: see the server's log; " DOCS "#registry (request 705ab4f5)");
	v.code = CODE_DIGEST;
	report_add(r, &v);
	ck_assert_ptr_nonnull(strstr(report_message(r, &fixture_web, &fixture_options).p,
				     "could not verify 1 image in"));
	r = fixture_report(f);
	v.code = CODE_REGISTRY;
	report_add(r, &v);
	v.subject = &s[1];
	v.code = CODE_DIGEST;
	report_add(r, &v);
	expect_message(
		f, &fixture_options,
		"assay: could not verify 2 images in Pod shop/web (try again; the manifest may be "
		"fine)\n"
		"- registry: spec.containers[0].image (container \"main\"): r.example answered "
		"HTTP 503\n"
		"- digest: spec.containers[0].image (volume \"data\"): r.example answered HTTP "
		"503\n"
		"Platform team: see the server's log; " DOCS " (request 705ab4f5)");
	v = fixture_violation(f, CODE_DIGEST, 7);
	report_add(r, &v);
	ck_assert_int_eq(report_verdict(r), VERDICT_DENY);
	ck_assert_ptr_nonnull(strstr(report_message(r, &fixture_web, &fixture_options).p,
				     "assay: 3 violations in Pod shop/web\n- registry: "));
	fixture_free(f);
}
END_TEST

START_TEST(says_that_the_object_is_too_complex)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	enum code codes[CODE_COUNT];

	r->incomplete = true;
	expect_message(
		f, &fixture_options,
		"assay: could not judge Pod shop/web\n"
		"- object: the object is too complex to judge: it needs more memory than one "
		"review may use; nothing is admitted unjudged\n"
		"Fix it: " DOCS "#object (request 705ab4f5)");
	ck_assert_uint_eq(report_codes(r, VERDICT_UNAVAILABLE, codes), 1);
	ck_assert_int_eq(codes[0], CODE_OBJECT);
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);
	report_add(r, &v);
	r->incomplete = false;
	r->lost_violations = 5;
	expect_message(
		f, &fixture_options,
		"assay: 2 violations in Pod shop/web\n"
		"- registry: spec.containers[0].image: got \"nginx:1.27\" (docker.io); want "
		"registry.internal.example.com/*\n"
		"- object: the object is too complex to judge: it has too many violations to list; "
		"nothing is admitted unjudged\n"
		"Fix it: " DOCS " (request 705ab4f5)");
	fixture_free(f);
}
END_TEST

START_TEST(says_which_exception_ended)
{
	struct fixture *f = fixture_new();
	struct exception x = {.name = S("ex-0042"), .expires_text = S("2027-01-31")};
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);

	v.expired = &x;
	report_add(fixture_report(f), &v);
	expect_message(f, &fixture_options,
		       "assay: 1 violation in Pod shop/web\n"
		       "- registry: spec.containers[0].image: got \"nginx:1.27\" (docker.io); want "
		       "registry.internal.example.com/*; exception \"ex-0042\" expired 2027-01-31\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	struct text t;
	struct str s;
	text_init(&t, f->arena, 4096);
	report_put_cause(&t, &v);
	ck_assert(text_done(&t, &s));
	expect_text(s.p,
		    "golden/ro-rootfs: got \"nginx:1.27\" (docker.io); want "
		    "registry.internal.example.com/*; exception \"ex-0042\" expired 2027-01-31",
		    "cause");
	fixture_free(f);
}
END_TEST

START_TEST(is_silent_about_what_is_admitted)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);

	ck_assert_uint_eq(report_message(r, &fixture_web, &fixture_options).n, 0);
	v.mode = MODE_WARN;
	report_add(r, &v);
	ck_assert_uint_eq(report_message(r, &fixture_web, &fixture_options).n, 0);
	fixture_free(f);
}
END_TEST

START_TEST(cannot_be_forged_by_names)
{
	struct fixture *f = fixture_new();
	struct subject s = {.kind = SUBJECT_CONTAINER,
			    .name = S("a\"): fine\n- ok\x1b[2J\xe2\x80\xae\xff")};
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);

	v.subject = &s;
	v.got.value = S("x\r\ny\0z");
	report_add(fixture_report(f), &v);
	expect_text(fixture_lines(f),
		    "registry: spec.containers[0].image (container \"a\\\"): fine\\x0a- "
		    "ok\\x1b[2J\\u202e"
		    "\\xff\"): got \"x\\x0d\\x0ay\\x00z\" (docker.io); want "
		    "registry.internal.example.com/*\n",
		    "line");
	fixture_free(f);
}
END_TEST

Suite *test_report_text_suite(void);
Suite *test_report_text_suite(void)
{
	Suite *s = suite_create("report_text");
	TCase *t = tcase_create("report_text");

	tcase_add_test(t, writes_the_refusal_of_the_specification);
	tcase_add_test(t, speaks_of_one_violation_in_the_singular);
	tcase_add_loop_test(t, names_the_object, 0, COUNT(object_cases));
	tcase_add_test(t, tells_equal_lines_once);
	tcase_add_test(t, tells_one_pod_default_for_every_container);
	tcase_add_test(t, leaves_warnings_and_audit_out_of_refusals);
	tcase_add_test(t, says_what_could_not_be_verified);
	tcase_add_test(t, says_that_the_object_is_too_complex);
	tcase_add_test(t, says_which_exception_ended);
	tcase_add_test(t, is_silent_about_what_is_admitted);
	tcase_add_test(t, cannot_be_forged_by_names);
	suite_add_tcase(s, t);
	return s;
}

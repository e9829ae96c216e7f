/* The exact words of refusals. */
#include <check.h>

#include "policy/limits.h"
#include "tests/unit/policy_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

#define DOCS "https://docs.example.com/assay/fix"

extern const struct rule rule_read_only_root_filesystem;
extern const struct rule rule_image;
extern const struct rule rule_run_as;

static const struct policy deny_policy = {.name = {"golden", 6}};
static const struct policy allow_policy = {.name = {"lenient", 7}, .on_error = ON_ERROR_ALLOW};
static const struct policy_rule ro_rule = {.name = {"ro-rootfs", 9}};

static const struct report_object web = {.kind = {"Pod", 3}, .ns = {"shop", 4}, .name = {"web", 3}};
static const struct report_text_options options = {.docs_url = {DOCS, sizeof(DOCS) - 1},
						   .uid = {"705ab4f5-f6a0-4c36-ad60-8d9cbcb6e64e",
							   36}};

static struct report *new_report(struct fixture *f)
{
	report_init(&f->engine.report, f->arena);
	return &f->engine.report;
}

/* A violation of its own path, in mode deny. */
static struct violation violation(struct fixture *f, enum code code, size_t i)
{
	return (struct violation){.code = code,
				  .policy = &deny_policy,
				  .rule = &ro_rule,
				  .path = str_of(fixture_text(f, "spec.containers[%zu].image", i)),
				  .got = {.form = GOT_QUOTED,
					  .value = S("nginx:1.27"),
					  .note = S("docker.io")},
				  .want = S("registry.internal.example.com/*")};
}

static void expect_message(struct fixture *f, const struct report_text_options *o, const char *want)
{
	struct str s = report_message(&f->engine.report, &web, o);

	ck_assert_uint_eq(s.n, strlen(s.p));
	expect_text(s.p, want, "message");
}

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
	struct str s = report_message(&f->engine.report, &obj, &options);
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
	struct report_text_options o = options;
	struct violation v = violation(f, CODE_REGISTRY, 0);

	report_add(new_report(f), &v);
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
	struct violation v = violation(f, CODE_REGISTRY, 0);

	report_add(new_report(f), &v);
	struct str s = report_message(&f->engine.report, &object_cases[_i].object, &options);
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
	struct report *r = new_report(f);
	struct violation v = violation(f, CODE_REGISTRY, 0);

	v.mode = MODE_AUDIT;
	report_add(r, &v);
	v.mode = MODE_WARN;
	report_add(r, &v);
	v.mode = MODE_DENY;
	v.policy = &allow_policy;
	report_add(r, &v);
	v.policy = &deny_policy;
	report_add(r, &v);
	expect_message(f, &options,
		       "assay: 1 violation in Pod shop/web\n"
		       "- registry: spec.containers[0].image: got \"nginx:1.27\" (docker.io); want "
		       "registry.internal.example.com/*\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	v.want = S("other.example/*");
	report_add(r, &v);
	ck_assert_ptr_nonnull(strstr(report_message(r, &web, &options).p, "2 violations"));
	fixture_free(f);
}
END_TEST

START_TEST(leaves_warnings_and_audit_out_of_refusals)
{
	struct fixture *f = fixture_new();
	struct report *r = new_report(f);
	struct violation v = violation(f, CODE_REGISTRY, 0);

	report_add(r, &v);
	v = violation(f, CODE_DIGEST, 1);
	v.mode = MODE_WARN;
	report_add(r, &v);
	v.mode = MODE_AUDIT;
	report_add(r, &v);
	expect_message(f, &options,
		       "assay: 1 violation in Pod shop/web\n"
		       "- registry: spec.containers[0].image: got \"nginx:1.27\" (docker.io); want "
		       "registry.internal.example.com/*\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	enum code codes[CODE_COUNT];
	ck_assert_uint_eq(report_codes(r, VERDICT_DENY, codes), 1);
	ck_assert_int_eq(codes[0], CODE_REGISTRY);
	ck_assert_uint_eq(report_codes(r, VERDICT_WARN, codes), 1);
	ck_assert_int_eq(codes[0], CODE_DIGEST);
	ck_assert_uint_eq(report_codes(r, VERDICT_ALLOW, codes), 0);
	ck_assert_uint_eq(report_warnings(r).n, 0);
	fixture_free(f);
}
END_TEST

START_TEST(lists_ten_and_counts_the_rest)
{
	struct fixture *f = fixture_new();
	struct report *r = new_report(f);
	struct report_text_options all = options;

	for (size_t i = 0; i < 12; i++) {
		struct violation v = violation(f, i % 2 ? CODE_DIGEST : CODE_REGISTRY, i);
		v.got = (struct got){0};
		v.want = S("x");
		report_add(r, &v);
	}
	const char *lines = "";
	for (int i = 0; i < 10; i++)
		lines = fixture_text(f, "%s- %s: spec.containers[%d].image: not set; want x\n",
				     lines, i % 2 ? "digest" : "registry", i);
	const char *head = "assay: 12 violations in Pod shop/web\n";
	const char *fix = "Fix it: " DOCS " (request 705ab4f5)";
	expect_message(
		f, &options,
		fixture_text(f, "%s%s\xE2\x80\xA6 and 2 more: assay check -f FILE lists all\n%s",
			     head, lines, fix));
	all.all = true;
	expect_message(f, &all,
		       fixture_text(f,
				    "%s%s- registry: spec.containers[10].image: not set; want x\n- "
				    "digest: spec.containers[11].image: not set; want x\n%s",
				    head, lines, fix));
	fixture_free(f);
}
END_TEST

#define HEX52 "0123456789abcdef0123456789abcdef0123456789abcdef0123"

START_TEST(shortens_quotes_and_digests_of_long_messages)
{
	struct fixture *f = fixture_new();
	struct report *r = new_report(f);
	struct violation v = violation(f, CODE_REGISTRY, 0);
	struct str padding = str_of(fixture_text(f, "%0800d", 0));

	v.got.value = S("registry.internal.example.com/edge/proxy@sha256:0123456789ab" HEX52);
	v.want = S("x");
	report_add(r, &v);
	expect_message(f, &options,
		       "assay: 1 violation in Pod shop/web\n"
		       "- registry: spec.containers[0].image: got "
		       "\"registry.internal.example.com/edge/proxy@sha256:0123456789ab" HEX52
		       "\" (docker.io); want x\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	v.path = S("spec.containers[1].image");
	v.got.value = str_sub(padding, 0, 200);
	v.want = padding;
	report_add(r, &v);
	struct str s = report_message(r, &web, &options);
	ck_assert_ptr_nonnull(strstr(s.p, "got \"registry.internal.example.com/edge/proxy@sha256:"
					  "0123456789ab\xE2\x80\xA6\" (docker.io)"));
	ck_assert_ptr_nonnull(strstr(s.p, fixture_text(f, "got \"%048d...\" (docker.io)", 0)));
	/* Still longer than the aim: all is said nevertheless. */
	ck_assert_uint_gt(s.n, LIMIT_MESSAGE_AIM);
	fixture_free(f);
}
END_TEST

START_TEST(never_passes_the_limit)
{
	struct fixture *f = fixture_new();
	struct report *r = new_report(f);

	for (size_t i = 0; i < 10; i++) {
		struct violation v = violation(f, CODE_REGISTRY, i);
		v.want = str_of(fixture_text(f, "%0900d", 0));
		report_add(r, &v);
	}
	struct str s = report_message(r, &web, &options);
	ck_assert_uint_le(s.n, LIMIT_MESSAGE);
	ck_assert_uint_gt(s.n, LIMIT_MESSAGE - 1000);
	ck_assert_ptr_nonnull(
		strstr(s.p, "\n\xE2\x80\xA6 and 6 more: assay check -f FILE lists all\nFix it: "));
	ck_assert(str_ends(s, S("(request 705ab4f5)")));

	r = new_report(f);
	struct violation v = violation(f, CODE_REGISTRY, 0);
	v.want = str_of(fixture_text(f, "%070000d", 0));
	report_add(r, &v);
	expect_message(f, &options,
		       "assay: 1 violation in Pod shop/web\n"
		       "\xE2\x80\xA6 and 1 more: assay check -f FILE lists all\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	fixture_free(f);
}
END_TEST

START_TEST(says_what_could_not_be_verified)
{
	struct fixture *f = fixture_new();
	struct report *r = new_report(f);
	struct subject s[] = {{.kind = SUBJECT_CONTAINER, .name = S("main")},
			      {.kind = SUBJECT_IMAGE_VOLUME, .name = S("data")}};
	struct violation v = violation(f, CODE_REGISTRY, 0);

	v.unavailable = true;
	v.subject = &s[0];
	v.got = (struct got){.form = GOT_SAYS, .value = S("r.example answered HTTP 503")};
	v.want = S("");
	report_add(r, &v);
	ck_assert_int_eq(report_verdict(r), VERDICT_UNAVAILABLE);
	expect_message(
		f, &options,
		"assay: could not verify 1 image in Pod shop/web (try again; the manifest may be "
		"fine)\n"
		"- registry: spec.containers[0].image (container \"main\"): r.example answered "
		"HTTP 503\n"
		"Platform team: see the server's log; " DOCS "#registry (request 705ab4f5)");
	v.subject = &s[1];
	v.code = CODE_DIGEST;
	report_add(r, &v);
	expect_message(
		f, &options,
		"assay: could not verify 2 images in Pod shop/web (try again; the manifest may be "
		"fine)\n"
		"- registry: spec.containers[0].image (container \"main\"): r.example answered "
		"HTTP 503\n"
		"- digest: spec.containers[0].image (volume \"data\"): r.example answered HTTP "
		"503\n"
		"Platform team: see the server's log; " DOCS " (request 705ab4f5)");
	v = violation(f, CODE_DIGEST, 7);
	report_add(r, &v);
	ck_assert_int_eq(report_verdict(r), VERDICT_DENY);
	ck_assert_ptr_nonnull(strstr(report_message(r, &web, &options).p,
				     "assay: 3 violations in Pod shop/web\n- registry: "));
	fixture_free(f);
}
END_TEST

START_TEST(says_that_the_object_is_too_complex)
{
	struct fixture *f = fixture_new();
	struct report *r = new_report(f);
	enum code codes[CODE_COUNT];

	r->incomplete = true;
	expect_message(
		f, &options,
		"assay: could not judge Pod shop/web\n"
		"- object: the object is too complex to judge: it needs more memory than one "
		"review may use; nothing is admitted unjudged\n"
		"Fix it: " DOCS "#object (request 705ab4f5)");
	ck_assert_uint_eq(report_codes(r, VERDICT_UNAVAILABLE, codes), 1);
	ck_assert_int_eq(codes[0], CODE_OBJECT);
	struct violation v = violation(f, CODE_REGISTRY, 0);
	report_add(r, &v);
	r->incomplete = false;
	r->lost_violations = 5;
	expect_message(
		f, &options,
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
	struct violation v = violation(f, CODE_REGISTRY, 0);

	v.expired = &x;
	report_add(new_report(f), &v);
	expect_message(f, &options,
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
	struct report *r = new_report(f);
	struct violation v = violation(f, CODE_REGISTRY, 0);

	ck_assert_uint_eq(report_message(r, &web, &options).n, 0);
	v.mode = MODE_WARN;
	report_add(r, &v);
	ck_assert_uint_eq(report_message(r, &web, &options).n, 0);
	fixture_free(f);
}
END_TEST

START_TEST(cannot_be_forged_by_names)
{
	struct fixture *f = fixture_new();
	struct subject s = {.kind = SUBJECT_CONTAINER,
			    .name = S("a\"): fine\n- ok\x1b[2J\xe2\x80\xae\xff")};
	struct violation v = violation(f, CODE_REGISTRY, 0);

	v.subject = &s;
	v.got.value = S("x\r\ny\0z");
	report_add(new_report(f), &v);
	expect_text(fixture_lines(f),
		    "registry: spec.containers[0].image (container \"a\\\"): fine\\x0a- "
		    "ok\\x1b[2J\\u202e"
		    "\\xff\"): got \"x\\x0d\\x0ay\\x00z\" (docker.io); want "
		    "registry.internal.example.com/*\n",
		    "line");
	fixture_free(f);
}
END_TEST

/* ---- allocation ---- */

START_TEST(survives_every_failed_allocation)
{
	struct fixture *f = fixture_new();
	struct str whole = S("");
	size_t n = 1;

	for (;; n++) {
		arena_reset(f->arena);
		struct report *r = new_report(f);
		for (size_t i = 0; i < 30; i++) {
			struct violation v = violation(f, CODE_REGISTRY, i);
			report_add(r, &v);
		}
		arena_fail_at(f->arena, n);
		struct str s = report_message(r, &web, &options);
		if (!arena_exhausted(f->arena)) {
			whole = s;
			break;
		}
		ck_assert(s.n == 0 || str_ends(s, S("(request 705ab4f5)")));
		ck_assert_int_eq(report_verdict(r), VERDICT_DENY);
		ck_assert_uint_eq(report_warnings(r).n, 0);
	}
	ck_assert_uint_gt(n, 5);
	ck_assert(str_starts(whole, S("assay: 30 violations in Pod shop/web\n")));
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
	tcase_add_test(t, leaves_warnings_and_audit_out_of_refusals);
	tcase_add_test(t, lists_ten_and_counts_the_rest);
	tcase_add_test(t, shortens_quotes_and_digests_of_long_messages);
	tcase_add_test(t, never_passes_the_limit);
	tcase_add_test(t, says_what_could_not_be_verified);
	tcase_add_test(t, says_that_the_object_is_too_complex);
	tcase_add_test(t, says_which_exception_ended);
	tcase_add_test(t, is_silent_about_what_is_admitted);
	tcase_add_test(t, cannot_be_forged_by_names);
	tcase_add_test(t, survives_every_failed_allocation);
	suite_add_tcase(s, t);
	return s;
}

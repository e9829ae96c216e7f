/* The verdict, and the words of warnings. */
#include <check.h>

#include "policy/limits.h"
#include "tests/unit/report_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* ---- names ---- */

START_TEST(has_the_words_of_the_interfaces)
{
	ck_assert_str_eq(code_name(CODE_READ_ONLY_ROOT_FILESYSTEM), "read-only-root-filesystem");
	ck_assert_str_eq(code_brief(CODE_DIGEST), "image is not pinned by digest");
	ck_assert_str_eq(cause_name(CAUSE_FORBIDDEN), "FieldValueForbidden");
	ck_assert_str_eq(cause_name(CAUSE_REQUIRED), "FieldValueRequired");
	ck_assert_str_eq(cause_name(CAUSE_INVALID), "FieldValueInvalid");
	ck_assert_str_eq(verdict_decision(VERDICT_DENY), "denied");
	ck_assert_str_eq(verdict_decision(VERDICT_UNAVAILABLE), "error");
	ck_assert_str_eq(verdict_decision(VERDICT_WARN), "warned");
	ck_assert_str_eq(verdict_decision(VERDICT_ALLOW), "allowed");
	ck_assert_str_eq(engine_skip_name(ENGINE_JUDGED), "judged");
	ck_assert_str_eq(engine_skip_name(ENGINE_SKIP_KIND), "kind");
	ck_assert_str_eq(engine_skip_name(ENGINE_SKIP_OPERATION), "operation");
	ck_assert_str_eq(engine_skip_name(ENGINE_SKIP_SUBRESOURCE), "subresource");
	ck_assert_str_eq(engine_skip_name(ENGINE_SKIP_DELETING), "deleting");
	ck_assert_str_eq(engine_skip_name(ENGINE_SKIP_UNCHANGED), "unchanged");
	ck_assert_str_eq(engine_skip_name(ENGINE_SKIP_NO_POLICY), "no-policy");
}
END_TEST

/* ---- verdict ---- */

START_TEST(takes_the_worst)
{
	static const struct {
		enum mode mode;
		bool unavailable;
		const struct policy *policy;
		enum verdict verdict;
	} cases[] = {
		{MODE_DENY, false, &fixture_deny, VERDICT_DENY},
		{MODE_DENY, false, &fixture_lenient, VERDICT_DENY},
		{MODE_DENY, true, &fixture_deny, VERDICT_UNAVAILABLE},
		{MODE_DENY, true, &fixture_lenient, VERDICT_WARN},
		{MODE_DENY, true, NULL, VERDICT_UNAVAILABLE},
		{MODE_WARN, false, &fixture_deny, VERDICT_WARN},
		{MODE_WARN, true, &fixture_deny, VERDICT_WARN},
		{MODE_AUDIT, false, &fixture_deny, VERDICT_ALLOW},
		{MODE_AUDIT, true, &fixture_deny, VERDICT_ALLOW},
	};
	struct fixture *f = fixture_new();

	for (int i = 0; i < COUNT(cases); i++) {
		for (int j = 0; j < COUNT(cases); j++) {
			struct report *r = fixture_report(f);
			struct violation v = {.mode = cases[i].mode,
					      .unavailable = cases[i].unavailable,
					      .policy = cases[i].policy};
			struct violation w = {.mode = cases[j].mode,
					      .unavailable = cases[j].unavailable,
					      .policy = cases[j].policy};
			ck_assert_int_eq(report_effect(&v), cases[i].verdict);
			report_add(r, &v);
			report_add(r, &w);
			ck_assert_int_eq(report_verdict(r), cases[i].verdict < cases[j].verdict
								    ? cases[i].verdict
								    : cases[j].verdict);
		}
	}
	ck_assert_int_eq(report_verdict(fixture_report(f)), VERDICT_ALLOW);
	fixture_free(f);
}
END_TEST

START_TEST(never_allows_what_was_not_judged_whole)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);

	r->unanswered = 1;
	ck_assert_int_eq(report_verdict(r), VERDICT_UNAVAILABLE);
	r = fixture_report(f);
	r->incomplete = true;
	ck_assert_int_eq(report_verdict(r), VERDICT_UNAVAILABLE);
	r = fixture_report(f);
	r->lost_violations = 1;
	ck_assert_int_eq(report_verdict(r), VERDICT_UNAVAILABLE);
	struct violation v = {.mode = MODE_WARN, .policy = &fixture_deny};
	report_add(r, &v);
	ck_assert_int_eq(report_verdict(r), VERDICT_UNAVAILABLE);
	v.mode = MODE_DENY;
	report_add(r, &v);
	ck_assert_int_eq(report_verdict(r), VERDICT_DENY);
	r = fixture_report(f);
	arena_fail_at(f->arena, 1);
	ck_assert_ptr_null(arena_alloc(f->arena, 1));
	ck_assert_int_eq(report_verdict(r), VERDICT_UNAVAILABLE);
	fixture_free(f);
}
END_TEST

/* ---- warnings ---- */

static void expect_warnings(struct fixture *f, const char *want)
{
	struct str_list list = report_warnings(&f->engine.report);
	const char *got = "";

	for (size_t i = 0; i < list.n; i++) {
		ck_assert_uint_le(list.items[i].n, LIMIT_WARNING_BYTES);
		ck_assert(str_is_utf8(list.items[i]));
		for (size_t k = 0; k < list.items[i].n; k++)
			ck_assert_uint_ge((unsigned char)list.items[i].p[k], 0x20);
		got = fixture_text(f, "%s%.*s\n", got, STR_ARG(list.items[i]));
	}
	expect_text(got, want, "warnings");
}

START_TEST(warns_in_one_line_each)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct subject s = {.kind = SUBJECT_CONTAINER, .name = S("web")};
	struct violation v = fixture_violation(f, CODE_DIGEST, 0);

	expect_warnings(f, "");
	v.mode = MODE_WARN;
	v.subject = &s;
	report_add(r, &v);
	v.policy = &fixture_lenient;
	v.want = S("something else");
	report_add(r, &v);
	v.mode = MODE_AUDIT;
	v.code = CODE_REGISTRY;
	report_add(r, &v);
	v.mode = MODE_DENY;
	v.unavailable = true;
	v.code = CODE_SIGNATURE_UNAVAILABLE;
	report_add(r, &v);
	v = fixture_violation(f, CODE_OBJECT, 1);
	v.mode = MODE_WARN;
	report_add(r, &v);
	expect_warnings(
		f, "assay: container \"web\": image is not pinned by digest "
		   "(spec.containers[0].image)\n"
		   "assay: container \"web\": could not verify image (spec.containers[0].image)\n"
		   "assay: object is not as Kubernetes defines it (spec.containers[1].image)\n");
	fixture_free(f);
}
END_TEST

START_TEST(shortens_warnings_to_their_limit)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct subject s = {.kind = SUBJECT_EPHEMERAL_CONTAINER, .name = S("web")};
	struct subject hostile = {.kind = SUBJECT_CONTAINER};
	struct violation v = fixture_violation(f, CODE_READ_ONLY_ROOT_FILESYSTEM, 0);

	v.mode = MODE_WARN;
	v.subject = &s;
	v.path = S("spec.jobTemplate.spec.template.spec.ephemeralContainers[0].securityContext."
		   "readOnlyRootFilesystem");
	report_add(r, &v);
	v.subject = &hostile;
	v.code = CODE_OBJECT;
	hostile.name = str_of(fixture_text(f, "%0300d", 0));
	report_add(r, &v);
	expect_warnings(
		f,
		fixture_text(
			f,
			"assay: container \"web\": root filesystem is not read-only "
			"(\xE2\x80\xA6securityContext.readOnlyRootFilesystem)\n"
			"assay: container \"%056d...\": object is not as Kubernetes defines it\n",
			0));
	hostile.name =
		S("\n\x1b\xff\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80"
		  "\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae");
	report_warnings(r);
	expect_warnings(f,
			"assay: container \"web\": root filesystem is not read-only "
			"(\xE2\x80\xA6securityContext.readOnlyRootFilesystem)\n"
			"assay: container "
			"\"\\x0a\\x1b\\xff\\u202e\\u202e\\u202e\\u202e\\u202e\\u202e\\u202e...\": "
			"object is not as Kubernetes defines it\n");
	fixture_free(f);
}
END_TEST

START_TEST(warns_of_exceptions_near_their_end_once)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct exception x = {.name = S("ex-0042"),
			      .expires_text = S("2027-01-31"),
			      .owner = S("team-billing")};
	struct exception y = {.name = S("ex-1"), .expires_text = S("2028-01-31"), .owner = S("t")};
	struct violation v = fixture_violation(f, CODE_DIGEST, 0);

	report_use(r, &x, &v, true);
	report_use(r, &y, &v, false);
	report_use(r, &x, &v, true);
	ck_assert_int_eq(report_verdict(r), VERDICT_ALLOW);
	expect_warnings(f,
			"assay: exception \"ex-0042\" ends on 2027-01-31 (owner team-billing)\n");
	x.name = x.owner = str_of(fixture_text(f, "%0300d", 0));
	expect_warnings(f, fixture_text(f,
					"assay: exception \"%032d...\" ends on 2027-01-31 (owner "
					"%032d...)\n",
					0, 0));
	fixture_free(f);
}
END_TEST

START_TEST(counts_warnings_past_the_tenth)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct exception x = {.name = S("ex"), .expires_text = S("2027-01-31"), .owner = S("o")};
	const char *want = "";

	for (size_t i = 0; i < 11; i++) {
		struct violation v = fixture_violation(f, CODE_DIGEST, i);
		v.mode = MODE_WARN;
		report_add(r, &v);
		if (i < 10)
			want = fixture_text(f,
					    "%sassay: image is not pinned by digest "
					    "(spec.containers[%zu].image)\n",
					    want, i);
	}
	expect_warnings(f, fixture_text(f, "%sassay: \xE2\x80\xA6 and 1 more warning\n", want));
	report_use(r, &x, &r->violations[0], true);
	expect_warnings(f, fixture_text(f, "%sassay: \xE2\x80\xA6 and 2 more warnings\n", want));
	fixture_free(f);
}
END_TEST

Suite *test_report_suite(void);
Suite *test_report_suite(void)
{
	Suite *s = suite_create("report");
	TCase *t = tcase_create("report");

	tcase_add_test(t, has_the_words_of_the_interfaces);
	tcase_add_test(t, takes_the_worst);
	tcase_add_test(t, never_allows_what_was_not_judged_whole);
	tcase_add_test(t, warns_in_one_line_each);
	tcase_add_test(t, shortens_warnings_to_their_limit);
	tcase_add_test(t, warns_of_exceptions_near_their_end_once);
	tcase_add_test(t, counts_warnings_past_the_tenth);
	suite_add_tcase(s, t);
	return s;
}

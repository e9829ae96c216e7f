/* What is judged, in which order, by which policies; exceptions. */
#include <check.h>

#include "policy/limits.h"
#include "tests/unit/policy_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

extern const struct rule rule_read_only_root_filesystem;
extern const struct rule rule_image;
extern const struct rule rule_run_as;

/* ---- what is judged ---- */

#define TERMINATING                                                                                \
	"{'metadata': {'deletionTimestamp': '2026-01-01T00:00:00Z'}, 'spec': {'containers': "      \
	"[{'name': 'a', 'image': 'old'}]}}"

static const struct {
	const char *group, *kind, *subresource;
	enum operation operation;
	const char *object, *old_object;
	enum engine_skip skip;
	enum verdict verdict;
} skip_cases[] = {
	{"", "Pod", "", OPERATION_CREATE, BAD_POD, NULL, ENGINE_JUDGED, VERDICT_DENY},
	{"", "Pod", "", OPERATION_CREATE, GOOD_POD, NULL, ENGINE_JUDGED, VERDICT_ALLOW},
	{"", "Pod", "", OPERATION_OTHER, BAD_POD, NULL, ENGINE_SKIP_OPERATION, VERDICT_ALLOW},
	{"", "Service", "", OPERATION_CREATE, BAD_POD, NULL, ENGINE_SKIP_KIND, VERDICT_ALLOW},
	{"", "Service", "", OPERATION_OTHER, BAD_POD, NULL, ENGINE_SKIP_KIND, VERDICT_ALLOW},
	{"", "Pod", "status", OPERATION_UPDATE, BAD_POD, NULL, ENGINE_SKIP_SUBRESOURCE,
	 VERDICT_ALLOW},
	{"", "Pod", "resize", OPERATION_UPDATE, BAD_POD, NULL, ENGINE_SKIP_SUBRESOURCE,
	 VERDICT_ALLOW},
	{"", "Pod", "ephemeralcontainers", OPERATION_UPDATE, BAD_POD, NULL, ENGINE_JUDGED,
	 VERDICT_DENY},
	{"apps", "Deployment", "scale", OPERATION_UPDATE, BAD_POD, NULL, ENGINE_SKIP_SUBRESOURCE,
	 VERDICT_ALLOW},
	{"apps", "Deployment", "ephemeralcontainers", OPERATION_UPDATE, BAD_POD, NULL,
	 ENGINE_SKIP_SUBRESOURCE, VERDICT_ALLOW},
	{"apps", "Deployment", "", OPERATION_CREATE, BAD_POD, NULL, ENGINE_JUDGED, VERDICT_DENY},
	/* Only the old object tells that it is being deleted, and only of an update. */
	{"", "Pod", "", OPERATION_UPDATE, BAD_POD, TERMINATING, ENGINE_SKIP_DELETING,
	 VERDICT_ALLOW},
	{"", "Pod", "", OPERATION_CREATE, BAD_POD, TERMINATING, ENGINE_JUDGED, VERDICT_DENY},
	{"", "Pod", "", OPERATION_UPDATE, TERMINATING, GOOD_POD, ENGINE_JUDGED, VERDICT_DENY},
	{"", "Pod", "", OPERATION_UPDATE, BAD_POD,
	 "{'metadata': {'deletionTimestamp': null, 'annotations': {'deletionTimestamp': 'x'}}, "
	 "'spec': "
	 "{'containers': [{'name': 'a', 'image': 'old'}]}}",
	 ENGINE_JUDGED, VERDICT_DENY},
	{"", "Pod", "", OPERATION_UPDATE, BAD_POD, BAD_POD, ENGINE_SKIP_UNCHANGED, VERDICT_ALLOW},
	{"", "Pod", "", OPERATION_CREATE, BAD_POD, BAD_POD, ENGINE_JUDGED, VERDICT_DENY},
	{"", "Pod", "", OPERATION_UPDATE, BAD_POD, GOOD_POD, ENGINE_JUDGED, VERDICT_DENY},
	{"", "Pod", "", OPERATION_UPDATE, BAD_POD, NULL, ENGINE_JUDGED, VERDICT_DENY},
	{"", "Pod", "", OPERATION_UPDATE, BAD_POD, "{}", ENGINE_JUDGED, VERDICT_DENY},
	{"", "Pod", "", OPERATION_UPDATE, "{}", "{}", ENGINE_JUDGED, VERDICT_DENY},
	{"", "Pod", "", OPERATION_UPDATE, "null", BAD_POD, ENGINE_JUDGED, VERDICT_DENY},
	/* Nothing that a requester can write is a reason to pass. */
	{"", "Pod", "", OPERATION_CREATE,
	 "{'metadata': {'annotations': {'kubernetes.io/config.mirror': 'x'}, 'labels': {'assay': "
	 "'skip'}, "
	 "'ownerReferences': [{'kind': 'Node', 'name': 'n'}]}, 'spec': {'containers': [{'name': "
	 "'a', "
	 "'image': 'i'}]}}",
	 NULL, ENGINE_JUDGED, VERDICT_DENY},
};

START_TEST(judges_what_must_be_judged)
{
	struct fixture *f = fixture_new();

	fixture_read_only(f);
	fixture_kind(f, skip_cases[_i].group, skip_cases[_i].kind);
	f->admission.subresource = str_of(skip_cases[_i].subresource);
	f->admission.operation = skip_cases[_i].operation;
	if (skip_cases[_i].old_object)
		f->admission.old_object = fixture_json(f, skip_cases[_i].old_object);
	enum verdict v = fixture_judge(f, skip_cases[_i].object);
	ck_assert_str_eq(engine_skip_name(f->engine.skip), engine_skip_name(skip_cases[_i].skip));
	ck_assert_int_eq(v, skip_cases[_i].verdict);
	fixture_free(f);
}
END_TEST

START_TEST(skips_where_no_policy_matches)
{
	struct fixture *f = fixture_new();
	static const struct str kube_system[] = {{"kube-*", 6}};

	fixture_read_only(f);
	f->policies[0].match.exclude = kube_system;
	f->policies[0].match.n_exclude = 1;
	f->admission.ns = S("kube-system");
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_ALLOW);
	ck_assert_int_eq(f->engine.skip, ENGINE_SKIP_NO_POLICY);
	f->admission.ns = S("shop");
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_DENY);

	f->policies[0].match.pods = false;
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_ALLOW);
	ck_assert_int_eq(f->engine.skip, ENGINE_SKIP_NO_POLICY);
	fixture_kind(f, "apps", "Deployment");
	ck_assert_int_eq(fixture_judge(f, "{'spec': {'template': " BAD_POD "}}"), VERDICT_DENY);
	f->policies[0].match.pods = true;
	f->policies[0].match.workloads = false;
	ck_assert_int_eq(fixture_judge(f, "{'spec': {'template': " BAD_POD "}}"), VERDICT_ALLOW);
	f->set.n_policies = 0;
	fixture_kind(f, "", "Pod");
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_ALLOW);
	ck_assert_int_eq(f->engine.skip, ENGINE_SKIP_NO_POLICY);
	fixture_free(f);
}
END_TEST

START_TEST(judges_only_what_is_new_in_a_running_pod)
{
	struct fixture *f = fixture_new();

	fixture_read_only(f);
	f->admission.operation = OPERATION_UPDATE;
	f->admission.subresource = S("ephemeralcontainers");
	f->admission.old_object = fixture_json(f, BAD_POD);
	ck_assert_int_eq(
		fixture_judge(f,
			      "{'spec': {'containers': [{'name': 'a', 'image': 'i'}], "
			      "'ephemeralContainers': [{'name': 'debug', 'image': 'busybox'}]}}"),
		VERDICT_DENY);
	expect_text(fixture_lines(f),
		    "read-only-root-filesystem: spec.ephemeralContainers[0].securityContext."
		    "readOnlyRootFilesystem (container \"debug\"): not set; want true\n",
		    "the new one");
	fixture_free(f);
}
END_TEST

START_TEST(judges_changed_templates_whole)
{
	struct fixture *f = fixture_new();

	fixture_read_only(f);
	fixture_kind(f, "apps", "Deployment");
	f->admission.operation = OPERATION_UPDATE;
	f->admission.old_object = fixture_json(f, "{'spec': {'template': " BAD_POD "}}");
	ck_assert_int_eq(
		fixture_judge(f, "{'spec': {'template': {'spec': {'containers': [{'name': 'a', "
				 "'image': 'i'}, {'name': 'b', 'image': 'j'}]}}}}"),
		VERDICT_DENY);
	ck_assert_uint_eq(f->engine.report.n_violations, 2);
	fixture_free(f);
}
END_TEST

/* ---- order, modes, results ---- */

START_TEST(keeps_subject_then_policy_then_rule_order)
{
	struct fixture *f = fixture_new();
	struct policy *one = fixture_policy(f, "one"), *two = fixture_policy(f, "two");
	const void *pin = fixture_params(f, &rule_image, "{'digest': 'required'}");

	fixture_rule(f, one, "as", &rule_run_as, fixture_params(f, &rule_run_as, "{'group': 7}"));
	fixture_rule(f, one, "pin", &rule_image, pin);
	fixture_rule(f, two, "ro", &rule_read_only_root_filesystem, NULL);
	fixture_judge(f, "{'spec': {'volumes': [{'name': 'v', 'image': {'reference': 'x'}}], "
			 "'containers': [{'name': 'c', 'image': 'x', 'securityContext': []}], "
			 "'initContainers': [{'name': 'i', 'image': 'x'}]}}");
	struct text t;
	struct str s;
	text_init(&t, f->static_arena, 4096);
	for (size_t i = 0; i < f->engine.report.n_violations; i++) {
		const struct violation *v = &f->engine.report.violations[i];
		text_printf(&t, "%.*s %s %.*s\n", STR_ARG(v->policy->name), code_name(v->code),
			    STR_ARG(v->subject->name));
	}
	ck_assert(text_done(&t, &s));
	expect_text(s.p,
		    "one object c\ntwo object c\n"
		    "one run-as-group i\none digest i\ntwo read-only-root-filesystem i\n"
		    "one run-as-group c\none digest c\ntwo read-only-root-filesystem c\n"
		    "one digest v\n",
		    "order");
	fixture_free(f);
}
END_TEST

static const struct {
	enum mode policy, rule;
	const char *object;
	enum verdict verdict;
} mode_cases[] = {
	{MODE_DENY, MODE_DENY, BAD_POD, VERDICT_DENY},
	{MODE_DENY, MODE_WARN, BAD_POD, VERDICT_WARN},
	{MODE_DENY, MODE_AUDIT, BAD_POD, VERDICT_ALLOW},
	{MODE_WARN, MODE_DENY, BAD_POD, VERDICT_DENY},
	{MODE_AUDIT, MODE_WARN, BAD_POD, VERDICT_WARN},
	/* Findings take the strictest mode that the policy knows. */
	{MODE_DENY, MODE_AUDIT, "{}", VERDICT_DENY},
	{MODE_AUDIT, MODE_DENY, "{}", VERDICT_DENY},
	{MODE_WARN, MODE_WARN, "{}", VERDICT_WARN},
	{MODE_WARN, MODE_AUDIT, "{}", VERDICT_WARN},
	{MODE_AUDIT, MODE_AUDIT, "{}", VERDICT_ALLOW},
};

START_TEST(takes_the_mode_in_effect)
{
	struct fixture *f = fixture_new();
	struct policy_rule *r = fixture_read_only(f);

	f->policies[0].mode = mode_cases[_i].policy;
	r->mode = mode_cases[_i].rule;
	ck_assert_int_eq(fixture_judge(f, mode_cases[_i].object), mode_cases[_i].verdict);
	ck_assert_uint_eq(f->engine.report.n_violations, 1);
	fixture_free(f);
}
END_TEST

START_TEST(tells_what_became_of_every_rule)
{
	struct fixture *f = fixture_new();
	struct policy *p = fixture_policy(f, "golden");
	const struct report *r = &f->engine.report;

	fixture_rule(f, p, "ro", &rule_read_only_root_filesystem, NULL);
	fixture_rule(f, p, "pin", &rule_image,
		     fixture_params(f, &rule_image, "{'digest': 'required'}"));
	fixture_judge(f, GOOD_POD);
	ck_assert_uint_eq(r->n_results, 2);
	ck_assert_ptr_eq(r->results[0].rule, &p->rules[0]);
	ck_assert_int_eq(r->results[0].outcome, RULE_PASS);
	ck_assert_int_eq(r->results[1].outcome, RULE_FAIL);
	fixture_judge(f, "{}");
	ck_assert_int_eq(r->results[0].outcome, RULE_ERROR);
	fixture_judge(
		f, "{'spec': {'containers': [7], 'volumes': [{'name': 'v', 'image': {'reference': "
		   "'x@" FIXTURE_DIGEST "'}}]}}");
	ck_assert_int_eq(r->results[0].outcome, RULE_SKIP);
	ck_assert_int_eq(r->results[1].outcome, RULE_PASS);
	fixture_free(f);
}
END_TEST

/* ---- exceptions ---- */

START_TEST(silences_by_exception_and_reports_the_use)
{
	struct fixture *f = fixture_new();
	struct policy_rule *rule = fixture_read_only(f);
	struct exception *x = fixture_exception(f, "ex-1", rule, FIXTURE_NOW + 100 * FIXTURE_DAY);
	const struct report *r = &f->engine.report;

	x->container = S("a");
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_ALLOW);
	ck_assert_uint_eq(r->n_violations, 0);
	ck_assert_uint_eq(r->n_uses, 1);
	ck_assert_ptr_eq(r->uses[0].exception, x);
	ck_assert(!r->uses[0].near_end);
	ck_assert_int_eq(r->uses[0].silenced->code, CODE_READ_ONLY_ROOT_FILESYSTEM);
	ck_assert(str_eq(r->uses[0].silenced->path,
			 S("spec.containers[0].securityContext.readOnlyRootFilesystem")));
	ck_assert_int_eq(r->results[0].outcome, RULE_SKIP);

	ck_assert_int_eq(fixture_judge(f, GOOD_POD), VERDICT_ALLOW);
	ck_assert_uint_eq(r->n_uses, 0);
	ck_assert_int_eq(r->results[0].outcome, RULE_PASS);

	ck_assert_int_eq(
		fixture_judge(f, "{'spec': {'containers': [{'name': 'a', 'image': 'i'}, {'name': "
				 "'b', 'image': 'i'}]}}"),
		VERDICT_DENY);
	ck_assert_uint_eq(r->n_violations, 1);
	ck_assert_ptr_null(r->violations[0].expired);
	ck_assert_uint_eq(r->n_uses, 1);
	ck_assert_int_eq(r->results[0].outcome, RULE_FAIL);

	f->admission.ns = S("shop2");
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_DENY);
	fixture_free(f);
}
END_TEST

START_TEST(matches_generate_names_when_there_is_no_name)
{
	struct fixture *f = fixture_new();
	struct exception *x =
		fixture_exception(f, "ex-1", fixture_read_only(f), FIXTURE_NOW + FIXTURE_DAY);

	x->name_glob = S("billing-*");
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_DENY);
	f->admission.generate_name = S("billing-");
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_DENY);
	f->admission.name = S("");
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_ALLOW);
	fixture_free(f);
}
END_TEST

static const struct {
	int64_t ends_in_s;
	enum verdict verdict;
	bool near_end;
} end_cases[] = {
	{15 * FIXTURE_DAY, VERDICT_ALLOW, false},
	{14 * FIXTURE_DAY + 1, VERDICT_ALLOW, false},
	{14 * FIXTURE_DAY, VERDICT_ALLOW, true},
	{1, VERDICT_ALLOW, true},
	{0, VERDICT_DENY, false},
	{-1, VERDICT_DENY, false},
};

START_TEST(ends_exceptions_on_their_day)
{
	struct fixture *f = fixture_new();
	struct exception *x = fixture_exception(f, "ex-1", fixture_read_only(f),
						FIXTURE_NOW + end_cases[_i].ends_in_s);
	const struct report *r = &f->engine.report;

	ck_assert_int_eq(fixture_judge(f, BAD_POD), end_cases[_i].verdict);
	if (end_cases[_i].verdict == VERDICT_DENY) {
		ck_assert_uint_eq(r->n_uses, 0);
		ck_assert_ptr_eq(r->violations[0].expired, x);
	} else {
		ck_assert_int_eq(r->uses[0].near_end, end_cases[_i].near_end);
	}
	fixture_free(f);
}
END_TEST

START_TEST(prefers_an_exception_that_holds_to_one_that_ended)
{
	struct fixture *f = fixture_new();
	struct policy_rule *rule = fixture_read_only(f);

	fixture_exception(f, "ex-old", rule, FIXTURE_NOW - 1);
	fixture_exception(f, "ex-new", rule, FIXTURE_NOW + 1);
	ck_assert_int_eq(fixture_judge(f, BAD_POD), VERDICT_ALLOW);
	ck_assert(str_eq(f->engine.report.uses[0].exception->name, S("ex-new")));
	ck_assert_ptr_null(f->engine.report.uses[0].silenced->expired);
	fixture_free(f);
}
END_TEST

START_TEST(never_silences_findings_about_the_object)
{
	struct fixture *f = fixture_new();

	fixture_exception(f, "ex-1", fixture_read_only(f), FIXTURE_NOW + FIXTURE_DAY);
	ck_assert_int_eq(fixture_judge(f, "{'spec': {'containers': [{'name': 'a'}]}}"),
			 VERDICT_DENY);
	expect_text(fixture_lines(f),
		    "object: spec.containers[0].image (container \"a\"): not set; want an image "
		    "reference\n",
		    "no image");
	fixture_free(f);
}
END_TEST

Suite *test_engine_suite(void);
Suite *test_engine_suite(void)
{
	Suite *s = suite_create("engine");
	TCase *t = tcase_create("engine");

	tcase_add_loop_test(t, judges_what_must_be_judged, 0, COUNT(skip_cases));
	tcase_add_test(t, skips_where_no_policy_matches);
	tcase_add_test(t, judges_only_what_is_new_in_a_running_pod);
	tcase_add_test(t, judges_changed_templates_whole);
	tcase_add_test(t, keeps_subject_then_policy_then_rule_order);
	tcase_add_loop_test(t, takes_the_mode_in_effect, 0, COUNT(mode_cases));
	tcase_add_test(t, tells_what_became_of_every_rule);
	tcase_add_test(t, silences_by_exception_and_reports_the_use);
	tcase_add_test(t, matches_generate_names_when_there_is_no_name);
	tcase_add_loop_test(t, ends_exceptions_on_their_day, 0, COUNT(end_cases));
	tcase_add_test(t, prefers_an_exception_that_holds_to_one_that_ended);
	tcase_add_test(t, never_silences_findings_about_the_object);
	suite_add_tcase(s, t);
	return s;
}

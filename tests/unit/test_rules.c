/* The rules about processes, over every kind of container, value and level; exact lines. */
#include <check.h>

#include "policy/rule.h"
#include "tests/unit/policy_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* ---- securityContext: container x level x value ---- */

/* `own` and `pod` are the members of the two securityContexts; in `want`, '@' is the path of the
 * container and '^' that of the pod's spec. */
struct security_case {
	const char *rule, *params, *own, *pod, *want;
};

#define RO "readOnlyRootFilesystem", "{}"
#define RO_X                                                                                       \
	"read-only-root-filesystem: @.securityContext.readOnlyRootFilesystem (container \"x\"): "
#define U "runAs", "{'user': 65532}"
#define U_C "run-as-user: @.securityContext.runAsUser (container \"x\"): "
#define U_P "run-as-user: ^.securityContext.runAsUser (container \"x\"): "
#define NZ "runAs", "{'user': 'nonZero'}"
#define G "runAs", "{'group': 65532}"
#define G_C "run-as-group: @.securityContext.runAsGroup (container \"x\"): "
#define G_P "run-as-group: ^.securityContext.runAsGroup (container \"x\"): "
#define NR "runAs", "{'nonRoot': 'required'}"
#define NR_C "run-as-non-root: @.securityContext.runAsNonRoot (container \"x\"): "
#define NR_P "run-as-non-root: ^.securityContext.runAsNonRoot (container \"x\"): "

static const struct security_case security_cases[] = {
	{RO, "'readOnlyRootFilesystem': true", "", ""},
	{RO, "", "", RO_X "not set; want true\n"},
	{RO, "'readOnlyRootFilesystem': null", "", RO_X "not set; want true\n"},
	{RO, "'readOnlyRootFilesystem': false", "", RO_X "got false; want true\n"},
	{RO, "'readOnlyRootFilesystem': 'true'", "",
	 RO_X "got \"true\" (a string, not a boolean); want true\n"},
	{RO, "'readOnlyRootFilesystem': 1", "",
	 RO_X "got 1 (an integer, not a boolean); want true\n"},
	{RO, "'readOnlyRootFilesystem': [true]", "",
	 RO_X "got a list (not a boolean); want true\n"},
	{RO, "'readOnlyRootFilesystem': {}", "",
	 RO_X "got an empty object (not a boolean); want true\n"},
	{RO, "", "'readOnlyRootFilesystem': true",
	 RO_X "not set (the Pod's securityContext has no such field); want true\n"},
	{RO, "'readOnlyRootFilesystem': false", "'readOnlyRootFilesystem': true",
	 RO_X "got false; want true\n"},
	{RO, "'readOnlyRootFilesystem': true", "'readOnlyRootFilesystem': false", ""},

	{U, "'runAsUser': 65532", "", ""},
	{U, "", "'runAsUser': 65532", ""},
	{U, "'runAsUser': null", "'runAsUser': 65532", ""},
	{U, "'runAsUser': 65532", "'runAsUser': 0", ""},
	{U, "", "", U_C "not set (pod default also not set); want 65532\n"},
	{U, "'runAsUser': null", "'runAsUser': null",
	 U_C "not set (pod default also not set); want 65532\n"},
	{U, "'runAsUser': 0", "", U_C "got 0; want 65532\n"},
	{U, "'runAsUser': 0", "'runAsUser': 65532", U_C "got 0; want 65532\n"},
	{U, "'runAsUser': 65531", "'runAsUser': 1", U_C "got 65531; want 65532\n"},
	{U, "", "'runAsUser': 0", U_P "got 0 (pod default); want 65532\n"},
	{U, "'runAsUser': '65532'", "'runAsUser': 65532",
	 U_C "got \"65532\" (a string, not an integer); want 65532\n"},
	{U, "'runAsUser': 65532.5", "", U_C "got 65532.5 (a number, not an integer); want 65532\n"},
	{U, "'runAsUser': 65532.0", "", U_C "got 65532.0 (a number, not an integer); want 65532\n"},
	{U, "'runAsUser': true", "", U_C "got true (a boolean, not an integer); want 65532\n"},
	{U, "", "'runAsUser': '65532'",
	 U_P "got \"65532\" (a string, not an integer); want 65532\n"},
	{U, "'runAsUser': 65532", "'runAsUser': '0'", ""},
	{U, "'runAsNonRoot': true", "'runAsNonRoot': true",
	 U_C "not set (pod default also not set); want 65532\n"},

	{NZ, "", "", ""},
	{NZ, "'runAsUser': 1", "", ""},
	{NZ, "", "'runAsUser': 1", ""},
	{NZ, "'runAsUser': 0", "", U_C "got 0; want a user other than 0\n"},
	{NZ, "'runAsUser': 0", "'runAsUser': 1", U_C "got 0; want a user other than 0\n"},
	{NZ, "", "'runAsUser': 0", U_P "got 0 (pod default); want a user other than 0\n"},
	{NZ, "'runAsUser': 1", "'runAsUser': 0",
	 U_P "got 0 (pod default); want a user other than 0\n"},
	{NZ, "'runAsUser': 0", "'runAsUser': 0",
	 U_C "got 0; want a user other than 0\n" U_P
	     "got 0 (pod default); want a user other than 0\n"},
	{NZ, "'runAsUser': '1'", "",
	 U_C "got \"1\" (a string, not an integer); want a user other than 0\n"},
	{NZ, "'runAsUser': 1", "'runAsUser': '1'",
	 U_P "got \"1\" (a string, not an integer); want a user other than 0\n"},

	{G, "'runAsGroup': 65532", "", ""},
	{G, "", "'runAsGroup': 65532", ""},
	{G, "'runAsGroup': 65532", "'runAsGroup': 0", ""},
	{G, "", "", G_C "not set (pod default also not set); want 65532\n"},
	{G, "'runAsUser': 65532", "", G_C "not set (pod default also not set); want 65532\n"},
	{G, "'runAsGroup': 0", "'runAsGroup': 65532", G_C "got 0; want 65532\n"},
	{G, "", "'runAsGroup': 0", G_P "got 0 (pod default); want 65532\n"},
	{G, "'runAsGroup': 'x'", "", G_C "got \"x\" (a string, not an integer); want 65532\n"},

	{NR, "'runAsNonRoot': true", "", ""},
	{NR, "", "'runAsNonRoot': true", ""},
	{NR, "", "", NR_C "not set (pod default also not set); want true\n"},
	{NR, "'runAsUser': 65532", "'runAsUser': 65532",
	 NR_C "not set (pod default also not set); want true\n"},
	{NR, "'runAsNonRoot': false", "'runAsNonRoot': true", NR_C "got false; want true\n"},
	{NR, "'runAsNonRoot': true", "'runAsNonRoot': false",
	 NR_P "got false (pod default); want true\n"},
	{NR, "", "'runAsNonRoot': false", NR_P "got false (pod default); want true\n"},
	{NR, "'runAsNonRoot': false", "'runAsNonRoot': false",
	 NR_C "got false; want true\n" NR_P "got false (pod default); want true\n"},
	{NR, "'runAsNonRoot': 'true'", "",
	 NR_C "got \"true\" (a string, not a boolean); want true\n"},
	{NR, "'runAsNonRoot': true", "'runAsNonRoot': 1",
	 NR_P "got 1 (an integer, not a boolean); want true\n"},
};

struct place {
	const char *group, *kind, *before, *after, *pod_path, *list;
};

#define OTHER_CONTAINER                                                                            \
	"'containers': [{'name': 'other', 'image': 'i', 'securityContext': "                       \
	"{'readOnlyRootFilesystem': true, 'runAsUser': 65532, 'runAsGroup': 65532, "               \
	"'runAsNonRoot': true}}], "

static const struct place places[] = {
	{"", "Pod", "{'spec': {", "}}", "spec", "containers"},
	{"", "Pod", "{'spec': {" OTHER_CONTAINER, "}}", "spec", "initContainers"},
	{"", "Pod", "{'spec': {" OTHER_CONTAINER, "}}", "spec", "ephemeralContainers"},
	{"apps", "Deployment", "{'spec': {'template': {'spec': {", "}}}}", "spec.template.spec",
	 "containers"},
	{"batch", "CronJob",
	 "{'spec': {'jobTemplate': {'spec': {'template': {'spec': {" OTHER_CONTAINER, "}}}}}}",
	 "spec.jobTemplate.spec.template.spec", "initContainers"},
	{"", "PodTemplate", "{'template': {'spec': {", "}}}", "template.spec", "containers"},
};

/* `want` with its marks replaced. */
static const char *expand(struct fixture *f, const char *want, const struct place *p)
{
	struct text t;
	struct str s;

	text_init(&t, f->static_arena, 4096);
	for (; *want; want++) {
		if (*want == '@' || *want == '^')
			text_puts(&t, p->pod_path);
		if (*want == '@')
			text_printf(&t, ".%s[0]", p->list);
		if (*want != '@' && *want != '^')
			text_putc(&t, *want);
	}
	ck_assert(text_done(&t, &s));
	return s.p ? s.p : "";
}

START_TEST(judges_security_contexts_of_every_container)
{
	const struct security_case *c = &security_cases[_i / COUNT(places)];
	const struct place *p = &places[_i % COUNT(places)];
	struct fixture *f = fixture_new();

	fixture_only_rule(f, c->rule, c->params);
	fixture_kind(f, p->group, p->kind);
	fixture_judge(f,
		      fixture_text(f,
				   "%s'securityContext': {%s}, '%s': [{'name': 'x', 'image': 'i', "
				   "'securityContext': {%s}}]%s",
				   p->before, c->pod, p->list, c->own, p->after));
	expect_text(fixture_lines_of(f, "x"), expand(f, c->want, p),
		    fixture_text(f, "%s %s own {%s} pod {%s} in %s of %s", c->rule, c->params,
				 c->own, c->pod, p->list, p->kind));
	ck_assert_uint_eq(f->engine.report.n_results, 1);
	if (*c->want)
		ck_assert_int_eq(f->engine.report.results[0].outcome, RULE_FAIL);
	fixture_free(f);
}
END_TEST

START_TEST(passes_without_any_security_context_only_where_nothing_is_asked)
{
	struct fixture *f = fixture_new();

	fixture_only_rule(f, "runAs", "{'user': 65532, 'group': 65532, 'nonRoot': 'required'}");
	ck_assert_int_eq(fixture_judge(f,
				       "{'spec': {'containers': [{'name': 'x', 'image': 'i'}]}}"),
			 VERDICT_DENY);
	expect_text(
		fixture_lines(f),
		"run-as-user: spec.containers[0].securityContext.runAsUser (container \"x\"): not "
		"set (pod default also not set); want 65532\n"
		"run-as-group: spec.containers[0].securityContext.runAsGroup (container \"x\"): "
		"not "
		"set (pod default also not set); want 65532\n"
		"run-as-non-root: spec.containers[0].securityContext.runAsNonRoot (container "
		"\"x\"): not set (pod default also not set); want true\n",
		"all three");
	fixture_free(f);
}
END_TEST

START_TEST(has_no_exemption_for_host_users)
{
	struct fixture *f = fixture_new();

	fixture_only_rule(f, "runAs", "{'user': 65532, 'nonRoot': 'required'}");
	fixture_judge(f, "{'spec': {'hostUsers': false, 'containers': [{'name': 'x', 'image': 'i', "
			 "'securityContext': {'runAsUser': 0, 'runAsNonRoot': false}}]}}");
	expect_text(
		fixture_lines(f),
		"run-as-user: spec.containers[0].securityContext.runAsUser (container \"x\"): got "
		"0; want 65532\n"
		"run-as-non-root: spec.containers[0].securityContext.runAsNonRoot (container "
		"\"x\"): got false; want true\n",
		"hostUsers: false");
	fixture_free(f);
}
END_TEST

START_TEST(says_why_windows_cannot_pass)
{
	struct fixture *f = fixture_new();

	struct policy *p = fixture_policy(f, "golden");
	fixture_rule(f, p, "ro", fixture_type("readOnlyRootFilesystem"), NULL);
	fixture_rule(f, p, "as", fixture_type("runAs"),
		     fixture_params(f, fixture_type("runAs"),
				    "{'user': 65532, 'group': 65532, 'nonRoot': 'required'}"));
	fixture_judge(f, "{'spec': {'os': {'name': 'windows'}, 'containers': [{'name': 'x', "
			 "'image': 'i'}]}}");
	expect_text(
		fixture_lines(f),
		"read-only-root-filesystem: spec.containers[0].securityContext."
		"readOnlyRootFilesystem (container \"x\"): not set (a Windows Pod cannot set it); "
		"want true\n"
		"run-as-user: spec.containers[0].securityContext.runAsUser (container \"x\"): not "
		"set (a Windows Pod cannot set it); want 65532\n"
		"run-as-group: spec.containers[0].securityContext.runAsGroup (container \"x\"): "
		"not "
		"set (a Windows Pod cannot set it); want 65532\n"
		"run-as-non-root: spec.containers[0].securityContext.runAsNonRoot (container "
		"\"x\"): not set (pod default also not set); want true\n",
		"windows");
	fixture_judge(f, "{'spec': {'os': {'name': 'windows'}, 'containers': [{'name': 'x', "
			 "'image': 'i', 'securityContext': {'readOnlyRootFilesystem': false, "
			 "'runAsUser': 'x', 'runAsGroup': 0, 'runAsNonRoot': true}}]}}");
	expect_text(
		fixture_lines(f),
		"read-only-root-filesystem: spec.containers[0].securityContext."
		"readOnlyRootFilesystem (container \"x\"): got false (a Windows Pod cannot set "
		"it); want true\n"
		"run-as-user: spec.containers[0].securityContext.runAsUser (container \"x\"): "
		"got \"x\" (a string, not an integer); want 65532\n"
		"run-as-group: spec.containers[0].securityContext.runAsGroup (container \"x\"): "
		"got 0 (a Windows Pod cannot set it); want 65532\n",
		"windows with values");
	fixture_free(f);
}
END_TEST

START_TEST(leaves_image_volumes_out_of_process_rules)
{
	struct fixture *f = fixture_new();

	struct policy *p = fixture_policy(f, "golden");
	fixture_rule(f, p, "ro", fixture_type("readOnlyRootFilesystem"), NULL);
	fixture_rule(f, p, "as", fixture_type("runAs"),
		     fixture_params(f, fixture_type("runAs"), "{'user': 65532}"));
	ck_assert_int_eq(fixture_judge(f,
				       "{'spec': {" OTHER_CONTAINER
				       "'volumes': [{'name': 'v', 'image': {'reference': 'i'}}]}}"),
			 VERDICT_ALLOW);
	ck_assert_uint_eq(f->engine.workload->n_subjects, 2);
	fixture_free(f);
}
END_TEST

Suite *test_rules_suite(void);
Suite *test_rules_suite(void)
{
	Suite *s = suite_create("rules");
	TCase *t = tcase_create("rules");

	tcase_add_loop_test(t, judges_security_contexts_of_every_container, 0,
			    COUNT(security_cases) * COUNT(places));
	tcase_add_test(t, passes_without_any_security_context_only_where_nothing_is_asked);
	tcase_add_test(t, has_no_exemption_for_host_users);
	tcase_add_test(t, says_why_windows_cannot_pass);
	tcase_add_test(t, leaves_image_volumes_out_of_process_rules);
	suite_add_tcase(s, t);
	return s;
}

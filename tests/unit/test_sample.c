#include <check.h>

#include "policy/sample.h"
#include "tests/unit/policy_text.h"

Suite *test_sample_suite(void);

#define HEAD                                                                                       \
	"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"                \
	"  mode: deny\n  onError: deny\n"
#define PODS "  match: {resources: [pods], operations: [CREATE, UPDATE]}\n  rules:\n"
#define D1 "@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

static struct arena *a;
static struct problems found;

static void setup(void)
{
	a = arena_new((size_t)16 << 20);
	problems_init(&found, a);
}

static void teardown(void)
{
	arena_free(a);
}

/* The samples of the only policy; the set must live as long as they do. */
static struct samples build(const struct loaded *l)
{
	struct samples s = {NULL, 0};
	struct err e;
	ck_assert_msg(samples_build(a, l->set, &l->set->policies[0], NOW_UNIX_S, &s, &found, &e) ==
			      0,
		      "%s", e.text);
	problems_sort(&found);
	return s;
}

static void is_yaml(const struct sample *s, const char *want)
{
	ck_assert_msg(str_eq(s->yaml, str_of(want)), "got\n%.*swant\n%s", STR_ARG(s->yaml), want);
}

START_TEST(one_good_pod_and_a_bad_one_for_every_rule)
{
	struct loaded l = load_good(
		HEAD PODS "  - {name: r, readOnlyRootFilesystem: {}}\n"
			  "  - {name: i, image: {registries: ['r.io/g/**'], digest: required}}\n"
			  "  - {name: u, runAs: {user: 65532, group: 65532, nonRoot: required}}\n");
	struct samples s = build(&l);
	ck_assert_str_eq(problems_text(&found), "");
	ck_assert_uint_eq(s.n, 4);
	ck_assert_ptr_null(s.items[0].rule);
	is_yaml(&s.items[0], "apiVersion: v1\nkind: Pod\nmetadata:\n  name: sample\n"
			     "  namespace: \"default\"\nspec:\n  containers:\n  - name: app\n"
			     "    image: \"r.io/g/app" D1 "\"\n    securityContext:\n"
			     "      readOnlyRootFilesystem: true\n      runAsUser: 65532\n"
			     "      runAsGroup: 65532\n      runAsNonRoot: true\n");
	for (size_t i = 0; i < 4; i++)
		ck_assert(s.items[i].as_expected);
	for (size_t i = 1; i < 4; i++) {
		ck_assert_ptr_eq(s.items[i].rule, &l.set->policies[0].rules[i - 1]);
		ck_assert(!str_eq(s.items[i].yaml, s.items[0].yaml));
	}
	loaded_free(&l);
}
END_TEST

START_TEST(without_pods_it_is_a_deployment)
{
	struct loaded l = load_warned(
		HEAD "  match: {resources: [workloads], operations: [UPDATE], "
		     "namespaces: {include: ['shop-*'], exclude: [shop-default]}}\n"
		     "  rules:\n  - {name: r, readOnlyRootFilesystem: {}}\n",
		"warning: policy.yaml:7:47: spec.match.operations: without CREATE a bad "
		"object can be created\n");
	struct samples s = build(&l);
	ck_assert_str_eq(problems_text(&found), "");
	is_yaml(&s.items[0],
		"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: sample\n"
		"  namespace: \"shop-app\"\nspec:\n  selector:\n    matchLabels:\n      app: "
		"sample\n"
		"  template:\n    metadata:\n      labels:\n        app: sample\n    spec:\n"
		"      containers:\n      - name: app\n"
		"        image: \"registry.example.com/app:1.0\"\n        securityContext:\n"
		"          readOnlyRootFilesystem: true\n          runAsNonRoot: false\n");
	loaded_free(&l);
}
END_TEST

START_TEST(exceptions_change_nothing)
{
	struct loaded l = load_good(
		HEAD
		"  match: {resources: [pods], operations: [CREATE, UPDATE], namespaces: {include: "
		"[shop]}}\n  rules:\n  - {name: r, readOnlyRootFilesystem: {}}\n"
		"---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: x}\nspec:\n"
		"  {policy: golden, rules: [r], match: {namespace: shop, name: 's*'}, reason: r, "
		"owner: o, expires: 2027-01-31}\n");
	struct samples s = build(&l);
	ck_assert_str_eq(problems_text(&found), "");
	ck_assert(s.items[1].as_expected);
	loaded_free(&l);
}
END_TEST

START_TEST(rules_in_warn_mode_are_judged_too)
{
	struct loaded l =
		load_good(HEAD PODS "  - {name: r, mode: warn, readOnlyRootFilesystem: {}}\n"
				    "  - {name: u, mode: audit, runAs: {user: 1}}\n");
	struct samples s = build(&l);
	ck_assert_str_eq(problems_text(&found), "");
	ck_assert(s.items[1].as_expected && s.items[2].as_expected);
	loaded_free(&l);
}
END_TEST

START_TEST(rules_that_overlap_are_fine)
{
	struct loaded l = load_good(
		HEAD PODS "  - {name: a, image: {registries: [r.io/a, r.io/b]}}\n"
			  "  - {name: b, image: {registries: [r.io/c, r.io/b], digest: required}}\n"
			  "  - {name: c, runAs: {user: 5}}\n"
			  "  - {name: d, runAs: {user: 5, nonRoot: required}}\n");
	struct samples s = build(&l);
	ck_assert_str_eq(problems_text(&found), "");
	for (size_t i = 0; i < s.n; i++)
		ck_assert(s.items[i].as_expected);
	loaded_free(&l);
}
END_TEST

START_TEST(rules_that_contradict_each_other_refuse_every_pod)
{
	struct loaded l = load_good(HEAD PODS "  - {name: a, runAs: {user: 1}}\n"
					      "  - {name: b, runAs: {user: 2}}\n");
	struct samples s = build(&l);
	ck_assert(!s.items[0].as_expected);
	ck_assert_str_eq(
		problems_text(&found),
		"policy.yaml:1:1: policy \"golden\": every Pod would be refused: so is the "
		"sample made to pass it, by golden/a: got 2; want 1\n");
	loaded_free(&l);
}
END_TEST

START_TEST(registries_without_a_common_image_refuse_every_pod)
{
	struct loaded l =
		load_good(HEAD PODS "  - {name: a, image: {registries: ['r.io/a/**']}}\n"
				    "  - {name: b, image: {registries: ['r.io/b/**']}}\n");
	struct samples s = build(&l);
	ck_assert(!s.items[0].as_expected);
	ck_assert_uint_eq(found.errors, 1);
	ck_assert_msg(strstr(problems_text(&found),
			     "policy.yaml:1:1: policy \"golden\": every Pod "
			     "would be refused: so is the sample made to pass "
			     "it, by golden/a: got \"r.io/b/app:1.0\"") != NULL,
		      "%s", problems_text(&found));
	loaded_free(&l);
}
END_TEST

/* ---- a rule type that never refuses ---- */

static void check_nothing(const struct rule_context *c, const struct subject *s)
{
	(void)c;
	(void)s;
}

START_TEST(a_rule_that_refuses_nothing_is_found)
{
	static const struct rule lazy = {.key = "lazy", .check = check_nothing};
	static const struct rule *const rules[] = {&lazy};
	static const struct rule_table table = {rules, 1};
	struct policy_options o = {.rules = &table, .now_unix_s = NOW_UNIX_S};
	struct loaded l = load_with(HEAD PODS "  - {name: z, lazy: {}}\n", &o);
	struct samples s = build(&l);
	ck_assert(s.items[0].as_expected);
	ck_assert(!s.items[1].as_expected);
	ck_assert_str_eq(
		problems_text(&found),
		"policy.yaml:9:5: rule \"z\" of policy \"golden\" refuses nothing: not even "
		"the sample made to fail it\n");
	loaded_free(&l);
}
END_TEST

START_TEST(the_shipped_policies_are_sound)
{
	static const char *const paths[] = {"policies"};
	struct policy_options o = {.now_unix_s = NOW_UNIX_S};
	struct policy_set *set = policy_set_load(paths, 1, &o, &found);
	ck_assert_msg(set != NULL, "%s", problems_text(&found));
	for (size_t i = 0; i < set->n_policies; i++) {
		struct samples s;
		struct err e;
		ck_assert_int_eq(samples_build(a, set, &set->policies[i], NOW_UNIX_S, &s, &found,
					       &e),
				 0);
		ck_assert_uint_eq(s.n, 1 + set->policies[i].n_rules);
	}
	ck_assert_str_eq(problems_text(&found), "");
	policy_set_free(set);
}
END_TEST

START_TEST(the_bad_image_is_from_a_host_that_no_pattern_names)
{
	struct loaded l =
		load_good(HEAD PODS "  - {name: i, image: {registries: ['r.io/g/**', "
				    "'unlisted0.example.net/**', 'unlisted1.example.net/a']}}\n");
	struct samples s = build(&l);
	ck_assert_str_eq(problems_text(&found), "");
	ck_assert_uint_eq(s.n, 2);
	ck_assert(s.items[1].as_expected);
	ck_assert_ptr_nonnull(strstr(s.items[1].yaml.p, "unlisted2.example.net/app"));
	loaded_free(&l);
}
END_TEST

START_TEST(whichever_allocation_fails_it_is_an_error)
{
	struct loaded l = load_good(HEAD PODS "  - {name: r, readOnlyRootFilesystem: {}}\n"
					      "  - {name: i, image: {registries: [r.io/a]}}\n");
	struct problems lost;
	struct arena *other = arena_new(1 << 16);
	struct samples s;
	struct err e;
	size_t n = 0;
	int rc;
	problems_init(&lost, other);
	do {
		arena_reset(a);
		arena_fail_at(a, ++n);
		rc = samples_build(a, l.set, &l.set->policies[0], NOW_UNIX_S, &s, &lost, &e);
		if (rc < 0)
			ck_assert_str_eq(e.text,
					 "samples of policy 'golden': the memory limit is reached");
	} while (rc < 0 && n < 5000);
	ck_assert_uint_gt(n, 50);
	ck_assert_int_eq(rc, 0);
	arena_free(other);
	loaded_free(&l);
}
END_TEST

Suite *test_sample_suite(void)
{
	Suite *s = suite_create("sample");
	TCase *tc = tcase_create("sample");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_good_pod_and_a_bad_one_for_every_rule);
	tcase_add_test(tc, without_pods_it_is_a_deployment);
	tcase_add_test(tc, exceptions_change_nothing);
	tcase_add_test(tc, rules_in_warn_mode_are_judged_too);
	tcase_add_test(tc, rules_that_overlap_are_fine);
	tcase_add_test(tc, rules_that_contradict_each_other_refuse_every_pod);
	tcase_add_test(tc, registries_without_a_common_image_refuse_every_pod);
	tcase_add_test(tc, a_rule_that_refuses_nothing_is_found);
	tcase_add_test(tc, the_shipped_policies_are_sound);
	tcase_add_test(tc, the_bad_image_is_from_a_host_that_no_pattern_names);
	tcase_add_test(tc, whichever_allocation_fails_it_is_an_error);
	suite_add_tcase(s, tc);
	return s;
}

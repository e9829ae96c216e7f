/* Where workloads hide their containers, what is not as it should be, what counts as unchanged. */
#include <check.h>

#include "policy/limits.h"
#include "policy/workload.h"
#include "tests/unit/policy_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* ---- kinds ---- */

static const struct {
	const char *group, *kind, *template_path; /* NULL: no workload */
} kind_cases[] = {
	{"", "Pod", ""},
	{"apps", "Deployment", "spec.template"},
	{"apps", "ReplicaSet", "spec.template"},
	{"apps", "StatefulSet", "spec.template"},
	{"apps", "DaemonSet", "spec.template"},
	{"extensions", "Deployment", "spec.template"},
	{"extensions", "ReplicaSet", "spec.template"},
	{"extensions", "DaemonSet", "spec.template"},
	{"batch", "Job", "spec.template"},
	{"batch", "CronJob", "spec.jobTemplate.spec.template"},
	{"", "ReplicationController", "spec.template"},
	{"", "PodTemplate", "template"},
	{"", "Deployment", NULL},
	{"apps", "Pod", NULL},
	{"apps.kruise.io", "Deployment", NULL},
	{"", "Service", NULL},
	{"apps", "deployment", NULL},
	{"apps", "Deploymen", NULL},
	{"apps", "ControllerRevision", NULL},
	{"", "", NULL},
};

START_TEST(knows_the_kinds)
{
	const struct workload_kind *k =
		workload_kind_find(str_of(kind_cases[_i].group), str_of(kind_cases[_i].kind));

	if (!kind_cases[_i].template_path) {
		ck_assert_ptr_null(k);
		return;
	}
	ck_assert_ptr_nonnull(k);
	ck_assert_str_eq(k->kind, kind_cases[_i].kind);
	ck_assert_str_eq(k->template_path, kind_cases[_i].template_path);
	ck_assert_int_eq(k->is_pod, strcmp(k->kind, "Pod") == 0);
}
END_TEST

START_TEST(has_paths_that_agree)
{
	size_t n = 0;

	for (const struct workload_kind *k = workload_kinds(); k->kind; k++, n++) {
		struct str path = str_of(k->pod_path);
		ck_assert(str_starts(path, str_of(k->template_path)));
		ck_assert(str_eq(str_sub(path, path.n - 4, path.n), S("spec")));
		ck_assert_uint_eq(path.n, strlen(k->template_path) + (*k->template_path ? 5 : 4));
	}
	ck_assert_uint_eq(n, 9);
}
END_TEST

/* ---- the walk ---- */

static struct workload *extract(struct fixture *f, const char *group, const char *kind,
				const char *json)
{
	const struct workload_kind *k = workload_kind_find(str_of(group), str_of(kind));

	ck_assert_ptr_nonnull(k);
	struct workload *w = workload_extract(f->arena, k, fixture_json(f, json));
	ck_assert_ptr_nonnull(w);
	return w;
}

/* "path name image" of each subject, a line each. */
static const char *walk(struct fixture *f, const struct workload *w)
{
	struct text t;
	struct str s;

	text_init(&t, f->static_arena, 1 << 20);
	for (size_t i = 0; i < w->n_subjects; i++) {
		subject_put_path(&t, w, &w->subjects[i]);
		text_printf(&t, " %.*s %.*s%s\n", STR_ARG(w->subjects[i].name),
			    STR_ARG(w->subjects[i].image.str),
			    w->subjects[i].reference_ok ? "" : " (no reference)");
	}
	ck_assert(text_done(&t, &s));
	return s.p;
}

static const char pod_spec[] =
	"{'volumes': [{'name': 'tmp', 'emptyDir': {}}, {'name': 'v', 'image': {'reference': "
	"'vol:1'}}, "
	"{'name': 'ceph', 'rbd': {'image': 'block'}}, {'name': 'n', 'image': null}], "
	"'ephemeralContainers': [{'name': 'e', 'image': 'eph'}], "
	"'containers': [{'name': 'a', 'image': 'one'}, {'image': 'a b', 'name': 'b'}], "
	"'initContainers': [{'image': 'init', 'restartPolicy': 'Always', 'name': 'i'}]}";

START_TEST(walks_every_list_in_order)
{
	struct fixture *f = fixture_new();

	expect_text(walk(f, extract(f, "", "Pod", fixture_text(f, "{'spec': %s}", pod_spec))),
		    "spec.initContainers[0] i init\n"
		    "spec.containers[0] a one\n"
		    "spec.containers[1] b a b (no reference)\n"
		    "spec.ephemeralContainers[0] e eph\n"
		    "spec.volumes[1] v vol:1\n",
		    "Pod");
	expect_text(walk(f, extract(f, "batch", "CronJob",
				    fixture_text(f,
						 "{'spec': {'jobTemplate': {'spec': {'template': "
						 "{'spec': %s}}}}}",
						 pod_spec))),
		    "spec.jobTemplate.spec.template.spec.initContainers[0] i init\n"
		    "spec.jobTemplate.spec.template.spec.containers[0] a one\n"
		    "spec.jobTemplate.spec.template.spec.containers[1] b a b (no reference)\n"
		    "spec.jobTemplate.spec.template.spec.ephemeralContainers[0] e eph\n"
		    "spec.jobTemplate.spec.template.spec.volumes[1] v vol:1\n",
		    "CronJob");
	fixture_free(f);
}
END_TEST

START_TEST(finds_effective_values)
{
	struct fixture *f = fixture_new();
	const struct workload *w =
		extract(f, "", "Pod",
			"{'spec': {'os': {'name': 'linux'}, 'securityContext': {'runAsUser': 1, "
			"'runAsNonRoot': true}, 'containers': [{'name': 'a', 'image': 'i', "
			"'securityContext': {'runAsUser': 2, 'runAsNonRoot': null}}]}}");
	const struct subject *s = &w->subjects[0];

	ck_assert_int_eq(s->run_as_user.integer, 2);
	ck_assert_int_eq(s->run_as_user.level, FIELD_OF_CONTAINER);
	ck_assert_int_eq(s->run_as_non_root.state, FIELD_SET);
	ck_assert_int_eq(s->run_as_non_root.level, FIELD_OF_POD);
	ck_assert(s->run_as_non_root.boolean);
	ck_assert_int_eq(s->run_as_group.state, FIELD_ABSENT);
	ck_assert_int_eq(w->pod_run_as_user.integer, 1);
	ck_assert(!w->windows);
	ck_assert(!w->pod_has_read_only_root_filesystem);
	ck_assert_uint_eq(w->n_findings, 0);
	fixture_free(f);
}
END_TEST

/* ---- findings: as lines of a policy without rules ---- */

static const struct {
	const char *group, *kind, *object, *want;
} finding_cases[] = {
	{"", "Pod", "null", "object: object: got null; want an object\n"},
	{"", "Pod", "[]", "object: object: got an empty list; want an object\n"},
	{"", "Pod", "'x'", "object: object: got \"x\" (a string); want an object\n"},
	{"", "Pod", "{}", "object: spec: not set; want a Pod spec\n"},
	{"", "Pod", "{'spec': null}", "object: spec: not set; want a Pod spec\n"},
	{"", "Pod", "{'spec': 1}", "object: spec: got 1 (an integer); want a Pod spec\n"},
	{"apps", "Deployment", "{}", "object: spec: not set; want a pod template\n"},
	{"apps", "Deployment", "{'spec': {}}",
	 "object: spec.template: not set; want a pod template\n"},
	{"apps", "Deployment", "{'spec': {'template': {}}}",
	 "object: spec.template.spec: not set; want a Pod spec\n"},
	{"batch", "CronJob", "{'spec': {'jobTemplate': []}}",
	 "object: spec.jobTemplate: got an empty list; want a pod template\n"},
	{"", "PodTemplate", "{'template': true}",
	 "object: template: got true (a boolean); want a pod template\n"},
	{"", "Pod", "{'spec': {}}",
	 "object: spec.containers: not set; want a list of containers\n"},
	{"", "Pod", "{'spec': {'containers': null}}",
	 "object: spec.containers: not set; want a list of containers\n"},
	{"", "Pod", "{'spec': {'containers': []}}",
	 "object: spec.containers: got an empty list; want a list of containers\n"},
	{"", "Pod", "{'spec': {'containers': {'a': 1}}}",
	 "object: spec.containers: got an object; want a list of containers\n"},
	{"", "Pod",
	 "{'spec': {'containers': [{'image': 'i'}], 'initContainers': 'x', 'volumes': 1, "
	 "'ephemeralContainers': {}}}",
	 "object: spec.initContainers: got \"x\" (a string); want a list of containers\n"
	 "object: spec.ephemeralContainers: got an empty object; want a list of containers\n"
	 "object: spec.volumes: got 1 (an integer); want a list of volumes\n"},
	{"", "Pod", "{'spec': {'containers': [null, 'x', {'image': 'i'}], 'volumes': [1.5]}}",
	 "object: spec.containers[0]: got null; want a container\n"
	 "object: spec.containers[1]: got \"x\" (a string); want a container\n"
	 "object: spec.volumes[0]: got 1.5 (a number); want a volume\n"},
	{"", "Pod",
	 "{'spec': {'containers': [{'name': 'a'}, {'name': 'b', 'image': null}, {'name': 'c', "
	 "'image': 5}, {'name': 'd', 'image': ''}, {'name': 7}]}}",
	 "object: spec.containers[0].image (container \"a\"): not set; want an image reference\n"
	 "object: spec.containers[1].image (container \"b\"): not set; want an image reference\n"
	 "object: spec.containers[2].image (container \"c\"): got 5 (an integer); want an image "
	 "reference\n"
	 "object: spec.containers[3].image (container \"d\"): got \"\" (an empty string); want an "
	 "image "
	 "reference\n"
	 "object: spec.containers[4].image: not set; want an image reference\n"},
	{"", "Pod",
	 "{'spec': {'containers': [{'image': 'i'}], 'volumes': [{'name': 'v', 'image': 'x'}, "
	 "{'name': "
	 "'w', 'image': {}}, {'name': 'u', 'image': {'reference': 1}}]}}",
	 "object: spec.volumes[0].image (volume \"v\"): got \"x\" (a string); want an object\n"
	 "object: spec.volumes[1].image.reference (volume \"w\"): not set; want an image "
	 "reference\n"
	 "object: spec.volumes[2].image.reference (volume \"u\"): got 1 (an integer); want an "
	 "image "
	 "reference\n"},
	{"", "Pod",
	 "{'spec': {'securityContext': [], 'containers': [{'name': 'a', 'image': 'i', "
	 "'securityContext': true}]}}",
	 "object: spec.securityContext: got an empty list; want an object\n"
	 "object: spec.containers[0].securityContext (container \"a\"): got true (a boolean); want "
	 "an "
	 "object\n"},
	{"", "Pod",
	 "{'spec': {'containers': [{'name': 'a', 'image': 'i'}, {'name': 'a', 'image': 'i'}]}}",
	 ""},
	{"", "Pod",
	 "{'spec': {'securityContext': null, 'initContainers': null, 'volumes': null, "
	 "'ephemeralContainers': null, 'containers': [{'name': 'a', 'image': 'i', "
	 "'securityContext': "
	 "null}]}}",
	 ""},
};

START_TEST(tells_what_is_not_as_it_should_be)
{
	struct fixture *f = fixture_new();

	fixture_policy(f, "golden");
	fixture_kind(f, finding_cases[_i].group, finding_cases[_i].kind);
	enum verdict v = fixture_judge(f, finding_cases[_i].object);
	expect_text(fixture_lines(f), finding_cases[_i].want, finding_cases[_i].object);
	ck_assert_int_eq(v, *finding_cases[_i].want ? VERDICT_DENY : VERDICT_ALLOW);
	fixture_free(f);
}
END_TEST

START_TEST(refuses_a_missing_object)
{
	struct fixture *f = fixture_new();

	fixture_policy(f, "golden");
	ck_assert_int_eq(fixture_judge(f, NULL), VERDICT_DENY);
	expect_text(fixture_lines(f), "object: object: not set; want an object\n", "no object");
	fixture_free(f);
}
END_TEST

static const char *pod_of(struct fixture *f, size_t containers, size_t volumes)
{
	struct text t;
	struct str s;

	text_init(&t, f->static_arena, 4 << 20);
	text_puts(&t, "{'spec': {'containers': [");
	for (size_t i = 0; i < containers; i++)
		text_puts(&t, i ? ",{'image':'i'}" : "{'image':'i'}");
	text_puts(&t, "], 'volumes': [");
	for (size_t i = 0; i < volumes; i++)
		text_puts(&t, i ? ",{'image':{'reference':'i'}}" : "{'image':{'reference':'i'}}");
	text_puts(&t, "]}}");
	ck_assert(text_done(&t, &s));
	return s.p;
}

START_TEST(refuses_too_many_subjects)
{
	struct fixture *f = fixture_new();

	fixture_policy(f, "golden");
	ck_assert_int_eq(fixture_judge(f, pod_of(f, LIMIT_SUBJECTS - 1, 1)), VERDICT_ALLOW);
	ck_assert_uint_eq(f->engine.workload->n_subjects, LIMIT_SUBJECTS);
	ck_assert_int_eq(fixture_judge(f, pod_of(f, LIMIT_SUBJECTS - 1, 2)), VERDICT_DENY);
	expect_text(fixture_lines(f),
		    "object: spec: got 4097 (containers and image volumes); want at most 4096\n",
		    "4097");
	/* Also when most of them are nothing at all. */
	struct text t;
	struct str s;
	text_init(&t, f->static_arena, 1 << 20);
	text_puts(&t, "{'spec': {'containers': [{'image': 'i'}], 'volumes': [null");
	for (int i = 0; i < LIMIT_SUBJECTS; i++)
		text_puts(&t, ",null");
	text_puts(&t, "]}}");
	ck_assert(text_done(&t, &s));
	ck_assert_int_eq(fixture_judge(f, s.p), VERDICT_DENY);
	expect_text(fixture_lines(f),
		    "object: spec: got 4098 (containers and image volumes); want at most 4096\n",
		    "4098");
	fixture_free(f);
}
END_TEST

/* ---- unchanged ---- */

#define POD(members) "{'spec': {" members "}}"
#define C(name, image, more) "{'name': '" name "', 'image': '" image "'" more "}"
#define SEC(members) ", 'securityContext': {" members "}"
#define ONE POD("'containers': [" C("a", "i", "") "]")

static const struct {
	const char *before, *now;
	bool same;
	const char *unchanged; /* one letter per subject of `now`: u or n */
} same_cases[] = {
	{ONE, ONE, true, "u"},
	{ONE,
	 "{'metadata': {'labels': {'a': 'b'}}, 'spec': {'replicas': 3, 'containers': [" C(
		 "a", "i", ", 'env': []") "]}}",
	 true, "u"},
	{ONE, POD("'containers': [" C("a", "j", "") "]"), false, "n"},
	{ONE, POD("'containers': [" C("b", "i", "") "]"), false, "n"},
	{ONE, POD("'initContainers': [" C("a", "i", "") "], 'containers': [" C("a", "i", "") "]"),
	 false, "nu"},
	{ONE,
	 POD("'containers': [" C("a", "i", "") "], 'ephemeralContainers': [" C("d", "x", "") "]"),
	 false, "un"},
	{ONE, POD("'containers': [" C("a", "i", SEC("'runAsUser': 0")) "]"), false, "n"},
	{ONE, POD("'containers': [" C("a", "i", SEC("'runAsGroup': 0")) "]"), false, "n"},
	{ONE, POD("'containers': [" C("a", "i", SEC("'runAsNonRoot': false")) "]"), false, "n"},
	{ONE, POD("'containers': [" C("a", "i", SEC("'readOnlyRootFilesystem': true")) "]"), false,
	 "n"},
	{ONE, POD("'securityContext': {'runAsUser': 0}, 'containers': [" C("a", "i", "") "]"),
	 false, "n"},
	{POD("'containers': [" C("a", "i", SEC("'runAsUser': 1")) "]"),
	 POD("'securityContext': {'runAsUser': 0}, 'containers': [" C("a", "i",
								      SEC("'runAsUser': 1")) "]"),
	 false, "n"},
	{POD("'containers': [" C("a", "i", SEC("'runAsNonRoot': true")) "]"),
	 POD("'securityContext': {'runAsNonRoot': false}, 'containers': [" C(
		 "a", "i", SEC("'runAsNonRoot': true")) "]"),
	 false, "n"},
	{ONE, POD("'os': {'name': 'windows'}, 'containers': [" C("a", "i", "") "]"), false, "n"},
	{POD("'containers': [" C("a", "i", "") "," C("b", "j", "") "]"),
	 POD("'containers': [" C("b", "j", "") "," C("a", "i", "") "]"), false, "uu"},
	{POD("'containers': [" C("a", "i", "") "," C("b", "j", "") "]"), ONE, false, "u"},
	{ONE,
	 POD("'containers': [" C("a", "i",
				 "") "], 'volumes': [{'name': 'v', 'image': {'reference': "
				     "'x'}}]"),
	 false, "un"},
	{POD("'containers': [" C("a", "i",
				 "") "], 'volumes': [{'name': 'v', 'image': {'reference': 'x'}}]"),
	 POD("'containers': [" C("a", "i",
				 "") "], 'volumes': [{'name': 'v', 'image': {'reference': 'x'}}]"),
	 true, "uu"},
	{POD("'containers': [" C("a", "i",
				 "") "], 'volumes': [{'name': 'v', 'image': {'reference': 'x'}}]"),
	 POD("'containers': [" C("a", "i",
				 "") "], 'volumes': [{'name': 'v', 'image': {'reference': 'y'}}]"),
	 false, "un"},
	/* A value of a wrong type equals nothing, not even itself. */
	{POD("'containers': [" C("a", "i", SEC("'runAsUser': 'x'")) "]"),
	 POD("'containers': [" C("a", "i", SEC("'runAsUser': 'x'")) "]"), false, "n"},
	/* What cannot be read is judged whole. */
	{"{}", ONE, false, "n"},
	{"null", ONE, false, "n"},
	{POD("'containers': [" C("a", "i", "") ", {'name': 'b'}]"), ONE, false, "n"},
	{POD("'containers': [{'name': 'b'}]"), POD("'containers': [{'name': 'b'}]"), false, "n"},
	/* No name, no identity. */
	{POD("'containers': [{'image': 'i'}]"),
	 POD("'containers': [{'image': 'i'}, {'image': 'i', 'name': 'n'}]"), false, "nn"},
};

START_TEST(knows_what_an_update_leaves_alone)
{
	struct fixture *f = fixture_new();
	struct workload *before = extract(f, "", "Pod", same_cases[_i].before);
	struct workload *now = extract(f, "", "Pod", same_cases[_i].now);

	ck_assert_msg(workload_same(now, before) == same_cases[_i].same, "%s against %s",
		      same_cases[_i].before, same_cases[_i].now);
	ck_assert_int_eq(workload_same(before, now), same_cases[_i].same);
	workload_mark_unchanged(now, before);
	ck_assert_uint_eq(now->n_subjects, strlen(same_cases[_i].unchanged));
	for (size_t i = 0; i < now->n_subjects; i++)
		ck_assert_msg(now->subjects[i].unchanged == (same_cases[_i].unchanged[i] == 'u'),
			      "%s against %s: subject %zu", same_cases[_i].before,
			      same_cases[_i].now, i);
	fixture_free(f);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
	struct fixture *f = fixture_new();
	const struct node *object = fixture_json(
		f, POD("'volumes': [7], 'containers': [{'name': 'x'}, {'image': 'A'}, 1, 2, "
		       "3, 4, " C("a", "i", "") "]"));
	const struct workload_kind *k = workload_kind_find(S(""), S("Pod"));
	size_t n = 1;

	for (;; n++) {
		arena_reset(f->arena);
		arena_fail_at(f->arena, n);
		const struct workload *w = workload_extract(f->arena, k, object);
		ck_assert_int_eq(!w, arena_exhausted(f->arena));
		if (w)
			break;
	}
	ck_assert_uint_gt(n, 8);
	fixture_free(f);
}
END_TEST

Suite *test_workload_suite(void);
Suite *test_workload_suite(void)
{
	Suite *s = suite_create("workload");
	TCase *t = tcase_create("workload");

	tcase_add_loop_test(t, knows_the_kinds, 0, COUNT(kind_cases));
	tcase_add_test(t, has_paths_that_agree);
	tcase_add_test(t, walks_every_list_in_order);
	tcase_add_test(t, finds_effective_values);
	tcase_add_loop_test(t, tells_what_is_not_as_it_should_be, 0, COUNT(finding_cases));
	tcase_add_test(t, refuses_a_missing_object);
	tcase_add_test(t, refuses_too_many_subjects);
	tcase_add_loop_test(t, knows_what_an_update_leaves_alone, 0, COUNT(same_cases));
	tcase_add_test(t, survives_every_failed_allocation);
	suite_add_tcase(s, t);
	return s;
}

/* Rules that ask, and what happens when something does not fit: nothing is admitted unjudged. */
#include <check.h>

#include "policy/limits.h"
#include "tests/unit/policy_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

#define PINNED(host) host "/app@" FIXTURE_DIGEST

extern const struct rule rule_read_only_root_filesystem;
extern const struct rule rule_image;
extern const struct rule rule_run_as;

/* ---- a rule that asks: the image must be stamped ---- */

static const struct evidence_want stamp_want = {.enough = 1};

static void stamp_check(const struct rule_context *c, const struct subject *s)
{
	if (s->reference_ok && s->reference.digest_kind == REFERENCE_DIGEST_PINNED) {
		rule_ask(c, s, &stamp_want);
		return;
	}
	rule_violation(c, s, "image",
		       &(struct violation){.code = CODE_DIGEST,
					   .got = {.form = GOT_QUOTED, .value = s->image.str},
					   .want = S("a digest")});
}

static void stamp_conclude(const struct rule_context *c, const struct subject *s,
			   const struct evidence *e)
{
	struct violation v = {.code = CODE_REGISTRY};

	if (e->state == VERIFY_STATE_VERIFIED)
		return;
	v.got = (struct got){.form = GOT_SAYS, .value = S("no stamp")};
	if (e->state == VERIFY_STATE_UNAVAILABLE) {
		v.unavailable = true;
		v.got.value = e->why;
	} else {
		v.want = S("a stamp");
	}
	rule_violation(c, s, "image", &v);
}

static const enum code stamp_codes[] = {CODE_DIGEST, CODE_REGISTRY, CODE_COUNT};
static const struct rule stamp = {.key = "stamp",
				  .summary = "Images are stamped.",
				  .codes = stamp_codes,
				  .check = stamp_check,
				  .conclude = stamp_conclude};

/* "good" hosts have stamps, "plain" ones have none, others do not answer. */
static struct evidence recorded(struct fixture *f, const struct evidence_question *q)
{
	ck_assert_ptr_eq(q->want, &stamp_want);
	ck_assert(!q->listed);
	if (str_eq(q->image->host, S("good.example")))
		return (struct evidence){.state = VERIFY_STATE_VERIFIED};
	if (str_eq(q->image->host, S("plain.example")))
		return (struct evidence){.state = VERIFY_STATE_UNSIGNED};
	return evidence_unavailable(VERIFY_REGISTRY_FAILED,
				    str_of(fixture_text(f, "%.*s answered HTTP 503",
							STR_ARG(q->image->host))));
}

static enum verdict judge_with_evidence(struct fixture *f, const char *object)
{
	f->admission.object = fixture_json(f, object);
	engine_evaluate(&f->engine, f->arena, &f->set, &f->admission);
	ck_assert_int_ne(report_verdict(&f->engine.report), VERDICT_ALLOW);
	size_t n = f->engine.n_questions;
	struct evidence *answers = arena_calloc(f->arena, n, sizeof(*answers));
	for (size_t i = 0; i < n; i++)
		answers[i] = recorded(f, &f->engine.questions[i]);
	engine_conclude(&f->engine, answers);
	return report_verdict(&f->engine.report);
}

/* ---- evidence ---- */

static struct policy *add_stamp(struct fixture *f)
{
	struct policy *p = fixture_policy(f, "stamped");

	fixture_rule(f, p, "stamp", &stamp, NULL);
	return p;
}

static const char *pod_with(struct fixture *f, const char *a, const char *b)
{
	return fixture_text(f,
			    "{'spec': {'containers': [{'name': 'a', 'image': '%s'}, {'name': 'b', "
			    "'image': '%s'}]}}",
			    a, b);
}

static const struct {
	const char *a, *b;
	enum on_error on_error;
	enum mode mode;
	enum verdict verdict;
	enum rule_outcome outcome;
	const char *lines;
} evidence_cases[] = {
	{PINNED("good.example"), PINNED("good.example"), ON_ERROR_DENY, MODE_DENY, VERDICT_ALLOW,
	 RULE_PASS, ""},
	{PINNED("good.example"), PINNED("plain.example"), ON_ERROR_DENY, MODE_DENY, VERDICT_DENY,
	 RULE_FAIL,
	 "registry: spec.containers[1].image (container \"b\"): no stamp; want a stamp\n"},
	{PINNED("plain.example"), PINNED("good.example"), ON_ERROR_ALLOW, MODE_WARN, VERDICT_WARN,
	 RULE_FAIL,
	 "registry: spec.containers[0].image (container \"a\"): no stamp; want a stamp\n"},
	{PINNED("down.example"), PINNED("good.example"), ON_ERROR_DENY, MODE_DENY,
	 VERDICT_UNAVAILABLE, RULE_ERROR,
	 "registry: spec.containers[0].image (container \"a\"): down.example answered HTTP 503\n"},
	{PINNED("down.example"), PINNED("good.example"), ON_ERROR_ALLOW, MODE_DENY, VERDICT_WARN,
	 RULE_ERROR,
	 "registry: spec.containers[0].image (container \"a\"): down.example answered HTTP 503\n"},
	{PINNED("down.example"), PINNED("good.example"), ON_ERROR_DENY, MODE_WARN, VERDICT_WARN,
	 RULE_ERROR,
	 "registry: spec.containers[0].image (container \"a\"): down.example answered HTTP 503\n"},
	{PINNED("down.example"), PINNED("good.example"), ON_ERROR_DENY, MODE_AUDIT, VERDICT_ALLOW,
	 RULE_ERROR,
	 "registry: spec.containers[0].image (container \"a\"): down.example answered HTTP 503\n"},
	/* A "no" beside an open question is a "no", and both are told; in the order of containers. */
	{PINNED("down.example"), PINNED("plain.example"), ON_ERROR_DENY, MODE_DENY, VERDICT_DENY,
	 RULE_FAIL,
	 "registry: spec.containers[0].image (container \"a\"): down.example answered HTTP 503\n"
	 "registry: spec.containers[1].image (container \"b\"): no stamp; want a stamp\n"},
	{PINNED("down.example"), "tagged:1", ON_ERROR_ALLOW, MODE_DENY, VERDICT_DENY, RULE_FAIL,
	 "registry: spec.containers[0].image (container \"a\"): down.example answered HTTP 503\n"
	 "digest: spec.containers[1].image (container \"b\"): got \"tagged:1\"; want a digest\n"},
};

START_TEST(judges_evidence)
{
	struct fixture *f = fixture_new();
	struct policy *p = add_stamp(f);

	p->on_error = evidence_cases[_i].on_error;
	f->rules[0][0].mode = evidence_cases[_i].mode;
	enum verdict v =
		judge_with_evidence(f, pod_with(f, evidence_cases[_i].a, evidence_cases[_i].b));
	expect_text(fixture_lines(f), evidence_cases[_i].lines, evidence_cases[_i].a);
	ck_assert_int_eq(v, evidence_cases[_i].verdict);
	ck_assert_int_eq(f->engine.report.results[0].outcome, evidence_cases[_i].outcome);
	fixture_free(f);
}
END_TEST

START_TEST(merges_late_violations_into_the_order)
{
	struct fixture *f = fixture_new();
	struct policy *p = fixture_policy(f, "golden"), *q = fixture_policy(f, "other");

	fixture_rule(f, p, "stamp", &stamp, NULL);
	fixture_rule(f, p, "ro", &rule_read_only_root_filesystem, NULL);
	fixture_rule(f, q, "stamp", &stamp, NULL);
	judge_with_evidence(
		f, fixture_text(f,
				"{'spec': {'containers': [{'name': 'a', 'image': '%s'}, {'name': "
				"'b', 'image': '%s', 'securityContext': []}], 'initContainers': "
				"[{'name': 'c'}]}}",
				PINNED("plain.example"), PINNED("plain.example")));
	struct text t;
	struct str s;
	text_init(&t, f->static_arena, 4096);
	for (size_t i = 0; i < f->engine.report.n_violations; i++) {
		const struct violation *v = &f->engine.report.violations[i];
		text_printf(&t, "%.*s/%.*s %.*s\n", STR_ARG(v->policy->name),
			    STR_ARG(v->rule ? v->rule->name : S("-")), STR_ARG(v->subject->name));
	}
	ck_assert(text_done(&t, &s));
	expect_text(s.p,
		    "golden/- c\ngolden/- b\nother/- c\nother/- b\n"
		    "golden/stamp c\ngolden/ro c\nother/stamp c\n"
		    "golden/stamp a\ngolden/ro a\nother/stamp a\n"
		    "golden/stamp b\ngolden/ro b\nother/stamp b\n",
		    "order");
	fixture_free(f);
}
END_TEST

START_TEST(takes_no_answers_for_unavailable)
{
	struct fixture *f = fixture_new();

	add_stamp(f);
	ck_assert_int_eq(fixture_judge(f,
				       pod_with(f, PINNED("good.example"), PINNED("good.example"))),
			 VERDICT_UNAVAILABLE);
	expect_text(
		fixture_lines(f),
		"registry: spec.containers[0].image (container \"a\"): nothing could be asked\n"
		"registry: spec.containers[1].image (container \"b\"): nothing could be asked\n",
		"no answers");

	/* Without the second step nothing is admitted. */
	engine_evaluate(&f->engine, f->arena, &f->set, &f->admission);
	ck_assert_uint_eq(f->engine.n_questions, 2);
	ck_assert_int_eq(report_verdict(&f->engine.report), VERDICT_UNAVAILABLE);
	fixture_free(f);
}
END_TEST

START_TEST(silences_late_violations_too)
{
	struct fixture *f = fixture_new();

	add_stamp(f);
	struct exception *x =
		fixture_exception(f, "ex-1", &f->rules[0][0], FIXTURE_NOW + FIXTURE_DAY);
	x->container = S("a");
	ck_assert_int_eq(judge_with_evidence(f, pod_with(f, PINNED("down.example"),
							 PINNED("good.example"))),
			 VERDICT_ALLOW);
	ck_assert_uint_eq(f->engine.report.n_uses, 1);
	ck_assert_int_eq(f->engine.report.results[0].outcome, RULE_SKIP);
	fixture_free(f);
}
END_TEST

/* ---- exhaustion ---- */

#define MIXED_POD                                                                                  \
	"{'spec': {'securityContext': {'runAsUser': '0'}, 'volumes': [{'name': 'v', 'image': "     \
	"{'reference': 'A'}}], 'containers': [{'name': 'a', 'image': 'nginx'}, {'name': 'b', "     \
	"'image': '" PINNED("plain.example") "'}, {'name': 'c'}, 7]}}"

/* Run evaluation with the n-th allocation failing; true if it did fail. */
static bool judge_failing_at(struct fixture *f, size_t n, enum verdict *v)
{
	arena_reset(f->arena);
	arena_fail_at(f->arena, n);
	*v = fixture_judge(f, NULL);
	return arena_exhausted(f->arena);
}

static void add_everything(struct fixture *f)
{
	struct policy *p = fixture_policy(f, "golden");

	fixture_rule(f, p, "ro", &rule_read_only_root_filesystem, NULL);
	fixture_rule(f, p, "pin", &rule_image,
		     fixture_params(f, &rule_image,
				    "{'digest': 'required', 'registries': ['good.example/**']}"));
	fixture_rule(f, p, "as", &rule_run_as,
		     fixture_params(f, &rule_run_as, "{'user': 65532, 'nonRoot': 'required'}"));
	fixture_rule(f, p, "stamp", &stamp, NULL);
	fixture_exception(f, "ex-1", &f->rules[0][0], FIXTURE_NOW + FIXTURE_DAY);
}

START_TEST(never_admits_when_an_allocation_fails)
{
	struct fixture *f = fixture_new();
	enum verdict v;
	size_t n = 1;

	add_everything(f);
	if (_i == 1) {
		f->admission.operation = OPERATION_UPDATE;
		f->admission.old_object = fixture_json(f, BAD_POD);
	}
	f->admission.object = fixture_json(f, MIXED_POD);
	for (; judge_failing_at(f, n, &v); n++) {
		ck_assert_msg(v == VERDICT_DENY || v == VERDICT_UNAVAILABLE, "allocation %zu: %s",
			      n, verdict_decision(v));
		ck_assert(f->engine.report.incomplete);
		for (size_t i = 0; i < f->engine.report.n_results; i++)
			ck_assert(f->engine.report.results[i].outcome == RULE_FAIL ||
				  f->engine.report.results[i].outcome == RULE_ERROR);
	}
	ck_assert_int_eq(v, VERDICT_DENY);
	ck_assert_uint_gt(n, 20);
	fixture_free(f);
}
END_TEST

START_TEST(never_admits_a_good_object_half_judged)
{
	struct fixture *f = fixture_new();
	enum verdict v;
	size_t n = 1;

	fixture_read_only(f);
	f->admission.object = fixture_json(f, GOOD_POD);
	if (_i == 1) {
		f->admission.operation = OPERATION_UPDATE;
		f->admission.old_object = f->admission.object;
	}
	for (; judge_failing_at(f, n, &v); n++)
		ck_assert_msg(v == VERDICT_UNAVAILABLE, "allocation %zu: %s", n,
			      verdict_decision(v));
	ck_assert_int_eq(v, VERDICT_ALLOW);
	ck_assert_uint_gt(n, 3);
	fixture_free(f);
}
END_TEST

START_TEST(counts_what_is_past_the_limit)
{
	struct fixture *f = fixture_new();
	struct policy *p = fixture_policy(f, "golden");
	struct text t;
	struct str s;

	for (int i = 0; i < 6; i++)
		fixture_rule(f, p, fixture_text(f, "ro%d", i), &rule_read_only_root_filesystem,
			     NULL)
			->mode = MODE_WARN;
	text_init(&t, f->static_arena, 1 << 20);
	text_puts(&t, "{'spec': {'containers': [{'image': 'i'}");
	for (int i = 1; i < LIMIT_SUBJECTS; i++)
		text_puts(&t, ", {'image': 'i'}");
	text_puts(&t, "]}}");
	ck_assert(text_done(&t, &s));
	ck_assert_int_eq(fixture_judge(f, s.p), VERDICT_UNAVAILABLE);
	ck_assert_uint_eq(f->engine.report.n_violations, LIMIT_VIOLATIONS);
	ck_assert_uint_eq(f->engine.report.lost_violations, 6 * LIMIT_SUBJECTS - LIMIT_VIOLATIONS);
	fixture_free(f);
}
END_TEST

Suite *test_engine_evidence_suite(void);
Suite *test_engine_evidence_suite(void)
{
	Suite *s = suite_create("engine_evidence");
	TCase *t = tcase_create("engine_evidence");

	tcase_add_loop_test(t, judges_evidence, 0, COUNT(evidence_cases));
	tcase_add_test(t, merges_late_violations_into_the_order);
	tcase_add_test(t, takes_no_answers_for_unavailable);
	tcase_add_test(t, silences_late_violations_too);
	tcase_add_loop_test(t, never_admits_when_an_allocation_fails, 0, 2);
	tcase_add_loop_test(t, never_admits_a_good_object_half_judged, 0, 2);
	tcase_add_test(t, counts_what_is_past_the_limit);
	suite_add_tcase(s, t);
	return s;
}

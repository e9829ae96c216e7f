#include "policy/engine.h"

#include "policy/limits.h"

#define LITERAL_(x) #x
#define LITERAL(x) LITERAL_(x)

/* The policies that match, and how many rules they have in all. */
struct matching {
	const struct policy **items;
	size_t n;
	size_t n_rules;
};

const char *engine_skip_name(enum engine_skip s)
{
	switch (s) {
	case ENGINE_JUDGED:
		return "judged";
	case ENGINE_SKIP_KIND:
		return "kind";
	case ENGINE_SKIP_OPERATION:
		return "operation";
	case ENGINE_SKIP_SUBRESOURCE:
		return "subresource";
	case ENGINE_SKIP_DELETING:
		return "deleting";
	case ENGINE_SKIP_UNCHANGED:
		return "unchanged";
	case ENGINE_SKIP_NO_POLICY:
		return "no-policy";
	}
	BUG("engine_skip %d", (int)s);
}

/* ---- is there anything to judge? ---- */

static bool judges_subresource(const struct workload_kind *k, struct str subresource)
{
	return !subresource.n || (k->is_pod && str_eq(subresource, S("ephemeralcontainers")));
}

/* spec: admission 4 "else finalizers cannot be removed"; users cannot set that field. */
static bool is_being_deleted(const struct node *old_object)
{
	const struct node *metadata = node_get(old_object, S("metadata"));

	return node_str(node_get(metadata, S("deletionTimestamp"))).n > 0;
}

/* What can be told without the policies. `kind` is NULL for no workload. */
static enum engine_skip skip_of(const struct admission *adm, const struct workload_kind *kind)
{
	if (!kind)
		return ENGINE_SKIP_KIND;
	if (adm->operation == OPERATION_OTHER)
		return ENGINE_SKIP_OPERATION;
	if (!judges_subresource(kind, adm->subresource))
		return ENGINE_SKIP_SUBRESOURCE;
	if (adm->operation == OPERATION_UPDATE && is_being_deleted(adm->old_object))
		return ENGINE_SKIP_DELETING;
	return ENGINE_JUDGED;
}

static bool find_policies(struct engine *en, bool is_pod, struct matching *m)
{
	const struct policy_set *set = en->set;

	m->items = arena_calloc(en->arena, set->n_policies, sizeof(*m->items));
	if (!m->items)
		return false;
	for (size_t i = 0; i < set->n_policies; i++) {
		const struct policy *p = &set->policies[i];
		if (!match_applies(&p->match, is_pod, en->admission->operation, en->admission->ns))
			continue;
		m->items[m->n++] = p;
		m->n_rules += p->n_rules;
	}
	return true;
}

/* Does the update leave alone what rules look at? Marks the parts of a Pod that already run. Without an
 * old object everything is judged. */
static bool is_unchanged(struct engine *en, struct workload *now)
{
	const struct admission *adm = en->admission;
	const struct workload *before;

	if (adm->operation != OPERATION_UPDATE || !adm->old_object)
		return false;
	before = workload_extract(en->arena, now->kind, adm->old_object);
	if (!before)
		return false;
	if (workload_same(now, before))
		return true;
	if (now->kind->is_pod)
		workload_mark_unchanged(now, before);
	return false;
}

/* ---- judging ---- */

static void add_findings(struct engine *en, const struct policy *p)
{
	const struct workload *w = en->workload;
	enum mode mode = p->mode;

	for (size_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i].mode < mode)
			mode = p->rules[i].mode;
	}
	for (size_t i = 0; i < w->n_findings; i++) {
		const struct workload_finding *f = &w->findings[i];
		struct violation v = {.code = CODE_OBJECT,
				      .cause = f->node ? CAUSE_INVALID : CAUSE_REQUIRED,
				      .mode = mode,
				      .policy = p,
				      .subject = f->subject,
				      .path = f->path,
				      .line = f->subject ? f->subject->line : 0,
				      .got = got_of_node(en->arena, f->node, NULL)};
		v.want = str_of(f->want);
		if (f->node && f->node->line)
			v.line = f->node->line;
		if (f->too_many) {
			const struct node n = {.type = NODE_INT, .integer = (int64_t)f->too_many};
			v.cause = CAUSE_INVALID;
			v.got = got_of_node(en->arena, &n, NULL);
			v.got.note = S("containers and image volumes");
			v.want = S("at most " LITERAL(LIMIT_SUBJECTS));
		}
		report_add(&en->report, &v);
	}
}

/* Run check() or, with an answer, conclude(), and keep what became of the rule. */
static void run(struct engine *en, const struct engine_ask *ask, const struct evidence *answer)
{
	const struct rule *type = ask->rule->type;
	const struct rule_context c = {.policy = ask->policy,
				       .rule = ask->rule,
				       .workload = en->workload,
				       .arena = en->arena,
				       .engine = en};
	size_t asked = en->n_questions;

	en->current = ask->result;
	if (answer)
		type->conclude(&c, ask->subject, answer);
	else
		type->check(&c, ask->subject);
	if (en->n_questions == asked && !ask->result->silenced && ask->result->outcome == RULE_SKIP)
		ask->result->outcome = RULE_PASS;
}

static void check_subject(struct engine *en, const struct matching *m, const struct subject *s)
{
	struct rule_result *result = en->report.results;

	for (size_t i = 0; i < m->n; i++) {
		const struct policy *p = m->items[i];
		for (size_t j = 0; j < p->n_rules; j++, result++) {
			const struct policy_rule *rule = &p->rules[j];
			if (rule->type->containers_only && s->kind == SUBJECT_IMAGE_VOLUME)
				continue;
			run(en, &(struct engine_ask){p, rule, s, result}, NULL);
		}
	}
}

/* A rule of an object without any subject was not met, it could not be judged. */
static bool start_results(struct engine *en, const struct matching *m)
{
	struct report *r = &en->report;
	enum rule_outcome start = en->workload->n_subjects ? RULE_SKIP : RULE_ERROR;

	r->results = arena_calloc(en->arena, m->n_rules, sizeof(*r->results));
	if (!r->results)
		return false;
	for (size_t i = 0; i < m->n; i++) {
		const struct policy *p = m->items[i];
		for (size_t j = 0; j < p->n_rules; j++)
			r->results[r->n_results++] =
				(struct rule_result){p, &p->rules[j], start, false};
	}
	return true;
}

/* False: something did not fit the arena. */
static bool evaluate(struct engine *en, const struct workload_kind *kind)
{
	const struct admission *adm = en->admission;
	struct matching m = {0};
	struct workload *w;

	if (!find_policies(en, kind->is_pod, &m))
		return false;
	if (!m.n) {
		en->skip = ENGINE_SKIP_NO_POLICY;
		return true;
	}
	w = workload_extract(en->arena, kind, adm->object);
	en->workload = w;
	if (!w)
		return false;
	if (is_unchanged(en, w)) {
		en->skip = ENGINE_SKIP_UNCHANGED;
		return true;
	}
	if (!start_results(en, &m))
		return false;
	for (size_t i = 0; i < m.n && w->n_findings; i++)
		add_findings(en, m.items[i]);
	for (size_t i = 0; i < w->n_subjects; i++) {
		if (!w->subjects[i].unchanged)
			check_subject(en, &m, &w->subjects[i]);
	}
	return true;
}

void engine_evaluate(struct engine *en, struct arena *a, const struct policy_set *set,
		     const struct admission *adm)
{
	const struct workload_kind *kind = workload_kind_find(adm->group, adm->kind);

	*en = (struct engine){.arena = a, .set = set, .admission = adm};
	report_init(&en->report, a);
	en->skip = skip_of(adm, kind);
	if (en->skip == ENGINE_JUDGED && !evaluate(en, kind))
		en->report.incomplete = true;
	en->report.unanswered = en->n_questions;
}

/* ---- the answers ---- */

static size_t subject_rank(const struct engine *en, const struct violation *v)
{
	return v->subject ? (size_t)(v->subject - en->workload->subjects) + 1 : 0;
}

/* Does `late`, of conclude(), belong before `v`, of check()? Findings stay first. Policies and rules
 * stand in arrays in their order. */
static bool belongs_before(const struct engine *en, const struct violation *late,
			   const struct violation *v)
{
	if (!v->rule)
		return false;
	if (subject_rank(en, late) != subject_rank(en, v))
		return subject_rank(en, late) < subject_rank(en, v);
	if (late->policy != v->policy)
		return late->policy < v->policy;
	return late->rule < v->rule;
}

/* The violations from `mid` on came late; both halves are in order. */
static void merge(struct engine *en, size_t mid)
{
	struct report *r = &en->report;
	const struct violation *all = r->violations;
	struct violation *out;
	size_t i = 0, j = mid;

	if (mid == 0 || mid == r->n_violations)
		return;
	out = arena_calloc(en->arena, r->n_violations, sizeof(*out));
	if (!out) {
		r->incomplete = true;
		return;
	}
	for (size_t n = 0; n < r->n_violations; n++) {
		if (j == r->n_violations || (i < mid && !belongs_before(en, &all[j], &all[i])))
			out[n] = all[i++];
		else
			out[n] = all[j++];
	}
	r->violations = out;
	r->room_violations = r->n_violations;
}

void engine_conclude(struct engine *en, const struct evidence *answers)
{
	static const struct evidence none = {.why = {"nothing could be asked", 22}};
	struct report *r = &en->report;
	size_t mid = r->n_violations, n = en->n_questions;

	for (size_t i = 0; i < n; i++)
		run(en, &en->asks[i], answers ? &answers[i] : &none);
	merge(en, mid);
	r->unanswered = en->n_questions - n;
	if (!r->incomplete && !arena_exhausted(en->arena))
		return;
	r->incomplete = true;
	for (size_t i = 0; i < r->n_results; i++) {
		if (r->results[i].outcome != RULE_FAIL)
			r->results[i].outcome = RULE_ERROR;
	}
}

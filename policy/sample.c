#include "policy/sample.h"

#include "core/json.h"
#include "core/yaml.h"
#include "policy/limits.h"

/* A Pod of one container is small; what a sample may need is far below it. */
#define SAMPLE_TEXT_MAX 65536

struct sampling {
	struct arena *arena;
	const struct policy_set *set; /* the policy alone */
	const struct policy *policy;
	int64_t now_unix_s;
	struct str ns;
	struct problems *problems;
};

/* ---- what a sample looks like ---- */

/* A name that the glob matches, '*' filled with `fill`. */
static struct str fill_glob(struct arena *a, struct str glob, const char *fill)
{
	struct text t;
	struct str s = S("");
	text_init(&t, a, 256);
	for (size_t i = 0; i < glob.n; i++) {
		if (glob.p[i] == '*')
			text_puts(&t, fill);
		else
			text_putc(&t, glob.p[i]);
	}
	return text_done(&t, &s) ? s : S("");
}

/* A namespace the policy matches; the last guess if there is none among the guesses. */
static struct str choose_namespace(struct arena *a, const struct match *m)
{
	static const char *const fills[] = {"default", "app", "sample", "a", "", "q7", "zz-9-x"};
	struct str ns = S("default");
	for (size_t f = 0; f < sizeof(fills) / sizeof(fills[0]); f++) {
		for (size_t i = 0; i < m->n_include; i++) {
			ns = fill_glob(a, m->include[i], fills[f]);
			if (ns.n && match_namespace(m, ns))
				return ns;
		}
		if (!m->n_include && match_namespace(m, str_of(fills[f])))
			return str_of(fills[f]);
	}
	return ns;
}

static void put_pod_spec(struct text *t, const char *in, const struct rule_sample *s)
{
	text_printf(t, "%sspec:\n%s  containers:\n%s  - name: app\n%s    image: ", in, in, in, in);
	json_put_str(t, s->image);
	text_printf(t, "\n%s    securityContext:\n", in);
	text_printf(t, "%s      readOnlyRootFilesystem: %s\n", in,
		    s->read_only_root_filesystem ? "true" : "false");
	if (s->has_user)
		text_printf(t, "%s      runAsUser: %lld\n", in, (long long)s->user);
	if (s->has_group)
		text_printf(t, "%s      runAsGroup: %lld\n", in, (long long)s->group);
	text_printf(t, "%s      runAsNonRoot: %s\n", in, s->non_root ? "true" : "false");
}

/* Does it matter who signed the image? */
static bool asks(const struct policy *p)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i].type->conclude)
			return true;
	}
	return false;
}

static bool render(const struct sampling *g, const struct rule_sample *s, struct str *out)
{
	struct text t;
	bool pod = g->policy->match.pods;
	text_init(&t, g->arena, SAMPLE_TEXT_MAX);
	if (!s->is_signed && asks(g->policy))
		text_puts(&t, "# its image is not signed\n");
	text_puts(&t,
		  pod ? "apiVersion: v1\nkind: Pod\n" : "apiVersion: apps/v1\nkind: Deployment\n");
	text_puts(&t, "metadata:\n  name: sample\n  namespace: ");
	json_put_str(&t, g->ns);
	text_putc(&t, '\n');
	if (!pod)
		text_puts(&t, "spec:\n  selector:\n    matchLabels:\n      app: sample\n"
			      "  template:\n    metadata:\n      labels:\n        app: sample\n");
	put_pod_spec(&t, pod ? "" : "    ", s);
	return text_done(&t, out);
}

/* ---- judging ---- */

struct judged {
	struct str yaml;
	struct engine engine;
};

/* Samples have no registry to ask: the sample itself says who signed it. */
static struct evidence *make_answers(const struct sampling *g, const struct engine *en,
				     const struct rule_sample *s)
{
	struct evidence *out = arena_calloc(g->arena, en->n_questions, sizeof(*out));
	for (size_t i = 0; out && i < en->n_questions; i++) {
		out[i].state = s->is_signed ? VERIFY_STATE_VERIFIED : VERIFY_STATE_UNSIGNED;
		out[i].reason = s->is_signed ? VERIFY_VERIFIED : VERIFY_NO_SIGNATURE;
	}
	return out;
}

/* False when the arena is exhausted. */
static bool judge(const struct sampling *g, const struct rule_sample *s, struct judged *out)
{
	struct yaml_stream stream;
	struct position where;
	struct err e;
	if (!render(g, s, &out->yaml))
		return false;
	if (yaml_parse(g->arena, out->yaml, &stream, &where, &e) < 0)
		return false;
	bool pod = g->policy->match.pods;
	const struct admission adm = {
		.operation = g->policy->match.on_create ? OPERATION_CREATE : OPERATION_UPDATE,
		.group = pod ? S("") : S("apps"),
		.version = S("v1"),
		.kind = pod ? S("Pod") : S("Deployment"),
		.ns = g->ns,
		.name = S("sample"),
		.object = stream.docs[0].root,
		.now_unix_s = g->now_unix_s,
	};
	engine_evaluate(&out->engine, g->arena, g->set, &adm);
	struct evidence *answers = make_answers(g, &out->engine, s);
	if (!answers)
		return false;
	engine_conclude(&out->engine, answers);
	return !arena_exhausted(g->arena);
}

/* The first refusal, by `rule` if not NULL. A gap is none. */
static const struct violation *refusal(const struct judged *j, const struct policy_rule *rule)
{
	const struct report *r = &j->engine.report;
	for (size_t i = 0; i < r->n_violations; i++) {
		const struct violation *v = &r->violations[i];
		if (!v->unavailable && (!rule || v->rule == rule))
			return v;
	}
	return NULL;
}

/* ---- a Pod that every rule admits ---- */

/* `first`, with `params`, has the first word: the rules after it keep its choice if they can. */
static void make_good(const struct sampling *g, const struct policy_rule *first, const void *params,
		      struct rule_sample *out)
{
	*out = (struct rule_sample){.image = S("registry.example.com/app:1.0")};
	if (first && first->type->sample_good)
		first->type->sample_good(params, g->arena, out);
	for (size_t i = 0; i < g->policy->n_rules; i++) {
		const struct policy_rule *r = &g->policy->rules[i];
		if (r->type->sample_good)
			r->type->sample_good(r->params, g->arena, out);
	}
}

static bool try_good(const struct sampling *g, const struct rule_sample *s, struct judged *j,
		     bool *good)
{
	if (!judge(g, s, j))
		return false;
	*good = j->engine.skip == ENGINE_JUDGED && !refusal(j, NULL) &&
		!j->engine.report.lost_violations;
	return true;
}

/* A rule of several patterns may meet the others in any of them: one try each, the pattern alone. */
static bool try_patterns(const struct sampling *g, const struct policy_rule *r,
			 const struct param *p, struct rule_sample *out, bool *good)
{
	char *params = arena_dup(g->arena, r->params, r->type->params_size);
	if (!params)
		return false;
	const struct param_patterns all =
		*(const struct param_patterns *)(const void *)((const char *)r->params + p->offset);
	for (size_t i = 0; i < all.n && !*good; i++) {
		struct param_patterns one = {&all.items[i], 1, all.list};
		struct rule_sample s;
		struct judged j;
		memcpy(params + p->offset, &one, sizeof(one));
		make_good(g, r, params, &s);
		if (!try_good(g, &s, &j, good))
			return false;
		if (*good)
			*out = s;
	}
	return true;
}

static bool find_good(const struct sampling *g, struct rule_sample *s, bool *good)
{
	struct judged j;
	make_good(g, NULL, NULL, s);
	if (!try_good(g, s, &j, good))
		return false;
	for (size_t i = 0; i < g->policy->n_rules && !*good; i++) {
		const struct policy_rule *r = &g->policy->rules[i];
		for (size_t k = 0; k < r->type->n_params && !*good; k++) {
			const struct param *p = &r->type->params[k];
			if (p->type == PARAM_PATTERNS && !try_patterns(g, r, p, s, good))
				return false;
		}
	}
	return true;
}

/* ---- results ---- */

static void everything_refused(const struct sampling *g, const struct judged *j)
{
	const struct origin *o = &g->policy->origin;
	const struct violation *v = refusal(j, NULL);
	if (j->engine.skip != ENGINE_JUDGED) {
		problem_add(g->problems, PROBLEM_ERROR, o->file, o->line, o->column,
			    "policy \"%.*s\": its sample object was not judged: %s",
			    STR_ARG(g->policy->name), engine_skip_name(j->engine.skip));
		return;
	}
	struct text t;
	struct str line = S("the engine gave no reason");
	text_init(&t, g->arena, SAMPLE_TEXT_MAX);
	if (v)
		report_put_cause(&t, v);
	if (!v || !text_done(&t, &line))
		line = S("the engine gave no reason");
	problem_add(
		g->problems, PROBLEM_ERROR, o->file, o->line, o->column,
		"policy \"%.*s\": every Pod would be refused: so is the sample made to pass it, "
		"by %.*s",
		STR_ARG(g->policy->name), STR_ARG(line));
}

static int exhausted(const struct sampling *g, struct err *e)
{
	return err_set(e, ERR_LIMIT, "samples of policy '%.*s': the memory limit is reached",
		       STR_ARG(g->policy->name));
}

static int add_bad(const struct sampling *g, const struct policy_rule *r,
		   const struct rule_sample *good, struct sample *out, struct err *e)
{
	struct rule_sample bad = *good;
	struct judged j;
	if (r->type->sample_bad)
		r->type->sample_bad(r->params, g->arena, &bad);
	if (!judge(g, &bad, &j))
		return exhausted(g, e);
	*out = (struct sample){r, j.yaml, refusal(&j, r) != NULL};
	if (!out->as_expected)
		problem_add(g->problems, PROBLEM_ERROR, r->origin.file, r->origin.line,
			    r->origin.column,
			    "rule \"%.*s\" of policy \"%.*s\" refuses nothing: not even the sample "
			    "made to fail it",
			    STR_ARG(r->name), STR_ARG(g->policy->name));
	return 0;
}

static int add_all(const struct sampling *g, struct samples *out, struct err *e)
{
	const struct policy *p = g->policy;
	struct sample *items = arena_calloc(g->arena, 1 + p->n_rules, sizeof(*items));
	struct rule_sample good;
	struct judged j;
	bool ok = false;
	if (!items || !find_good(g, &good, &ok) || !judge(g, &good, &j))
		return exhausted(g, e);
	items[0] = (struct sample){NULL, j.yaml, ok};
	if (!ok)
		everything_refused(g, &j);
	for (size_t i = 0; i < p->n_rules; i++)
		TRY(add_bad(g, &p->rules[i], &good, &items[1 + i], e));
	*out = (struct samples){items, 1 + p->n_rules};
	return 0;
}

int samples_build(struct arena *a, const struct policy_set *set, const struct policy *p,
		  int64_t now_unix_s, struct samples *out, struct problems *problems, struct err *e)
{
	struct policy_set alone = *set;
	alone.policies = p;
	alone.n_policies = 1;
	alone.exceptions = NULL;
	alone.n_exceptions = 0;
	const struct sampling g = {
		.arena = a,
		.set = &alone,
		.policy = p,
		.now_unix_s = now_unix_s,
		.ns = choose_namespace(a, &p->match),
		.problems = problems,
	};
	return add_all(&g, out, e);
}

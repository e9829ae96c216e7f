/* What rules call while they run: rule_violation() and rule_ask(). */
#include "policy/engine.h"

#include "policy/limits.h"

#define DAY_S ((int64_t)86400)

/* The exceptions of the object's namespace: a set has thousands, an object a handful. Without memory
 * none, so that violations stand. */
static void find_exceptions(struct engine *en)
{
	const struct policy_set *set = en->set;

	if (en->exceptions || !set->n_exceptions)
		return;
	en->exceptions = arena_calloc(en->arena, set->n_exceptions, sizeof(*en->exceptions));
	if (!en->exceptions)
		return;
	for (size_t i = 0; i < set->n_exceptions; i++) {
		if (str_eq(set->exceptions[i].ns, en->admission->ns))
			en->exceptions[en->n_exceptions++] = &set->exceptions[i];
	}
}

/* Is it silenced? If not, v->expired is an exception that did so until its end, or NULL. */
static bool is_silenced(const struct rule_context *c, struct violation *v)
{
	struct engine *en = c->engine;
	const struct admission *adm = en->admission;
	struct str name = adm->name.n ? adm->name : adm->generate_name;

	find_exceptions(en);
	for (size_t i = 0; i < en->n_exceptions; i++) {
		const struct exception *x = en->exceptions[i];
		if (!exception_covers(x, c->rule, adm->ns, name, v->subject))
			continue;
		if (exception_holds(x, adm->now_unix_s)) {
			int64_t warn_from = x->expires_unix_s - EXCEPTION_WARN_DAYS * DAY_S;
			v->expired = NULL;
			report_use(&en->report, x, v, adm->now_unix_s >= warn_from);
			return true;
		}
		if (!v->expired)
			v->expired = x;
	}
	return false;
}

static void set_path(const struct rule_context *c, const struct subject *s, const char *field,
		     struct violation *v)
{
	struct text t;

	if (v->path.n)
		return;
	text_init(&t, c->arena, 512);
	subject_put_path(&t, c->workload, s);
	text_putc(&t, '.');
	text_puts(&t, field);
	if (!text_done(&t, &v->path)) {
		v->path = c->workload->pod_path;
		c->engine->report.incomplete = true;
	}
}

void rule_violation(const struct rule_context *c, const struct subject *s, const char *field,
		    const struct violation *v)
{
	struct rule_result *result = c->engine->current;
	struct violation full = *v;

	full.policy = c->policy;
	full.expired = NULL;
	full.rule = c->rule;
	full.mode = c->rule->mode;
	full.subject = s;
	full.line = s->line;
	set_path(c, s, field, &full);
	if (is_silenced(c, &full)) {
		result->silenced = true;
		if (result->outcome == RULE_PASS)
			result->outcome = RULE_SKIP;
		return;
	}
	if (!full.unavailable)
		result->outcome = RULE_FAIL;
	else if (result->outcome != RULE_FAIL)
		result->outcome = RULE_ERROR;
	report_add(&c->engine->report, &full);
}

/* Room for one more question and who asked it. */
static bool reserve(struct engine *en)
{
	size_t room = en->room_questions, room_asks = en->room_questions;
	struct evidence_question *questions =
		arena_grow(en->arena, en->questions, en->n_questions, sizeof(*questions), &room);
	struct engine_ask *asks =
		arena_grow(en->arena, en->asks, en->n_questions, sizeof(*asks), &room_asks);

	if (!questions || !asks)
		return false;
	en->questions = questions;
	en->asks = asks;
	en->room_questions = room;
	return true;
}

void rule_ask(const struct rule_context *c, const struct subject *s,
	      const struct evidence_want *want)
{
	struct engine *en = c->engine;

	if (!c->rule->type->conclude)
		BUG("rule type '%s' asks but cannot conclude", c->rule->type->key);
	if (s->reference.digest_kind != REFERENCE_DIGEST_PINNED)
		BUG("rule type '%s' asks about an image without digest", c->rule->type->key);
	if (!reserve(en)) {
		en->report.incomplete = true;
		return;
	}
	en->questions[en->n_questions] = (struct evidence_question){
		.image = &s->reference,
		.want = want,
		.listed = policy_set_names_host(en->set, s->reference.host),
	};
	en->asks[en->n_questions++] = (struct engine_ask){c->policy, c->rule, s, en->current};
}

/* Who the processes run as: runAsUser, runAsGroup, runAsNonRoot, each explicit in the manifest. The USER
 * of the image never counts, and hostUsers: false excuses nothing. spec: policy 3.3 */
#include "policy/rule.h"

struct run_as {
	struct param_int user;
	struct param_int group;
	struct param_enum non_root;
};

enum { WORD_NON_ZERO = 1 };

/* One of the three fields, with its value at both levels and what is asked of it. */
struct demand {
	enum code code;
	const char *field;       /* below the subject and below the pod's spec */
	const char *noun;        /* its type */
	const struct field *own; /* effective; the container's if its level says so */
	const struct field *pod;
	bool (*allows)(const struct demand *d, const struct field *f);
	bool required;    /* not set anywhere is a violation too */
	bool pod_matters; /* a bad pod default is one even where every container overrides it */
	bool windows;     /* Windows Pods have it */
	int64_t number;   /* for allows() */
	struct str want;  /* empty: `number` */
};

static bool allows_number(const struct demand *d, const struct field *f)
{
	return f->integer == d->number;
}

static bool allows_non_zero(const struct demand *d, const struct field *f)
{
	(void)d;
	return f->integer != 0;
}

static bool allows_true(const struct demand *d, const struct field *f)
{
	(void)d;
	return f->boolean;
}

static bool bad(const struct demand *d, const struct field *f)
{
	return f->state == FIELD_WRONG_TYPE || (f->state == FIELD_SET && !d->allows(d, f));
}

static void complain(const struct rule_context *c, const struct subject *s, const struct demand *d,
		     struct violation *v)
{
	struct text t;

	v->code = d->code;
	v->want = d->want;
	text_init(&t, c->arena, 32);
	if (!v->want.n) {
		text_put_i64(&t, d->number);
		if (!text_done(&t, &v->want))
			v->want = S("another value");
	}
	if (c->workload->windows && !d->windows && v->cause != CAUSE_INVALID)
		v->got.note = S("a Windows Pod cannot set it");
	rule_violation(c, s, d->field, v);
}

/* The path of a pod's value is where it stands, in the pod's securityContext. */
static struct str pod_field_path(const struct rule_context *c, const char *field)
{
	struct str path = S("");
	struct text t;

	text_init(&t, c->arena, 256);
	text_put(&t, c->workload->pod_path);
	text_putc(&t, '.');
	text_puts(&t, field);
	return text_done(&t, &path) ? path : c->workload->pod_path;
}

static void complain_of_value(const struct rule_context *c, const struct subject *s,
			      const struct demand *d, const struct field *f)
{
	bool wrong_type = f->state == FIELD_WRONG_TYPE;
	struct violation v = {.cause = wrong_type ? CAUSE_INVALID : CAUSE_FORBIDDEN};

	v.got = got_of_node(c->arena, f->node, wrong_type ? d->noun : NULL);
	if (!wrong_type)
		v.got.note = S("");
	if (f->level == FIELD_OF_POD) {
		v.path = pod_field_path(c, d->field);
		if (!wrong_type)
			v.got.note = S("pod default");
	}
	complain(c, s, d, &v);
}

static void check_demand(const struct rule_context *c, const struct subject *s,
			 const struct demand *d)
{
	bool inherited = d->own->state == FIELD_ABSENT || d->own->level == FIELD_OF_POD;

	if (!inherited && bad(d, d->own))
		complain_of_value(c, s, d, d->own);
	if ((inherited || d->pod_matters) && bad(d, d->pod))
		complain_of_value(c, s, d, d->pod);
	if (d->required && d->own->state == FIELD_ABSENT) {
		struct violation v = {.cause = CAUSE_REQUIRED};
		v.got.note = S("pod default also not set");
		complain(c, s, d, &v);
	}
}

static void check_id(const struct rule_context *c, const struct subject *s, struct demand *d,
		     const struct param_int *p)
{
	d->noun = "an integer";
	d->number = p->value;
	d->required = p->word != WORD_NON_ZERO;
	d->pod_matters = p->word == WORD_NON_ZERO;
	d->allows = d->required ? allows_number : allows_non_zero;
	if (!d->required)
		d->want = S("a user other than 0");
	check_demand(c, s, d);
}

static void check(const struct rule_context *c, const struct subject *s)
{
	const struct run_as *p = c->rule->params;
	const struct workload *w = c->workload;

	if (p->user.set) {
		struct demand d = {.code = CODE_RUN_AS_USER,
				   .field = "securityContext.runAsUser",
				   .own = &s->run_as_user,
				   .pod = &w->pod_run_as_user};
		check_id(c, s, &d, &p->user);
	}
	if (p->group.set) {
		struct demand d = {.code = CODE_RUN_AS_GROUP,
				   .field = "securityContext.runAsGroup",
				   .own = &s->run_as_group,
				   .pod = &w->pod_run_as_group};
		check_id(c, s, &d, &p->group);
	}
	if (p->non_root.word) {
		struct demand d = {.code = CODE_RUN_AS_NON_ROOT,
				   .field = "securityContext.runAsNonRoot",
				   .noun = "a boolean",
				   .own = &s->run_as_non_root,
				   .pod = &w->pod_run_as_non_root,
				   .allows = allows_true,
				   .required = true,
				   .pod_matters = true,
				   .windows = true,
				   .want = S("true")};
		check_demand(c, s, &d);
	}
}

static const char *validate(const void *params)
{
	const struct run_as *p = params;

	if (p->user.set && !p->user.word && p->user.value == 0 && p->non_root.word)
		return "runAs: user 0 and nonRoot: no container could start";
	if (p->user.set || p->group.set || p->non_root.word)
		return NULL;
	return "runAs: asks for nothing: give at least one of user, group, nonRoot";
}

static void sample_good(const void *params, struct arena *a, struct rule_sample *good)
{
	const struct run_as *p = params;

	(void)a;
	if (p->user.set && p->user.word != WORD_NON_ZERO) {
		good->has_user = true;
		good->user = p->user.value;
	} else if (p->user.set && good->has_user && good->user == 0) {
		good->user = 65532;
	}
	if (p->group.set) {
		good->has_group = true;
		good->group = p->group.value;
	}
	if (p->non_root.word)
		good->non_root = true;
}

/* The neighbour of a wanted number, so that other rules about the field have less to say. */
static int64_t neighbour(int64_t value)
{
	return value == INT32_MAX ? value - 1 : value + 1;
}

static void sample_bad(const void *params, struct arena *a, struct rule_sample *bad_sample)
{
	const struct run_as *p = params;

	(void)a;
	if (p->user.set) {
		bad_sample->has_user = true;
		bad_sample->user = p->user.word == WORD_NON_ZERO ? 0 : neighbour(p->user.value);
	} else if (p->group.set) {
		bad_sample->has_group = true;
		bad_sample->group = neighbour(p->group.value);
	} else {
		bad_sample->non_root = false;
	}
}

static const char *const user_words[] = {"nonZero", NULL};
static const char *const non_root_words[] = {"required", NULL};

static const struct param params_table[] = {
	{.key = "user",
	 .type = PARAM_INT_OR,
	 .offset = offsetof(struct run_as, user),
	 .words = user_words,
	 .min = 0,
	 .max = INT32_MAX,
	 .doc = "The runAsUser in effect for every container, explicit in the manifest; or "
		"nonZero: no "
		"explicit 0 in the Pod or a container, and not set is fine."},
	{.key = "group",
	 .type = PARAM_INT,
	 .offset = offsetof(struct run_as, group),
	 .min = 0,
	 .max = INT32_MAX,
	 .doc = "The runAsGroup in effect for every container, explicit in the manifest."},
	{.key = "nonRoot",
	 .type = PARAM_ENUM,
	 .offset = offsetof(struct run_as, non_root),
	 .words = non_root_words,
	 .doc = "runAsNonRoot is true in effect for every container, and the Pod does not say "
		"false."},
};

static const enum code codes[] = {CODE_RUN_AS_USER, CODE_RUN_AS_GROUP, CODE_RUN_AS_NON_ROOT,
				  CODE_COUNT};

const struct rule rule_run_as = {
	.key = "runAs",
	.summary = "Every container runs as the wanted user and group, or not as root.",
	.params = params_table,
	.n_params = sizeof(params_table) / sizeof(params_table[0]),
	.params_size = sizeof(struct run_as),
	.codes = codes,
	.containers_only = true,
	.validate = validate,
	.check = check,
	.sample_good = sample_good,
	.sample_bad = sample_bad,
};

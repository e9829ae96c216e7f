/* Parameters of rules, decoded from the table of the rule's type. */
#include "policy/loader.h"

#define TEXT_MAX 4096

static const char *done(const struct text *t)
{
	struct str s;
	return text_done(t, &s) && s.p ? s.p : "a right value";
}

static const char *param_want(struct loader *ld, const struct param *p)
{
	struct text t;
	switch (p->type) {
	case PARAM_PATTERNS:
		return "a list of image patterns, at least one";
	case PARAM_ENUM:
		return decode_words(&ld->d, p->words, " or ");
	case PARAM_AUTHORITIES:
		return "a list of names of authorities, at least one";
	case PARAM_AT_LEAST:
		return "a map with count and of";
	case PARAM_ANNOTATIONS:
		return "a map of strings, at least one";
	case PARAM_REPOSITORY:
		return "a repository, host/path";
	case PARAM_BOOL:
		return "true or false";
	case PARAM_STRINGS:
		return "a list of strings, at least one";
	case PARAM_AGE:
		return "an age, as \"36h\" or \"7d\"";
	case PARAM_PREDICATE:
		return "a predicate type: a name as vuln, or a URI";
	case PARAM_MAP:
		return "a map";
	case PARAM_INT:
	case PARAM_INT_OR:
		break;
	}
	text_init(&t, ld->d.scratch, TEXT_MAX);
	text_puts(&t, "an integer from ");
	text_put_i64(&t, p->min);
	text_puts(&t, " to ");
	text_put_i64(&t, p->max);
	if (p->type == PARAM_INT_OR) {
		text_puts(&t, ", or ");
		text_puts(&t, decode_words(&ld->d, p->words, " or "));
	}
	return done(&t);
}

static int find_word(const char *const *words, const struct node *n)
{
	for (int i = 0; node_is(n, NODE_STR) && words[i]; i++) {
		if (str_eq(n->str, str_of(words[i])))
			return i + 1;
	}
	return 0;
}

static void load_param(struct loader *ld, const struct decode_at *at, const struct param *p,
		       char *params);

static void load_int(struct loader *ld, const struct decode_at *at, const struct param *p,
		     struct param_int *out)
{
	const struct node *n = at->node;
	int word = p->type == PARAM_INT_OR ? find_word(p->words, n) : 0;
	if (word)
		*out = (struct param_int){.set = true, .word = word};
	else if (node_is(n, NODE_INT) && n->integer >= p->min && n->integer <= p->max)
		*out = (struct param_int){.set = true, .value = n->integer};
	else
		decode_wrong(&ld->d, at, param_want(ld, p));
}

static void load_enum(struct loader *ld, const struct decode_at *at, const struct param *p,
		      struct param_enum *out)
{
	out->word = find_word(p->words, at->node);
	if (!out->word)
		decode_wrong(&ld->d, at, param_want(ld, p));
}

static void load_bool(struct loader *ld, const struct decode_at *at, struct param_bool *out)
{
	out->set = decode_bool(&ld->d, at, &out->value);
}

/* The right ones of its keys, each decoded to its own field. */
static bool load_members(struct loader *ld, const struct decode_at *at, const struct param *all,
			 size_t n, char *params)
{
	struct decode_key *keys = arena_calloc(ld->d.scratch, n, sizeof(*keys));
	if (!keys)
		return false;
	for (size_t i = 0; i < n; i++) {
		keys[i].name = all[i].key;
		keys[i].need = all[i].required ? DECODE_REQUIRED : DECODE_OPTIONAL;
		keys[i].want = all[i].required ? param_want(ld, &all[i]) : NULL;
	}
	if (!decode_map(&ld->d, at, keys, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct decode_at member = decode_member(at, all[i].key);
		load_param(ld, &member, &all[i], params);
	}
	return true;
}

static void load_map(struct loader *ld, const struct decode_at *at, const struct param *p,
		     struct param_map *out, char *params)
{
	if (node_is(at->node, NODE_MAP) && node_len(at->node) == 0)
		decode_wrong(&ld->d, at, "a map with at least one key");
	else
		out->set = load_members(ld, at, p->members, p->n_members, params);
}

static void load_param(struct loader *ld, const struct decode_at *at, const struct param *p,
		       char *params)
{
	void *field = params + p->offset;

	if (!at->node)
		return;
	switch (p->type) {
	case PARAM_INT:
	case PARAM_INT_OR:
		load_int(ld, at, p, field);
		break;
	case PARAM_ENUM:
		load_enum(ld, at, p, field);
		break;
	case PARAM_PATTERNS:
		if (decode_list(&ld->d, at, param_want(ld, p)))
			load_patterns(ld, at, field);
		break;
	case PARAM_AUTHORITIES:
		load_authority_names(ld, at, p, field);
		break;
	case PARAM_AT_LEAST:
		load_at_least(ld, at, p, field);
		break;
	case PARAM_ANNOTATIONS:
		load_annotations(ld, at, field);
		break;
	case PARAM_REPOSITORY:
		load_repository(ld, at, field);
		break;
	case PARAM_BOOL:
		load_bool(ld, at, field);
		break;
	case PARAM_STRINGS:
		load_strings(ld, at, p, field);
		break;
	case PARAM_AGE:
		load_age(ld, at, &((struct param_age *)field)->seconds);
		break;
	case PARAM_PREDICATE:
		load_predicate(ld, at, field);
		break;
	case PARAM_MAP:
		load_map(ld, at, p, field, params);
		break;
	}
}

static const void *prepare(struct loader *ld, const struct decode_at *at, const struct rule *type,
			   void *params)
{
	struct err e = {0};
	if (!type->prepare || type->prepare(params, ld->d.arena, &e) == 0)
		return params;
	decode_error(&ld->d, at, "%s", e.text);
	return NULL;
}

const void *load_params(struct loader *ld, const struct decode_at *at, const struct rule *type)
{
	size_t before = ld->d.problems->errors;
	char *params = arena_alloc(ld->d.arena, type->params_size);
	if (!params || !load_members(ld, at, type->params, type->n_params, params))
		return NULL;
	if (ld->d.problems->errors != before)
		return NULL;
	const char *why = type->validate ? type->validate(params) : NULL;
	if (!why)
		return prepare(ld, at, type, params);
	/* Its "what" is the place within the rule. */
	struct origin o = load_origin(ld, at);
	problem_add(ld->d.problems, PROBLEM_ERROR, o.file, o.line, o.column, "%s.%s",
		    decode_path(&ld->d, at->up), why);
	return NULL;
}

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
		return load_words(ld, p->words, " or ");
	case PARAM_INT:
	case PARAM_INT_OR:
		break;
	}
	text_init(&t, ld->scratch, TEXT_MAX);
	text_puts(&t, "an integer from ");
	text_put_i64(&t, p->min);
	text_puts(&t, " to ");
	text_put_i64(&t, p->max);
	if (p->type == PARAM_INT_OR) {
		text_puts(&t, ", or ");
		text_puts(&t, load_words(ld, p->words, " or "));
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

static void decode_int(struct loader *ld, const struct load_at *at, const struct param *p,
		       struct param_int *out)
{
	const struct node *n = at->node;
	int word = p->type == PARAM_INT_OR ? find_word(p->words, n) : 0;
	if (word)
		*out = (struct param_int){.set = true, .word = word};
	else if (node_is(n, NODE_INT) && n->integer >= p->min && n->integer <= p->max)
		*out = (struct param_int){.set = true, .value = n->integer};
	else
		load_wrong(ld, at, param_want(ld, p));
}

static void decode_enum(struct loader *ld, const struct load_at *at, const struct param *p,
			struct param_enum *out)
{
	out->word = find_word(p->words, at->node);
	if (!out->word)
		load_wrong(ld, at, param_want(ld, p));
}

static void decode(struct loader *ld, const struct load_at *at, const struct param *p, void *field)
{
	if (!at->node)
		return;
	switch (p->type) {
	case PARAM_INT:
	case PARAM_INT_OR:
		decode_int(ld, at, p, field);
		break;
	case PARAM_ENUM:
		decode_enum(ld, at, p, field);
		break;
	case PARAM_PATTERNS:
		if (load_list(ld, at, param_want(ld, p)))
			load_patterns(ld, at, field);
		break;
	}
}

static bool same_field(const struct param *p, const void *va, const void *vb)
{
	switch (p->type) {
	case PARAM_INT:
	case PARAM_INT_OR: {
		const struct param_int *a = va, *b = vb;
		return a->set == b->set && a->word == b->word && a->value == b->value;
	}
	case PARAM_ENUM: {
		const struct param_enum *a = va, *b = vb;
		return a->word == b->word;
	}
	case PARAM_PATTERNS:
		return load_same_patterns(va, vb);
	}
	BUG("parameter type %d", (int)p->type);
}

bool load_same_params(const struct rule *type, const void *a, const void *b)
{
	for (size_t i = 0; i < type->n_params; i++) {
		const struct param *p = &type->params[i];
		if (!same_field(p, (const char *)a + p->offset, (const char *)b + p->offset))
			return false;
	}
	return true;
}

const void *load_params(struct loader *ld, const struct load_at *at, const struct rule *type)
{
	size_t before = ld->problems->errors;
	struct load_key *keys = arena_calloc(ld->scratch, type->n_params, sizeof(*keys));
	char *params = arena_alloc(ld->arena, type->params_size);
	if (!keys || !params)
		return NULL;
	for (size_t i = 0; i < type->n_params; i++) {
		const struct param *p = &type->params[i];
		keys[i].name = p->key;
		keys[i].need = p->required ? LOAD_REQUIRED : LOAD_OPTIONAL;
		keys[i].want = p->required ? param_want(ld, p) : NULL;
	}
	if (!load_map(ld, at, keys, type->n_params))
		return NULL;
	for (size_t i = 0; i < type->n_params; i++) {
		const struct param *p = &type->params[i];
		struct load_at member = load_member(at, p->key);
		decode(ld, &member, p, params + p->offset);
	}
	if (ld->problems->errors != before)
		return NULL;
	const char *why = type->validate ? type->validate(params) : NULL;
	if (!why)
		return params;
	/* Its "what" is the place within the rule. */
	struct origin o = load_origin(ld, at);
	problem_add(ld->problems, PROBLEM_ERROR, o.file, o.line, o.column, "%s.%s",
		    load_path(ld, at->up), why);
	return NULL;
}

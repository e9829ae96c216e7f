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

static void decode(struct loader *ld, const struct decode_at *at, const struct param *p,
		   void *field)
{
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

static bool same_authorities(const struct param_authorities *a, const struct param_authorities *b)
{
	if (a->n != b->n || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->items[i] != b->items[i])
			return false;
	}
	return true;
}

static bool same_annotations(const struct param_annotations *a, const struct param_annotations *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!str_eq(a->items[i].key, b->items[i].key) ||
		    !str_eq(a->items[i].value, b->items[i].value))
			return false;
	}
	return true;
}

static bool same_repository(const struct param_repository *a, const struct param_repository *b)
{
	return str_eq(a->repository.host, b->repository.host) &&
	       str_eq(a->repository.path, b->repository.path);
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
	case PARAM_AUTHORITIES:
	case PARAM_AT_LEAST:
		return same_authorities(va, vb);
	case PARAM_ANNOTATIONS:
		return same_annotations(va, vb);
	case PARAM_REPOSITORY:
		return same_repository(va, vb);
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

const void *load_params(struct loader *ld, const struct decode_at *at, const struct rule *type)
{
	size_t before = ld->d.problems->errors;
	struct decode_key *keys = arena_calloc(ld->d.scratch, type->n_params, sizeof(*keys));
	char *params = arena_alloc(ld->d.arena, type->params_size);
	if (!keys || !params)
		return NULL;
	for (size_t i = 0; i < type->n_params; i++) {
		const struct param *p = &type->params[i];
		keys[i].name = p->key;
		keys[i].need = p->required ? DECODE_REQUIRED : DECODE_OPTIONAL;
		keys[i].want = p->required ? param_want(ld, p) : NULL;
	}
	if (!decode_map(&ld->d, at, keys, type->n_params))
		return NULL;
	for (size_t i = 0; i < type->n_params; i++) {
		const struct param *p = &type->params[i];
		struct decode_at member = decode_member(at, p->key);
		decode(ld, &member, p, params + p->offset);
	}
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

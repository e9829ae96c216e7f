/* A compiled policy in normal form, as YAML that loads to the same policy. */
#include "core/json.h"
#include "policy/loader.h"

static void put_names(struct text *t, const char *indent, const char *key, const struct str *v,
		      size_t n)
{
	if (!n)
		return;
	text_puts(t, indent);
	text_puts(t, key);
	text_puts(t, ": [");
	for (size_t i = 0; i < n; i++) {
		text_puts(t, i ? ", " : "");
		json_put_str(t, v[i]);
	}
	text_puts(t, "]\n");
}

static void put_flags(struct text *t, const char *key, const char *first, const char *second)
{
	text_printf(t, "    %s: [%s%s%s]\n", key, first, *first && *second ? ", " : "", second);
}

static void put_match(struct text *t, const struct match *m)
{
	text_puts(t, "  match:\n");
	put_flags(t, "resources", m->pods ? "pods" : "", m->workloads ? "workloads" : "");
	put_flags(t, "operations", m->on_create ? "CREATE" : "", m->on_update ? "UPDATE" : "");
	if (m->n_include || m->n_exclude)
		text_puts(t, "    namespaces:\n");
	put_names(t, "      ", "include", m->include, m->n_include);
	put_names(t, "      ", "exclude", m->exclude, m->n_exclude);
}

static void put_int(struct text *t, const char *indent, const struct param *p,
		    const struct param_int *v)
{
	if (!v->set)
		return;
	text_printf(t, "%s%s: ", indent, p->key);
	if (v->word)
		text_puts(t, p->words[v->word - 1]);
	else
		text_put_i64(t, v->value);
	text_putc(t, '\n');
}

static void put_enum(struct text *t, const struct param *p, const struct param_enum *v)
{
	if (v->word)
		text_printf(t, "      %s: %s\n", p->key, p->words[v->word - 1]);
}

static void put_patterns(struct text *t, const struct param *p, const struct param_patterns *v)
{
	if (!v->n)
		return;
	text_printf(t, "      %s:\n", p->key);
	for (size_t i = 0; i < v->n; i++) {
		text_puts(t, "      - ");
		json_put_str(t, v->items[i].text);
		text_putc(t, '\n');
	}
}

static void put_str(struct text *t, const char *before, struct str s)
{
	text_puts(t, before);
	json_put_str(t, s);
	text_putc(t, '\n');
}

static void put_authorities_of(struct text *t, const char *indent, const char *key,
			       const struct param_authorities *v)
{
	text_printf(t, "%s%s: [", indent, key);
	for (size_t i = 0; i < v->n; i++) {
		text_puts(t, i ? ", " : "");
		json_put_str(t, v->items[i]->name);
	}
	text_puts(t, "]\n");
}

static void put_at_least(struct text *t, const struct param *p, const struct param_authorities *v)
{
	text_printf(t, "      %s:\n        count: ", p->key);
	text_put_i64(t, v->count);
	text_putc(t, '\n');
	put_authorities_of(t, "        ", "of", v);
}

static void put_annotations(struct text *t, const struct param *p,
			    const struct param_annotations *v)
{
	text_printf(t, "      %s:\n", p->key);
	for (size_t i = 0; i < v->n; i++) {
		text_puts(t, "        ");
		json_put_str(t, v->items[i].key);
		put_str(t, ": ", v->items[i].value);
	}
}

static void put_signature_param(struct text *t, const struct param *p, const void *field)
{
	const struct param_authorities *authorities = field;
	const struct param_annotations *annotations = field;
	const struct param_repository *repository = field;

	if (p->type == PARAM_ANNOTATIONS && annotations->n) {
		put_annotations(t, p, annotations);
	} else if (p->type == PARAM_REPOSITORY && repository->text.n) {
		text_printf(t, "      %s", p->key);
		put_str(t, ": ", repository->text);
	} else if (p->type == PARAM_AT_LEAST && authorities->n) {
		put_at_least(t, p, authorities);
	} else if (p->type == PARAM_AUTHORITIES && authorities->n) {
		put_authorities_of(t, "      ", p->key, authorities);
	}
}

static void put_strings(struct text *t, const char *indent, const struct param *p,
			const struct param_strings *v)
{
	for (size_t i = 0; i < v->n; i++) {
		text_printf(t, "%s%s%s", i ? "" : indent, i ? "" : p->key, i ? ", " : ": [");
		json_put_str(t, v->items[i]);
	}
	text_puts(t, v->n ? "]\n" : "");
}

static void put_statement_param(struct text *t, const char *indent, const struct param *p,
				const void *field)
{
	const struct param_bool *flag = field;
	const struct param_age *age = field;
	const struct param_predicate *type = field;

	if (p->type == PARAM_BOOL && flag->set) {
		text_printf(t, "%s%s: %s\n", indent, p->key, flag->value ? "true" : "false");
	} else if (p->type == PARAM_AGE && age->seconds) {
		text_printf(t, "%s%s: %lldh\n", indent, p->key, (long long)(age->seconds / 3600));
	} else if (p->type == PARAM_PREDICATE && type->text.n) {
		text_printf(t, "%s%s", indent, p->key);
		put_str(t, ": ", type->text);
	} else if (p->type == PARAM_STRINGS) {
		put_strings(t, indent, p, field);
	}
}

/* A map of what is no map itself and no list of maps. */
static void put_map(struct text *t, const struct param *p, const char *params)
{
	const struct param_map *map = (const void *)(params + p->offset);

	if (!map->set)
		return;
	text_printf(t, "      %s:\n", p->key);
	for (size_t i = 0; i < p->n_members; i++) {
		const struct param *m = &p->members[i];
		const void *field = params + m->offset;
		if (m->type == PARAM_INT)
			put_int(t, "        ", m, field);
		else
			put_statement_param(t, "        ", m, field);
	}
}

static void put_param(struct text *t, const struct param *p, const char *params)
{
	const void *field = params + p->offset;

	switch (p->type) {
	case PARAM_INT:
	case PARAM_INT_OR:
		put_int(t, "      ", p, field);
		break;
	case PARAM_ENUM:
		put_enum(t, p, field);
		break;
	case PARAM_PATTERNS:
		put_patterns(t, p, field);
		break;
	case PARAM_AUTHORITIES:
	case PARAM_AT_LEAST:
	case PARAM_ANNOTATIONS:
	case PARAM_REPOSITORY:
		put_signature_param(t, p, field);
		break;
	case PARAM_BOOL:
	case PARAM_STRINGS:
	case PARAM_AGE:
	case PARAM_PREDICATE:
		put_statement_param(t, "      ", p, field);
		break;
	case PARAM_MAP:
		put_map(t, p, params);
		break;
	}
}

/* Names are quoted: 1.5 and true are good names and no strings in YAML. */
static void put_rule(struct text *t, const struct policy_rule *r)
{
	text_puts(t, "  - name: ");
	json_put_str(t, r->name);
	text_printf(t, "\n    mode: %s\n    %s:", mode_name(r->mode), r->type->key);
	size_t at = t->n;
	text_putc(t, '\n');
	size_t empty = t->n;
	for (size_t i = 0; i < r->type->n_params; i++) {
		put_param(t, &r->type->params[i], r->params);
	}
	if (t->n == empty) {
		text_truncate(t, at);
		text_puts(t, " {}\n");
	}
}

void policy_put_yaml(struct text *t, const struct policy *p)
{
	text_puts(t, "apiVersion: assay.dev/v1\nkind: Policy\nmetadata:\n  name: ");
	json_put_str(t, p->name);
	text_printf(t, "\nspec:\n  mode: %s\n  onError: %s\n", mode_name(p->mode),
		    p->on_error == ON_ERROR_ALLOW ? "allow" : "deny");
	put_match(t, &p->match);
	load_put_authorities(t, p);
	text_puts(t, "  rules:\n");
	for (size_t i = 0; i < p->n_rules; i++)
		put_rule(t, &p->rules[i]);
}

#include "cli/schema.h"

#include <stdio.h>

#include "cli/schema_inside.h"

#define SCHEMA_BYTES (1u << 20)

void schema_field(struct json_writer *w, const char *key, const char *value)
{
	json_key(w, str_of(key));
	json_str(w, str_of(value));
}

static void strings(struct json_writer *w, const char *key, const char *const *items)
{
	json_key(w, str_of(key));
	json_open(w, '[');
	for (size_t i = 0; items[i]; i++)
		json_str(w, str_of(items[i]));
	json_close(w);
}

void schema_type(struct json_writer *w, const char *key, const char *name)
{
	json_key(w, str_of(key));
	json_open(w, '{');
	schema_field(w, "type", name);
	json_close(w);
}

/* Opens "key": {"type": "object", "additionalProperties": false, "required": [...], "properties": { */
void schema_open_object(struct json_writer *w, const char *key, const char *const *required)
{
	if (key)
		json_key(w, str_of(key));
	json_open(w, '{');
	schema_field(w, "type", "object");
	json_key(w, S("additionalProperties"));
	json_bool(w, false);
	strings(w, "required", required);
	json_key(w, S("properties"));
	json_open(w, '{');
}

void schema_close_object(struct json_writer *w)
{
	json_close(w);
	json_close(w);
}

static void list_of(struct json_writer *w, const char *key, const char *const *words)
{
	json_key(w, str_of(key));
	json_open(w, '{');
	schema_field(w, "type", "array");
	json_key(w, S("minItems"));
	json_int(w, 1);
	json_key(w, S("items"));
	json_open(w, '{');
	schema_field(w, "type", "string");
	if (words)
		strings(w, "enum", words);
	json_close(w);
	json_close(w);
}

static void words_of(struct json_writer *w, const char *key, const char *const *words)
{
	json_key(w, str_of(key));
	json_open(w, '{');
	strings(w, "enum", words);
	json_close(w);
}

static void put_param(struct json_writer *w, const struct param *p);

static void integer(struct json_writer *w, const struct param *p)
{
	schema_field(w, "type", "integer");
	json_key(w, S("minimum"));
	json_int(w, p->min);
	json_key(w, S("maximum"));
	json_int(w, p->max);
}

void schema_string_map(struct json_writer *w, const char *key)
{
	json_key(w, str_of(key));
	json_open(w, '{');
	schema_field(w, "type", "object");
	json_key(w, S("minProperties"));
	json_int(w, 1);
	json_key(w, S("additionalProperties"));
	json_open(w, '{');
	schema_field(w, "type", "string");
	json_close(w);
	json_close(w);
}

static void at_least(struct json_writer *w, const char *key)
{
	static const char *const required[] = {"count", "of", NULL};

	schema_open_object(w, key, required);
	json_key(w, S("count"));
	json_open(w, '{');
	schema_field(w, "type", "integer");
	json_key(w, S("minimum"));
	json_int(w, 1);
	json_close(w);
	list_of(w, "of", NULL);
	schema_close_object(w);
}

static void flag(struct json_writer *w, const struct param *p)
{
	json_key(w, str_of(p->key));
	json_open(w, '{');
	schema_field(w, "description", p->doc);
	schema_field(w, "type", "boolean");
	json_close(w);
}

static void pattern(struct json_writer *w, const struct param *p, const char *expression)
{
	json_key(w, str_of(p->key));
	json_open(w, '{');
	schema_field(w, "description", p->doc);
	schema_field(w, "type", "string");
	schema_field(w, "pattern", expression);
	json_close(w);
}

static void put_members(struct json_writer *w, const struct param *p)
{
	const char *const none_required[] = {NULL};

	schema_open_object(w, p->key, none_required);
	for (size_t i = 0; i < p->n_members; i++)
		put_param(w, &p->members[i]);
	json_close(w);
	json_key(w, S("minProperties"));
	json_int(w, 1);
	json_close(w);
}

/* Types of values that are no scalars with a range. */
static bool put_plain_param(struct json_writer *w, const struct param *p)
{
	switch (p->type) {
	case PARAM_PATTERNS:
	case PARAM_AUTHORITIES:
	case PARAM_STRINGS:
		list_of(w, p->key, NULL);
		return true;
	case PARAM_AT_LEAST:
		at_least(w, p->key);
		return true;
	case PARAM_ANNOTATIONS:
		schema_string_map(w, p->key);
		return true;
	case PARAM_REPOSITORY:
	case PARAM_PREDICATE:
		schema_type(w, p->key, "string");
		return true;
	case PARAM_BOOL:
		flag(w, p);
		return true;
	case PARAM_AGE:
		pattern(w, p, "^[0-9]+[hd]$");
		return true;
	case PARAM_MAP:
		put_members(w, p);
		return true;
	case PARAM_INT:
	case PARAM_INT_OR:
	case PARAM_ENUM:
		break;
	}
	return false;
}

static void put_param(struct json_writer *w, const struct param *p)
{
	if (put_plain_param(w, p))
		return;
	json_key(w, str_of(p->key));
	json_open(w, '{');
	schema_field(w, "description", p->doc);
	if (p->type == PARAM_ENUM) {
		strings(w, "enum", p->words);
	} else if (p->type == PARAM_INT) {
		integer(w, p);
	} else {
		json_key(w, S("oneOf"));
		json_open(w, '[');
		json_open(w, '{');
		integer(w, p);
		json_close(w);
		json_open(w, '{');
		strings(w, "enum", p->words);
		json_close(w);
		json_close(w);
	}
	json_close(w);
}

static void put_rule_params(struct json_writer *w, const struct rule *r)
{
	const char *required[32] = {NULL};
	size_t n = 0;

	for (size_t i = 0; i < r->n_params && n < 31; i++) {
		if (r->params[i].required)
			required[n++] = r->params[i].key;
	}
	schema_open_object(w, r->key, required);
	for (size_t i = 0; i < r->n_params; i++)
		put_param(w, &r->params[i]);
	schema_close_object(w);
}

static const char *const modes[] = {"deny", "warn", "audit", NULL};
static const char *const none[] = {NULL};

static void put_rules(struct json_writer *w, const struct rule_table *t)
{
	static const char *const required[] = {"name", NULL};

	json_key(w, S("rules"));
	json_open(w, '{');
	schema_field(w, "type", "array");
	json_key(w, S("minItems"));
	json_int(w, 1);
	json_key(w, S("items"));
	schema_open_object(w, NULL, required);
	schema_type(w, "name", "string");
	words_of(w, "mode", modes);
	for (size_t i = 0; i < t->n; i++)
		put_rule_params(w, t->rules[i]);
	json_close(w);
	json_key(w, S("oneOf"));
	json_open(w, '[');
	for (size_t i = 0; i < t->n; i++) {
		const char *const key[] = {t->rules[i]->key, NULL};
		json_open(w, '{');
		strings(w, "required", key);
		json_close(w);
	}
	json_close(w);
	json_close(w);
	json_close(w);
}

static void put_match(struct json_writer *w)
{
	static const char *const required[] = {"resources", "operations", NULL};
	static const char *const resources[] = {"pods", "workloads", NULL};
	static const char *const operations[] = {"CREATE", "UPDATE", NULL};

	schema_open_object(w, "match", required);
	list_of(w, "resources", resources);
	list_of(w, "operations", operations);
	schema_open_object(w, "namespaces", none);
	list_of(w, "include", NULL);
	list_of(w, "exclude", NULL);
	schema_close_object(w);
	schema_close_object(w);
}

static void open_document(struct json_writer *w, const char *kind)
{
	static const char *const required[] = {"apiVersion", "kind", "metadata", "spec", NULL};
	static const char *const version[] = {"assay.dev/v1", NULL};
	static const char *const name[] = {"name", NULL};
	const char *const kinds[] = {kind, NULL};

	schema_open_object(w, NULL, required);
	words_of(w, "apiVersion", version);
	words_of(w, "kind", kinds);
	schema_open_object(w, "metadata", name);
	schema_type(w, "name", "string");
	schema_close_object(w);
}

static void put_policy(struct json_writer *w, const struct rule_table *t)
{
	static const char *const required[] = {"mode", "onError", "match", "rules", NULL};
	static const char *const on_error[] = {"deny", "allow", NULL};

	open_document(w, "Policy");
	schema_open_object(w, "spec", required);
	words_of(w, "mode", modes);
	words_of(w, "onError", on_error);
	put_match(w);
	schema_put_authorities(w);
	put_rules(w, t);
	schema_close_object(w);
	schema_close_object(w);
}

static void put_exception(struct json_writer *w)
{
	static const char *const required[] = {"policy", "rules",   "match", "reason",
					       "owner",  "expires", NULL};
	static const char *const ns[] = {"namespace", NULL};

	open_document(w, "Exception");
	schema_open_object(w, "spec", required);
	schema_type(w, "policy", "string");
	list_of(w, "rules", NULL);
	schema_open_object(w, "match", ns);
	schema_type(w, "namespace", "string");
	schema_type(w, "name", "string");
	schema_type(w, "container", "string");
	schema_type(w, "image", "string");
	schema_close_object(w);
	schema_type(w, "reason", "string");
	schema_type(w, "owner", "string");
	schema_type(w, "ticket", "string");
	schema_type(w, "expires", "string");
	schema_close_object(w);
	schema_close_object(w);
}

bool schema_print(const struct rule_table *table)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(4 * SCHEMA_BYTES);
	struct text t;
	struct json_writer w;
	struct str out;

	if (!a)
		return false;
	text_init(&t, a, SCHEMA_BYTES);
	json_writer_init(&w, &t);
	json_open(&w, '{');
	schema_field(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
	schema_field(&w, "title", "Assay policy files");
	json_key(&w, S("oneOf"));
	json_open(&w, '[');
	put_policy(&w, table);
	put_exception(&w);
	json_close(&w);
	json_close(&w);
	if (!text_done(&t, &out))
		return false;
	printf("%s\n", out.p);
	return true;
}

#include "tests/unit/policy_fixture.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/limits.h"
#include "tests/unit/arena_text.h"

struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	f->arena = arena_new(64 << 20);
	f->static_arena = arena_new(64 << 20);
	f->set.policies = f->policies;
	f->set.exceptions = f->exceptions;
	f->admission = (struct admission){.operation = OPERATION_CREATE,
					  .version = S("v1"),
					  .kind = S("Pod"),
					  .ns = S("shop"),
					  .name = S("web"),
					  .now_unix_s = FIXTURE_NOW};
	return f;
}

void fixture_free(struct fixture *f)
{
	arena_free(f->arena);
	arena_free(f->static_arena);
	free(f);
}

char *fixture_text(struct fixture *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	char *p = arena_text(f->static_arena, fmt, args);
	va_end(args);
	return p;
}

const struct node *fixture_json(struct fixture *f, const char *text)
{
	char *copy = arena_dup(f->static_arena, text, strlen(text));
	struct node *root = NULL;
	struct err e;

	ck_assert_ptr_nonnull(copy);
	for (char *p = copy; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	if (json_parse(f->static_arena, str_of(copy), NULL, &root, NULL, &e) < 0)
		ck_abort_msg("the test's JSON: %s: %s", e.text, copy);
	return root;
}

struct policy *fixture_policy(struct fixture *f, const char *name)
{
	ck_assert_uint_lt(f->set.n_policies, FIXTURE_POLICIES);
	struct policy *p = &f->policies[f->set.n_policies];

	*p = (struct policy){
		.name = str_of(name),
		.match = {.pods = true, .workloads = true, .on_create = true, .on_update = true},
		.rules = f->rules[f->set.n_policies]};
	f->set.n_policies++;
	return p;
}

struct policy_rule *fixture_rule(struct fixture *f, struct policy *p, const char *name,
				 const struct rule *type, const void *params)
{
	ck_assert_uint_lt(p->n_rules, FIXTURE_RULES);
	struct policy_rule *r = &f->rules[p - f->policies][p->n_rules++];

	*r = (struct policy_rule){.name = str_of(name),
				  .type = type,
				  .params = params,
				  .mode = p->mode};
	return r;
}

struct policy_rule *fixture_read_only(struct fixture *f)
{
	return fixture_only_rule(f, "readOnlyRootFilesystem", "{}");
}

static int find_word(const char *const *words, struct str s)
{
	for (int i = 0; words && words[i]; i++) {
		if (str_eq(s, str_of(words[i])))
			return i + 1;
	}
	return 0;
}

static void fill_patterns(struct fixture *f, struct param_patterns *out, const struct node *v)
{
	struct reference_pattern *items =
		arena_calloc(f->static_arena, node_len(v), sizeof(*items));
	const char *list = node_len(v) > 1 ? "one of: " : "";
	struct err e;

	for (size_t i = 0; i < node_len(v); i++) {
		struct str text = node_str(node_at(v, i));
		if (reference_pattern_parse(f->static_arena, text, &items[i], &e) < 0)
			ck_abort_msg("the test's pattern: %s", e.text);
		list = fixture_text(f, "%s%s%.*s", list, i ? ", " : "", STR_ARG(text));
	}
	*out = (struct param_patterns){items, node_len(v), str_of(list)};
}

const void *fixture_params(struct fixture *f, const struct rule *type, const char *json)
{
	const struct node *map = fixture_json(f, json);
	char *params = arena_alloc(f->static_arena, type->params_size);
	size_t used = 0;

	for (size_t i = 0; i < type->n_params; i++) {
		const struct param *p = &type->params[i];
		const struct node *v = node_get_set(map, str_of(p->key));
		void *at = params + p->offset;
		if (!v)
			continue;
		used++;
		int word = find_word(p->words, node_str(v));
		ck_assert_msg(v->type != NODE_STR || word, "the test's parameter %s", p->key);
		if (p->type == PARAM_PATTERNS)
			fill_patterns(f, at, v);
		else if (p->type == PARAM_ENUM)
			*(struct param_enum *)at = (struct param_enum){word};
		else if (p->type == PARAM_INT || p->type == PARAM_INT_OR)
			*(struct param_int *)at =
				(struct param_int){true, word, word ? 0 : v->integer};
		else
			ck_abort_msg("parameter %s: the fixture cannot fill its type", p->key);
	}
	ck_assert_uint_eq(used, node_len(map));
	return params;
}

const struct rule *fixture_type(const char *key)
{
	const struct rule *type = rule_find(rule_table_shipped(), str_of(key));

	ck_assert_ptr_nonnull(type);
	return type;
}

struct policy_rule *fixture_only_rule(struct fixture *f, const char *key, const char *params)
{
	const struct rule *type = fixture_type(key);

	return fixture_rule(f, fixture_policy(f, "golden"), key, type,
			    fixture_params(f, type, params));
}

struct exception *fixture_exception(struct fixture *f, const char *name,
				    const struct policy_rule *rule, int64_t expires_unix_s)
{
	ck_assert_uint_lt(f->set.n_exceptions, FIXTURE_EXCEPTIONS);
	size_t i = f->set.n_exceptions++;
	char *date = arena_alloc(f->static_arena, 16);

	time_format_date(expires_unix_s, date);
	f->excepted[i] = rule;
	f->exceptions[i] = (struct exception){.name = str_of(name),
					      .policy = f->policies,
					      .rules = &f->excepted[i],
					      .n_rules = 1,
					      .ns = S("shop"),
					      .owner = S("team-billing"),
					      .expires_unix_s = expires_unix_s,
					      .expires_text = str_of(date)};
	return &f->exceptions[i];
}

void fixture_kind(struct fixture *f, const char *group, const char *kind)
{
	f->admission.group = str_of(group);
	f->admission.kind = str_of(kind);
}

enum verdict fixture_judge(struct fixture *f, const char *object)
{
	if (object)
		f->admission.object = fixture_json(f, object);
	engine_evaluate(&f->engine, f->arena, &f->set, &f->admission);
	engine_conclude(&f->engine, NULL);
	return report_verdict(&f->engine.report);
}

const char *fixture_lines_of(struct fixture *f, const char *name)
{
	const struct report *r = &f->engine.report;
	struct text t;
	struct str s;

	text_init(&t, f->static_arena, 16 << 20);
	for (size_t i = 0; i < r->n_violations; i++) {
		const struct subject *subject = r->violations[i].subject;
		if (name && subject && !str_eq(subject->name, str_of(name)))
			continue;
		report_put_line(&t, &r->violations[i], LIMIT_QUOTE);
		text_putc(&t, '\n');
	}
	ck_assert(text_done(&t, &s));
	return s.p;
}

const char *fixture_lines(struct fixture *f)
{
	return fixture_lines_of(f, NULL);
}

void expect_text(const char *got, const char *want, const char *what)
{
	ck_assert_msg(strcmp(got, want) == 0, "%s:\ngot:\n%s\nwant:\n%s", what, got, want);
}

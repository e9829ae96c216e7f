/* Documents of kind Policy. */
#include "policy/limits.h"
#include "policy/loader.h"

static const char *const modes[] = {"deny", "warn", "audit", NULL};
static const char *const on_errors[] = {"deny", "allow", NULL};
static const char *const resources[] = {"pods", "workloads", NULL};
static const char *const operations[] = {"CREATE", "UPDATE", NULL};

/* Rule types that the format knows and this version does not. */
static const char *const later_rules[] = {"signature", "attestation", "cel"};
#define N_LATER_RULES (sizeof(later_rules) / sizeof(later_rules[0]))

static bool load_mode(struct loader *ld, const struct load_at *at, enum mode *out)
{
	static const enum mode of_word[] = {MODE_DENY, MODE_WARN, MODE_AUDIT};
	size_t i;
	if (!load_word(ld, at, modes, &i))
		return false;
	*out = of_word[i];
	return true;
}

static const char *flags_want(struct loader *ld, const char *const *words)
{
	struct text t;
	struct str s;
	text_init(&t, ld->scratch, 256);
	text_printf(&t, "a list of %s", load_words(ld, words, ", "));
	return text_done(&t, &s) && s.p ? s.p : "a list";
}

/* A list of two words, each at most once. */
static void load_flags(struct loader *ld, const struct load_at *at, const char *const *words,
		       bool *first, bool *second)
{
	if (!load_list(ld, at, flags_want(ld, words)))
		return;
	for (size_t i = 0; i < node_len(at->node); i++) {
		struct load_at item = load_item(at, i);
		size_t word;
		if (load_word(ld, &item, words, &word) && !load_is_repeated(ld, at, i))
			*(word == 0 ? first : second) = true;
	}
}

static size_t load_globs(struct loader *ld, const struct load_at *at, const struct str **out)
{
	static const struct load_glob namespaces = {"namespace", 63, false, true};
	if (!load_list(ld, at, "a list of namespaces, at least one"))
		return 0;
	size_t n = 0;
	struct str *globs = arena_calloc(ld->arena, node_len(at->node), sizeof(*globs));
	for (size_t i = 0; globs && i < node_len(at->node); i++) {
		struct load_at item = load_item(at, i);
		if (load_glob(ld, &item, &namespaces, &globs[n]) && !load_is_repeated(ld, at, i))
			n++;
	}
	*out = globs;
	return n;
}

/* An excluding pattern that matches the text of an including one, '*' taken as a letter, also matches
 * every name that one does. */
static void check_reach(struct loader *ld, const struct load_at *include, const struct match *m)
{
	for (size_t i = 0; i < node_len(include->node); i++) {
		struct load_at item = load_item(include, i);
		struct str s = node_str(item.node);
		for (size_t k = 0; s.n && k < m->n_exclude; k++) {
			if (str_glob(m->exclude[k], s)) {
				load_error(ld, &item, "%s can never match: exclude has %s",
					   load_quote(ld, s), load_quote(ld, m->exclude[k]));
				break;
			}
		}
	}
}

static void load_namespaces(struct loader *ld, const struct load_at *at, struct match *m)
{
	static const struct load_key keys[] = {
		{"include", LOAD_OPTIONAL, NULL},
		{"exclude", LOAD_OPTIONAL, NULL},
	};
	if (!load_map(ld, at, keys, 2))
		return;
	if (node_len(at->node) == 0)
		load_wrong(ld, at, "include, exclude or both; leave the key out to mean all");
	struct load_at include = load_member(at, "include");
	struct load_at exclude = load_member(at, "exclude");
	m->n_include = load_globs(ld, &include, &m->include);
	m->n_exclude = load_globs(ld, &exclude, &m->exclude);
	check_reach(ld, &include, m);
}

/* Each alone leaves a way in. */
static void check_operations(struct loader *ld, const struct load_at *at, const struct match *m)
{
	if (node_len(at->node) != 1)
		return;
	if (m->on_create)
		load_warning(ld, at, "without UPDATE a good object can be changed into a bad one");
	if (m->on_update)
		load_warning(ld, at, "without CREATE a bad object can be created");
}

static void load_match(struct loader *ld, const struct load_at *at, struct match *m)
{
	static const struct load_key keys[] = {
		{"resources", LOAD_REQUIRED, "a list of pods, workloads"},
		{"operations", LOAD_REQUIRED, "a list of CREATE, UPDATE"},
		{"namespaces", LOAD_OPTIONAL, NULL},
	};
	if (!load_map(ld, at, keys, 3))
		return;
	struct load_at res = load_member(at, "resources");
	struct load_at ops = load_member(at, "operations");
	struct load_at ns = load_member(at, "namespaces");
	load_flags(ld, &res, resources, &m->pods, &m->workloads);
	load_flags(ld, &ops, operations, &m->on_create, &m->on_update);
	check_operations(ld, &ops, m);
	load_namespaces(ld, &ns, m);
}

bool load_rule_keys(struct loader *ld)
{
	const struct rule_table *t = ld->rules;
	size_t n = 0;
	struct load_key *keys = arena_calloc(ld->scratch, t->n + 2 + N_LATER_RULES, sizeof(*keys));
	if (!keys)
		return false;
	keys[n++] = (struct load_key){"name", LOAD_REQUIRED, "a name"};
	keys[n++] = (struct load_key){"mode", LOAD_OPTIONAL, NULL};
	for (size_t i = 0; i < t->n; i++)
		keys[n++] = (struct load_key){t->rules[i]->key, LOAD_OPTIONAL, NULL};
	for (size_t i = 0; i < N_LATER_RULES; i++) {
		if (!rule_find(t, str_of(later_rules[i])))
			keys[n++] = (struct load_key){later_rules[i], LOAD_UNSUPPORTED, NULL};
	}
	ld->rule_keys = keys;
	ld->n_rule_keys = n;
	return true;
}

static const char *rule_types(struct loader *ld)
{
	const char **words = arena_calloc(ld->scratch, ld->rules->n + 1, sizeof(*words));
	if (!words)
		return "...";
	for (size_t i = 0; i < ld->rules->n; i++)
		words[i] = ld->rules->rules[i]->key;
	return load_words(ld, words, " or ");
}

/* The one typed key. A key that load_map() refused already counts as one meant to be it. */
static const struct rule *load_type(struct loader *ld, const struct load_at *at)
{
	const struct rule *type = NULL;
	size_t others = 0;
	for (size_t i = 0; i < node_len(at->node); i++) {
		struct str key = at->node->map.pairs[i].key;
		const struct rule *t = rule_find(ld->rules, key);
		if (t && type)
			load_error(ld, at,
				   "has two types, %s and %s: write a rule of its own for each",
				   type->key, t->key);
		else if (t)
			type = t;
		else if (!str_eq(key, S("name")) && !str_eq(key, S("mode")))
			others++;
	}
	if (!type && !others)
		load_error(ld, at, "has no type: want exactly one of %s", rule_types(ld));
	return type;
}

static void load_rule(struct loader *ld, const struct load_at *at, enum mode mode,
		      struct policy_rule *out)
{
	out->origin = load_origin(ld, at);
	out->mode = mode;
	if (!load_map(ld, at, ld->rule_keys, ld->n_rule_keys))
		return;
	struct load_at at_name = load_member(at, "name");
	struct load_at at_mode = load_member(at, "mode");
	load_name(ld, &at_name, &out->name);
	load_mode(ld, &at_mode, &out->mode);
	out->type = load_type(ld, at);
	for (size_t i = 0; i < node_len(at->node); i++) {
		const struct rule *t = rule_find(ld->rules, at->node->map.pairs[i].key);
		if (!t)
			continue;
		struct load_at params = load_member(at, t->key);
		const void *p = load_params(ld, &params, t);
		if (t == out->type)
			out->params = p;
	}
}

static void check_rule_names(struct loader *ld, const struct load_at *at, const struct policy *p)
{
	struct load_name *names = arena_calloc(ld->scratch, p->n_rules, sizeof(*names));
	size_t n = 0;
	for (size_t i = 0; names && i < p->n_rules; i++) {
		struct load_at item = load_item(at, i);
		struct load_at name = load_member(&item, "name");
		if (p->rules[i].name.n)
			names[n++] =
				(struct load_name){p->rules[i].name, load_origin(ld, &name), i};
	}
	if (names)
		load_unique(ld, "rule", names, n);
}

/* Where two ask the same, one is likely meant to ask for something else. */
static void check_rule_twice(struct loader *ld, const struct load_at *at, const struct policy *p,
			     size_t n)
{
	const struct policy_rule *b = &p->rules[n];
	struct load_at item = load_item(at, n);
	for (size_t i = 0; b->params && i < n; i++) {
		const struct policy_rule *a = &p->rules[i];
		if (a->type != b->type || !a->params ||
		    !load_same_params(b->type, a->params, b->params))
			continue;
		load_warning(ld, &item, "asks the same as rule %s", load_quote(ld, a->name));
		return;
	}
}

static void load_rules(struct loader *ld, const struct load_at *at, struct policy *out)
{
	if (!load_list(ld, at, "a list of rules, at least one"))
		return;
	size_t n = node_len(at->node);
	if (n > LIMIT_RULES) {
		load_error(ld, at, "has %zu rules: at most %d are allowed", n, LIMIT_RULES);
		return;
	}
	struct policy_rule *rules = arena_calloc(ld->arena, n, sizeof(*rules));
	if (!rules)
		return;
	for (size_t i = 0; i < n; i++) {
		struct load_at item = load_item(at, i);
		load_rule(ld, &item, out->mode, &rules[i]);
	}
	out->rules = rules;
	out->n_rules = n;
	check_rule_names(ld, at, out);
	for (size_t i = 0; i < n; i++)
		check_rule_twice(ld, at, out, i);
}

static void load_on_error(struct loader *ld, const struct load_at *at, enum on_error *out)
{
	size_t i;
	if (!load_word(ld, at, on_errors, &i) || i == 0)
		return;
	*out = ON_ERROR_ALLOW;
	load_warning(ld, at, "allow admits what could not be verified: deny is safe");
}

void load_policy(struct loader *ld, const struct load_at *doc, struct policy *out)
{
	static const struct load_key keys[] = {
		{"mode", LOAD_REQUIRED, "deny, warn or audit"},
		{"onError", LOAD_REQUIRED, "deny or allow"},
		{"match", LOAD_REQUIRED, "a map with resources and operations"},
		{"rules", LOAD_REQUIRED, "a list of rules"},
		{"authorities", LOAD_UNSUPPORTED, NULL},
	};
	out->origin = load_origin(ld, doc);
	out->name = load_metadata(ld, doc);
	struct load_at spec = load_member(doc, "spec");
	if (!load_map(ld, &spec, keys, sizeof(keys) / sizeof(keys[0])))
		return;
	struct load_at mode = load_member(&spec, "mode");
	struct load_at on_error = load_member(&spec, "onError");
	struct load_at match = load_member(&spec, "match");
	struct load_at rules = load_member(&spec, "rules");
	load_mode(ld, &mode, &out->mode);
	load_on_error(ld, &on_error, &out->on_error);
	load_match(ld, &match, &out->match);
	load_rules(ld, &rules, out);
}

/* Documents of kind Policy. */
#include "policy/limits.h"
#include "policy/loader.h"

static const char *const modes[] = {"deny", "warn", "audit", NULL};
static const char *const on_errors[] = {"deny", "allow", NULL};
static const char *const resources[] = {"pods", "workloads", NULL};
static const char *const operations[] = {"CREATE", "UPDATE", NULL};

/* Rule types that the format knows and this version does not. */
static const char *const later_rules[] = {"cel"};
#define N_LATER_RULES (sizeof(later_rules) / sizeof(later_rules[0]))

static bool load_mode(struct loader *ld, const struct decode_at *at, enum mode *out)
{
	static const enum mode of_word[] = {MODE_DENY, MODE_WARN, MODE_AUDIT};
	size_t i;
	if (!decode_word(&ld->d, at, modes, &i))
		return false;
	*out = of_word[i];
	return true;
}

static const char *flags_want(struct loader *ld, const char *const *words)
{
	struct text t;
	struct str s;
	text_init(&t, ld->d.scratch, 256);
	text_printf(&t, "a list of %s", decode_words(&ld->d, words, ", "));
	return text_done(&t, &s) && s.p ? s.p : "a list";
}

/* A list of two words, each at most once. */
static void load_flags(struct loader *ld, const struct decode_at *at, const char *const *words,
		       bool *first, bool *second)
{
	if (!decode_list(&ld->d, at, flags_want(ld, words)))
		return;
	for (size_t i = 0; i < node_len(at->node); i++) {
		struct decode_at item = decode_item(at, i);
		size_t word;
		if (decode_word(&ld->d, &item, words, &word) && !load_is_repeated(ld, at, i))
			*(word == 0 ? first : second) = true;
	}
}

static size_t load_globs(struct loader *ld, const struct decode_at *at, const struct str **out)
{
	static const struct load_glob namespaces = {"namespace", 63, false, true};
	if (!decode_list(&ld->d, at, "a list of namespaces, at least one"))
		return 0;
	size_t n = 0;
	struct str *globs = arena_calloc(ld->d.arena, node_len(at->node), sizeof(*globs));
	for (size_t i = 0; globs && i < node_len(at->node); i++) {
		struct decode_at item = decode_item(at, i);
		if (load_glob(ld, &item, &namespaces, &globs[n]) && !load_is_repeated(ld, at, i))
			n++;
	}
	*out = globs;
	return n;
}

/* An excluding pattern that matches the text of an including one, '*' taken as a letter, also matches
 * every name that one does. */
static void check_reach(struct loader *ld, const struct decode_at *include, const struct match *m)
{
	for (size_t i = 0; i < node_len(include->node); i++) {
		struct decode_at item = decode_item(include, i);
		struct str s = node_str(item.node);
		for (size_t k = 0; s.n && k < m->n_exclude; k++) {
			if (str_glob(m->exclude[k], s)) {
				decode_error(&ld->d, &item, "%s can never match: exclude has %s",
					     decode_quote(&ld->d, s),
					     decode_quote(&ld->d, m->exclude[k]));
				break;
			}
		}
	}
}

static void load_namespaces(struct loader *ld, const struct decode_at *at, struct match *m)
{
	static const struct decode_key keys[] = {
		{"include", DECODE_OPTIONAL, NULL},
		{"exclude", DECODE_OPTIONAL, NULL},
	};
	if (!decode_map(&ld->d, at, keys, 2))
		return;
	if (node_len(at->node) == 0)
		decode_wrong(&ld->d, at, "include, exclude or both; leave the key out to mean all");
	struct decode_at include = decode_member(at, "include");
	struct decode_at exclude = decode_member(at, "exclude");
	m->n_include = load_globs(ld, &include, &m->include);
	m->n_exclude = load_globs(ld, &exclude, &m->exclude);
	check_reach(ld, &include, m);
}

/* Each alone leaves a way in. */
static void check_operations(struct loader *ld, const struct decode_at *at, const struct match *m)
{
	if (node_len(at->node) != 1)
		return;
	if (m->on_create)
		decode_warning(&ld->d, at,
			       "without UPDATE a good object can be changed into a bad one");
	if (m->on_update)
		decode_warning(&ld->d, at, "without CREATE a bad object can be created");
}

static void load_match(struct loader *ld, const struct decode_at *at, struct match *m)
{
	static const struct decode_key keys[] = {
		{"resources", DECODE_REQUIRED, "a list of pods, workloads"},
		{"operations", DECODE_REQUIRED, "a list of CREATE, UPDATE"},
		{"namespaces", DECODE_OPTIONAL, NULL},
	};
	if (!decode_map(&ld->d, at, keys, 3))
		return;
	struct decode_at res = decode_member(at, "resources");
	struct decode_at ops = decode_member(at, "operations");
	struct decode_at ns = decode_member(at, "namespaces");
	load_flags(ld, &res, resources, &m->pods, &m->workloads);
	load_flags(ld, &ops, operations, &m->on_create, &m->on_update);
	check_operations(ld, &ops, m);
	load_namespaces(ld, &ns, m);
}

bool load_rule_keys(struct loader *ld)
{
	const struct rule_table *t = ld->rules;
	size_t n = 0;
	struct decode_key *keys =
		arena_calloc(ld->d.scratch, t->n + 2 + N_LATER_RULES, sizeof(*keys));
	if (!keys)
		return false;
	keys[n++] = (struct decode_key){"name", DECODE_REQUIRED, "a name"};
	keys[n++] = (struct decode_key){"mode", DECODE_OPTIONAL, NULL};
	for (size_t i = 0; i < t->n; i++)
		keys[n++] = (struct decode_key){t->rules[i]->key, DECODE_OPTIONAL, NULL};
	for (size_t i = 0; i < N_LATER_RULES; i++) {
		if (!rule_find(t, str_of(later_rules[i])))
			keys[n++] = (struct decode_key){later_rules[i], DECODE_UNSUPPORTED, NULL};
	}
	ld->rule_keys = keys;
	ld->n_rule_keys = n;
	return true;
}

static const char *rule_types(struct loader *ld)
{
	const char **words = arena_calloc(ld->d.scratch, ld->rules->n + 1, sizeof(*words));
	if (!words)
		return "...";
	for (size_t i = 0; i < ld->rules->n; i++)
		words[i] = ld->rules->rules[i]->key;
	return decode_words(&ld->d, words, " or ");
}

/* The one typed key. A key that load_map() refused already counts as one meant to be it. */
static const struct rule *load_type(struct loader *ld, const struct decode_at *at)
{
	const struct rule *type = NULL;
	size_t others = 0;
	for (size_t i = 0; i < node_len(at->node); i++) {
		struct str key = at->node->map.pairs[i].key;
		const struct rule *t = rule_find(ld->rules, key);
		if (t && type)
			decode_error(&ld->d, at,
				     "has two types, %s and %s: write a rule of its own for each",
				     type->key, t->key);
		else if (t)
			type = t;
		else if (!str_eq(key, S("name")) && !str_eq(key, S("mode")))
			others++;
	}
	if (!type && !others)
		decode_error(&ld->d, at, "has no type: want exactly one of %s", rule_types(ld));
	return type;
}

static void load_rule(struct loader *ld, const struct decode_at *at, enum mode mode,
		      struct policy_rule *out)
{
	out->origin = load_origin(ld, at);
	out->mode = mode;
	if (!decode_map(&ld->d, at, ld->rule_keys, ld->n_rule_keys))
		return;
	struct decode_at at_name = decode_member(at, "name");
	struct decode_at at_mode = decode_member(at, "mode");
	load_name(ld, &at_name, &out->name);
	load_mode(ld, &at_mode, &out->mode);
	out->type = load_type(ld, at);
	for (size_t i = 0; i < node_len(at->node); i++) {
		const struct rule *t = rule_find(ld->rules, at->node->map.pairs[i].key);
		if (!t)
			continue;
		struct decode_at params = decode_member(at, t->key);
		const void *p = load_params(ld, &params, t);
		if (t == out->type)
			out->params = p;
	}
}

static void check_rule_names(struct loader *ld, const struct decode_at *at, const struct policy *p)
{
	struct load_name *names = arena_calloc(ld->d.scratch, p->n_rules, sizeof(*names));
	size_t n = 0;
	for (size_t i = 0; names && i < p->n_rules; i++) {
		struct decode_at item = decode_item(at, i);
		struct decode_at name = decode_member(&item, "name");
		if (p->rules[i].name.n)
			names[n++] =
				(struct load_name){p->rules[i].name, load_origin(ld, &name), i};
	}
	if (names)
		load_unique(ld, "rule", names, n);
}

/* Where two ask the same, one is likely meant to ask for something else. */
static void check_rule_twice(struct loader *ld, const struct decode_at *at, const struct policy *p,
			     size_t n)
{
	const struct policy_rule *b = &p->rules[n];
	struct decode_at item = decode_item(at, n);
	for (size_t i = 0; b->params && i < n; i++) {
		const struct policy_rule *a = &p->rules[i];
		if (a->type != b->type || !a->params ||
		    !load_same_params(b->type, a->params, b->params))
			continue;
		decode_warning(&ld->d, &item, "asks the same as rule %s",
			       decode_quote(&ld->d, a->name));
		return;
	}
}

static void load_rules(struct loader *ld, const struct decode_at *at, struct policy *out)
{
	if (!decode_list(&ld->d, at, "a list of rules, at least one"))
		return;
	size_t n = node_len(at->node);
	if (n > LIMIT_RULES) {
		decode_error(&ld->d, at, "has %zu rules: at most %d are allowed", n, LIMIT_RULES);
		return;
	}
	struct policy_rule *rules = arena_calloc(ld->d.arena, n, sizeof(*rules));
	if (!rules)
		return;
	for (size_t i = 0; i < n; i++) {
		struct decode_at item = decode_item(at, i);
		load_rule(ld, &item, out->mode, &rules[i]);
	}
	out->rules = rules;
	out->n_rules = n;
	check_rule_names(ld, at, out);
	for (size_t i = 0; i < n; i++)
		check_rule_twice(ld, at, out, i);
}

static void load_on_error(struct loader *ld, const struct decode_at *at, enum on_error *out)
{
	size_t i;
	if (!decode_word(&ld->d, at, on_errors, &i) || i == 0)
		return;
	*out = ON_ERROR_ALLOW;
	decode_warning(&ld->d, at, "allow admits what could not be verified: deny is safe");
}

void load_policy(struct loader *ld, const struct decode_at *doc, struct policy *out)
{
	static const struct decode_key keys[] = {
		{"mode", DECODE_REQUIRED, "deny, warn or audit"},
		{"onError", DECODE_REQUIRED, "deny or allow"},
		{"match", DECODE_REQUIRED, "a map with resources and operations"},
		{"authorities", DECODE_OPTIONAL, NULL},
		{"rules", DECODE_REQUIRED, "a list of rules"},
	};
	out->origin = load_origin(ld, doc);
	out->name = load_metadata(ld, doc);
	struct decode_at spec = decode_member(doc, "spec");
	if (!decode_map(&ld->d, &spec, keys, sizeof(keys) / sizeof(keys[0])))
		return;
	struct decode_at mode = decode_member(&spec, "mode");
	struct decode_at on_error = decode_member(&spec, "onError");
	struct decode_at match = decode_member(&spec, "match");
	struct decode_at authorities = decode_member(&spec, "authorities");
	struct decode_at rules = decode_member(&spec, "rules");
	load_mode(ld, &mode, &out->mode);
	load_on_error(ld, &on_error, &out->on_error);
	load_match(ld, &match, &out->match);
	load_authorities(ld, &authorities, out);
	load_rules(ld, &rules, out);
	load_check_signatures(ld, &rules, out);
}

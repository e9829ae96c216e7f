#include "policy/rule.h"

#define RULE(id) extern const struct rule rule_##id;
#include "policy/rules/rules.def"
#undef RULE

static const struct rule *const shipped_rules[] = {
#define RULE(id) &rule_##id,
#include "policy/rules/rules.def"
#undef RULE
};

static const struct rule_table shipped = {
	shipped_rules,
	sizeof(shipped_rules) / sizeof(shipped_rules[0]),
};

const struct rule_table *rule_table_shipped(void)
{
	return &shipped;
}

const struct rule *rule_find(const struct rule_table *t, struct str key)
{
	for (size_t i = 0; i < t->n; i++) {
		if (str_eq(key, str_of(t->rules[i]->key)))
			return t->rules[i];
	}
	return NULL;
}

/* What several rule types need: image patterns, and images that are no references. */
#include "policy/rule.h"

const char *rule_image_field(const struct subject *s)
{
	return s->kind == SUBJECT_IMAGE_VOLUME ? "image.reference" : "image";
}

void rule_no_reference(const struct rule_context *c, const struct subject *s)
{
	rule_violation(c, s, rule_image_field(s),
		       &(struct violation){
			       .code = CODE_IMAGE_REFERENCE,
			       .cause = CAUSE_INVALID,
			       .got = {GOT_QUOTED, NULL, s->image.str, s->reference_why},
			       .want = S("a valid image reference"),
		       });
}

bool patterns_match(const struct param_patterns *p, const struct reference *r)
{
	for (size_t i = 0; i < p->n; i++) {
		if (reference_pattern_matches(&p->items[i], r))
			return true;
	}
	return false;
}

static const struct param_patterns *patterns_of(const struct policy_rule *r, size_t i)
{
	const struct param *p = &r->type->params[i];

	return p->type == PARAM_PATTERNS ? (const void *)((const char *)r->params + p->offset)
					 : NULL;
}

const struct param_patterns *rule_patterns(const struct policy_rule *r, const char *key)
{
	for (size_t i = 0; i < r->type->n_params; i++) {
		if (strcmp(r->type->params[i].key, key) == 0)
			return patterns_of(r, i);
	}
	return NULL;
}

static bool rule_names_host(const struct policy_rule *r, struct str host)
{
	for (size_t i = 0; i < r->type->n_params; i++) {
		const struct param_patterns *p = patterns_of(r, i);
		for (size_t k = 0; p && k < p->n; k++) {
			if (str_eq(p->items[k].host, host))
				return true;
		}
	}
	return false;
}

bool policy_set_names_host(const struct policy_set *set, struct str host)
{
	for (size_t i = 0; i < set->n_policies; i++) {
		const struct policy *p = &set->policies[i];
		for (size_t k = 0; k < p->n_rules; k++) {
			if (rule_names_host(&p->rules[k], host))
				return true;
		}
	}
	return false;
}

void sample_put_match(struct text *t, const struct reference_pattern *p)
{
	text_put(t, p->host);
	for (size_t i = 0; i < p->n_segments; i++) {
		struct str rest = p->segments[i], head;
		text_putc(t, '/');
		if (str_eq(rest, S("**"))) {
			text_puts(t, "app");
			continue;
		}
		while (str_cut(rest, '*', &head, &rest)) {
			text_put(t, head);
			text_puts(t, "app");
		}
		text_put(t, rest);
	}
}

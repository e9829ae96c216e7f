/* Do two rules ask the same? */
#include "policy/loader.h"

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

static bool same_strings(const struct param_strings *a, const struct param_strings *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!str_eq(a->items[i], b->items[i]))
			return false;
	}
	return true;
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
	case PARAM_BOOL: {
		const struct param_bool *a = va, *b = vb;
		return a->set == b->set && a->value == b->value;
	}
	case PARAM_STRINGS:
		return same_strings(va, vb);
	case PARAM_AGE: {
		const struct param_age *a = va, *b = vb;
		return a->seconds == b->seconds;
	}
	case PARAM_PREDICATE: {
		const struct param_predicate *a = va, *b = vb;
		return str_eq(a->type, b->type);
	}
	case PARAM_MAP: {
		const struct param_map *a = va, *b = vb;
		return a->set == b->set;
	}
	}
	BUG("parameter type %d", (int)p->type);
}

static bool same_all(const struct param *all, size_t n, const char *a, const char *b)
{
	for (size_t i = 0; i < n; i++) {
		const struct param *p = &all[i];
		if (!same_field(p, a + p->offset, b + p->offset) ||
		    !same_all(p->members, p->n_members, a, b))
			return false;
	}
	return true;
}

bool load_same_params(const struct rule *type, const void *a, const void *b)
{
	return same_all(type->params, type->n_params, a, b);
}

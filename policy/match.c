#include "policy/policy.h"

static bool any_glob(const struct str *globs, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++) {
		if (str_glob(globs[i], s))
			return true;
	}
	return false;
}

bool match_namespace(const struct match *m, struct str ns)
{
	if (m->n_include && !any_glob(m->include, m->n_include, ns))
		return false;
	return !any_glob(m->exclude, m->n_exclude, ns);
}

static bool match_operation(const struct match *m, enum operation op)
{
	switch (op) {
	case OPERATION_CREATE:
		return m->on_create;
	case OPERATION_UPDATE:
		return m->on_update;
	case OPERATION_OTHER:
		break;
	}
	return false;
}

bool match_applies(const struct match *m, bool is_pod, enum operation op, struct str ns)
{
	return (is_pod ? m->pods : m->workloads) && match_operation(m, op) &&
	       match_namespace(m, ns);
}

#include "policy/workload.h"

/* Which level a value came from does not matter: the levels that rules look at on their own are
 * compared as such. A value of a wrong type equals nothing, so that it is always judged. */
static bool same_field(const struct field *a, const struct field *b)
{
	if (a->state != b->state)
		return false;
	switch (a->state) {
	case FIELD_WRONG_TYPE:
		return false;
	case FIELD_ABSENT:
		return true;
	case FIELD_SET:
		break;
	}
	return a->integer == b->integer && a->boolean == b->boolean && str_eq(a->str, b->str);
}

static bool same_subject(const struct subject *a, const struct subject *b)
{
	return a->kind == b->kind && str_eq(a->name, b->name) && same_field(&a->image, &b->image) &&
	       same_field(&a->read_only_root_filesystem, &b->read_only_root_filesystem) &&
	       same_field(&a->run_as_user, &b->run_as_user) &&
	       same_field(&a->run_as_group, &b->run_as_group) &&
	       same_field(&a->run_as_non_root, &b->run_as_non_root);
}

static bool same_pod(const struct workload *a, const struct workload *b)
{
	return a->kind == b->kind && a->windows == b->windows && !a->n_findings && !b->n_findings &&
	       same_field(&a->pod_run_as_user, &b->pod_run_as_user) &&
	       same_field(&a->pod_run_as_group, &b->pod_run_as_group) &&
	       same_field(&a->pod_run_as_non_root, &b->pod_run_as_non_root);
}

bool workload_same(const struct workload *a, const struct workload *b)
{
	if (!same_pod(a, b) || a->n_subjects != b->n_subjects)
		return false;
	for (size_t i = 0; i < a->n_subjects; i++) {
		if (!same_subject(&a->subjects[i], &b->subjects[i]))
			return false;
	}
	return true;
}

/* Search from *at on and around, because lists mostly keep their order. */
static bool has_subject(const struct workload *w, const struct subject *s, size_t *at)
{
	for (size_t n = 0; n < w->n_subjects; n++) {
		size_t i = (*at + n) % w->n_subjects;
		if (same_subject(&w->subjects[i], s)) {
			*at = i + 1;
			return true;
		}
	}
	return false;
}

void workload_mark_unchanged(struct workload *now, const struct workload *before)
{
	size_t at = 0;

	if (!same_pod(now, before))
		return;
	for (size_t i = 0; i < now->n_subjects; i++) {
		struct subject *s = &now->subjects[i];
		s->unchanged = s->name.n && has_subject(before, s, &at);
	}
}

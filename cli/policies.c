#include "cli/policies.h"

void policies_print(FILE *f, const struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		char buf[4096];
		struct text t;
		text_init_fixed(&t, buf, sizeof buf);
		problem_put(&t, &p->items[i]);
		fprintf(f, "%s%s\n", p->items[i].severity == PROBLEM_WARNING ? "warning: " : "",
			buf);
	}
	if (p->errors + p->warnings > p->n)
		fprintf(f, "and %zu more problems\n", p->errors + p->warnings - p->n);
}

struct policy_set *policies_load(const struct option_list *paths, struct arena *a,
				 int64_t now_unix_s, int64_t max_exception_days)
{
	struct policy_options o = {.now_unix_s = now_unix_s,
				   .max_exception_days = max_exception_days};
	struct problems problems;

	problems_init(&problems, a);
	struct policy_set *set = policy_set_load(paths->items, paths->n, &o, &problems);
	policies_print(stderr, &problems);
	if (!set)
		fprintf(stderr, "assay: policies not loaded: %zu error%s\n", problems.errors,
			problems.errors == 1 ? "" : "s");
	return set;
}

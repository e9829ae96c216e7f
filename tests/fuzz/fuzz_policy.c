/* Any bytes as a policy file: JSON if they begin like it, else YAML. */
#include <stdint.h>
#include <stdlib.h>

#include "policy/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_all(const struct policy_set *s, struct arena *a)
{
	for (size_t i = 0; i < s->n_policies; i++) {
		struct text t;
		text_init(&t, a, (size_t)8 << 20);
		policy_put_yaml(&t, &s->policies[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > 65536)
		return 0;
	struct arena *a = arena_new((size_t)16 << 20);
	if (!a)
		return 0;
	struct policy_file file = {
		.name = data[0] == '{' ? S("policy.json") : S("policy.yaml"),
		.bytes = {(const char *)data, size},
	};
	struct policy_options o = {.now_unix_s = 1767225600, .max_exception_days = 400};
	struct problems problems;

	problems_init(&problems, a);
	struct policy_set *s = policy_set_build(&file, 1, &o, &problems);
	/* A set with errors, or neither, could admit what must be refused. */
	if ((s == NULL) != (problems.errors > 0) || (s && s->n_policies == 0))
		abort();
	for (size_t i = 0; i < problems.n; i++) {
		if (!str_is_utf8(problems.items[i].text))
			abort();
	}
	if (s)
		put_all(s, a);
	policy_set_free(s);
	arena_free(a);
	return 0;
}

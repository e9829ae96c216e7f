/* assay lint */
#include <stdio.h>

#include "cli/options.h"
#include "cli/policies.h"
#include "core/clock.h"
#include "policy/sample.h"

#define LINT_ARENA_BYTES (256u << 20)

struct lint_options {
	bool quiet;
	struct option_time now;
	int64_t max_exception_days;
};

#define AT(field) offsetof(struct lint_options, field)
static const struct option options[] = {
	{.name = "quiet",
	 .letter = 'q',
	 .type = OPTION_FLAG,
	 .offset = AT(quiet),
	 .doc = "Only problems: no normalised policies, no sample Pods."},
	OPTION_NOW(struct lint_options, now),
	OPTION_MAX_EXCEPTION_DAYS(struct lint_options, max_exception_days),
};

static void print_policy(const struct policy *p, const struct samples *s)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(LINT_ARENA_BYTES);
	struct text t;
	struct str yaml;

	if (!a)
		return;
	text_init(&t, a, LINT_ARENA_BYTES / 4);
	policy_put_yaml(&t, p);
	if (!text_done(&t, &yaml))
		return;
	printf("---\n# policy %.*s in normal form\n%.*s", STR_ARG(p->name), (int)yaml.n, yaml.p);
	for (size_t i = 0; i < s->n; i++) {
		const struct sample *sample = &s->items[i];
		/* One that is not what it was made to be is among the problems. */
		if (!sample->as_expected)
			continue;
		if (sample->rule)
			printf("---\n# refused by rule %.*s\n", STR_ARG(sample->rule->name));
		else
			printf("---\n# admitted by policy %.*s\n", STR_ARG(p->name));
		printf("%.*s", (int)sample->yaml.n, sample->yaml.p);
	}
}

/* Samples of all policies first, so that problems stand before the listing. */
static int lint_set(const struct lint_options *o, const struct policy_set *set, struct arena *a,
		    int64_t now, struct problems *problems)
{
	struct err e = {0};
	struct samples *samples = arena_calloc(a, set->n_policies, sizeof *samples);

	if (!samples) {
		fprintf(stderr, "assay lint: no memory\n");
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < set->n_policies; i++) {
		if (samples_build(a, set, &set->policies[i], now, &samples[i], problems, &e) < 0) {
			fprintf(stderr, "assay lint: %s\n", e.text);
			return EXIT_USAGE;
		}
	}
	problems_sort(problems);
	policies_print(stdout, problems);
	if (!o->quiet) {
		for (size_t i = 0; i < set->n_policies; i++)
			print_policy(&set->policies[i], &samples[i]);
	}
	return problems->errors ? EXIT_VIOLATION : EXIT_CLEAN;
}

static int lint_run(void *options_v, const struct option_list *args)
{
	const struct lint_options *o = options_v;
	int64_t now = o->now.set ? o->now.unix_s : clock_unix_s(&clock_system);
	struct policy_options po = {.now_unix_s = now, .max_exception_days = o->max_exception_days};
	struct problems problems;

	if (args->n == 0) {
		fprintf(stderr, "assay lint: nothing to lint: name policy files or folders\n");
		return EXIT_USAGE;
	}
	struct arena *a CLEANUP(arena_cleanup) = arena_new(LINT_ARENA_BYTES);
	if (!a) {
		fprintf(stderr, "assay lint: no memory\n");
		return EXIT_USAGE;
	}
	problems_init(&problems, a);
	struct policy_set *set = policy_set_load(args->items, args->n, &po, &problems);
	int code = EXIT_USAGE;
	if (set)
		code = lint_set(o, set, a, now, &problems);
	else
		policies_print(stdout, &problems);
	fprintf(stderr, "assay lint: %zu error%s, %zu warning%s\n", problems.errors,
		problems.errors == 1 ? "" : "s", problems.warnings,
		problems.warnings == 1 ? "" : "s");
	policy_set_free(set);
	return code;
}

const struct command command_lint = {
	.name = "lint",
	.summary = "check policies: list every error, print them in normal form with sample Pods",
	.usage = "FILE|DIR...",
	.detail = "Exit 2: the policies do not load. Exit 1: they load, but one refuses every Pod "
		  "or a rule of\n"
		  "it refuses none.",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct lint_options),
	.run = lint_run,
};

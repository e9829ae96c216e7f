/* assay check */
#include "cli/check.h"

#include <stdio.h>

#include "cli/limits.h"
#include "cli/options.h"
#include "cli/policies.h"
#include "cli/version.h"
#include "core/clock.h"

struct check_options {
	struct option_list policies;
	struct option_list files;
	const char *ns;
	const char *docs_url;
	const char *contact;
	int output;
	bool strict;
	struct option_time now;
	int64_t max_exception_days;
};

static const struct check_output outputs[] = {
	{"text", check_print_text},   {"json", check_print_json},   {"github", check_print_github},
	{"junit", check_print_junit}, {"sarif", check_print_sarif},
};
static const char *const output_names[] = {"text", "json", "github", "junit", "sarif", NULL};

#define AT(field) offsetof(struct check_options, field)
static const struct option options[] = {
	{.name = "policies",
	 .letter = 'p',
	 .type = OPTION_LIST,
	 .value = "PATH",
	 .offset = AT(policies),
	 .doc = "Policy file or folder; repeatable. Required."},
	{.name = "file",
	 .letter = 'f',
	 .type = OPTION_LIST,
	 .value = "PATH",
	 .offset = AT(files),
	 .doc = "File, folder or - to check, like an argument; repeatable."},
	{.name = "output",
	 .letter = 'o',
	 .type = OPTION_WORD,
	 .value = "FORMAT",
	 .preset = "text",
	 .words = output_names,
	 .offset = AT(output),
	 .doc = "How to print the results."},
	{.name = "namespace",
	 .letter = 'n',
	 .type = OPTION_STRING,
	 .value = "NS",
	 .preset = "default",
	 .offset = AT(ns),
	 .doc = "Namespace of documents that name none."},
	{.name = "strict",
	 .type = OPTION_FLAG,
	 .offset = AT(strict),
	 .doc = "Exit 1 also for findings of mode warn and audit, and for a workload that no "
		"policy "
		"matches."},
	{.name = "now",
	 .type = OPTION_TIME,
	 .value = "TIME",
	 .offset = AT(now),
	 .doc = "Judge as at this time (exceptions end); else the clock decides."},
	{.name = "max-exception-days",
	 .type = OPTION_INT,
	 .value = "DAYS",
	 .preset = "0",
	 .min = 0,
	 .max = 36500,
	 .offset = AT(max_exception_days),
	 .doc = "Refuse policies with an exception that ends later than this; 0: no cap."},
	{.name = "docs-url",
	 .type = OPTION_STRING,
	 .value = "URL",
	 .offset = AT(docs_url),
	 .doc = "Page that refusals point to; default: this version's."},
	{.name = "contact",
	 .type = OPTION_STRING,
	 .value = "TEXT",
	 .preset = "",
	 .offset = AT(contact),
	 .doc = "Whom refusals name for questions."},
};

/* The exit code of the worst result. spec: operations 1 "exits with the most serious: 2, then 1, then 3" */
static int exit_code(const struct check_run *run)
{
	bool fail = false, unknown = false;

	if (run->n == 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < run->n; i++) {
		switch (run->documents[i].result) {
		case CHECK_ERROR:
			return EXIT_USAGE;
		case CHECK_FAIL:
			fail = true;
			break;
		case CHECK_UNKNOWN:
			unknown = true;
			break;
		case CHECK_WARN:
			fail = fail || run->strict;
			break;
		case CHECK_SKIP:
		case CHECK_PASS:
			break;
		}
	}
	return fail ? EXIT_VIOLATION : unknown ? EXIT_UNKNOWN : EXIT_CLEAN;
}

static int print_run(struct check_run *run, int output)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(2 * LIMIT_CHECK_OUTPUT_BYTES);
	struct text t;
	struct str out;

	if (!a || run->out_of_memory) {
		fprintf(stderr, "assay check: no memory for the results\n");
		return EXIT_USAGE;
	}
	text_init(&t, a, LIMIT_CHECK_OUTPUT_BYTES);
	outputs[output].print(run, &t);
	if (!text_done(&t, &out)) {
		fprintf(stderr, "assay check: no memory to print the results\n");
		return EXIT_USAGE;
	}
	fwrite(out.p, 1, out.n, stdout);
	if (run->n == 0)
		fprintf(stderr, "assay check: no documents found: nothing was checked\n");
	return exit_code(run);
}

static int check_files(const struct check_options *o, const struct option_list *args,
		       const struct policy_set *set, int64_t now)
{
	struct check_run run = {
		.arena = arena_new(LIMIT_CHECK_RUN_BYTES),
		.set = set,
		.default_ns = str_of(o->ns),
		.now_unix_s = now,
		.text = {.docs_url = str_of(o->docs_url ? o->docs_url : version_docs_url),
			 .contact = str_of(o->contact),
			 .all = true},
		.strict = o->strict,
	};

	if (!run.arena) {
		fprintf(stderr, "assay check: no memory\n");
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < o->files.n; i++)
		check_path(&run, o->files.items[i]);
	for (size_t i = 0; i < args->n; i++)
		check_path(&run, args->items[i]);
	int code = print_run(&run, o->output);
	arena_free(run.arena);
	return code;
}

static int check_run(void *options_v, const struct option_list *args)
{
	const struct check_options *o = options_v;
	int64_t now = o->now.set ? o->now.unix_s : clock_unix_s(&clock_system);

	if (o->policies.n == 0) {
		fprintf(stderr, "assay check: --policies PATH is missing: it names the policies to "
				"check against\n");
		return EXIT_USAGE;
	}
	if (args->n + o->files.n == 0) {
		fprintf(stderr, "assay check: nothing to check: name files, folders, or - for "
				"standard input\n");
		return EXIT_USAGE;
	}
	struct arena *a CLEANUP(arena_cleanup) = arena_new(8u << 20);
	if (!a) {
		fprintf(stderr, "assay check: no memory\n");
		return EXIT_USAGE;
	}
	struct policy_set *set = policies_load(&o->policies, a, now, o->max_exception_days);
	if (!set)
		return EXIT_USAGE;
	int code = check_files(o, args, set, now);
	policy_set_free(set);
	return code;
}

const struct command command_check = {
	.name = "check",
	.summary = "judge manifests with the server's rules and texts",
	.usage = "FILE|DIR|-...",
	.detail = "Reads YAML streams, JSON, `kind: List` and whole AdmissionReviews; folders are "
		  "searched for\n"
		  "*.yaml, *.yml and *.json, but not for names that begin with a dot. Documents "
		  "that are no workloads\n"
		  "count as skipped; so do workloads that no policy matches, and --strict exits 1 "
		  "for them. A file\n"
		  "that cannot be read, or has more than " LIMIT_CHECK_FILE_TEXT
		  ", is an error, and the others are still\n"
		  "checked.\n"
		  "Example:\n\n"
		  "  helm template ./chart | assay check --policies policies/ -",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct check_options),
	.run = check_run,
};

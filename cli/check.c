/* assay check */
#include "cli/check.h"

#include <stdio.h>

#include "cli/limits.h"
#include "cli/options.h"
#include "cli/policies.h"
#include "cli/sources.h"
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
	bool offline;
	struct source_options source;
	int64_t timeout_ms;
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
	{.name = "offline",
	 .type = OPTION_FLAG,
	 .offset = AT(offline),
	 .doc = "Ask no registry: signatures are not judged, and the results say so."},
	SOURCE_OPTION_REGISTRIES(struct check_options, source),
	SOURCE_OPTION_REGISTRY_DIR(struct check_options, source),
	SOURCE_OPTION_DOCKER_CONFIG(struct check_options, source),
	SOURCE_OPTION_CA(struct check_options, source),
	{.name = "timeout",
	 .type = OPTION_DURATION,
	 .value = "TIME",
	 .preset = "1m",
	 .min = 1,
	 .max = 60 * 60 * 1000,
	 .offset = AT(timeout_ms),
	 .doc = "For all answers of registries; what is not known by then could not be verified: "
		"exit 3."},
	OPTION_NOW(struct check_options, now),
	OPTION_MAX_EXCEPTION_DAYS(struct check_options, max_exception_days),
	OPTION_DOCS_URL(struct check_options, docs_url),
	OPTION_CONTACT(struct check_options, contact),
};

struct weight {
	bool error, fail, unknown;
};

/* What could not be verified is never clean, whoever would let it pass; unless the rule only warns,
 * when a "no" would be clean too. */
static void weigh(const struct check_run *run, const struct check_row *r, struct weight *w)
{
	bool counts = run->strict || r->mode == mode_name(MODE_DENY);

	if (r->unavailable)
		w->unknown = w->unknown || counts;
	else if (r->result == CHECK_WARN)
		w->fail = w->fail || run->strict;
}

/* The exit code of the worst result. spec: operations 1 "exits with the most serious: 2, then 1, then 3" */
static int exit_code(const struct check_run *run)
{
	struct weight w = {.error = run->n == 0};

	for (size_t i = 0; i < run->n; i++) {
		const struct check_document *d = &run->documents[i];
		w.error = w.error || d->result == CHECK_ERROR;
		w.fail = w.fail || d->result == CHECK_FAIL;
		w.unknown = w.unknown || d->result == CHECK_UNKNOWN;
		for (size_t k = 0; k < d->n_rows; k++)
			weigh(run, &d->rows[k], &w);
	}
	if (w.error)
		return EXIT_USAGE;
	return w.fail ? EXIT_VIOLATION : w.unknown ? EXIT_UNKNOWN : EXIT_CLEAN;
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

static int no_memory(void)
{
	fprintf(stderr, "assay check: no memory\n");
	return EXIT_USAGE;
}

static int check_files(const struct check_options *o, const struct option_list *args,
		       const struct policy_set *set, struct sources *sources, int64_t now)
{
	struct check_run run = {
		.arena = arena_new(LIMIT_CHECK_RUN_BYTES),
		.set = set,
		.default_ns = str_of(o->ns),
		.now_unix_s = now,
		.text = {.docs_url = str_of(o->docs_url ? o->docs_url : version_docs_url),
			 .contact = str_of(o->contact),
			 .all = true},
		.sources = sources,
		.timeout_ms = o->timeout_ms,
		.strict = o->strict,
	};

	if (!run.arena)
		return no_memory();
	for (size_t i = 0; i < o->files.n; i++)
		check_path(&run, o->files.items[i]);
	for (size_t i = 0; i < args->n; i++)
		check_path(&run, args->items[i]);
	check_finish(&run);
	int code = print_run(&run, o->output);
	arena_free(run.arena);
	return code;
}

/* With the policies loaded: what is wrong with the way to the registries is said before files are read. */
static int check_set(const struct check_options *o, const struct option_list *args,
		     const struct policy_set *set, int64_t now)
{
	const struct source_use use = {.command = "check"};
	struct arena *a CLEANUP(arena_cleanup) = arena_new(8u << 20);
	struct sources sources;

	if (o->offline)
		return check_files(o, args, set, NULL, now);
	if (!a)
		return no_memory();
	if (!sources_open(&sources, &o->source, &use, a))
		return EXIT_USAGE;
	int code = check_files(o, args, set, &sources, now);
	sources_close(&sources);
	return code;
}

static bool usage_is_right(const struct check_options *o, const struct option_list *args)
{
	const struct source_options *s = &o->source;
	const char *wrong = NULL;

	if (o->policies.n == 0)
		wrong = "--policies PATH is missing: it names the policies to check against";
	else if (args->n + o->files.n == 0)
		wrong = "nothing to check: name files, folders, or - for standard input";
	else if (o->offline && (s->registries || s->registry_dir || s->docker_config || s->ca))
		wrong = "option --offline: no registry is asked: drop --registries, "
			"--registry-dir, --docker-config and --ca";
	if (wrong)
		fprintf(stderr, "assay check: %s\n", wrong);
	return !wrong;
}

static int check_run(void *options_v, const struct option_list *args)
{
	const struct check_options *o = options_v;
	int64_t now = o->now.set ? o->now.unix_s : clock_unix_s(&clock_system);

	if (!usage_is_right(o, args))
		return EXIT_USAGE;
	struct arena *a CLEANUP(arena_cleanup) = arena_new(8u << 20);
	if (!a)
		return no_memory();
	struct policy_set *set = policies_load(&o->policies, a, now, o->max_exception_days);
	if (!set)
		return EXIT_USAGE;
	int code = check_set(o, args, set, now);
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
		  "Signatures are asked for in the registries that the policies' image patterns "
		  "or --registries name;\n"
		  "private addresses and plain http only where that file allows them. An image "
		  "without digest gets\n"
		  "its pin printed. Exit 3: nothing is refused, but something could not be "
		  "verified.\n"
		  "Example:\n\n"
		  "  helm template ./chart | assay check --policies policies/ -",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct check_options),
	.run = check_run,
};

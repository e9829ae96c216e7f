/* The program: finds the command, decodes its options, runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "core/str.h"
#include "core/text.h"

const struct command *const commands[] = {&command_serve,         &command_check,   &command_verify,
					  &command_verify_bundle, &command_lint,    &command_rules,
					  &command_probe,         &command_version, NULL};

/* Command lines are short; lists of 4,096 files fit with room. */
#define OPTIONS_ARENA_BYTES (8u << 20)

static void help(FILE *f)
{
	fprintf(f, "assay: admit only golden images into a Kubernetes cluster\n\n"
		   "Usage: assay COMMAND [OPTION...] [ARGUMENT...]\n\nCommands:\n");
	for (size_t i = 0; commands[i]; i++)
		fprintf(f, "  %-14s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(f, "\n`assay COMMAND --help` tells the rest.\n");
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static int unknown(const char *name)
{
	struct str names[sizeof(commands) / sizeof(*commands)];
	char quoted[128];
	struct text t;
	size_t n = 0;

	for (; commands[n]; n++)
		names[n] = str_of(commands[n]->name);
	text_init_fixed(&t, quoted, sizeof quoted);
	text_quote(&t, str_of(name), 64);
	struct str near = str_nearest(str_of(name), names, n);
	if (near.n)
		fprintf(stderr, "assay: unknown command %s: did you mean %.*s?\n", quoted,
			STR_ARG(near));
	else
		fprintf(stderr, "assay: unknown command %s: see assay --help\n", quoted);
	return EXIT_USAGE;
}

static int run(const struct command *c, struct arena *a, int argc, char **argv)
{
	struct option_list args;
	struct err e = {0};
	void *options = arena_alloc(a, c->size);

	if (!options) {
		fprintf(stderr, "assay %s: no memory\n", c->name);
		return EXIT_USAGE;
	}
	switch (options_parse(c, a, argc, argv, options, &args, &e)) {
	case 0:
		return c->run(options, &args);
	case 1:
		options_help(stdout, c);
		return EXIT_CLEAN;
	default:
		fprintf(stderr, "assay %s: %s\n", c->name, e.text);
		return EXIT_USAGE;
	}
}

/* What was printed must have arrived: a full disk is not "clean". */
static int finish(int code)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "assay: cannot write to standard output\n");
		return EXIT_USAGE;
	}
	return code;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return finish(EXIT_CLEAN);
	}
	const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
	const struct command *c = find(name);
	if (!c)
		return unknown(name);
	struct arena *a CLEANUP(arena_cleanup) = arena_new(OPTIONS_ARENA_BYTES);
	if (!a) {
		fprintf(stderr, "assay: no memory\n");
		return EXIT_USAGE;
	}
	return finish(run(c, a, argc - 2, argv + 2));
}

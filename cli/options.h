/*
 * Commands and their options, from tables: parsing, environment, --help. A command is a constant struct in
 * a file of its own; its options are decoded into the command's own struct by offset.
 */
#ifndef ASSAY_CLI_OPTIONS_H
#define ASSAY_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/err.h"

/* Exit codes of all commands. spec: operations section 1 */
enum exit_code {
	EXIT_CLEAN = 0,     /* clean, verified, as expected */
	EXIT_VIOLATION = 1, /* a violation, not as expected */
	EXIT_USAGE = 2,     /* usage, unreadable or unparsable input, I/O */
	EXIT_UNKNOWN = 3,   /* could not find out */
};

enum option_type {
	OPTION_FLAG = 0, /* bool */
	OPTION_STRING,   /* const char * */
	OPTION_LIST, /* struct option_list; may be given several times; ',' separates in the environment */
	OPTION_INT,      /* int64_t */
	OPTION_DURATION, /* int64_t, milliseconds; "15s", "1m30s" */
	OPTION_BYTES,    /* int64_t; "7MiB", "512KiB", "1048576" */
	OPTION_WORD,     /* int: index of the word */
	OPTION_TIME,     /* struct option_time; RFC 3339 or a date */
};

struct option_list {
	const char **items;
	size_t n;
};
struct option_time {
	bool set;
	int64_t unix_s;
};

struct option {
	const char *name; /* "tls-cert"; the environment name is ASSAY_TLS_CERT */
	char letter;      /* 'o', or 0 */
	enum option_type type;
	const char *value;  /* shown in help: "FILE"; NULL for flags */
	const char *preset; /* default as text, NULL: none */
	const char *const *words;
	int64_t min, max; /* INT, DURATION (ms), BYTES */
	size_t offset;
	const char *doc;
};

/* ---- options that several commands have, for their tables ---- */

#define OPTION_NOW(options, field)                                                                 \
	{                                                                                          \
		.name = "now", .type = OPTION_TIME, .value = "TIME",                               \
		.offset = offsetof(options, field),                                                \
		.doc = "Judge exceptions as at this time; else the clock decides."                 \
	}

#define OPTION_MAX_EXCEPTION_DAYS(options, field)                                                  \
	{                                                                                          \
		.name = "max-exception-days", .type = OPTION_INT, .value = "DAYS", .preset = "0",  \
		.min = 0, .max = 36500, .offset = offsetof(options, field),                        \
		.doc = "Refuse policies with an exception that ends later than this; 0: no cap."   \
	}

#define OPTION_DOCS_URL(options, field)                                                            \
	{                                                                                          \
		.name = "docs-url", .type = OPTION_STRING, .value = "URL",                         \
		.offset = offsetof(options, field),                                                \
		.doc = "Page that refusals point to; default: this version's."                     \
	}

#define OPTION_CONTACT(options, field)                                                             \
	{                                                                                          \
		.name = "contact", .type = OPTION_STRING, .value = "TEXT", .preset = "",           \
		.offset = offsetof(options, field), .doc = "Whom refusals name for questions."     \
	}

struct command {
	const char *name;
	const char *summary;
	const char *usage;  /* of positional arguments: "FILE|DIR|-..." */
	const char *detail; /* paragraphs for --help; may be NULL */
	const struct option *options;
	size_t n_options;
	size_t size; /* of the command's options struct */
	/* `args`: the positional ones. Returns an exit code. */
	int (*run)(void *options, const struct option_list *args);
};

/* Decode argv (without program and command name) and the environment into `out` (zeroed by the callee).
 * Returns 0; 1 when --help was asked for; -1 and *e (USAGE) otherwise. Strings borrow from argv, the
 * environment or `a`. */
int options_parse(const struct command *c, struct arena *a, int argc, char **argv, void *out,
		  struct option_list *args, struct err *e) MUST_USE;

void options_help(FILE *f, const struct command *c);

/* All commands, ended by NULL. */
extern const struct command *const commands[];

extern const struct command command_serve, command_check, command_verify, command_verify_bundle,
	command_lint, command_rules, command_probe, command_version;

#endif

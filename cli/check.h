/*
 * `assay check`: the engine over files. Input (check_input.c) makes documents, judging (check_judge.c)
 * makes results, and one of the outputs prints them.
 */
#ifndef ASSAY_CLI_CHECK_H
#define ASSAY_CLI_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/node.h"
#include "core/yaml.h"
#include "policy/policy.h"
#include "policy/report.h"

/* As in PolicyReport; ordered by how serious it is for the exit code, zero the worst. */
enum check_result {
	CHECK_ERROR = 0,
	CHECK_FAIL,
	CHECK_UNKNOWN,
	CHECK_WARN,
	CHECK_SKIP,
	CHECK_PASS
};
const char *check_result_name(enum check_result r); /* UNKNOWN prints as "error" */

/* One row of the JSON output. All strings in the run's arena. */
struct check_row {
	enum check_result result;
	struct str policy, rule; /* empty for findings that belong to none */
	struct str code;         /* empty for passes and skips */
	const char *mode;        /* "deny", "warn", "audit"; NULL for none */
	struct str message;
	struct str path, container, image;
	uint32_t line, column; /* 0 unknown */
};

struct check_document {
	struct str file;
	size_t index;  /* of the document in its file, from 0; items of lists count each */
	uint32_t line; /* where it begins; 0 unknown */
	struct str api_version, kind, ns, name;
	enum check_result result; /* the worst of its rows */
	enum verdict verdict;
	struct str message; /* refusal, or why it could not be read, or why it was skipped */
	bool unjudged;      /* skipped although it is a workload */
	struct str_list warnings;
	struct check_row *rows;
	size_t n_rows;
};

struct check_summary {
	size_t checked;                          /* documents judged */
	size_t pass, fail, warn, error, skip;    /* rows */
	size_t denied, warned, allowed, skipped; /* documents */
};

struct check_run {
	struct arena *arena;
	const struct policy_set *set;
	struct str default_ns;
	int64_t now_unix_s;
	struct report_text_options text;
	struct check_document *documents;
	size_t n;
	size_t room;
	struct check_summary summary;
	bool strict; /* warn and audit findings count as violations */
	bool out_of_memory;
};

/* Read a file, folder or "-" and judge all that is in it. What cannot be read becomes a document with
 * result ERROR. */
void check_path(struct check_run *run, const char *path);

/* A fresh document at the end of the run; NULL when memory is out (run->out_of_memory is set). */
struct check_document *check_add(struct check_run *run, struct str file, size_t index,
				 uint32_t line);
/* Make it an error with a text. */
void check_fail(struct check_run *run, struct check_document *d, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Judge one object or AdmissionReview. The tree may go afterwards. */
void check_judge(struct check_run *run, struct check_document *d, struct arena *a,
		 const struct node *root);

/* Where the field of this path stands in its file, or the last step to it that is there: the place of
 * the key, or of an item of a list. Zeros when the tree has no positions. */
struct position check_place(const struct node *object, struct str path);

struct check_output {
	const char *name;
	void (*print)(const struct check_run *run, struct text *t);
};
void check_print_text(const struct check_run *run, struct text *t);
void check_print_json(const struct check_run *run, struct text *t);
void check_print_github(const struct check_run *run, struct text *t);
void check_print_junit(const struct check_run *run, struct text *t);
void check_print_sarif(const struct check_run *run, struct text *t);

#endif

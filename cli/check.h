/*
 * `assay check`: the engine over files.
 *
 * Input (check_input.c) makes documents, and judging (check_judge.c) makes results of them
 * (check_rows.c). A document whose rules ask who signed its images waits, with the trees of its file, until
 * all files are read: then everything is asked at once (check_ask.c), tags that should be pins are
 * resolved (check_pins.c), and one of the outputs prints.
 */
#ifndef ASSAY_CLI_CHECK_H
#define ASSAY_CLI_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/sources.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/node.h"
#include "core/yaml.h"
#include "policy/policy.h"
#include "policy/report.h"
#include "webhook/review.h"

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
	struct str code;         /* empty for passes, and for skips but those not judged */
	const char *mode;        /* "deny", "warn", "audit"; NULL for none */
	struct str message;
	struct str path, container, image;
	uint32_t line, column; /* 0 unknown */
	bool unavailable;      /* could not be found out: never "no", and never clean */
	bool unjudged;         /* result SKIP: nobody was asked, because of --offline */
	const struct check_pin
		*pin;    /* of a tag that should be a digest; NULL: none is looked for */
	struct str told; /* message and pin, once it is looked for; else empty */
};

/* A tag that stands where a digest should, and what it points to now. */
struct check_pin {
	struct registry_repository repository;
	struct str tag;
	struct str pin; /* "host/path@sha256:..."; empty: not resolved */
	struct str why; /* then; for people */
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
	size_t n_unjudged;  /* rows */
	struct str_list warnings;
	struct check_row *rows;
	size_t n_rows;
};

/* A document that waits for answers; in the arena of its file. */
struct check_pending {
	struct check_pending *next;
	size_t document;
	struct arena *arena;
	struct review review;
	struct engine engine;
};

struct check_summary {
	size_t checked;                                   /* documents judged */
	size_t pass, fail, warn, error, skip;             /* rows */
	size_t unavailable, unjudged;                     /* rows */
	size_t denied, unknown, warned, allowed, skipped; /* documents */
};

struct check_run {
	struct arena *arena;
	const struct policy_set *set;
	struct str default_ns;
	int64_t now_unix_s;
	struct report_text_options text;
	struct sources *sources; /* NULL: --offline */
	int64_t timeout_ms;
	struct check_document *documents;
	size_t n;
	size_t room;
	struct check_pending *pending, **pending_end; /* in order; end NULL: none yet */
	struct arena **held;                          /* of files with pending documents */
	size_t n_held;
	size_t room_held;
	struct check_pin **pins; /* distinct */
	size_t n_pins;
	size_t room_pins;
	struct check_summary summary;
	bool strict; /* warn and audit findings count as violations */
	bool out_of_memory;
};

/* Read a file, folder or "-" and judge all that is in it, as far as that needs no answers. What cannot
 * be read becomes a document with result ERROR. */
void check_path(struct check_run *run, const char *path);

/* After the last path: ask, judge what waited, resolve tags. Until the timeout at the latest. */
void check_finish(struct check_run *run);

/* A fresh document at the end of the run; NULL when memory is out (run->out_of_memory is set). Good until
 * the next one is added. */
struct check_document *check_add(struct check_run *run, struct str file, size_t index,
				 uint32_t line);
/* Make it an error with a text. */
void check_fail(struct check_run *run, struct check_document *d, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Judge one object or AdmissionReview. The tree may go afterwards, unless run->pending has grown. */
void check_judge(struct check_run *run, struct check_document *d, struct arena *a,
		 const struct node *root);
/* Judge the questions' answers, as many as the engine asked. */
void check_conclude(struct check_run *run, struct check_pending *p, const struct evidence *answers);

/* ---- results ---- */

/* A string that outlives the document's tree. */
struct str check_keep(struct check_run *run, struct str s);
void check_count(struct check_run *run, struct check_document *d, enum check_result r);
/* One row per violation, and one per rule that found none. With `unjudged`, what was not found out was not
 * asked for either. Room for one more row is left. */
void check_rows(struct check_run *run, struct check_document *d, struct arena *a,
		const struct report *r, const struct node *object, bool unjudged);

/* What the tag of this violation points to is to be looked up: NULL if there is nothing to look up, or
 * nobody may be asked. The same for the same tag. */
const struct check_pin *check_pin_of(struct check_run *run, const struct violation *v);
void check_pins_resolve(struct check_run *run, struct deadline deadline);
/* "registry.example/app:1 is registry.example/app@sha256:..." */
void check_put_pin(struct text *t, const struct check_pin *pin);

/* Where the field of this path stands in its file, or the last step to it that is there: the place of
 * the key, or of an item of a list. Zeros when the tree has no positions. */
struct position check_place(const struct node *object, struct str path);

/* ---- outputs ---- */

/* How serious a row is, in the words of a format. */
struct check_words {
	const char *error, *warning, *audit, *unjudged;
};
const char *check_level(const struct check_row *r,
			const struct check_words *w); /* NULL: no finding */
/* The message, and the pin on a second line. */
struct str check_told(const struct check_row *r);

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

/* Findings of whoever reads configuration: all of them at once, each "file:line:column: what: why". */
#ifndef ASSAY_CORE_PROBLEM_H
#define ASSAY_CORE_PROBLEM_H

#include "core/arena.h"
#include "core/node.h"
#include "core/text.h"

enum problem_severity { PROBLEM_ERROR = 0, PROBLEM_WARNING };

struct problem {
	enum problem_severity severity;
	struct str file;
	uint32_t line; /* 1-based, 0: the whole file */
	uint32_t column;
	struct str text; /* "what: why", lower case, no full stop */
};

/* In an arena of the caller's; sorted by file, line, column by problems_sort(). */
struct problems {
	struct arena *arena;
	struct problem *items;
	size_t n;
	size_t room;
	size_t errors; /* also those past LIMIT_PROBLEMS */
	size_t warnings;
};

void problems_init(struct problems *p, struct arena *a);
void problem_add(struct problems *p, enum problem_severity severity, struct str file, uint32_t line,
		 uint32_t column, const char *fmt, ...) PRINTF_LIKE(6, 7);
void problems_sort(struct problems *p);
/* "file:line:column: what: why" ("file: what: why" without a line). */
void problem_put(struct text *t, const struct problem *p);

#endif

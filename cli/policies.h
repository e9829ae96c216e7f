/* Loading policies for a command, with every problem printed. */
#ifndef ASSAY_CLI_POLICIES_H
#define ASSAY_CLI_POLICIES_H

#include <stdint.h>
#include <stdio.h>

#include "cli/options.h"
#include "policy/load.h"

/* Print all problems, one a line: "file:line:column: what: why", after "warning: " if it is only that. */
void policies_print(FILE *f, const struct problems *p);

/* Load; problems go to stderr. NULL when there was any error. `a` holds the problems. */
struct policy_set *policies_load(const struct option_list *paths, struct arena *a,
				 int64_t now_unix_s, int64_t max_exception_days);

#endif

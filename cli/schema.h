/* The JSON Schema (2020-12) of policy files, made from the tables of rules. */
#ifndef ASSAY_CLI_SCHEMA_H
#define ASSAY_CLI_SCHEMA_H

#include <stdbool.h>

#include "policy/rule.h"

/* Print it to standard output; false when there is no memory. */
bool schema_print(const struct rule_table *t);

#endif

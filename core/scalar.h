/*
 * What a plain YAML scalar means, and which plain scalars may be keys. For core/yaml.c.
 *
 * YAML 1.2 decides (core schema); where YAML 1.1, which kubectl reads, gives a number another value
 * or sees a number where 1.2 sees none, the scalar stays a string, so that whoever expects a number
 * refuses it.
 * source: YAML 1.2.2 section 10.3.2; YAML 1.1 type repository (bool, int, float)
 */
#ifndef ASSAY_CORE_SCALAR_H
#define ASSAY_CORE_SCALAR_H

#include <stdbool.h>

#include "core/node.h"

/* Give `n`, a string node with the text of a plain scalar followed by a NUL, its type and value, and
 * the text as its source. */
void scalar_resolve(struct node *n);

/* Is the plain scalar `s` (followed by a NUL) a key with the same text for every reader? Not null,
 * not a boolean of YAML 1.1 or 1.2, and a number only as a decimal integer in its shortest form. */
bool scalar_is_key(struct str s);

#endif

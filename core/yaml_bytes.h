/* The bytes of a YAML stream before the parser sees them: what it would refuse without a place, or
 * read in quadratic time. For core/yaml.c. */
#ifndef ASSAY_CORE_YAML_BYTES_H
#define ASSAY_CORE_YAML_BYTES_H

#include <stdbool.h>

#include "core/err.h"
#include "core/str.h"
#include "core/yaml.h" /* struct position */

/* UTF-8 of printable characters, no line breaks that only YAML 1.1 knows, few %TAG lines. Errors: INPUT, LIMIT, with the place in *where.
 * source: YAML 1.2.2 section 5.1 */
int yaml_check_bytes(struct str in, struct position *where, struct err *e) MUST_USE;

/* Is the character with this number, from 0, a tab? `in` is UTF-8. */
bool yaml_has_tab_at(struct str in, size_t index);

#endif

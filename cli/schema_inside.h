/* What cli/schema.c and schema_authority.c have in common. For these two alone. */
#ifndef ASSAY_CLI_SCHEMA_INSIDE_H
#define ASSAY_CLI_SCHEMA_INSIDE_H

#include "core/json.h"

/* "key": "value" */
void schema_field(struct json_writer *w, const char *key, const char *value);
/* "key": {"type": "type"} */
void schema_type(struct json_writer *w, const char *key, const char *type);
/* An object with some of the properties that follow; NULL key: where a value stands. */
void schema_open_object(struct json_writer *w, const char *key, const char *const *required);
void schema_close_object(struct json_writer *w);
/* A map of any names to strings, at least one. */
void schema_string_map(struct json_writer *w, const char *key);

void schema_put_authorities(struct json_writer *w);

#endif

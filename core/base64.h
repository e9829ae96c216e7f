/* Strict base64 (standard alphabet, padding required, no white space, unused bits zero).
 * source: RFC 4648 sections 3.5 and 4 */
#ifndef ASSAY_CORE_BASE64_H
#define ASSAY_CORE_BASE64_H

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"
#include "core/text.h"

/* Decode into `a`; *out borrows from it and may hold any bytes. Errors: INPUT with the reason, LIMIT. */
int base64_decode(struct arena *a, struct str in, struct str *out, struct err *e) MUST_USE;
void base64_put(struct text *t, struct str bytes);

#endif

/* What policy/signature_text.c and signature_mend.c have in common. For these two alone. */
#ifndef ASSAY_POLICY_SIGNATURE_INSIDE_H
#define ASSAY_POLICY_SIGNATURE_INSIDE_H

#include "policy/signature_text.h"

#define SIGNATURE_TEXT_ROOM 4096

/* The text, or something shorter where it did not fit. */
struct str signature_done_or(const struct text *t, struct str instead);
void signature_put_repository(struct text *t, struct str host, struct str path);
struct str signature_key_and_value(struct arena *a, const struct sig_annotation *annotation);
struct str signature_authority_name(const struct signature_asked *q, size_t i);
bool signature_has_signed(const struct evidence *e, size_t i);

#endif

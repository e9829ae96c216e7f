/*
 * Registries that just failed are left alone for a while, and whoever asks is told the same again.
 * Plain data without a lock: whoever owns it serialises.
 *
 * The time starts with BACKOFF_FIRST_MS and doubles with each failure. When it is over one lookup may try,
 * and the others wait for another such time unless that one succeeds. Who can name any repository must
 * not be able to keep others from a whole registry: what may be the fault of one repository counts for
 * it alone. Among that is every silence: one that answers for some repositories may be waiting for another
 * registry for the rest.
 */
#ifndef ASSAY_EVIDENCE_BACKOFF_H
#define ASSAY_EVIDENCE_BACKOFF_H

#include <stdbool.h>

#include "oci/source.h"

struct backoff;

struct backoff *backoff_new(void);    /* NULL: no memory */
void backoff_free(struct backoff *b); /* NULL is fine */

/* What became of the last failure, as it was told. */
struct backoff_failure {
	enum registry_outcome outcome;
	struct str text; /* borrowed until the next backoff_failed() */
};

/* May the repository be asked now? If so, and it failed before, the caller is the one that tries. */
bool backoff_allows(struct backoff *b, const struct registry_repository *r, int64_t now_mono_ms,
		    struct backoff_failure *out);
/* Does it fail by now? The same without becoming the one that tries. */
bool backoff_holds(const struct backoff *b, const struct registry_repository *r,
		   int64_t now_mono_ms, struct backoff_failure *out);

/* A lookup failed to find out, or the registry answered. `reply`: what came last. */
void backoff_failed(struct backoff *b, const struct registry_repository *r,
		    const struct registry_reply *reply, int64_t now_mono_ms);
void backoff_answered(struct backoff *b, const struct registry_repository *r);

#endif

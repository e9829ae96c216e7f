/*
 * A lookup while it runs: what evidence/lookup.c, which knows who waits for it, and lookup_work.c, which
 * asks the registry, have in common. For these two alone.
 */
#ifndef ASSAY_EVIDENCE_LOOKUP_H
#define ASSAY_EVIDENCE_LOOKUP_H

#include "evidence/pool_inside.h"

/* Judging begins: the interests stay as they are from here on, and may be read without the mutex. */
void lookup_close_locked(struct lookup *l);

/* Settle the interest when enough have signed. */
void interest_check_locked(struct interest *i, struct evidence_ask **finished);

/* One of l->parts is done; the last one ends the lookup, which is then gone. Without the mutex. */
void lookup_part_done(struct lookup *l);

#endif

/* What evidence/tally.c and tally_weigh.c have in common. For these two alone. */
#ifndef ASSAY_EVIDENCE_TALLY_INSIDE_H
#define ASSAY_EVIDENCE_TALLY_INSIDE_H

#include "evidence/tally.h"

/* What was said, in the tally's memory. */
struct evidence_signer tally_signer(struct tally *t, const struct tally_said *r);

/* Weigh what authority i said of candidate `number`. */
void tally_weigh(struct tally *t, size_t i, size_t number, const struct tally_said *r);
/* Everything was said: what decides becomes t->signers[i]. */
void tally_settle(struct tally *t, size_t i);

#endif

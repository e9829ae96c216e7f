/*
 * Large attestations, and the memory that they may take together: so many bytes that are fetched or wait to be
 * read, and one that is read, however many threads there are. spec: sigstore section 2.3
 */
#ifndef ASSAY_EVIDENCE_LARGE_H
#define ASSAY_EVIDENCE_LARGE_H

#include "core/clock.h"
#include "core/gate.h"

struct large {
	pthread_mutex_t mutex;
	pthread_cond_t freed;
	const struct clock *clock;
	size_t left;         /* bytes */
	struct gate reading; /* of any size */
};

void large_init(struct large *l, const struct clock *clock);
void large_done(struct large *l); /* nobody may be in it */

/* Wait for room for so many bytes, at most LIMIT_LARGE_ATTESTATION_BYTES; give them back with large_leave(). False:
 * the deadline passed. Any thread. NULL is no limit. */
bool large_enter(struct large *l, size_t bytes, struct deadline d);
void large_leave(struct large *l, size_t bytes);

#endif

/*
 * A gate for what needs much memory for a short time: only so many at once, however many threads want to.
 * spec: design section 7
 */
#ifndef ASSAY_CORE_GATE_H
#define ASSAY_CORE_GATE_H

#include <pthread.h>
#include <stddef.h>

struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t left;
	size_t small;  /* bytes; what is not larger passes at any time */
	unsigned room; /* places that are free */
};

void gate_init(struct gate *g, unsigned places, size_t small);
void gate_done(struct gate *g); /* nobody may be in it */

/* Wait for a place for a piece of work over `bytes`; leave it with the same number. Any thread; one that is in
 * must not enter again. NULL is no gate. */
void gate_enter(struct gate *g, size_t bytes);
void gate_leave(struct gate *g, size_t bytes);

#endif

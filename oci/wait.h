/* Waiting that ends with a deadline: for the files of this folder that hold shared state. */
#ifndef ASSAY_OCI_WAIT_H
#define ASSAY_OCI_WAIT_H

#include <pthread.h>
#include <stdbool.h>

#include "core/clock.h"

/* A mutex and a condition on the monotonic clock; false: neither was made. */
bool wait_init(pthread_mutex_t *lock, pthread_cond_t *cond);
/* Wait for a signal, at most until `d`. False: it has passed; the state may have changed all the same. */
bool wait_for(pthread_cond_t *cond, pthread_mutex_t *lock, const struct clock *clock,
	      struct deadline d);
/* Sleep `ms`, which the caller has checked against its deadline. */
void wait_ms(int64_t ms);

#endif

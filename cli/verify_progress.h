/* One line on a terminal that has waited for more than a second. spec: operations section 1 */
#ifndef ASSAY_CLI_VERIFY_PROGRESS_H
#define ASSAY_CLI_VERIFY_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

#include "core/str.h"

/* The caller's storage; must not move between start and stop. */
struct verify_progress {
	const char *command;
	struct str host; /* that is waited for; normalised, so fit to be shown */
	bool running;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t over;
	bool is_over;
};

/* Nothing happens when stderr is no terminal, or when there is no thread to be had. */
void verify_progress_start(struct verify_progress *p, const char *command, struct str host);
void verify_progress_stop(struct verify_progress *p);

#endif

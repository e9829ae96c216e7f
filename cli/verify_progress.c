#include "cli/verify_progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void *wait_and_tell(void *self)
{
	struct verify_progress *p = self;
	struct timespec at;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec++;
	pthread_mutex_lock(&p->mutex);
	while (!p->is_over && rc == 0)
		rc = pthread_cond_timedwait(&p->over, &p->mutex, &at);
	bool tell = !p->is_over;
	pthread_mutex_unlock(&p->mutex);
	if (tell)
		fprintf(stderr, "assay %s: waiting for %.*s\n", p->command, STR_ARG(p->host));
	return NULL;
}

void verify_progress_start(struct verify_progress *p, const char *command, struct str host)
{
	pthread_condattr_t monotonic;

	*p = (struct verify_progress){.command = command, .host = host};
	if (!isatty(STDERR_FILENO))
		return;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&p->mutex, NULL);
	pthread_cond_init(&p->over, &monotonic);
	pthread_condattr_destroy(&monotonic);
	p->running = pthread_create(&p->thread, NULL, wait_and_tell, p) == 0;
}

void verify_progress_stop(struct verify_progress *p)
{
	if (!p->running)
		return;
	pthread_mutex_lock(&p->mutex);
	p->is_over = true;
	pthread_cond_signal(&p->over);
	pthread_mutex_unlock(&p->mutex);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->over);
	pthread_mutex_destroy(&p->mutex);
	p->running = false;
}

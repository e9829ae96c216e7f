/* The wait for evidence: the connection is suspended, and no thread waits with it. */
#include <microhttpd.h>

#include "webhook/request.h"

/* Called once, by a thread of the pool. From the moment of resuming on the judgement may be gone. */
static void resume(void *judgement)
{
	struct judgement *j = judgement;
	struct server *s = j->server;
	MHD_resume_connection(j->mhd);
	atomic_fetch_sub(&s->waiting, 1);
}

/* May one more wait? Counts itself before it looks: whoever sets `ending` waits for all that are counted. */
static bool enter(struct server *s)
{
	atomic_fetch_add(&s->waiting, 1);
	if (!atomic_load(&s->ending))
		return true;
	atomic_fetch_sub(&s->waiting, 1);
	return false;
}

static void forget(struct judgement *j)
{
	evidence_ask_drop(j->ask);
	j->ask = NULL;
	j->answers = NULL;
}

bool gather_start(struct judgement *j)
{
	struct server *s = j->server;
	const struct engine *en = &j->engine;
	j->answers = arena_calloc(j->workspace->arena, en->n_questions, sizeof(*j->answers));
	if (!j->answers)
		return false;
	j->backend = backend_acquire(s->backends);
	j->source = JUDGEMENT_CACHE;
	if (evidence_ask(backend_pool(j->backend), en->questions, en->n_questions,
			 j->workspace->arena, j->answers, &j->ask) == EVIDENCE_READY)
		return false;
	j->source = JUDGEMENT_REGISTRY;
	if (!enter(s)) {
		forget(j);
		return false;
	}
	connection_gathering(j->connection, j->deadline.at_mono_ms);
	j->asked_us = clock_mono_us();
	j->waiting = true;
	MHD_suspend_connection(j->mhd);
	evidence_ask_start(j->ask, j->deadline, resume, j);
	return true;
}

void gather_finish(struct judgement *j)
{
	evidence_ask_finish(j->ask, j->answers);
	j->ask = NULL;
	j->waiting = false;
	j->waited_us = clock_mono_us() - j->asked_us;
}

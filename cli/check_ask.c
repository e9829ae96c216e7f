/* What the documents of a run ask, all at once. */
#include <stdio.h>

#include "cli/check.h"
#include "cli/limits.h"
#include "cli/verify_progress.h"
#include "evidence/limits.h"
#include "evidence/pool.h"

/* ---- a source that knows when the run is over ----
 *
 * A lookup has a deadline of its own, which begins when its turn comes; the end of the run is another, and
 * no request may outlive it, because the process waits for all of them. */

struct bounded {
	const struct registry_source *inner;
	struct deadline deadline;
};

static struct registry_call earlier(const struct bounded *b, const struct registry_call *call)
{
	struct registry_call c = *call;

	if (b->deadline.at_mono_ms < c.deadline.at_mono_ms)
		c.deadline = b->deadline;
	return c;
}

static void bounded_manifest(void *self, const struct registry_call *call,
			     const struct registry_repository *repository, struct str name,
			     struct registry_reply *out)
{
	const struct bounded *b = self;
	const struct registry_call c = earlier(b, call);

	b->inner->manifest(b->inner->self, &c, repository, name, out);
}

static void bounded_blob(void *self, const struct registry_call *call,
			 const struct registry_repository *repository, const struct sha256 *digest,
			 uint64_t size, struct registry_reply *out)
{
	const struct bounded *b = self;
	const struct registry_call c = earlier(b, call);

	b->inner->blob(b->inner->self, &c, repository, digest, size, out);
}

static void bounded_referrers(void *self, const struct registry_call *call,
			      const struct registry_repository *repository,
			      const struct sha256 *subject, const struct registry_filter *filter,
			      struct registry_referrers *out)
{
	const struct bounded *b = self;
	const struct registry_call c = earlier(b, call);

	b->inner->referrers(b->inner->self, &c, repository, subject, filter, out);
}

static struct registry_source bounded_source(struct bounded *b)
{
	return (struct registry_source){
		.manifest = bounded_manifest,
		.blob = bounded_blob,
		.referrers = bounded_referrers,
		.self = b,
	};
}

/* ---- questions ---- */

struct asking {
	struct arena *arena;
	struct evidence_question *questions;
	struct evidence *answers;
	size_t n;
};

/* The questions of all pending documents, in order. False: no memory. */
static bool collect(const struct check_run *run, struct asking *q)
{
	size_t at = 0;

	for (const struct check_pending *p = run->pending; p; p = p->next)
		q->n += p->engine.n_questions;
	q->questions = arena_calloc(q->arena, q->n, sizeof(*q->questions));
	q->answers = arena_calloc(q->arena, q->n, sizeof(*q->answers));
	if (!q->questions || !q->answers)
		return false;
	for (const struct check_pending *p = run->pending; p; p = p->next) {
		for (size_t i = 0; i < p->engine.n_questions; i++)
			q->questions[at++] = p->engine.questions[i];
	}
	return true;
}

/* Signatures are judged as at the time of the run; deadlines pass all the same. */
static int64_t run_unix_ms(void *self)
{
	const struct check_run *run = self;

	return run->now_unix_s * 1000;
}

static int64_t system_mono_ms(void *self)
{
	(void)self;
	return clock_system.mono_ms(clock_system.self);
}

static bool gather(struct check_run *run, struct asking *q, struct deadline deadline)
{
	struct bounded bounded = {&run->sources->source, deadline};
	const struct clock clock = {run_unix_ms, system_mono_ms, run};
	const struct evidence_options o = {
		.source = bounded_source(&bounded),
		.clock = &clock,
		.lookup_ms = run->timeout_ms,
		.lookups = q->n > DEFAULT_LOOKUPS ? q->n : DEFAULT_LOOKUPS,
		.knows_host = sources_knows_host,
		.knows_self = run->sources,
	};
	struct err e = {0};
	struct evidence_pool *pool = evidence_pool_new(&o, &e);

	if (!pool) {
		fprintf(stderr, "assay check: %s\n", e.text);
		return false;
	}
	evidence_gather(pool, q->questions, q->n, deadline, q->arena, q->answers);
	evidence_pool_free(pool);
	return true;
}

/* Who waited for nothing should hear what to change. */
static void tell_late(const struct check_run *run, const struct asking *q)
{
	size_t late = 0;

	for (size_t i = 0; i < q->n; i++)
		late += q->answers[i].reason == VERIFY_DEADLINE;
	if (late)
		fprintf(stderr,
			"assay check: option --timeout: %zu of %zu questions about signatures were "
			"not answered within %.1f s\n",
			late, q->n, (double)run->timeout_ms / 1000);
}

static void ask(struct check_run *run, struct deadline deadline)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(LIMIT_CHECK_ANSWERS_BYTES);
	struct asking q = {.arena = a};
	size_t at = 0;

	if (!a || !collect(run, &q)) {
		run->out_of_memory = true;
		return;
	}
	bool asked = gather(run, &q, deadline);
	for (struct check_pending *p = run->pending; p; p = p->next) {
		check_conclude(run, p, asked ? q.answers + at : NULL);
		at += p->engine.n_questions;
	}
	if (asked && deadline_left_ms(deadline, &clock_system) == 0)
		tell_late(run, &q);
}

void check_finish(struct check_run *run)
{
	struct verify_progress progress;

	if (run->sources && !run->out_of_memory) {
		struct deadline deadline = deadline_in(&clock_system, run->timeout_ms);
		verify_progress_start(&progress, "check", S("the registries of the images"));
		if (run->pending)
			ask(run, deadline);
		if (!run->out_of_memory)
			check_pins_resolve(run, deadline);
		verify_progress_stop(&progress);
	}
	for (size_t i = 0; i < run->n_held; i++)
		arena_free(run->held[i]);
	run->n_held = 0;
	run->pending = NULL;
}

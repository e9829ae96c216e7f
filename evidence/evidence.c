#include "evidence/evidence.h"

#include <stdlib.h>

struct asked {
	const struct evidence_question *q;
	size_t index;
};

/* What makes two questions one: topic, repository, digest. */
static int compare_questions(const struct evidence_question *a, const struct evidence_question *b)
{
	int c = str_cmp(a->topic, b->topic);
	if (c == 0)
		c = str_cmp(a->image->digest, b->image->digest);
	if (c == 0)
		c = str_cmp(a->image->host, b->image->host);
	return c ? c : str_cmp(a->image->path, b->image->path);
}

/* Equal ones in the order they were asked, so that the fetch is of the first. */
static int compare_asked(const void *va, const void *vb)
{
	const struct asked *a = va;
	const struct asked *b = vb;
	int c = compare_questions(a->q, b->q);
	return c ? c : (a->index > b->index) - (a->index < b->index);
}

static struct evidence unavailable(struct str why)
{
	return (struct evidence){.state = EVIDENCE_UNAVAILABLE, .why = why};
}

static struct evidence unavailable_error(struct arena *a, const struct err *e)
{
	struct str why = str_of(e->text);
	why.p = arena_dup(a, why.p, why.n);
	return why.p ? unavailable(why) : unavailable(S("out of memory for this review"));
}

struct gather {
	const struct evidence_source *source;
	const struct clock *clock;
	struct deadline deadline;
	struct arena *arena;
};

static struct evidence fetch(const struct gather *g, const struct evidence_question *q)
{
	if (!g->source)
		return unavailable(S("no source of evidence is configured"));
	if (deadline_left_ms(g->deadline, g->clock) <= 0)
		return unavailable(S("the deadline passed before it was asked"));

	struct evidence got = {0};
	struct err e = {0};
	if (g->source->fetch(g->source->self, q, g->deadline, g->arena, &got, &e) < 0)
		return unavailable_error(g->arena, &e);
	/* A late answer is no answer: the review may have been decided without it. */
	if (deadline_left_ms(g->deadline, g->clock) <= 0)
		return unavailable(S("the deadline passed before the answer came"));
	if (got.state != EVIDENCE_KNOWN)
		return unavailable(got.why.n ? got.why : S("the source gave no reason"));
	return got;
}

static int exhausted(struct evidence *out, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		out[i] = unavailable(S("out of memory for this review"));
	return err_set(e, ERR_LIMIT, "evidence: the memory limit of the review is reached");
}

int evidence_gather(const struct evidence_source *source, const struct clock *clock,
		    struct deadline d, const struct evidence_question *q, size_t n, struct arena *a,
		    struct evidence *out, struct err *e)
{
	struct gather g = {source, clock, d, a};
	struct asked *order = arena_calloc(a, n, sizeof(*order));
	if (!order)
		return exhausted(out, n, e);
	for (size_t i = 0; i < n; i++)
		order[i] = (struct asked){&q[i], i};
	if (n)
		qsort(order, n, sizeof(*order), compare_asked);

	for (size_t i = 0; i < n; i++) {
		bool again = i && compare_questions(order[i - 1].q, order[i].q) == 0;
		out[order[i].index] = again ? out[order[i - 1].index] : fetch(&g, order[i].q);
	}
	if (arena_exhausted(a))
		return exhausted(out, n, e);
	return 0;
}

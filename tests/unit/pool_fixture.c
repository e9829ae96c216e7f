#include "tests/unit/pool_fixture.h"

#include <sched.h>

struct fake_registry *f;
/* A clock that stands still until it is moved, while other threads look at it. */
static _Atomic int64_t now_ms;
struct clock frozen;
struct evidence_pool *pool;
struct fake_key keys[5];
struct evidence_want want;
struct arena *arena;

static int64_t mono(void *self)
{
	(void)self;
	return now_ms;
}

static int64_t wall(void *self)
{
	(void)self;
	return 1795305600000 + now_ms;
}

struct bell {
	pthread_mutex_t mutex;
	pthread_cond_t rung;
	size_t times;
};

static struct bell bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

void start_pool(const struct evidence_options *like)
{
	struct evidence_options o = *like;
	struct err e;

	o.source = fake_source(f);
	o.clock = &frozen;
	pool = evidence_pool_new(&o, &e);
	ck_assert_msg(pool != NULL, "%s", e.text);
}

void pool_setup(void)
{
	now_ms = 1000;
	frozen = (struct clock){wall, mono, NULL};
	f = fake_new();
	arena = arena_new((size_t)16 << 20);
	for (size_t i = 0; i < 5; i++)
		fake_key_init(f, &keys[i]);
	fake_want(f, &want, keys, 1, 1);
	pool = NULL;
	bell.times = 0;
}

void pool_teardown(void)
{
	evidence_pool_free(pool);
	for (size_t i = 0; i < 5; i++)
		fake_key_done(&keys[i]);
	arena_free(arena);
	fake_free(f);
}

void pass_ms(int64_t ms)
{
	now_ms += ms;
	evidence_pool_look(pool);
}

void sign(const char *path, const char *image, size_t key)
{
	const struct fake_signature s = {.key = &keys[key]};

	fake_put_signatures(f, path, image, &s, 1);
}

struct evidence_question question(const struct reference *r, const struct evidence_want *w)
{
	return (struct evidence_question){.image = r, .want = w, .listed = true};
}

struct deadline soon(void)
{
	return deadline_in(&frozen, 9500);
}

struct evidence gather_one(const struct reference *r, const struct evidence_want *w)
{
	const struct evidence_question q = question(r, w);
	struct evidence e;

	evidence_gather(pool, &q, 1, soon(), arena, &e);
	return e;
}

struct evidence_counts counts(void)
{
	struct evidence_counts c;

	evidence_pool_count(pool, &c);
	return c;
}

void expect(const struct evidence *e, enum verify_state state, const char *why)
{
	ck_assert_msg(e->state == state, "state %s: %.*s", verify_state_name(e->state),
		      STR_ARG(e->why));
	ck_assert_msg(str_eq(e->why, str_of(why)), "why: %.*s", STR_ARG(e->why));
}

/* ---- asks whose done() we count ---- */

static void ring(void *closure)
{
	struct bell *b = closure;

	pthread_mutex_lock(&b->mutex);
	b->times++;
	pthread_cond_broadcast(&b->rung);
	pthread_mutex_unlock(&b->mutex);
}

void wait_for_rings(size_t n)
{
	pthread_mutex_lock(&bell.mutex);
	while (bell.times < n)
		pthread_cond_wait(&bell.rung, &bell.mutex);
	pthread_mutex_unlock(&bell.mutex);
}

size_t rings(void)
{
	pthread_mutex_lock(&bell.mutex);
	size_t n = bell.times;
	pthread_mutex_unlock(&bell.mutex);
	return n;
}

void ring_when_done(struct evidence_ask *ask, struct deadline d)
{
	evidence_ask_start(ask, d, ring, &bell);
}

struct evidence_ask *start(const struct evidence_question *q, size_t n, struct arena *a,
			   struct evidence *answers)
{
	struct evidence_ask *ask;

	ck_assert_int_eq(evidence_ask(pool, q, n, a, answers, &ask), EVIDENCE_PENDING);
	ring_when_done(ask, soon());
	return ask;
}

/* No lookup runs any more. */
void wait_for_rest(void)
{
	while (counts().lookups > 0)
		sched_yield();
}

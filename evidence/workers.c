#include "evidence/workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "evidence/limits.h"

/* Of queues. Registries that meet in one do not take turns; their threads are their own all the same. */
#define LANES 64

/* Threads that one repository may hold where there are enough: both lists of four images at once. */
#define USUAL_SHARE 8

struct line {
	struct work *first;
	struct work **end;
};

struct lane {
	struct line urgent, usual;
};

struct workers {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct lane lanes[LANES];
	unsigned turn;  /* the lane that is looked at first */
	size_t waiting; /* pieces of work */
	/* Threads that run something, which may add more; registries and repositories that they run it for. */
	unsigned busy, registries, repositories;
	bool stopping;
	unsigned n;       /* threads that were started */
	unsigned n_asked; /* threads in the end */
	struct worker {
		struct workers *all;
		struct discovery_memory m;
		pthread_t thread;
		bool busy;
		struct work_place place;
	} threads[];
};

static void lock(struct workers *w)
{
	if (pthread_mutex_lock(&w->mutex) != 0)
		BUG("evidence workers: mutex cannot be locked");
}

static void unlock(struct workers *w)
{
	if (pthread_mutex_unlock(&w->mutex) != 0)
		BUG("evidence workers: mutex cannot be unlocked");
}

/* ---- who may have a thread ---- */

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

unsigned workers_registries(unsigned n)
{
	return larger(3 * n / 8, smaller(n, 2));
}

unsigned workers_repositories(unsigned n)
{
	return n / 5;
}

unsigned workers_share(unsigned n)
{
	return smaller((n + 1) / 2, larger(USUAL_SHARE, n / 4));
}

/* FNV-1a. */
static uint64_t hash(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

struct work_place work_place(const struct registry_repository *r)
{
	uint64_t host = hash(14695981039346656037u, r->host);

	return (struct work_place){host, hash(hash(host, S("/")), r->path)};
}

struct held {
	unsigned registry, repository; /* threads */
};

static struct held held_by(const struct workers *w, const struct work_place *p)
{
	struct held h = {0, 0};

	for (unsigned i = 0; i < w->n_asked; i++) {
		const struct worker *x = &w->threads[i];
		h.registry += x->busy && x->place.registry == p->registry;
		h.repository += x->busy && x->place.repository == p->repository;
	}
	return h;
}

static unsigned missing(unsigned of, unsigned there)
{
	return of > there ? of - there : 0;
}

static bool may_run(const struct workers *w, const struct work_place *p)
{
	struct held h = held_by(w, p);
	unsigned n = w->n_asked;

	if (w->busy == n || h.registry == 0)
		return w->busy < n;
	unsigned left = n - w->busy - 1;
	unsigned reserved = missing(workers_registries(n), w->registries);
	if (h.repository > 0) {
		reserved += missing(workers_repositories(n), w->repositories - w->registries);
		if (h.repository >= workers_share(n))
			return false;
	}
	return left >= reserved;
}

bool workers_are_short(struct workers *w, const struct work_place *p)
{
	unsigned most = w->n_asked - workers_registries(w->n_asked) + 1;

	lock(w);
	unsigned held = held_by(w, p).registry;
	unlock(w);
	return held > (most + 1) / 2;
}

/* ---- what is next ---- */

static struct work *take_from(struct workers *w, struct line *l)
{
	const struct work *refused = NULL;

	for (struct work **at = &l->first; *at; at = &(*at)->next) {
		struct work *work = *at;
		if (refused && refused->place.repository == work->place.repository)
			continue;
		refused = work;
		if (!may_run(w, &work->place))
			continue;
		*at = work->next;
		if (!*at)
			l->end = at;
		w->waiting--;
		return work;
	}
	return NULL;
}

static struct work *take(struct workers *w)
{
	for (unsigned i = 0; w->waiting && w->busy < w->n_asked && i < LANES; i++) {
		unsigned at = (w->turn + i) % LANES;
		struct work *work = take_from(w, &w->lanes[at].urgent);
		if (!work)
			work = take_from(w, &w->lanes[at].usual);
		if (work) {
			w->turn = at + 1;
			return work;
		}
	}
	return NULL;
}

static void begin(struct worker *me, const struct work_place *p)
{
	struct workers *w = me->all;
	struct held before = held_by(w, p);

	w->busy++;
	w->registries += before.registry == 0;
	w->repositories += before.repository == 0;
	me->busy = true;
	me->place = *p;
}

static void end(struct worker *me)
{
	struct workers *w = me->all;

	me->busy = false;
	struct held after = held_by(w, &me->place);
	w->busy--;
	w->registries -= after.registry == 0;
	w->repositories -= after.repository == 0;
}

/* The next piece, waiting for it; NULL when there will be none. */
static struct work *next(struct worker *me)
{
	struct workers *w = me->all;
	struct work *work;

	lock(w);
	if (me->busy)
		end(me);
	while (!(work = take(w)) && !(w->stopping && w->busy == 0))
		pthread_cond_wait(&w->wake, &w->mutex);
	if (!work) {
		pthread_cond_broadcast(&w->wake);
	} else {
		begin(me, &work->place);
		/* What came to an end may have held up more than the piece that was taken. */
		if (w->waiting)
			pthread_cond_signal(&w->wake);
	}
	unlock(w);
	return work;
}

static void *loop(void *self)
{
	struct worker *me = self;

	for (struct work *w = next(me); w; w = next(me)) {
		w->run(w, &me->m);
		arena_reset(me->m.page);
		arena_reset(me->m.scratch);
		arena_reset(me->m.verify);
	}
	return NULL;
}

/* ---- life ---- */

static void free_memory(struct worker *me)
{
	arena_free(me->m.page);
	arena_free(me->m.scratch);
	arena_free(me->m.verify);
}

static int start_one(struct workers *w, struct worker *me, struct err *e)
{
	me->all = w;
	me->m = (struct discovery_memory){arena_new(LIMIT_PAGE_ARENA_BYTES),
					  arena_new(LIMIT_SCRATCH_ARENA_BYTES),
					  arena_new(LIMIT_JUDGING_ARENA_BYTES)};
	bool room = me->m.page && me->m.scratch && me->m.verify;
	int error = room ? pthread_create(&me->thread, NULL, loop, me) : ENOMEM;
	if (error == 0)
		return 0;
	free_memory(me);
	return err_set(e, room ? ERR_INTERNAL : ERR_MEMORY,
		       "evidence workers: a thread cannot be started: error %d", error);
}

struct workers *workers_start(unsigned n, struct err *e)
{
	struct workers *w = calloc(1, sizeof(*w) + n * sizeof(w->threads[0]));

	if (!w) {
		err_set(e, ERR_MEMORY, "evidence workers: out of memory");
		return NULL;
	}
	for (unsigned i = 0; i < LANES; i++) {
		w->lanes[i].urgent.end = &w->lanes[i].urgent.first;
		w->lanes[i].usual.end = &w->lanes[i].usual.first;
	}
	w->n_asked = n;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->wake, NULL);
	for (; w->n < n; w->n++) {
		if (start_one(w, &w->threads[w->n], e) < 0) {
			workers_stop(w);
			return NULL;
		}
	}
	return w;
}

void workers_add(struct workers *w, struct work *work, bool urgent)
{
	struct lane *lane = &w->lanes[work->place.registry % LANES];
	struct line *l = urgent ? &lane->urgent : &lane->usual;

	work->next = NULL;
	lock(w);
	*l->end = work;
	l->end = &work->next;
	w->waiting++;
	pthread_cond_signal(&w->wake);
	unlock(w);
}

void workers_stop(struct workers *w)
{
	if (!w)
		return;
	lock(w);
	w->stopping = true;
	pthread_cond_broadcast(&w->wake);
	unlock(w);
	for (unsigned i = 0; i < w->n; i++)
		pthread_join(w->threads[i].thread, NULL);
	for (unsigned i = 0; i < w->n; i++)
		free_memory(&w->threads[i]);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

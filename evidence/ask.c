/* Asks: from the cache, else by lookups, until the deadline. */
#include <stdlib.h>

#include "core/text.h"
#include "evidence/pool_inside.h"

#define KEY_ROOM 4096
#define WHY_BYTES 512

/* ---- keys ---- */

struct registry_repository slot_place(const struct slot *s)
{
	const struct evidence_question *q = s->question;

	if (q->want->repository.host.n)
		return q->want->repository;
	return (struct registry_repository){q->image->host, q->image->path};
}

static void put_sized(struct text *t, struct str s)
{
	text_put_u64(t, s.n);
	text_putc(t, ':');
	text_put(t, s);
}

/* Everything that a verdict depends on, beside the want itself. False: no memory, or no digest. */
static bool find_key(const struct evidence_pool *p, struct arena *a, struct slot *s)
{
	const struct evidence_question *q = s->question;
	struct registry_repository place = slot_place(s);
	struct text t;
	struct str bytes;

	if (!sha256_parse(q->image->digest, &s->digest))
		return false;
	text_init(&t, a, KEY_ROOM);
	text_put(&t, (struct str){(const char *)p->salt, sizeof(p->salt)});
	text_put(&t, (struct str){(const char *)p->o.trust.bytes, SHA256_BYTES});
	text_put(&t, (struct str){(const char *)s->digest.bytes, SHA256_BYTES});
	put_sized(&t, q->image->host);
	put_sized(&t, q->image->path);
	put_sized(&t, place.host);
	put_sized(&t, place.path);
	text_putc(&t, q->want->thorough ? '1' : '0');
	if (q->want->demand.want == SIG_WANT_ATTESTATION)
		put_sized(&t, q->want->demand.predicate_type);
	s->key.want = q->want->sha256;
	return text_done(&t, &bytes) && sha256_of(bytes, &s->key.place, NULL) == 0;
}

/* ---- slots ---- */

struct evidence_shared *share_unavailable(enum verify_reason reason, struct str why)
{
	struct evidence e = evidence_unavailable(reason, why);

	return evidence_share(&e);
}

/* Not asked, because it may not be: no "could not find out", which a policy might allow. */
static struct evidence_shared *share_refusal(struct str host)
{
	char buf[WHY_BYTES];
	struct text t;
	struct str s;
	struct evidence e = {.refused = true};

	text_init_fixed(&t, buf, sizeof(buf));
	text_put_escaped(&t, host, 256);
	text_puts(&t, " was not asked: it is named neither by an image pattern of the policy nor "
		      "in the registries file");
	e.why = text_done(&t, &s) ? s : S("the registry was not asked: it is not a known one");
	return evidence_share(&e);
}

static bool may_ask(const struct evidence_pool *p, const struct evidence_question *q)
{
	return q->listed || q->want->repository.host.n ||
	       (p->o.knows_host && p->o.knows_host(p->o.knows_self, q->image->host));
}

static void slot_leave(struct slot *s)
{
	if (!s->interest)
		return;
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	s->interest = NULL;
	s->ask->pending--;
}

static void finish_locked(struct evidence_ask *ask, struct evidence_ask **finished)
{
	*ask->at = ask->next;
	if (ask->next)
		ask->next->at = ask->at;
	ask->pool->n_asks--;
	ask->next = *finished;
	*finished = ask;
}

void slot_answer_locked(struct slot *s, struct evidence_shared *verdict,
			struct evidence_ask **finished)
{
	struct evidence_ask *ask = s->ask;
	bool waited = s->interest != NULL;

	s->verdict = verdict ? evidence_ref(verdict) : NULL;
	slot_leave(s);
	if (waited && ask->pending == 0)
		finish_locked(ask, finished);
}

/* ---- the end of an ask that was not answered ---- */

static struct evidence_shared *say_end(const struct slot *s, enum ask_end why)
{
	const struct lookup *l = s->interest->lookup;
	const struct evidence_pool *p = l->pool;
	double took_s = (double)(pool_mono_ms(p) - s->ask->started_mono_ms) / 1000;
	char buf[WHY_BYTES];
	struct text t;
	struct str text;

	text_init_fixed(&t, buf, sizeof(buf));
	text_put_escaped(&t, l->what.repository.host, 256);
	if (why == ASK_STOPPED)
		text_puts(&t, " did not answer before this server was stopped");
	else if (l->running)
		text_printf(&t, " did not answer within %.1f s", took_s);
	else
		text_printf(&t,
			    " was not asked within %.1f s: %zu images are being looked up at once",
			    took_s, p->n_lookups);
	if (!text_done(&t, &text))
		text = S("the registry did not answer in time");
	return share_unavailable(VERIFY_DEADLINE, text);
}

void ask_end_locked(struct evidence_ask *ask, enum ask_end why, struct evidence_ask **finished)
{
	for (size_t i = 0; i < ask->n; i++) {
		struct slot *s = &ask->slots[i];
		if (!s->interest)
			continue;
		s->verdict = say_end(s, why);
		slot_leave(s);
	}
	finish_locked(ask, finished);
}

void asks_done(struct evidence_ask *finished)
{
	while (finished) {
		/* Once told, its owner may free it. */
		struct evidence_ask *ask = finished;
		finished = ask->next;
		ask->done(ask->closure);
	}
}

/* ---- asking ---- */

static void count_cached(struct evidence_pool *p, const struct evidence_shared *verdict)
{
	if (evidence_of(verdict)->state == VERIFY_STATE_VERIFIED)
		p->hits++;
	else
		p->negatives++;
}

static bool from_cache_locked(struct evidence_pool *p, struct slot *s)
{
	s->verdict = cache_get(p->cache, &s->key, pool_mono_ms(p));
	s->cached = s->verdict != NULL;
	if (s->verdict)
		count_cached(p, s->verdict);
	return s->cached;
}

/* What can be said without asking. True: all of it. */
static bool answer_at_once(struct evidence_pool *p, struct evidence_ask *ask)
{
	bool all = true;

	pool_lock(p);
	for (size_t i = 0; i < ask->n; i++) {
		struct slot *s = &ask->slots[i];
		if (!s->verdict && !from_cache_locked(p, s))
			all = false;
	}
	pool_unlock(p);
	return all;
}

static struct evidence_ask *ask_new(struct evidence_pool *p, const struct evidence_question *q,
				    size_t n, struct arena *a)
{
	struct evidence_ask *ask = calloc(1, sizeof(*ask) + n * sizeof(ask->slots[0]));

	if (!ask)
		return NULL;
	*ask = (struct evidence_ask){.pool = p, .arena = a, .n = n};
	ask->started_us = clock_mono_us();
	for (size_t i = 0; i < n; i++) {
		struct slot *s = &ask->slots[i];
		*s = (struct slot){.question = &q[i], .ask = ask};
		if (!may_ask(p, &q[i]))
			s->verdict = share_refusal(q[i].image->host);
		else if (!find_key(p, a, s))
			s->verdict = share_unavailable(VERIFY_NOT_VERIFIED,
						       S("out of memory for this review"));
		else
			continue;
		/* Without memory even for that: nothing was asked, and nothing is said. */
		if (!s->verdict) {
			evidence_ask_drop(ask);
			return NULL;
		}
	}
	return ask;
}

enum evidence_asked evidence_ask(struct evidence_pool *p, const struct evidence_question *q,
				 size_t n, struct arena *a, struct evidence *answers,
				 struct evidence_ask **out)
{
	struct evidence_ask *ask = ask_new(p, q, n, a);

	*out = NULL;
	if (!ask) {
		for (size_t i = 0; i < n; i++)
			answers[i] = evidence_unavailable(VERIFY_NOT_VERIFIED, S("out of memory"));
		return EVIDENCE_READY;
	}
	if (answer_at_once(p, ask)) {
		evidence_ask_finish(ask, answers);
		return EVIDENCE_READY;
	}
	*out = ask;
	return EVIDENCE_PENDING;
}

/* ---- starting ---- */

/* The lookups to be begun, in the order of the questions. */
struct begun {
	struct lookup **items;
	size_t n;
};

static void start_locked(struct evidence_ask *ask, struct begun *begun)
{
	struct evidence_pool *p = ask->pool;

	for (size_t i = 0; i < ask->n; i++) {
		struct slot *s = &ask->slots[i];
		struct lookup *l = NULL;
		if (s->verdict || from_cache_locked(p, s))
			continue;
		lookup_join_locked(p, s, &l);
		if (l)
			begun->items[begun->n++] = l;
	}
}

/* Among those that wait, or at once among those whose done() the keeper calls. */
static void enlist_locked(struct evidence_ask *ask)
{
	struct evidence_pool *p = ask->pool;
	bool waits = ask->pending > 0 && !p->stopping;
	struct evidence_ask **list = &p->asks;

	ask->at = list;
	ask->next = *list;
	if (ask->next)
		ask->next->at = &ask->next;
	*list = ask;
	p->n_asks++;
	if (!waits)
		ask_end_locked(ask, ASK_STOPPED, &p->finished);
	if (waits && ask->deadline.at_mono_ms >= p->next_mono_ms)
		return;
	p->looking = true;
	pthread_cond_signal(&p->wake);
}

void evidence_ask_start(struct evidence_ask *ask, struct deadline d, void (*done)(void *closure),
			void *closure)
{
	struct evidence_pool *p = ask->pool;
	struct begun begun = {calloc(ask->n, sizeof(struct lookup *)), 0};

	ask->deadline = d;
	ask->done = done;
	ask->closure = closure;
	pool_lock(p);
	ask->started_mono_ms = pool_mono_ms(p);
	if (begun.items)
		start_locked(ask, &begun);
	enlist_locked(ask);
	pool_unlock(p);
	/* From here on the ask may be gone. */
	for (size_t i = 0; i < begun.n; i++)
		lookup_begin(begun.items[i]);
	free(begun.items);
}

/* ---- finishing ---- */

void evidence_ask_drop(struct evidence_ask *ask)
{
	if (!ask)
		return;
	for (size_t i = 0; i < ask->n; i++)
		evidence_unref(ask->slots[i].verdict);
	free(ask);
}

static void take(const struct evidence_ask *ask, const struct slot *s, struct evidence *out)
{
	const struct evidence_options *o = &ask->pool->o;

	if (s->verdict)
		evidence_copy(ask->arena, evidence_of(s->verdict), out);
	else
		*out = evidence_unavailable(VERIFY_NOT_VERIFIED, S("out of memory"));
	if (o->answered)
		o->answered(o->answered_self, out, s->cached, clock_mono_us() - ask->started_us);
}

void evidence_ask_finish(struct evidence_ask *ask, struct evidence *answers)
{
	for (size_t i = 0; i < ask->n; i++)
		take(ask, &ask->slots[i], &answers[i]);
	evidence_ask_drop(ask);
}

/* ---- waiting ---- */

struct waiting {
	pthread_mutex_t mutex;
	pthread_cond_t over;
	bool is_over;
};

static void wake(void *closure)
{
	struct waiting *w = closure;

	pthread_mutex_lock(&w->mutex);
	w->is_over = true;
	pthread_cond_signal(&w->over);
	pthread_mutex_unlock(&w->mutex);
}

void evidence_gather(struct evidence_pool *p, const struct evidence_question *q, size_t n,
		     struct deadline d, struct arena *a, struct evidence *answers)
{
	struct waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	struct evidence_ask *ask;

	if (evidence_ask(p, q, n, a, answers, &ask) == EVIDENCE_READY)
		return;
	evidence_ask_start(ask, d, wake, &w);
	pthread_mutex_lock(&w.mutex);
	while (!w.is_over)
		pthread_cond_wait(&w.over, &w.mutex);
	pthread_mutex_unlock(&w.mutex);
	pthread_cond_destroy(&w.over);
	pthread_mutex_destroy(&w.mutex);
	evidence_ask_finish(ask, answers);
}

/* Lookups: one image in one repository, for all that want to know of it. Who joins, and how it ends. */
#include "evidence/lookup.h"

#include <stdlib.h>

#include "evidence/limits.h"

static struct lookup **table_slot(struct evidence_pool *p, const struct sha256 *place)
{
	uint64_t h;

	memcpy(&h, place->bytes, sizeof(h));
	return &p->lookups[h & (LOOKUP_SLOTS - 1)];
}

static bool same(const struct sha256 *a, const struct sha256 *b)
{
	return memcmp(a->bytes, b->bytes, SHA256_BYTES) == 0;
}

/* ---- joining ---- */

static struct interest *find_interest(const struct lookup *l, const struct sha256 *want)
{
	for (struct interest *i = l->interests; i; i = i->next) {
		if (same(&i->key.want, want))
			return i;
	}
	return NULL;
}

/* One with the want, else one that may still take it, else neither. */
static struct interest *find(struct evidence_pool *p, const struct cache_key *k,
			     struct lookup **open)
{
	*open = NULL;
	for (struct lookup *l = *table_slot(p, &k->place); l; l = l->next) {
		if (!same(&l->place, &k->place))
			continue;
		struct interest *i = find_interest(l, &k->want);
		if (i)
			return i;
		if (!l->closed)
			*open = l;
	}
	return NULL;
}

static void wait_for(struct slot *s, struct interest *i)
{
	s->interest = i;
	s->at = &i->waiters;
	s->next = i->waiters;
	if (s->next)
		s->next->at = &s->next;
	i->waiters = s;
	s->ask->pending++;
}

static void interest_free(struct interest *i)
{
	if (!i)
		return;
	evidence_unref(i->verdict);
	arena_free(i->arena);
	free(i->want);
	free(i);
}

static struct interest *add_interest(struct lookup *l, const struct slot *s)
{
	struct interest *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->want = evidence_want_dup(s->question->want);
	if (!i->want) {
		interest_free(i);
		return NULL;
	}
	i->lookup = l;
	i->key = s->key;
	i->next = l->interests;
	l->interests = i;
	l->unsettled++;
	return i;
}

static void lookup_free(struct lookup *l)
{
	struct interest *next;

	for (struct interest *i = l->interests; i; i = next) {
		next = i->next;
		interest_free(i);
	}
	arena_free(l->lists[0].arena);
	arena_free(l->lists[1].arena);
	free(l);
}

static struct lookup *lookup_new(struct evidence_pool *p, const struct slot *s)
{
	struct registry_repository r = slot_place(s);
	const struct sig_demand *d = &s->question->want->demand;
	struct str type = d->want == SIG_WANT_ATTESTATION ? d->predicate_type : S("");
	struct lookup *l = calloc(1, sizeof(*l) + r.host.n + r.path.n + type.n);

	if (!l)
		return NULL;
	l->pool = p;
	l->place = s->key.place;
	l->what.source = &p->o.source;
	l->what.digest = s->digest;
	l->what.large = &p->large;
	l->what.attestations = &p->attestations;
	l->what.want = d->want;
	l->what.thorough = s->question->want->thorough;
	memcpy(l->text, r.host.p, r.host.n);
	memcpy(l->text + r.host.n, r.path.p, r.path.n);
	if (type.n)
		memcpy(l->text + r.host.n + r.path.n, type.p, type.n);
	l->what.repository.host = (struct str){l->text, r.host.n};
	l->what.repository.path = (struct str){l->text + r.host.n, r.path.n};
	l->what.predicate_type = (struct str){l->text + r.host.n + r.path.n, type.n};
	if (!add_interest(l, s)) {
		lookup_free(l);
		return NULL;
	}
	return l;
}

static struct evidence_shared *share_failure(const struct backoff_failure *f)
{
	struct evidence e = evidence_unavailable(discover_reason(f->outcome), f->text);

	e.outcome = registry_outcome_label(f->outcome);
	return evidence_share(&e);
}

/* Why there can be no new lookup now; NULL: there can. */
static struct evidence_shared *refusal_locked(struct evidence_pool *p, const struct slot *s)
{
	struct registry_repository r = slot_place(s);
	struct backoff_failure failure;
	char buf[512];
	struct text t;
	struct str text;

	if (!p->stopping && backoff_holds(p->backoff, &r, pool_mono_ms(p), &failure))
		return share_failure(&failure);
	if (!p->stopping && p->n_lookups < p->o.lookups)
		return NULL;
	text_init_fixed(&t, buf, sizeof(buf));
	text_put_escaped(&t, r.host, 256);
	if (p->stopping)
		text_puts(&t, " was not asked: this server is being stopped");
	else
		text_printf(&t, " was not asked: %zu images are being looked up already",
			    p->n_lookups);
	if (!text_done(&t, &text))
		text = S("the registry was not asked: too much is being looked up already");
	return share_unavailable(VERIFY_NOT_VERIFIED, text);
}

static void enter_locked(struct evidence_pool *p, struct lookup *l)
{
	struct lookup **at = table_slot(p, &l->place);

	l->next = *at;
	*at = l;
	p->n_lookups++;
}

/* The interest is settled while others of its lookup are not, and the cache did not keep it. */
static void answer_again(struct slot *s, const struct interest *i)
{
	s->verdict = i->verdict ? evidence_ref(i->verdict) : NULL;
}

void lookup_join_locked(struct evidence_pool *p, struct slot *s, struct lookup **begun)
{
	struct lookup *l;
	struct interest *i = find(p, &s->key, &l);

	*begun = NULL;
	if (i) {
		p->joined++;
	} else {
		p->misses++;
		if (!l) {
			s->verdict = refusal_locked(p, s);
			if (s->verdict)
				return;
			*begun = l = lookup_new(p, s);
			if (!l)
				return;
			enter_locked(p, l);
			i = l->interests;
		} else {
			i = add_interest(l, s);
		}
	}
	if (i && i->settled)
		answer_again(s, i);
	else if (i)
		wait_for(s, i);
}

/* ---- judging ---- */

void lookup_close_locked(struct lookup *l)
{
	if (l->closed)
		return;
	l->closed = true;
	for (struct interest *i = l->interests; i; i = i->next) {
		i->arena = arena_new(LIMIT_TALLY_ARENA_BYTES);
		/* One that cannot start is answered with "could not find out" at the end. */
		i->tally.incomplete = !i->arena || !tally_init(&i->tally, i->arena, i->want);
	}
}

static struct evidence_shared *share_tally(struct interest *i)
{
	struct evidence e;

	if (i->arena)
		tally_finish(&i->tally, &e);
	else
		e = evidence_unavailable(VERIFY_NOT_VERIFIED, S("out of memory"));
	return evidence_share(&e);
}

static void settle_locked(struct interest *i, struct evidence_shared *verdict,
			  struct evidence_ask **finished)
{
	struct evidence_pool *p = i->lookup->pool;

	i->settled = true;
	i->verdict = verdict;
	i->lookup->unsettled--;
	if (verdict)
		cache_put(p->cache, &i->key, verdict, pool_mono_ms(p));
	while (i->waiters)
		slot_answer_locked(i->waiters, verdict, finished);
}

void interest_check_locked(struct interest *i, struct evidence_ask **finished)
{
	if (!i->settled && tally_is_enough(&i->tally))
		settle_locked(i, share_tally(i), finished);
}

/* ---- the end ---- */

static void leave_locked(struct lookup *l)
{
	struct lookup **at = table_slot(l->pool, &l->place);

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	l->pool->n_lookups--;
}

/* Not everything was asked: the registry failed a moment ago, or the pool stops. */
static struct evidence_shared *share_held(const struct lookup *l)
{
	struct backoff_failure f;

	if (backoff_holds(l->pool->backoff, &l->what.repository, pool_mono_ms(l->pool), &f))
		return share_failure(&f);
	return share_unavailable(VERIFY_NOT_VERIFIED,
				 S("the registry was not asked whether the image is signed"));
}

static void remember_locked(const struct lookup *l)
{
	struct backoff *b = l->pool->backoff;

	if (l->held || l->pool->stopping)
		return;
	if (l->failure)
		backoff_failed(b, &l->what.repository, l->failure, pool_mono_ms(l->pool));
	else
		backoff_answered(b, &l->what.repository);
}

static void end_locked(struct lookup *l, struct evidence_ask **finished)
{
	bool whole = !l->held && !l->pool->stopping;
	struct interest *next;

	lookup_close_locked(l);
	remember_locked(l);
	leave_locked(l);
	for (struct interest *i = l->interests; i; i = next) {
		next = i->next;
		if (!i->settled)
			settle_locked(i, whole ? share_tally(i) : share_held(l), finished);
	}
}

void lookup_part_done(struct lookup *l)
{
	struct evidence_pool *p = l->pool;
	struct evidence_ask *finished = NULL;

	pool_lock(p);
	bool over = --l->parts == 0;
	if (over)
		end_locked(l, &finished);
	pool_unlock(p);
	asks_done(finished);
	if (over)
		lookup_free(l);
}

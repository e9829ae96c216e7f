/* What workers do for a lookup: the two lists, then every entry of them. */
#include "evidence/lookup.h"

#include <stdlib.h>

#include "evidence/limits.h"

/* Milliseconds that a lookup may take at least, whoever waits. */
#define SHORT_LOOKUP_MS 3000

/* Numbers of candidates: layers, then referrers, and before them what is wrong with the lists. */
#define FIRST_LAYER 2
#define FIRST_REFERRER (FIRST_LAYER + LIMIT_SIGNATURE_LAYERS)

/* ---- entries ---- */

static void put_digest(const struct sha256 *d, char out[7 + SHA256_HEX + 1])
{
	memcpy(out, "sha256:", 7);
	sha256_hex(d, out + 7);
}

static void add_fault(struct interest *i, const struct tally_candidate *c,
		      const struct sig_fault *f, bool listed)
{
	struct evidence_pool *p = i->lookup->pool;

	pool_lock(p);
	if (!i->settled)
		tally_fault(&i->tally, c, f, listed);
	pool_unlock(p);
}

static void judge_one(struct interest *i, const struct tally_candidate *c,
		      const struct discovered *what)
{
	struct evidence_pool *p = i->lookup->pool;
	struct evidence_ask *finished = NULL;
	const struct sig_subject subject = {.digest = i->lookup->what.digest};
	struct sig_fault memory;
	struct tally_said *said = calloc(i->want->n_authorities, sizeof(*said));
	struct verify_result r;

	if (!said) {
		sig_fault_set(&memory, VERIFY_NOT_VERIFIED, "there is no memory to judge it");
		add_fault(i, c, &memory, true);
		return;
	}
	for (size_t k = 0; k < i->want->n_authorities; k++) {
		const struct verify_input in = {
			.authority = &i->want->authorities[k],
			.demand = &i->want->demand,
			.subject = &subject,
			.now_unix_s = clock_unix_s(p->o.clock),
		};
		arena_reset(what->verify);
		verify_bundle(what->verify, what->bundle, &in, &r);
		tally_say(&r, &in, &said[k]);
	}
	pool_lock(p);
	if (!i->settled) {
		tally_add(&i->tally, c, said);
		interest_check_locked(i, &finished);
	}
	pool_unlock(p);
	free(said);
	asks_done(finished);
}

/* Does anybody still want to know? */
static bool is_wanted(const struct lookup *l)
{
	struct evidence_pool *p = l->pool;

	pool_lock(p);
	bool wanted = l->unsettled > 0 && !p->stopping;
	pool_unlock(p);
	return wanted;
}

/* One more candidate is to be judged. False: that were too many. */
static bool count(struct lookup *l)
{
	pool_lock(l->pool);
	bool within = l->judged < LIMIT_CANDIDATES;
	l->judged += within;
	for (struct interest *i = l->interests; i && !within; i = i->next)
		i->tally.truncated = true;
	pool_unlock(l->pool);
	return within;
}

static bool judge(void *self, const struct discovered *what)
{
	const struct entry_work *entry = self;
	struct lookup *l = entry->lookup;
	char digest[7 + SHA256_HEX + 1];
	struct tally_candidate c = {.number = entry->number};

	if (!count(l))
		return false;
	put_digest(&what->digest, digest);
	c.digest = str_of(digest);
	if (!what->bundle && what->outcome != REGISTRY_OK &&
	    verify_reason_state(what->fault.reason) == VERIFY_STATE_UNAVAILABLE)
		c.outcome = registry_outcome_label(what->outcome);
	for (struct interest *i = l->interests; i; i = i->next) {
		if (what->bundle)
			judge_one(i, &c, what);
		else
			add_fault(i, &c, &what->fault, true);
	}
	return is_wanted(l);
}

static void mark_truncated(struct lookup *l)
{
	pool_lock(l->pool);
	for (struct interest *i = l->interests; i; i = i->next)
		i->tally.truncated = true;
	pool_unlock(l->pool);
}

static void run_entry(struct work *w, const struct discovery_memory *m)
{
	struct entry_work *e = (struct entry_work *)w;
	const struct discovery_visitor v = {judge, e};
	struct lookup *l = e->lookup;
	bool truncated = false;

	if (is_wanted(l))
		discover_entry(&l->what, e->entry, m, l->deadline, &v, &truncated);
	if (truncated)
		mark_truncated(l);
	lookup_part_done(l);
}

/* ---- lists ---- */

/* Work for each entry, as far as the limit over both lists allows. False: no room. */
static bool add_entries(struct list_work *w, struct entry_work **out, size_t *n)
{
	struct lookup *l = w->lookup;
	const struct discovery_list *list = &w->list;
	struct entry_work *entries = arena_calloc(w->arena, list->n, sizeof(*entries));

	if (!entries)
		return false;
	for (size_t i = 0; i < list->n; i++)
		entries[i] = (struct entry_work){
			.work = {.place = w->work.place, .run = run_entry},
			.lookup = l,
			.entry = &list->entries[i],
			.number = i + (w->layers ? FIRST_LAYER : FIRST_REFERRER),
		};
	*out = entries;
	*n = list->n;
	return true;
}

static void note_list_locked(struct list_work *w)
{
	const struct discovery_list *list = &w->list;
	struct lookup *l = w->lookup;
	bool failed = verify_reason_state(list->fault.reason) == VERIFY_STATE_UNAVAILABLE;
	bool fault = list->fault.reason != VERIFY_VERIFIED;
	bool is_hidden = fault && !failed; /* nobody knows how much */
	const struct tally_candidate c = {
		.number = w->layers ? 0 : 1,
		.outcome = failed ? registry_outcome_label(list->reply.outcome) : NULL,
	};

	lookup_close_locked(l);
	if (failed && (!l->failure || w->layers))
		l->failure = &list->reply;
	for (struct interest *i = l->interests; i; i = i->next) {
		if (i->settled)
			continue;
		if (fault)
			tally_fault(&i->tally, &c, &list->fault, !failed);
		i->tally.truncated |= list->truncated || (is_hidden && i->tally.weighed);
	}
}

/* What the list holds becomes work of its own. */
static void use_list(struct list_work *w)
{
	struct lookup *l = w->lookup;
	struct evidence_pool *p = l->pool;
	struct entry_work *entries = NULL;
	size_t n = 0;

	if (!add_entries(w, &entries, &n))
		sig_fault_room(&w->list.fault);
	if (!n && w->list.fault.reason == VERIFY_VERIFIED && !w->list.truncated)
		return;
	pool_lock(p);
	note_list_locked(w);
	l->parts += n;
	pool_unlock(p);
	for (size_t i = 0; i < n; i++)
		workers_add(p->workers, &entries[i].work, true);
}

/* A lookup goes on when nobody waits for it any more. The last threads of a registry are not lent for that:
 * who names many images that hang would keep them from all others. */
static struct deadline deadline_locked(const struct lookup *l, bool are_short)
{
	const struct evidence_pool *p = l->pool;
	struct deadline longest = deadline_in(p->o.clock, p->o.lookup_ms);
	struct deadline d = deadline_in(p->o.clock, SHORT_LOOKUP_MS);

	if (!are_short)
		return longest;
	for (const struct interest *i = l->interests; i; i = i->next) {
		for (const struct slot *s = i->waiters; s; s = s->next) {
			if (s->ask->deadline.at_mono_ms > d.at_mono_ms)
				d = s->ask->deadline;
		}
	}
	return d.at_mono_ms < longest.at_mono_ms ? d : longest;
}

/* The first worker of a lookup begins it. False: there is nothing to be asked. */
static bool begin(struct lookup *l, const struct work_place *place)
{
	struct evidence_pool *p = l->pool;
	struct backoff_failure f;
	bool are_short = workers_are_short(p->workers, place);

	pool_lock(p);
	int64_t now = pool_mono_ms(p);
	if (!l->running) {
		l->running = true;
		l->deadline = deadline_locked(l, are_short);
		l->held = p->stopping || !backoff_allows(p->backoff, &l->what.repository, now, &f);
	}
	bool go_on = !l->held && !p->stopping;
	pool_unlock(p);
	return go_on;
}

/* A list that was not asked for must not look like an empty one. */
static void starve(struct lookup *l)
{
	pool_lock(l->pool);
	lookup_close_locked(l);
	for (struct interest *i = l->interests; i; i = i->next)
		i->tally.incomplete = true;
	pool_unlock(l->pool);
}

static void run_list(struct work *work, const struct discovery_memory *m)
{
	struct list_work *w = (struct list_work *)work;
	struct lookup *l = w->lookup;

	(void)m;
	if (begin(l, &work->place)) {
		const struct registry_call call = {.arena = arena_new(LIMIT_LIST_ARENA_BYTES),
						   .deadline = l->deadline,
						   .large = l->what.large};
		w->arena = call.arena;
		if (!call.arena)
			starve(l);
		else if (w->layers)
			discover_layers(&l->what, &call, &w->list);
		else
			discover_referrers(&l->what, &call, &w->list);
		if (call.arena)
			use_list(w);
	}
	lookup_part_done(l);
}

void lookup_begin(struct lookup *l)
{
	struct workers *workers = l->pool->workers;
	struct work_place place = work_place(&l->what.repository);

	l->parts = 2;
	for (size_t i = 0; i < 2; i++)
		l->lists[i] = (struct list_work){.work = {.place = place, .run = run_list},
						 .lookup = l,
						 .layers = i == 0};
	workers_add(workers, &l->lists[0].work, false);
	workers_add(workers, &l->lists[1].work, false);
}

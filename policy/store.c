#include "policy/store.h"

#include <pthread.h>
#include <stdlib.h>

#include "policy/load.h"

struct policy_ref {
	struct policy_set *set;
	size_t holds; /* reviews that hold it, and one while it is active; under the store's mutex */
};

struct store {
	pthread_mutex_t mutex;
	struct policy_ref *active;
	size_t acquired; /* not yet released, over all sets */
};

struct store *store_new(void)
{
	struct store *s = calloc(1, sizeof(*s));
	if (s && pthread_mutex_init(&s->mutex, NULL) != 0) {
		free(s);
		return NULL;
	}
	return s;
}

static void lock(struct store *s)
{
	if (pthread_mutex_lock(&s->mutex) != 0)
		BUG("policy store: mutex cannot be locked");
}

static void unlock(struct store *s)
{
	if (pthread_mutex_unlock(&s->mutex) != 0)
		BUG("policy store: mutex cannot be unlocked");
}

/* Freeing a large set takes a while: never under the lock. */
static void ref_free(struct policy_ref *r)
{
	if (r) {
		policy_set_free(r->set);
		free(r);
	}
}

/* Under the lock: `r` when this was the last hold, and the caller frees it. */
static struct policy_ref *drop(struct policy_ref *r)
{
	if (!r)
		return NULL;
	if (r->holds == 0)
		BUG("policy store: a reference was given back twice");
	return --r->holds == 0 ? r : NULL;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	if (s->acquired)
		BUG("policy store: %zu references are still held", s->acquired);
	ref_free(drop(s->active));
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

int store_swap(struct store *s, struct policy_set *set, struct err *e)
{
	struct policy_ref *r = malloc(sizeof(*r));
	if (!r)
		return err_set(e, ERR_MEMORY, "policies not activated: out of memory");
	*r = (struct policy_ref){set, 1};

	lock(s);
	struct policy_ref *last = drop(s->active);
	s->active = r;
	unlock(s);
	ref_free(last);
	return 0;
}

struct policy_ref *store_acquire(struct store *s)
{
	lock(s);
	struct policy_ref *r = s->active;
	if (r) {
		r->holds++;
		s->acquired++;
	}
	unlock(s);
	return r;
}

const struct policy_set *policy_ref_set(const struct policy_ref *r)
{
	return r->set;
}

void store_release(struct store *s, struct policy_ref *r)
{
	if (!r)
		return;
	lock(s);
	struct policy_ref *last = drop(r);
	s->acquired--;
	unlock(s);
	ref_free(last);
}

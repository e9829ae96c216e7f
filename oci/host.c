#include "oci/host.h"

#include <pthread.h>
#include <stdlib.h>

#include "oci/limits.h"
#include "oci/wait.h"

struct host {
	struct host *next;
	char *name;
	int64_t most;
	int64_t under_way;
	int64_t rest_until_ms;
	int64_t no_referrers_until_ms;
	enum auth_scheme scheme;
	char *realm; /* NULL: none */
	char *service;
};

struct hosts {
	pthread_mutex_t lock;
	pthread_cond_t left;
	const struct clock *clock;
	struct host *list;
	size_t n;
	struct host rest; /* past the limit */
};

struct hosts *hosts_new(const struct clock *clock)
{
	struct hosts *h = calloc(1, sizeof(*h));
	if (!h || !wait_init(&h->lock, &h->left)) {
		free(h);
		return NULL;
	}
	h->clock = clock;
	h->rest.most = DEFAULT_HOST_CONCURRENCY;
	return h;
}

static void release(struct host *x)
{
	free(x->name);
	free(x->realm);
	free(x->service);
}

void hosts_free(struct hosts *h)
{
	if (!h)
		return;
	while (h->list) {
		struct host *x = h->list;
		h->list = x->next;
		release(x);
		free(x);
	}
	release(&h->rest);
	pthread_cond_destroy(&h->left);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static struct host *find(struct hosts *h, struct str name)
{
	for (struct host *x = h->list; x; x = x->next) {
		if (str_eq(str_of(x->name), name))
			return x;
	}
	return NULL;
}

static struct host *add(struct hosts *h, struct str name, int64_t most)
{
	if (h->n >= LIMIT_HOSTS)
		return &h->rest;
	struct host *x = calloc(1, sizeof(*x));
	char *copy = strndup(name.p, name.n);
	if (!x || !copy) {
		free(copy);
		free(x);
		return NULL;
	}
	x->name = copy;
	x->most = most;
	x->next = h->list;
	h->list = x;
	h->n++;
	return x;
}

struct host *hosts_get(struct hosts *h, struct str name, int64_t most)
{
	pthread_mutex_lock(&h->lock);
	struct host *x = find(h, name);
	if (!x)
		x = add(h, name, most);
	pthread_mutex_unlock(&h->lock);
	return x;
}

bool host_enter(struct hosts *h, struct host *x, struct deadline d)
{
	bool in_time = true;
	pthread_mutex_lock(&h->lock);
	while (x->under_way >= x->most && in_time)
		in_time = wait_for(&h->left, &h->lock, h->clock, d);
	bool entered = x->under_way < x->most;
	if (entered)
		x->under_way++;
	pthread_mutex_unlock(&h->lock);
	return entered;
}

void host_leave(struct hosts *h, struct host *x)
{
	pthread_mutex_lock(&h->lock);
	x->under_way--;
	pthread_cond_broadcast(&h->left);
	pthread_mutex_unlock(&h->lock);
}

void host_rest(struct hosts *h, struct host *x, int64_t ms)
{
	int64_t until = h->clock->mono_ms(h->clock->self) + ms;
	pthread_mutex_lock(&h->lock);
	if (until > x->rest_until_ms)
		x->rest_until_ms = until;
	pthread_mutex_unlock(&h->lock);
}

int64_t host_rest_ms(struct hosts *h, struct host *x)
{
	int64_t now = h->clock->mono_ms(h->clock->self);
	pthread_mutex_lock(&h->lock);
	int64_t ms = x->rest_until_ms - now;
	pthread_mutex_unlock(&h->lock);
	return ms > 0 ? ms : 0;
}

/* The shared state of too many hosts must not carry one's challenge to another. */
void host_set_challenge(struct hosts *h, struct host *x, const struct challenge *c)
{
	if (x == &h->rest)
		return;
	char *realm = strndup(c->realm.n ? c->realm.p : "", c->realm.n);
	char *service = strndup(c->service.n ? c->service.p : "", c->service.n);
	pthread_mutex_lock(&h->lock);
	if (realm && service) {
		free(x->realm);
		free(x->service);
		x->scheme = c->scheme;
		x->realm = realm;
		x->service = service;
		realm = service = NULL;
	}
	pthread_mutex_unlock(&h->lock);
	free(realm);
	free(service);
}

static bool copy(struct arena *a, const char *z, struct str *out)
{
	const char *p = arena_dup(a, z, strlen(z));
	*out = (struct str){p, p ? strlen(z) : 0};
	return p != NULL;
}

bool host_challenge(struct hosts *h, struct host *x, struct arena *a, struct challenge *out)
{
	struct challenge c = {AUTH_NONE, {0}, {0}, {0}};
	pthread_mutex_lock(&h->lock);
	bool known = x->scheme != AUTH_NONE && copy(a, x->realm, &c.realm) &&
		     copy(a, x->service, &c.service);
	c.scheme = x->scheme;
	pthread_mutex_unlock(&h->lock);
	if (known)
		*out = c;
	return known;
}

void host_set_no_referrers(struct hosts *h, struct host *x)
{
	if (x == &h->rest)
		return;
	int64_t now = h->clock->mono_ms(h->clock->self);
	pthread_mutex_lock(&h->lock);
	x->no_referrers_until_ms = now + REFERRERS_ABSENT_MS;
	pthread_mutex_unlock(&h->lock);
}

bool host_has_no_referrers(struct hosts *h, struct host *x)
{
	int64_t now = h->clock->mono_ms(h->clock->self);
	pthread_mutex_lock(&h->lock);
	bool none = x->no_referrers_until_ms > now;
	pthread_mutex_unlock(&h->lock);
	return none;
}

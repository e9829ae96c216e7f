#include "oci/token_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "oci/limits.h"
#include "oci/wait.h"

enum state { STATE_FETCHING = 0, STATE_FAILED, STATE_HERE };

struct entry {
	struct entry *next;
	char *key;
	enum state state;
	size_t waiting; /* threads that still look at it */
	bool gone;      /* out of the list; the last who looks at it frees it */
	char *token;
	int64_t until_ms;
	enum registry_outcome outcome;
	char *text;
};

struct token_cache {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	const struct clock *clock;
	struct entry *list;
	size_t n;
};

struct token_cache *token_cache_new(const struct clock *clock)
{
	struct token_cache *c = calloc(1, sizeof(*c));
	if (!c || !wait_init(&c->lock, &c->changed)) {
		free(c);
		return NULL;
	}
	c->clock = clock;
	return c;
}

static void wipe(char *z)
{
	if (z)
		explicit_bzero(z, strlen(z));
	free(z);
}

static void entry_free(struct entry *x)
{
	wipe(x->token);
	free(x->key);
	free(x->text);
	free(x);
}

void token_cache_free(struct token_cache *c)
{
	if (!c)
		return;
	while (c->list) {
		struct entry *x = c->list;
		c->list = x->next;
		entry_free(x);
	}
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static struct entry *find(struct token_cache *c, struct str key)
{
	for (struct entry *x = c->list; x; x = x->next) {
		if (str_eq(str_of(x->key), key))
			return x;
	}
	return NULL;
}

static void drop(struct token_cache *c, struct entry *x)
{
	struct entry **at = &c->list;
	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	c->n--;
	x->gone = true;
	if (!x->waiting)
		entry_free(x);
}

static void look_away(struct entry *x)
{
	if (--x->waiting == 0 && x->gone)
		entry_free(x);
}

/* The one that ends first makes room. Fetches under way stay. */
static void make_room(struct token_cache *c)
{
	struct entry *first = NULL;
	for (struct entry *x = c->list; x; x = x->next) {
		if (x->state == STATE_HERE && (!first || x->until_ms < first->until_ms))
			first = x;
	}
	if (first)
		drop(c, first);
}

static bool add(struct token_cache *c, struct str key)
{
	if (c->n >= LIMIT_TOKENS)
		make_room(c);
	struct entry *x = calloc(1, sizeof(*x));
	char *copy = strndup(key.p, key.n);
	if (!x || !copy || c->n >= LIMIT_TOKENS) {
		free(copy);
		free(x);
		return false;
	}
	x->key = copy;
	x->next = c->list;
	c->list = x;
	c->n++;
	return true;
}

static bool copy(struct arena *a, const char *z, struct str *out)
{
	const char *p = arena_dup(a, z ? z : "", z ? strlen(z) : 0);
	*out = (struct str){p, p && z ? strlen(z) : 0};
	return p != NULL;
}

/* A token may be handed out until it ends, and not if it was refused. */
static bool is_good(const struct token_cache *c, const struct entry *x, struct str stale)
{
	return x->until_ms > c->clock->mono_ms(c->clock->self) &&
	       !(stale.n && str_eq(str_of(x->token), stale));
}

/* Wait for the thread that fetches. Its own deadline says nothing about ours: then we try. */
static enum token_find await(struct token_cache *c, struct entry *x, struct deadline d,
			     struct arena *a, enum registry_outcome *outcome, struct str *text)
{
	bool in_time = true;
	enum token_find found = TOKEN_LATE;
	x->waiting++;
	while (x->state == STATE_FETCHING && in_time)
		in_time = wait_for(&c->changed, &c->lock, c->clock, d);
	if (x->state == STATE_HERE)
		found = TOKEN_HERE;
	else if (x->state == STATE_FAILED && x->outcome == REGISTRY_TIMEOUT)
		found = TOKEN_FETCH;
	else if (x->state == STATE_FAILED && copy(a, x->text, text))
		found = TOKEN_FAILED;
	*outcome = x->outcome;
	look_away(x);
	return found;
}

enum token_find token_cache_get(struct token_cache *c, struct str key, struct str stale,
				struct deadline d, struct arena *a, struct str *token,
				enum registry_outcome *outcome, struct str *text)
{
	enum token_find found = TOKEN_FETCH;
	pthread_mutex_lock(&c->lock);
	for (;;) {
		struct entry *x = find(c, key);
		if (x && x->state == STATE_HERE && is_good(c, x, stale)) {
			found = copy(a, x->token, token) ? TOKEN_HERE : TOKEN_LATE;
			break;
		}
		bool over = x && x->state == STATE_HERE;
		if (over)
			drop(c, x);
		if (!x || over) {
			found = add(c, key) ? TOKEN_FETCH : TOKEN_LATE;
			break;
		}
		enum token_find waited = await(c, x, d, a, outcome, text);
		if (waited == TOKEN_LATE || waited == TOKEN_FAILED) {
			found = waited;
			break;
		}
	}
	pthread_mutex_unlock(&c->lock);
	return found;
}

void token_cache_put(struct token_cache *c, struct str key, struct str token, int64_t ms)
{
	char *copied = strndup(token.p, token.n);
	pthread_mutex_lock(&c->lock);
	struct entry *x = find(c, key);
	if (x && copied) {
		x->token = copied;
		x->until_ms = c->clock->mono_ms(c->clock->self) + ms;
		x->state = STATE_HERE;
		copied = NULL;
	} else if (x) {
		x->state = STATE_FAILED;
		drop(c, x);
	}
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	wipe(copied);
}

void token_cache_fail(struct token_cache *c, struct str key, enum registry_outcome outcome,
		      struct str text)
{
	char *copied = strndup(text.n ? text.p : "", text.n);
	pthread_mutex_lock(&c->lock);
	struct entry *x = find(c, key);
	if (x) {
		x->state = STATE_FAILED;
		x->outcome = outcome;
		x->text = copied;
		copied = NULL;
		drop(c, x);
	}
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	free(copied);
}

/* Handles of the library, each with the connections it opened, between two exchanges. */
#include <pthread.h>
#include <stdlib.h>

#include "oci/http_pool.h"
#include "oci/limits.h"

struct idle {
	CURL *easy;
	char *key;
};

struct http_pool {
	pthread_mutex_t lock;
	struct idle idle[LIMIT_IDLE_HANDLES]; /* the one used last is at the end */
	size_t n;
	char *user_agent;
};

struct http_pool *http_pool_new(const char *user_agent)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	struct http_pool *p = calloc(1, sizeof(*p));
	char *copy = strdup(user_agent);
	if (!p || !copy || pthread_mutex_init(&p->lock, NULL) != 0) {
		free(copy);
		free(p);
		curl_global_cleanup();
		return NULL;
	}
	p->user_agent = copy;
	return p;
}

void http_pool_free(struct http_pool *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		curl_easy_cleanup(p->idle[i].easy);
		free(p->idle[i].key);
	}
	pthread_mutex_destroy(&p->lock);
	free(p->user_agent);
	free(p);
	curl_global_cleanup();
}

const char *http_pool_user_agent(const struct http_pool *p)
{
	return p->user_agent;
}

/* Close the gap at `i`. */
static struct idle remove_at(struct http_pool *p, size_t i)
{
	struct idle one = p->idle[i];
	memmove(&p->idle[i], &p->idle[i + 1], (p->n - i - 1) * sizeof(p->idle[0]));
	p->n--;
	return one;
}

CURL *http_pool_take(struct http_pool *p, const char *key)
{
	struct idle found = {NULL, NULL};
	pthread_mutex_lock(&p->lock);
	for (size_t i = p->n; i > 0 && !found.easy; i--) {
		if (strcmp(p->idle[i - 1].key, key) == 0)
			found = remove_at(p, i - 1);
	}
	pthread_mutex_unlock(&p->lock);
	free(found.key);
	if (!found.easy)
		return curl_easy_init();
	curl_easy_reset(found.easy);
	return found.easy;
}

void http_pool_give(struct http_pool *p, const char *key, CURL *easy)
{
	struct idle old = {NULL, NULL};
	char *copy = strdup(key);
	if (!copy) {
		curl_easy_cleanup(easy);
		return;
	}
	pthread_mutex_lock(&p->lock);
	if (p->n == LIMIT_IDLE_HANDLES)
		old = remove_at(p, 0);
	p->idle[p->n].easy = easy;
	p->idle[p->n].key = copy;
	p->n++;
	pthread_mutex_unlock(&p->lock);
	curl_easy_cleanup(old.easy);
	free(old.key);
}

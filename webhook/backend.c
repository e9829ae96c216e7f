#include "webhook/backend.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/file.h"
#include "oci/client.h"
#include "oci/recorded.h"

struct backend {
	struct backend *next; /* replaced ones; the lock */
	size_t refs;          /* the lock */
	struct backends *owner;
	struct registries *registries; /* NULL: recorded content */
	struct registry_client *client;
	struct registry_recorded recorded;
	struct evidence_pool *pool;
};

struct backends {
	const struct server_config *config;
	struct metrics *metrics;
	pthread_mutex_t lock;
	struct backend *active;        /* the lock, to change it */
	struct backend *replaced;      /* the lock */
	struct evidence_counts before; /* of those that were freed; the lock */
};

struct backends *backends_new(const struct server_config *c, struct metrics *m)
{
	struct backends *b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	pthread_mutex_init(&b->lock, NULL);
	b->config = c;
	b->metrics = m;
	return b;
}

static void backend_free(struct backend *k)
{
	if (!k)
		return;
	evidence_pool_free(k->pool);
	registry_client_free(k->client);
	registries_free(k->registries);
	free(k);
}

void backends_free(struct backends *b)
{
	if (!b)
		return;
	while (b->replaced) {
		struct backend *k = b->replaced;
		b->replaced = k->next;
		backend_free(k);
	}
	backend_free(b->active);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

/* ---- what the parts call back ---- */

static void count_request(void *metrics, struct str host, bool configured,
			  enum registry_outcome outcome, int64_t elapsed_us)
{
	metrics_registry_request(metrics, host, configured, outcome, elapsed_us);
}

static void count_answer(void *metrics, const struct evidence *e, bool cached, int64_t elapsed_us)
{
	metrics_verification(metrics, e, cached, elapsed_us);
}

/* Recorded content has nobody who could be harmed by a question. */
static bool knows_host(void *backend, struct str host)
{
	const struct backend *k = backend;
	return !k->registries || registries_has(k->registries, host);
}

/* ---- loading ---- */

static struct registries *without_file(const struct server_config *c, struct err *e)
{
	struct registries *r = registries_none();
	struct credentials *credentials = r ? arena_alloc(r->arena, sizeof(*credentials)) : NULL;
	int rc = 0;
	if (!credentials)
		rc = err_set(e, ERR_MEMORY, "registries: no memory");
	else if (c->docker_config)
		rc = credentials_load(r->arena, c->docker_config, credentials, e);
	if (rc < 0) {
		registries_free(r);
		return NULL;
	}
	if (c->docker_config)
		r->fallback.credentials = credentials;
	return r;
}

static struct registries *from_file(const struct server_config *c, struct problems *problems,
				    struct err *e)
{
	size_t before = problems->errors;
	struct registries *r = registries_load(c->registries, problems);
	size_t errors = problems->errors - before;
	if (!r)
		(void)err_set(e, ERR_INPUT, "registries: %zu error%s", errors,
			      errors == 1 ? "" : "s");
	return r;
}

static int open_client(struct backend *k, struct problems *problems, struct err *e)
{
	const struct server_config *c = k->owner->config;
	char agent[128];
	struct registry_client_options o = {
		.clock = &c->clock,
		.hooks = {count_request, k->owner->metrics},
		.proxies = c->proxies,
		.user_agent = agent,
	};
	(void)snprintf(agent, sizeof(agent), "assay/%.100s", c->version ? c->version : "");
	k->registries = c->registries ? from_file(c, problems, e) : without_file(c, e);
	if (!k->registries)
		return -1;
	o.registries = k->registries;
	k->client = registry_client_new(&o, e);
	return k->client ? 0 : -1;
}

static int open_pool(struct backend *k, struct registry_source source, struct err *e)
{
	const struct server_config *c = k->owner->config;
	const struct evidence_options o = {
		.source = source,
		.clock = &c->clock,
		.threads = c->evidence_threads,
		.cache_bytes = c->cache_bytes,
		.yes_ms = c->cache_ttl_ms,
		.no_ms = c->cache_negative_ttl_ms,
		.knows_host = knows_host,
		.knows_self = k,
		.answered = count_answer,
		.answered_self = k->owner->metrics,
	};
	k->pool = evidence_pool_new(&o, e);
	return k->pool ? 0 : -1;
}

static int open_backend(struct backend *k, struct problems *problems, struct err *e)
{
	const struct server_config *c = k->owner->config;
	if (c->registry_dir) {
		TRY(registry_recorded_init(&k->recorded, c->registry_dir, &c->clock, e));
		return open_pool(k, registry_recorded_source(&k->recorded), e);
	}
	TRY(open_client(k, problems, e));
	return open_pool(k, registry_client_source(k->client), e);
}

static void activate(struct backends *b, struct backend *k)
{
	for (size_t i = 0; k->registries && i < k->registries->n; i++)
		metrics_registry(b->metrics, k->registries->items[i].host);
	pthread_mutex_lock(&b->lock);
	if (b->active) {
		b->active->next = b->replaced;
		b->replaced = b->active;
	}
	b->active = k;
	pthread_mutex_unlock(&b->lock);
}

int backends_load(struct backends *b, struct problems *problems, struct err *e)
{
	struct backend *k = calloc(1, sizeof(*k));
	if (!k)
		return err_set(e, ERR_MEMORY, "registries: no memory");
	k->owner = b;
	if (open_backend(k, problems, e) < 0) {
		backend_free(k);
		return -1;
	}
	activate(b, k);
	return 0;
}

static uint64_t mix(uint64_t h, const char *path)
{
	return path ? (h ^ file_fingerprint(path)) * 0x100000001b3u : h;
}

uint64_t backends_fingerprint(const struct backends *b)
{
	const struct server_config *c = b->config;
	const struct registries *r = b->active ? b->active->registries : NULL;
	uint64_t h = 0xcbf29ce484222325u;
	h = mix(mix(h, c->registries), c->docker_config);
	for (const struct registries_file *f = r ? r->files : NULL; f; f = f->next)
		h = mix(h, f->path);
	return h;
}

size_t backends_configured(const struct backends *b)
{
	return b->active && b->active->registries ? b->active->registries->n : 0;
}

/* ---- use ---- */

struct backend *backend_acquire(struct backends *b)
{
	pthread_mutex_lock(&b->lock);
	struct backend *k = b->active;
	k->refs++;
	pthread_mutex_unlock(&b->lock);
	return k;
}

void backend_release(struct backends *b, struct backend *k)
{
	if (!k)
		return;
	pthread_mutex_lock(&b->lock);
	k->refs--;
	pthread_mutex_unlock(&b->lock);
}

struct evidence_pool *backend_pool(struct backend *k)
{
	return k->pool;
}

/* ---- the end of those that were replaced ---- */

static void add_counts(struct evidence_counts *sum, const struct evidence_counts *c)
{
	sum->hits += c->hits;
	sum->negatives += c->negatives;
	sum->joined += c->joined;
	sum->misses += c->misses;
}

/* Take one that nobody needs out of the list; its counts stay. The lock. */
static struct backend *take_unused(struct backends *b)
{
	for (struct backend **at = &b->replaced; *at; at = &(*at)->next) {
		struct backend *k = *at;
		struct evidence_counts c;
		if (k->refs > 0)
			continue;
		evidence_pool_count(k->pool, &c);
		if (c.lookups > 0)
			continue;
		add_counts(&b->before, &c);
		*at = k->next;
		return k;
	}
	return NULL;
}

void backends_sweep(struct backends *b)
{
	struct backend *k;
	do {
		pthread_mutex_lock(&b->lock);
		k = take_unused(b);
		pthread_mutex_unlock(&b->lock);
		backend_free(k);
	} while (k);
}

void backends_stop(struct backends *b)
{
	pthread_mutex_lock(&b->lock);
	if (b->active)
		evidence_pool_stop(b->active->pool);
	for (struct backend *k = b->replaced; k; k = k->next)
		evidence_pool_stop(k->pool);
	pthread_mutex_unlock(&b->lock);
}

/* Of all that there are; gauges of the cache of the active one. */
static void count_locked(struct backends *b, struct evidence_counts *out)
{
	struct evidence_counts c;
	*out = b->before;
	for (struct backend *k = b->replaced; k; k = k->next) {
		evidence_pool_count(k->pool, &c);
		add_counts(out, &c);
		out->lookups += c.lookups;
	}
	if (!b->active)
		return;
	evidence_pool_count(b->active->pool, &c);
	add_counts(out, &c);
	out->lookups += c.lookups;
	out->cache_entries = c.cache_entries;
	out->cache_bytes = c.cache_bytes;
}

void backends_count(struct backends *b, struct evidence_counts *out)
{
	pthread_mutex_lock(&b->lock);
	count_locked(b, out);
	pthread_mutex_unlock(&b->lock);
}

bool backends_idle(struct backends *b)
{
	struct evidence_counts c;
	backends_count(b, &c);
	return c.lookups == 0;
}

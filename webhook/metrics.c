#include "webhook/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "policy/rule.h"
#include "webhook/limits.h"
#include "webhook/metrics_state.h"

const char *const metrics_resources[RESOURCE_COUNT] = {
	"pods",         "deployments", "replicasets", "statefulsets",
	"daemonsets",   "jobs",        "cronjobs",    "replicationcontrollers",
	"podtemplates", "other",
};

const char *const metrics_operations[OPERATION_LABELS] = {"CREATE", "UPDATE", "other"};

const int64_t metrics_bucket_us[DURATION_BUCKETS] = {
	1000,   2500,   5000,    10000,   25000,   50000,    100000,
	250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

struct metrics *metrics_new(const char *version, const char *revision)
{
	struct metrics *m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	pthread_mutex_init(&m->lock, NULL);
	m->version = version;
	m->revision = revision;
	m->other.host = S("other");
	return m;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	while (m->uses) {
		struct metrics_use *use = m->uses;
		m->uses = use->next;
		free(use);
	}
	while (m->registries) {
		struct metrics_registry *registry = m->registries;
		m->registries = registry->next;
		free(registry);
	}
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void metrics_duration_add(struct metrics_duration *d, int64_t us)
{
	size_t bucket = 0;
	while (bucket < DURATION_BUCKETS && us > metrics_bucket_us[bucket])
		bucket++;
	add(&d->bucket[bucket], 1);
	add(&d->sum_us, us > 0 ? (uint64_t)us : 0);
}

/* The last entry stands for everything else. */
static size_t index_of(struct str word, const char *const *words, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (str_eq(word, str_of(words[i])))
			return i;
	return n - 1;
}

void metrics_request(struct metrics *m, const struct metrics_request *r)
{
	size_t resource = index_of(r->resource, metrics_resources, RESOURCE_COUNT);
	size_t operation = index_of(r->operation, metrics_operations, OPERATION_LABELS);
	add(&m->requests[resource][operation][r->verdict][r->dry_run ? 1 : 0], 1);
	metrics_duration_add(&m->duration[r->verdict], r->duration_us);
}

static struct metrics_use *find_use(struct metrics *m, struct str name)
{
	for (struct metrics_use *use = m->uses; use; use = use->next)
		if (str_eq(name, (struct str){use->name, use->n}))
			return use;
	return NULL;
}

/* Without memory a use is not counted here; the decision's log line names it all the same. */
static void count_use(struct metrics *m, struct str name)
{
	pthread_mutex_lock(&m->lock);
	struct metrics_use *use = find_use(m, name);
	if (!use) {
		use = calloc(1, sizeof(*use) + name.n);
		if (use) {
			memcpy(use->name, name.p, name.n);
			use->n = name.n;
			use->next = m->uses;
			m->uses = use;
		}
	}
	if (use)
		use->count++;
	pthread_mutex_unlock(&m->lock);
}

uint64_t metrics_exception_uses(struct metrics *m, struct str name)
{
	pthread_mutex_lock(&m->lock);
	const struct metrics_use *use = find_use(m, name);
	uint64_t n = use ? use->count : 0;
	pthread_mutex_unlock(&m->lock);
	return n;
}

void metrics_report(struct metrics *m, const struct report *r)
{
	const struct rule_table *table = rule_table_shipped();
	for (size_t i = 0; i < r->n_results; i++) {
		const struct rule_result *result = &r->results[i];
		for (size_t k = 0; k < table->n && k < RULE_TYPES_MAX; k++)
			if (table->rules[k] == result->rule->type)
				add(&m->rules[k][result->outcome], 1);
	}
	for (size_t i = 0; i < r->n_uses; i++)
		count_use(m, r->uses[i].exception->name);
}

void metrics_rejected(struct metrics *m, enum rejected_connection why, uint64_t n)
{
	add(&m->rejected[why], n);
}

void metrics_in_flight_add(struct metrics *m, int delta)
{
	atomic_fetch_add(&m->in_flight, delta);
}

int64_t metrics_in_flight(const struct metrics *m)
{
	return atomic_load(&m->in_flight);
}

void metrics_reload(struct metrics *m, bool ok, int64_t now_unix_s)
{
	atomic_store(&m->reload_ok, ok);
	if (ok)
		atomic_store(&m->reload_time, now_unix_s);
}

void metrics_certificate(struct metrics *m, int64_t not_after_unix_s)
{
	atomic_store(&m->not_after, not_after_unix_s);
}

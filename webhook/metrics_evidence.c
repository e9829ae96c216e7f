/* Metrics of signatures, their cache, and registries: counted and rendered. spec: operations section 2 */
#include <stdlib.h>
#include <string.h>

#include "webhook/metrics_page.h"

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

/* ---- counting ---- */

void metrics_verification(struct metrics *m, const struct evidence *e, bool cached,
			  int64_t elapsed_us)
{
	if (e->refused)
		return;
	add(&m->verifications[e->state], 1);
	if (e->state != VERIFY_STATE_VERIFIED)
		add(&m->rejections[e->reason], 1);
	metrics_duration_add(&m->verification[cached ? 0 : 1], elapsed_us);
}

void metrics_evidence(struct metrics *m, const struct evidence_counts *c)
{
	pthread_mutex_lock(&m->lock);
	m->counts = *c;
	pthread_mutex_unlock(&m->lock);
}

/* Called with the lock held. */
static struct metrics_registry *find(struct metrics *m, struct str host)
{
	for (struct metrics_registry *r = m->registries; r; r = r->next)
		if (str_eq(r->host, host))
			return r;
	return NULL;
}

/* At the end of the list, so that the page keeps its order. */
static void append(struct metrics *m, struct str host)
{
	struct metrics_registry **at = &m->registries;
	struct metrics_registry *r = calloc(1, sizeof(*r) + host.n);
	if (!r)
		return;
	char *copy = (char *)(r + 1);
	memcpy(copy, host.p, host.n);
	r->host = (struct str){copy, host.n};
	while (*at)
		at = &(*at)->next;
	*at = r;
}

void metrics_registry(struct metrics *m, struct str host)
{
	pthread_mutex_lock(&m->lock);
	if (host.n > 0 && !find(m, host))
		append(m, host);
	pthread_mutex_unlock(&m->lock);
}

void metrics_registry_request(struct metrics *m, struct str host, bool configured,
			      enum registry_outcome outcome, int64_t elapsed_us)
{
	struct metrics_registry *r = NULL;
	if (configured) {
		pthread_mutex_lock(&m->lock);
		r = find(m, host);
		pthread_mutex_unlock(&m->lock);
	}
	r = r ? r : &m->other;
	add(&r->outcomes[outcome], 1);
	metrics_duration_add(&r->duration, elapsed_us);
}

/* ---- the page ---- */

static void put_verifications(struct page *p, const struct metrics *m)
{
	char labels[96];
	page_head(p, METRIC_VERIFICATIONS);
	for (size_t i = 0; i < VERIFY_STATES; i++) {
		(void)snprintf(labels, sizeof(labels), "{result=\"%s\"}",
			       verify_state_name((enum verify_state)i));
		page_u64(p, labels, get(&m->verifications[i]));
	}
	page_head(p, METRIC_VERIFICATION_DURATION);
	page_duration(p, "source=\"cache\"", &m->verification[0]);
	page_duration(p, "source=\"registry\"", &m->verification[1]);
	page_head(p, METRIC_REJECTIONS);
	for (size_t i = 0; i < VERIFY_REASONS; i++) {
		if (i == VERIFY_VERIFIED)
			continue;
		(void)snprintf(labels, sizeof(labels), "{reason=\"%s\"}",
			       verify_reason_name((enum verify_reason)i));
		page_u64(p, labels, get(&m->rejections[i]));
	}
}

static void put_cache(struct page *p, struct metrics *m)
{
	pthread_mutex_lock(&m->lock);
	const struct evidence_counts c = m->counts;
	pthread_mutex_unlock(&m->lock);
	page_head(p, METRIC_CACHE_LOOKUPS);
	page_u64(p, "{result=\"hit\"}", c.hits);
	page_u64(p, "{result=\"miss\"}", c.misses);
	page_u64(p, "{result=\"negative\"}", c.negatives);
	page_u64(p, "{result=\"joined\"}", c.joined);
	page_single(p, METRIC_CACHE_ENTRIES, c.cache_entries);
	page_single(p, METRIC_CACHE_BYTES, c.cache_bytes);
}

/* 'registry="host"'; hosts have passed the loader of the registries file. */
static const char *registry_label(const struct metrics_registry *r, char *buf, size_t size)
{
	struct text t;
	struct str out;
	text_init_fixed(&t, buf, size);
	text_puts(&t, "registry=");
	text_quote(&t, r->host, 256);
	return text_done(&t, &out) ? out.p : "registry=\"\"";
}

static void put_outcomes(struct page *p, const struct metrics_registry *r)
{
	char buf[512];
	char labels[600];
	const char *label = registry_label(r, buf, sizeof(buf));
	for (size_t i = 0; i < REGISTRY_OUTCOMES; i++) {
		const char *outcome = registry_outcome_label((enum registry_outcome)i);
		uint64_t n = 0;
		/* Several outcomes share a label: shown with the first of them. */
		if (i > 0 && strcmp(outcome, registry_outcome_label(REGISTRY_INVALID)) == 0)
			continue;
		for (size_t k = i; k < REGISTRY_OUTCOMES; k++)
			if (strcmp(outcome, registry_outcome_label((enum registry_outcome)k)) == 0)
				n += get(&r->outcomes[k]);
		(void)snprintf(labels, sizeof(labels), "{%s,outcome=\"%s\"}", label, outcome);
		page_u64(p, labels, n);
	}
}

void metrics_put_evidence(struct page *p, struct metrics *m)
{
	char buf[512];
	put_verifications(p, m);
	put_cache(p, m);
	pthread_mutex_lock(&m->lock);
	page_head(p, METRIC_REGISTRY_REQUESTS);
	for (const struct metrics_registry *r = m->registries; r; r = r->next)
		put_outcomes(p, r);
	put_outcomes(p, &m->other);
	page_head(p, METRIC_REGISTRY_DURATION);
	for (const struct metrics_registry *r = m->registries; r; r = r->next)
		page_duration(p, registry_label(r, buf, sizeof(buf)), &r->duration);
	page_duration(p, registry_label(&m->other, buf, sizeof(buf)), &m->other.duration);
	pthread_mutex_unlock(&m->lock);
}

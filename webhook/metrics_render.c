/* Text format 0.0.4 and OpenMetrics 1.0 of the metrics.
 * source: prometheus.io exposition formats; OpenMetrics 1.0 */
#include <inttypes.h>

#include "core/log.h"
#include "policy/rule.h"
#include "webhook/metrics_page.h"

static const struct {
	const char *name, *type, *help;
} metric_table[METRIC_COUNT] = {
#define METRIC(id, name, type, help) {name, type, help},
#include "webhook/metrics.def"
#undef METRIC
};

static bool is_counter(enum metric m)
{
	return metric_table[m].type[0] == 'c';
}

void page_head(struct page *p, enum metric m)
{
	const char *suffix = is_counter(m) && !p->openmetrics ? "_total" : "";
	p->metric = m;
	text_printf(p->t, "# HELP %s%s %s\n# TYPE %s%s %s\n", metric_table[m].name, suffix,
		    metric_table[m].help, metric_table[m].name, suffix, metric_table[m].type);
}

static void name(struct page *p, const char *labels)
{
	text_puts(p->t, metric_table[p->metric].name);
	text_puts(p->t, is_counter(p->metric) ? "_total" : "");
	text_puts(p->t, labels);
	text_putc(p->t, ' ');
}

void page_u64(struct page *p, const char *labels, uint64_t v)
{
	name(p, labels);
	text_put_u64(p->t, v);
	text_putc(p->t, '\n');
}

void page_i64(struct page *p, const char *labels, int64_t v)
{
	name(p, labels);
	text_put_i64(p->t, v);
	text_putc(p->t, '\n');
}

void page_single(struct page *p, enum metric m, uint64_t v)
{
	page_head(p, m);
	page_u64(p, "", v);
}

static uint64_t get(const _Atomic uint64_t *v)
{
	return atomic_load_explicit(v, memory_order_relaxed);
}

static void put_bucket(struct page *p, const char *label, const char *le, uint64_t n)
{
	text_printf(p->t, "%s_bucket{%s,le=\"%s\"} %" PRIu64 "\n", metric_table[p->metric].name,
		    label, le, n);
}

void page_duration(struct page *p, const char *label, const struct metrics_duration *d)
{
	const char *metric = metric_table[p->metric].name;
	char le[32];
	uint64_t n = 0;
	for (size_t b = 0; b < DURATION_BUCKETS; b++) {
		n += get(&d->bucket[b]);
		(void)snprintf(le, sizeof(le), "%g", (double)metrics_bucket_us[b] / 1e6);
		put_bucket(p, label, le, n);
	}
	n += get(&d->bucket[DURATION_BUCKETS]);
	put_bucket(p, label, "+Inf", n);
	text_printf(p->t, "%s_sum{%s} %.6f\n", metric, label, (double)get(&d->sum_us) / 1e6);
	text_printf(p->t, "%s_count{%s} %" PRIu64 "\n", metric, label, n);
}

static void put_requests(struct page *p, const struct metrics *m)
{
	char labels[160];
	page_head(p, METRIC_REQUESTS);
	for (size_t r = 0; r < RESOURCE_COUNT; r++)
		for (size_t o = 0; o < OPERATION_LABELS; o++)
			for (size_t k = 0; k < VERDICT_COUNT * 2; k++) {
				(void)snprintf(labels, sizeof(labels),
					       "{resource=\"%s\",operation=\"%s\",outcome=\"%s\","
					       "dry_run=\"%s\"}",
					       metrics_resources[r], metrics_operations[o],
					       verdict_decision((enum verdict)(k / 2)),
					       k % 2 ? "true" : "false");
				page_u64(p, labels, get(&m->requests[r][o][k / 2][k % 2]));
			}
}

static void put_duration(struct page *p, const struct metrics *m)
{
	char label[64];
	page_head(p, METRIC_DURATION);
	for (size_t v = 0; v < VERDICT_COUNT; v++) {
		(void)snprintf(label, sizeof(label), "outcome=\"%s\"",
			       verdict_decision((enum verdict)v));
		page_duration(p, label, &m->duration[v]);
	}
}

static void put_rejected(struct page *p, const struct metrics *m)
{
	static const char *const reasons[REJECTED_COUNT] = {
		[REJECTED_MALFORMED] = "malformed", [REJECTED_OVERSIZE] = "oversize",
		[REJECTED_OVERLOAD] = "overload",   [REJECTED_TLS] = "tls",
		[REJECTED_SLOW] = "slow",
	};
	char labels[64];
	page_head(p, METRIC_REJECTED);
	for (size_t i = 0; i < REJECTED_COUNT; i++) {
		(void)snprintf(labels, sizeof(labels), "{reason=\"%s\"}", reasons[i]);
		page_u64(p, labels, get(&m->rejected[i]));
	}
}

static void put_rules(struct page *p, const struct metrics *m)
{
	static const char *const results[RULE_OUTCOMES] = {[RULE_ERROR] = "error",
							   [RULE_FAIL] = "fail",
							   [RULE_SKIP] = "skip",
							   [RULE_PASS] = "pass"};
	const struct rule_table *table = rule_table_shipped();
	char labels[160];
	page_head(p, METRIC_RULES);
	for (size_t i = 0; i < table->n && i < RULE_TYPES_MAX; i++)
		for (size_t k = 0; k < RULE_OUTCOMES; k++) {
			(void)snprintf(labels, sizeof(labels), "{rule=\"%s\",result=\"%s\"}",
				       table->rules[i]->key, results[k]);
			page_u64(p, labels, get(&m->rules[i][k]));
		}
}

/* Label values: backslash, quote and newline are escaped; names have passed the policy loader. */
static struct str exception_label(const struct exception *x, char *buf, size_t size)
{
	struct text t;
	struct str out = {0};
	text_init_fixed(&t, buf, size);
	text_puts(&t, "{exception=");
	text_quote(&t, x->name, 253);
	text_puts(&t, "}");
	return text_done(&t, &out) ? out : S("{exception=\"\"}");
}

static void put_exceptions(struct page *p, struct metrics *m, const struct policy_set *set)
{
	char labels[1200];
	page_head(p, METRIC_EXCEPTION_USES);
	for (size_t i = 0; set && i < set->n_exceptions; i++) {
		const struct exception *x = &set->exceptions[i];
		page_u64(p, exception_label(x, labels, sizeof(labels)).p,
			 metrics_exception_uses(m, x->name));
	}
	page_head(p, METRIC_EXCEPTION_EXPIRY);
	for (size_t i = 0; set && i < set->n_exceptions; i++)
		page_i64(p, exception_label(&set->exceptions[i], labels, sizeof(labels)).p,
			 set->exceptions[i].expires_unix_s);
}

static void put_log(struct page *p)
{
	static const char *const levels[LOG_LEVELS] = {[LOG_ERROR] = "error",
						       [LOG_WARNING] = "warning",
						       [LOG_INFO] = "info",
						       [LOG_DEBUG] = "debug"};
	char labels[64];
	page_head(p, METRIC_LOG_MESSAGES);
	for (size_t i = 0; i < LOG_LEVELS; i++) {
		(void)snprintf(labels, sizeof(labels), "{level=\"%s\"}", levels[i]);
		page_u64(p, labels, log_count((enum log_level)i));
	}
	page_single(p, METRIC_LOG_LOST, log_lost());
}

static void put_process(struct page *p)
{
	struct metrics_process v;
	metrics_process_read(&v);
	page_head(p, METRIC_CPU);
	name(p, "");
	text_printf(p->t, "%.2f\n", v.cpu_s);
	page_single(p, METRIC_RESIDENT, v.resident);
	page_single(p, METRIC_VIRTUAL, v.virtual_);
	page_single(p, METRIC_OPEN_FDS, v.open_fds);
	page_single(p, METRIC_MAX_FDS, v.max_fds);
	page_head(p, METRIC_START_TIME);
	name(p, "");
	text_printf(p->t, "%.2f\n", v.start_s);
}

static void put_config(struct page *p, struct metrics *m, const struct policy_set *set)
{
	page_head(p, METRIC_NOT_AFTER);
	page_i64(p, "", atomic_load(&m->not_after));
	page_single(p, METRIC_RELOAD_OK, atomic_load(&m->reload_ok) ? 1 : 0);
	page_head(p, METRIC_RELOAD_TIME);
	page_i64(p, "", atomic_load(&m->reload_time));
	page_single(p, METRIC_POLICIES, set ? set->n_policies : 0);
	page_single(p, METRIC_TRUSTED_KEYS, set ? set->n_keys : 0);
	put_exceptions(p, m, set);
}

void metrics_put(struct text *t, struct metrics *m, const struct policy_set *set, bool openmetrics)
{
	struct page p = {.t = t, .openmetrics = openmetrics};
	char labels[256];
	page_head(&p, METRIC_BUILD_INFO);
	(void)snprintf(labels, sizeof(labels), "{version=\"%.100s\",revision=\"%.100s\"}",
		       m->version, m->revision);
	page_u64(&p, labels, 1);
	put_requests(&p, m);
	put_duration(&p, m);
	page_head(&p, METRIC_IN_FLIGHT);
	page_i64(&p, "", atomic_load(&m->in_flight));
	put_rejected(&p, m);
	put_rules(&p, m);
	metrics_put_evidence(&p, m);
	put_config(&p, m, set);
	put_log(&p);
	put_process(&p);
	if (openmetrics)
		text_puts(t, "# EOF\n");
}

/* Parts of the page of metrics, for the files that render it; nobody else includes it. */
#ifndef ASSAY_WEBHOOK_METRICS_PAGE_H
#define ASSAY_WEBHOOK_METRICS_PAGE_H

#include "webhook/metrics_state.h"

enum metric {
#define METRIC(id, name, type, help) id,
#include "webhook/metrics.def"
#undef METRIC
	METRIC_COUNT
};

struct page {
	struct text *t;
	bool openmetrics;
	enum metric metric; /* whose samples follow */
};

/* Begin a metric: its HELP and TYPE. */
void page_head(struct page *p, enum metric m);
/* One sample; labels with their braces, or "". */
void page_u64(struct page *p, const char *labels, uint64_t v);
void page_i64(struct page *p, const char *labels, int64_t v);
/* A metric of one sample. */
void page_single(struct page *p, enum metric m, uint64_t v);
/* A histogram; the label without braces: 'outcome="denied"'. */
void page_duration(struct page *p, const char *label, const struct metrics_duration *d);

/* Signatures, their cache, and registries (webhook/metrics_evidence.c). */
void metrics_put_evidence(struct page *p, struct metrics *m);

#endif

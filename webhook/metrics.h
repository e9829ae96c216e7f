/*
 * Counters and gauges, and their text. Names and labels: metrics.def and spec operations section 2; all
 * label values come from closed sets or from configuration, and every counter starts at 0 for every
 * label value.
 *
 * One struct metrics per server, updated with relaxed atomics by any thread; what has names from
 * configuration (exceptions, registries) is found under a lock of its own.
 */
#ifndef ASSAY_WEBHOOK_METRICS_H
#define ASSAY_WEBHOOK_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"
#include "evidence/pool.h"
#include "policy/engine.h"
#include "policy/policy.h"

struct metrics;

enum rejected_connection { /* reason label of assay_admission_rejected_connections_total */
			   REJECTED_MALFORMED = 0,
			   REJECTED_OVERSIZE,
			   REJECTED_OVERLOAD,
			   REJECTED_TLS,
			   REJECTED_SLOW,
			   REJECTED_COUNT
};

struct metrics_request {
	struct str resource;  /* mapped onto the known workload resources, else "other" */
	struct str operation; /* CREATE, UPDATE, else "other" */
	enum verdict verdict;
	bool dry_run;
	int64_t duration_us;
};

/* Version and revision are borrowed for good. NULL: no memory. */
struct metrics *metrics_new(const char *version, const char *revision);
void metrics_free(struct metrics *m);

void metrics_request(struct metrics *m, const struct metrics_request *r);
/* Rule evaluations and exception uses of a judged review. */
void metrics_report(struct metrics *m, const struct report *r);
void metrics_rejected(struct metrics *m, enum rejected_connection why, uint64_t n);
void metrics_in_flight_add(struct metrics *m, int delta);
int64_t metrics_in_flight(const struct metrics *m);
void metrics_reload(struct metrics *m, bool ok, int64_t now_unix_s);
void metrics_certificate(struct metrics *m, int64_t not_after_unix_s);

/* ---- signatures and registries (webhook/metrics_evidence.c) ---- */

/* A question of a signature rule has its answer. One that nobody was allowed to ask counts nowhere. */
void metrics_verification(struct metrics *m, const struct evidence *e, bool cached,
			  int64_t elapsed_us);
/* What the next page shows of cache and questions. */
void metrics_evidence(struct metrics *m, const struct evidence_counts *c);
/* The registries file names this host: it has a label of its own from now on. Without memory it counts
 * among the others. */
void metrics_registry(struct metrics *m, struct str host);
/* One HTTP request; `configured`: the registries file names the host. */
void metrics_registry_request(struct metrics *m, struct str host, bool configured,
			      enum registry_outcome outcome, int64_t elapsed_us);

/* Everything, in text format 0.0.4 or OpenMetrics 1.0. `set` may be NULL. */
void metrics_put(struct text *t, struct metrics *m, const struct policy_set *set, bool openmetrics);

#endif

/* What the counting and the rendering half of the metrics share; nobody else includes it. */
#ifndef ASSAY_WEBHOOK_METRICS_STATE_H
#define ASSAY_WEBHOOK_METRICS_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "webhook/metrics.h"

enum {
	RESOURCE_OTHER = 9, /* after the known ones */
	RESOURCE_COUNT,
	OPERATION_LABELS = 3,
	VERDICT_COUNT = 4,
	RULE_OUTCOMES = 4,
	RULE_TYPES_MAX = 32,
	DURATION_BUCKETS = 13,
	VERIFY_STATES = VERIFY_STATE_VERIFIED + 1,
};

extern const char *const metrics_resources[RESOURCE_COUNT];
extern const char *const metrics_operations[OPERATION_LABELS];
extern const int64_t metrics_bucket_us[DURATION_BUCKETS];

struct metrics_duration {
	_Atomic uint64_t
		bucket[DURATION_BUCKETS + 1]; /* not cumulative; the last: longer than all */
	_Atomic uint64_t sum_us;
};

struct metrics_use {
	struct metrics_use *next;
	uint64_t count;
	size_t n;
	char name[];
};

/* Requests to one registry that the registries file names, or to all others. */
struct metrics_registry {
	struct metrics_registry *next;
	struct str host;
	_Atomic uint64_t outcomes[REGISTRY_OUTCOMES];
	struct metrics_duration duration;
};

struct metrics {
	const char *version;
	const char *revision;
	_Atomic uint64_t requests[RESOURCE_COUNT][OPERATION_LABELS][VERDICT_COUNT][2];
	struct metrics_duration duration[VERDICT_COUNT];
	_Atomic int64_t in_flight;
	_Atomic uint64_t rejected[REJECTED_COUNT];
	_Atomic uint64_t rules[RULE_TYPES_MAX][RULE_OUTCOMES];
	_Atomic int64_t not_after;
	_Atomic bool reload_ok;
	_Atomic int64_t reload_time;
	_Atomic uint64_t verifications[VERIFY_STATES];
	struct metrics_duration verification[2]; /* from the cache, from the registry */
	_Atomic uint64_t rejections[VERIFY_REASONS];
	struct metrics_registry other;
	pthread_mutex_t lock; /* uses, list of registries, counts */
	struct metrics_use *uses;
	struct metrics_registry *registries; /* none is ever taken out */
	struct evidence_counts counts;
};

void metrics_duration_add(struct metrics_duration *d, int64_t us);

/* Uses of the exception of this name since the start. Any thread. */
uint64_t metrics_exception_uses(struct metrics *m, struct str name);

/* The process_* values; what cannot be read is 0. */
struct metrics_process {
	double cpu_s;
	double start_s;
	uint64_t resident, virtual_, open_fds, max_fds;
};
void metrics_process_read(struct metrics_process *out);

#endif

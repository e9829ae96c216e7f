/*
 * A look at the head of an AdmissionReview without building a tree: no memory, no depth, one pass.
 *
 * For bodies that the JSON reader refuses, and for the constant answer of benchmarks. Never the ground
 * of an admission.
 */
#ifndef ASSAY_WEBHOOK_SCAN_H
#define ASSAY_WEBHOOK_SCAN_H

#include "core/str.h"

/* Slices of the body; empty when not found. */
struct review_head {
	struct str api_version;
	struct str
		uid; /* of `request`; only letters, digits, '-', '.', '_', at most LIMIT_UID_BYTES */
};

/* Whatever the bytes are, *out is filled and nothing outside them is read. Linear time, and as a rule
 * only the first 200 bytes: the API server writes what is looked for first. The first of equal keys
 * counts. Any thread. */
void review_scan(struct str body, struct review_head *out);

#endif

/* The violations that people are told of: those that count, equal ones once. Part of the report. */
#ifndef ASSAY_POLICY_REPORT_LINES_H
#define ASSAY_POLICY_REPORT_LINES_H

#include "policy/report.h"

enum report_lines_of {
	REPORT_LINES_REFUSAL = 0, /* what refuses; told with found and wanted */
	REPORT_LINES_WARNING,     /* what warns; told by code and place alone */
};

struct report_lines {
	const struct violation **items; /* in the report's order */
	size_t n;
};

/* In the report's arena. False when it is exhausted; *out is then empty. */
bool report_lines(const struct report *r, enum report_lines_of of, struct report_lines *out);

#endif

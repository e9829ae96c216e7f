/* Reports filled by hand. */
#ifndef ASSAY_TESTS_REPORT_FIXTURE_H
#define ASSAY_TESTS_REPORT_FIXTURE_H

#include "tests/unit/policy_fixture.h"

#define DOCS "https://docs.example.com/assay/fix"

extern const struct policy fixture_deny;    /* "golden", onError deny */
extern const struct policy fixture_lenient; /* "lenient", onError allow */
extern const struct report_object fixture_web;
extern const struct report_text_options fixture_options; /* DOCS, uid "705ab4f5-..." */

/* The fixture's report, empty. */
struct report *fixture_report(struct fixture *f);
/* A violation at spec.containers[i].image, in mode deny, of rule golden/ro-rootfs. */
struct violation fixture_violation(struct fixture *f, enum code code, size_t i);
void expect_message(struct fixture *f, const struct report_text_options *o, const char *want);

#endif

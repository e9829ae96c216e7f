/* A policy with one signature rule over three authorities, and Pods to judge by it. */
#ifndef ASSAY_TESTS_SIGNATURE_FIXTURE_H
#define ASSAY_TESTS_SIGNATURE_FIXTURE_H

#include <check.h>

#include "policy/limits.h"
#include "tests/unit/evidence_fixture.h"
#include "tests/unit/policy_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define IMAGE "registry.internal.example.com/edge/proxy@sha256:" HEX
#define SHORT "registry.internal.example.com/edge/proxy@sha256:0123456789ab\xE2\x80\xA6"
#define AT "spec.containers[0].image (container \"proxy\"): "

/* Set up for each test. */
extern struct fixture *x;
extern struct fake_registry *reg;

void signature_setup(void);
void signature_teardown(void);

/* A policy with the authorities r1, r2, r3 and these rules. */
void load_rules(const char *on_error, const char *rules);
const char *rule(const char *params); /* of a rule named "signed" */
const char *pod_of(const char *image);
/* Evaluate a Pod; the questions are then to be answered. */
void evaluate(const char *pod);
enum verdict conclude(const struct evidence *answers);

#endif

/*
 * Sample Pods that a policy admits and refuses, built from its own parameters (Deployments, for a
 * policy that leaves Pods out): what `assay lint` prints, and what tells a policy that refuses
 * everything, or nothing, from a sound one. spec: policy 4.3
 */
#ifndef ASSAY_POLICY_SAMPLE_H
#define ASSAY_POLICY_SAMPLE_H

#include "core/problem.h"
#include "policy/engine.h"

struct sample {
	const struct policy_rule *rule; /* NULL: the Pod that passes all rules */
	struct str yaml;                /* the Pod */
	bool as_expected;               /* the engine agreed: admitted, or refused by this rule */
};

struct samples {
	struct sample *items; /* one good, then one bad per rule */
	size_t n;
};

/* Build and judge the samples of one policy of `set`, at `now`, exceptions left out. A sample that is
 * not judged as expected adds an error to *problems ("every Pod would be refused", "rule refuses
 * nothing"). -1 (*e: LIMIT) when the arena is exhausted. */
int samples_build(struct arena *a, const struct policy_set *set, const struct policy *p,
		  int64_t now_unix_s, struct samples *out, struct problems *problems, struct err *e)
	MUST_USE;

#endif

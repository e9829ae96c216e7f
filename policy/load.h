/*
 * Load policies: files -> checked, compiled, immutable policy set. Strict: everything that is wrong is
 * listed at once, and then nothing is loaded. spec: policy section 4
 */
#ifndef ASSAY_POLICY_LOAD_H
#define ASSAY_POLICY_LOAD_H

#include "core/err.h"
#include "core/problem.h"
#include "policy/policy.h"
#include "policy/rule.h"

struct policy_file {
	struct str name; /* as shown in problems */
	struct str bytes;
};

/* Tests: the n-th allocation of an arena fails, 0 none. */
struct policy_faults {
	size_t files;   /* bytes of the files, policy_set_load() only */
	size_t scratch; /* their trees */
	size_t set;
};

struct policy_options {
	const struct rule_table *rules; /* NULL: the shipped ones */
	int64_t now_unix_s;             /* for exceptions that have ended (a warning) */
	int64_t max_exception_days;     /* 0: no cap; an exception that ends later is an error */
	struct policy_faults fail_at;
};

/* Compile the files. The set is the caller's (policy_set_free, or store_swap takes it over). NULL when
 * there is any error, or no policy at all; the problems (also warnings of a good set) are in *problems,
 * whose arena outlives this call. */
struct policy_set *policy_set_build(const struct policy_file *files, size_t n,
				    const struct policy_options *o, struct problems *problems);

/* The same for files and folders on disk (*.yaml, *.yml, *.json); unreadable ones are problems. */
struct policy_set *policy_set_load(const char *const *paths, size_t n_paths,
				   const struct policy_options *o, struct problems *problems);

void policy_set_free(struct policy_set *s); /* NULL is fine */

/* The policy in normal form, as YAML, every default written out; for `assay lint`. */
void policy_put_yaml(struct text *t, const struct policy *p);

#endif

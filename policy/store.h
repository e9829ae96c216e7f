/*
 * The active policy set: counted references under one mutex. A swap never waits for reviews; the old
 * set is freed when the last review that holds it gives it back. Any thread.
 */
#ifndef ASSAY_POLICY_STORE_H
#define ASSAY_POLICY_STORE_H

#include "policy/policy.h"

struct store;
struct policy_ref; /* a counted hold on one set */

struct store *store_new(void);    /* empty; NULL: no memory */
void store_free(struct store *s); /* all references must be back; NULL is fine */

/* Make `set` the active one and take it over. -1 (ERR_MEMORY) leaves the old set active and `set` with
 * the caller. */
int store_swap(struct store *s, struct policy_set *set, struct err *e) MUST_USE;

/* Hold the active set; NULL when there is none yet. */
struct policy_ref *store_acquire(struct store *s);
const struct policy_set *policy_ref_set(const struct policy_ref *r);
void store_release(struct store *s, struct policy_ref *r); /* NULL is fine */

#endif

/*
 * Policies with their keys, certificate, registries: loaded from files and loaded again when those change.
 *
 * The three are independent: a bad certificate does not keep new policies out. What failed stays as it was,
 * is logged once with every reason, and shows in metric and /readyz until it is mended.
 */
#ifndef ASSAY_WEBHOOK_RELOAD_H
#define ASSAY_WEBHOOK_RELOAD_H

#include <stdbool.h>

#include "core/err.h"
#include "core/problem.h"
#include "core/text.h"
#include "policy/store.h"
#include "webhook/backend.h"
#include "webhook/metrics.h"
#include "webhook/server.h"
#include "webhook/tls.h"

struct reload;

/* All arguments are borrowed. NULL: no memory. */
struct reload *reload_new(const struct server_config *c, struct store *store, struct tls *tls,
			  struct backends *backends, struct metrics *m);
void reload_free(struct reload *r); /* NULL is fine */

/* The first load: all must be good. Problems of policies and registries, warnings of good ones too, in
 * *problems; registries add to what policies have put there. */
int reload_first_policies(struct reload *r, struct problems *problems, struct err *e) MUST_USE;
int reload_first_certificate(struct reload *r, struct err *e) MUST_USE;
int reload_first_registries(struct reload *r, struct problems *problems, struct err *e) MUST_USE;

/* Load what changed, or all of it. One thread. */
void reload_again(struct reload *r, bool force);

/* "policies: ...", one line for each that failed to load last time, nothing if all is well. Escaped. Any
 * thread. True if anything failed. */
bool reload_put_failures(struct reload *r, struct text *t);

#endif

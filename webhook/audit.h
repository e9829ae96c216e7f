/* The decision line of the log: one per review, a documented and stable interface. spec: operations 3 */
#ifndef ASSAY_WEBHOOK_AUDIT_H
#define ASSAY_WEBHOOK_AUDIT_H

#include "webhook/request.h"

struct audit {
	const struct review *review;
	const struct engine *engine; /* NULL: nothing was judged */
	const struct answer *answer;
	struct str policy_sha256; /* may be empty */
	int64_t duration_us;
	enum judgement_source source;
	int64_t waited_us; /* for registries */
	bool late;         /* the API server no longer listens */
	bool log_allowed;  /* allowed ones at info */
};

/* Never blocks. Any thread. */
void audit_decision(const struct audit *a);

#endif

/*
 * Evidence: what is known of an image digest after asking its registry.
 *
 * Rules ask questions while the engine evaluates; nothing blocks there. The caller of the engine then
 * has the questions answered here, and the rules that asked judge the answers. This header is the seam:
 * where answers come from (a registry, recorded content) is behind struct evidence_source.
 *
 * Zero of the state is "could not find out", which is never reported as "no" and never as "yes".
 */
#ifndef ASSAY_EVIDENCE_EVIDENCE_H
#define ASSAY_EVIDENCE_EVIDENCE_H

#include "core/arena.h"
#include "core/clock.h"
#include "core/err.h"
#include "oci/reference.h"

struct evidence_question {
	const struct reference *image; /* pinned by digest; borrowed until the review ends */
	struct str topic;              /* what is asked of it, e.g. "signatures" */
};

enum evidence_state {
	EVIDENCE_UNAVAILABLE = 0, /* could not find out: `why` says what happened */
	EVIDENCE_KNOWN,           /* asked and answered; `facts` may be empty */
};

struct evidence {
	enum evidence_state state;
	struct str why; /* UNAVAILABLE: the reason in plain words, in the arena */
	const struct str *facts;
	size_t n_facts;
};

/* Where answers come from. fetch() may block until `d`; it returns 0 and fills *out, or -1 and *e
 * when it could not find out. Called by one thread at a time for one arena. */
struct evidence_source {
	int (*fetch)(void *self, const struct evidence_question *q, struct deadline d,
		     struct arena *a, struct evidence *out, struct err *e);
	void *self;
};

/* Answer n questions into out[n]; equal questions (topic, repository, digest) are fetched once. A
 * failure, a missing source (NULL) or a passed deadline leaves UNAVAILABLE with the reason. Blocks; not
 * for the threads that serve connections. Returns -1 (*e: LIMIT) only when the arena is exhausted, and
 * then every answer is UNAVAILABLE. */
int evidence_gather(const struct evidence_source *source, const struct clock *clock,
		    struct deadline d, const struct evidence_question *q, size_t n, struct arena *a,
		    struct evidence *out, struct err *e) MUST_USE;

#endif

/*
 * Where registry content comes from: a registry (oci/client.h) or a recorded folder
 * (oci/recorded.h), behind one small table of functions.
 *
 * Every body that is handed out was checked against its digest; what a registry says about itself
 * (Docker-Content-Digest, sizes, types) is never trusted. A question never fails "as an error": its
 * outcome says what happened, with a text for people, so that callers can keep "there is none" apart from
 * "could not find out".
 *
 * Calls block until the deadline at the latest. A source may be asked by many threads at once, each
 * with an arena of its own. spec: sigstore sections 2.2, 2.3, 4.1, 10
 */
#ifndef ASSAY_OCI_SOURCE_H
#define ASSAY_OCI_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/gate.h"
#include "core/str.h"
#include "oci/manifest.h"

/* What became of a question. Zero is an answer that cannot be used. OK and NOT_FOUND are knowledge. CONTENT
 * and TOO_LARGE are knowledge of a kind: whoever pushed that has signed nothing, and must not be able to
 * turn "no" into "could not find out", which is what all others mean. */
enum registry_outcome {
	/* The answer cannot be used, and nobody who may push can have caused that: not HTTP, a web page, a
	 * manifest of another digest than asked for, a token service that talks nonsense; or no memory. */
	REGISTRY_INVALID = 0,
	REGISTRY_REFUSED, /* our own rule: address, redirect, token realm, name */
	/* Answered, with what somebody pushed: it has not the announced size or digest, or not the form of
	 * what it claims to be. */
	REGISTRY_CONTENT,
	REGISTRY_TOO_LARGE,    /* likewise, past a limit */
	REGISTRY_TIMEOUT,      /* the deadline passed */
	REGISTRY_CONNECT,      /* no connection, or it broke */
	REGISTRY_TLS,          /* certificate or handshake */
	REGISTRY_UNAUTHORIZED, /* 401, 403, or no token */
	REGISTRY_RATE_LIMITED, /* 429 */
	REGISTRY_HTTP_4XX,     /* other 4xx, and unexpected 1xx to 3xx */
	REGISTRY_HTTP_5XX,
	REGISTRY_NOT_FOUND, /* 404: it is not there */
	REGISTRY_OK,
};
#define REGISTRY_OUTCOMES 13

/* "invalid", "refused", "too_large", ... for logs and tests. */
const char *registry_outcome_name(enum registry_outcome o);
/* The value of the metric label: the same, but "invalid" for CONTENT, TOO_LARGE and REFUSED, which are no label
 * values. spec: operations section 2 */
const char *registry_outcome_label(enum registry_outcome o);
/* May the same question have another outcome soon? False for OK, NOT_FOUND. */
bool registry_outcome_is_unknown(enum registry_outcome o);

/* Normalised, as struct reference has them. */
struct registry_repository {
	struct str host; /* port included if one was written */
	struct str path;
};

/* Surroundings of one question. */
struct registry_call {
	struct arena *arena; /* bodies and texts of the reply */
	struct deadline deadline;
	uint64_t max_bytes; /* of a manifest; 0: LIMIT_MANIFEST_BYTES */
	struct gate *large; /* passed to read a large list; NULL: none */
};

struct registry_reply {
	enum registry_outcome outcome;
	int status;         /* HTTP status of the last answer, 0: none came */
	unsigned tries;     /* times the question was sent, to whichever host */
	bool broke;         /* CONNECT: after the connection was made */
	int64_t elapsed_ms; /* of the whole question */
	struct str text;    /* what happened, for people; empty when OK. Never holds a secret */
	/* Only when OK: */
	struct str body;
	struct str media_type; /* as the registry says, without parameters; may be empty */
	struct sha256 digest;  /* of the body */
};

/* Which referrers count against LIMIT_REFERRERS and are handed on. NULL function: all. */
struct registry_filter {
	bool (*wants)(void *self, const struct descriptor *d);
	void *self;
};

struct registry_referrers {
	struct registry_reply
		reply; /* outcome OK also when there are none; body empty, digest zero */
	struct descriptor
		*items; /* in the registry's order; those of a page before a failure too */
	size_t n;
	bool truncated;     /* there are or may be more, or some were malformed */
	bool by_tag_schema; /* from the tag "sha256-<hex>": no referrers API there */
};

struct registry_source {
	void (*manifest)(void *self, const struct registry_call *call,
			 const struct registry_repository *repository, struct str name,
			 struct registry_reply *out);
	void (*blob)(void *self, const struct registry_call *call,
		     const struct registry_repository *repository, const struct sha256 *digest,
		     uint64_t size, struct registry_reply *out);
	void (*referrers)(void *self, const struct registry_call *call,
			  const struct registry_repository *repository,
			  const struct sha256 *subject, const struct registry_filter *filter,
			  struct registry_referrers *out);
	void *self;
};

/* ---- what callers use: the table's functions behind checks of their arguments ---- */

/* A manifest or index by `name`: a tag, or "sha256:<hex>", which the body must then have. To resolve a
 * tag, ask for it and take out->digest. */
void registry_fetch_manifest(const struct registry_source *s, const struct registry_call *call,
			     const struct registry_repository *repository, struct str name,
			     struct registry_reply *out);

/* The blob of a descriptor: exactly `d->size` bytes with its digest. TOO_LARGE without asking when
 * d->size is more than max_bytes. */
void registry_fetch_blob(const struct registry_source *s, const struct registry_call *call,
			 const struct registry_repository *repository, const struct descriptor *d,
			 uint64_t max_bytes, struct registry_reply *out);

/* What refers to `subject`: by the referrers API, else by the tag schema. At most LIMIT_REFERRERS that
 * `filter` (may be NULL) wants, from at most LIMIT_REFERRER_PAGES pages. */
void registry_fetch_referrers(const struct registry_source *s, const struct registry_call *call,
			      const struct registry_repository *repository,
			      const struct sha256 *subject, const struct registry_filter *filter,
			      struct registry_referrers *out);

/* "sha256-<hex>" and `suffix` (".sig", ".att", ""): the tag of cosign and of the tag schema. */
#define DIGEST_TAG_MAX 80
void digest_tag(const struct sha256 *d, const char *suffix, char out[DIGEST_TAG_MAX]);

#endif

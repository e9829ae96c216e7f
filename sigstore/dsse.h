/*
 * DSSE envelopes: one payload with a type, one signature over both.
 * source: secure-systems-lab/dsse protocol.md; spec: sigstore section 4.3
 */
#ifndef ASSAY_SIGSTORE_DSSE_H
#define ASSAY_SIGSTORE_DSSE_H

#include "sigstore/pjson.h"

#define DSSE_IN_TOTO "application/vnd.in-toto+json"

struct dsse {
	struct str payload;      /* decoded */
	struct str payload_type; /* not checked here */
	struct str signature;    /* decoded, not empty */
	struct str keyid;        /* what it says of its key: unauthenticated, often empty */
};

/* The envelope `at`, in the reader's arena and the tree. Exactly one signature. */
int dsse_parse(const struct pj *r, struct pj_at at, struct dsse *out) MUST_USE;

/* The bytes that are signed: "DSSEv1 LEN type LEN payload", lengths in bytes. -1 only when the arena
 * is exhausted. */
int dsse_pae(struct arena *a, struct str type, struct str payload, struct str *out) MUST_USE;

#endif

/*
 * Bodies of log entries, parsed: what the log says it recorded, in one shape for all kinds.
 * Private to sigstore/rekor_body*.c. spec: sigstore section 7.5
 */
#ifndef ASSAY_SIGSTORE_REKOR_BODY_H
#define ASSAY_SIGSTORE_REKOR_BODY_H

#include "sigstore/bundle.h"
#include "sigstore/pjson.h"

/* A hash of `bits`; 0: absent. */
struct rekor_hash {
	unsigned bits; /* 256, 384, 512 */
	struct str digest;
};

/* What the recorded hash is of. */
enum rekor_content {
	REKOR_CONTENT_NONE = 0,
	REKOR_SIGNED,  /* what is signed: the artifact, payload, or PAE of the envelope */
	REKOR_PAYLOAD, /* the decoded payload of the envelope */
};

struct rekor_body {
	struct str kind, version;
	bool has_signature;
	struct str signature; /* raw bytes */
	bool has_certificate; /* `verifier` is one; else a SubjectPublicKeyInfo */
	struct str verifier;  /* DER */
	struct str key_details;
	bool has_key_details;
	enum rekor_content content;
	struct rekor_hash hash;     /* of that content; absent only if `envelope` is there */
	struct rekor_hash envelope; /* of the whole envelope, as it was uploaded */
};

/* Parse the body of `entry`, as an entry of a bundle of this format and content, into `a`. What the
 * entry announces must be what the body says. Reasons log_kind, log_body, no_room. */
int rekor_body_parse(struct arena *a, const struct bundle_log_entry *entry, const struct bundle *b,
		     struct rekor_body *out, struct sig_fault *f) MUST_USE;

#endif

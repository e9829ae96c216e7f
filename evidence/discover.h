/*
 * Discovery: where the signatures or attestations of an image are, and what they look like.
 *
 * Two lists, to be asked at the same time: the layers of the tag "sha256-<hex>.sig" or ".att", and the
 * referrers. Each entry is fetched on its own, converted by sigstore/bundle.h, and handed to the caller,
 * signature by signature. Blocking; no threads and no locks of its own. spec: sigstore sections 3 and 4.1
 *
 * What a registry holds never leads to "could not find out": a missing, malformed or oversized signature
 * is a rejected one. Only the registry's own failure does. Not so attestations: one that is listed and
 * cannot be had may be the newest, so it is one that could not be found out.
 */
#ifndef ASSAY_EVIDENCE_DISCOVER_H
#define ASSAY_EVIDENCE_DISCOVER_H

#include "evidence/evidence.h"
#include "evidence/large.h"
#include "oci/source.h"
#include "sigstore/bundle.h"

#define MEDIA_COSIGN_SIG "application/vnd.dev.cosign.artifact.sig.v1+json"

/* What is looked for, and where. */
struct discovery {
	const struct registry_source *source;
	struct registry_repository repository; /* of the signatures */
	struct sha256 digest;                  /* of the image */
	enum sig_want want;
	struct str predicate_type;  /* ATTESTATION: of that type alone */
	bool thorough;              /* list also what says of itself that it is something else */
	struct gate *large;         /* for documents above LARGE_DOCUMENT_BYTES; NULL: none */
	struct large *attestations; /* for those above LIMIT_SIGNATURE_BUNDLE_BYTES; NULL: none */
};

/* One entry of a list. Borrows from the list's arena. */
struct discovery_entry {
	bool layer; /* of the .sig or .att manifest; else a referrer */
	struct descriptor descriptor;
};

struct discovery_list {
	struct discovery_entry *entries; /* those before a failure too */
	size_t n;
	bool truncated; /* there are more */
	/* What kept the list from being whole; else its reason is VERIFY_VERIFIED. */
	struct sig_fault fault;
	struct registry_reply reply; /* of the last question: outcome, status, text */
};

/* Both fill *out, in call->arena. Nothing there is an empty list. */
void discover_layers(const struct discovery *d, const struct registry_call *call,
		     struct discovery_list *out);
void discover_referrers(const struct discovery *d, const struct registry_call *call,
			struct discovery_list *out);

/* What an entry turned out to be. Good until the caller's function returns. */
struct discovered {
	const struct bundle *bundle; /* NULL: `fault` says what is wrong */
	struct sig_fault fault;
	enum registry_outcome
		outcome; /* of the question that failed, if the fault is UNAVAILABLE; OK: none did */
	struct sha256 digest; /* of the referrer, or of the layer */
	struct arena *verify; /* to verify it in; nothing in it is kept */
};

struct discovery_visitor {
	/* Called once or more for each entry, in order. False: enough, stop. */
	bool (*found)(void *self, const struct discovered *what);
	void *self;
};

/* Memory of one thread. discover_entry() resets the first two as it goes along. */
struct discovery_memory {
	struct arena *page;    /* a manifest */
	struct arena *scratch; /* a signature */
	struct arena *verify;  /* for the caller, who verifies it */
};

/* Fetch one entry and hand over what it holds; true in *truncated when it holds more than is looked at. */
void discover_entry(const struct discovery *d, const struct discovery_entry *entry,
		    const struct discovery_memory *m, struct deadline deadline,
		    const struct discovery_visitor *v, bool *truncated);

/* The reason of a question that was not answered. Of OK and NOT_FOUND: REGISTRY_FAILED. */
enum verify_reason discover_reason(enum registry_outcome o);

#endif

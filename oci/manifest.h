/*
 * Manifests and indexes: typed views of what a registry stores. Bytes in, struct out; no network.
 *
 * Every field of the format is type-checked, also those nobody uses; unknown fields are ignored, as the
 * specification wants. A document that could be read both as a manifest and as an index is refused
 * (CVE-2021-41190). `layers[].urls` and `data` are never used.
 *
 * Results live in the arena. Any thread. source: OCI image-spec manifest.md, image-index.md,
 * descriptor.md; Docker manifest v2 schema 2; spec: sigstore section 2.2
 */
#ifndef ASSAY_OCI_MANIFEST_H
#define ASSAY_OCI_MANIFEST_H

#include "core/arena.h"
#include "core/digest.h"
#include "core/err.h"
#include "core/node.h"
#include "core/str.h"

#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

/* The `Accept` of every manifest request. */
#define MANIFEST_ACCEPT                                                                            \
	MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_LIST ", " MEDIA_DOCKER_MANIFEST

struct descriptor {
	struct str media_type;
	struct str digest_text; /* "algorithm:hex" as written */
	bool has_sha256;        /* else it cannot be fetched: only SHA-256 is checked here */
	struct sha256 digest;
	uint64_t size;
	struct str artifact_type;       /* empty if absent */
	struct str os, architecture;    /* of `platform`, empty if absent */
	const struct node *annotations; /* map of strings, or NULL */
};

enum manifest_kind {
	MANIFEST_UNKNOWN = 0, /* never of a parsed one */
	MANIFEST_IMAGE,       /* config and layers; also signatures and other artifacts */
	MANIFEST_INDEX, /* descriptors of other manifests; also replies of the referrers API */
};

struct manifest {
	enum manifest_kind kind;
	struct str media_type;           /* of the body, else of the Content-Type, else empty */
	struct str artifact_type;        /* empty if absent */
	struct descriptor config;        /* IMAGE */
	const struct descriptor *layers; /* IMAGE: in order */
	size_t n_layers;
	const struct descriptor *manifests; /* INDEX: in order */
	size_t n_manifests;
	size_t n_malformed; /* left out by manifest_parse_list() */
	bool has_subject;
	struct descriptor subject;
	const struct node *annotations; /* map of strings, or NULL */
};

/* Parse a manifest or index. `content_type`: what the registry sent, parameters and all, or empty; it
 * must agree with the body when both name a type. Errors: INPUT ("layers[3].size: got a string, want a
 * number"), LIMIT. */
int manifest_parse(struct arena *a, struct str bytes, struct str content_type, struct manifest *out,
		   struct err *e) MUST_USE;

/* The same of a list that a registry makes of what was pushed: malformed descriptors are left out and counted, so
 * that nobody can hide the others behind one. */
int manifest_parse_list(struct arena *a, struct str bytes, struct str content_type,
			struct manifest *out, struct err *e) MUST_USE;

/* The annotation, empty if absent. `annotations` may be NULL. */
struct str manifest_annotation(const struct node *annotations, struct str key);

/* The media type without parameters and white space; borrows. */
struct str media_type_of(struct str content_type);

#endif

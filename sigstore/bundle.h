/*
 * Signatures of every format in one struct: Sigstore bundles v0.1 to v0.3, and the layers of legacy
 * .sig and .att manifests, so that one verifier serves them all.
 *
 * A bundle is parsed whole and strictly, also the parts that a key does not need: log entries,
 * timestamps, certificates. Nothing in it is trusted. It borrows from the arena and, for legacy layers,
 * from the bytes and annotations given; read-only once parsed. Any thread, one arena each.
 * spec: sigstore sections 3 and 4
 */
#ifndef ASSAY_SIGSTORE_BUNDLE_H
#define ASSAY_SIGSTORE_BUNDLE_H

#include <stdint.h>

#include "core/arena.h"
#include "core/node.h"
#include "sigstore/dsse.h"
#include "sigstore/limits.h"
#include "sigstore/reason.h"

/* Media types of what bundle_parse() and bundle_from_layer() read. */
#define BUNDLE_MEDIA_TYPE_PREFIX "application/vnd.dev.sigstore.bundle"
#define BUNDLE_LAYER_SIG "application/vnd.dev.cosign.simplesigning.v1+json"
#define BUNDLE_LAYER_ATT "application/vnd.dsse.envelope.v1+json"

enum bundle_format {
	BUNDLE_FORMAT_NONE = 0,
	BUNDLE_V01,
	BUNDLE_V02,
	BUNDLE_V03,
	BUNDLE_LEGACY_SIG,
	BUNDLE_LEGACY_ATT,
};
const char *bundle_format_name(enum bundle_format f); /* "bundle-v0.3", "legacy-sig", "none" */

enum bundle_material {
	BUNDLE_MATERIAL_NONE = 0,
	BUNDLE_KEY,         /* `hint` may be empty */
	BUNDLE_CERTIFICATE, /* n_certificates >= 1 */
};

enum bundle_content {
	BUNDLE_CONTENT_NONE = 0,
	BUNDLE_ENVELOPE, /* DSSE */
	BUNDLE_MESSAGE,  /* a signature over the artifact itself */
	BUNDLE_PAYLOAD,  /* a signature over a simple signing document (legacy .sig) */
};

/* One entry of a transparency log, decoded and type-checked, verified by nobody. Integers are >= 0. */
struct bundle_log_entry {
	int64_t log_index;
	struct str log_id; /* 32 bytes; empty when absent */
	struct str kind;
	struct str version;
	int64_t integrated_unix_s;
	struct str promise; /* signed entry timestamp; empty when there is none */
	struct str body;    /* canonicalized */
	bool has_proof;
	int64_t proof_index;
	int64_t proof_tree_size;
	struct str proof_root;
	struct str *proof_hashes; /* 32 bytes each */
	size_t n_proof_hashes;
	struct str checkpoint;
};

struct bundle {
	enum bundle_format format;
	enum bundle_material material;
	struct str hint;                      /* names a key; unauthenticated */
	struct str certificates[LIMIT_CHAIN]; /* DER, leaf first */
	size_t n_certificates;
	struct str chain_pem; /* legacy: candidate intermediates; not parsed */

	enum bundle_content content;
	struct str signature;      /* raw bytes, not empty */
	struct dsse envelope;      /* ENVELOPE; envelope.signature == signature */
	struct str payload;        /* PAYLOAD: the signed bytes */
	struct str message_digest; /* MESSAGE: raw bytes, unauthenticated */
	struct str message_hash;   /* MESSAGE: "SHA2_256" */
	struct str blob;           /* all bytes this was parsed from */

	struct bundle_log_entry *log_entries;
	size_t n_log_entries;
	struct str *timestamps; /* RFC 3161 responses, DER */
	size_t n_timestamps;
};

/* Parse the JSON of a bundle into `a`; *out is there too. */
int bundle_parse(struct arena *a, struct str bytes, struct bundle **out, struct sig_fault *f)
	MUST_USE;

/* A layer of a .sig or .att manifest (or of a referrer of the legacy type). Size and digest of `blob`
 * have been checked by whoever fetched it. */
struct bundle_layer {
	struct str media_type;
	const struct node *annotations; /* the layer's, a map; NULL: none */
	struct str blob;
};

/* The same struct from a layer. Borrows from it. */
int bundle_from_layer(struct arena *a, const struct bundle_layer *layer, struct bundle **out,
		      struct sig_fault *f) MUST_USE;

/* Private to sigstore/bundle*.c: */

/* verificationMaterial: certificates, hint, log entries, timestamps. bundle_material.c */
int bundle_parse_material(const struct pj *r, const struct node *map, struct bundle *b) MUST_USE;
/* tlogEntries. bundle_log.c */
int bundle_parse_log(const struct pj *r, const struct node *material, struct bundle *b) MUST_USE;

#endif

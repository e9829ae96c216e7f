/*
 * Trusted roots: which logs, certificate authorities and timestamp authorities are believed, and
 * when.
 *
 * Plain data in the arena of whoever loaded it: immutable, shared by any threads, nothing to free.
 * Keys and certificates come from here only, never from a log, bundle or registry. Unknown fields
 * are ignored, known ones are type-checked, null is an absent field; a root that is wrong in any
 * entry does not load, but an entry whose key is of a kind that cannot be used (RSA in PKCS#1, as
 * staging has) only never matches.
 * source: sigstore protobuf-specs, sigstore_trustroot.proto; spec: sigstore sections 6.2, 7.1 and
 * 7.6
 */
#ifndef ASSAY_SIGSTORE_TRUSTED_ROOT_H
#define ASSAY_SIGSTORE_TRUSTED_ROOT_H

#include <stdint.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/err.h"
#include "sigstore/key.h"
#include "sigstore/limits.h"

/* Bytes of one trusted root or PEM text; the one of the public good instance has 7 KiB. */
#define LIMIT_TRUSTED_ROOT_BYTES (1u << 20)
/* Entries of each of the four lists, over all that was added. */
#define LIMIT_TRUSTED_ENTRIES 64

/* A closed interval. Zero holds nothing but the first moment of 1970. */
struct trusted_window {
	int64_t from_unix_ms;  /* INT64_MIN: open */
	int64_t until_unix_ms; /* INT64_MAX: open */
};
bool trusted_window_has(const struct trusted_window *w, int64_t unix_ms);

/* A transparency log, of signatures (Rekor) or of certificates. */
struct trusted_log {
	struct str id;            /* logId.keyId: 32 bytes */
	struct str checkpoint_id; /* checkpointKeyId.keyId, 4 to 32 bytes; else id */
	struct str base_url;      /* may be empty */
	struct str host; /* of base_url, without scheme, port and path: the origin of a v2 log */
	struct str operator; /* may be empty */
	bool usable;         /* the key could be read */
	struct sig_key key;
	struct trusted_window window; /* of the key */
};

/* A certificate authority, or a timestamp authority. */
struct trusted_authority {
	struct str uri;
	/* DER; the leaf's issuer first (TSA: perhaps its leaf), anchor last. All are CAs, but of
	 * a TSA perhaps the first of several. */
	struct str certificates[LIMIT_CHAIN];
	size_t n_certificates; /* at least 1 */
	struct trusted_window window;
	/* The chain may lead over certificates that came with the signature. Of own certificates
	 * only. */
	bool foreign_intermediates;
};

struct trusted_root {
	struct trusted_log *logs; /* Rekor */
	size_t n_logs;
	struct trusted_log *ct_logs;
	size_t n_ct_logs;
	struct trusted_authority *certificate_authorities;
	size_t n_certificate_authorities;
	struct trusted_authority *timestamp_authorities;
	size_t n_timestamp_authorities;
	struct sha256 sha256; /* over everything that was added, in order */
};

/* Add the JSON of a trusted root to *root (zeroed before the first): several files make one
 * root. What is there already is not added again; a log that is there with another key or window
 * is an error. Strings are copied into `a`. On failure *root is as before. Errors: INPUT, LIMIT,
 * INTERNAL, e.g. "trusted root: tlogs[1].publicKey.validFor.start: missing". */
int trusted_root_add(struct arena *a, struct str json, struct trusted_root *root, struct err *e)
	MUST_USE;

/* Add certificate authorities of one's own: a PEM text of one or more certificates. Each that is
 * self-issued, or all if none is, becomes an anchor without end; the others (at most LIMIT_CHAIN
 * - 1) are intermediates of each anchor. Errors as above, e.g. "certificates[1]: not a
 * certificate authority". */
int trusted_root_add_certificates(struct arena *a, struct str pem, struct trusted_root *root,
				  struct err *e) MUST_USE;
/* The same for a timestamp authority: one chain, its leaf (if there) first, anchor last. */
int trusted_root_add_timestamp_chain(struct arena *a, struct str pem, struct trusted_root *root,
				     struct err *e) MUST_USE;

/* The log with this id; NULL: none. */
const struct trusted_log *trusted_log_find(const struct trusted_log *logs, size_t n, struct str id);

#endif

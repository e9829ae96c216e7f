/*
 * Does this signature count? The one verifier for every format.
 *
 * verify_bundle() answers for one candidate, one authority and one demand. It is pure: bytes, keys,
 * digest and time are arguments, and the same arguments give the same answer. The result is written
 * last and whole; zero in every field says that nothing was verified.
 *
 * Order of checks, the signature before anything that it covers is read:
 *   the authority makes sense -> kind of material and content -> payload type -> signature by a key of
 *   the authority, or: log entries and timestamps -> certificate at each of their times -> SCT ->
 *   identity -> signature by the certificate's key -> (keys: log entries and timestamps) -> age ->
 *   claims or statement -> digest -> repository -> annotations -> predicate type -> predicate -> did
 *   all of it fit the arena.
 *
 * A candidate that did not parse has the same kind of result: verify_rejected(). To decide over all
 * candidates of an image, join their states with verify_state_join().
 * spec: sigstore sections 3.3, 4.3, 4.4, 8 and 9
 */
#ifndef ASSAY_SIGSTORE_VERIFY_H
#define ASSAY_SIGSTORE_VERIFY_H

#include <stdint.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/node.h"
#include "sigstore/bundle.h"
#include "sigstore/identity.h"
#include "sigstore/key.h"
#include "sigstore/predicate.h"
#include "sigstore/reason.h"
#include "sigstore/rekor.h"
#include "sigstore/timestamp.h"
#include "sigstore/trusted_root.h"

/* A key of an authority, and when it counts (closed interval; 0: open on that side): at every verified
 * time of the signature, or now if it has none. */
struct sig_authority_key {
	const struct sig_key *key;
	int64_t valid_from_unix_s;
	int64_t valid_until_unix_s;
};

/* Somebody whose signature counts: by one of the keys, or by a certificate with one of the identities.
 * Immutable, borrowed, shared by threads. */
struct sig_authority {
	const struct sig_authority_key *keys; /* any of them; at most LIMIT_AUTHORITY_KEYS */
	size_t n_keys;
	unsigned schemes;    /* SIG_SCHEMES_DEFAULT, or the pinned ones */
	bool accept_message; /* bundles that sign the manifest itself (cosign refuses them) */

	const struct identity_demand *identities; /* any of them; n_keys is 0 then */
	size_t n_identities;
	/* Who is believed. Needed for identities and for thresholds above 0; else may be NULL. */
	const struct trusted_root *root;
	bool any_issuer; /* own certificates: they name no issuer, and identity_demand.issuer is not asked */

	/* Its certificates live for minutes, as Fulcio's: a verified time is that of signing. Of all others a
	 * verified time only says that the signature is no younger: whoever has it can have it stamped anew. */
	bool brief_certificates;

	unsigned log_threshold;  /* distinct logs with a verified entry */
	unsigned time_threshold; /* distinct timestamp authorities */
	unsigned sct_threshold;  /* distinct logs of certificates */
	/* Without any verified time, take `now`. Else a certificate without one is rejected. */
	bool use_current_time;
	int64_t max_age_s; /* of the earliest verified time; 0: any. Without a time it is rejected */
};

enum sig_want {
	SIG_WANT_SIGNATURE = 0, /* of the image: .sig, cosign/sign/v1, message signature */
	SIG_WANT_ATTESTATION,   /* a statement of `predicate_type` */
};

struct sig_annotation {
	struct str key;
	struct str value;
};

/* What must be signed. Immutable, borrowed. */
struct sig_demand {
	enum sig_want want;
	struct str predicate_type; /* ATTESTATION: compared whole */
	const struct predicate_demand
		*predicate; /* ATTESTATION: what it must say; NULL: anything */
	const struct sig_annotation *annotations; /* each must be there with this string */
	size_t n_annotations;
	/* Not empty: the repository that the signer wrote must be this one, or with `reference_prefix`
	 * this one or below it. Bundles of cosign sign name none and fail this. */
	struct str reference;
	bool reference_prefix;
};

/* The image: the digest it is admitted by, and the manifest's bytes, empty where they are not known.
 * They matter to message signatures only: some keys cannot sign a SHA-256. */
struct sig_subject {
	struct sha256 digest;
	struct str bytes;
};

struct verify_input {
	const struct sig_authority *authority;
	const struct sig_demand *demand;
	const struct sig_subject *subject;
	int64_t now_unix_s;
};

/* Borrows from the bundle, the authority and the arena. Every slice and `annotations` and `predicate`
 * are somebody's text, also when the signature holds: quote them before they are shown. `text` and
 * `hinted_fingerprint` are safe as they are. */
struct verify_result {
	enum verify_state state; /* always that of the reason */
	enum verify_reason reason;
	char text[512]; /* for people: what is wrong, with values; empty when VERIFIED */

	enum bundle_format format;
	struct str hint; /* what it says of its key; not to be believed */
	char hinted_fingerprint
		[SIG_FINGERPRINT_BYTES]; /* the same in hex, where it is one; else "" */

	/* Who signed: NULL, 0 and 0 unless the signature holds. */
	const struct sig_key *key;
	size_t key_index; /* in authority->keys */
	unsigned scheme;
	struct identity identity; /* of zeros for a key */
	size_t identity_index;    /* in authority->identities */

	/* What was verified of when and where it was recorded; arrays in the arena. */
	const struct rekor_result *entries;
	size_t n_entries;
	const struct timestamp_result *timestamps;
	size_t n_timestamps;
	int64_t signed_unix_s; /* the earliest verified time; 0: there is none */

	/* What the signer wrote, as far as it was read; empty unless the signature holds. */
	struct str claimed_digest; /* "sha256:..." of the first subject, or of the image */
	struct str claimed_reference;
	struct str predicate_type;
	const struct node *predicate;
	const struct node *annotations; /* a map or NULL */
};

/* Judge one candidate. Scratch memory comes from `a`: one arena per candidate, since an arena in which
 * anything did not fit verifies nothing more. Any thread. */
void verify_bundle(struct arena *a, const struct bundle *b, const struct verify_input *in,
		   struct verify_result *out);

/* The result of a candidate that did not parse or could not be fetched. */
void verify_rejected(const struct sig_fault *f, struct verify_result *out);

#endif

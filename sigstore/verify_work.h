/* One verification under way, as the parts of sigstore/verify*.c hand it to each other. Private to them. */
#ifndef ASSAY_SIGSTORE_VERIFY_WORK_H
#define ASSAY_SIGSTORE_VERIFY_WORK_H

#include "sigstore/verify.h"

struct verification {
	struct arena *arena;
	const struct bundle *bundle;
	const struct verify_input *in;
	struct sig_fault *fault;
	struct verify_result *result; /* facts for the caller's result; no verdict in it */
};

/* What is signed. */
struct signed_thing {
	struct str message; /* of a message signature: empty when only the digest is known */
	const struct sha256 *artifact; /* of a message signature: what it signs; else NULL */
};

/* Fault `r` with what it means as its text. */
int verify_no(struct verification *v, enum verify_reason r);

/* Is it the signature of the key by a scheme of the authority? */
enum sig_outcome verify_try(const struct verification *v, const struct sig_key *key,
			    const struct signed_thing *what, unsigned *scheme);

/* Signed by a key of the authority? With a trusted root: at times, and recorded, as it demands. Puts
 * key, scheme, entries, timestamps and time into the result. verify_key.c */
int verify_by_key(struct verification *v, const struct signed_thing *what) MUST_USE;

/* Signed by the holder of the bundle's certificate, issued to one of the authority's identities? The
 * same facts. verify_identity.c */
int verify_by_identity(struct verification *v, const struct signed_thing *what) MUST_USE;

/* ---- when and where it was recorded; verify_times.c ---- */

struct verified_times {
	struct rekor_result *entries;
	size_t n_entries;
	struct timestamp_result *timestamps;
	size_t n_timestamps;
	int64_t *unix_ms; /* every time that somebody whom the root trusts has signed */
	size_t n;
	int64_t earliest_unix_s; /* 0: there is none */
};

/* What an entry must be about: the bundle's signature of `what`, made by this certificate (empty: by key
 * alone) and key. */
struct rekor_subject verify_recorded(const struct verification *v, const struct signed_thing *what,
				     struct str certificate, const struct sig_key *key);

/* Verify every log entry and timestamp of the bundle that the root can speak of, of the signature by
 * `s`, and hold them against the thresholds. Without a root there is nothing to verify. */
int verify_times(struct verification *v, const struct rekor_subject *s, struct verified_times *out)
	MUST_USE;

/* Into the result: only once the signature holds. */
void verify_put_times(struct verification *v, const struct verified_times *t);

/* Is the signature young enough? After verify_put_times(). */
int verify_age(struct verification *v) MUST_USE;

/* ---- what a good signature says; verify_claims.c ---- */

/* The payload of a legacy signature, the statement of an envelope: type, digest, demands. */
int verify_claims(struct verification *v) MUST_USE;
int verify_statement(struct verification *v) MUST_USE;

/* Repository and annotations, of what the result says of them. */
int verify_demands(struct verification *v) MUST_USE;

/* Fault: the signature is good and of `claimed`, not of the image. */
int verify_is_of_other(struct verification *v, struct str claimed);

#endif

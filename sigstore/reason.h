/*
 * Why a signature did or did not count: one enum with stable names (sigstore/reasons.def), each of
 * them in one of the states that the refusal keeps apart, and the fault that parsers hand up.
 *
 * Nothing that a registry holds leads to the state UNAVAILABLE: who can push a broken signature must
 * not be able to turn "no" into "could not find out", which a policy may allow. Attestations that are
 * listed and cannot be had are the exception: they may be the newest (evidence/discover.h).
 * spec: admission section 6.4, sigstore section 17.1
 */
#ifndef ASSAY_SIGSTORE_REASON_H
#define ASSAY_SIGSTORE_REASON_H

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

/* In the order in which the candidates of one image speak: see verify_state_join(). */
enum verify_state {
	VERIFY_STATE_UNAVAILABLE = 0, /* could not find out */
	VERIFY_STATE_UNSIGNED,        /* no signature of the wanted kind */
	VERIFY_STATE_UNTRUSTED_KEY,
	VERIFY_STATE_UNTRUSTED_IDENTITY,
	VERIFY_STATE_BAD_SIGNATURE,   /* names our key and fails, or is malformed */
	VERIFY_STATE_DIGEST_MISMATCH, /* a good signature of ours, of something else */
	VERIFY_STATE_CONDITION, /* an attestation of ours, of this, that does not say what it must */
	VERIFY_STATE_VERIFIED,
};

enum verify_reason {
#define REASON(name, text, state, meaning) VERIFY_##name,
#include "sigstore/reasons.def"
#undef REASON
	VERIFY_REASONS, /* how many there are */
};

const char *verify_reason_name(enum verify_reason r);    /* "signature_wrong" */
const char *verify_reason_meaning(enum verify_reason r); /* for people, no full stop */
enum verify_state verify_reason_state(enum verify_reason r);
const char *verify_state_name(enum verify_state s); /* "untrusted_key" */

/* Does the reason depend on the bytes, keys and demands alone? A verdict whose reason does not (the
 * library or the memory failed, nothing was asked) must not be cached. */
bool verify_reason_is_final(enum verify_reason r);

/* The state of an image whose candidates so far have the states a and b: VERIFIED when one has it,
 * else UNAVAILABLE when one has it, else the later in the enum. */
enum verify_state verify_state_join(enum verify_state a, enum verify_state b);

/* What a parser found wrong: the reason for the program, the text for people. Lives on the caller's
 * stack; filled on failure only. */
struct sig_fault {
	enum verify_reason reason;
	struct err err;
};

/* Fill *f and return -1, so that "return sig_fault_set(...)" is one line. `f` may be NULL. */
int sig_fault_set(struct sig_fault *f, enum verify_reason r, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* The same for memory that arena `a` did not give. */
int sig_fault_room(struct sig_fault *f);

/* A foreign text between double quotes, escaped and then cut to 96 bytes, for the text of a fault. */
#define SIG_QUOTE_BYTES 112
const char *sig_quote(char buf[SIG_QUOTE_BYTES], struct str s);

#endif

/*
 * Checkpoints: the signed head of a transparency log. Any thread.
 * source: C2SP signed-note.md and tlog-checkpoint.md; spec: sigstore section 7.4
 */
#ifndef ASSAY_SIGSTORE_CHECKPOINT_H
#define ASSAY_SIGSTORE_CHECKPOINT_H

#include "sigstore/reason.h"
#include "sigstore/trusted_root.h"

#define LIMIT_CHECKPOINT_SIGNATURES 32

/* One line of a log or a witness; believed by nobody. */
struct checkpoint_signature {
	struct str name;
	struct str hint; /* 4 bytes */
	struct str signature;
};

struct checkpoint {
	struct str text; /* what is signed: up to and with the newline before the last empty line */
	struct str origin;
	uint64_t tree_size;
	struct str root; /* 32 bytes */
	struct checkpoint_signature signatures[LIMIT_CHECKPOINT_SIGNATURES];
	size_t n_signatures; /* may be 0 */
};

/* Borrows from `note`; what is decoded is in `a`. Reasons log_checkpoint, log_checkpoint_size (of
 * bytes or lines of signatures), no_room. */
int checkpoint_parse(struct arena *a, struct str note, struct checkpoint *out, struct sig_fault *f)
	MUST_USE;

/* Signed by this log? Of a log of version 2 (`by_name`) name and origin must be its host. Lines of
 * others (witnesses) are not looked at; a line of the log that does not hold is a no. Reasons
 * log_checkpoint_origin, log_checkpoint_signature, crypto_failed. */
int checkpoint_verify(const struct checkpoint *c, const struct trusted_log *log, bool by_name,
		      struct sig_fault *f) MUST_USE;

/* What a log signs with, checkpoints and promises alike: the message itself, by its key's hash. */
#define LOG_SCHEMES (SIG_SCHEME_SHA256 | SIG_SCHEME_SHA384 | SIG_SCHEME_SHA512 | SIG_SCHEME_ED25519)

#endif

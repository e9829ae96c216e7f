/*
 * Evidence: what is known of an image digest after asking its registry who signed it.
 *
 * A rule asks a question while the engine evaluates; nothing blocks there. evidence/pool.h answers it,
 * from the cache or by asking the registry, and the rule judges the answer. The types of both ends, and
 * what is pure about them, are here.
 *
 * Zero of a state is "could not find out", which is never reported as "no" and never as "yes".
 */
#ifndef ASSAY_EVIDENCE_EVIDENCE_H
#define ASSAY_EVIDENCE_EVIDENCE_H

#include "core/arena.h"
#include "core/digest.h"
#include "core/err.h"
#include "oci/reference.h"
#include "oci/source.h"
#include "sigstore/verify.h"

/* Which of the statements that an authority made of one type about the image decide for it. */
enum evidence_which {
	EVIDENCE_ALL = 0, /* every one must say what is demanded */
	/* The newest: of authorities with brief_certificates by its earliest verified time, else by the time
	 * that its predicate tells. Those that tell none cannot be put in order: they must say it too, each
	 * of them. */
	EVIDENCE_LATEST,
	EVIDENCE_ANY, /* one that counts is enough: signatures */
};

/* Whose signatures are wanted. Immutable; everything it points to is borrowed for as long as it is. */
struct evidence_want {
	const struct sig_authority *authorities;
	size_t n_authorities;
	size_t enough; /* so many of them suffice: 1 to n_authorities */
	struct sig_demand demand;
	enum evidence_which which; /* SIG_WANT_SIGNATURE: always as ANY */
	/* Where the signatures are, when not in the image's repository: else host is empty. */
	struct registry_repository repository;
	/* Look at every candidate and list it, also after enough have signed: for people. */
	bool thorough;
	struct sha256 sha256; /* evidence_want_seal(): over all of the above, keys included */
};

/* Fill want->sha256: equal for wants that any evidence answers alike. Errors: INTERNAL. */
int evidence_want_seal(struct evidence_want *want, struct err *e) MUST_USE;

/* A copy in one block of memory, for free(); NULL: no memory. */
struct evidence_want *evidence_want_dup(const struct evidence_want *want);

struct evidence_question {
	const struct reference *image;    /* pinned by digest; borrowed until the review ends */
	const struct evidence_want *want; /* sealed; likewise */
	/* A policy names the image's host, so that it may be contacted. Else it is asked only when the
	 * registries file knows it. */
	bool listed;
};

/* Who signed, when, and where it was recorded; of zeros as far as it was not verified. Texts of
 * certificates and statements are somebody's: quote them before they are shown. */
struct evidence_origin {
	struct str subject; /* of the certificate; cut to EVIDENCE_ORIGIN_BYTES */
	struct str issuer;
	struct str predicate_type;
	size_t n_logs;     /* distinct entries of logs */
	int64_t log_index; /* of the first of them */
	size_t n_timestamps;
	int64_t signed_unix_s; /* the earliest verified time */
	int64_t made_unix_s;   /* as the predicate tells */
};
#define EVIDENCE_ORIGIN_BYTES 256

/* What is known of one authority. */
struct evidence_signer {
	enum verify_state state;
	enum verify_reason reason;
	enum bundle_format format; /* of the candidate that decided; NONE if none did */
	struct str text;           /* for people; empty when VERIFIED */
	struct str key;            /* "sha256:<hex>" of its key, if it made the signature */
	struct evidence_origin origin;
};

/* Does it want statements of which more than one decides? */
static inline bool evidence_weighs(const struct evidence_want *w)
{
	return w->demand.want == SIG_WANT_ATTESTATION && w->which != EVIDENCE_ANY;
}

/* One thing that looked like a signature. Listed only for a thorough want, or while nobody has verified. */
struct evidence_candidate {
	enum bundle_format format;
	/* What the best-disposed authority said: */
	enum verify_state state;
	enum verify_reason reason;
	struct str text;
	size_t authority; /* its index */
	struct str
		digest; /* "sha256:<hex>" of the referrer, or of the layer of the .sig manifest */
	struct str key; /* of the authority, if it made the signature */
	struct str
		hint; /* what the candidate says of its key, "sha256:<hex>" if it is that; unproven */
	struct evidence_origin origin;
};

struct evidence {
	enum verify_state state; /* of the whole want, see evidence_decide() */
	enum verify_reason reason;
	struct str why; /* for people; empty when VERIFIED */
	const char
		*outcome; /* label of the registry metric that shows why; NULL: none. A literal */
	bool refused;     /* not asked, because nobody allowed to contact its host */
	bool truncated;   /* there were more candidates than are looked at */
	struct evidence_signer
		*signers; /* as the want's authorities; NULL when nothing was asked */
	size_t n_signers;
	struct evidence_candidate *candidates; /* in a stable order */
	size_t n_candidates;
	size_t n_signatures; /* candidates that are signatures, whoever made them; also if not listed */
};

/*
 * Set state, reason and why from e->signers, which answer `want`:
 *   VERIFIED     enough have signed
 *   UNAVAILABLE  not enough, but with those that could not be found out there might be
 *   else         the worst of those that did not sign, in the order of enum verify_state
 */
void evidence_decide(const struct evidence_want *want, struct evidence *e);

/* May the answer be given again without asking? Not when the registry or the machine failed. */
bool evidence_is_final(const struct evidence *e);

/* An answer of n unavailable signers and this reason. Borrows `why`. */
struct evidence evidence_unavailable(enum verify_reason reason, struct str why);

/* A copy in `a`; false: it does not fit, *out is then UNAVAILABLE with a constant text. */
bool evidence_copy(struct arena *a, const struct evidence *e, struct evidence *out);

/* An answer in one block of memory, counted, shared by threads. */
struct evidence_shared;
struct evidence_shared *evidence_share(const struct evidence *e); /* NULL: no memory */
struct evidence_shared *evidence_ref(struct evidence_shared *s);
void evidence_unref(struct evidence_shared *s); /* NULL is fine */
const struct evidence *evidence_of(const struct evidence_shared *s);
size_t evidence_bytes(const struct evidence_shared *s); /* of memory */

#endif

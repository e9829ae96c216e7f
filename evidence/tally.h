/*
 * What is known so far of one want, while its candidates are judged one by one, in any order, by any
 * threads. Plain data without a lock: whoever owns it serialises. The result does not depend on the
 * order in which candidates were added: those of the lowest number speak.
 */
#ifndef ASSAY_EVIDENCE_TALLY_H
#define ASSAY_EVIDENCE_TALLY_H

#include "evidence/evidence.h"

/* A candidate and what every authority said of it. */
struct tally_candidate {
	size_t number;       /* its place in the order */
	struct str digest;   /* "sha256:<hex>" */
	const char *outcome; /* label of the registry's failure; NULL: none. A literal */
};

/* What an authority said of a candidate, apart from the memory of its verification. */
struct tally_said {
	enum verify_state state;
	enum verify_reason reason;
	char text[512];
	enum bundle_format format;
	struct str hint;           /* of the candidate, like the bundle's */
	const struct sig_key *key; /* of the authority; NULL: none of its keys made it */
	bool is_ours; /* somebody whom the authority trusts made it, whatever it says */
	char subject[EVIDENCE_ORIGIN_BYTES];
	char issuer[EVIDENCE_ORIGIN_BYTES];
	char predicate_type[EVIDENCE_ORIGIN_BYTES];
	struct evidence_origin origin; /* its texts are those above */
	bool has_time;                 /* of signing where that is proven, else of the predicate */
	int64_t unix_s;
};
/* `in`: what was asked; NULL for what was rejected before that. */
void tally_say(const struct verify_result *r, const struct verify_input *in,
	       struct tally_said *out);

/* The statements of one authority that decide for it. spec: policy 3.7 */
struct tally_weighed {
	struct evidence_signer newest; /* of those with a time */
	size_t newest_number;
	int64_t newest_unix_s;
	bool has_newest;
	struct evidence_signer others; /* the worst of those without */
	size_t others_number;
	bool has_others;
	struct evidence_signer unknown; /* the first that could not be had */
	size_t unknown_number;
	bool has_unknown;
};

struct tally {
	const struct evidence_want *want;
	struct arena *arena;
	struct evidence_signer *signers;
	size_t *numbers;               /* of the candidates that decided */
	struct tally_weighed *weighed; /* as signers; NULL: nothing is weighed */
	size_t yes;                    /* authorities that have signed */
	struct evidence_candidate *candidates;
	size_t *candidate_numbers;
	size_t n_candidates;
	size_t n_signatures;
	const char *outcome; /* of the candidate of the lowest number that has one */
	size_t outcome_number;
	bool truncated;
	bool incomplete; /* something did not fit */
};

/* Nothing is known: every signer says "no signature". Borrows `want`; all else is in `a`. False: no room,
 * and the tally stays incomplete. */
bool tally_init(struct tally *t, struct arena *a, const struct evidence_want *want);

/* Add what each authority (want->n_authorities of them) said of one candidate. */
void tally_add(struct tally *t, const struct tally_candidate *c, const struct tally_said *said);
/* A list or candidate that all authorities see alike: broken, or not to be had. `listed`: it is shown among
 * the candidates. */
void tally_fault(struct tally *t, const struct tally_candidate *c, const struct sig_fault *f,
		 bool listed);

/* Have enough signed, so that nothing more need be looked at? Never where statements are weighed: the next
 * may be newer. */
bool tally_is_enough(const struct tally *t);

/* The answer; borrows from the tally. */
void tally_finish(struct tally *t, struct evidence *out);

#endif

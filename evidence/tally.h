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

struct tally {
	const struct evidence_want *want;
	struct arena *arena;
	struct evidence_signer *signers;
	size_t *numbers; /* of the candidates that decided */
	size_t yes;      /* authorities that have signed */
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
void tally_add(struct tally *t, const struct tally_candidate *c, const struct verify_result *said);
/* A list or candidate that all authorities see alike: broken, or not to be had. `listed`: it is shown among
 * the candidates. */
void tally_fault(struct tally *t, const struct tally_candidate *c, const struct sig_fault *f,
		 bool listed);

/* Have enough signed, so that nothing more need be looked at? */
bool tally_is_enough(const struct tally *t);

/* The answer; borrows from the tally. */
void tally_finish(struct tally *t, struct evidence *out);

#endif

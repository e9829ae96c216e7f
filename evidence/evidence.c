#include "evidence/evidence.h"

static bool is_unknown(const struct evidence_signer *s)
{
	return s->state == VERIFY_STATE_UNAVAILABLE;
}

/* The first of those that are unknown, or the worst of those that said no. */
static const struct evidence_signer *speaker(const struct evidence *e, bool unknown)
{
	const struct evidence_signer *worst = NULL;

	for (size_t i = 0; i < e->n_signers; i++) {
		const struct evidence_signer *s = &e->signers[i];
		if (s->state == VERIFY_STATE_VERIFIED || is_unknown(s) != unknown)
			continue;
		if (!worst || s->state > worst->state)
			worst = s;
	}
	return worst;
}

void evidence_decide(const struct evidence_want *want, struct evidence *e)
{
	size_t yes = 0, unknown = 0;

	for (size_t i = 0; i < e->n_signers; i++) {
		yes += e->signers[i].state == VERIFY_STATE_VERIFIED;
		unknown += is_unknown(&e->signers[i]);
	}
	if (want->enough > 0 && yes >= want->enough) {
		e->state = VERIFY_STATE_VERIFIED;
		e->reason = VERIFY_VERIFIED;
		e->why = S("");
		return;
	}
	const struct evidence_signer *s = speaker(e, yes + unknown >= want->enough);
	e->state = s ? s->state : VERIFY_STATE_UNAVAILABLE;
	e->reason = s ? s->reason : VERIFY_NOT_VERIFIED;
	e->why = s ? s->text : str_of(verify_reason_meaning(VERIFY_NOT_VERIFIED));
}

bool evidence_is_final(const struct evidence *e)
{
	if (e->refused || e->state == VERIFY_STATE_UNAVAILABLE || !e->n_signers)
		return false;
	if (e->state == VERIFY_STATE_VERIFIED)
		return true;
	for (size_t i = 0; i < e->n_signers; i++) {
		if (!verify_reason_is_final(e->signers[i].reason))
			return false;
	}
	return true;
}

struct evidence evidence_unavailable(enum verify_reason reason, struct str why)
{
	bool fits = verify_reason_state(reason) == VERIFY_STATE_UNAVAILABLE;

	return (struct evidence){.reason = fits ? reason : VERIFY_NOT_VERIFIED, .why = why};
}

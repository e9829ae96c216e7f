/* Answers outlive the lookup they come from: copied, and shared. */
#include <stdatomic.h>
#include <stdlib.h>

#include "evidence/evidence.h"
#include "evidence/pack.h"

#define ALIGNMENT _Alignof(max_align_t)

static struct evidence_origin pack_origin(struct pack *k, const struct evidence_origin *in)
{
	struct evidence_origin o = *in;

	o.subject = pack_str(k, o.subject);
	o.issuer = pack_str(k, o.issuer);
	o.predicate_type = pack_str(k, o.predicate_type);
	return o;
}

static struct evidence_signer *pack_signers(struct pack *k, const struct evidence *e)
{
	struct evidence_signer *out = pack_put(k, e->signers, e->n_signers * sizeof(*out));

	for (size_t i = 0; i < e->n_signers; i++) {
		struct str text = pack_str(k, e->signers[i].text);
		struct str key = pack_str(k, e->signers[i].key);
		struct evidence_origin origin = pack_origin(k, &e->signers[i].origin);
		if (!out)
			continue;
		out[i].text = text;
		out[i].key = key;
		out[i].origin = origin;
	}
	return out;
}

static struct evidence_candidate *pack_candidates(struct pack *k, const struct evidence *e)
{
	struct evidence_candidate *out = pack_put(k, e->candidates, e->n_candidates * sizeof(*out));

	for (size_t i = 0; i < e->n_candidates; i++) {
		struct evidence_candidate c = e->candidates[i];
		c.text = pack_str(k, c.text);
		c.digest = pack_str(k, c.digest);
		c.key = pack_str(k, c.key);
		c.hint = pack_str(k, c.hint);
		c.origin = pack_origin(k, &c.origin);
		if (out)
			out[i] = c;
	}
	return out;
}

static struct evidence pack_evidence(struct pack *k, const struct evidence *e)
{
	struct evidence out = *e;

	out.signers = pack_signers(k, e);
	out.candidates = pack_candidates(k, e);
	out.why = pack_str(k, e->why);
	return out;
}

bool evidence_copy(struct arena *a, const struct evidence *e, struct evidence *out)
{
	struct pack k = {NULL, 0};

	pack_evidence(&k, e);
	k = (struct pack){arena_alloc_raw(a, k.n), 0};
	if (k.p) {
		*out = pack_evidence(&k, e);
		return true;
	}
	*out = evidence_unavailable(VERIFY_NOT_VERIFIED, S("out of memory for this review"));
	return false;
}

/* ---- counted ---- */

struct evidence_shared {
	atomic_size_t refs;
	size_t bytes;
	struct evidence evidence;
};

struct evidence_shared *evidence_share(const struct evidence *e)
{
	size_t head = (sizeof(struct evidence_shared) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	struct pack k = {NULL, 0};

	pack_evidence(&k, e);
	size_t bytes = head + k.n;
	struct evidence_shared *s = malloc(bytes);
	if (!s)
		return NULL;
	k = (struct pack){(char *)s + head, 0};
	atomic_init(&s->refs, 1);
	s->bytes = bytes;
	s->evidence = pack_evidence(&k, e);
	return s;
}

struct evidence_shared *evidence_ref(struct evidence_shared *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void evidence_unref(struct evidence_shared *s)
{
	if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		free(s);
}

const struct evidence *evidence_of(const struct evidence_shared *s)
{
	return &s->evidence;
}

size_t evidence_bytes(const struct evidence_shared *s)
{
	return s->bytes;
}

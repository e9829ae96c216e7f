#include "sigstore/verify_work.h"

#include "core/text.h"
#include "sigstore/simple_signing.h"
#include "sigstore/statement.h"

int verify_is_of_other(struct verification *v, struct str claimed)
{
	char quote[SIG_QUOTE_BYTES], hex[SHA256_HEX + 1];
	struct sha256 d;

	sha256_hex(&v->in->subject->digest, hex);
	if (claimed.n == 0)
		return sig_fault_set(
			v->fault, VERIFY_DIGEST,
			"a good signature of something without SHA-256, not of sha256:%s", hex);
	if (sha256_parse(claimed, &d))
		return sig_fault_set(v->fault, VERIFY_DIGEST,
				     "a good signature of %.*s, not of sha256:%s", STR_ARG(claimed),
				     hex);
	return sig_fault_set(v->fault, VERIFY_DIGEST, "a good signature of %s, not of sha256:%s",
			     sig_quote(quote, claimed), hex);
}

/* The whole text, or with `prefix` also what lies below it: "host/team" is above "host/team/app". */
static bool reference_fits(struct str want, bool prefix, struct str claimed)
{
	if (str_eq(want, claimed))
		return true;
	if (!prefix || !str_starts(claimed, want))
		return false;
	return str_ends(want, S("/")) || claimed.p[want.n] == '/';
}

static int check_reference(struct verification *v)
{
	const struct sig_demand *d = v->in->demand;
	char claimed[SIG_QUOTE_BYTES], want[SIG_QUOTE_BYTES];

	if (d->reference.n == 0)
		return 0;
	if (v->result->claimed_reference.n == 0)
		return sig_fault_set(v->fault, VERIFY_REFERENCE,
				     "a good signature that names no repository, want %s",
				     sig_quote(want, d->reference));
	if (reference_fits(d->reference, d->reference_prefix, v->result->claimed_reference))
		return 0;
	return sig_fault_set(v->fault, VERIFY_REFERENCE,
			     "a good signature for repository %s, want %s",
			     sig_quote(claimed, v->result->claimed_reference),
			     sig_quote(want, d->reference));
}

static int other_annotation(struct verification *v, const struct sig_annotation *a,
			    const struct node *found)
{
	char key[SIG_QUOTE_BYTES], want[SIG_QUOTE_BYTES], got[SIG_QUOTE_BYTES];

	sig_quote(key, a->key);
	sig_quote(want, a->value);
	if (!found)
		return sig_fault_set(v->fault, VERIFY_ANNOTATION,
				     "a good signature without annotation %s, want %s", key, want);
	return sig_fault_set(v->fault, VERIFY_ANNOTATION,
			     "a good signature whose annotation %s is %s, want %s", key,
			     found->type == NODE_STR ? sig_quote(got, found->str) : "no string",
			     want);
}

static int check_annotations(struct verification *v)
{
	const struct sig_demand *d = v->in->demand;

	for (size_t i = 0; i < d->n_annotations; i++) {
		const struct sig_annotation *a = &d->annotations[i];
		const struct node *n = node_get(v->result->annotations, a->key);

		if (!node_is(n, NODE_STR) || !str_eq(n->str, a->value))
			return other_annotation(v, a, n);
	}
	return 0;
}

int verify_demands(struct verification *v)
{
	TRY(check_reference(v));
	return check_annotations(v);
}

int verify_claims(struct verification *v)
{
	struct simple_signing s;
	struct sha256 d;
	char quote[SIG_QUOTE_BYTES];

	TRY(simple_signing_parse(v->arena, v->bundle->payload, &s, v->fault));
	v->result->claimed_digest = s.manifest_digest;
	v->result->claimed_reference = s.docker_reference;
	v->result->annotations = s.optional;
	if (!str_eq(s.type, S(SIMPLE_SIGNING_TYPE)))
		return sig_fault_set(v->fault, VERIFY_CLAIM_TYPE, "critical.type: %s, want \"%s\"",
				     sig_quote(quote, s.type), SIMPLE_SIGNING_TYPE);
	if (!sha256_parse(s.manifest_digest, &d) ||
	    memcmp(d.bytes, v->in->subject->digest.bytes, SHA256_BYTES) != 0)
		return verify_is_of_other(v, s.manifest_digest);
	return verify_demands(v);
}

/* "sha256:" before the hex of a subject; empty when it has none. */
static int claimed_digest(struct verification *v, const struct statement_subject *s)
{
	struct text t;

	if (s->sha256.n == 0)
		return 0;
	text_init(&t, v->arena, s->sha256.n + 8);
	text_puts(&t, "sha256:");
	text_put(&t, s->sha256);
	return text_done(&t, &v->result->claimed_digest) ? 0 : sig_fault_room(v->fault);
}

static int check_predicate(struct verification *v)
{
	const struct sig_demand *d = v->in->demand;
	const struct predicate_input in = {
		.type = v->result->predicate_type,
		.predicate = v->result->predicate,
		.digest = v->in->subject->digest,
		.now_unix_s = v->in->now_unix_s,
	};

	if (d->want != SIG_WANT_ATTESTATION || !d->predicate)
		return 0;
	return predicate_fits(v->arena, &in, d->predicate, v->fault);
}

static int check_predicate_type(struct verification *v)
{
	const struct sig_demand *d = v->in->demand;
	struct str want =
		d->want == SIG_WANT_ATTESTATION ? d->predicate_type : S(STATEMENT_COSIGN_SIGN);
	char got[SIG_QUOTE_BYTES], quote[SIG_QUOTE_BYTES];

	if (want.n > 0 && str_eq(want, v->result->predicate_type))
		return check_predicate(v);
	return sig_fault_set(v->fault, VERIFY_PREDICATE_TYPE, "a statement of type %s, want %s",
			     sig_quote(got, v->result->predicate_type), sig_quote(quote, want));
}

int verify_statement(struct verification *v)
{
	const struct statement_subject *subject;
	struct statement s;

	TRY(statement_parse(v->arena, v->bundle->envelope.payload, &s, v->fault));
	v->result->predicate_type = s.predicate_type;
	v->result->predicate = s.predicate;
	subject = statement_find(&s, &v->in->subject->digest);
	TRY(claimed_digest(v, subject ? subject : &s.subjects[0]));
	if (!subject)
		return verify_is_of_other(v, v->result->claimed_digest);
	v->result->claimed_reference = subject->name;
	v->result->annotations = subject->annotations;
	TRY(verify_demands(v));
	return check_predicate_type(v);
}

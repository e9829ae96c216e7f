/* The digest as written is what must be signed; a tag is not asked about, because nobody could say that it is
 * the one that will run. */
#include "policy/rule_signed.h"

/* ---- before anything is asked ---- */

static void complain_of_tag(const struct rule_context *c, const struct subject *s)
{
	const struct reference *r = &s->reference;
	const struct rule_signed *p = c->rule->params;
	struct violation v = {.code = p->code, .got = {.form = GOT_QUOTED}};

	if (r->digest_kind == REFERENCE_DIGEST_OTHER) {
		v.got.prefix = "digest ";
		v.got.value = r->digest;
		v.got.note = S("not sha256 with 64 lower-case hex digits");
	} else {
		v.got.prefix = "tag ";
		v.got.value = reference_effective_tag(r);
		v.got.note = r->tag.n ? S("") : S("implied");
	}
	v.want = signature_want_pin(c->arena, r);
	rule_violation(c, s, rule_image_field(s), &v);
}

void rule_signed_check(const struct rule_context *c, const struct subject *s)
{
	const struct rule_signed *p = c->rule->params;

	/* Without an image there is a finding already, which no exception silences. */
	if (s->image.state != FIELD_SET || !s->image.str.n)
		return;
	if (!s->reference_ok)
		rule_no_reference(c, s);
	else if (p->images.n && !patterns_match(&p->images, &s->reference))
		return;
	else if (s->reference.digest_kind != REFERENCE_DIGEST_PINNED)
		complain_of_tag(c, s);
	else
		rule_ask(c, s, &p->want);
}

/* ---- the answer ---- */

void rule_signed_conclude(const struct rule_context *c, const struct subject *s,
			  const struct evidence *e)
{
	const struct rule_signed *p = c->rule->params;
	struct signature_asked asked = p->asked;
	struct violation v = {.code = p->code, .want = p->wanted, .got.form = GOT_SAYS};

	if (e->state == VERIFY_STATE_VERIFIED)
		return;
	asked.image = &s->reference;
	if (e->state == VERIFY_STATE_UNAVAILABLE && !e->refused) {
		v.code = p->code_unavailable;
		v.unavailable = true;
		v.outcome = e->outcome;
		v.want = S("");
	} else if (!e->refused) {
		v.mend = signature_mend(c->arena, &asked, e);
	}
	v.got.value = signature_says(c->arena, &asked, e);
	rule_violation(c, s, rule_image_field(s), &v);
}

/* ---- parameters ---- */

int rule_signed_prepare(struct rule_signed *p, struct arena *a, struct err *e)
{
	const struct param_authorities *who = p->any_of.n   ? &p->any_of
					      : p->all_of.n ? &p->all_of
							    : &p->at_least;

	p->compiled = arena_calloc(a, who->n, sizeof(*p->compiled));
	if (!p->compiled)
		return err_set(e, ERR_LIMIT, "it does not fit into memory");
	for (size_t i = 0; i < who->n; i++)
		p->compiled[i] = who->items[i]->authority;
	p->authorities = who;
	p->want.authorities = p->compiled;
	p->want.n_authorities = who->n;
	p->want.enough = p->any_of.n ? 1 : p->all_of.n ? who->n : (size_t)who->count;
	p->want.repository = p->repository.repository;
	p->asked.authorities = who;
	p->asked.repository = p->repository.repository.host.n ? &p->repository : NULL;
	p->wanted = signature_wanted(a, &p->asked, p->want.enough);
	return 0;
}

/* ---- samples ---- */

/* The image that the sample has, if this rule looks at it, else one that it does look at; pinned. */
static void pin(const struct rule_signed *p, struct arena *a, bool looked_at, struct str *image)
{
	struct reference r = {0};
	struct err e;
	struct text t;
	bool known = reference_parse(a, *image, &r, &e) == 0;
	bool fits = known && (!p->images.n || patterns_match(&p->images, &r));

	if (fits && r.digest_kind == REFERENCE_DIGEST_PINNED)
		return;
	if (!fits && !looked_at)
		return;
	text_init(&t, a, 4096);
	if (fits)
		reference_put_repository(&t, &r);
	else if (p->images.n)
		sample_put_match(&t, &p->images.items[0]);
	else
		text_puts(&t, "registry.example.com/app");
	text_puts(&t, "@" SAMPLE_DIGEST);
	if (!text_done(&t, image))
		*image = S("");
}

void rule_signed_sample_good(const void *params, struct arena *a, struct rule_sample *good)
{
	pin(params, a, false, &good->image);
	good->is_signed = true;
}

void rule_signed_sample_bad(const void *params, struct arena *a, struct rule_sample *bad)
{
	pin(params, a, true, &bad->image);
	bad->is_signed = false;
}

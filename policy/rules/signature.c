/* Who signed the image. The digest as written is what must be signed; a tag is not asked about, because
 * nobody could say that it is the one that will run. spec: policy 3.7; admission 6.3, 6.4 */
#include "policy/signature_text.h"

struct signature {
	struct param_patterns images;
	struct param_authorities any_of;
	struct param_authorities all_of;
	struct param_authorities at_least;
	struct param_annotations annotations;
	struct param_repository repository;
	/* Made of them: */
	const struct param_authorities *authorities; /* the one that is given */
	struct evidence_want want;
	struct str wanted; /* "a signature by one of: a, b" */
};

/* ---- before anything is asked ---- */

static void complain_of_tag(const struct rule_context *c, const struct subject *s)
{
	const struct reference *r = &s->reference;
	struct violation v = {.code = CODE_SIGNATURE, .got = {.form = GOT_QUOTED}};

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

static void check(const struct rule_context *c, const struct subject *s)
{
	const struct signature *p = c->rule->params;

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

static void conclude(const struct rule_context *c, const struct subject *s,
		     const struct evidence *e)
{
	const struct signature *p = c->rule->params;
	const struct signature_asked asked = {
		.image = &s->reference,
		.authorities = p->authorities,
		.annotations = &p->annotations,
		.repository = p->repository.repository.host.n ? &p->repository : NULL,
	};
	struct violation v = {.code = CODE_SIGNATURE, .want = p->wanted, .got.form = GOT_SAYS};

	if (e->state == VERIFY_STATE_VERIFIED)
		return;
	if (e->state == VERIFY_STATE_UNAVAILABLE && !e->refused) {
		v.code = CODE_SIGNATURE_UNAVAILABLE;
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

static const char *validate(const void *params)
{
	const struct signature *p = params;
	int n = (p->any_of.n > 0) + (p->all_of.n > 0) + (p->at_least.n > 0);

	return n == 1 ? NULL : "signature: want exactly one of anyOf, allOf and atLeast";
}

static int prepare(void *params, struct arena *a, struct err *e)
{
	struct signature *p = params;
	const struct param_authorities *who = p->any_of.n   ? &p->any_of
					      : p->all_of.n ? &p->all_of
							    : &p->at_least;
	struct sig_authority *authorities = arena_calloc(a, who->n, sizeof(*authorities));

	if (!authorities)
		return err_set(e, ERR_LIMIT, "it does not fit into memory");
	for (size_t i = 0; i < who->n; i++)
		authorities[i] = who->items[i]->authority;
	p->authorities = who;
	p->want = (struct evidence_want){
		.authorities = authorities,
		.n_authorities = who->n,
		.enough = p->any_of.n   ? 1
			  : p->all_of.n ? who->n
					: (size_t)who->count,
		.demand = {.annotations = p->annotations.items, .n_annotations = p->annotations.n},
		.repository = p->repository.repository,
	};
	p->wanted = signature_wanted(a, who, p->want.enough, &p->annotations);
	return evidence_want_seal(&p->want, e);
}

/* ---- samples ---- */

/* The image that the sample has, if this rule looks at it, else one that it does look at; pinned. */
static void pin(const struct signature *p, struct arena *a, bool looked_at, struct str *image)
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

static void sample_good(const void *params, struct arena *a, struct rule_sample *good)
{
	pin(params, a, false, &good->image);
	good->is_signed = true;
}

static void sample_bad(const void *params, struct arena *a, struct rule_sample *bad)
{
	pin(params, a, true, &bad->image);
	bad->is_signed = false;
}

static const struct param params_table[] = {
	{.key = "images",
	 .type = PARAM_PATTERNS,
	 .offset = offsetof(struct signature, images),
	 .doc = "Only images of these repositories, as patterns; absent: every image."},
	{.key = "anyOf",
	 .type = PARAM_AUTHORITIES,
	 .offset = offsetof(struct signature, any_of),
	 .doc = "One of these authorities has signed the image."},
	{.key = "allOf",
	 .type = PARAM_AUTHORITIES,
	 .offset = offsetof(struct signature, all_of),
	 .distinct = true,
	 .doc = "All of these authorities have signed the image."},
	{.key = "atLeast",
	 .type = PARAM_AT_LEAST,
	 .offset = offsetof(struct signature, at_least),
	 .distinct = true,
	 .doc = "So many of these authorities have signed the image."},
	{.key = "annotations",
	 .type = PARAM_ANNOTATIONS,
	 .offset = offsetof(struct signature, annotations),
	 .doc = "Annotations that the signature has, with these values."},
	{.key = "signatureRepository",
	 .type = PARAM_REPOSITORY,
	 .offset = offsetof(struct signature, repository),
	 .doc = "Repository that holds the signatures; absent: the image's own."},
};

static const enum code codes[] = {CODE_IMAGE_REFERENCE, CODE_SIGNATURE, CODE_SIGNATURE_UNAVAILABLE,
				  CODE_COUNT};

const struct rule rule_signature = {
	.key = "signature",
	.summary = "Images are signed by the named authorities.",
	.params = params_table,
	.n_params = sizeof(params_table) / sizeof(params_table[0]),
	.params_size = sizeof(struct signature),
	.codes = codes,
	.validate = validate,
	.prepare = prepare,
	.check = check,
	.conclude = conclude,
	.sample_good = sample_good,
	.sample_bad = sample_bad,
};

/* Where images come from and whether they are pinned. Compares the parts of the normalised reference,
 * never the text. spec: policy 3.5, 3.6 */
#include <stdio.h>

#include "policy/rule.h"

struct image {
	struct param_patterns registries;
	struct param_enum digest;
};

static void complain(const struct rule_context *c, const struct subject *s,
		     const struct violation *v)
{
	rule_violation(c, s, rule_image_field(s), v);
}

static bool registry_allowed(const struct image *p, const struct reference *r)
{
	return !p->registries.n || patterns_match(&p->registries, r);
}

static void complain_of_digest(const struct rule_context *c, const struct subject *s)
{
	const struct reference *r = &s->reference;
	struct violation v = {.code = CODE_DIGEST, .want = S("...@sha256:<64 hex>")};

	v.got.form = GOT_QUOTED;
	v.got.prefix = "tag ";
	if (r->digest_kind == REFERENCE_DIGEST_OTHER) {
		v.got.prefix = "digest ";
		v.got.value = r->digest;
		v.got.note = S("not sha256 with 64 lower-case hex digits");
	} else if (r->tag.n) {
		v.got.value = r->tag;
	} else {
		v.got.value = reference_effective_tag(r);
		v.got.note = S("implied");
	}
	complain(c, s, &v);
}

static void check(const struct rule_context *c, const struct subject *s)
{
	const struct image *p = c->rule->params;

	/* Without an image there is a finding already, which no exception silences. */
	if (s->image.state != FIELD_SET || !s->image.str.n)
		return;
	if (!s->reference_ok) {
		rule_no_reference(c, s);
		return;
	}
	if (!registry_allowed(p, &s->reference))
		complain(c, s,
			 &(struct violation){.code = CODE_REGISTRY,
					     .got = {GOT_QUOTED, NULL, s->image.str,
						     s->reference.host},
					     .want = p->registries.list});
	if (p->digest.word && s->reference.digest_kind != REFERENCE_DIGEST_PINNED)
		complain_of_digest(c, s);
}

static const char *validate(const void *params)
{
	const struct image *p = params;

	if (p->registries.n || p->digest.word)
		return NULL;
	return "image: asks for nothing: give at least one of registries, digest";
}

/* ---- samples ---- */

static void sample_good(const void *params, struct arena *a, struct rule_sample *good)
{
	const struct image *p = params;
	struct reference r = {0};
	struct err e;
	struct text t;
	bool known = reference_parse(a, good->image, &r, &e) == 0;

	text_init(&t, a, 4096);
	if (p->registries.n && !(known && registry_allowed(p, &r)))
		sample_put_match(&t, &p->registries.items[0]);
	else if (known)
		reference_put_repository(&t, &r);
	else
		text_puts(&t, "registry.example.com/app");
	if (p->digest.word || r.digest_kind == REFERENCE_DIGEST_PINNED)
		text_puts(&t, "@" SAMPLE_DIGEST);
	else
		text_puts(&t, ":1.0");
	if (!text_done(&t, &good->image))
		good->image = S("");
}

/* A host that no pattern names: one more name than patterns is enough. */
static void put_unlisted(struct text *t, const struct param_patterns *patterns)
{
	for (size_t n = 0; n <= patterns->n; n++) {
		char host[64];
		bool named = false;
		snprintf(host, sizeof(host), "unlisted%zu.example.net", n);
		for (size_t i = 0; i < patterns->n; i++)
			named = named || str_eq(patterns->items[i].host, str_of(host));
		if (!named) {
			text_printf(t, "%s/app", host);
			return;
		}
	}
}

static void sample_bad(const void *params, struct arena *a, struct rule_sample *bad)
{
	const struct image *p = params;
	struct reference r = {0};
	struct err e;
	struct text t;

	text_init(&t, a, 4096);
	if (reference_parse(a, bad->image, &r, &e) < 0 || p->registries.n)
		put_unlisted(&t, &p->registries);
	else
		reference_put_repository(&t, &r);
	if (p->registries.n && r.digest_kind == REFERENCE_DIGEST_PINNED)
		text_puts(&t, "@" SAMPLE_DIGEST);
	else
		text_puts(&t, ":1.0");
	if (!text_done(&t, &bad->image))
		bad->image = S("");
}

static const char *const digest_words[] = {"required", NULL};

static const struct param params_table[] = {
	{.key = "registries",
	 .type = PARAM_PATTERNS,
	 .offset = offsetof(struct image, registries),
	 .doc = "Patterns host[:port]/segment/... of the repositories that images may come from; * "
		"is any "
		"run of characters within a segment, ** is one or more whole segments."},
	{.key = "digest",
	 .type = PARAM_ENUM,
	 .offset = offsetof(struct image, digest),
	 .words = digest_words,
	 .doc = "Every image is pinned by a sha256 digest."},
};

static const enum code codes[] = {CODE_IMAGE_REFERENCE, CODE_REGISTRY, CODE_DIGEST, CODE_COUNT};

const struct rule rule_image = {
	.key = "image",
	.summary = "Images come from the listed registries and are pinned by digest.",
	.params = params_table,
	.n_params = sizeof(params_table) / sizeof(params_table[0]),
	.params_size = sizeof(struct image),
	.codes = codes,
	.validate = validate,
	.check = check,
	.sample_good = sample_good,
	.sample_bad = sample_bad,
};

#include "policy/policy.h"
#include "policy/workload.h"

static bool has_rule(const struct exception *x, const struct policy_rule *rule)
{
	for (size_t i = 0; i < x->n_rules; i++) {
		if (x->rules[i] == rule)
			return true;
	}
	return false;
}

static bool covers_image(const struct exception *x, const struct subject *s)
{
	if (!s->reference_ok || !reference_pattern_matches(&x->image, &s->reference))
		return false;
	if (!x->image_digest.n)
		return true;
	return s->reference.digest_kind == REFERENCE_DIGEST_PINNED &&
	       str_eq(x->image_digest, s->reference.digest);
}

/* A volume may have the name of a container, and is none. */
static bool covers_container(const struct exception *x, const struct subject *s)
{
	return s->kind != SUBJECT_IMAGE_VOLUME && str_glob(x->container, s->name);
}

/* An exception for one container or image says nothing about the object as a whole. */
static bool covers_subject(const struct exception *x, const struct subject *s)
{
	if (x->container.n && (!s || !covers_container(x, s)))
		return false;
	return !x->has_image || (s && covers_image(x, s));
}

bool exception_covers(const struct exception *x, const struct policy_rule *rule, struct str ns,
		      struct str name, const struct subject *s)
{
	if (!has_rule(x, rule) || !str_eq(x->ns, ns))
		return false;
	if (x->name_glob.n && !str_glob(x->name_glob, name))
		return false;
	return covers_subject(x, s);
}

bool exception_holds(const struct exception *x, int64_t now_unix_s)
{
	return now_unix_s < x->expires_unix_s;
}

/* Documents of kind Exception. */
#include "core/clock.h"
#include "core/digest.h"
#include "policy/loader.h"

#define DAY_S INT64_C(86400)

static const struct policy *find_policy(const struct loader *ld, struct str name)
{
	for (size_t i = 0; i < ld->n_policies; i++) {
		if (name.n && str_eq(ld->policies[i].name, name))
			return &ld->policies[i];
	}
	return NULL;
}

static void unknown_policy(struct loader *ld, const struct decode_at *at, struct str name)
{
	struct str *names = arena_calloc(ld->d.scratch, ld->n_policies, sizeof(*names));
	if (ld->partial || !names)
		return;
	for (size_t i = 0; i < ld->n_policies; i++)
		names[i] = ld->policies[i].name;
	decode_error(&ld->d, at, "no policy is named %s%s", decode_quote(&ld->d, name),
		     decode_nearest(&ld->d, name, names, ld->n_policies));
}

static void load_policy_name(struct loader *ld, const struct decode_at *at, struct exception *out)
{
	struct str name;
	if (!load_name(ld, at, &name))
		return;
	out->policy = find_policy(ld, name);
	if (!out->policy)
		unknown_policy(ld, at, name);
}

static const struct policy_rule *find_rule(const struct policy *p, struct str name)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		if (str_eq(p->rules[i].name, name))
			return &p->rules[i];
	}
	return NULL;
}

/* Silent when a rule of the policy has no readable name: it may be the one that is meant. */
static void unknown_rule(struct loader *ld, const struct decode_at *at, const struct policy *p,
			 struct str name)
{
	struct str *names = arena_calloc(ld->d.scratch, p->n_rules, sizeof(*names));
	if (!names || !p->n_rules)
		return;
	for (size_t i = 0; i < p->n_rules; i++) {
		names[i] = p->rules[i].name;
		if (!names[i].n)
			return;
	}
	decode_error(&ld->d, at, "policy %s has no rule named %s%s", decode_quote(&ld->d, p->name),
		     decode_quote(&ld->d, name), decode_nearest(&ld->d, name, names, p->n_rules));
}

static void load_rule_names(struct loader *ld, const struct decode_at *at, struct exception *out)
{
	if (!decode_list(&ld->d, at, "a list of names of rules, at least one"))
		return;
	size_t n = node_len(at->node);
	const struct policy_rule **rules =
		arena_calloc(ld->d.arena, n, sizeof(struct policy_rule *));
	if (!rules)
		return;
	for (size_t i = 0; i < n; i++) {
		struct decode_at item = decode_item(at, i);
		struct str name;
		if (!load_name(ld, &item, &name) || load_is_repeated(ld, at, i) || !out->policy)
			continue;
		const struct policy_rule *rule = find_rule(out->policy, name);
		if (rule)
			rules[out->n_rules++] = rule;
		else
			unknown_rule(ld, &item, out->policy, name);
	}
	out->rules = rules;
}

/* "host/path", a pattern too, and "@sha256:..." if only that digest is meant. */
static void load_image(struct loader *ld, const struct decode_at *at, struct exception *out)
{
	struct str text, pattern, digest = {NULL, 0};
	struct sha256 sum;
	struct err e = {0};
	if (!decode_str(&ld->d, at, "an image, host/path or host/path@sha256:...", &text))
		return;
	if (!str_cut(text, '@', &pattern, &digest))
		pattern = text;
	else if (!sha256_parse(digest, &sum))
		decode_error(&ld->d, at,
			     "%s has no right digest: want sha256: and 64 lower-case hex digits",
			     decode_quote(&ld->d, text));
	if (reference_pattern_parse(ld->d.arena, pattern, &out->image, &e) < 0) {
		decode_error(&ld->d, at, "%s cannot be an image pattern: %s",
			     decode_quote(&ld->d, text), e.text);
		return;
	}
	out->has_image = true;
	out->image_digest = digest;
}

static void load_match(struct loader *ld, const struct decode_at *at, struct exception *out)
{
	static const struct decode_key keys[] = {
		{"namespace", DECODE_REQUIRED, "the one namespace it is for"},
		{"name", DECODE_OPTIONAL, NULL},
		{"container", DECODE_OPTIONAL, NULL},
		{"image", DECODE_OPTIONAL, NULL},
	};
	static const struct load_glob namespace = {"namespace", 63, false, false};
	static const struct load_glob name = {"name", 253, true, true};
	static const struct load_glob container = {"container", 63, false, true};

	if (!decode_map(&ld->d, at, keys, sizeof(keys) / sizeof(keys[0])))
		return;
	struct decode_at at_ns = decode_member(at, "namespace");
	struct decode_at at_name = decode_member(at, "name");
	struct decode_at at_container = decode_member(at, "container");
	struct decode_at at_image = decode_member(at, "image");
	if (!at_name.node && !at_image.node)
		decode_error(&ld->d, at, "has neither name nor image: at least one is required");
	load_glob(ld, &at_name, &name, &out->name_glob);
	load_glob(ld, &at_container, &container, &out->container);
	load_image(ld, &at_image, out);
	if (load_glob(ld, &at_ns, &namespace, &out->ns) && out->policy &&
	    !match_namespace(&out->policy->match, out->ns))
		decode_error(&ld->d, &at_ns, "policy %s never matches namespace %s",
			     decode_quote(&ld->d, out->policy->name),
			     decode_quote(&ld->d, out->ns));
}

static void load_expires(struct loader *ld, const struct decode_at *at, struct exception *out)
{
	int64_t at_s, last_s;
	struct str s = node_str(at->node);
	if (!at->node)
		return;
	/* A date is the last day on which it holds. */
	if (time_parse_date(s, &at_s)) {
		out->expires_unix_s = at_s + DAY_S;
	} else if (time_parse_rfc3339(s, &at_s)) {
		out->expires_unix_s = at_s;
	} else {
		decode_wrong(&ld->d, at,
			     "a date as in 2027-01-31, or a time as in 2027-01-31T12:00:00Z");
		return;
	}
	if (!decode_copy(&ld->d, s, &out->expires_text))
		return;

	int64_t days = ld->o->max_exception_days;
	if (days > 0 && days <= INT32_MAX) {
		last_s = ld->o->now_unix_s + days * DAY_S;
		if (at_s > last_s) {
			char last[16];
			time_format_date(last_s, last);
			decode_error(&ld->d, at,
				     "%.*s is more than %lld days away: the last day allowed is %s",
				     STR_ARG(s), (long long)days, last);
		}
	}
	if (!exception_holds(out, ld->o->now_unix_s))
		decode_warning(&ld->d, at, "ended on %.*s: the exception no longer holds",
			       STR_ARG(s));
}

void load_exception(struct loader *ld, const struct decode_at *doc, struct exception *out)
{
	static const struct decode_key keys[] = {
		{"policy", DECODE_REQUIRED, "the name of a policy"},
		{"rules", DECODE_REQUIRED, "a list of names of rules"},
		{"match", DECODE_REQUIRED, "a map with namespace and name or image"},
		{"reason", DECODE_REQUIRED, "why it is needed"},
		{"owner", DECODE_REQUIRED, "who answers for it"},
		{"expires", DECODE_REQUIRED, "the last day on which it holds"},
		{"ticket", DECODE_OPTIONAL, NULL},
	};
	out->origin = load_origin(ld, doc);
	out->name = load_metadata(ld, doc);
	struct decode_at spec = decode_member(doc, "spec");
	if (!decode_map(&ld->d, &spec, keys, sizeof(keys) / sizeof(keys[0])))
		return;
	struct decode_at policy = decode_member(&spec, "policy");
	struct decode_at rules = decode_member(&spec, "rules");
	struct decode_at match = decode_member(&spec, "match");
	struct decode_at reason = decode_member(&spec, "reason");
	struct decode_at owner = decode_member(&spec, "owner");
	struct decode_at expires = decode_member(&spec, "expires");
	struct decode_at ticket = decode_member(&spec, "ticket");
	load_policy_name(ld, &policy, out);
	load_rule_names(ld, &rules, out);
	load_match(ld, &match, out);
	decode_str(&ld->d, &reason, "a text that says why it is needed", &out->reason);
	decode_str(&ld->d, &owner, "a text that says who answers for it", &out->owner);
	load_expires(ld, &expires, out);
	decode_str(&ld->d, &ticket, "a text", &out->ticket);
}

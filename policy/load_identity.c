/* Whom a certificate must name: issuer, subject, extensions. spec: sigstore 6.3, policy 4.1 */
#include "policy/limits.h"
#include "policy/loader.h"

#define N_EXTENSION_NAMES 64

/* An expression that fits whatever stands there trusts everybody. */
static bool fits_all(struct str regex)
{
	struct str s = regex;
	if (str_starts(s, S("^")))
		s = str_sub(s, 1, s.n);
	if (str_ends(s, S("$")))
		s = str_sub(s, 0, s.n - 1);
	while (s.n > 1 && s.p[0] == '(' && s.p[s.n - 1] == ')')
		s = str_sub(s, 1, s.n - 1);
	return str_eq(s, S(".*")) || str_eq(s, S(".+"));
}

static bool load_regex(struct loader *ld, const struct decode_at *at, struct str *out)
{
	struct err e = {0};
	if (!decode_str(&ld->d, at, "a POSIX extended regular expression", out))
		return false;
	if (identity_regex_check(*out, &e) < 0) {
		decode_error(&ld->d, at, "%s: %s", decode_quote(&ld->d, *out), e.text);
		return false;
	}
	if (!fits_all(*out))
		return true;
	decode_error(&ld->d, at, "%s fits everybody: say whom you trust",
		     decode_quote(&ld->d, *out));
	return false;
}

/* `key` or `keyRegex` of the map. False: a problem. */
static bool load_match(struct loader *ld, const struct decode_at *at, const char *key,
		       const char *regex_key, bool required, struct identity_match *out)
{
	struct decode_at exact = decode_member(at, key);
	struct decode_at regex = decode_member(at, regex_key);
	if (exact.node && regex.node) {
		decode_error(&ld->d, at, "has both %s and %s: want one of them", key, regex_key);
		return false;
	}
	if (exact.node)
		return decode_str(&ld->d, &exact, "a string, compared whole", &out->exact);
	if (regex.node)
		return load_regex(ld, &regex, &out->regex);
	if (required)
		decode_error(&ld->d, at, "has no %s: want exactly one of %s and %s", key, key,
			     regex_key);
	return !required;
}

static void unknown_extension(struct loader *ld, const struct node_pair *pair,
			      const struct decode_at *at)
{
	struct str names[N_EXTENSION_NAMES];
	size_t n = 0;
	while (n < N_EXTENSION_NAMES && identity_extension_name_at(n)) {
		names[n] = str_of(identity_extension_name_at(n));
		n++;
	}
	const char *hint = decode_nearest(&ld->d, pair->key, names, n);
	decode_key_error(&ld->d, pair, "unknown extension %s in %s%s",
			 decode_quote(&ld->d, pair->key), decode_path(&ld->d, at),
			 *hint ? hint
			       : ": want a name as \"source-repository-uri\", or "
				 "1.3.6.1.4.1.57264.1.N");
}

struct extensions {
	struct identity_extension_match *items;
	size_t n;
};

static void load_extension(struct loader *ld, const struct decode_at *at,
			   const struct node_pair *pair, bool regex, struct extensions *out)
{
	const struct decode_at item = {at, decode_key_path(&ld->d, pair), 0, pair->value};
	struct identity_extension_match m = {.number = identity_extension_number(pair->key)};
	if (!m.number) {
		unknown_extension(ld, pair, at);
		return;
	}
	for (size_t i = 0; i < out->n; i++) {
		if (out->items[i].number == m.number)
			decode_key_error(&ld->d, pair, "%s is told twice in %s",
					 decode_quote(&ld->d, pair->key),
					 decode_path(&ld->d, at->up));
	}
	if (regex ? load_regex(ld, &item, &m.value.regex)
		  : decode_str(&ld->d, &item, "a string, compared whole", &m.value.exact))
		out->items[out->n++] = m;
}

static void load_extensions(struct loader *ld, const struct decode_at *at, bool regex,
			    struct extensions *out)
{
	size_t n = node_is(at->node, NODE_MAP) ? node_len(at->node) : 0;
	if (!at->node)
		return;
	if (n == 0) {
		decode_wrong(&ld->d, at, "a map of strings, at least one");
		return;
	}
	if (out->n + n > LIMIT_IDENTITY_EXTENSIONS) {
		decode_error(&ld->d, at, "has %zu extensions: at most %d are allowed", n,
			     LIMIT_IDENTITY_EXTENSIONS);
		return;
	}
	for (size_t i = 0; i < n; i++)
		load_extension(ld, at, &at->node->map.pairs[i], regex, out);
}

bool load_identity(struct loader *ld, const struct decode_at *at, bool needs_issuer,
		   struct policy_authority *a)
{
	size_t before = ld->d.problems->errors;
	struct decode_at exact = decode_member(at, "extensions");
	struct decode_at regex = decode_member(at, "extensionsRegex");
	struct identity_demand *d = arena_alloc(ld->d.arena, sizeof(*d));
	struct extensions x = {arena_calloc(ld->d.arena, LIMIT_IDENTITY_EXTENSIONS,
					    sizeof(*x.items)),
			       0};
	if (!d || !x.items)
		return false;
	bool right = load_match(ld, at, "issuer", "issuerRegex", needs_issuer, &d->issuer);
	right &= load_match(ld, at, "subject", "subjectRegex", true, &d->subject);
	load_extensions(ld, &exact, false, &x);
	load_extensions(ld, &regex, true, &x);
	d->extensions = x.items;
	d->n_extensions = x.n;
	d->any_issuer = !needs_issuer && !d->issuer.exact.n && !d->issuer.regex.n;
	a->identity = d;
	return right && ld->d.problems->errors == before;
}

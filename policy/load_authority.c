/* Authorities: names and keys; and what they and the signature rules mean together. spec: policy 2, 4.1 */
#include "policy/limits.h"
#include "policy/loader.h"
#include "sigstore/limits.h"

static void load_key(struct loader *ld, const struct decode_at *at, struct policy_key *out)
{
	struct err e = {0};
	if (!load_text(ld, at, "a PEM text", LIMIT_KEY_PEM_BYTES, &out->text))
		return;
	ld->n_keys++;
	if (sig_key_parse(ld->d.arena, out->text.bytes, &out->key, &e) == 0)
		return;
	struct decode_at inside = decode_member(at, out->text.file.n ? "file" : "inline");
	if (out->text.file.n)
		decode_error(&ld->d, &inside, "%s: %s", decode_quote(&ld->d, out->text.file),
			     e.text);
	else
		decode_error(&ld->d, &inside, "%s", e.text);
}

static bool same_key(const struct sig_key *a, const struct sig_key *b)
{
	return a->algorithm && b->algorithm &&
	       memcmp(a->fingerprint.bytes, b->fingerprint.bytes, SHA256_BYTES) == 0;
}

static void load_keys(struct loader *ld, const struct decode_at *at, struct policy_authority *out)
{
	if (!decode_list(&ld->d, at, "a list of keys, at least one"))
		return;
	size_t n = node_len(at->node);
	struct policy_key *keys = arena_calloc(ld->d.arena, n, sizeof(*keys));
	if (!keys)
		return;
	for (size_t i = 0; i < n; i++) {
		struct decode_at item = decode_item(at, i);
		load_key(ld, &item, &keys[i]);
		for (size_t k = 0; k < i; k++) {
			if (same_key(&keys[k].key, &keys[i].key))
				decode_error(&ld->d, &item, "the same key as item %zu", k);
		}
	}
	out->keys = keys;
	out->n_keys = n;
}

static void load_one_key(struct loader *ld, const struct decode_at *at,
			 struct policy_authority *out)
{
	struct policy_key *key = arena_alloc(ld->d.arena, sizeof(*key));
	if (!key)
		return;
	load_key(ld, at, key);
	out->keys = key;
	out->n_keys = 1;
}

static void load_keyless(struct loader *ld, const struct decode_at *at, struct policy_authority *a)
{
	static const struct decode_key keys[] = {
		{"issuer", DECODE_OPTIONAL, NULL},      {"issuerRegex", DECODE_OPTIONAL, NULL},
		{"subject", DECODE_OPTIONAL, NULL},     {"subjectRegex", DECODE_OPTIONAL, NULL},
		{"extensions", DECODE_OPTIONAL, NULL},  {"extensionsRegex", DECODE_OPTIONAL, NULL},
		{"trustedRoot", DECODE_OPTIONAL, NULL}, {"trustedRoots", DECODE_OPTIONAL, NULL},
	};
	size_t before = ld->d.problems->errors;
	if (!decode_map(&ld->d, at, keys, sizeof(keys) / sizeof(keys[0])))
		return;
	load_identity(ld, at, true, a);
	size_t middle = ld->d.problems->errors;
	a->authority.root = load_roots(ld, at, a);
	if (!a->authority.root && ld->d.problems->errors == middle)
		decode_error(&ld->d, at,
			     "has no trustedRoot: want the file that says which certificate "
			     "authorities and logs count");
	if (ld->d.problems->errors != before)
		a->identity = NULL;
}

static void load_certificates(struct loader *ld, const struct decode_at *at,
			      struct policy_authority *a)
{
	static const struct decode_key keys[] = {
		{"roots", DECODE_REQUIRED, "a file or text of PEM certificates"},
		{"issuer", DECODE_OPTIONAL, NULL},
		{"issuerRegex", DECODE_OPTIONAL, NULL},
		{"subject", DECODE_OPTIONAL, NULL},
		{"subjectRegex", DECODE_OPTIONAL, NULL},
		{"extensions", DECODE_OPTIONAL, NULL},
		{"extensionsRegex", DECODE_OPTIONAL, NULL},
		{"timestampAuthority", DECODE_OPTIONAL, NULL},
		{"useCurrentTime", DECODE_OPTIONAL, NULL},
		{"trustedRoot", DECODE_OPTIONAL, NULL},
		{"trustedRoots", DECODE_OPTIONAL, NULL},
	};
	size_t before = ld->d.problems->errors;
	if (!decode_map(&ld->d, at, keys, sizeof(keys) / sizeof(keys[0])))
		return;
	struct decode_at now = decode_member(at, "useCurrentTime");
	load_identity(ld, at, false, a);
	a->authority.root = load_own_roots(ld, at, a);
	decode_bool(&ld->d, &now, &a->authority.use_current_time);
	if (ld->d.problems->errors == before)
		a->authority.any_issuer = a->identity->any_issuer;
}

/* What verifies. Of an authority with a problem nobody will make use. */
static void compile(struct loader *ld, const struct decode_at *at, struct policy_authority *a)
{
	struct sig_authority_key *keys = arena_calloc(ld->d.arena, a->n_keys, sizeof(*keys));
	if (a->n_keys > LIMIT_AUTHORITY_KEYS)
		decode_error(&ld->d, at, "has %zu keys: at most %d are allowed", a->n_keys,
			     LIMIT_AUTHORITY_KEYS);
	for (size_t i = 0; keys && i < a->n_keys; i++)
		keys[i].key = &a->keys[i].key;
	a->authority.keys = keys;
	a->authority.n_keys = keys ? a->n_keys : 0;
	a->authority.schemes = SIG_SCHEMES_DEFAULT;
	a->authority.identities = a->identity;
	a->authority.n_identities = a->identity != NULL;
	a->authority.brief_certificates = a->kind == POLICY_AUTHORITY_KEYLESS;
}

static const struct {
	const char *key;
	enum policy_authority_kind kind;
	void (*load)(struct loader *ld, const struct decode_at *at, struct policy_authority *a);
} kinds[] = {
	{"key", POLICY_AUTHORITY_KEY, load_one_key},
	{"keys", POLICY_AUTHORITY_KEYS, load_keys},
	{"keyless", POLICY_AUTHORITY_KEYLESS, load_keyless},
	{"certificates", POLICY_AUTHORITY_CERTIFICATES, load_certificates},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The one of the four that is there. */
static void load_the_kind(struct loader *ld, const struct decode_at *at, struct policy_authority *a)
{
	const char *first = NULL;
	for (size_t i = 0; i < N_KINDS; i++) {
		struct decode_at member = decode_member(at, kinds[i].key);
		if (!member.node)
			continue;
		if (first)
			decode_error(&ld->d, at, "has both %s and %s: want one of them", first,
				     kinds[i].key);
		first = first ? first : kinds[i].key;
		a->kind = kinds[i].kind;
		kinds[i].load(ld, &member, a);
	}
	if (!first)
		decode_error(&ld->d, at,
			     "does not say whose signature counts: want exactly one of key, keys, "
			     "keyless and certificates");
}

/* The trusted root of keys; those of the others stand with them. */
static void load_beside_keys(struct loader *ld, const struct decode_at *at,
			     struct policy_authority *a)
{
	struct decode_at one = decode_member(at, "trustedRoot");
	struct decode_at many = decode_member(at, "trustedRoots");
	if (!one.node && !many.node)
		return;
	if (a->kind == POLICY_AUTHORITY_KEYLESS || a->kind == POLICY_AUTHORITY_CERTIFICATES)
		decode_error(&ld->d, one.node ? &one : &many, "belongs into %s",
			     a->kind == POLICY_AUTHORITY_KEYLESS ? "keyless" : "certificates");
	else
		a->authority.root = load_roots(ld, at, a);
}

static void load_authority(struct loader *ld, const struct decode_at *at,
			   struct policy_authority *a)
{
	static const struct decode_key keys[] = {
		{"key", DECODE_OPTIONAL, NULL},
		{"keys", DECODE_OPTIONAL, NULL},
		{"keyless", DECODE_OPTIONAL, NULL},
		{"certificates", DECODE_OPTIONAL, NULL},
		{"trustedRoot", DECODE_OPTIONAL, NULL},
		{"trustedRoots", DECODE_OPTIONAL, NULL},
		{"transparencyLog", DECODE_OPTIONAL, NULL},
		{"timestamps", DECODE_OPTIONAL, NULL},
		{"certificateTransparency", DECODE_OPTIONAL, NULL},
		{"maxSignatureAge", DECODE_OPTIONAL, NULL},
	};
	size_t before = ld->d.problems->errors;
	if (!decode_map(&ld->d, at, keys, sizeof(keys) / sizeof(keys[0])))
		return;
	load_the_kind(ld, at, a);
	load_beside_keys(ld, at, a);
	load_proof(ld, at, before, a);
	compile(ld, at, a);
}

/* The key of a map as a value, so that it is checked like any name. A wrong one is still the one that
 * rules may mean. */
static void load_key_name(struct loader *ld, const struct decode_at *item,
			  const struct node_pair *pair, struct str *out)
{
	const struct node n = {.type = NODE_STR,
			       .line = pair->line,
			       .column = pair->column,
			       .str = pair->key};
	const struct decode_at at = {item->up, item->key, 0, &n};
	if (!load_name(ld, &at, out))
		decode_copy(&ld->d, pair->key, out);
}

void load_authorities(struct loader *ld, const struct decode_at *at, struct policy *out)
{
	ld->authorities = NULL;
	ld->n_authorities = 0;
	if (!at->node)
		return;
	size_t n = node_is(at->node, NODE_MAP) ? node_len(at->node) : 0;
	if (n == 0) {
		decode_wrong(&ld->d, at, "a map of authorities, at least one");
		return;
	}
	if (n > LIMIT_AUTHORITIES) {
		decode_error(&ld->d, at, "has %zu authorities: at most %d are allowed", n,
			     LIMIT_AUTHORITIES);
		return;
	}
	struct policy_authority *all = arena_calloc(ld->d.arena, n, sizeof(*all));
	for (size_t i = 0; all && i < n; i++) {
		const struct node_pair *pair = &at->node->map.pairs[i];
		const struct decode_at item = {at, decode_key_path(&ld->d, pair), 0, pair->value};
		all[i].origin = (struct origin){ld->d.file, pair->line, pair->column};
		load_key_name(ld, &item, pair, &all[i].name);
		load_authority(ld, &item, &all[i]);
	}
	out->authorities = ld->authorities = all;
	out->n_authorities = ld->n_authorities = all ? n : 0;
}

/* ---- rules ---- */

/* An image that no pattern matches is nobody's business, unless a rule refuses it. spec: pains 11 */
void load_check_signatures(struct loader *ld, const struct decode_at *rules, const struct policy *p)
{
	enum mode strictest = MODE_AUDIT;
	bool narrowed = false, open = false, claimed = false, signed_by = false;

	for (size_t i = 0; i < p->n_rules; i++) {
		const struct policy_rule *r = &p->rules[i];
		if (!r->type || !r->params || !r->type->conclude)
			continue;
		signed_by |= strcmp(r->type->key, "signature") == 0;
		const struct param_patterns *images = rule_patterns(r, "images");
		*(images && images->n ? &narrowed : &open) = true;
		if (r->mode < strictest)
			strictest = r->mode;
	}
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct policy_rule *r = &p->rules[i];
		const struct param_patterns *registries =
			r->type && r->params ? rule_patterns(r, "registries") : NULL;
		claimed |= registries && registries->n && r->mode <= strictest;
	}
	if (narrowed && !open && !claimed)
		decode_error(&ld->d, rules,
			     "every %s rule has images, and no image rule in mode %s has "
			     "registries: an image that no pattern matches would be admitted %s: "
			     "add one, or %s rule without images",
			     signed_by ? "signature" : "attestation", mode_name(strictest),
			     signed_by ? "unsigned" : "without any",
			     signed_by ? "a signature" : "an attestation");
}

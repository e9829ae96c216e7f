/* Authorities: names and keys; and what they and the signature rules mean together. spec: policy 2, 4.1 */
#include "core/file.h"
#include "policy/limits.h"
#include "policy/loader.h"
#include "sigstore/limits.h"

static bool keep_file(struct loader *ld, struct str path, struct str bytes)
{
	struct load_key_file *f = arena_alloc(ld->d.arena, sizeof(*f));
	if (!f)
		return false;
	*f = (struct load_key_file){ld->key_files, path, bytes};
	ld->key_files = f;
	ld->n_key_files++;
	return true;
}

/* The text of a key file, kept because it is part of what was loaded. */
static bool read_key(struct loader *ld, const struct decode_at *at, struct policy_key *out)
{
	struct err e = {0};
	if (!decode_str(&ld->d, at, "a file name, relative to this file", &out->file))
		return false;
	if (memchr(out->file.p, '\0', out->file.n) || str_eq(out->file, S("-"))) {
		decode_error(&ld->d, at, "%s is no file name", decode_quote(&ld->d, out->file));
		return false;
	}
	const char *path = file_join(ld->d.arena, file_dir(ld->d.file.p), out->file);
	if (!path)
		return false;
	if (file_read(ld->d.arena, path, LIMIT_KEY_PEM_BYTES, &out->pem, &e) == 0)
		return keep_file(ld, str_of(path), out->pem);
	decode_error(&ld->d, at, "%s", e.text);
	return false;
}

static void load_key(struct loader *ld, const struct decode_at *at, struct policy_key *out)
{
	static const struct decode_key keys[] = {
		{"file", DECODE_OPTIONAL, NULL},
		{"inline", DECODE_OPTIONAL, NULL},
	};
	struct err e = {0};
	if (!decode_map(&ld->d, at, keys, 2))
		return;
	struct decode_at file = decode_member(at, "file");
	struct decode_at text = decode_member(at, "inline");
	if (!file.node == !text.node) {
		decode_error(&ld->d, at, "want exactly one of file and inline");
		return;
	}
	if (file.node ? !read_key(ld, &file, out)
		      : !decode_str(&ld->d, &text, "a PEM text", &out->pem))
		return;
	ld->n_keys++;
	if (sig_key_parse(ld->d.arena, out->pem, &out->key, &e) == 0)
		return;
	if (file.node)
		decode_error(&ld->d, &file, "%s: %s", decode_quote(&ld->d, out->file), e.text);
	else
		decode_error(&ld->d, &text, "%s", e.text);
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
	out->one_key = true;
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
	a->authority = (struct sig_authority){
		.keys = keys,
		.n_keys = keys ? a->n_keys : 0,
		.schemes = SIG_SCHEMES_DEFAULT,
	};
}

static void load_authority(struct loader *ld, const struct decode_at *at,
			   struct policy_authority *a)
{
	static const struct decode_key keys[] = {
		{"key", DECODE_OPTIONAL, NULL},
		{"keys", DECODE_OPTIONAL, NULL},
		{"keyless", DECODE_UNSUPPORTED, NULL},
		{"certificates", DECODE_UNSUPPORTED, NULL},
		{"requireTlog", DECODE_UNSUPPORTED, NULL},
		{"tlogThreshold", DECODE_UNSUPPORTED, NULL},
		{"tsaThreshold", DECODE_UNSUPPORTED, NULL},
	};
	if (!decode_map(&ld->d, at, keys, sizeof(keys) / sizeof(keys[0])))
		return;
	struct decode_at one = decode_member(at, "key");
	struct decode_at many = decode_member(at, "keys");
	struct decode_at keyless = decode_member(at, "keyless");
	if (one.node && many.node)
		decode_error(&ld->d, at, "has both key and keys: want one of them");
	else if (!one.node && !many.node && !keyless.node)
		decode_error(&ld->d, at, "has no key: want exactly one of key and keys");
	if (one.node)
		load_one_key(ld, &one, a);
	else if (many.node)
		load_keys(ld, &many, a);
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
	bool narrowed = false, open = false, claimed = false;

	for (size_t i = 0; i < p->n_rules; i++) {
		const struct policy_rule *r = &p->rules[i];
		if (!r->type || !r->params || strcmp(r->type->key, "signature") != 0)
			continue;
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
			     "every signature rule has images, and no image rule in mode %s has "
			     "registries: an image that no pattern matches would be admitted "
			     "unsigned: add one, or a signature rule without images",
			     mode_name(strictest));
}

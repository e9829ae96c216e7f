/* Parameters of rules about signatures: authorities by name, annotations, a repository. */
#include "oci/reference_grammar.h"
#include "policy/limits.h"
#include "policy/loader.h"

static const struct policy_authority *find_authority(const struct loader *ld, struct str name)
{
	for (size_t i = 0; i < ld->n_authorities; i++) {
		if (str_eq(ld->authorities[i].name, name))
			return &ld->authorities[i];
	}
	return NULL;
}

static void unknown_authority(struct loader *ld, const struct decode_at *at, struct str name)
{
	struct str *names = arena_calloc(ld->d.scratch, ld->n_authorities, sizeof(*names));
	if (!names)
		return;
	for (size_t i = 0; i < ld->n_authorities; i++)
		names[i] = ld->authorities[i].name;
	decode_error(&ld->d, at, "no authority is named %s%s", decode_quote(&ld->d, name),
		     ld->n_authorities ? decode_nearest(&ld->d, name, names, ld->n_authorities)
				       : ": the policy has no authorities");
}

static bool share_a_key(const struct policy_authority *a, const struct policy_authority *b)
{
	for (size_t i = 0; i < a->n_keys; i++) {
		for (size_t k = 0; k < b->n_keys; k++) {
			const struct sig_key *x = &a->keys[i].key, *y = &b->keys[k].key;
			if (x->algorithm && y->algorithm &&
			    memcmp(x->fingerprint.bytes, y->fingerprint.bytes, SHA256_BYTES) == 0)
				return true;
		}
	}
	return false;
}

static bool same_match(const struct identity_match *a, const struct identity_match *b)
{
	return str_eq(a->exact, b->exact) && str_eq(a->regex, b->regex);
}

/* Could a certificate that `a` names be one for `b` too? Of two different expressions nobody can say. */
static bool share_an_identity(const struct policy_authority *a, const struct policy_authority *b)
{
	const struct identity_demand *x = a->identity, *y = b->identity;
	struct identity_demand bare;
	struct sig_fault f;

	if (!x || !y)
		return false;
	if (same_match(&x->issuer, &y->issuer) && same_match(&x->subject, &y->subject))
		return true;
	if (!x->issuer.exact.n || !x->subject.exact.n)
		return false;
	bare = *y;
	bare.n_extensions = 0;
	const struct identity id = {.kind = IDENTITY_URI,
				    .issuer = x->issuer.exact,
				    .subject = x->subject.exact};
	return identity_fits(&id, &bare, &f) == 0;
}

/* One signature must not count twice towards a number of signers. */
static void check_distinct(struct loader *ld, const struct decode_at *at,
			   const struct policy_authority *const *items, size_t n)
{
	const struct policy_authority *last = items[n];
	for (size_t i = 0; i < n; i++) {
		if (share_a_key(items[i], last))
			decode_error(&ld->d, at,
				     "%s has a key of %s: one signature would count as two",
				     decode_quote(&ld->d, last->name),
				     decode_quote(&ld->d, items[i]->name));
		else if (share_an_identity(items[i], last) || share_an_identity(last, items[i]))
			decode_error(&ld->d, at,
				     "%s trusts an identity of %s: one signature would count as "
				     "two",
				     decode_quote(&ld->d, last->name),
				     decode_quote(&ld->d, items[i]->name));
	}
}

void load_authority_names(struct loader *ld, const struct decode_at *at, const struct param *p,
			  struct param_authorities *out)
{
	if (!decode_list(&ld->d, at, "a list of names of authorities, at least one"))
		return;
	size_t n = node_len(at->node);
	const struct policy_authority **items =
		arena_calloc(ld->d.arena, n, sizeof(struct policy_authority *));
	size_t found = 0;
	for (size_t i = 0; items && i < n; i++) {
		struct decode_at item = decode_item(at, i);
		struct str name;
		if (!load_name(ld, &item, &name) || load_is_repeated(ld, at, i))
			continue;
		items[found] = find_authority(ld, name);
		if (!items[found])
			unknown_authority(ld, &item, name);
		else if (p->distinct)
			check_distinct(ld, &item, items, found);
		found += items[found] != NULL;
	}
	out->items = items;
	out->n = found;
}

void load_at_least(struct loader *ld, const struct decode_at *at, const struct param *p,
		   struct param_authorities *out)
{
	static const struct decode_key keys[] = {
		{"count", DECODE_REQUIRED, "a number of authorities"},
		{"of", DECODE_REQUIRED, "a list of names of authorities"},
	};
	if (!decode_map(&ld->d, at, keys, 2))
		return;
	struct decode_at count = decode_member(at, "count");
	struct decode_at of = decode_member(at, "of");
	load_authority_names(ld, &of, p, out);
	if (!count.node)
		return;
	size_t listed = node_is(of.node, NODE_LIST) ? node_len(of.node) : 0;
	if (!node_is(count.node, NODE_INT) || count.node->integer < 1)
		decode_wrong(&ld->d, &count, "an integer from 1 to the length of the list");
	else if (listed && (uint64_t)count.node->integer > listed)
		decode_error(&ld->d, &count, "got %lld, but the list has only %zu",
			     (long long)count.node->integer, listed);
	else
		out->count = count.node->integer;
}

void load_annotations(struct loader *ld, const struct decode_at *at, struct param_annotations *out)
{
	size_t n = node_is(at->node, NODE_MAP) ? node_len(at->node) : 0;
	if (n == 0) {
		decode_wrong(&ld->d, at, "a map of strings, at least one");
		return;
	}
	if (n > LIMIT_ANNOTATIONS) {
		decode_error(&ld->d, at, "has %zu annotations: at most %d are allowed", n,
			     LIMIT_ANNOTATIONS);
		return;
	}
	struct sig_annotation *items = arena_calloc(ld->d.arena, n, sizeof(*items));
	for (size_t i = 0; items && i < n; i++) {
		const struct node_pair *pair = &at->node->map.pairs[i];
		const struct decode_at item = {at, decode_key_path(&ld->d, pair), 0, pair->value};
		if (!pair->key.n)
			decode_key_error(&ld->d, pair, "an empty key in %s",
					 decode_path(&ld->d, at));
		if (!node_is(pair->value, NODE_STR))
			decode_wrong(&ld->d, &item, "a string");
		else if (!decode_copy(&ld->d, pair->key, &items[i].key) ||
			 !decode_copy(&ld->d, pair->value->str, &items[i].value))
			return;
	}
	*out = (struct param_annotations){items, items ? n : 0};
}

/* Without a host it would be Docker Hub, which nobody means. */
static const char *repository_fault(struct str text, const struct reference *r)
{
	struct str host, rest;
	if (!str_cut(text, '/', &host, &rest) || !reference_grammar_is_host(host))
		return "it has no host: want host/path";
	return r->tag.n || r->digest.n ? "it has a tag or digest: want host/path" : NULL;
}

void load_repository(struct loader *ld, const struct decode_at *at, struct param_repository *out)
{
	struct reference r = {0};
	struct err e = {0};
	struct str text;
	if (!decode_str(&ld->d, at, "a repository, host/path", &text))
		return;
	const char *why = NULL;
	if (reference_parse(ld->d.arena, text, &r, &e) < 0)
		why = e.text;
	else
		why = repository_fault(text, &r);
	if (why)
		decode_error(&ld->d, at, "%s cannot be a repository: %s",
			     decode_quote(&ld->d, text), why);
	else
		*out = (struct param_repository){{r.host, r.path}, text};
}

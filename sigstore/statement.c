#include "sigstore/statement.h"

#include "sigstore/limits.h"
#include "sigstore/pjson.h"

static bool is_known_type(struct str type)
{
	return str_eq(type, S("https://in-toto.io/Statement/v1")) ||
	       str_eq(type, S("https://in-toto.io/Statement/v0.1"));
}

static int bad_subject(const struct pj *r, size_t i, const char *why)
{
	return sig_fault_set(r->fault, VERIFY_SUBJECT, "statement: subject[%zu]: %s", i, why);
}

/* Every digest is a string; only SHA-256 is looked at. */
static int parse_digests(const struct pj *r, size_t i, const struct node *digests,
			 struct statement_subject *out)
{
	if (!node_is(digests, NODE_MAP) || node_len(digests) == 0)
		return bad_subject(r, i, "no digest");
	if (node_len(digests) > LIMIT_SUBJECT_DIGESTS)
		return sig_fault_set(r->fault, VERIFY_SUBJECTS,
				     "statement: subject[%zu]: %zu digests, at most %d", i,
				     node_len(digests), LIMIT_SUBJECT_DIGESTS);
	for (size_t j = 0; j < node_len(digests); j++) {
		if (!node_is(digests->map.pairs[j].value, NODE_STR))
			return bad_subject(r, i, "a digest that is no string");
	}
	out->sha256 = node_str(node_get(digests, S("sha256")));
	return 0;
}

static int parse_subject(const struct pj *r, const struct node *item, size_t i,
			 struct statement_subject *out)
{
	const struct node *name = node_get_set(item, S("name"));
	const struct node *annotations = node_get_set(item, S("annotations"));

	if (!node_is(item, NODE_MAP))
		return bad_subject(r, i, "not a map");
	if (name && !node_is(name, NODE_STR))
		return bad_subject(r, i, "name: not a string");
	if (annotations && !node_is(annotations, NODE_MAP))
		return bad_subject(r, i, "annotations: not a map");
	out->name = node_str(name);
	out->annotations = annotations;
	return parse_digests(r, i, node_get(item, S("digest")), out);
}

static int parse_subjects(const struct pj *r, const struct node *root, struct statement *s)
{
	const struct node *list = node_get(root, S("subject"));
	size_t n = node_len(list);

	if (!node_is(list, NODE_LIST) || n == 0)
		return sig_fault_set(r->fault, VERIFY_SUBJECT, "statement: no subject");
	if (n > LIMIT_SUBJECTS_IN_STATEMENT)
		return sig_fault_set(r->fault, VERIFY_SUBJECTS,
				     "statement: %zu subjects, at most %d", n,
				     LIMIT_SUBJECTS_IN_STATEMENT);
	s->subjects = arena_calloc(r->arena, n, sizeof(*s->subjects));
	if (!s->subjects)
		return sig_fault_room(r->fault);
	s->n_subjects = n;
	for (size_t i = 0; i < n; i++)
		TRY(parse_subject(r, node_at(list, i), i, &s->subjects[i]));
	return 0;
}

int statement_parse(struct arena *a, struct str payload, struct statement *out, struct sig_fault *f)
{
	struct pj r = {a, f, false};
	struct statement s = {.n_subjects = 0};
	char quote[SIG_QUOTE_BYTES];
	const struct node *root, *type;

	TRY(pj_parse(&r, "statement", payload, LIMIT_BUNDLE_BYTES, &root));
	type = node_get(root, S("_type"));
	if (!node_is(type, NODE_STR))
		return sig_fault_set(f, VERIFY_STATEMENT, "statement: _type: missing");
	if (!is_known_type(type->str))
		return sig_fault_set(f, VERIFY_STATEMENT_TYPE, "statement: _type: %s is unknown",
				     sig_quote(quote, type->str));
	TRY(parse_subjects(&r, root, &s));
	s.predicate_type = node_str(node_get(root, S("predicateType")));
	if (s.predicate_type.n == 0)
		return sig_fault_set(f, VERIFY_STATEMENT, "statement: predicateType: missing");
	s.predicate = node_get(root, S("predicate"));
	*out = s;
	return 0;
}

const struct statement_subject *statement_find(const struct statement *s,
					       const struct sha256 *digest)
{
	char hex[SHA256_HEX + 1];

	sha256_hex(digest, hex);
	for (size_t i = 0; i < s->n_subjects; i++) {
		if (str_eq(s->subjects[i].sha256, (struct str){hex, SHA256_HEX}))
			return &s->subjects[i];
	}
	return NULL;
}

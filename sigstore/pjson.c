#include "sigstore/pjson.h"

#include "core/base64.h"
#include "core/json.h"
#include "sigstore/limits.h"

#define DOT(at) ((at).path[0] ? "." : "")

/* Brackets and commas outside strings, before any memory is spent; the parser refuses what is no JSON
 * afterwards. Each value but the first comes after one of them. */
static void census(struct str s, size_t *deepest, size_t *values)
{
	size_t depth = 0;
	bool in_string = false;

	*deepest = 0;
	*values = 1;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			++*values;
			if (++depth > *deepest)
				*deepest = depth;
		} else if (c == ',') {
			++*values;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
}

int pj_parse(const struct pj *r, const char *what, struct str bytes, size_t max_bytes,
	     const struct node **out)
{
	struct node *root;
	struct err e = {.kind = ERR_INTERNAL};
	size_t deepest, values;

	if (bytes.n > max_bytes)
		return sig_fault_set(r->fault, VERIFY_TOO_LARGE, "%s: %zu bytes, at most %zu", what,
				     bytes.n, max_bytes);
	census(bytes, &deepest, &values);
	if (deepest > LIMIT_SIG_DEPTH)
		return sig_fault_set(r->fault, VERIFY_TOO_DEEP, "%s: more than %d levels", what,
				     LIMIT_SIG_DEPTH);
	if (values > LIMIT_SIG_VALUES)
		return sig_fault_set(r->fault, VERIFY_TOO_MANY_VALUES, "%s: more than %d values",
				     what, LIMIT_SIG_VALUES);
	if (json_parse(r->arena, bytes, NULL, &root, NULL, &e) < 0) {
		if (arena_exhausted(r->arena) || e.kind == ERR_MEMORY || e.kind == ERR_INTERNAL)
			return sig_fault_room(r->fault);
		return sig_fault_set(r->fault,
				     e.kind == ERR_LIMIT ? VERIFY_TOO_MANY_VALUES : VERIFY_JSON,
				     "%s: %s", what, e.text);
	}
	if (root->type != NODE_MAP)
		return sig_fault_set(r->fault, VERIFY_FIELD_TYPE, "%s: got %s, want map", what,
				     node_type_name(root->type));
	*out = root;
	return 0;
}

static bool is_one_of(struct str key, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(key, names[i]))
			return true;
	}
	return false;
}

int pj_fields(const struct pj *r, struct pj_at at, const struct str *names, size_t n)
{
	char quote[SIG_QUOTE_BYTES];

	if (!r->strict)
		return 0;
	for (size_t i = 0; i < node_len(at.map); i++) {
		struct str key = at.map->map.pairs[i].key;

		if (!is_one_of(key, names, n))
			return sig_fault_set(r->fault, VERIFY_FIELD_UNKNOWN, "%s: unknown field %s",
					     at.path[0] ? at.path : "bundle",
					     sig_quote(quote, key));
	}
	return 0;
}

bool pj_has(struct pj_at at, const char *name)
{
	return node_get(at.map, str_of(name)) != NULL;
}

int pj_missing(const struct pj *r, struct pj_at at, const char *name)
{
	return sig_fault_set(r->fault, VERIFY_FIELD_MISSING, "%s%s%s: missing", at.path, DOT(at),
			     name);
}

static int wrong_type(const struct pj *r, struct pj_at at, const char *name, const struct node *got,
		      const char *want)
{
	return sig_fault_set(r->fault, VERIFY_FIELD_TYPE, "%s%s%s: got %s, want %s", at.path,
			     DOT(at), name, node_type_name(got->type), want);
}

/* *out is NULL when the field is absent. */
static int field(const struct pj *r, struct pj_at at, const char *name, enum node_type want,
		 const struct node **out)
{
	const struct node *n = node_get(at.map, str_of(name));

	if (n && n->type != want)
		return wrong_type(r, at, name, n, node_type_name(want));
	*out = n;
	return 0;
}

int pj_map(const struct pj *r, struct pj_at at, const char *name, const struct node **out)
{
	return field(r, at, name, NODE_MAP, out);
}

int pj_list(const struct pj *r, struct pj_at at, const char *name, enum node_type items, size_t max,
	    enum verify_reason too_many, const struct node **out)
{
	const struct node *list;

	TRY(field(r, at, name, NODE_LIST, &list));
	if (node_len(list) > max)
		return sig_fault_set(r->fault, too_many, "%s%s%s: %zu items, at most %zu", at.path,
				     DOT(at), name, node_len(list), max);
	for (size_t i = 0; i < node_len(list); i++) {
		const struct node *item = node_at(list, i);

		if (item->type != items)
			return sig_fault_set(r->fault, VERIFY_FIELD_TYPE,
					     "%s%s%s[%zu]: got %s, want %s", at.path, DOT(at), name,
					     i, node_type_name(item->type), node_type_name(items));
	}
	*out = list;
	return 0;
}

int pj_str(const struct pj *r, struct pj_at at, const char *name, struct str *out)
{
	const struct node *n;

	TRY(field(r, at, name, NODE_STR, &n));
	*out = node_str(n);
	return 0;
}

/* base64 to bytes, with `path` "a" or "a.b" before the reason. */
static int decode(const struct pj *r, struct str text, struct pj_at at, const char *name,
		  struct str *out)
{
	struct err e = {.kind = ERR_INTERNAL};

	if (base64_decode(r->arena, text, out, &e) == 0)
		return 0;
	if (e.kind != ERR_INPUT)
		return sig_fault_room(r->fault);
	return sig_fault_set(r->fault, VERIFY_BASE64, "%s%s%s: %s", at.path, DOT(at), name, e.text);
}

int pj_bytes(const struct pj *r, struct pj_at at, const char *name, struct str *out)
{
	struct str text;

	TRY(pj_str(r, at, name, &text));
	return decode(r, text, at, name, out);
}

int pj_bytes_of(const struct pj *r, const struct node *item, const char *path, struct str *out)
{
	return decode(r, node_str(item), (struct pj_at){NULL, ""}, path, out);
}

/* "0" or digits that begin with another one. */
static bool decimal(struct str s, int64_t *out)
{
	uint64_t v;

	if (!str_to_u64(s, &v) || v > INT64_MAX || (s.n > 1 && s.p[0] == '0'))
		return false;
	*out = (int64_t)v;
	return true;
}

int pj_int64(const struct pj *r, struct pj_at at, const char *name, int64_t *out)
{
	const struct node *n = node_get(at.map, str_of(name));
	char quote[SIG_QUOTE_BYTES];
	int64_t v = 0;

	if (n && n->type != NODE_INT && n->type != NODE_STR)
		return wrong_type(r, at, name, n, "integer");
	if (n && n->type == NODE_STR && !decimal(n->str, &v))
		return sig_fault_set(r->fault, VERIFY_FIELD_RANGE,
				     "%s%s%s: %s is no integer from 0 to 2^63-1", at.path, DOT(at),
				     name, sig_quote(quote, n->str));
	if (n && n->type == NODE_INT) {
		v = n->integer;
		if (v < 0)
			return sig_fault_set(r->fault, VERIFY_FIELD_RANGE,
					     "%s%s%s: %lld is negative", at.path, DOT(at), name,
					     (long long)v);
	}
	*out = v;
	return 0;
}

#include "oci/credentials.h"

#include "core/base64.h"
#include "core/file.h"
#include "core/json.h"
#include "oci/limits.h"
#include "oci/reference_grammar.h"

static const char *const fields[] = {"auth",          "username",      "password", "email",
				     "identitytoken", "registrytoken", NULL};

struct entry {
	struct arena *arena;
	const char *name; /* the key, quoted */
	const struct node *map;
};

static int wrong(const struct entry *n, const char *field, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT, "auths[%s]%s%s: %s", n->name, field ? "." : "",
		       field ? field : "", why);
}

static const char *quote(struct arena *a, struct str s)
{
	struct text t;
	struct str out;
	text_init(&t, a, 1024);
	text_quote(&t, s, 128);
	return text_done(&t, &out) && out.p ? out.p : "\"...\"";
}

/* A value goes into a header or a form: neither holds control characters. */
static int get_secret(const struct entry *n, const char *field, struct str *out, struct err *e)
{
	const struct node *v = node_get_set(n->map, str_of(field));
	*out = (struct str){NULL, 0};
	if (!v)
		return 0;
	if (v->type != NODE_STR)
		return wrong(n, field, "not a string", e);
	for (size_t i = 0; i < v->str.n; i++) {
		unsigned char c = (unsigned char)v->str.p[i];
		if (c < 0x20 || c == 0x7F)
			return wrong(n, field, "holds a control character", e);
	}
	*out = v->str;
	return 0;
}

static int check_fields(const struct entry *n, struct err *e)
{
	struct str names[sizeof(fields) / sizeof(*fields)];
	size_t count = 0;
	for (; fields[count]; count++)
		names[count] = str_of(fields[count]);
	for (size_t i = 0; i < n->map->map.n; i++) {
		struct str key = n->map->map.pairs[i].key;
		bool known = false;
		for (size_t k = 0; k < count; k++)
			known = known || str_eq(key, names[k]);
		struct str near = str_nearest(key, names, count);
		if (!known && near.n)
			return err_set(e, ERR_INPUT,
				       "auths[%s]: unknown key %s: did you mean \"%.*s\"?", n->name,
				       quote(n->arena, key), STR_ARG(near));
		if (!known)
			return err_set(e, ERR_INPUT, "auths[%s]: unknown key %s", n->name,
				       quote(n->arena, key));
	}
	return 0;
}

static int split_auth(const struct entry *n, struct str auth, struct credential *c, struct err *e)
{
	struct str plain, user, password;
	struct err why = {0};
	if (base64_decode(n->arena, auth, &plain, &why) < 0)
		return wrong(n, "auth", "not base64", e);
	if (!str_cut(plain, ':', &user, &password))
		return wrong(n, "auth", "not base64 of \"user:password\"", e);
	/* Docker pads the password with NUL bytes. */
	while (password.n && password.p[password.n - 1] == '\0')
		password.n--;
	if ((c->username.n && !str_eq(c->username, user)) ||
	    (c->password.n && !str_eq(c->password, password)))
		return wrong(n, "auth", "says something else than username and password", e);
	c->username = user;
	c->password = password;
	return 0;
}

static int get_values(const struct entry *n, struct credential *c, struct err *e)
{
	struct str auth, email;
	TRY(check_fields(n, e));
	TRY(get_secret(n, "auth", &auth, e));
	TRY(get_secret(n, "email", &email, e));
	TRY(get_secret(n, "username", &c->username, e));
	TRY(get_secret(n, "password", &c->password, e));
	TRY(get_secret(n, "identitytoken", &c->identity_token, e));
	TRY(get_secret(n, "registrytoken", &c->registry_token, e));
	if (auth.n)
		TRY(split_auth(n, auth, c, e));
	if (c->identity_token.n || c->registry_token.n)
		return 0;
	if (!c->username.n || !c->password.n)
		return wrong(n, NULL,
			     "no credentials: want auth, username and password, identitytoken or "
			     "registrytoken",
			     e);
	return 0;
}

static bool cut_prefix(struct str *s, struct str prefix)
{
	if (!str_starts(*s, prefix))
		return false;
	*s = str_sub(*s, prefix.n, s->n);
	return true;
}

/* docker/cli writes an address for Docker Hub, and once wrote them for all. */
static void cut_address(struct str *key)
{
	if (!cut_prefix(key, S("https://")) && !cut_prefix(key, S("http://")))
		return;
	while (str_ends(*key, S("/")))
		key->n--;
	if (str_ends(*key, S("/v1")) || str_ends(*key, S("/v2")))
		key->n -= 3;
}

static int get_key(const struct entry *n, struct str key, struct credential *c, struct err *e)
{
	struct str host, path = {NULL, 0};
	cut_address(&key);
	if (str_has_char(key, '*'))
		return wrong(n, NULL, "wildcards are not supported: name the host", e);
	if (!str_cut(key, '/', &host, &path))
		host = key;
	const char *why = host.n ? reference_grammar_host(host) : "no host";
	if (!why && path.n)
		why = reference_grammar_path(path, false);
	if (why)
		return wrong(n, NULL, why, e);
	TRY(reference_grammar_fold_host(n->arena, host, &c->host, e));
	if (str_eq(c->host, S("registry-1.docker.io")))
		c->host = S("docker.io");
	c->path = path;
	return 0;
}

static bool same_values(const struct credential *a, const struct credential *b)
{
	return str_eq(a->username, b->username) && str_eq(a->password, b->password) &&
	       str_eq(a->identity_token, b->identity_token) &&
	       str_eq(a->registry_token, b->registry_token);
}

static int check_unique(const struct entry *n, const struct credential *items, size_t count,
			struct err *e)
{
	const struct credential *c = &items[count];
	for (size_t i = 0; i < count; i++) {
		if (str_eq(items[i].host, c->host) && str_eq(items[i].path, c->path) &&
		    !same_values(&items[i], c))
			return wrong(n, NULL,
				     "another key names the same registry with other "
				     "credentials",
				     e);
	}
	return 0;
}

static int get_entries(struct arena *a, const struct node *auths, struct credentials *out,
		       struct err *e)
{
	struct credential *items = arena_calloc(a, auths->map.n, sizeof(*items));
	if (!items)
		return err_set(e, ERR_LIMIT, "auths: too many entries");
	for (size_t i = 0; i < auths->map.n; i++) {
		const struct node_pair *pair = &auths->map.pairs[i];
		struct entry n = {a, quote(a, pair->key), pair->value};
		if (!node_is(pair->value, NODE_MAP))
			return wrong(&n, NULL, "not a map", e);
		TRY(get_key(&n, pair->key, &items[i], e));
		TRY(get_values(&n, &items[i], e));
		TRY(check_unique(&n, items, i, e));
	}
	*out = (struct credentials){items, auths->map.n};
	return 0;
}

static int refuse_helpers(const struct node *root, struct err *e)
{
	const struct node *store = node_get_set(root, S("credsStore"));
	const struct node *helpers = node_get_set(root, S("credHelpers"));
	if (store && !(store->type == NODE_STR && !store->str.n))
		return err_set(e, ERR_INPUT,
			       "credsStore: credential helpers are not supported: write the "
			       "credentials under auths");
	if (helpers && !(helpers->type == NODE_MAP && !helpers->map.n))
		return err_set(e, ERR_INPUT,
			       "credHelpers: credential helpers are not supported: write the "
			       "credentials under auths");
	return 0;
}

int credentials_parse(struct arena *a, struct str bytes, struct credentials *out, struct err *e)
{
	struct node *root;
	if (bytes.n > LIMIT_CREDENTIALS_BYTES)
		return err_set(e, ERR_LIMIT, "more than %u bytes", LIMIT_CREDENTIALS_BYTES);
	TRY(json_parse(a, bytes, NULL, &root, NULL, e));
	if (root->type != NODE_MAP)
		return err_set(e, ERR_INPUT, "got a value of type %s, want a map",
			       node_type_name(root->type));
	TRY(refuse_helpers(root, e));
	const struct node *auths = node_get_set(root, S("auths"));
	if (!auths)
		return err_set(e, ERR_INPUT, "auths: missing");
	if (auths->type != NODE_MAP)
		return err_set(e, ERR_INPUT, "auths: got a value of type %s, want a map",
			       node_type_name(auths->type));
	return get_entries(a, auths, out, e);
}

int credentials_load(struct arena *a, const char *path, struct credentials *out, struct err *e)
{
	struct str bytes;
	TRY(file_read(a, path, LIMIT_CREDENTIALS_BYTES, &bytes, e));
	if (credentials_parse(a, bytes, out, e) < 0)
		return err_wrap(e, "%s", quote(a, str_of(path)));
	return 0;
}

static bool covers(struct str scope, struct str path)
{
	return !scope.n || str_eq(scope, path) ||
	       (str_starts(path, scope) && path.p[scope.n] == '/');
}

const struct credential *credentials_find(const struct credentials *c, struct str host,
					  struct str path)
{
	const struct credential *best = NULL;
	for (size_t i = 0; c && i < c->n; i++) {
		const struct credential *one = &c->items[i];
		if (str_eq(one->host, host) && covers(one->path, path) &&
		    (!best || one->path.n > best->path.n))
			best = one;
	}
	return best;
}

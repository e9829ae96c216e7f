/* The file of --registries, key by key. */
#include "oci/registries.h"

#include "core/decode.h"
#include "core/file.h"
#include "core/limits.h"
#include "oci/limits.h"
#include "oci/reference_grammar.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct reader {
	struct decoder d;
	struct str dir; /* that file names are relative to */
	struct registries *r;
	struct registry_config *items;
	size_t n;
};

static bool decode_host(struct decoder *d, const struct decode_at *at, struct str *out)
{
	struct str host;
	struct err e = {0};
	if (!decode_str(d, at, "a host, as registry.example or registry.example:5000", &host))
		return false;
	const char *why = reference_grammar_host(host);
	if (why) {
		decode_error(d, at, "%s is no host: %s", decode_quote(d, host), why);
		return false;
	}
	return reference_grammar_fold_host(d->arena, host, out, &e) == 0;
}

/* Whoever watches the configuration for changes has to watch these too. */
static bool note_file(struct registries *r, const char *path)
{
	struct registries_file *f = path ? arena_alloc(r->arena, sizeof(*f)) : NULL;
	if (!f)
		return false;
	*f = (struct registries_file){r->files, path};
	r->files = f;
	return true;
}

/* A path as in the file, readable from here; NULL when absent or wrong. */
static const char *decode_file_name(struct reader *r, const struct decode_at *at)
{
	struct str name;
	if (!decode_str(&r->d, at, "a file name", &name))
		return NULL;
	if (memchr(name.p, '\0', name.n)) {
		decode_error(&r->d, at, "a file name cannot hold a NUL character");
		return NULL;
	}
	const char *path = file_join(r->d.arena, r->dir, name);
	return note_file(r->r, path) ? path : NULL;
}

/* A PEM file, that every connection will read again. */
static const char *decode_pem(struct reader *r, const struct decode_at *at, const char *begin)
{
	struct err e = {0};
	struct str bytes;
	const char *path = decode_file_name(r, at);
	if (!path)
		return NULL;
	if (file_read(r->d.scratch, path, LIMIT_CA_BYTES, &bytes, &e) < 0) {
		decode_error(&r->d, at, "%s", e.text);
		return NULL;
	}
	if (!memmem(bytes.p, bytes.n, begin, strlen(begin))) {
		decode_error(&r->d, at, "%s holds no line with \"%s\": want PEM",
			     decode_quote(&r->d, str_of(path)), begin);
		return NULL;
	}
	return path;
}

static const struct credentials *decode_credentials(struct reader *r, const struct decode_at *at)
{
	struct err e = {0};
	struct credentials *c = arena_alloc(r->d.arena, sizeof(*c));
	const char *path = decode_file_name(r, at);
	if (!c || !path)
		return NULL;
	if (credentials_load(r->d.arena, path, c, &e) < 0) {
		decode_error(&r->d, at, "%s", e.text);
		return NULL;
	}
	return c;
}

static void decode_certificate(struct reader *r, const struct decode_at *at,
			       struct registry_config *c)
{
	static const struct decode_key keys[] = {
		{"certFile", DECODE_REQUIRED, "a PEM file with the certificate"},
		{"keyFile", DECODE_REQUIRED, "a PEM file with its private key"},
	};
	if (!decode_map(&r->d, at, keys, COUNT(keys)))
		return;
	struct decode_at cert = decode_member(at, "certFile");
	struct decode_at key = decode_member(at, "keyFile");
	c->cert_file = decode_pem(r, &cert, "-----BEGIN CERTIFICATE-----");
	c->key_file = decode_pem(r, &key, "PRIVATE KEY-----");
}

static bool decode_mirror(struct reader *r, const struct decode_at *at, struct str origin,
			  struct registry_mirror *out)
{
	struct str text, host, path = {NULL, 0};
	struct err e = {0};
	if (!decode_str(&r->d, at, "a mirror, as mirror.example/prefix", &text))
		return false;
	if (!str_cut(text, '/', &host, &path))
		host = text;
	const char *why = host.n ? reference_grammar_host(host) : "no host";
	if (!why && text.n != host.n)
		why = path.n ? reference_grammar_path(path, false) : "nothing after the '/'";
	if (why) {
		decode_error(&r->d, at, "%s is no mirror: %s", decode_quote(&r->d, text), why);
		return false;
	}
	if (reference_grammar_fold_host(r->d.arena, host, &out->host, &e) < 0)
		return false;
	out->path = path;
	if (str_eq(out->host, origin) && !path.n) {
		decode_error(&r->d, at, "%s is the registry itself", decode_quote(&r->d, text));
		return false;
	}
	return true;
}

static void decode_mirrors(struct reader *r, const struct decode_at *at, struct registry_config *c)
{
	if (!decode_list(&r->d, at, "a list of at least one mirror"))
		return;
	struct registry_mirror *items =
		arena_calloc(r->d.arena, node_len(at->node), sizeof(*items));
	for (size_t i = 0; items && i < node_len(at->node); i++) {
		struct decode_at item = decode_item(at, i);
		if (decode_mirror(r, &item, c->host, &items[c->n_mirrors]))
			c->n_mirrors++;
	}
	c->mirrors = items;
}

static void decode_realms(struct reader *r, const struct decode_at *at, struct registry_config *c)
{
	if (!decode_list(&r->d, at, "a list of at least one host"))
		return;
	struct str *items = arena_calloc(r->d.arena, node_len(at->node), sizeof(*items));
	for (size_t i = 0; items && i < node_len(at->node); i++) {
		struct decode_at item = decode_item(at, i);
		if (decode_host(&r->d, &item, &items[c->n_token_realms]))
			c->n_token_realms++;
	}
	c->token_realms = items;
}

static void decode_networks(struct reader *r, const struct decode_at *at, struct registry_config *c)
{
	struct str text;
	if (!decode_list(&r->d, at, "a list of at least one network"))
		return;
	struct address_network *items =
		arena_calloc(r->d.arena, node_len(at->node), sizeof(*items));
	for (size_t i = 0; items && i < node_len(at->node); i++) {
		struct decode_at item = decode_item(at, i);
		if (!decode_str(&r->d, &item, "a network, as 10.0.0.0/8", &text))
			continue;
		if (address_network_parse(text, &items[c->addresses.n_networks]))
			c->addresses.n_networks++;
		else
			decode_error(&r->d, &item,
				     "%s is no network: want an address and prefix length, as "
				     "10.0.0.0/8, and no bits beyond it",
				     decode_quote(&r->d, text));
	}
	c->addresses.networks = items;
}

static void decode_timeouts(struct reader *r, const struct decode_at *at, struct registry_config *c)
{
	static const struct decode_key keys[] = {
		{"connect", DECODE_OPTIONAL, NULL},
		{"request", DECODE_OPTIONAL, NULL},
	};
	if (!decode_map(&r->d, at, keys, COUNT(keys)))
		return;
	struct decode_at connect = decode_member(at, "connect");
	struct decode_at request = decode_member(at, "request");
	decode_ms(&r->d, &connect, 1, 60000, &c->connect_ms);
	decode_ms(&r->d, &request, 1, 600000, &c->request_ms);
}

static void decode_flags(struct reader *r, const struct decode_at *at, struct registry_config *c)
{
	struct decode_at plain = decode_member(at, "plainHttp");
	struct decode_at private = decode_member(at, "allowPrivate");
	struct decode_at proxy = decode_member(at, "proxy");
	struct decode_at most = decode_member(at, "maxConcurrent");
	decode_bool(&r->d, &plain, &c->plain_http);
	decode_bool(&r->d, &private, &c->addresses.private_too);
	decode_bool(&r->d, &proxy, &c->proxy);
	decode_int(&r->d, &most, 1, 1000, &c->max_concurrent);
}

static void check_together(struct reader *r, const struct decode_at *at,
			   const struct registry_config *c)
{
	if (c->plain_http && (c->ca_file || c->cert_file))
		decode_error(&r->d, at,
			     "caFile and clientCertificate are of no use with "
			     "plainHttp: true");
}

static void decode_registry(struct reader *r, const struct decode_at *at, struct registry_config *c)
{
	static const struct decode_key keys[] = {
		{"host", DECODE_REQUIRED, "the host of the registry"},
		{"credentials", DECODE_OPTIONAL, NULL},
		{"caFile", DECODE_OPTIONAL, NULL},
		{"clientCertificate", DECODE_OPTIONAL, NULL},
		{"mirrors", DECODE_OPTIONAL, NULL},
		{"plainHttp", DECODE_OPTIONAL, NULL},
		{"allowPrivate", DECODE_OPTIONAL, NULL},
		{"allowedPrivateNetworks", DECODE_OPTIONAL, NULL},
		{"tokenRealms", DECODE_OPTIONAL, NULL},
		{"proxy", DECODE_OPTIONAL, NULL},
		{"maxConcurrent", DECODE_OPTIONAL, NULL},
		{"timeouts", DECODE_OPTIONAL, NULL},
	};
	if (!decode_map(&r->d, at, keys, COUNT(keys)))
		return;
	struct decode_at host = decode_member(at, "host");
	struct decode_at credentials = decode_member(at, "credentials");
	struct decode_at ca = decode_member(at, "caFile");
	struct decode_at certificate = decode_member(at, "clientCertificate");
	struct decode_at mirrors = decode_member(at, "mirrors");
	struct decode_at networks = decode_member(at, "allowedPrivateNetworks");
	struct decode_at realms = decode_member(at, "tokenRealms");
	struct decode_at timeouts = decode_member(at, "timeouts");
	decode_host(&r->d, &host, &c->host);
	if (credentials.node)
		c->credentials = decode_credentials(r, &credentials);
	c->ca_file = decode_pem(r, &ca, "-----BEGIN CERTIFICATE-----");
	decode_certificate(r, &certificate, c);
	decode_mirrors(r, &mirrors, c);
	decode_networks(r, &networks, c);
	decode_realms(r, &realms, c);
	decode_timeouts(r, &timeouts, c);
	decode_flags(r, at, c);
	check_together(r, at, c);
}

static void check_unique(struct reader *r, const struct decode_at *list)
{
	for (size_t i = 1; i < r->n; i++) {
		struct decode_at item = decode_item(list, i);
		struct decode_at host = decode_member(&item, "host");
		for (size_t k = 0; k < i; k++) {
			if (!r->items[k].host.n || !str_eq(r->items[k].host, r->items[i].host))
				continue;
			decode_error(&r->d, &host, "%s is listed twice",
				     decode_quote(&r->d, r->items[i].host));
			break;
		}
	}
}

static void decode_spec(struct reader *r, const struct decode_at *at)
{
	static const struct decode_key keys[] = {
		{"credentials", DECODE_OPTIONAL, NULL},
		{"registries", DECODE_OPTIONAL, NULL},
	};
	if (!decode_map(&r->d, at, keys, COUNT(keys)))
		return;
	struct decode_at credentials = decode_member(at, "credentials");
	struct decode_at list = decode_member(at, "registries");
	if (credentials.node)
		r->r->fallback.credentials = decode_credentials(r, &credentials);
	if (!decode_list(&r->d, &list, "a list of at least one registry"))
		return;
	r->items = arena_calloc(r->d.arena, node_len(list.node), sizeof(*r->items));
	for (size_t i = 0; r->items && i < node_len(list.node); i++) {
		struct decode_at item = decode_item(&list, i);
		r->items[i] = r->r->fallback;
		r->items[i].credentials = NULL;
		decode_registry(r, &item, &r->items[i]);
		if (!r->items[i].credentials)
			r->items[i].credentials = r->r->fallback.credentials;
		r->n++;
	}
	check_unique(r, &list);
}

static bool is_word(struct decoder *d, const struct decode_at *at, const char *word)
{
	if (!at->node)
		return false;
	if (node_is(at->node, NODE_STR) && str_eq(at->node->str, str_of(word)))
		return true;
	decode_wrong(d, at, word);
	return false;
}

static void decode_document(struct reader *r, const struct node *root)
{
	static const struct decode_key keys[] = {
		{"apiVersion", DECODE_REQUIRED, "assay.dev/v1"},
		{"kind", DECODE_REQUIRED, "Registries"},
		{"spec", DECODE_REQUIRED, "a map"},
	};
	struct decode_at at = {NULL, NULL, 0, root};
	if (!decode_map(&r->d, &at, keys, COUNT(keys)))
		return;
	struct decode_at version = decode_member(&at, "apiVersion");
	struct decode_at kind = decode_member(&at, "kind");
	struct decode_at spec = decode_member(&at, "spec");
	bool version_right = is_word(&r->d, &version, "assay.dev/v1");
	bool kind_right = is_word(&r->d, &kind, "Registries");
	if (version_right && kind_right)
		decode_spec(r, &spec);
}

static void read_stream(struct reader *r, struct str bytes)
{
	struct yaml_stream stream = {NULL, 0};
	struct position where = {0, 0};
	struct err e = {0};
	if (yaml_parse(r->d.scratch, bytes, &stream, &where, &e) < 0)
		problem_add(r->d.problems, PROBLEM_ERROR, r->d.file, where.line, where.column, "%s",
			    e.text);
	else if (stream.n != 1)
		problem_add(r->d.problems, PROBLEM_ERROR, r->d.file, 0, 0,
			    "got %zu documents, want one of kind Registries", stream.n);
	else
		decode_document(r, stream.docs[0].root);
}

static void fill(struct registries *r, const char *path, struct str bytes,
		 struct problems *problems)
{
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new(LIMIT_DOCUMENT_ARENA_BYTES);
	if (!scratch) {
		problem_add(problems, PROBLEM_ERROR, S(""), 0, 0, "out of memory");
		return;
	}
	struct reader reader = {.d = {problems, r->arena, scratch, str_of(path)},
				.dir = file_dir(path),
				.r = r};
	read_stream(&reader, bytes);
	if (arena_exhausted(scratch) || arena_exhausted(r->arena))
		problem_add(problems, PROBLEM_ERROR, str_of(path), 0, 0,
			    "the registries do not fit into memory");
	r->items = reader.items;
	r->n = reader.n;
}

struct registries *registries_parse(const char *path, struct str bytes, struct problems *problems)
{
	size_t before = problems->errors;
	struct registries *r = registries_none();
	if (r)
		fill(r, path, bytes, problems);
	else
		problem_add(problems, PROBLEM_ERROR, S(""), 0, 0, "out of memory");
	problems_sort(problems);
	if (problems->errors == before)
		return r;
	registries_free(r);
	return NULL;
}

struct registries *registries_load(const char *path, struct problems *problems)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(LIMIT_DOCUMENT_ARENA_BYTES);
	struct str bytes;
	struct err e = {.text = "out of memory"};
	if (!a || file_read(a, path, LIMIT_FILE_BYTES, &bytes, &e) < 0) {
		problem_add(problems, PROBLEM_ERROR, S(""), 0, 0, "%s", e.text);
		return NULL;
	}
	return registries_parse(path, bytes, problems);
}

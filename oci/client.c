#include "oci/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/text.h"
#include "oci/ca_file.h"
#include "oci/client_ask.h"
#include "oci/limits.h"

/* ---- making and unmaking ---- */

static int open_ca_file(struct registry_client *c, const struct registry_config *config,
			struct err *e)
{
	if (!config->ca_file)
		return 0;
	int fd = ca_file_open(config->ca_file, e);
	if (fd < 0)
		return -1;
	struct ca_file *f = &c->ca_files[c->n_ca_files++];
	f->config = config;
	f->fd = fd;
	snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", fd);
	return 0;
}

static int open_ca_files(struct registry_client *c, struct err *e)
{
	const struct registries *r = c->o.registries;
	c->ca_files = calloc(r->n + 1, sizeof(*c->ca_files));
	if (!c->ca_files)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < r->n; i++)
		TRY(open_ca_file(c, &r->items[i], e));
	return open_ca_file(c, &r->fallback, e);
}

static int set_up(struct registry_client *c, struct err *e)
{
	if (!c->o.registries) {
		c->none = registries_none();
		c->o.registries = c->none;
	}
	c->pool = http_pool_new(c->o.user_agent ? c->o.user_agent : "assay");
	c->hosts = hosts_new(c->o.clock);
	c->tokens = token_cache_new(c->o.clock);
	if (!c->o.registries || !c->pool || !c->hosts || !c->tokens)
		return err_set(e, ERR_MEMORY, "out of memory");
	return open_ca_files(c, e);
}

struct registry_client *registry_client_new(const struct registry_client_options *o, struct err *e)
{
	struct registry_client *c = calloc(1, sizeof(*c));
	if (!c) {
		err_set(e, ERR_MEMORY, "out of memory");
		return NULL;
	}
	c->o = *o;
	if (set_up(c, e) < 0) {
		registry_client_free(c);
		return NULL;
	}
	return c;
}

void registry_client_free(struct registry_client *c)
{
	if (!c)
		return;
	http_pool_free(c->pool);
	hosts_free(c->hosts);
	token_cache_free(c->tokens);
	for (size_t i = 0; i < c->n_ca_files; i++)
		close(c->ca_files[i].fd);
	free(c->ca_files);
	registries_free(c->none);
	free(c);
}

const char *registry_client_library_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}

/* ---- how to reach whom ---- */

static const char *ca_path(const struct registry_client *c, const struct registry_config *config)
{
	for (size_t i = 0; i < c->n_ca_files; i++) {
		if (c->ca_files[i].config == config)
			return c->ca_files[i].path;
	}
	return NULL;
}

/* The host's own entry decides; the networks of the registry that led there count too. */
struct http_peer client_peer(const struct ask *k, const struct url *u)
{
	const struct registry_config *config =
		url_same_origin(u, &k->base) ? k->config
					     : registries_find(k->c->o.registries, u->host);
	struct http_peer peer = {
		.ca_path = ca_path(k->c, config),
		.cert_file = config->cert_file,
		.key_file = config->key_file,
		.proxy = config->proxy ? client_proxy(&k->c->o.proxies, u) : NULL,
		.addresses = config->addresses,
	};
	peer.addresses.more = k->config->addresses.networks;
	peer.addresses.n_more = k->config->addresses.n_networks;
	return peer;
}

/* Docker Hub answers under another name than its images have. */
static struct str api_host(struct str host)
{
	return str_eq(host, S("docker.io")) ? S("registry-1.docker.io") : host;
}

static bool set_base(struct ask *k)
{
	struct text t;
	struct str text;
	struct err e = {0};
	text_init(&t, k->a, 1024);
	text_puts(&t, k->config->plain_http ? "http://" : "https://");
	text_put(&t, api_host(k->name));
	text_putc(&t, '/');
	if (text_done(&t, &text) && url_parse(k->a, NULL, text, &k->base, &e) == 0)
		return true;
	return ask_fail(k, REGISTRY_REFUSED, "was not asked for %.*s: %s", STR_ARG(k->shown),
			e.text[0] ? e.text : "out of memory");
}

static bool set_path(struct ask *k, struct str prefix, struct str path)
{
	struct text t;
	text_init(&t, k->a, 1024);
	text_put(&t, prefix);
	text_puts(&t, prefix.n ? "/" : "");
	text_put(&t, path);
	if (text_done(&t, &k->path))
		return true;
	return ask_fail(k, REGISTRY_INVALID, "was not asked: out of memory");
}

/* ---- one question to mirrors and registry ---- */

struct question {
	struct registry_client *c;
	const struct registry_call *call;
	const struct registry_repository *repository;
	struct ask asked;             /* what, shown, accept, sizes, digest */
	const struct sha256 *subject; /* of referrers; NULL: one manifest or blob */
	const struct registry_filter *filter;
	struct registry_referrers *list;
	struct registry_reply *out;
};

static const struct registry_config *config_of(const struct question *q)
{
	return registries_find(q->c->o.registries, q->repository->host);
}

static struct str keep(const struct question *q, struct str s)
{
	const char *p = arena_dup(q->call->arena, s.p, s.n);
	return p ? (struct str){p, s.n} : S("the registry was asked, but there is no memory left");
}

static void deliver(struct question *q, const struct ask *k)
{
	struct registry_reply *out = q->out;
	out->outcome = k->outcome;
	out->status = k->status;
	out->broke = k->rs.broke;
	out->text = (struct str){NULL, 0};
	if (!q->subject)
		out->tries += k->tries;
	if (k->outcome != REGISTRY_OK) {
		out->text = keep(q, k->text);
		return;
	}
	if (q->subject)
		return;
	const char *body = arena_dup(q->call->arena, k->rs.body.p, k->rs.body.n);
	struct str type = media_type_of(k->rs.content_type);
	const char *type_copy = arena_dup(q->call->arena, type.p, type.n);
	if (!body || !type_copy) {
		out->outcome = REGISTRY_INVALID;
		out->text = S("the answer does not fit the memory of the question");
		return;
	}
	out->body = (struct str){body, k->rs.body.n};
	out->media_type = (struct str){type_copy, type.n};
	out->digest = k->digest;
}

static void run(struct question *q, struct ask *k)
{
	if (q->subject) {
		q->list->n = 0;
		q->list->truncated = q->list->by_tag_schema = false;
		referrers_ask(k, q->call, q->subject, q->filter, q->list);
	} else {
		ask_run(k);
	}
}

/* Ask one host; it may take at most half of what is left when others follow. */
static void ask_one(struct question *q, struct str host, struct str prefix, bool last)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(LIMIT_QUESTION_ARENA_BYTES);
	struct ask k = q->asked;
	if (!a) {
		q->out->text = S("the registry was not asked: out of memory");
		return;
	}
	k.c = q->c;
	k.a = a;
	k.name = host;
	k.config = registries_find(q->c->o.registries, host);
	k.deadline = q->call->deadline;
	if (!last)
		k.deadline = deadline_in(q->c->o.clock, ask_left_ms(&k) / 2);
	k.host = hosts_get(q->c->hosts, host, k.config->max_concurrent);
	if (!k.host)
		ask_fail(&k, REGISTRY_INVALID, "was not asked: out of memory");
	else if (set_base(&k) && set_path(&k, prefix, q->repository->path))
		run(q, &k);
	deliver(q, &k);
	ask_done(&k);
}

static bool is_enough(const struct question *q)
{
	return q->out->outcome == REGISTRY_OK && (!q->subject || q->list->n > 0);
}

/* The registry has the last word; what a mirror said explains why it was asked. */
static void add_before(struct question *q, struct str mirror)
{
	struct text t;
	if (!mirror.n || !registry_outcome_is_unknown(q->out->outcome))
		return;
	text_init(&t, q->call->arena, 4096);
	text_put(&t, q->out->text);
	text_puts(&t, "; before it ");
	text_put(&t, mirror);
	(void)!text_done(&t, &q->out->text);
}

static void ask_all(struct question *q)
{
	const struct registry_config *config = config_of(q);
	const struct clock *clock = q->c->o.clock;
	int64_t start = clock->mono_ms(clock->self);
	struct str mirror = {NULL, 0};
	*q->out = (struct registry_reply){.outcome = REGISTRY_INVALID};
	for (size_t i = 0; i < config->n_mirrors && !is_enough(q); i++) {
		ask_one(q, config->mirrors[i].host, config->mirrors[i].path, false);
		mirror = q->out->text;
	}
	if (!is_enough(q)) {
		ask_one(q, q->repository->host, (struct str){NULL, 0}, true);
		add_before(q, mirror);
	}
	q->out->elapsed_ms = clock->mono_ms(clock->self) - start;
}

/* ---- the source ---- */

/* "sha256-1a2b3c4d5e6f….sig": nobody reads 64 digits. */
static struct str shorten(struct str name, char *buf, size_t size)
{
	struct text t;
	struct str out;
	if (name.n < 7 + SHA256_HEX || !str_starts(name, S("sha256")))
		return name;
	text_init_fixed(&t, buf, size);
	text_put(&t, str_sub(name, 0, 19));
	text_puts(&t, ELLIPSIS);
	text_put(&t, str_sub(name, 7 + SHA256_HEX, name.n));
	return text_done(&t, &out) ? out : name;
}

static void client_manifest(void *self, const struct registry_call *call,
			    const struct registry_repository *repository, struct str name,
			    struct registry_reply *out)
{
	char what[256], shown[256];
	struct sha256 digest;
	struct question q = {.c = self, .call = call, .repository = repository, .out = out};
	snprintf(what, sizeof(what), "manifests/%.*s", STR_ARG(name));
	q.asked.what = str_of(what);
	q.asked.shown = shorten(name, shown, sizeof(shown));
	q.asked.accept = MANIFEST_ACCEPT;
	q.asked.max_bytes = call->max_bytes ? call->max_bytes : LIMIT_MANIFEST_BYTES;
	q.asked.expect_bytes = -1;
	q.asked.expect = sha256_parse(name, &digest) ? &digest : NULL;
	ask_all(&q);
}

static void client_blob(void *self, const struct registry_call *call,
			const struct registry_repository *repository, const struct sha256 *digest,
			uint64_t size, struct registry_reply *out)
{
	char hex[SHA256_HEX + 1], what[96], shown[64];
	struct question q = {.c = self, .call = call, .repository = repository, .out = out};
	sha256_hex(digest, hex);
	snprintf(what, sizeof(what), "blobs/sha256:%s", hex);
	snprintf(shown, sizeof(shown), "blob sha256:%.12s" ELLIPSIS, hex);
	q.asked.what = str_of(what);
	q.asked.shown = str_of(shown);
	q.asked.accept = "*/*";
	q.asked.max_bytes = size;
	q.asked.expect_bytes = (int64_t)size;
	q.asked.expect = digest;
	ask_all(&q);
}

static void client_referrers(void *self, const struct registry_call *call,
			     const struct registry_repository *repository,
			     const struct sha256 *subject, const struct registry_filter *filter,
			     struct registry_referrers *out)
{
	char hex[SHA256_HEX + 1], shown[64];
	struct question q = {.c = self,
			     .call = call,
			     .repository = repository,
			     .subject = subject,
			     .filter = filter,
			     .list = out,
			     .out = &out->reply};
	sha256_hex(subject, hex);
	snprintf(shown, sizeof(shown), "referrers of sha256:%.12s" ELLIPSIS, hex);
	q.asked.shown = str_of(shown);
	ask_all(&q);
}

struct registry_source registry_client_source(struct registry_client *c)
{
	return (struct registry_source){
		.manifest = client_manifest,
		.blob = client_blob,
		.referrers = client_referrers,
		.self = c,
	};
}

/*
 * Who we are to a registry: Basic, or a token of its token service.
 *
 * Nothing is sent until the registry asked once; what it asked for is remembered, so that the next
 * repository needs no refused request first. Credentials go to the host they are configured for, and to
 * a token service on its site or listed: the same host, a domain above it with at least two labels, one
 * below it, or tokenRealms. source: distribution "Token Authentication Specification", "OAuth2 Token
 * Authentication"; spec: sigstore section 10
 */
#include <curl/curl.h>
#include <stdlib.h>

#include "core/base64.h"
#include "core/json.h"
#include "core/text.h"
#include "oci/client_ask.h"
#include "oci/limits.h"
#include "oci/reference_grammar.h"

static const struct credential *own_credential(const struct ask *k)
{
	return credentials_find(k->config->credentials, k->name, k->path);
}

static bool no_memory(struct ask *k)
{
	return ask_fail(k, REGISTRY_INVALID, "was not asked for %.*s: out of memory",
			STR_ARG(k->shown));
}

static const char *joined(struct ask *k, const char *scheme, struct str value)
{
	struct text t;
	struct str out;
	text_init(&t, k->a, LIMIT_HEADER_BYTES);
	text_puts(&t, scheme);
	text_putc(&t, ' ');
	text_put(&t, value);
	return text_done(&t, &out) ? out.p : NULL;
}

static const char *basic(struct ask *k, const struct credential *c)
{
	struct text plain, coded;
	struct str p, out;
	text_init(&plain, k->a, LIMIT_TOKEN_BYTES);
	text_put(&plain, c->username);
	text_putc(&plain, ':');
	text_put(&plain, c->password);
	text_init(&coded, k->a, LIMIT_HEADER_BYTES);
	if (!text_done(&plain, &p))
		return NULL;
	base64_put(&coded, p);
	return text_done(&coded, &out) ? joined(k, "Basic", out) : NULL;
}

/* ---- the token service ---- */

/* Is `host` below the domain `above`, which has at least two labels? Never of addresses. */
static bool is_below(struct str host, struct str above)
{
	struct address a;
	if (address_parse(host, &a) || address_parse(above, &a) || !str_has_char(above, '.'))
		return false;
	return host.n > above.n + 1 && str_ends(host, above) && host.p[host.n - above.n - 1] == '.';
}

static bool is_realm_of(const struct ask *k, const struct url *realm)
{
	const struct registry_config *c = k->config;
	for (size_t i = 0; i < c->n_token_realms; i++) {
		if (str_eq(c->token_realms[i], realm->host))
			return true;
	}
	if (str_eq(k->name, S("docker.io")) && str_eq(realm->host, S("auth.docker.io")))
		return true;
	return str_eq(realm->name, k->base.name) || is_below(k->base.name, realm->name) ||
	       is_below(realm->name, k->base.name);
}

static bool get_realm(struct ask *k, const struct challenge *c, struct url *out)
{
	struct err e = {0};
	struct text t;
	struct str origin = S("another host");
	if (url_parse(k->a, NULL, c->realm, out, &e) < 0)
		return ask_fail(k, REGISTRY_REFUSED, "wants a token for %.*s: %s",
				STR_ARG(k->shown), e.text);
	text_init(&t, k->a, 512);
	url_put_origin(&t, out);
	(void)!text_done(&t, &origin);
	if (!is_realm_of(k, out))
		return ask_fail(k, REGISTRY_REFUSED,
				"wants a token for %.*s from %.*s: not asked, for it is neither of "
				"its site nor under tokenRealms in the registries file",
				STR_ARG(k->shown), STR_ARG(origin));
	if (!out->https && !k->config->plain_http)
		return ask_fail(k, REGISTRY_REFUSED,
				"wants a token for %.*s from %.*s: not asked, for it is not https",
				STR_ARG(k->shown), STR_ARG(origin));
	return true;
}

/* Never more than pull, whatever is asked; for the repository as the registry calls it. */
static struct str scope_of(struct ask *k, const struct challenge *c)
{
	struct text t;
	struct str path = k->path, out = {NULL, 0};
	struct str prefix = S("repository:");
	size_t colon = str_rfind(c->scope, ':');
	if (str_starts(c->scope, prefix) && colon != SIZE_MAX && colon > prefix.n) {
		struct str named = str_sub(c->scope, prefix.n, colon);
		if (!reference_grammar_path(named, false))
			path = named;
	}
	text_init(&t, k->a, 1024);
	text_put(&t, prefix);
	text_put(&t, path);
	text_puts(&t, ":pull");
	(void)!text_done(&t, &out);
	return out;
}

static void put_field(struct text *t, const char *name, struct str value)
{
	char *coded = value.n <= LIMIT_TOKEN_BYTES
			      ? curl_easy_escape(NULL, value.n ? value.p : "", (int)value.n)
			      : NULL;
	text_puts(t, name);
	if (coded)
		text_puts(t, coded);
	else
		t->failed = true;
	curl_free(coded);
}

struct token_question {
	struct url realm;
	struct str service;
	struct str scope;
	const struct credential *credential; /* NULL: anonymous */
};

static const char *form_of(struct ask *k, const struct token_question *q)
{
	struct text t;
	struct str out;
	text_init(&t, k->a, LIMIT_TOKEN_REPLY_BYTES);
	text_puts(&t, "grant_type=refresh_token&client_id=assay");
	put_field(&t, "&service=", q->service);
	put_field(&t, "&scope=", q->scope);
	put_field(&t, "&refresh_token=", q->credential->identity_token);
	return text_done(&t, &out) ? out.p : NULL;
}

static bool query_of(struct ask *k, const struct token_question *q, struct url *out)
{
	struct text t;
	struct str text;
	struct err e;
	text_init(&t, k->a, LIMIT_HEADER_BYTES);
	text_put(&t, q->realm.text);
	put_field(&t, str_has_char(q->realm.text, '?') ? "&service=" : "?service=", q->service);
	put_field(&t, "&scope=", q->scope);
	return text_done(&t, &text) && url_parse(k->a, NULL, text, out, &e) == 0;
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7F)
			return false;
	}
	return s.n > 0 && s.n <= LIMIT_TOKEN_BYTES;
}

static bool read_token(struct ask *k, struct str body, struct str *token, int64_t *ms)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(LIMIT_QUESTION_ARENA_BYTES);
	struct node *root;
	struct err e = {.text = "out of memory"};
	if (!a || json_parse(a, body, NULL, &root, NULL, &e) < 0)
		return ask_fail(k, REGISTRY_INVALID,
				"could not be asked for %.*s: the answer of its token service is "
				"%s",
				STR_ARG(k->shown), e.text);
	struct str t = node_str(node_get_set(root, S("token")));
	const struct node *life = node_get_set(root, S("expires_in"));
	if (!t.n)
		t = node_str(node_get_set(root, S("access_token")));
	if (!is_token(t))
		return ask_fail(k, REGISTRY_INVALID,
				"could not be asked for %.*s: the answer of its token service "
				"holds no token",
				STR_ARG(k->shown));
	int64_t s = node_is(life, NODE_INT) && life->integer > 0 ? life->integer : DEFAULT_TOKEN_S;
	s = s > LIMIT_TOKEN_S ? LIMIT_TOKEN_S : s;
	/* It must still hold when it arrives. */
	*ms = s * 900;
	const char *copy = arena_dup(k->a, t.p, t.n);
	*token = (struct str){copy, copy ? t.n : 0};
	return copy ? true : no_memory(k);
}

static bool judge_token_reply(struct ask *k, const struct token_question *q,
			      const struct http_response *rs)
{
	struct text t;
	struct str origin = S("its token service");
	text_init(&t, k->a, 512);
	url_put_origin(&t, &q->realm);
	(void)!text_done(&t, &origin);
	if (rs->outcome == REGISTRY_TIMEOUT)
		return ask_fail(
			k, REGISTRY_TIMEOUT,
			"could not be asked for %.*s: its token service %.*s did not answer "
			"in time",
			STR_ARG(k->shown), STR_ARG(origin));
	bool ours = rs->outcome == REGISTRY_CONTENT || rs->outcome == REGISTRY_TOO_LARGE;
	if (rs->outcome != REGISTRY_OK)
		return ask_fail(k, ours ? REGISTRY_INVALID : rs->outcome,
				"could not be asked for %.*s: its token service %.*s: %.*s",
				STR_ARG(k->shown), STR_ARG(origin), STR_ARG(rs->why));
	if (rs->status == 200)
		return true;
	/* No token service says that a manifest is not there. */
	enum registry_outcome o = outcome_of_status(rs->status);
	k->status = rs->status;
	return ask_fail(k, o == REGISTRY_NOT_FOUND ? REGISTRY_HTTP_4XX : o,
			"could not be asked for %.*s: its token service %.*s answered HTTP %d",
			STR_ARG(k->shown), STR_ARG(origin), rs->status);
}

static bool fetch_token(struct ask *k, const struct token_question *q, struct str *token,
			int64_t *ms)
{
	const struct credential *c = q->credential;
	struct http_response rs = {.outcome = REGISTRY_INVALID};
	struct url url = q->realm;
	struct ask_request rq = {.url = &url,
				 .accept = "application/json",
				 .max_bytes = LIMIT_TOKEN_REPLY_BYTES,
				 .expect_bytes = -1};
	if (c && c->identity_token.n) {
		rq.form = form_of(k, q);
		if (!rq.form)
			return no_memory(k);
	} else if (!query_of(k, q, &url)) {
		return no_memory(k);
	}
	if (c && c->username.n && !c->identity_token.n) {
		rq.authorization = basic(k, c);
		if (!rq.authorization)
			return no_memory(k);
	}
	bool got = ask_request(k, &rq, &rs) && judge_token_reply(k, q, &rs) &&
		   read_token(k, rs.body, token, ms);
	http_response_done(&rs);
	return got;
}

/* Credentials differ by repository, so the key has the one that is used. */
static bool key_of(struct ask *k, const struct token_question *q, struct str *out)
{
	struct text t;
	text_init(&t, k->a, LIMIT_HEADER_BYTES);
	text_put(&t, k->name);
	text_putc(&t, '\n');
	text_put(&t, q->realm.text);
	text_putc(&t, '\n');
	text_put(&t, q->service);
	text_putc(&t, '\n');
	text_put(&t, q->scope);
	text_putc(&t, '\n');
	if (q->credential) {
		text_put(&t, q->credential->path);
		text_putc(&t, '@');
	}
	return text_done(&t, out);
}

static bool get_token(struct ask *k, const struct token_question *q, struct str stale,
		      struct str *token)
{
	struct str key, text = {NULL, 0};
	enum registry_outcome o = REGISTRY_INVALID;
	int64_t ms = 0;
	if (!key_of(k, q, &key))
		return no_memory(k);
	switch (token_cache_get(k->c->tokens, key, stale, k->deadline, k->a, token, &o, &text)) {
	case TOKEN_HERE:
		return true;
	case TOKEN_FAILED:
		k->outcome = o;
		k->text = text;
		return false;
	case TOKEN_LATE:
		return ask_fail(k, REGISTRY_TIMEOUT,
				"could not be asked for %.*s: no token came in time",
				STR_ARG(k->shown));
	case TOKEN_FETCH:
		break;
	}
	if (fetch_token(k, q, token, &ms)) {
		token_cache_put(k->c->tokens, key, *token, ms);
		return true;
	}
	token_cache_fail(k->c->tokens, key, k->outcome, k->text);
	return false;
}

static bool bearer(struct ask *k, const struct challenge *c, struct str stale,
		   struct authorization *out)
{
	struct token_question q = {.service = c->service, .scope = scope_of(k, c)};
	struct str token;
	q.credential = own_credential(k);
	if (!q.scope.n)
		return no_memory(k);
	if (!get_realm(k, c, &q.realm) || !get_token(k, &q, stale, &token))
		return false;
	*out = (struct authorization){joined(k, "Bearer", token), token};
	return out->header ? true : no_memory(k);
}

/* ---- before and after the registry asks ---- */

bool auth_prepare(struct ask *k, struct authorization *out)
{
	const struct credential *cred = own_credential(k);
	struct challenge c;
	*out = (struct authorization){NULL, {NULL, 0}};
	if (cred && cred->registry_token.n) {
		out->header = is_token(cred->registry_token)
				      ? joined(k, "Bearer", cred->registry_token)
				      : NULL;
		return true;
	}
	if (!host_challenge(k->c->hosts, k->host, k->a, &c))
		return true;
	if (c.scheme == AUTH_BEARER)
		return bearer(k, &c, (struct str){NULL, 0}, out);
	if (cred && cred->username.n)
		out->header = basic(k, cred);
	return true;
}

static bool refused(struct ask *k, const char *why)
{
	return ask_fail(k, REGISTRY_UNAUTHORIZED, "answered HTTP 401 for %.*s: %s",
			STR_ARG(k->shown), why);
}

bool auth_answer(struct ask *k, const struct http_response *rs, const struct authorization *sent,
		 struct authorization *out)
{
	const struct credential *cred = own_credential(k);
	struct challenge c;
	if (cred && cred->registry_token.n)
		return refused(k, "the registrytoken configured for it does not suffice");
	if (!challenge_parse(k->a, rs->www_authenticate, &c))
		return refused(k, "it asks for neither a token nor a password");
	if (c.scheme == AUTH_BEARER) {
		if (!bearer(k, &c, sent->token, out))
			return false;
		host_set_challenge(k->c->hosts, k->host, &c);
		return true;
	}
	if (!cred || !cred->username.n)
		return refused(k, "no credentials for it are configured");
	out->header = basic(k, cred);
	out->token = (struct str){NULL, 0};
	if (!out->header)
		return no_memory(k);
	if (sent->header && strcmp(sent->header, out->header) == 0)
		return refused(k, "the credentials configured for it do not suffice");
	host_set_challenge(k->c->hosts, k->host, &c);
	return true;
}

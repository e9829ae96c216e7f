#include <stdarg.h>
#include <stdio.h>

#include "core/text.h"
#include "oci/client_ask.h"
#include "oci/limits.h"
#include "oci/wait.h"

#define TEXT_MAX 1024

int64_t ask_left_ms(const struct ask *k)
{
	return deadline_left_ms(k->deadline, k->c->o.clock);
}

static int64_t elapsed_ms(const struct ask *k)
{
	return k->c->o.clock->mono_ms(k->c->o.clock->self) - k->start_ms;
}

bool ask_fail(struct ask *k, enum registry_outcome o, const char *fmt, ...)
{
	char buf[TEXT_MAX];
	struct text t;
	va_list ap;
	va_start(ap, fmt);
	if (vsnprintf(buf, sizeof(buf), fmt, ap) < 0)
		buf[0] = '\0';
	va_end(ap);
	k->outcome = o;
	text_init(&t, k->a, 2 * TEXT_MAX);
	text_put_escaped(&t, k->name, 256);
	text_printf(&t, " %s", buf);
	if (!text_done(&t, &k->text))
		k->text = S("the registry could not be asked: out of memory");
	return false;
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void count(struct ask *k, const struct ask_request *q, const struct http_response *rs)
{
	const struct registry_hooks *h = &k->c->o.hooks;
	enum registry_outcome o = rs->outcome;
	if (!h->request)
		return;
	if (o == REGISTRY_OK)
		o = outcome_of_status(rs->status);
	if (rs->outcome == REGISTRY_OK &&
	    (is_redirect(rs->status) || (q->may_challenge && rs->status == 401)))
		o = REGISTRY_OK;
	h->request(h->self, k->name, registries_has(k->c->o.registries, k->name), o,
		   rs->elapsed_us);
}

/* Connections that were opened under the rules of one registry serve no other. */
static const char *connection_key(struct ask *k, const struct url *u)
{
	struct text t;
	struct str key;
	text_init(&t, k->a, 2048);
	text_put(&t, k->name);
	text_putc(&t, ' ');
	text_puts(&t, u->https ? "https://" : "http://");
	text_put(&t, u->host);
	return text_done(&t, &key) ? key.p : NULL;
}

/* A place that comes with the deadline is of no use any more. */
static bool enter(struct ask *k)
{
	int64_t granted = ask_left_ms(k);
	bool entered = host_enter(k->c->hosts, k->host, k->deadline);
	if (entered && ask_left_ms(k) > 0)
		return true;
	if (entered)
		host_leave(k->c->hosts, k->host);
	return ask_fail(k, REGISTRY_TIMEOUT,
			"was not asked for %.*s: as many requests as are allowed were under way "
			"for %.1f s",
			STR_ARG(k->shown), (double)granted / 1000);
}

bool ask_request(struct ask *k, const struct ask_request *q, struct http_response *out)
{
	const char *key = connection_key(k, q->url);
	if (!key)
		return ask_fail(k, REGISTRY_INVALID, "was not asked: out of memory");
	if (!enter(k))
		return false;
	int64_t left = ask_left_ms(k);
	struct http_request rq = {
		.url = q->url->text.p,
		.key = key,
		.accept = q->accept,
		.authorization = q->authorization,
		.form = q->form,
		.peer = client_peer(k, q->url),
		.max_bytes = q->max_bytes,
		.expect_bytes = q->expect_bytes,
		.connect_ms = k->config->connect_ms,
		.total_ms = left < k->config->request_ms ? left : k->config->request_ms,
		.arena = k->a,
	};
	/* Zero would mean no limit to the library. */
	if (rq.total_ms < 1)
		rq.total_ms = 1;
	http_exchange(k->c->pool, &rq, out);
	host_leave(k->c->hosts, k->host);
	count(k, q, out);
	return true;
}

/* ---- redirects ---- */

static bool hop_refused(struct ask *k, const struct url *to, const char *why)
{
	struct text t;
	struct str origin = S("another address");
	text_init(&t, k->a, 512);
	url_put_origin(&t, to);
	(void)!text_done(&t, &origin);
	return ask_fail(k, REGISTRY_REFUSED, "redirects %.*s to %.*s: not followed: %s",
			STR_ARG(k->shown), STR_ARG(origin), why);
}

/* A proxy resolves names for us, so only an address that is written can be judged. */
static const char *literal_refusal(const struct ask *k, const struct url *u)
{
	struct address a;
	struct http_peer peer = client_peer(k, u);
	if (!peer.proxy || !address_parse(u->name, &a))
		return NULL;
	return address_refusal(&peer.addresses, &a);
}

static bool next_hop(struct ask *k, const struct http_response *rs, struct url *at, unsigned hop)
{
	struct err e = {0};
	struct url to;
	if (!rs->location.n)
		return ask_fail(k, REGISTRY_HTTP_4XX,
				"answered HTTP %d for %.*s without a Location", rs->status,
				STR_ARG(k->shown));
	if (url_parse(k->a, at, rs->location, &to, &e) < 0)
		return ask_fail(k, REGISTRY_REFUSED, "redirects %.*s: not followed: %s",
				STR_ARG(k->shown), e.text);
	if (hop == LIMIT_REDIRECTS)
		return hop_refused(k, &to, "more than 3 redirects");
	if (!to.https && !k->config->plain_http)
		return hop_refused(k, &to, "it is not https");
	const char *why = literal_refusal(k, &to);
	if (why)
		return hop_refused(k, &to, why);
	*at = to;
	return true;
}

static bool start_address(struct ask *k, struct url *out)
{
	struct err e = {0};
	struct text t;
	struct str text;
	if (k->link.text.n) {
		*out = k->link;
		return true;
	}
	text_init(&t, k->a, 2048);
	text_puts(&t, "/v2/");
	text_put(&t, k->path);
	text_putc(&t, '/');
	text_put(&t, k->what);
	if (!text_done(&t, &text) || url_parse(k->a, &k->base, text, out, &e) < 0)
		return ask_fail(k, REGISTRY_REFUSED, "was not asked for %.*s: %s",
				STR_ARG(k->shown), e.text[0] ? e.text : "out of memory");
	const char *why = literal_refusal(k, out);
	if (why)
		return ask_fail(k, REGISTRY_REFUSED, "was not asked for %.*s: its address is %s",
				STR_ARG(k->shown), why);
	return true;
}

/* The reply at the end of the redirects in k->rs; credentials stay with the first host. */
static bool follow(struct ask *k, const struct authorization *auth)
{
	struct url at;
	if (!start_address(k, &at))
		return false;
	for (unsigned hop = 0;; hop++) {
		bool home = url_same_origin(&at, &k->base);
		struct ask_request q = {&at,
					home ? auth->header : NULL,
					NULL,
					k->accept,
					k->max_bytes,
					k->expect_bytes,
					home && !auth->header};
		http_response_done(&k->rs);
		if (!ask_request(k, &q, &k->rs))
			return false;
		k->final = at;
		if (k->rs.outcome != REGISTRY_OK || !is_redirect(k->rs.status))
			return true;
		if (!next_hop(k, &k->rs, &at, hop))
			return false;
	}
}

/* ---- tries ---- */

/* It asked for time: wait if there is enough of it. */
static bool rest(struct ask *k)
{
	int64_t ms = host_rest_ms(k->c->hosts, k->host);
	if (ms == 0)
		return true;
	if (ms >= ask_left_ms(k)) {
		k->status = 0;
		return ask_fail(k, REGISTRY_RATE_LIMITED,
				"was not asked for %.*s: it wants to be left alone for %.1f s",
				STR_ARG(k->shown), (double)ms / 1000);
	}
	wait_ms(ms);
	return true;
}

static void try_once(struct ask *k)
{
	struct authorization auth = {NULL, {NULL, 0}};
	int64_t start = k->c->o.clock->mono_ms(k->c->o.clock->self);
	k->tries++;
	k->status = 0;
	http_response_done(&k->rs);
	if (!auth_prepare(k, &auth) || !follow(k, &auth))
		return;
	if (k->rs.outcome == REGISTRY_OK && k->rs.status == 401 &&
	    url_same_origin(&k->final, &k->base) && k->rs.www_authenticate.n) {
		struct authorization sent = auth;
		k->status = k->rs.status;
		if (!auth_answer(k, &k->rs, &sent, &auth) || !follow(k, &auth))
			return;
	}
	ask_judge(k, start);
}

static bool may_pass(const struct ask *k)
{
	if (k->outcome == REGISTRY_CONNECT)
		return k->rs.broke;
	return k->rs.outcome == REGISTRY_OK &&
	       (k->status == 429 || (k->status >= 502 && k->status <= 504));
}

/* Milliseconds to wait for another try, -1: none. A registry that names a time gets it, from every
 * question to it. */
static int64_t pause(struct ask *k)
{
	const struct clock *clock = k->c->o.clock;
	int64_t ms = DEFAULT_RETRY_MS;
	if (!may_pass(k))
		return -1;
	if ((k->status == 429 || k->status == 503) &&
	    retry_after_ms(k->rs.retry_after, clock_unix_s(clock), &ms))
		host_rest(k->c->hosts, k->host, ms);
	return k->tries < LIMIT_TRIES && ms < ask_left_ms(k) ? ms : -1;
}

static void say_tries(struct ask *k)
{
	struct text t;
	if (k->tries < 2 || k->outcome == REGISTRY_OK)
		return;
	text_init(&t, k->a, 2 * TEXT_MAX);
	text_put(&t, k->text);
	text_printf(&t, " after %u tries in %.1f s", k->tries, (double)elapsed_ms(k) / 1000);
	(void)!text_done(&t, &k->text);
}

void ask_run(struct ask *k)
{
	k->tries = 0;
	k->start_ms = k->c->o.clock->mono_ms(k->c->o.clock->self);
	if (ask_left_ms(k) <= 0) {
		ask_fail(k, REGISTRY_TIMEOUT, "was not asked for %.*s: no time was left",
			 STR_ARG(k->shown));
		return;
	}
	for (;;) {
		if (!rest(k))
			break;
		try_once(k);
		int64_t ms = pause(k);
		if (ms < 0)
			break;
		wait_ms(ms);
	}
	say_tries(k);
}

void ask_done(struct ask *k)
{
	http_response_done(&k->rs);
}

#include "webhook/admin.h"

#include <string.h>

#include "webhook/limits.h"
#include "webhook/reply.h"

#define TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

static struct connection *connection_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

/* ---- /healthz: do our threads still get on with their work? ---- */

static bool put_health(struct server *s, struct text *t)
{
	int64_t silent_ms = server_mono_ms(s) - atomic_load(&s->looked_ms);
	size_t stuck = atomic_load(&s->stuck);
	if (stuck > 0) {
		text_printf(t, "%zu reviews have been worked on for more than %d s\n", stuck,
			    STUCK_S);
		return false;
	}
	if (silent_ms > STUCK_S * 1000) {
		text_printf(t, "the watching thread has not run for %d s\n",
			    (int)(silent_ms / 1000));
		return false;
	}
	text_puts(t, "ok\n");
	return true;
}

/* ---- /readyz ---- */

static bool put_policies(struct server *s, struct text *t)
{
	struct policy_ref *ref = store_acquire(s->store);
	if (ref)
		text_printf(t, "[+]policies ok sha256=%s\n", policy_ref_set(ref)->sha256_hex);
	else
		text_puts(t, "[-]policies failed: none loaded\n");
	store_release(s->store, ref);
	return ref != NULL;
}

static bool put_certificate(struct server *s, struct text *t)
{
	int64_t not_before = 0;
	int64_t not_after = 0;
	int64_t now = clock_unix_s(&s->config.clock);
	char when[32];
	tls_validity(s->tls, &not_before, &not_after);
	time_format(not_after, when);
	if (now > not_after)
		text_printf(t, "[-]certificate failed: expired on %s\n", when);
	else if (now < not_before)
		text_puts(t, "[-]certificate failed: not valid yet by this machine's clock\n");
	else
		text_printf(t, "[+]certificate ok not_after=%s\n", when);
	return now >= not_before && now <= not_after;
}

static bool put_serving(struct server *s, struct text *t)
{
	bool draining = atomic_load(&s->draining);
	text_puts(t, draining ? "[-]serving failed: draining\n" : "[+]serving ok\n");
	return !draining;
}

/* What failed to load does not make it unready: what was loaded before is in force. */
static void put_reload(struct server *s, struct text *t, bool verbose)
{
	struct text failures;
	struct str lines = {0};
	char buf[2048];
	text_init_fixed(&failures, buf, sizeof(buf));
	if (!reload_put_failures(s->reload, &failures)) {
		text_puts(t, verbose ? "[+]reload ok\n" : "");
		return;
	}
	if (!text_done(&failures, &lines))
		lines = S("last reload failed\n");
	while (lines.n > 0) {
		struct str line = lines;
		struct str rest = {0};
		if (!str_cut(lines, '\n', &line, &rest))
			rest = (struct str){0};
		text_puts(t, "[-]");
		text_put(t, line);
		text_putc(t, '\n');
		lines = rest;
	}
}

static bool put_readiness(struct server *s, struct text *t, bool verbose)
{
	struct text checks;
	struct str all = {0};
	char buf[1024];
	text_init_fixed(&checks, buf, sizeof(buf));
	bool policies = put_policies(s, &checks);
	bool certificate = put_certificate(s, &checks);
	bool serving = put_serving(s, &checks);
	bool ok = policies && certificate && serving;
	if ((verbose || !ok) && text_done(&checks, &all))
		text_put(t, all);
	put_reload(s, t, verbose);
	text_puts(t, ok ? "ok\n" : "not ready\n");
	return ok;
}

/* ---- HTTP ---- */

static enum MHD_Result give_text(struct server *s, struct MHD_Connection *c, const char *url)
{
	struct reply reply = {.type = TYPE_TEXT};
	struct text t;
	char buf[4096];
	bool ok;
	text_init_fixed(&t, buf, sizeof(buf));
	if (strcmp(url, "/readyz") == 0) {
		const char *verbose =
			MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "verbose");
		bool named = MHD_lookup_connection_value_n(c, MHD_GET_ARGUMENT_KIND, "verbose", 7,
							   NULL, NULL) == MHD_YES;
		ok = put_readiness(s, &t, verbose || named);
	} else {
		ok = put_health(s, &t);
	}
	reply.status = ok ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
	if (!text_done(&t, &reply.body))
		reply.body = S("too long to tell\n");
	return reply_queue(c, &reply);
}

static enum MHD_Result give_metrics(struct server *s, struct MHD_Connection *c)
{
	const char *accept =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	bool openmetrics = accept && strstr(accept, "application/openmetrics-text") != NULL;
	struct reply reply = {.status = MHD_HTTP_OK,
			      .type = openmetrics ? TYPE_OPENMETRICS : TYPE_METRICS};
	struct text t;
	CLEANUP(arena_cleanup) struct arena *a = arena_new(LIMIT_METRICS_BYTES * 3);
	struct policy_ref *ref = store_acquire(s->store);
	struct evidence_counts counts;
	backends_count(s->backends, &counts);
	metrics_evidence(s->metrics, &counts);
	if (a) {
		text_init(&t, a, LIMIT_METRICS_BYTES);
		metrics_put(&t, s->metrics, ref ? policy_ref_set(ref) : NULL, openmetrics);
	}
	store_release(s->store, ref);
	if (!a || !text_done(&t, &reply.body)) {
		reply.status = MHD_HTTP_SERVICE_UNAVAILABLE;
		reply.type = TYPE_TEXT;
		reply.body = S("metrics: no memory for them\n");
	}
	return reply_queue(c, &reply);
}

static enum MHD_Result give(struct server *s, struct MHD_Connection *c, const char *url,
			    const char *method)
{
	const struct reply not_found = {
		.status = MHD_HTTP_NOT_FOUND,
		.type = TYPE_TEXT,
		.body = S("path: unknown, there are /healthz, /readyz and /metrics\n"),
	};
	const struct reply not_allowed = {
		.status = MHD_HTTP_METHOD_NOT_ALLOWED,
		.type = TYPE_TEXT,
		.body = S("method: only GET and HEAD are understood here\n"),
		.allow = "GET, HEAD",
	};
	bool is_metrics = strcmp(url, "/metrics") == 0;
	if (!is_metrics && strcmp(url, "/healthz") != 0 && strcmp(url, "/readyz") != 0)
		return reply_queue(c, &not_found);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_queue(c, &not_allowed);
	return is_metrics ? give_metrics(s, c) : give_text(s, c, url);
}

enum MHD_Result admin_handle(void *server, struct MHD_Connection *c, const char *url,
			     const char *method, const char *version, const char *upload,
			     size_t *upload_size, void **request)
{
	struct server *s = server;
	struct connection *connection = connection_of(c);
	(void)version;
	(void)upload;
	if (!connection)
		return MHD_NO;
	if (!*request) {
		*request = connection;
		connection_body(s->admin.connections, connection, server_mono_ms(s), 0);
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	connection_answering(connection, server_mono_ms(s));
	return give(s, c, url, method);
}

void admin_completed(void *server, struct MHD_Connection *c, void **request,
		     enum MHD_RequestTerminationCode why)
{
	struct server *s = server;
	(void)c;
	(void)why;
	if (*request)
		connection_waiting(*request, server_mono_ms(s));
	*request = NULL;
}

#include "webhook/request.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "webhook/limits.h"
#include "webhook/reply.h"

struct request {
	struct connection *connection;
	struct workspace *workspace; /* from the first byte of body to the answer */
	struct judgement judgement;  /* from the last one */
	struct reply refusal;        /* status 0: none so far */
	uint64_t received;
	int64_t started_us;
	int64_t started_ms;
	bool counted; /* in flight */
	bool at_once; /* refused, and nobody knows where the body ends */
	bool answered;
};

static struct connection *connection_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

void *request_line(void *server, const char *uri, struct MHD_Connection *c)
{
	struct connection *connection = connection_of(c);
	struct str path;
	struct str query = {0};
	(void)server;
	if (!str_cut(str_of(uri), '?', &path, &query))
		query = (struct str){0};
	if (connection)
		connection->timeout_ms = review_deadline_ms(query_value(query, S("timeout")));
	return NULL;
}

bool request_should_close(const struct server *s, const struct connection *c)
{
	return atomic_load(&s->draining) ||
	       atomic_load_explicit(&c->served, memory_order_relaxed) + 1 >=
		       CONNECTION_MAX_REQUESTS ||
	       server_mono_ms(s) - c->opened_ms >= (int64_t)CONNECTION_MAX_AGE_S * 1000;
}

/* ---- what cannot be a review ---- */

static void refuse(struct request *r, unsigned status, struct str why)
{
	if (r->refusal.status == 0)
		r->refusal = (struct reply){.status = status, .type = TYPE_TEXT, .body = why};
}

static void refuse_oversize(struct server *s, struct request *r)
{
	metrics_rejected(s->metrics, REJECTED_OVERSIZE, 1);
	refuse(r, MHD_HTTP_CONTENT_TOO_LARGE,
	       S("body: larger than this server takes (--max-body)\n"));
}

static void refuse_overload(struct server *s, struct request *r)
{
	metrics_rejected(s->metrics, REJECTED_OVERLOAD, 1);
	refuse(r, MHD_HTTP_TOO_MANY_REQUESTS,
	       S("overload: too many reviews at the same time, try again\n"));
	r->refusal.retry_after = true;
	r->refusal.close = true;
}

static void refuse_malformed(struct server *s, struct request *r, unsigned status, struct str why)
{
	metrics_rejected(s->metrics, REJECTED_MALFORMED, 1);
	refuse(r, status, why);
}

static struct str header_of(struct MHD_Connection *c, const char *key)
{
	return str_of(MHD_lookup_connection_value(c, MHD_HEADER_KIND, key));
}

struct framing {
	unsigned lengths, encodings;
	bool chunked;
	bool odd_name; /* "Content-Length : 5" is a length to some readers */
};

static bool is_odd(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~')
			return true;
	return false;
}

static enum MHD_Result note_framing(void *self, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	struct framing *f = self;
	(void)kind;
	f->odd_name = f->odd_name || is_odd(str_of(key));
	if (str_eq_nocase(str_of(key), S("Content-Length")))
		f->lengths++;
	if (str_eq_nocase(str_of(key), S("Transfer-Encoding"))) {
		f->encodings++;
		f->chunked = str_eq_nocase(str_trim(str_of(value)), S("chunked"));
	}
	return MHD_YES;
}

/* Is there one way only to tell where the body ends? Between us and a proxy that reads it another way a
 * second request could hide in a body. source: RFC 9112 section 6.3 */
static bool is_framed(struct MHD_Connection *c)
{
	struct framing f = {0};
	(void)MHD_get_connection_values(c, MHD_HEADER_KIND, note_framing, &f);
	return !f.odd_name && f.lengths + f.encodings <= 1 && (f.encodings == 0 || f.chunked);
}

/* "application/json", parameters allowed. */
static bool is_json(struct str type)
{
	struct str head = type;
	struct str parameters;
	if (!str_cut(type, ';', &head, &parameters))
		head = type;
	return str_eq_nocase(str_trim(head), S("application/json"));
}

/* Once a connection: the certificate does not change during its life. */
static bool client_ok(struct server *s, struct MHD_Connection *c, struct connection *connection)
{
	const union MHD_ConnectionInfo *info;
	struct err e = {0};
	if (connection->client_checked)
		return connection->client_ok;
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	connection->client_checked = true;
	connection->client_ok =
		info && tls_client_ok(connection->tls, (gnutls_session_t)info->tls_session, &e);
	if (!connection->client_ok) {
		metrics_rejected(s->metrics, REJECTED_TLS, 1);
		log_msg(LOG_WARNING, "client refused: %s", e.text);
	}
	return connection->client_ok;
}

/* Content-Length, 0 when there is none; libmicrohttpd has refused what is no number. */
static uint64_t announced(struct MHD_Connection *c)
{
	uint64_t n = 0;
	return str_to_u64(header_of(c, MHD_HTTP_HEADER_CONTENT_LENGTH), &n) ? n : 0;
}

static void check_head(struct server *s, struct MHD_Connection *c, struct request *r,
		       const char *url, const char *method)
{
	if (!is_framed(c)) {
		refuse_malformed(s, r, MHD_HTTP_BAD_REQUEST,
				 S("body: one Content-Length, or Transfer-Encoding: chunked, is "
				   "wanted\n"));
		r->at_once = true;
	} else if (!client_ok(s, c, r->connection)) {
		refuse(r, MHD_HTTP_FORBIDDEN,
		       S("client certificate: none that the client CA of this server signed\n"));
	} else if (strcmp(url, "/validate") != 0) {
		refuse_malformed(s, r, MHD_HTTP_NOT_FOUND,
				 S("path: unknown, reviews are taken at /validate\n"));
	} else if (strcmp(method, MHD_HTTP_METHOD_POST) != 0) {
		refuse_malformed(s, r, MHD_HTTP_METHOD_NOT_ALLOWED,
				 S("method: only POST is understood here\n"));
		r->refusal.allow = "POST";
	} else if (!is_json(header_of(c, MHD_HTTP_HEADER_CONTENT_TYPE))) {
		refuse_malformed(s, r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
				 S("content type: only application/json is understood\n"));
	} else if (announced(c) > s->config.max_body_bytes) {
		refuse_oversize(s, r);
	}
}

/* ---- the way of a request ---- */

static void enter_flight(struct server *s, struct request *r)
{
	metrics_in_flight_add(s->metrics, 1);
	r->counted = true;
	if (metrics_in_flight(s->metrics) > (int64_t)s->config.max_in_flight)
		refuse_overload(s, r);
}

static void leave_flight(struct server *s, struct request *r)
{
	if (r->counted)
		metrics_in_flight_add(s->metrics, -1);
	r->counted = false;
	arenas_give(s->arenas, r->workspace);
	r->workspace = NULL;
}

static enum MHD_Result give_answer(struct server *s, struct MHD_Connection *c, struct request *r)
{
	leave_flight(s, r);
	r->answered = true;
	r->refusal.close = r->refusal.close || request_should_close(s, r->connection);
	connection_answering(r->connection, server_mono_ms(s));
	return reply_queue(c, &r->refusal);
}

static enum MHD_Result begin(struct server *s, struct MHD_Connection *c, const char *url,
			     const char *method, void **out)
{
	struct connection *connection = connection_of(c);
	struct request *r = connection ? calloc(1, sizeof(*r)) : NULL;
	if (!r)
		return MHD_NO;
	*out = r;
	r->connection = connection;
	r->started_us = clock_mono_us();
	r->started_ms = server_mono_ms(s);
	connection_body(s->reviews.connections, connection, r->started_ms, 0);
	check_head(s, c, r, url, method);
	if (r->refusal.status == 0)
		enter_flight(s, r);
	if (r->refusal.status != 0)
		leave_flight(s, r);
	/* Nobody waits for the end of this: with an answer now the library closes the connection. */
	if (r->at_once || announced(c) > LIMIT_DISCARD_BYTES)
		return give_answer(s, c, r);
	return MHD_YES;
}

static enum MHD_Result take_body(struct server *s, struct request *r, const char *p, size_t n)
{
	r->received += n;
	connection_body(s->reviews.connections, r->connection, r->started_ms, r->received);
	if (r->refusal.status == 0 && r->received > s->config.max_body_bytes)
		refuse_oversize(s, r);
	if (r->refusal.status == 0 && !r->workspace)
		r->workspace = arenas_take(s->arenas);
	if (r->refusal.status == 0 &&
	    (!r->workspace || !workspace_append(s->arenas, r->workspace, p, n)))
		refuse_overload(s, r);
	if (r->refusal.status != 0)
		leave_flight(s, r);
	return r->received > LIMIT_DISCARD_BYTES ? MHD_NO : MHD_YES;
}

/* Unless it waits, the answer is queued, and what it was made of is given back. */
static enum MHD_Result settle(struct server *s, struct request *r, enum MHD_Result result)
{
	if (r->judgement.waiting)
		return result;
	connection_answering(r->connection, server_mono_ms(s));
	r->answered = true;
	leave_flight(s, r);
	return result;
}

static enum MHD_Result finish(struct server *s, struct MHD_Connection *c, struct request *r)
{
	if (r->refusal.status == 0 && r->received == 0)
		refuse_malformed(s, r, MHD_HTTP_BAD_REQUEST,
				 S("body: empty, an AdmissionReview is wanted\n"));
	if (r->refusal.status != 0)
		return give_answer(s, c, r);
	struct judgement *j = &r->judgement;
	connection_judging(r->connection, server_mono_ms(s));
	if (j->waiting)
		return settle(s, r, judge_again(j));
	*j = (struct judgement){
		.server = s,
		.mhd = c,
		.connection = r->connection,
		.workspace = r->workspace,
		.started_us = r->started_us,
		.timeout_ms = r->connection->timeout_ms,
		.deadline = {r->started_ms + r->connection->timeout_ms},
	};
	return settle(s, r, judge(j));
}

enum MHD_Result request_handle(void *server, struct MHD_Connection *c, const char *url,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_size, void **request)
{
	struct server *s = server;
	struct request *r = *request;
	(void)version;
	if (!r)
		return begin(s, c, url, method, request);
	if (*upload_size > 0) {
		size_t n = *upload_size;
		*upload_size = 0;
		return take_body(s, r, upload, n);
	}
	return r->answered ? MHD_YES : finish(s, c, r);
}

void request_completed(void *server, struct MHD_Connection *c, void **request,
		       enum MHD_RequestTerminationCode why)
{
	struct server *s = server;
	struct request *r = *request;
	(void)c;
	(void)why;
	if (!r)
		return;
	judge_abandon(&r->judgement);
	leave_flight(s, r);
	atomic_fetch_add_explicit(&r->connection->served, 1, memory_order_relaxed);
	connection_waiting(r->connection, server_mono_ms(s));
	free(r);
	*request = NULL;
}

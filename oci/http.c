#include "oci/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/text.h"
#include "oci/http_pool.h"
#include "oci/limits.h"

struct transfer {
	const struct http_request *rq;
	struct http_response *rs;
	CURL *easy;
	size_t header_bytes;
	int64_t length; /* Content-Length, -1 if absent */
	bool chunked;
	size_t room;
	bool ours;        /* we ended it; rs->outcome says why */
	char refused[96]; /* why no socket was opened */
	char error[CURL_ERROR_SIZE];
};

static size_t end(struct transfer *t, enum registry_outcome o, const char *why)
{
	t->ours = true;
	t->rs->outcome = o;
	t->rs->why = str_of(why);
	return 0;
}

/* ---- the socket ---- */

static curl_socket_t open_socket(void *self, curlsocktype purpose, struct curl_sockaddr *sa)
{
	struct transfer *t = self;
	struct address a;
	char shown[48];
	(void)purpose;
	if (!t->rq->peer.proxy) {
		const char *why = "an address of no known family";
		if (address_of_socket(&sa->addr, &a)) {
			why = address_refusal(&t->rq->peer.addresses, &a);
			address_format(&a, shown);
		} else {
			shown[0] = '\0';
		}
		if (why) {
			snprintf(t->refused, sizeof(t->refused), "%s is %s", shown, why);
			return CURL_SOCKET_BAD;
		}
	}
	return socket(sa->family, sa->socktype | SOCK_CLOEXEC, sa->protocol);
}

/* ---- headers ---- */

static bool is_header(struct str line, struct str name, struct str *value)
{
	struct str head, tail;
	if (!str_cut(line, ':', &head, &tail) || !str_eq_nocase(head, name))
		return false;
	*value = str_trim(tail);
	return true;
}

static void keep(struct transfer *t, struct str value, struct str *out)
{
	const char *p = arena_dup(t->rq->arena, value.p, value.n);
	if (p)
		*out = (struct str){p, value.n};
}

/* A header that may come several times means the list of all. */
static void join(struct transfer *t, struct str value, struct str *out)
{
	struct text all;
	text_init(&all, t->rq->arena, LIMIT_HEADER_BYTES);
	text_put(&all, *out);
	text_puts(&all, out->n ? ", " : "");
	text_put(&all, value);
	(void)!text_done(&all, out);
}

static void one_header(struct transfer *t, struct str line)
{
	struct http_response *rs = t->rs;
	struct str value;
	uint64_t n;
	if (is_header(line, S("content-length"), &value))
		t->length = str_to_u64(value, &n) && n <= INT64_MAX ? (int64_t)n : -1;
	else if (is_header(line, S("transfer-encoding"), &value))
		t->chunked = true;
	else if (is_header(line, S("content-type"), &value))
		keep(t, value, &rs->content_type);
	else if (is_header(line, S("location"), &value))
		keep(t, value, &rs->location);
	else if (is_header(line, S("retry-after"), &value))
		keep(t, value, &rs->retry_after);
	else if (is_header(line, S("link"), &value))
		join(t, value, &rs->link);
	else if (is_header(line, S("www-authenticate"), &value))
		join(t, value, &rs->www_authenticate);
}

static void forget_headers(struct transfer *t)
{
	struct str none = {NULL, 0};
	struct http_response *rs = t->rs;
	t->length = -1;
	t->chunked = false;
	rs->content_type = rs->location = rs->retry_after = rs->link = rs->www_authenticate = none;
}

static int status_of(const struct transfer *t)
{
	long status = 0;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

bool http_is_page(struct str content_type)
{
	return str_starts(content_type, S("text/html"));
}

/* A size that somebody announced wrongly; or a page of something between the registry and us. */
static enum registry_outcome of_wrong_size(const struct transfer *t)
{
	return http_is_page(t->rs->content_type) ? REGISTRY_INVALID : REGISTRY_CONTENT;
}

/* Would a body that was cut off have been noticed? */
static bool is_delimited(const struct transfer *t)
{
	long version = 0;
	curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
	return t->length >= 0 || t->chunked || version >= CURL_HTTP_VERSION_2_0;
}

static const char wrong_size[] = "the size is not the one that was announced";
static const char too_many[] = "more bytes than are allowed";

static size_t judge_length(struct transfer *t, size_t ok)
{
	if (status_of(t) != 200 || t->length < 0)
		return ok;
	if (t->rq->expect_bytes >= 0 && t->length != t->rq->expect_bytes)
		return end(t, of_wrong_size(t), wrong_size);
	if ((uint64_t)t->length > t->rq->max_bytes)
		return end(t, REGISTRY_TOO_LARGE, too_many);
	return ok;
}

static size_t on_header(char *p, size_t size, size_t n, void *self)
{
	struct transfer *t = self;
	struct str line = {p, size * n};
	t->header_bytes += line.n;
	/* One of a manifest's is what somebody pushed: its type. */
	if (t->header_bytes > LIMIT_HEADER_BYTES)
		return end(t, t->rq->expect_bytes < 0 ? REGISTRY_CONTENT : REGISTRY_INVALID,
			   "its headers are too long");
	if (str_starts(line, S("HTTP/")))
		forget_headers(t);
	else if (!str_trim(line).n)
		return judge_length(t, line.n) == line.n ? line.n : 0;
	else
		one_header(t, line);
	return line.n;
}

/* ---- body ---- */

static bool make_room(struct transfer *t, size_t n)
{
	size_t room = t->room ? t->room : 4096;
	if (n <= t->room)
		return true;
	while (room < n)
		room *= 2;
	char *p = realloc(t->rs->block, room);
	if (!p)
		return false;
	t->rs->block = p;
	t->room = room;
	return true;
}

static size_t on_body(char *p, size_t size, size_t n, void *self)
{
	struct transfer *t = self;
	struct http_response *rs = t->rs;
	bool whole = status_of(t) == 200;
	size_t bytes = size * n, all = rs->body.n + bytes;
	uint64_t exact = t->rq->expect_bytes >= 0 ? (uint64_t)t->rq->expect_bytes : UINT64_MAX;
	if (whole && all > exact)
		return end(t, of_wrong_size(t), wrong_size);
	if (whole && all > t->rq->max_bytes)
		return end(t, REGISTRY_TOO_LARGE, too_many);
	/* Of an error page the beginning is enough. */
	if (!whole && all > LIMIT_ERROR_BODY_BYTES)
		return end(t, REGISTRY_OK, "");
	if (!make_room(t, all))
		return end(t, REGISTRY_INVALID, "out of memory");
	memcpy(rs->block + rs->body.n, p, bytes);
	rs->body = (struct str){rs->block, all};
	return bytes;
}

/* ---- outcome ---- */

static void set_why(struct transfer *t, const char *what, const char *detail)
{
	struct text all;
	/* The library names its own files after the reason. */
	const char *stop = detail ? strstr(detail, " CAfile:") : NULL;
	struct str d = stop ? (struct str){detail, (size_t)(stop - detail)} : str_of(detail);
	while (str_ends(d, S(".")))
		d.n--;
	text_init(&all, t->rq->arena, 512);
	text_puts(&all, what);
	text_puts(&all, *what && d.n ? ": " : "");
	text_put_escaped(&all, d, 160);
	if (!text_done(&all, &t->rs->why))
		t->rs->why = str_of(what);
}

static void could_not_connect(struct transfer *t)
{
	long number = 0;
	char buf[96];
	t->rs->outcome = REGISTRY_CONNECT;
	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
	if (t->refused[0]) {
		t->rs->outcome = REGISTRY_REFUSED;
		set_why(t, t->refused, "");
	} else if (number) {
		const char *text = strerror_r((int)number, buf, sizeof(buf));
		char first[96];
		snprintf(first, sizeof(first), "%s", text);
		if (first[0] >= 'A' && first[0] <= 'Z')
			first[0] = (char)(first[0] + 'a' - 'A');
		set_why(t, first, "");
	} else {
		set_why(t, "no connection", t->error);
	}
}

static void judge_error(struct transfer *t, CURLcode rc)
{
	struct http_response *rs = t->rs;
	switch (rc) {
	case CURLE_OPERATION_TIMEDOUT:
		rs->outcome = REGISTRY_TIMEOUT;
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		rs->outcome = REGISTRY_CONNECT;
		set_why(t, "its name is not known", "");
		break;
	case CURLE_COULDNT_CONNECT:
		could_not_connect(t);
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		rs->outcome = REGISTRY_CONNECT;
		rs->broke = true;
		set_why(t, "the connection broke", "");
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_ENGINE_INITFAILED:
		rs->outcome = REGISTRY_TLS;
		set_why(t, "", t->error[0] ? t->error : curl_easy_strerror(rc));
		break;
	default:
		rs->outcome = REGISTRY_INVALID;
		set_why(t, "not HTTP as expected", t->error[0] ? t->error : curl_easy_strerror(rc));
	}
}

static void judge(struct transfer *t, CURLcode rc)
{
	struct http_response *rs = t->rs;
	rs->status = status_of(t);
	if (t->ours)
		return;
	if (rc != CURLE_OK) {
		judge_error(t, rc);
		return;
	}
	rs->outcome = REGISTRY_OK;
	if (rs->status == 200 && t->rq->expect_bytes >= 0 &&
	    rs->body.n != (uint64_t)t->rq->expect_bytes)
		end(t, is_delimited(t) ? of_wrong_size(t) : REGISTRY_INVALID, wrong_size);
}

/* ---- the exchange ---- */

static void set_peer(CURL *easy, const struct http_peer *peer)
{
	curl_easy_setopt(easy, CURLOPT_PROXY, peer->proxy ? peer->proxy : "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	if (peer->ca_path)
		curl_easy_setopt(easy, CURLOPT_CAINFO, peer->ca_path);
	if (peer->cert_file) {
		curl_easy_setopt(easy, CURLOPT_SSLCERT, peer->cert_file);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, peer->key_file);
	}
}

static void set_callbacks(struct transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t);
}

static void set_rules(CURL *easy, const struct http_request *rq)
{
	curl_easy_setopt(easy, CURLOPT_URL, rq->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* Else a name that does not resolve in time would hold us until it does. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(rq->connect_ms < rq->total_ms ? rq->connect_ms : rq->total_ms));
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)rq->total_ms);
	if (rq->form)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, rq->form);
}

static bool add_header(struct arena *a, struct curl_slist **list, const char *name,
		       const char *value)
{
	struct text t;
	struct str line;
	text_init(&t, a, LIMIT_HEADER_BYTES);
	text_printf(&t, "%s: %s", name, value);
	if (!text_done(&t, &line))
		return false;
	struct curl_slist *longer = curl_slist_append(*list, line.p);
	if (longer)
		*list = longer;
	return longer != NULL;
}

static struct curl_slist *headers_of(const struct http_request *rq)
{
	struct curl_slist *list = NULL;
	if (!add_header(rq->arena, &list, "Accept", rq->accept) ||
	    (rq->authorization &&
	     !add_header(rq->arena, &list, "Authorization", rq->authorization))) {
		curl_slist_free_all(list);
		return NULL;
	}
	return list;
}

static void perform(struct http_pool *p, struct transfer *t, struct curl_slist *headers)
{
	set_rules(t->easy, t->rq);
	set_peer(t->easy, &t->rq->peer);
	set_callbacks(t);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, http_pool_user_agent(p));
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, headers);
	judge(t, curl_easy_perform(t->easy));
}

void http_exchange(struct http_pool *p, const struct http_request *rq, struct http_response *out)
{
	int64_t start = clock_mono_us();
	*out = (struct http_response){.outcome = REGISTRY_INVALID, .why = S("out of memory")};
	struct transfer t = {.rq = rq, .rs = out, .length = -1};
	struct curl_slist *headers = headers_of(rq);
	t.easy = headers ? http_pool_take(p, rq->key) : NULL;
	if (t.easy) {
		perform(p, &t, headers);
		/* What points into this frame must not stay behind. */
		curl_easy_reset(t.easy);
		http_pool_give(p, rq->key, t.easy);
	}
	curl_slist_free_all(headers);
	if (out->outcome != REGISTRY_OK) {
		free(out->block);
		out->block = NULL;
		out->body = (struct str){NULL, 0};
	}
	out->elapsed_us = clock_mono_us() - start;
}

void http_response_done(struct http_response *r)
{
	free(r->block);
	*r = (struct http_response){.outcome = REGISTRY_INVALID};
}

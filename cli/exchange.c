#include "cli/exchange.h"

#include <curl/curl.h>

#include "core/text.h"

#define REPLY_BYTES (1u << 20)

static size_t take(char *data, size_t size, size_t n, void *text)
{
	struct text *t = text;

	text_put(t, (struct str){data, size * n});
	return t->failed ? 0 : size * n; /* another number ends the transfer */
}

static void cleanup_curl(CURL **c)
{
	curl_easy_cleanup(*c);
}

static void cleanup_headers(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}

static int failure(CURLcode rc, const struct exchange *c, const char *detail, struct err *e)
{
	const char *why = detail[0] ? detail : curl_easy_strerror(rc);

	if (rc == CURLE_OPERATION_TIMEDOUT)
		return err_set(e, ERR_TIMEOUT, "%s: no answer within %lld ms", c->url,
			       (long long)c->timeout_ms);
	if (rc == CURLE_WRITE_ERROR)
		return err_set(e, ERR_LIMIT, "%s: the answer is larger than %u bytes", c->url,
			       REPLY_BYTES);
	return err_set(e, ERR_IO, "%s: %s", c->url, why);
}

static void prepare(CURL *curl, const struct exchange *c, struct curl_slist *headers,
		    struct text *reply, char *detail)
{
	curl_easy_setopt(curl, CURLOPT_URL, c->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
	if (c->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, c->ca);
	if (c->cert)
		curl_easy_setopt(curl, CURLOPT_SSLCERT, c->cert);
	if (c->key)
		curl_easy_setopt(curl, CURLOPT_SSLKEY, c->key);
	if (c->body.n) {
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, c->body.p);
	}
}

int exchange(const struct exchange *c, struct arena *a, long *status, struct str *reply,
	     struct err *e)
{
	CURL *curl __attribute__((cleanup(cleanup_curl))) = curl_easy_init();
	struct curl_slist *headers __attribute__((cleanup(cleanup_headers))) =
		curl_slist_append(NULL, "Content-Type: application/json");
	char detail[CURL_ERROR_SIZE] = "";
	struct text t;

	if (!curl || !headers)
		return err_set(e, ERR_MEMORY, "no memory for an HTTP request");
	text_init(&t, a, REPLY_BYTES);
	prepare(curl, c, headers, &t, detail);
	CURLcode rc = curl_easy_perform(curl);
	if (rc != CURLE_OK)
		return failure(rc, c, detail, e);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
	if (!text_done(&t, reply))
		return err_set(e, ERR_LIMIT, "%s: the answer does not fit", c->url);
	return 0;
}

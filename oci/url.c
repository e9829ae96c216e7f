#include "oci/url.h"

#include <curl/curl.h>

#define URL_MAX 8192

static void url_cleanup(CURLU **u)
{
	curl_url_cleanup(*u);
}

static void curl_text_cleanup(char **p)
{
	curl_free(*p);
}

static int keep(struct arena *a, const char *z, bool fold, struct str *out, struct err *e)
{
	size_t n = strlen(z);
	char *p = arena_dup(a, z, n);
	if (!p)
		return err_set(e, ERR_LIMIT, "no memory for an address");
	for (size_t i = 0; fold && i < n; i++) {
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] + 'a' - 'A');
	}
	*out = (struct str){p, n};
	return 0;
}

static int get(struct arena *a, CURLU *u, CURLUPart part, bool fold, struct str *out, struct err *e)
{
	CLEANUP(curl_text_cleanup) char *p = NULL;
	CURLUcode rc = curl_url_get(u, part, &p, 0);
	if (rc != CURLUE_OK)
		return err_set(e, ERR_INPUT, "no address: %s", curl_url_strerror(rc));
	return keep(a, p, fold, out, e);
}

/* The port if it is written and not the scheme's own. */
static int get_host(struct arena *a, CURLU *u, struct url *out, struct err *e)
{
	CLEANUP(curl_text_cleanup) char *port = NULL;
	struct str host;
	struct text t;
	TRY(get(a, u, CURLUPART_HOST, true, &host, e));
	CURLUcode rc = curl_url_get(u, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT);
	if (rc != CURLUE_OK && rc != CURLUE_NO_PORT)
		return err_set(e, ERR_INPUT, "no address: %s", curl_url_strerror(rc));
	text_init(&t, a, URL_MAX);
	text_put(&t, host);
	if (port)
		text_printf(&t, ":%s", port);
	if (!text_done(&t, &out->host))
		return err_set(e, ERR_LIMIT, "no memory for an address");
	out->name = host;
	if (host.n > 2 && host.p[0] == '[')
		out->name = str_sub(host, 1, host.n - 1);
	return 0;
}

static int set(CURLU *u, struct str text, struct err *e)
{
	char z[URL_MAX];
	if (!text.n || text.n >= sizeof(z) || memchr(text.p, '\0', text.n))
		return err_set(e, ERR_INPUT, "no address: %s", text.n ? "too long" : "empty");
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	CURLUcode rc = curl_url_set(u, CURLUPART_URL, z, CURLU_DISALLOW_USER);
	if (rc != CURLUE_OK)
		return err_set(e, ERR_INPUT, "no address: %s", curl_url_strerror(rc));
	return 0;
}

int url_parse(struct arena *a, const struct url *base, struct str text, struct url *out,
	      struct err *e)
{
	CLEANUP(url_cleanup) CURLU *u = curl_url();
	struct str scheme;
	struct url r = {.https = false};
	if (!u)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (base)
		TRY(set(u, base->text, e));
	TRY(set(u, text, e));
	/* Also a relative address cannot bring one in, whatever the library thinks of it. */
	curl_url_set(u, CURLUPART_USER, NULL, 0);
	curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	TRY(get(a, u, CURLUPART_SCHEME, true, &scheme, e));
	r.https = str_eq(scheme, S("https"));
	if (!r.https && !str_eq(scheme, S("http")))
		return err_set(e, ERR_INPUT, "neither an https nor an http address");
	TRY(get_host(a, u, &r, e));
	TRY(get(a, u, CURLUPART_PATH, false, &r.path, e));
	TRY(get(a, u, CURLUPART_URL, false, &r.text, e));
	*out = r;
	return 0;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && str_eq(a->host, b->host);
}

void url_put_origin(struct text *t, const struct url *u)
{
	text_puts(t, u->https ? "https://" : "http://");
	text_put_escaped(t, u->host, 128);
}

/* What a reply means, and how people are told. */
#include "core/text.h"
#include "oci/client_ask.h"

enum registry_outcome outcome_of_status(int status)
{
	if (status == 200)
		return REGISTRY_OK;
	if (status == 404)
		return REGISTRY_NOT_FOUND;
	if (status == 401 || status == 403)
		return REGISTRY_UNAUTHORIZED;
	if (status == 429)
		return REGISTRY_RATE_LIMITED;
	return status >= 500 ? REGISTRY_HTTP_5XX : REGISTRY_HTTP_4XX;
}

/* Where the answer comes from, if the registry sent us elsewhere. */
static void put_from(const struct ask *k, char *from, size_t size)
{
	struct text t;
	text_init_fixed(&t, from, size);
	from[0] = '\0';
	if (url_same_origin(&k->final, &k->base))
		return;
	text_puts(&t, ", redirected to ");
	url_put_origin(&t, &k->final);
	text_putc(&t, ',');
}

static bool fail_reached(struct ask *k, int64_t start_ms)
{
	int64_t took = k->c->o.clock->mono_ms(k->c->o.clock->self) - start_ms;
	char from[300];
	put_from(k, from, sizeof(from));
	const char *why = k->rs.why.n ? k->rs.why.p : "";
	int n = (int)k->rs.why.n;
	bool pushed = k->rs.outcome == REGISTRY_CONTENT;
	switch (k->rs.outcome) {
	case REGISTRY_TIMEOUT:
		return ask_fail(k, REGISTRY_TIMEOUT, "did not answer for %.*s%s within %.1f s",
				STR_ARG(k->shown), from, (double)took / 1000);
	case REGISTRY_TLS:
		return ask_fail(k, REGISTRY_TLS, "could not be reached over TLS for %.*s%s: %.*s",
				STR_ARG(k->shown), from, n, why);
	case REGISTRY_CONNECT:
		return ask_fail(k, REGISTRY_CONNECT, "could not be reached for %.*s%s: %.*s",
				STR_ARG(k->shown), from, n, why);
	case REGISTRY_REFUSED:
		return ask_fail(
			k, REGISTRY_REFUSED,
			"was not asked for %.*s%s: %.*s, which only the registries file can "
			"allow",
			STR_ARG(k->shown), from, n, why);
	case REGISTRY_TOO_LARGE:
		return ask_fail(k, REGISTRY_TOO_LARGE, "sent too much for %.*s%s: %.*s",
				STR_ARG(k->shown), from, n, why);
	default:
		return ask_fail(k, pushed ? REGISTRY_CONTENT : REGISTRY_INVALID,
				"sent a wrong answer for %.*s%s: %.*s", STR_ARG(k->shown), from, n,
				why);
	}
}

/* A registry keeps nothing under a digest that is not its own, but it may have lost some of it. */
static bool fail_digest(struct ask *k)
{
	char hex[SHA256_HEX + 1];
	bool is_blob = k->expect_bytes >= 0 && !http_is_page(k->rs.content_type);
	sha256_hex(&k->digest, hex);
	return ask_fail(k, is_blob ? REGISTRY_CONTENT : REGISTRY_INVALID,
			"sent a wrong answer for %.*s: its digest is sha256:%.12s" ELLIPSIS,
			STR_ARG(k->shown), hex);
}

static bool fail_status(struct ask *k, enum registry_outcome o)
{
	const struct credentials *c = k->config->credentials;
	char from[300];
	put_from(k, from, sizeof(from));
	if (from[0])
		return ask_fail(k, o, "was asked for %.*s%s which answered HTTP %d",
				STR_ARG(k->shown), from, k->status);
	if (o != REGISTRY_UNAUTHORIZED)
		return ask_fail(k, o, "answered HTTP %d for %.*s", k->status, STR_ARG(k->shown));
	return ask_fail(k, o, "answered HTTP %d for %.*s: %s", k->status, STR_ARG(k->shown),
			credentials_find(c, k->name, k->path)
				? "the credentials configured for it do not suffice"
				: "no credentials for it are configured");
}

bool ask_judge(struct ask *k, int64_t start_ms)
{
	struct err e = {0};
	k->status = k->rs.status;
	if (k->rs.outcome != REGISTRY_OK)
		return fail_reached(k, start_ms);
	enum registry_outcome o = outcome_of_status(k->status);
	if (o != REGISTRY_OK)
		return fail_status(k, o);
	if (sha256_of(k->rs.body, &k->digest, &e) < 0)
		return ask_fail(k, REGISTRY_INVALID, "could not be checked: %s", e.text);
	if (k->expect && memcmp(k->expect, &k->digest, sizeof(k->digest)) != 0)
		return fail_digest(k);
	k->outcome = REGISTRY_OK;
	k->text = (struct str){NULL, 0};
	return true;
}

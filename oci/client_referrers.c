/* What refers to a digest: the referrers API page by page, else the tag schema.
 * source: OCI distribution-spec, "Listing Referrers"; spec: sigstore section 4.1 */
#include <stdio.h>

#include "oci/client_ask.h"
#include "oci/limits.h"
#include "oci/referrers.h"

/* Does the answer say that this registry does not know the question at all? */
static bool is_no_api(const struct ask *k)
{
	int s = k->rs.outcome == REGISTRY_OK ? k->status : 0;
	return s == 404 || s == 400 || s == 405 || s == 406 || s == 501;
}

/* A registry that knows the question answers with errors of its own, in JSON. */
static bool is_own_error(const struct ask *k)
{
	return k->rs.outcome == REGISTRY_OK && k->status == 404 &&
	       str_starts(str_trim(k->rs.body), S("{"));
}

static bool add_page(struct ask *k, const struct registry_call *call,
		     const struct registry_filter *filter, struct registry_referrers *out)
{
	struct err e = {0};
	bool is_page = !out->by_tag_schema && http_is_page(k->rs.content_type);
	gate_enter(call->large, k->rs.body.n);
	int rc = referrers_add(call->arena, k->rs.body, k->rs.content_type, filter, out, &e);
	gate_leave(call->large, k->rs.body.n);
	if (rc == 0)
		return true;
	/* The API's list is the registry's own, but it repeats what was pushed. */
	return ask_fail(k, is_page || e.kind == ERR_MEMORY ? REGISTRY_INVALID : REGISTRY_CONTENT,
			"sent a wrong answer for %.*s: %s", STR_ARG(k->shown), e.text);
}

/* The address of the next page in k->link; false: there is none, or the answer is wrong. */
static bool next_page(struct ask *k)
{
	struct str target;
	struct err e = {0};
	struct url next;
	if (!link_next(k->rs.link, &target))
		return false;
	if (url_parse(k->a, &k->final, target, &next, &e) < 0)
		return ask_fail(k, REGISTRY_INVALID, "sent a wrong Link for %.*s: %s",
				STR_ARG(k->shown), e.text);
	if (!url_same_origin(&next, &k->base))
		return ask_fail(k, REGISTRY_REFUSED,
				"sent a Link for %.*s to another host: not followed",
				STR_ARG(k->shown));
	k->link = next;
	return true;
}

/* True: answered by the API, well or not. *for_good: it may be remembered that there is none. */
static bool ask_api(struct ask *k, const struct registry_call *call,
		    const struct registry_filter *filter, struct registry_referrers *out,
		    bool *for_good)
{
	k->accept = MEDIA_OCI_INDEX;
	for (unsigned page = 0;; page++) {
		ask_run(k);
		out->reply.tries += k->tries;
		if (page == 0 && is_no_api(k)) {
			*for_good = k->status == 404 && !is_own_error(k);
			return false;
		}
		if (k->outcome != REGISTRY_OK || !add_page(k, call, filter, out)) {
			out->truncated = true;
			return true;
		}
		if (out->truncated || !next_page(k)) {
			if (k->outcome != REGISTRY_OK)
				out->truncated = true;
			return true;
		}
		/* All pages together are not longer than one may be. */
		k->max_bytes -= k->rs.body.n;
		if (page + 1 == LIMIT_REFERRER_PAGES || k->max_bytes == 0) {
			out->truncated = true;
			return true;
		}
	}
}

static void ask_tag(struct ask *k, const struct registry_call *call, const struct sha256 *subject,
		    const struct registry_filter *filter, struct registry_referrers *out)
{
	char tag[DIGEST_TAG_MAX], what[DIGEST_TAG_MAX + 16];
	digest_tag(subject, "", tag);
	snprintf(what, sizeof(what), "manifests/%s", tag);
	k->what = str_of(what);
	k->link = (struct url){.https = false};
	k->accept = MANIFEST_ACCEPT;
	k->max_bytes = LIMIT_MANIFEST_BYTES;
	out->by_tag_schema = true;
	ask_run(k);
	out->reply.tries += k->tries;
	if (k->outcome == REGISTRY_NOT_FOUND)
		k->outcome = REGISTRY_OK;
	else if (k->outcome == REGISTRY_OK)
		add_page(k, call, filter, out);
	if (k->outcome != REGISTRY_OK)
		out->truncated = true;
}

void referrers_ask(struct ask *k, const struct registry_call *call, const struct sha256 *subject,
		   const struct registry_filter *filter, struct registry_referrers *out)
{
	char hex[SHA256_HEX + 1], what[SHA256_HEX + 32];
	sha256_hex(subject, hex);
	snprintf(what, sizeof(what), "referrers/sha256:%s", hex);
	k->what = str_of(what);
	k->max_bytes = LIMIT_MANIFEST_BYTES;
	k->expect_bytes = -1;
	k->expect = NULL;
	bool for_good = false;
	if (host_has_no_referrers(k->c->hosts, k->host) ||
	    !ask_api(k, call, filter, out, &for_good)) {
		ask_tag(k, call, subject, filter, out);
		/* Remembered only if it was the registry that answered, not something before it. */
		if (for_good && k->outcome == REGISTRY_OK && (k->status == 200 || is_own_error(k)))
			host_set_no_referrers(k->c->hosts, k->host);
	}
	k->what = (struct str){NULL, 0};
}

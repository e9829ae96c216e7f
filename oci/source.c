#include "oci/source.h"

#include <stdio.h>

#include "core/text.h"
#include "oci/limits.h"
#include "oci/reference_grammar.h"

const char *registry_outcome_name(enum registry_outcome o)
{
	switch (o) {
	case REGISTRY_INVALID:
		return "invalid";
	case REGISTRY_REFUSED:
		return "refused";
	case REGISTRY_CONTENT:
		return "content";
	case REGISTRY_TOO_LARGE:
		return "too_large";
	case REGISTRY_TIMEOUT:
		return "timeout";
	case REGISTRY_CONNECT:
		return "connect";
	case REGISTRY_TLS:
		return "tls";
	case REGISTRY_UNAUTHORIZED:
		return "unauthorized";
	case REGISTRY_RATE_LIMITED:
		return "rate_limited";
	case REGISTRY_HTTP_4XX:
		return "http_4xx";
	case REGISTRY_HTTP_5XX:
		return "http_5xx";
	case REGISTRY_NOT_FOUND:
		return "not_found";
	case REGISTRY_OK:
		return "ok";
	}
	BUG("registry outcome %d", (int)o);
}

const char *registry_outcome_label(enum registry_outcome o)
{
	bool no_label = o == REGISTRY_CONTENT || o == REGISTRY_TOO_LARGE || o == REGISTRY_REFUSED;
	return registry_outcome_name(no_label ? REGISTRY_INVALID : o);
}

bool registry_outcome_is_unknown(enum registry_outcome o)
{
	return o != REGISTRY_OK && o != REGISTRY_NOT_FOUND;
}

static void refuse(struct registry_reply *out, const char *text)
{
	*out = (struct registry_reply){.outcome = REGISTRY_REFUSED, .text = str_of(text)};
}

/* What becomes part of an address or of a file name is of the grammar, whoever asks. */
static const char *refusal(const struct registry_repository *r)
{
	if (reference_grammar_host(r->host))
		return "not asked: the host of the repository is malformed";
	if (reference_grammar_path(r->path, false))
		return "not asked: the path of the repository is malformed";
	return NULL;
}

void registry_fetch_manifest(const struct registry_source *s, const struct registry_call *call,
			     const struct registry_repository *repository, struct str name,
			     struct registry_reply *out)
{
	const char *why = refusal(repository);
	if (!why && reference_grammar_tag(name) && !reference_grammar_is_pin(name))
		why = "not asked: the name is neither a tag nor a sha256 digest";
	if (why) {
		refuse(out, why);
		return;
	}
	s->manifest(s->self, call, repository, name, out);
	if (call->max_bytes && out->outcome == REGISTRY_OK && out->body.n > call->max_bytes)
		*out = (struct registry_reply){.outcome = REGISTRY_TOO_LARGE,
					       .status = out->status,
					       .tries = out->tries,
					       .elapsed_ms = out->elapsed_ms,
					       .text = S("the manifest is too large")};
}

static void too_large(const struct registry_call *call, uint64_t size, uint64_t max,
		      struct registry_reply *out)
{
	struct text t;
	*out = (struct registry_reply){.outcome = REGISTRY_TOO_LARGE};
	text_init(&t, call->arena, 256);
	text_printf(&t,
		    "not asked: the blob has %llu bytes by its descriptor, and at most %llu "
		    "are allowed",
		    (unsigned long long)size, (unsigned long long)max);
	if (!text_done(&t, &out->text))
		out->text = S("not asked: the blob is too large");
}

void registry_fetch_blob(const struct registry_source *s, const struct registry_call *call,
			 const struct registry_repository *repository, const struct descriptor *d,
			 uint64_t max_bytes, struct registry_reply *out)
{
	const char *why = refusal(repository);
	if (max_bytes > LIMIT_BLOB_BYTES)
		max_bytes = LIMIT_BLOB_BYTES;
	if (!why && !d->has_sha256)
		why = "not asked: the digest of the blob is not sha256";
	if (why)
		refuse(out, why);
	else if (d->size > max_bytes)
		too_large(call, d->size, max_bytes, out);
	else
		s->blob(s->self, call, repository, &d->digest, d->size, out);
}

void registry_fetch_referrers(const struct registry_source *s, const struct registry_call *call,
			      const struct registry_repository *repository,
			      const struct sha256 *subject, const struct registry_filter *filter,
			      struct registry_referrers *out)
{
	const char *why = refusal(repository);
	*out = (struct registry_referrers){.n = 0};
	if (why)
		refuse(&out->reply, why);
	else
		s->referrers(s->self, call, repository, subject, filter, out);
}

void digest_tag(const struct sha256 *d, const char *suffix, char out[DIGEST_TAG_MAX])
{
	char hex[SHA256_HEX + 1];
	sha256_hex(d, hex);
	snprintf(out, DIGEST_TAG_MAX, "sha256-%s%s", hex, suffix);
}

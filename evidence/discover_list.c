/* The two lists of discovery. */
#include "core/text.h"
#include "evidence/discover_inside.h"
#include "evidence/limits.h"
#include "sigstore/statement.h"

enum verify_reason discover_reason(enum registry_outcome o)
{
	switch (o) {
	case REGISTRY_UNAUTHORIZED:
		return VERIFY_REGISTRY_DENIED;
	case REGISTRY_TIMEOUT:
		return VERIFY_DEADLINE;
	case REGISTRY_INVALID:
	case REGISTRY_REFUSED:
	case REGISTRY_CONTENT:
	case REGISTRY_TOO_LARGE:
	case REGISTRY_CONNECT:
	case REGISTRY_TLS:
	case REGISTRY_RATE_LIMITED:
	case REGISTRY_HTTP_4XX:
	case REGISTRY_HTTP_5XX:
	case REGISTRY_NOT_FOUND:
	case REGISTRY_OK:
		break;
	}
	return VERIFY_REGISTRY_FAILED;
}

void discover_unanswered(struct sig_fault *f, const struct registry_reply *r)
{
	sig_fault_set(f, discover_reason(r->outcome), "%.*s", STR_ARG(r->text));
}

bool discover_is_pushed(struct sig_fault *f, const struct registry_reply *r,
			enum verify_reason form)
{
	if (r->outcome != REGISTRY_CONTENT && r->outcome != REGISTRY_TOO_LARGE)
		return false;
	sig_fault_set(f, r->outcome == REGISTRY_CONTENT ? form : VERIFY_TOO_LARGE, "%.*s",
		      STR_ARG(r->text));
	return true;
}

int discover_read_manifest(const struct registry_call *call, const struct registry_reply *r,
			   struct manifest *m, struct err *e)
{
	gate_enter(call->large, r->body.n);
	int rc = manifest_parse(call->arena, r->body, r->media_type, m, e);
	gate_leave(call->large, r->body.n);
	return rc;
}

bool discover_denies(const struct discovery *d, const struct node *annotations, const char *key)
{
	struct str type = manifest_annotation(annotations, str_of(key));

	return type.n && !str_eq(type, discover_is_attestation(d) ? d->predicate_type
								  : S(STATEMENT_COSIGN_SIGN));
}

static void list_add(struct discovery_list *l, bool layer, const struct descriptor *d)
{
	if (l->n == LIMIT_SIGNATURE_LAYERS)
		l->truncated = true;
	else
		l->entries[l->n++] = (struct discovery_entry){layer, *d};
}

static void list_room(struct discovery_list *l, struct arena *a, size_t n)
{
	size_t room = n < LIMIT_SIGNATURE_LAYERS ? n : LIMIT_SIGNATURE_LAYERS;

	l->entries = arena_calloc(a, room, sizeof(*l->entries));
	if (!l->entries)
		sig_fault_room(&l->fault);
}

static const char *tag_suffix(const struct discovery *d)
{
	return discover_is_attestation(d) ? ".att" : ".sig";
}

static bool wants_layer(const struct discovery *d, const struct descriptor *layer)
{
	return !discover_is_attestation(d) || d->thorough ||
	       !discover_denies(d, layer->annotations, ANNOTATION_LAYER_TYPE);
}

/* cosign appends: where there are too many, the last ones are the newest. */
static void list_layers(const struct discovery *d, const struct manifest *m,
			struct discovery_list *out)
{
	size_t wanted = 0, skip;

	for (size_t i = 0; i < m->n_layers; i++)
		wanted += wants_layer(d, &m->layers[i]);
	out->truncated = wanted > LIMIT_SIGNATURE_LAYERS;
	skip = discover_is_attestation(d) && out->truncated ? wanted - LIMIT_SIGNATURE_LAYERS : 0;
	for (size_t i = 0; i < m->n_layers; i++) {
		if (!wants_layer(d, &m->layers[i]))
			continue;
		if (skip)
			skip--;
		else
			list_add(out, true, &m->layers[i]);
	}
}

static void add_layers(const struct discovery *d, const struct registry_call *call,
		       struct discovery_list *out)
{
	struct manifest m;
	struct err e;

	if (discover_read_manifest(call, &out->reply, &m, &e) < 0) {
		sig_fault_set(&out->fault, e.kind == ERR_INPUT ? VERIFY_JSON : VERIFY_NO_ROOM,
			      "the %s manifest: %s", tag_suffix(d), e.text);
		return;
	}
	if (m.kind != MANIFEST_IMAGE) {
		sig_fault_set(&out->fault, VERIFY_MEDIA_TYPE, "the %s manifest is an index",
			      tag_suffix(d));
		return;
	}
	list_room(out, call->arena, m.n_layers);
	if (out->entries)
		list_layers(d, &m, out);
}

void discover_layers(const struct discovery *d, const struct registry_call *call,
		     struct discovery_list *out)
{
	struct registry_call limited = *call;
	char tag[DIGEST_TAG_MAX];

	limited.max_bytes = LIMIT_SIG_MANIFEST_BYTES;
	*out = (struct discovery_list){.fault = {.reason = VERIFY_VERIFIED}};
	digest_tag(&d->digest, tag_suffix(d), tag);
	registry_fetch_manifest(d->source, &limited, &d->repository, str_of(tag), &out->reply);
	if (out->reply.outcome == REGISTRY_OK)
		add_layers(d, call, out);
	else if (out->reply.outcome != REGISTRY_NOT_FOUND &&
		 !discover_is_pushed(&out->fault, &out->reply, VERIFY_JSON))
		discover_unanswered(&out->fault, &out->reply);
}

/* source: cosign's tag fallback and some registries copy config.mediaType into artifactType */
static bool wants_referrer(void *self, const struct descriptor *d)
{
	const struct discovery *what = self;
	struct str type = d->artifact_type;

	if (type.n && !str_starts(type, S(BUNDLE_MEDIA_TYPE_PREFIX)) &&
	    !str_eq(type, S(MEDIA_EMPTY)) &&
	    (discover_is_attestation(what) || !str_eq(type, S(MEDIA_COSIGN_SIG))))
		return false;
	return what->thorough || !discover_denies(what, d->annotations, ANNOTATION_PREDICATE_TYPE);
}

void discover_referrers(const struct discovery *d, const struct registry_call *call,
			struct discovery_list *out)
{
	struct discovery copy = *d;
	const struct registry_filter filter = {wants_referrer, &copy};
	struct registry_referrers r;

	*out = (struct discovery_list){.fault = {.reason = VERIFY_VERIFIED}};
	registry_fetch_referrers(d->source, call, &d->repository, &d->digest, &filter, &r);
	out->reply = r.reply;
	out->truncated = r.truncated;
	list_room(out, call->arena, r.n);
	for (size_t i = 0; out->entries && i < r.n; i++)
		list_add(out, false, &r.items[i]);
	if (registry_outcome_is_unknown(r.reply.outcome) &&
	    !discover_is_pushed(&out->fault, &r.reply, VERIFY_JSON))
		discover_unanswered(&out->fault, &r.reply);
}

#include "evidence/discover.h"

#include "core/text.h"
#include "evidence/limits.h"
#include "sigstore/limits.h"
#include "sigstore/statement.h"

#define MEDIA_EMPTY "application/vnd.oci.empty.v1+json"
#define ANNOTATION_PREDICATE_TYPE "dev.sigstore.bundle.predicateType"

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

/* The registry failed: its own words. */
static void unanswered(struct sig_fault *f, const struct registry_reply *r)
{
	sig_fault_set(f, discover_reason(r->outcome), "%.*s", STR_ARG(r->text));
}

/* What somebody pushed is no signature of ours, whatever it is; it must not look like a failure either. */
static bool is_pushed(struct sig_fault *f, const struct registry_reply *r, enum verify_reason form)
{
	if (r->outcome != REGISTRY_CONTENT && r->outcome != REGISTRY_TOO_LARGE)
		return false;
	sig_fault_set(f, r->outcome == REGISTRY_CONTENT ? form : VERIFY_TOO_LARGE, "%.*s",
		      STR_ARG(r->text));
	return true;
}

/* A large one waits for its turn. */
static int read_manifest(const struct registry_call *call, const struct registry_reply *r,
			 struct manifest *m, struct err *e)
{
	gate_enter(call->large, r->body.n);
	int rc = manifest_parse(call->arena, r->body, r->media_type, m, e);
	gate_leave(call->large, r->body.n);
	return rc;
}

/* ---- the lists ---- */

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

static void add_layers(const struct registry_call *call, struct discovery_list *out)
{
	struct manifest m;
	struct err e;

	if (read_manifest(call, &out->reply, &m, &e) < 0) {
		sig_fault_set(&out->fault, e.kind == ERR_INPUT ? VERIFY_JSON : VERIFY_NO_ROOM,
			      "the .sig manifest: %s", e.text);
		return;
	}
	if (m.kind != MANIFEST_IMAGE) {
		sig_fault_set(&out->fault, VERIFY_MEDIA_TYPE, "the .sig manifest is an index");
		return;
	}
	list_room(out, call->arena, m.n_layers);
	for (size_t i = 0; out->entries && i < m.n_layers; i++)
		list_add(out, true, &m.layers[i]);
}

void discover_layers(const struct discovery *d, const struct registry_call *call,
		     struct discovery_list *out)
{
	struct registry_call limited = *call;
	char tag[DIGEST_TAG_MAX];

	limited.max_bytes = LIMIT_SIG_MANIFEST_BYTES;
	*out = (struct discovery_list){.fault = {.reason = VERIFY_VERIFIED}};
	digest_tag(&d->digest, ".sig", tag);
	registry_fetch_manifest(d->source, &limited, &d->repository, str_of(tag), &out->reply);
	if (out->reply.outcome == REGISTRY_OK)
		add_layers(call, out);
	else if (out->reply.outcome != REGISTRY_NOT_FOUND &&
		 !is_pushed(&out->fault, &out->reply, VERIFY_JSON))
		unanswered(&out->fault, &out->reply);
}

/* Annotations are hints. One that denies being a signature is believed: it only could have been a yes. */
static bool denies_being_signature(const struct node *annotations)
{
	struct str type = manifest_annotation(annotations, S(ANNOTATION_PREDICATE_TYPE));

	return type.n && !str_eq(type, S(STATEMENT_COSIGN_SIGN));
}

/* source: cosign's tag fallback and some registries copy config.mediaType into artifactType */
static bool wants_referrer(void *self, const struct descriptor *d)
{
	const struct discovery *what = self;
	struct str type = d->artifact_type;

	if (type.n && !str_starts(type, S(BUNDLE_MEDIA_TYPE_PREFIX)) &&
	    !str_eq(type, S(MEDIA_EMPTY)) && !str_eq(type, S(MEDIA_COSIGN_SIG)))
		return false;
	return what->thorough || !denies_being_signature(d->annotations);
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
	    !is_pushed(&out->fault, &r.reply, VERIFY_JSON))
		unanswered(&out->fault, &r.reply);
}

/* ---- one entry ---- */

struct visit {
	const struct discovery *d;
	const struct discovery_memory *m;
	const struct discovery_visitor *v;
	struct deadline deadline;
	struct discovered what; /* bundle or fault to come */
	bool *truncated;
};

static bool hand_over(struct visit *v)
{
	return v->v->found(v->v->self, &v->what);
}

#define REJECT(v, reason, ...)                                                                     \
	(sig_fault_set(&(v)->what.fault, (reason), __VA_ARGS__), hand_over(v))

/* A part of a signature that the registry did not hand out. */
static bool missing(struct visit *v, const struct registry_reply *r, bool blob)
{
	v->what.outcome = r->outcome;
	if (r->outcome == REGISTRY_NOT_FOUND)
		return REJECT(v, VERIFY_BLOB, "listed, but the registry does not have it");
	if (!is_pushed(&v->what.fault, r, blob ? VERIFY_BLOB : VERIFY_JSON))
		unanswered(&v->what.fault, r);
	return hand_over(v);
}

/* The blob of a descriptor, in the scratch arena. False: handed over as a fault; *go_on is the answer. */
static bool fetch_blob(struct visit *v, const struct descriptor *d, uint64_t max, struct str *out,
		       bool *go_on)
{
	const struct registry_call call = {.arena = v->m->scratch, .deadline = v->deadline};
	struct registry_reply r = {0};

	if (!d->has_sha256) {
		*go_on = REJECT(v, VERIFY_BLOB, "its digest is not sha256");
		return false;
	}
	registry_fetch_blob(v->d->source, &call, &v->d->repository, d, max, &r);
	if (r.outcome != REGISTRY_OK) {
		*go_on = missing(v, &r, true);
		return false;
	}
	*out = r.body;
	return true;
}

static bool visit_layer(struct visit *v, const struct descriptor *d)
{
	struct bundle_layer layer = {.media_type = d->media_type, .annotations = d->annotations};
	struct bundle *b = NULL;
	bool go_on;

	arena_reset(v->m->scratch);
	v->what = (struct discovered){.digest = d->digest};
	if (!str_eq(d->media_type, S(BUNDLE_LAYER_SIG)))
		return REJECT(v, VERIFY_MEDIA_TYPE, "a layer that is not of type %s",
			      BUNDLE_LAYER_SIG);
	if (!fetch_blob(v, d, LIMIT_PAYLOAD_BYTES, &layer.blob, &go_on))
		return go_on;
	if (bundle_from_layer(v->m->scratch, &layer, &b, &v->what.fault) == 0)
		v->what.bundle = b;
	return hand_over(v);
}

static bool visit_bundle(struct visit *v, const struct sha256 *digest, const struct descriptor *d)
{
	struct str blob;
	struct bundle *b = NULL;
	bool go_on;

	arena_reset(v->m->scratch);
	v->what = (struct discovered){.digest = *digest};
	if (!fetch_blob(v, d, LIMIT_SIGNATURE_BUNDLE_BYTES, &blob, &go_on))
		return go_on;
	if (bundle_parse(v->m->scratch, blob, &b, &v->what.fault) == 0)
		v->what.bundle = b;
	return hand_over(v);
}

static bool is_subject(const struct visit *v, const struct manifest *m)
{
	return !m->has_subject ||
	       (m->subject.has_sha256 &&
		memcmp(m->subject.digest.bytes, v->d->digest.bytes, SHA256_BYTES) == 0);
}

static void visit_layers(struct visit *v, const struct manifest *m)
{
	size_t n = m->n_layers;

	if (n > LIMIT_SIGNATURE_LAYERS) {
		n = LIMIT_SIGNATURE_LAYERS;
		*v->truncated = true;
	}
	for (size_t i = 0; i < n; i++) {
		if (!visit_layer(v, &m->layers[i]))
			return;
	}
}

static void visit_manifest(struct visit *v, const struct sha256 *digest, const struct manifest *m)
{
	if (m->kind != MANIFEST_IMAGE)
		REJECT(v, VERIFY_MEDIA_TYPE, "a referrer that is an index");
	else if (!is_subject(v, m))
		REJECT(v, VERIFY_CONTENT, "a referrer whose subject is another image");
	else if (str_eq(m->config.media_type, S(MEDIA_COSIGN_SIG)))
		visit_layers(v, m);
	else if (m->n_layers == 0 ||
		 !str_starts(m->layers[0].media_type, S(BUNDLE_MEDIA_TYPE_PREFIX)))
		REJECT(v, VERIFY_NO_SIGNATURE, "a referrer that holds something else");
	else if (m->n_layers != 1)
		REJECT(v, VERIFY_CONTENT, "a referrer of %zu layers, want 1", m->n_layers);
	else if (denies_being_signature(m->annotations))
		REJECT(v, VERIFY_PREDICATE_TYPE, "a statement that is no signature");
	else
		visit_bundle(v, digest, &m->layers[0]);
}

static void visit_referrer(struct visit *v, const struct descriptor *d)
{
	const struct registry_call call = {.arena = v->m->page,
					   .deadline = v->deadline,
					   .max_bytes = LIMIT_REFERRER_MANIFEST_BYTES,
					   .large = v->d->large};
	struct registry_reply r = {0};
	struct manifest m;
	struct err e;

	arena_reset(v->m->page);
	arena_reset(v->m->scratch);
	v->what = (struct discovered){.digest = d->digest};
	if (!d->has_sha256) {
		REJECT(v, VERIFY_BLOB, "its digest is not sha256");
		return;
	}
	if (denies_being_signature(d->annotations)) {
		REJECT(v, VERIFY_PREDICATE_TYPE, "a statement that is no signature");
		return;
	}
	if (d->size > LIMIT_REFERRER_MANIFEST_BYTES) {
		REJECT(v, VERIFY_TOO_LARGE, "its manifest has %llu bytes, want at most %u",
		       (unsigned long long)d->size, LIMIT_REFERRER_MANIFEST_BYTES);
		return;
	}
	registry_fetch_manifest(v->d->source, &call, &v->d->repository, d->digest_text, &r);
	if (r.outcome != REGISTRY_OK)
		missing(v, &r, false);
	else if (read_manifest(&call, &r, &m, &e) < 0)
		REJECT(v, e.kind == ERR_INPUT ? VERIFY_JSON : VERIFY_NO_ROOM, "its manifest: %s",
		       e.text);
	else
		visit_manifest(v, &d->digest, &m);
}

void discover_entry(const struct discovery *d, const struct discovery_entry *entry,
		    const struct discovery_memory *m, struct deadline deadline,
		    const struct discovery_visitor *v, bool *truncated)
{
	struct visit visit = {.d = d, .m = m, .v = v, .deadline = deadline, .truncated = truncated};

	*truncated = false;
	if (entry->layer)
		visit_layer(&visit, &entry->descriptor);
	else
		visit_referrer(&visit, &entry->descriptor);
}

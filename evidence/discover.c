/* One entry of a list: fetched, parsed, handed over. */
#include "evidence/discover_inside.h"
#include "evidence/limits.h"
#include "sigstore/limits.h"

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

/* An attestation that is listed and cannot be had may be the newest, and a bad one. */
static bool missing_attestation(struct visit *v, const struct registry_reply *r)
{
	if (r->outcome == REGISTRY_NOT_FOUND)
		return REJECT(v, VERIFY_REGISTRY_FAILED,
			      "listed, but the registry does not have it");
	discover_unanswered(&v->what.fault, r);
	return hand_over(v);
}

/* A part of a signature that the registry did not hand out. */
static bool missing(struct visit *v, const struct registry_reply *r, bool blob)
{
	v->what.outcome = r->outcome;
	if (discover_is_attestation(v->d))
		return missing_attestation(v, r);
	if (r->outcome == REGISTRY_NOT_FOUND)
		return REJECT(v, VERIFY_BLOB, "listed, but the registry does not have it");
	if (!discover_is_pushed(&v->what.fault, r, blob ? VERIFY_BLOB : VERIFY_JSON))
		discover_unanswered(&v->what.fault, r);
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

static bool reject_other_type(struct visit *v)
{
	return REJECT(v, VERIFY_PREDICATE_TYPE,
		      discover_is_attestation(v->d) ? "a statement of another type"
						    : "a statement that is no signature");
}

/* What the blob of a descriptor is: of a layer of the .sig or .att manifest, or a bundle. */
struct content {
	const struct descriptor *d;
	bool layer;
};

static bool judge_blob(struct visit *v, const struct content *c, struct str blob)
{
	struct bundle *b = NULL;
	const struct bundle_layer layer = {.media_type = c->d->media_type,
					   .annotations = c->d->annotations,
					   .blob = blob};
	int rc = c->layer ? bundle_from_layer(v->m->scratch, &layer, &b, &v->what.fault)
			  : bundle_parse(v->m->scratch, blob, &b, &v->what.fault);

	if (rc == 0)
		v->what.bundle = b;
	v->what.verify = v->m->verify;
	return hand_over(v);
}

static uint64_t most_bytes(const struct visit *v, const struct content *c)
{
	if (discover_is_attestation(v->d))
		return LIMIT_ATTESTATION_BYTES;
	return c->layer ? LIMIT_PAYLOAD_BYTES : LIMIT_SIGNATURE_BUNDLE_BYTES;
}

static bool visit_small(struct visit *v, const struct content *c)
{
	struct str blob;
	bool go_on;

	arena_reset(v->m->scratch);
	if (!fetch_blob(v, c->d, most_bytes(v, c), &blob, &go_on))
		return go_on;
	return judge_blob(v, c, blob);
}

/* With memory of its own, and within the room for such ones: v->m is that of a thread. */
static bool visit_in(struct visit *v, const struct content *c, const struct discovery_memory *own)
{
	const struct discovery_memory *usual = v->m;
	struct gate *reading = v->d->attestations ? &v->d->attestations->reading : NULL;
	struct str blob;
	bool go_on;

	v->m = own;
	if (fetch_blob(v, c->d, most_bytes(v, c), &blob, &go_on)) {
		gate_enter(reading, blob.n);
		go_on = judge_blob(v, c, blob);
		gate_leave(reading, blob.n);
	}
	v->m = usual;
	return go_on;
}

static bool visit_large(struct visit *v, const struct content *c)
{
	struct arena *scratch CLEANUP(arena_cleanup) = arena_new(LIMIT_LARGE_SCRATCH_BYTES);
	struct arena *verify CLEANUP(arena_cleanup) = arena_new(LIMIT_LARGE_JUDGING_BYTES);
	const struct discovery_memory own = {v->m->page, scratch, verify};
	bool go_on;

	if (!scratch || !verify) {
		v->what.outcome = REGISTRY_OK;
		return REJECT(v, VERIFY_NOT_VERIFIED, "there is no memory to read it");
	}
	if (!large_enter(v->d->attestations, (size_t)c->d->size, v->deadline)) {
		v->what.outcome = REGISTRY_TIMEOUT;
		return REJECT(v, VERIFY_DEADLINE, "other large attestations were still being read");
	}
	go_on = visit_in(v, c, &own);
	large_leave(v->d->attestations, (size_t)c->d->size);
	return go_on;
}

static bool visit_content(struct visit *v, const struct content *c)
{
	if (discover_is_attestation(v->d) && c->d->size > LIMIT_SIGNATURE_BUNDLE_BYTES &&
	    c->d->size <= LIMIT_ATTESTATION_BYTES)
		return visit_large(v, c);
	return visit_small(v, c);
}

static bool visit_layer(struct visit *v, const struct descriptor *d)
{
	const char *type = discover_is_attestation(v->d) ? BUNDLE_LAYER_ATT : BUNDLE_LAYER_SIG;

	v->what = (struct discovered){.digest = d->digest};
	if (!str_eq(d->media_type, str_of(type)))
		return REJECT(v, VERIFY_MEDIA_TYPE, "a layer that is not of type %s", type);
	if (discover_is_attestation(v->d) &&
	    discover_denies(v->d, d->annotations, ANNOTATION_LAYER_TYPE))
		return reject_other_type(v);
	return visit_content(v, &(struct content){d, true});
}

static bool visit_bundle(struct visit *v, const struct sha256 *digest, const struct descriptor *d)
{
	v->what = (struct discovered){.digest = *digest};
	return visit_content(v, &(struct content){d, false});
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
	else if (!discover_is_attestation(v->d) &&
		 str_eq(m->config.media_type, S(MEDIA_COSIGN_SIG)))
		visit_layers(v, m);
	else if (m->n_layers == 0 ||
		 !str_starts(m->layers[0].media_type, S(BUNDLE_MEDIA_TYPE_PREFIX)))
		REJECT(v, VERIFY_NO_SIGNATURE, "a referrer that holds something else");
	else if (m->n_layers != 1)
		REJECT(v, VERIFY_CONTENT, "a referrer of %zu layers, want 1", m->n_layers);
	else if (discover_denies(v->d, m->annotations, ANNOTATION_PREDICATE_TYPE))
		reject_other_type(v);
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
	if (discover_denies(v->d, d->annotations, ANNOTATION_PREDICATE_TYPE)) {
		reject_other_type(v);
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
	else if (discover_read_manifest(&call, &r, &m, &e) < 0)
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

#include "sigstore/bundle.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *bundle_format_name(enum bundle_format f)
{
	switch (f) {
	case BUNDLE_V01:
		return "bundle-v0.1";
	case BUNDLE_V02:
		return "bundle-v0.2";
	case BUNDLE_V03:
		return "bundle-v0.3";
	case BUNDLE_LEGACY_SIG:
		return "legacy-sig";
	case BUNDLE_LEGACY_ATT:
		return "legacy-att";
	case BUNDLE_FORMAT_NONE:
		break;
	}
	return "none";
}

static const struct {
	const char *media_type;
	enum bundle_format format;
} versions[] = {
	{"application/vnd.dev.sigstore.bundle+json;version=0.1", BUNDLE_V01},
	{"application/vnd.dev.sigstore.bundle+json;version=0.2", BUNDLE_V02},
	{"application/vnd.dev.sigstore.bundle+json;version=0.3", BUNDLE_V03},
	{"application/vnd.dev.sigstore.bundle.v0.3+json", BUNDLE_V03},
};

static const struct str root_fields[] = {
	{"mediaType", 9},
	{"verificationMaterial", 20},
	{"messageSignature", 16},
	{"dsseEnvelope", 12},
};
static const struct str message_fields[] = {
	{"messageDigest", 13},
	{"signature", 9},
};
static const struct str digest_fields[] = {
	{"algorithm", 9},
	{"digest", 6},
};

static int parse_media_type(const struct pj *r, struct pj_at root, struct bundle *b)
{
	char quote[SIG_QUOTE_BYTES];
	struct str s;

	TRY(pj_str(r, root, "mediaType", &s));
	for (size_t i = 0; i < COUNT(versions); i++) {
		if (str_eq(s, str_of(versions[i].media_type))) {
			b->format = versions[i].format;
			return 0;
		}
	}
	return sig_fault_set(r->fault, VERIFY_MEDIA_TYPE, "mediaType: %s is no known bundle",
			     sig_quote(quote, s));
}

static int parse_message(const struct pj *r, const struct node *map, struct bundle *b)
{
	struct pj_at at = {map, "messageSignature"};
	const struct node *digest;

	TRY(pj_fields(r, at, message_fields, COUNT(message_fields)));
	TRY(pj_map(r, at, "messageDigest", &digest));
	TRY(pj_bytes(r, at, "signature", &b->signature));
	if (b->signature.n == 0)
		return sig_fault_set(r->fault, VERIFY_SIGNATURE_EMPTY, "%s.signature: empty",
				     at.path);
	if (b->signature.n > LIMIT_SIGNATURE_BYTES)
		return sig_fault_set(r->fault, VERIFY_SIGNATURE_TOO_LARGE,
				     "%s.signature: %zu bytes, at most %d", at.path, b->signature.n,
				     LIMIT_SIGNATURE_BYTES);
	if (!digest)
		return pj_missing(r, at, "messageDigest");
	at = (struct pj_at){digest, "messageSignature.messageDigest"};
	TRY(pj_fields(r, at, digest_fields, COUNT(digest_fields)));
	TRY(pj_str(r, at, "algorithm", &b->message_hash));
	TRY(pj_bytes(r, at, "digest", &b->message_digest));
	b->content = BUNDLE_MESSAGE;
	return 0;
}

static int parse_content(const struct pj *r, struct pj_at root, struct bundle *b)
{
	const struct node *message, *envelope;

	TRY(pj_map(r, root, "messageSignature", &message));
	TRY(pj_map(r, root, "dsseEnvelope", &envelope));
	if (!message == !envelope)
		return sig_fault_set(r->fault, VERIFY_CONTENT,
				     message ? "both messageSignature and dsseEnvelope"
					     : "neither messageSignature nor dsseEnvelope");
	if (message)
		return parse_message(r, message, b);
	TRY(dsse_parse(r, (struct pj_at){envelope, "dsseEnvelope"}, &b->envelope));
	b->signature = b->envelope.signature;
	b->content = BUNDLE_ENVELOPE;
	return 0;
}

int bundle_parse(struct arena *a, struct str bytes, struct bundle **out, struct sig_fault *f)
{
	struct pj r = {a, f, true};
	struct pj_at root = {NULL, ""};
	const struct node *material;
	struct bundle *b = arena_alloc(a, sizeof(*b));

	if (!b)
		return sig_fault_room(f);
	TRY(pj_parse(&r, "bundle", bytes, LIMIT_BUNDLE_BYTES, &root.map));
	TRY(pj_fields(&r, root, root_fields, COUNT(root_fields)));
	TRY(parse_media_type(&r, root, b));
	TRY(pj_map(&r, root, "verificationMaterial", &material));
	if (!material)
		return pj_missing(&r, root, "verificationMaterial");
	TRY(bundle_parse_material(&r, material, b));
	TRY(parse_content(&r, root, b));
	b->blob = bytes;
	*out = b;
	return 0;
}

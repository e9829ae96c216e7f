#include "core/base64.h"
#include "sigstore/pem.h"
#include "sigstore/rekor_body.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int malformed(const struct pj *r, struct pj_at at, const char *name, const char *what)
{
	return sig_fault_set(r->fault, VERIFY_LOG_BODY, "%s.%s: %s", at.path, name, what);
}

/* ---- values that bodies have in common ---- */

/* A map that must be there. */
static int take_map(const struct pj *r, struct pj_at at, const char *name, const char *path,
		    struct pj_at *out)
{
	*out = (struct pj_at){NULL, path};
	TRY(pj_map(r, at, name, &out->map));
	return out->map ? 0 : pj_missing(r, at, name);
}

/* The only item of a list. */
static int take_only(const struct pj *r, struct pj_at at, const char *name, const char *path,
		     struct pj_at *out)
{
	const struct node *list;

	TRY(pj_list(r, at, name, NODE_MAP, SIZE_MAX, VERIFY_LOG_BODY, &list));
	if (node_len(list) != 1)
		return malformed(r, at, name, "want exactly one item");
	*out = (struct pj_at){node_at(list, 0), path};
	return 0;
}

static int take_bytes(const struct pj *r, struct pj_at at, const char *name, struct str *out)
{
	TRY(pj_bytes(r, at, name, out));
	return out->n > 0 ? 0 : malformed(r, at, name, "missing or empty");
}

/* base64 of the PEM of a certificate or key. */
static int take_pem(const struct pj *r, struct pj_at at, const char *name, struct rekor_body *b)
{
	struct err e = {.kind = ERR_INTERNAL};
	struct str text;
	struct pem pem;

	TRY(take_bytes(r, at, name, &text));
	if (pem_parse(r->arena, text, &pem, &e) < 0)
		return arena_exhausted(r->arena) ? sig_fault_room(r->fault)
						 : malformed(r, at, name, e.text);
	b->has_certificate = str_eq(pem.label, S("CERTIFICATE"));
	if (!b->has_certificate && !str_eq(pem.label, S("PUBLIC KEY")))
		return malformed(r, at, name, "neither a certificate nor a public key");
	b->verifier = pem.der;
	return 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode_hex(struct str hex, char *out)
{
	for (size_t i = 0; i < hex.n / 2; i++) {
		int high = nibble(hex.p[2 * i]), low = nibble(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (char)(high << 4 | low);
	}
	return true;
}

struct hash_name {
	const char *name;
	unsigned bits;
};
static const struct hash_name v1_hashes[] = {{"sha256", 256}, {"sha384", 384}, {"sha512", 512}};
static const struct hash_name v2_hashes[] = {{"SHA2_256", 256},
					     {"SHA2_384", 384},
					     {"SHA2_512", 512}};

/* 0: not one of them. */
static unsigned hash_bits(const struct hash_name names[3], struct str name)
{
	for (size_t i = 0; i < 3; i++) {
		if (str_eq(name, str_of(names[i].name)))
			return names[i].bits;
	}
	return 0;
}

/* {"algorithm": "sha256", "value": hex}; absent: bits 0. */
static int take_hash(const struct pj *r, struct pj_at parent, const char *name, const char *path,
		     struct rekor_hash *out)
{
	struct pj_at at = {NULL, path};
	struct str algorithm, hex;
	char *bytes;
	unsigned bits;

	*out = (struct rekor_hash){.bits = 0};
	TRY(pj_map(r, parent, name, &at.map));
	if (!at.map)
		return 0;
	TRY(pj_str(r, at, "algorithm", &algorithm));
	TRY(pj_str(r, at, "value", &hex));
	bits = hash_bits(v1_hashes, algorithm);
	if (bits == 0)
		return malformed(r, at, "algorithm", "not a hash that counts");
	if (hex.n != bits / 4)
		return malformed(r, at, "value", "not the length of its hash");
	bytes = arena_alloc(r->arena, bits / 8);
	if (!bytes)
		return sig_fault_room(r->fault);
	if (!decode_hex(hex, bytes))
		return malformed(r, at, "value", "not hex digits");
	*out = (struct rekor_hash){bits, {bytes, bits / 8}};
	return 0;
}

static int take_required_hash(const struct pj *r, struct pj_at parent, const char *name,
			      const char *path, struct rekor_hash *out)
{
	TRY(take_hash(r, parent, name, path, out));
	return out->bits > 0 ? 0 : pj_missing(r, parent, name);
}

/* ---- the kinds ---- */

static int parse_hashedrekord_1(const struct pj *r, struct pj_at spec, struct rekor_body *b)
{
	struct pj_at signature, key, data;

	TRY(take_map(r, spec, "signature", "spec.signature", &signature));
	TRY(take_bytes(r, signature, "content", &b->signature));
	TRY(take_map(r, signature, "publicKey", "spec.signature.publicKey", &key));
	TRY(take_pem(r, key, "content", b));
	TRY(take_map(r, spec, "data", "spec.data", &data));
	b->has_signature = true;
	b->content = REKOR_SIGNED;
	return take_required_hash(r, data, "hash", "spec.data.hash", &b->hash);
}

static int parse_dsse_1(const struct pj *r, struct pj_at spec, struct rekor_body *b)
{
	struct pj_at signature;

	TRY(take_only(r, spec, "signatures", "spec.signatures[0]", &signature));
	TRY(take_bytes(r, signature, "signature", &b->signature));
	TRY(take_pem(r, signature, "verifier", b));
	TRY(take_required_hash(r, spec, "envelopeHash", "spec.envelopeHash", &b->envelope));
	b->has_signature = true;
	b->content = REKOR_PAYLOAD;
	return take_required_hash(r, spec, "payloadHash", "spec.payloadHash", &b->hash);
}

/* The envelope hash of this kind is over a form that only the log has had. */
static int parse_intoto_2(const struct pj *r, struct pj_at spec, struct rekor_body *b)
{
	struct pj_at content, envelope, signature;
	struct rekor_hash unused;
	struct str once, text;

	TRY(take_map(r, spec, "content", "spec.content", &content));
	TRY(take_map(r, content, "envelope", "spec.content.envelope", &envelope));
	TRY(pj_str(r, envelope, "payload", &text));
	TRY(pj_str(r, envelope, "payloadType", &text));
	TRY(take_only(r, envelope, "signatures", "spec.content.envelope.signatures[0]",
		      &signature));
	TRY(pj_str(r, signature, "keyid", &text));
	TRY(take_bytes(r, signature, "sig", &once));
	if (base64_decode(r->arena, once, &b->signature, NULL) < 0)
		return arena_exhausted(r->arena)
			       ? sig_fault_room(r->fault)
			       : malformed(r, signature, "sig", "not base64 of base64");
	TRY(take_pem(r, signature, "publicKey", b));
	TRY(take_hash(r, content, "hash", "spec.content.hash", &unused));
	b->has_signature = true;
	b->content = REKOR_PAYLOAD;
	return take_required_hash(r, content, "payloadHash", "spec.content.payloadHash", &b->hash);
}

/* It records no signature, but the hash of the envelope that holds it. */
static int parse_intoto_1(const struct pj *r, struct pj_at spec, struct rekor_body *b)
{
	struct pj_at content;

	TRY(take_pem(r, spec, "publicKey", b));
	TRY(take_map(r, spec, "content", "spec.content", &content));
	TRY(take_hash(r, content, "payloadHash", "spec.content.payloadHash", &b->hash));
	b->content = REKOR_PAYLOAD;
	return take_required_hash(r, content, "hash", "spec.content.hash", &b->envelope);
}

#define VERIFIER_2 "spec.hashedRekordV002.signature.verifier"

static int parse_verifier_2(const struct pj *r, struct pj_at signature, struct rekor_body *b)
{
	struct pj_at at, certificate = {NULL, VERIFIER_2 ".x509Certificate"};
	struct pj_at key = {NULL, VERIFIER_2 ".publicKey"};

	TRY(take_map(r, signature, "verifier", VERIFIER_2, &at));
	TRY(pj_str(r, at, "keyDetails", &b->key_details));
	TRY(pj_map(r, at, "x509Certificate", &certificate.map));
	TRY(pj_map(r, at, "publicKey", &key.map));
	if (!certificate.map == !key.map)
		return malformed(r, signature, "verifier",
				 "want exactly one of certificate and public key");
	b->has_certificate = certificate.map != NULL;
	b->has_key_details = true;
	return take_bytes(r, certificate.map ? certificate : key, "rawBytes", &b->verifier);
}

static int parse_hashedrekord_2(const struct pj *r, struct pj_at spec, struct rekor_body *b)
{
	struct pj_at at, data, signature;
	struct str algorithm;

	TRY(take_map(r, spec, "hashedRekordV002", "spec.hashedRekordV002", &at));
	TRY(take_map(r, at, "data", "spec.hashedRekordV002.data", &data));
	TRY(pj_str(r, data, "algorithm", &algorithm));
	b->hash.bits = hash_bits(v2_hashes, algorithm);
	if (b->hash.bits == 0)
		return malformed(r, data, "algorithm", "not a hash that counts");
	TRY(pj_bytes(r, data, "digest", &b->hash.digest));
	if (b->hash.digest.n != b->hash.bits / 8)
		return malformed(r, data, "digest", "not the length of its hash");
	TRY(take_map(r, at, "signature", "spec.hashedRekordV002.signature", &signature));
	TRY(take_bytes(r, signature, "content", &b->signature));
	b->has_signature = true;
	b->content = REKOR_SIGNED;
	return parse_verifier_2(r, signature, b);
}

/* ---- which kinds record which signatures ---- */

#define MESSAGE (1u << BUNDLE_MESSAGE)
#define PAYLOAD (1u << BUNDLE_PAYLOAD)
#define ENVELOPE (1u << BUNDLE_ENVELOPE)
#define BUNDLES (1u << BUNDLE_V01 | 1u << BUNDLE_V02 | 1u << BUNDLE_V03)
#define LEGACY (1u << BUNDLE_LEGACY_SIG | 1u << BUNDLE_LEGACY_ATT)

static const struct kind {
	const char *kind, *version;
	unsigned contents, formats;
	int (*parse)(const struct pj *r, struct pj_at spec, struct rekor_body *b);
} kinds[] = {
	{"hashedrekord", "0.0.1", MESSAGE | PAYLOAD, BUNDLES | LEGACY, parse_hashedrekord_1},
	{"hashedrekord", "0.0.2", MESSAGE | ENVELOPE, BUNDLES, parse_hashedrekord_2},
	{"dsse", "0.0.1", ENVELOPE, BUNDLES | LEGACY, parse_dsse_1},
	{"intoto", "0.0.2", ENVELOPE, BUNDLES | LEGACY, parse_intoto_2},
	{"intoto", "0.0.1", ENVELOPE, 1u << BUNDLE_LEGACY_ATT, parse_intoto_1},
};

/* What cosign attaches to legacy signatures announces no kind. */
static bool is_announced(const struct bundle_log_entry *entry, const struct bundle *b,
			 const struct rekor_body *body)
{
	if ((1u << b->format & LEGACY) && entry->kind.n == 0 && entry->version.n == 0)
		return true;
	return str_eq(entry->kind, body->kind) && str_eq(entry->version, body->version);
}

static int parse_kind(const struct pj *r, const struct bundle_log_entry *entry,
		      const struct bundle *b, struct rekor_body *body, const struct kind **out)
{
	char kind[SIG_QUOTE_BYTES], version[SIG_QUOTE_BYTES];

	sig_quote(kind, body->kind);
	sig_quote(version, body->version);
	if (!is_announced(entry, b, body))
		return sig_fault_set(r->fault, VERIFY_LOG_KIND,
				     "log entry: is %s %s, and announced as another kind", kind,
				     version);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct kind *k = &kinds[i];

		if (!str_eq(body->kind, str_of(k->kind)) ||
		    !str_eq(body->version, str_of(k->version)))
			continue;
		if (!(k->contents & 1u << b->content) || !(k->formats & 1u << b->format))
			return sig_fault_set(r->fault, VERIFY_LOG_KIND,
					     "log entry: %s %s does not record such a signature",
					     kind, version);
		*out = k;
		return 0;
	}
	return sig_fault_set(r->fault, VERIFY_LOG_KIND, "log entry: %s %s is no known kind", kind,
			     version);
}

static int parse(const struct pj *r, const struct bundle_log_entry *entry, const struct bundle *b,
		 struct rekor_body *body)
{
	struct pj_at root = {NULL, "body"}, spec;
	const struct kind *kind = NULL;

	TRY(pj_parse(r, "body", entry->body, LIMIT_BUNDLE_BYTES, &root.map));
	TRY(pj_str(r, root, "kind", &body->kind));
	TRY(pj_str(r, root, "apiVersion", &body->version));
	TRY(parse_kind(r, entry, b, body, &kind));
	TRY(take_map(r, root, "spec", "spec", &spec));
	return kind->parse(r, spec, body);
}

int rekor_body_parse(struct arena *a, const struct bundle_log_entry *entry, const struct bundle *b,
		     struct rekor_body *out, struct sig_fault *f)
{
	struct sig_fault inner = {.reason = VERIFY_LOG_BODY, .err = {.kind = ERR_INTERNAL}};
	struct pj r = {a, &inner, false};
	struct rekor_body body = {.has_signature = false};

	if (parse(&r, entry, b, &body) == 0) {
		*out = body;
		return 0;
	}
	if (inner.reason == VERIFY_NO_ROOM)
		return sig_fault_room(f);
	if (inner.reason == VERIFY_LOG_KIND)
		return sig_fault_set(f, VERIFY_LOG_KIND, "%s", inner.err.text);
	return sig_fault_set(f, VERIFY_LOG_BODY, "log entry: %s", inner.err.text);
}

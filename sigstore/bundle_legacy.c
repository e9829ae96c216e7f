/* The layers of .sig and .att manifests, as cosign writes them, in the shape of a bundle.
 * spec: sigstore sections 3.2 to 3.4 */
#include "core/base64.h"
#include "core/digest.h"
#include "sigstore/bundle.h"
#include "sigstore/certificate.h"
#include "sigstore/pem.h"

#define AT_SIGNATURE "dev.cosignproject.cosign/signature"
#define AT_CERTIFICATE "dev.sigstore.cosign/certificate"
#define AT_CHAIN "dev.sigstore.cosign/chain"
#define AT_BUNDLE "dev.sigstore.cosign/bundle"
#define AT_TIMESTAMP "dev.sigstore.cosign/rfc3161timestamp"

/* The annotation; white space alone counts as absent, which is empty. */
static int annotation(const struct pj *r, const struct bundle_layer *layer, const char *name,
		      struct str *out)
{
	struct pj_at at = {layer->annotations, ""};
	struct str s;

	TRY(pj_str(r, at, name, &s));
	*out = str_trim(s).n > 0 ? s : S("");
	return 0;
}

static int parse_certificate(const struct pj *r, const struct bundle_layer *layer, struct bundle *b)
{
	struct err e = {.kind = ERR_INTERNAL};
	struct str text;
	struct pem pem;
	bool self_issued;

	TRY(annotation(r, layer, AT_CHAIN, &b->chain_pem));
	TRY(annotation(r, layer, AT_CERTIFICATE, &text));
	b->material = BUNDLE_KEY;
	if (text.n == 0)
		return 0;
	if (pem_parse(r->arena, text, &pem, &e) < 0) {
		if (arena_exhausted(r->arena))
			return sig_fault_room(r->fault);
		return sig_fault_set(r->fault, VERIFY_CERTIFICATE_MALFORMED, "%s: %s",
				     AT_CERTIFICATE, e.text);
	}
	if (!str_eq(pem.label, S("CERTIFICATE")))
		return sig_fault_set(r->fault, VERIFY_CERTIFICATE_MALFORMED,
				     "%s: not a PEM certificate", AT_CERTIFICATE);
	TRY(certificate_check(pem.der, AT_CERTIFICATE, &self_issued, r->fault));
	b->certificates[b->n_certificates++] = pem.der;
	b->material = BUNDLE_CERTIFICATE;
	return 0;
}

/* 64 lower-case hex digits, as cosign writes the id of a log, to 32 bytes. */
static int parse_log_id(const struct pj *r, struct pj_at at, struct str *out)
{
	char whole[7 + SHA256_HEX] = "sha256:";
	struct sha256 d;
	struct str hex;

	TRY(pj_str(r, at, "logID", &hex));
	if (hex.n == SHA256_HEX)
		memcpy(whole + 7, hex.p, SHA256_HEX);
	if (hex.n != SHA256_HEX || !sha256_parse((struct str){whole, sizeof(whole)}, &d))
		return sig_fault_set(r->fault, VERIFY_FIELD_RANGE,
				     "%s.logID: want 64 lower-case hex digits", at.path);
	*out = (struct str){arena_dup(r->arena, d.bytes, SHA256_BYTES), SHA256_BYTES};
	return out->p ? 0 : sig_fault_room(r->fault);
}

/* The annotation with the signed entry timestamp becomes the only log entry. */
static int parse_log(const struct pj *r, const struct bundle_layer *layer, struct bundle *b)
{
	struct pj_at root = {NULL, AT_BUNDLE}, at = {NULL, AT_BUNDLE ".Payload"};
	struct bundle_log_entry *entry;
	struct str text;

	TRY(annotation(r, layer, AT_BUNDLE, &text));
	if (text.n == 0)
		return 0;
	entry = arena_alloc(r->arena, sizeof(*entry));
	if (!entry)
		return sig_fault_room(r->fault);
	TRY(pj_parse(r, root.path, text, LIMIT_BUNDLE_BYTES, &root.map));
	TRY(pj_bytes(r, root, "SignedEntryTimestamp", &entry->promise));
	TRY(pj_map(r, root, "Payload", &at.map));
	if (!at.map)
		return pj_missing(r, root, "Payload");
	TRY(pj_bytes(r, at, "body", &entry->body));
	TRY(pj_int64(r, at, "integratedTime", &entry->integrated_unix_s));
	TRY(pj_int64(r, at, "logIndex", &entry->log_index));
	TRY(parse_log_id(r, at, &entry->log_id));
	if (entry->promise.n == 0)
		return sig_fault_set(r->fault, VERIFY_LOG_PROMISE_MISSING,
				     "%s.SignedEntryTimestamp: missing", root.path);
	b->log_entries = entry;
	b->n_log_entries = 1;
	return 0;
}

static int parse_timestamp(const struct pj *r, const struct bundle_layer *layer, struct bundle *b)
{
	struct pj_at root = {NULL, AT_TIMESTAMP};
	struct str text;

	TRY(annotation(r, layer, AT_TIMESTAMP, &text));
	if (text.n == 0)
		return 0;
	b->timestamps = arena_alloc(r->arena, sizeof(*b->timestamps));
	if (!b->timestamps)
		return sig_fault_room(r->fault);
	TRY(pj_parse(r, root.path, text, LIMIT_BUNDLE_BYTES, &root.map));
	TRY(pj_bytes(r, root, "SignedRFC3161Timestamp", b->timestamps));
	if (b->timestamps->n == 0)
		return pj_missing(r, root, "SignedRFC3161Timestamp");
	b->n_timestamps = 1;
	return 0;
}

static int parse_sig(const struct pj *r, const struct bundle_layer *layer, struct bundle *b)
{
	struct pj_at at = {layer->annotations, ""};

	b->format = BUNDLE_LEGACY_SIG;
	b->content = BUNDLE_PAYLOAD;
	b->payload = layer->blob;
	if (layer->blob.n > LIMIT_PAYLOAD_BYTES)
		return sig_fault_set(r->fault, VERIFY_TOO_LARGE, "payload: %zu bytes, at most %u",
				     layer->blob.n, LIMIT_PAYLOAD_BYTES);
	TRY(pj_bytes(r, at, AT_SIGNATURE, &b->signature));
	if (b->signature.n == 0)
		return sig_fault_set(r->fault, VERIFY_SIGNATURE_EMPTY, "%s: missing or empty",
				     AT_SIGNATURE);
	if (b->signature.n > LIMIT_SIGNATURE_BYTES)
		return sig_fault_set(r->fault, VERIFY_SIGNATURE_TOO_LARGE,
				     "%s: %zu bytes, at most %d", AT_SIGNATURE, b->signature.n,
				     LIMIT_SIGNATURE_BYTES);
	return 0;
}

static int parse_att(const struct pj *r, const struct bundle_layer *layer, struct bundle *b)
{
	struct pj_at root = {NULL, ""};

	b->format = BUNDLE_LEGACY_ATT;
	b->content = BUNDLE_ENVELOPE;
	TRY(pj_parse(r, "envelope", layer->blob, LIMIT_BUNDLE_BYTES, &root.map));
	TRY(dsse_parse(r, root, &b->envelope));
	b->signature = b->envelope.signature;
	return 0;
}

int bundle_from_layer(struct arena *a, const struct bundle_layer *layer, struct bundle **out,
		      struct sig_fault *f)
{
	struct pj r = {a, f, false};
	char quote[SIG_QUOTE_BYTES];
	struct bundle *b = arena_alloc(a, sizeof(*b));

	if (!b)
		return sig_fault_room(f);
	if (str_eq(layer->media_type, S(BUNDLE_LAYER_SIG)))
		TRY(parse_sig(&r, layer, b));
	else if (str_eq(layer->media_type, S(BUNDLE_LAYER_ATT)))
		TRY(parse_att(&r, layer, b));
	else
		return sig_fault_set(f, VERIFY_MEDIA_TYPE, "layer: %s is no known signature",
				     sig_quote(quote, layer->media_type));
	TRY(parse_certificate(&r, layer, b));
	TRY(parse_log(&r, layer, b));
	TRY(parse_timestamp(&r, layer, b));
	b->blob = layer->blob;
	*out = b;
	return 0;
}

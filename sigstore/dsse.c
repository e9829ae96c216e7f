#include "sigstore/dsse.h"

#include "core/text.h"
#include "sigstore/limits.h"

static const struct str envelope_fields[] = {
	{"payload", 7},
	{"payloadType", 11},
	{"signatures", 10},
};
static const struct str signature_fields[] = {
	{"sig", 3},
	{"keyid", 5},
};

static int parse_signature(const struct pj *r, const struct node *item, struct dsse *d)
{
	struct pj_at at = {item, "dsseEnvelope.signatures[0]"};

	TRY(pj_fields(r, at, signature_fields, 2));
	TRY(pj_str(r, at, "keyid", &d->keyid));
	TRY(pj_bytes(r, at, "sig", &d->signature));
	if (d->signature.n == 0)
		return sig_fault_set(r->fault, VERIFY_SIGNATURE_EMPTY, "%s.sig: empty", at.path);
	if (d->signature.n > LIMIT_SIGNATURE_BYTES)
		return sig_fault_set(r->fault, VERIFY_SIGNATURE_TOO_LARGE,
				     "%s.sig: %zu bytes, at most %d", at.path, d->signature.n,
				     LIMIT_SIGNATURE_BYTES);
	return 0;
}

int dsse_parse(const struct pj *r, struct pj_at at, struct dsse *out)
{
	const struct node *signatures;
	struct dsse d = {.payload = {NULL, 0}};

	TRY(pj_fields(r, at, envelope_fields, 3));
	TRY(pj_str(r, at, "payloadType", &d.payload_type));
	TRY(pj_list(r, at, "signatures", NODE_MAP, SIZE_MAX, VERIFY_SIGNATURE_COUNT, &signatures));
	if (node_len(signatures) != 1)
		return sig_fault_set(r->fault, VERIFY_SIGNATURE_COUNT,
				     "dsseEnvelope.signatures: %zu items, want 1",
				     node_len(signatures));
	TRY(parse_signature(r, node_at(signatures, 0), &d));
	TRY(pj_bytes(r, at, "payload", &d.payload));
	*out = d;
	return 0;
}

int dsse_pae(struct arena *a, struct str type, struct str payload, struct str *out)
{
	struct text t;

	text_init(&t, a, type.n + payload.n + 64);
	text_puts(&t, "DSSEv1 ");
	text_put_u64(&t, type.n);
	text_putc(&t, ' ');
	text_put(&t, type);
	text_putc(&t, ' ');
	text_put_u64(&t, payload.n);
	text_putc(&t, ' ');
	text_put(&t, payload);
	return text_done(&t, out) ? 0 : -1;
}

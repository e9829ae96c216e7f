/* The verification material of a bundle but its log entries. */
#include "sigstore/bundle.h"
#include "sigstore/certificate.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PATH "verificationMaterial"

static const struct str material_fields[] = {
	{"publicKey", 9},    {"x509CertificateChain", 20},      {"certificate", 11},
	{"tlogEntries", 11}, {"timestampVerificationData", 25},
};
static const struct str hint_field[] = {{"hint", 4}};
static const struct str raw_field[] = {{"rawBytes", 8}};
static const struct str chain_field[] = {{"certificates", 12}};
static const struct str times_field[] = {{"rfc3161Timestamps", 17}};
static const struct str time_field[] = {{"signedTimestamp", 15}};

static int parse_certificate(const struct pj *r, struct pj_at at, struct bundle *b,
			     bool *self_issued)
{
	struct str der;

	TRY(pj_fields(r, at, raw_field, COUNT(raw_field)));
	TRY(pj_bytes(r, at, "rawBytes", &der));
	TRY(certificate_check(der, at.path, self_issued, r->fault));
	b->certificates[b->n_certificates++] = der;
	b->material = BUNDLE_CERTIFICATE;
	return 0;
}

static int parse_chain(const struct pj *r, const struct node *chain, struct bundle *b)
{
	struct pj_at at = {chain, PATH ".x509CertificateChain"};
	const struct node *list;
	bool self_issued = false;

	if (b->format == BUNDLE_V03)
		return sig_fault_set(r->fault, VERIFY_CHAIN_IN_V03, "%s: not in version 0.3",
				     at.path);
	TRY(pj_fields(r, at, chain_field, COUNT(chain_field)));
	TRY(pj_list(r, at, "certificates", NODE_MAP, LIMIT_CHAIN, VERIFY_CHAIN_TOO_LONG, &list));
	if (node_len(list) == 0)
		return sig_fault_set(r->fault, VERIFY_CHAIN_EMPTY, "%s: no certificate", at.path);
	for (size_t i = 0; i < node_len(list); i++) {
		struct pj_at item = {node_at(list, i), PATH ".x509CertificateChain.certificates"};

		TRY(parse_certificate(r, item, b, &self_issued));
		if (self_issued)
			return sig_fault_set(r->fault, VERIFY_CHAIN_SELF_ISSUED,
					     "%s[%zu]: self-issued", item.path, i);
	}
	return 0;
}

static int parse_hint(const struct pj *r, const struct node *key, struct bundle *b)
{
	struct pj_at at = {key, PATH ".publicKey"};

	TRY(pj_fields(r, at, hint_field, COUNT(hint_field)));
	TRY(pj_str(r, at, "hint", &b->hint));
	b->material = BUNDLE_KEY;
	return 0;
}

static int parse_one_of(const struct pj *r, struct pj_at at, struct bundle *b)
{
	const struct node *key, *chain, *certificate;
	bool self_issued;
	int n;

	TRY(pj_map(r, at, "publicKey", &key));
	TRY(pj_map(r, at, "x509CertificateChain", &chain));
	TRY(pj_map(r, at, "certificate", &certificate));
	n = (key != NULL) + (chain != NULL) + (certificate != NULL);
	if (n != 1)
		return sig_fault_set(
			r->fault, VERIFY_MATERIAL,
			"%s: %d of publicKey, certificate and x509CertificateChain, want 1",
			at.path, n);
	if (key)
		return parse_hint(r, key, b);
	if (chain)
		return parse_chain(r, chain, b);
	return parse_certificate(r, (struct pj_at){certificate, PATH ".certificate"}, b,
				 &self_issued);
}

static int parse_timestamp(const struct pj *r, const struct node *item, struct str *out)
{
	struct pj_at at = {item, PATH ".timestampVerificationData.rfc3161Timestamps"};

	TRY(pj_fields(r, at, time_field, COUNT(time_field)));
	TRY(pj_bytes(r, at, "signedTimestamp", out));
	return out->n > 0 ? 0 : pj_missing(r, at, "signedTimestamp");
}

static int parse_timestamps(const struct pj *r, struct pj_at material, struct bundle *b)
{
	const struct node *data, *list;
	struct pj_at at = {NULL, PATH ".timestampVerificationData"};

	TRY(pj_map(r, material, "timestampVerificationData", &data));
	if (!data)
		return 0;
	at.map = data;
	TRY(pj_fields(r, at, times_field, COUNT(times_field)));
	TRY(pj_list(r, at, "rfc3161Timestamps", NODE_MAP, LIMIT_TIMESTAMPS, VERIFY_TIMESTAMPS,
		    &list));
	b->timestamps = arena_calloc(r->arena, node_len(list), sizeof(*b->timestamps));
	if (!b->timestamps)
		return sig_fault_room(r->fault);
	for (size_t i = 0; i < node_len(list); i++)
		TRY(parse_timestamp(r, node_at(list, i), &b->timestamps[i]));
	b->n_timestamps = node_len(list);
	return 0;
}

int bundle_parse_material(const struct pj *r, const struct node *map, struct bundle *b)
{
	struct pj_at at = {map, PATH};

	TRY(pj_fields(r, at, material_fields, COUNT(material_fields)));
	TRY(parse_one_of(r, at, b));
	TRY(bundle_parse_log(r, map, b));
	return parse_timestamps(r, at, b);
}

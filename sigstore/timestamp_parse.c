/* TimeStampResp, the signed data in it, and the TSTInfo in that. The DER is read strictly, also where
 * nothing is signed, so that our verdicts are those of other clients. */
#include "sigstore/der.h"
#include "sigstore/timestamp.h"

#define OID_SIGNED_DATA S("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02")
#define OID_TST_INFO S("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x04")
#define OID_CONTENT_TYPE S("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x03")
#define OID_MESSAGE_DIGEST S("\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04")

static int malformed(struct sig_fault *f, const char *what)
{
	return sig_fault_set(f, VERIFY_TIMESTAMP_MALFORMED, "timestamp: %s", what);
}

/* ---- hashes ---- */

static const struct {
	struct str oid;
	unsigned bits;
} hashes[] = {
	{{"\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9}, 256},
	{{"\x60\x86\x48\x01\x65\x03\x04\x02\x02", 9}, 384},
	{{"\x60\x86\x48\x01\x65\x03\x04\x02\x03", 9}, 512},
};

/* AlgorithmIdentifier { hash, NULL or nothing } */
static bool read_hash(struct str algorithm, unsigned *bits)
{
	struct str oid;

	*bits = 0;
	if (!der_take(&algorithm, DER_OID, &oid) ||
	    (algorithm.n > 0 && !str_eq(algorithm, S("\x05\x00"))))
		return false;
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (str_eq(oid, hashes[i].oid))
			*bits = hashes[i].bits;
	}
	return *bits > 0;
}

/* ---- TimeStampResp: status and token; source: RFC 3161 section 2.4.2 ---- */

/* PKIStatusInfo { status, statusString SEQUENCE OF UTF8String OPTIONAL, failInfo OPTIONAL } */
static bool read_status(struct str info, int64_t *status)
{
	struct str number, texts, text, bits;

	if (!der_take(&info, DER_INTEGER, &number) || !der_small(number, status) ||
	    !der_take_optional(&info, DER_SEQUENCE, &texts) ||
	    !der_take_optional(&info, DER_BIT_STRING, &bits) || info.n > 0)
		return false;
	while (texts.n > 0) {
		if (!der_take(&texts, DER_UTF8_STRING, &text))
			return false;
	}
	return true;
}

static int read_response(struct str response, struct str *token, struct sig_fault *f)
{
	struct str rest, info;
	struct der_item item;
	int64_t status;

	if (!der_only(response, DER_SEQUENCE, &rest) || !der_take(&rest, DER_SEQUENCE, &info) ||
	    !read_status(info, &status))
		return malformed(f, "not a TimeStampResp");
	if (status > 1)
		return sig_fault_set(f, VERIFY_TIMESTAMP_STATUS,
				     "timestamp: status %lld, want 0 or 1", (long long)status);
	if (!der_next(&rest, &item) || item.tag != DER_SEQUENCE || rest.n > 0)
		return malformed(f, "a TimeStampResp without exactly one token");
	*token = item.whole;
	return 0;
}

/* ---- the token: signed data by one signer; source: RFC 5652 sections 3 and 5 ---- */

static bool read_encapsulated(struct str encap, struct str *tst_info)
{
	struct str oid, content;

	return der_take(&encap, DER_OID, &oid) && str_eq(oid, OID_TST_INFO) &&
	       der_take(&encap, DER_CONTEXT(0), &content) && encap.n == 0 &&
	       der_only(content, DER_OCTET_STRING, tst_info);
}

static bool read_certificates(struct str set, struct timestamp_response *t)
{
	struct der_item item;

	while (set.n > 0) {
		if (t->n_certificates == LIMIT_CHAIN || !der_next(&set, &item) ||
		    item.tag != DER_SEQUENCE || item.whole.n > LIMIT_CERTIFICATE_BYTES)
			return false;
		t->certificates[t->n_certificates++] = item.whole;
	}
	return true;
}

/* The attributes that bind the content, each once with one value. */
static bool read_attributes(struct str set)
{
	unsigned types = 0, digests = 0;
	struct str attribute, oid, values, value;

	while (set.n > 0) {
		if (!der_take(&set, DER_SEQUENCE, &attribute) ||
		    !der_take(&attribute, DER_OID, &oid) || !der_only(attribute, DER_SET, &values))
			return false;
		if (str_eq(oid, OID_CONTENT_TYPE)) {
			if (!der_only(values, DER_OID, &value) || !str_eq(value, OID_TST_INFO))
				return false;
			types++;
		} else if (str_eq(oid, OID_MESSAGE_DIGEST)) {
			if (!der_only(values, DER_OCTET_STRING, &value))
				return false;
			digests++;
		}
	}
	return types == 1 && digests == 1;
}

/* SignerInfo, with its signer named by issuer and serial number, and with signed attributes. */
static bool read_signer(struct str signer, struct timestamp_response *t)
{
	struct str version, sid, hash, algorithm, attributes, signature, unsigned_attributes;
	struct der_item issuer;

	if (!der_take(&signer, DER_INTEGER, &version) || !der_take(&signer, DER_SEQUENCE, &sid) ||
	    !der_take(&signer, DER_SEQUENCE, &hash) || !read_hash(hash, &t->signer_bits) ||
	    !der_take(&signer, DER_CONTEXT(0), &attributes) ||
	    !der_take(&signer, DER_SEQUENCE, &algorithm) ||
	    !der_take(&signer, DER_OCTET_STRING, &signature) ||
	    !der_take_optional(&signer, DER_CONTEXT(1), &unsigned_attributes) || signer.n > 0)
		return false;
	if (!der_next(&sid, &issuer) || issuer.tag != DER_SEQUENCE ||
	    !der_only(sid, DER_INTEGER, &t->signer_serial))
		return false;
	t->signer_issuer = issuer.whole;
	return read_attributes(attributes);
}

static int read_token(struct str token, struct timestamp_response *t, struct sig_fault *f)
{
	struct str rest, oid, content, data, version, algorithms, encap, certificates, lists;
	struct str signers, signer;

	if (!der_only(token, DER_SEQUENCE, &rest) || !der_take(&rest, DER_OID, &oid) ||
	    !str_eq(oid, OID_SIGNED_DATA) || !der_only(rest, DER_CONTEXT(0), &content) ||
	    !der_only(content, DER_SEQUENCE, &data))
		return malformed(f, "a token that is no signed data");
	if (!der_take(&data, DER_INTEGER, &version) || !der_take(&data, DER_SET, &algorithms) ||
	    !der_take(&data, DER_SEQUENCE, &encap) ||
	    !der_take_optional(&data, DER_CONTEXT(0), &certificates) ||
	    !der_take_optional(&data, DER_CONTEXT(1), &lists) ||
	    !der_take(&data, DER_SET, &signers) || data.n > 0)
		return malformed(f, "a token with malformed signed data");
	if (!read_encapsulated(encap, &t->tst_info))
		return malformed(f, "a token that holds no TSTInfo");
	if (!read_certificates(certificates, t))
		return malformed(f, "a token with malformed or too many certificates");
	if (!der_only(signers, DER_SEQUENCE, &signer))
		return malformed(f, "a token without exactly one signer");
	return read_signer(signer, t) ? 0 : malformed(f, "a token with a malformed signer");
}

/* ---- TSTInfo: what was seen, and when; source: RFC 3161 section 2.4.2 ---- */

/* MessageImprint { AlgorithmIdentifier, OCTET STRING } */
static bool read_imprint(struct str imprint, struct timestamp_response *t)
{
	struct str algorithm;

	return der_take(&imprint, DER_SEQUENCE, &algorithm) &&
	       read_hash(algorithm, &t->imprint_bits) &&
	       der_only(imprint, DER_OCTET_STRING, &t->imprint) &&
	       t->imprint.n == t->imprint_bits / 8;
}

/* Extensions of which none is critical: we know of none. */
static bool read_extensions(struct str list)
{
	struct str extension, oid, critical, value;

	while (list.n > 0) {
		if (!der_take(&list, DER_SEQUENCE, &extension) ||
		    !der_take(&extension, DER_OID, &oid) ||
		    !der_take_optional(&extension, DER_BOOLEAN, &critical) || critical.p ||
		    !der_only(extension, DER_OCTET_STRING, &value))
			return false;
	}
	return true;
}

/* What follows genTime: accuracy, ordering, nonce, tsa, extensions; none of them counts. */
static bool read_rest(struct str rest)
{
	struct str value, extensions;

	return der_take_optional(&rest, DER_SEQUENCE, &value) &&
	       der_take_optional(&rest, DER_BOOLEAN, &value) &&
	       der_take_optional(&rest, DER_INTEGER, &value) &&
	       der_take_optional(&rest, DER_CONTEXT(0), &value) &&
	       der_take_optional(&rest, DER_CONTEXT(1), &extensions) && rest.n == 0 &&
	       read_extensions(extensions);
}

static int read_tst_info(struct timestamp_response *t, struct sig_fault *f)
{
	struct str rest, version, policy, imprint, serial, time;
	int64_t v;

	if (!der_only(t->tst_info, DER_SEQUENCE, &rest) ||
	    !der_take(&rest, DER_INTEGER, &version) || !der_small(version, &v) || v != 1 ||
	    !der_take(&rest, DER_OID, &policy) || !der_take(&rest, DER_SEQUENCE, &imprint) ||
	    !der_take(&rest, DER_INTEGER, &serial))
		return malformed(f, "a malformed TSTInfo");
	if (!read_imprint(imprint, t))
		return malformed(f, "an imprint that is no SHA-256, SHA-384 or SHA-512");
	if (!der_take(&rest, DER_GENERALIZED_TIME, &time) || !der_time(time, &t->unix_ms))
		return malformed(f, "a malformed genTime");
	return read_rest(rest) ? 0 : malformed(f, "a TSTInfo with malformed or critical fields");
}

int timestamp_parse(struct str response, struct timestamp_response *out, struct sig_fault *f)
{
	struct timestamp_response t = {.n_certificates = 0};

	if (response.n > LIMIT_TIMESTAMP_BYTES)
		return sig_fault_set(f, VERIFY_TIMESTAMP_MALFORMED,
				     "timestamp: %zu bytes, at most %u", response.n,
				     LIMIT_TIMESTAMP_BYTES);
	TRY(read_response(response, &t.token, f));
	TRY(read_token(t.token, &t, f));
	TRY(read_tst_info(&t, f));
	*out = t;
	return 0;
}

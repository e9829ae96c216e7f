/*
 * Any bytes as the certificate of a signer: its parts lie inside, its identity is text, its chain leads
 * to no authority, since that is another's.
 */
#include "sigstore/certificate.h"

#include "sigstore/chain.h"
#include "sigstore/identity.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

/* A certificate authority that no input is of: CN=anchor, an Ed25519 key that was thrown away. */
static const char anchor[] =
	"\x30\x81\xF3\x30\x81\xA6\xA0\x03\x02\x01\x02\x02\x01\x07\x30\x05\x06\x03\x2B\x65"
	"\x70\x30\x11\x31\x0F\x30\x0D\x06\x03\x55\x04\x03\x0C\x06\x61\x6E\x63\x68\x6F\x72"
	"\x30\x1E\x17\x0D\x32\x30\x30\x31\x30\x31\x30\x30\x30\x30\x30\x30\x5A\x17\x0D\x34"
	"\x30\x30\x31\x30\x31\x30\x30\x30\x30\x30\x30\x5A\x30\x11\x31\x0F\x30\x0D\x06\x03"
	"\x55\x04\x03\x0C\x06\x61\x6E\x63\x68\x6F\x72\x30\x2A\x30\x05\x06\x03\x2B\x65\x70"
	"\x03\x21\x00\xAE\xBF\xE6\x9B\xF0\xA5\xFB\xB3\x00\xD9\xCC\xE7\x69\x6D\x7D\xCE\x60"
	"\x57\x5D\xC1\x58\x7E\xA7\x37\x76\x78\xB6\xD1\xA1\xAF\x0D\xC8\xA3\x23\x30\x21\x30"
	"\x0F\x06\x03\x55\x1D\x13\x01\x01\xFF\x04\x05\x30\x03\x01\x01\xFF\x30\x0E\x06\x03"
	"\x55\x1D\x0F\x01\x01\xFF\x04\x04\x03\x02\x01\x06\x30\x05\x06\x03\x2B\x65\x70\x03"
	"\x41\x00\x31\x30\x2A\xD5\x90\x7B\xBB\xEF\x74\xE0\x6E\xBD\x11\x87\x12\x37\xF4\x1F"
	"\x96\x96\x51\x52\xE0\x1F\x89\xBB\x7B\xA7\xA8\x09\xB8\x39\xA7\x69\xBE\xCC\x2A\xAF"
	"\xDF\x4D\x78\x44\x4A\x5A\x60\xFE\xCF\x1B\x01\x2D\x4F\xA3\xD9\x55\x62\x54\x24\x7D"
	"\x29\x1A\xB1\x01\x8C\x08";

static bool is_text(struct str s)
{
	return str_is_utf8(s) && !str_has_char(s, '\0');
}

static void check_parts(struct str in)
{
	struct certificate c;
	struct certificate_extension x, again;
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct str rest;

	if (certificate_parse(in, &c, &f) < 0) {
		REQUIRE(f.reason == VERIFY_CERTIFICATE_MALFORMED ||
			f.reason == VERIFY_CERTIFICATE_EXTENSION);
		return;
	}
	REQUIRE(c.tbs.p >= in.p && c.tbs.p + c.tbs.n <= in.p + in.n);
	REQUIRE(c.head.p == c.tbs.p && c.head.n <= c.tbs.n);
	rest = c.extensions;
	while (certificate_extension_next(&rest, &x)) {
		REQUIRE(certificate_extension_find(&c, x.oid, &again));
		REQUIRE(again.whole.p == x.whole.p);
	}
	REQUIRE(rest.n == 0);
}

static void check_identity(struct arena *a, struct str in)
{
	struct identity_demand want = {.any_issuer = true};
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct identity id;

	if (identity_parse(a, in, true, &id, &f) < 0) {
		REQUIRE(f.reason != VERIFY_NOT_VERIFIED && f.err.text[0]);
		return;
	}
	REQUIRE(id.kind != IDENTITY_NONE && id.subject.n > 0 && id.issuer.n > 0);
	REQUIRE(is_text(id.subject) && is_text(id.issuer));
	for (size_t i = 0; i < id.n_extensions; i++)
		REQUIRE(id.extensions[i].number > 0 && is_text(id.extensions[i].value));
	REQUIRE(identity_fits(&id, &want, &f) < 0);
	want.subject.exact = id.subject;
	REQUIRE(identity_fits(&id, &want, &f) == 0);
}

static void check_chain(struct arena *a, struct str in)
{
	struct trusted_authority t = {.certificates = {in, {anchor, sizeof(anchor) - 1}},
				      .n_certificates = 2,
				      .window = {INT64_MIN, INT64_MAX},
				      .foreign_intermediates = true};
	struct chain_leaf leaf = {in, &in, 1};
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct str out[LIMIT_CHAIN];
	size_t n = 0;

	REQUIRE(chain_verify_at(a, &leaf, &t, CHAIN_CODE_SIGNING, 0, NULL, &f) < 0);
	REQUIRE(f.reason != VERIFY_NOT_VERIFIED && f.err.text[0]);
	if (chain_parse_pem(a, in, out, &n, &f) == 0)
		REQUIRE(n < LIMIT_CHAIN);
	if (chain_check_leaf(in, CHAIN_CODE_SIGNING, &f) == 0)
		REQUIRE(certificate_check(in, "certificate", NULL, &f) == 0);
	if (chain_check_leaf(in, CHAIN_TIME_STAMPING, &f) == 0)
		REQUIRE(chain_check_leaf(in, CHAIN_CODE_SIGNING, &f) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(8 << 20);
	struct str in = {(const char *)data, n};

	REQUIRE(a);
	check_parts(in);
	check_identity(a, in);
	check_chain(a, in);
	arena_free(a);
	return 0;
}

/*
 * Any bytes as the body of a log entry, of every kind, beside a signature of every format. What fits
 * does not fit another signature, key or content as well.
 */
#include <stdint.h>

#include "sigstore/rekor.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

/* tests/sigstore/keys/p256.pub */
static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
			  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEt1a8Ef7fW4uE4zA9uUy+2Yuc8/qx\n"
			  "fQHIflIS64GcxDvPoksf10y0lx/HvvY9tV+7fiEuFVVrhDgZF2fCq4psWA==\n"
			  "-----END PUBLIC KEY-----\n";

static const struct {
	const char *kind, *version;
} kinds[] = {
	{"hashedrekord", "0.0.1"}, {"hashedrekord", "0.0.2"}, {"dsse", "0.0.1"},
	{"intoto", "0.0.2"},       {"intoto", "0.0.1"},
};

static const struct {
	enum bundle_format format;
	enum bundle_content content;
} bundles[] = {
	{BUNDLE_V03, BUNDLE_MESSAGE},
	{BUNDLE_V03, BUNDLE_ENVELOPE},
	{BUNDLE_LEGACY_SIG, BUNDLE_PAYLOAD},
	{BUNDLE_LEGACY_ATT, BUNDLE_ENVELOPE},
};

static bool fits(struct arena *a, const struct bundle_log_entry *entry,
		 const struct rekor_subject *s)
{
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};

	if (rekor_body_fits(a, entry, s, &f) == 0)
		return true;
	REQUIRE(verify_reason_state(f.reason) == VERIFY_STATE_BAD_SIGNATURE);
	REQUIRE(f.err.text[0] && str_is_utf8(str_of(f.err.text)));
	return false;
}

static void check(struct arena *a, const struct bundle_log_entry *entry, struct bundle *b,
		  const struct sig_key *key)
{
	struct sha256 digest;
	struct sig_key other = *key;
	struct rekor_subject s = {.bundle = b, .key = key, .artifact = &digest};

	REQUIRE(sha256_of(S("artifact"), &digest, NULL) == 0);
	s.artifact_bytes = entry->log_index ? S("artifact") : S("");
	if (!fits(a, entry, &s))
		return;
	other.spki = str_sub(key->spki, 1, key->spki.n);
	s.key = &other;
	REQUIRE(!fits(a, entry, &s));
	s.key = key;
	s.certificate = key->spki;
	REQUIRE(!fits(a, entry, &s));
	s.certificate = S("");
	b->signature = S("Signature bytes");
	b->blob = S("{\"envelope\":2}");
	REQUIRE(!fits(a, entry, &s));
	b->signature = S("signature bytes");
	digest.bytes[0] ^= 1;
	b->payload = b->envelope.payload = s.artifact_bytes = S("other");
	REQUIRE(!fits(a, entry, &s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(16 << 20);
	struct sig_key key;

	REQUIRE(a && sig_key_parse(a, S(pem), &key, NULL) == 0);
	for (size_t i = 0; i < COUNT(kinds) * COUNT(bundles); i++) {
		struct bundle_log_entry entry = {.body = {(const char *)data, n}};
		struct bundle b = {.format = bundles[i % COUNT(bundles)].format};

		b.content = bundles[i % COUNT(bundles)].content;
		b.signature = S("signature bytes");
		b.payload = S("artifact");
		b.blob = S("{\"envelope\":1}");
		b.envelope.payload = S("{\"payload\":1}");
		b.envelope.payload_type = S(DSSE_IN_TOTO);
		entry.kind = str_of(kinds[i / COUNT(bundles)].kind);
		entry.version = str_of(kinds[i / COUNT(bundles)].version);
		entry.log_index = n % 2;
		check(a, &entry, &b, &key);
	}
	arena_free(a);
	return 0;
}

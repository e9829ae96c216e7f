/*
 * Any bytes as a bundle, as the layer of a .att manifest, and (if they are a JSON map) as the
 * annotations of a .sig layer. What parses is judged by a real key: the answer must be whole, and a yes
 * must name the key and the digest.
 */
#include <stdint.h>

#include "core/json.h"
#include "sigstore/verify.h"

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
#define DIGEST "sha256:5e63f0bb7faff349a2d961a419d21183858d1a10ee20f134c88965d1ffcf9ec6"

static void judge(struct arena *a, const struct bundle *b, bool accept_message)
{
	struct sig_key k = {.algorithm = SIG_ALGORITHM_NONE};
	struct sig_authority_key keys = {.key = &k};
	struct sig_authority authority = {&keys, 1, SIG_SCHEMES_DEFAULT, accept_message, 0, 0};
	struct sig_demand demand = {.want = SIG_WANT_SIGNATURE};
	struct sig_subject subject = {.bytes = {NULL, 0}};
	struct verify_input input = {NULL, &authority, &demand, &subject, 0};
	struct verify_result r;

	REQUIRE(sig_key_parse(a, str_of(pem), &k, NULL) == 0);
	REQUIRE(sha256_parse(S(DIGEST), &subject.digest));
	verify_bundle(a, b, &input, &r);
	REQUIRE(r.state == verify_reason_state(r.reason));
	REQUIRE(str_is_utf8(str_of(r.text)));
	REQUIRE((r.reason == VERIFY_VERIFIED) == (r.text[0] == '\0'));
	if (r.reason == VERIFY_VERIFIED)
		REQUIRE(r.key == &k && str_eq(r.claimed_digest, S(DIGEST)));
}

static void check(struct arena *a, int rc, const struct bundle *b, const struct sig_fault *f)
{
	if (rc < 0) {
		REQUIRE(verify_reason_state(f->reason) == VERIFY_STATE_BAD_SIGNATURE);
		REQUIRE(f->err.text[0] && str_is_utf8(str_of(f->err.text)));
		return;
	}
	REQUIRE(b->format != BUNDLE_FORMAT_NONE && b->material != BUNDLE_MATERIAL_NONE);
	REQUIRE(b->content != BUNDLE_CONTENT_NONE && b->signature.n > 0);
	REQUIRE((b->n_certificates > 0) == (b->material == BUNDLE_CERTIFICATE));
	judge(a, b, false);
	judge(a, b, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(64 << 20);
	struct str in = {(const char *)data, n};
	struct bundle_layer att = {S(BUNDLE_LAYER_ATT), NULL, in};
	struct bundle_layer sig = {S(BUNDLE_LAYER_SIG), NULL, S("{}")};
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct bundle *b = NULL;
	struct node *root;

	REQUIRE(a);
	check(a, bundle_parse(a, in, &b, &f), b, &f);
	check(a, bundle_from_layer(a, &att, &b, &f), b, &f);
	if (json_parse(a, in, NULL, &root, NULL, NULL) == 0 && root->type == NODE_MAP) {
		sig.annotations = root;
		check(a, bundle_from_layer(a, &sig, &b, &f), b, &f);
	}
	arena_free(a);
	return 0;
}

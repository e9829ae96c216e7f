/*
 * Any bytes as a bundle, as the layer of a .att manifest, and (if they are a JSON map) as the
 * annotations of a .sig layer. What parses is judged by a real key, with and without a trusted root, and
 * by a real identity: the answer must be whole, and a yes must name the signer, the digest and, of an
 * identity, the log and the time. Root and seeds are of tests/fuzz/bundle/write.
 */
#include <stdint.h>

#include "core/file.h"
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
/* Of the image that tests/sigstore/mini signs. */
#define MINI_DIGEST "sha256:6fbad25408872c023f315a114a2e7a93fe03bf6958a9eec47d8d5f90a760f357"
#define SUBJECT "https://git.mini.example/acme/app/.ci/build.yml@refs/heads/main"
#define ISSUER "https://accounts.mini.example"

static struct arena *kept; /* what root and key are made of */
static struct trusted_root root;
static struct sig_key key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct str json;

	(void)argc;
	(void)argv;
	kept = arena_new(1 << 20);
	REQUIRE(kept);
	REQUIRE(file_read(kept, "tests/fuzz/bundle/root.json", 1 << 18, &json, NULL) == 0);
	REQUIRE(trusted_root_add(kept, json, &root, NULL) == 0);
	REQUIRE(sig_key_parse(kept, str_of(pem), &key, NULL) == 0);
	return 0;
}

static void check_yes(const struct sig_authority *authority, const struct verify_result *r)
{
	struct str digest = authority->n_keys > 0 ? S(DIGEST) : S(MINI_DIGEST);

	REQUIRE(str_eq(r->claimed_digest, digest) && r->scheme != 0);
	REQUIRE(r->n_entries >= authority->log_threshold);
	if (authority->n_keys > 0) {
		REQUIRE(r->key == &key && r->identity.kind == IDENTITY_NONE);
		return;
	}
	REQUIRE(!r->key && str_eq(r->identity.subject, S(SUBJECT)));
	REQUIRE(str_eq(r->identity.issuer, S(ISSUER)) && r->signed_unix_s > 0);
}

static void judge(struct arena *a, const struct bundle *b, const struct sig_authority *authority)
{
	struct sig_demand demand = {.want = SIG_WANT_SIGNATURE};
	struct sig_subject subject = {.bytes = {NULL, 0}};
	struct verify_input input = {authority, &demand, &subject, 1782820800};
	struct verify_result r;

	REQUIRE(sha256_parse(authority->n_keys > 0 ? S(DIGEST) : S(MINI_DIGEST), &subject.digest));
	verify_bundle(a, b, &input, &r);
	REQUIRE(r.state == verify_reason_state(r.reason));
	REQUIRE(r.state != VERIFY_STATE_UNAVAILABLE);
	REQUIRE(str_is_utf8(str_of(r.text)));
	REQUIRE((r.reason == VERIFY_VERIFIED) == (r.text[0] == '\0'));
	if (r.reason == VERIFY_VERIFIED)
		check_yes(authority, &r);
}

static void judge_by_all(struct arena *a, const struct bundle *b)
{
	const struct sig_authority_key keys = {.key = &key};
	const struct identity_demand who = {.issuer.exact = S(ISSUER), .subject.exact = S(SUBJECT)};
	struct sig_authority by_key = {.keys = &keys, .n_keys = 1, .schemes = SIG_SCHEMES_DEFAULT};
	struct sig_authority by_identity = {
		.identities = &who,
		.n_identities = 1,
		.schemes = SIG_SCHEMES_DEFAULT,
		.accept_message = true,
		.root = &root,
		.log_threshold = 1,
		.sct_threshold = 1,
	};

	judge(a, b, &by_key);
	by_key.accept_message = true;
	by_key.root = &root;
	judge(a, b, &by_key);
	judge(a, b, &by_identity);
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
	judge_by_all(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(64 << 20);
	struct str in = {(const char *)data, n};
	struct bundle_layer att = {S(BUNDLE_LAYER_ATT), NULL, in};
	struct bundle_layer sig = {S(BUNDLE_LAYER_SIG), NULL, S("{}")};
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct bundle *b = NULL;
	struct node *map;

	REQUIRE(a);
	check(a, bundle_parse(a, in, &b, &f), b, &f);
	check(a, bundle_from_layer(a, &att, &b, &f), b, &f);
	if (json_parse(a, in, NULL, &map, NULL, NULL) == 0 && map->type == NODE_MAP) {
		sig.annotations = map;
		check(a, bundle_from_layer(a, &sig, &b, &f), b, &f);
	}
	arena_free(a);
	return 0;
}

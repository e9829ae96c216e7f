/* Discovery: what a registry holds and fails to hold, and what becomes of it. */
#include <check.h>

#include "evidence/limits.h"
#include "tests/unit/evidence_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

#define SIG "application/vnd.dev.cosign.simplesigning.v1+json"
#define BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define EMPTY "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define CONFIG_OF(type)                                                                            \
	"\"config\":{\"mediaType\":\"" type "\",\"size\":2,\"digest\":\"" EMPTY "\"}"

static struct fake_registry *f;
static struct fake_key keys[2];
static struct evidence_want want, thorough;
static struct arena *arena;
static const char *image;

static void setup(void)
{
	struct err e;

	f = fake_new();
	arena = arena_new((size_t)16 << 20);
	fake_key_init(f, &keys[0]);
	fake_key_init(f, &keys[1]);
	fake_want(f, &want, keys, 1, 1);
	thorough = want;
	thorough.thorough = true;
	ck_assert_int_eq(evidence_want_seal(&thorough, &e), 0);
	image = fake_digest(f, 1);
}

static void teardown(void)
{
	fake_key_done(&keys[0]);
	fake_key_done(&keys[1]);
	arena_free(arena);
	fake_free(f);
}

static struct evidence find(const struct evidence_want *w)
{
	struct registry_source source = fake_source(f);
	struct reference r = fake_image(f, "app", image);

	return fake_gather(arena, &source, &r, w);
}

static void expect(const struct evidence *e, enum verify_reason reason, const char *why)
{
	ck_assert_msg(e->reason == reason, "%s: %.*s", verify_reason_name(e->reason),
		      STR_ARG(e->why));
	ck_assert_int_eq(e->state, verify_reason_state(reason));
	ck_assert_msg(str_eq(e->why, str_of(why)), "why: %.*s", STR_ARG(e->why));
}

/* ---- content ---- */

static void put_sig(const char *body)
{
	fake_put(f, "app", fake_text(f, "manifests/sha256-%s.sig", image + 7), str_of(body));
}

static const char *manifest_of(const char *config, const char *layers, const char *more)
{
	return fake_text(f,
			 "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
			 "\",\"config\":{\"mediaType\":\"%s\",\"size\":2,\"digest\":\"" EMPTY
			 "\"},\"layers\":[%s]%s}",
			 config, layers, more);
}

static void put_layer(const char *layer)
{
	put_sig(manifest_of("application/vnd.oci.image.config.v1+json", layer, ""));
}

static const char *layer_of(const char *type, const char *digest, size_t size)
{
	return fake_text(f,
			 "{\"mediaType\":\"%s\",\"size\":%zu,\"digest\":\"%s\",\"annotations\":{"
			 "\"dev.cosignproject.cosign/signature\":\"AAAA\"}}",
			 type, size, digest);
}

/* A referrer with this manifest, whose descriptor says `more` of it. */
static void put_referrer(const char *manifest, const char *more)
{
	const char *digest = fake_put_manifest(f, "app", str_of(manifest));

	fake_put_referrers(f, "app", image,
			   str_of(fake_text(f,
					    "{\"mediaType\":\"" MEDIA_OCI_MANIFEST
					    "\",\"size\":%zu,\"digest\":\"%s\"%s}",
					    strlen(manifest), digest, more)));
}

static const char *bundle_layer(const char *blob)
{
	return fake_text(f, "{\"mediaType\":\"" BUNDLE "\",\"size\":%zu,\"digest\":\"%s\"}",
			 strlen(blob), fake_put_blob(f, "app", str_of(blob)));
}

static void nothing(void)
{
}

static void sig_garbage(void)
{
	put_sig("{\"schemaVersion\":2,");
}

static void sig_index(void)
{
	put_sig("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[]}");
}

static void sig_empty(void)
{
	put_layer("");
}

static void layer_type(void)
{
	put_layer(layer_of("application/x-tar", EMPTY, 2));
}

static void layer_sha512(void)
{
	put_layer(layer_of(SIG,
			   "sha512:"
			   "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d1"
			   "3c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
			   2));
}

static void layer_missing(void)
{
	put_layer(layer_of(SIG, EMPTY, 2));
}

static void layer_size(void)
{
	put_layer(layer_of(SIG, fake_put_blob(f, "app", S("{}")), 3));
}

static void layer_huge(void)
{
	put_layer(layer_of(SIG, fake_put_blob(f, "app", S("{}")), 65537));
}

static void layer_unsigned(void)
{
	put_layer(fake_text(f, "{\"mediaType\":\"" SIG "\",\"size\":2,\"digest\":\"%s\"}",
			    fake_put_blob(f, "app", S("{}"))));
}

static void legacy_other_key(void)
{
	fake_put_signatures(f, "app", image, &(struct fake_signature){.key = &keys[1]}, 1);
}

static void legacy_tampered(void)
{
	fake_put_signatures(f, "app", image,
			    &(struct fake_signature){.key = &keys[0], .tampered = true}, 1);
}

static void legacy_other_digest(void)
{
	fake_put_signatures(f, "app", image,
			    &(struct fake_signature){.key = &keys[0], .digest = fake_digest(f, 2)},
			    1);
}

static void bundle_tampered(void)
{
	fake_put_bundle(f, "app", image,
			&(struct fake_signature){.key = &keys[0], .tampered = true});
}

static void bundle_other_digest(void)
{
	fake_put_bundle(f, "app", image,
			&(struct fake_signature){.key = &keys[0], .digest = fake_digest(f, 2)});
}

static void bundle_garbage(void)
{
	put_referrer(manifest_of("a/b", bundle_layer("{\"mediaType\":7}"), ""), "");
}

static void referrer_missing(void)
{
	fake_put_referrers(f, "app", image,
			   S("{\"mediaType\":\"" MEDIA_OCI_MANIFEST
			     "\",\"size\":2,\"digest\":\"" EMPTY "\"}"));
}

static void referrer_index(void)
{
	put_referrer("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[]}",
		     "");
}

static void referrer_of_another(void)
{
	put_referrer(manifest_of("a/b", bundle_layer("{}"),
				 ",\"subject\":{\"mediaType\":\"" MEDIA_OCI_MANIFEST
				 "\",\"size\":2,\"digest\":\"" EMPTY "\"}"),
		     "");
}

static void referrer_two_layers(void)
{
	put_referrer(manifest_of("a/b",
				 fake_text(f, "%s,%s", bundle_layer("{}"), bundle_layer("[]")), ""),
		     "");
}

static void referrer_of_something_else(void)
{
	put_referrer(manifest_of("a/b", layer_of("application/spdx+json", EMPTY, 2), ""), "");
}

static void referrer_of_another_type(void)
{
	put_referrer(manifest_of("a/b", bundle_layer("{}"), ""),
		     ",\"artifactType\":\"application/spdx+json\"");
}

static void manifest_denies(void)
{
	put_referrer(manifest_of("a/b", bundle_layer("{}"),
				 ",\"annotations\":{\"dev.sigstore.bundle.predicateType\":"
				 "\"https://spdx.dev/Document\"}"),
		     "");
}

static void descriptor_denies(void)
{
	put_referrer(manifest_of("a/b", bundle_layer("{}"), ""),
		     ",\"annotations\":{\"dev.sigstore.bundle.predicateType\":"
		     "\"https://spdx.dev/Document\"}");
}

static void bundle_huge(void)
{
	put_referrer(manifest_of("a/b",
				 "{\"mediaType\":\"" BUNDLE
				 "\",\"size\":1048577,\"digest\":\"" EMPTY "\"}",
				 ""),
		     "");
}

static const struct {
	void (*put)(void);
	enum verify_reason reason;
	const char *why;
	size_t signatures, requests;
} contents[] = {
	{nothing, VERIFY_NO_SIGNATURE, "no signature was found", 0, 2},
	{sig_empty, VERIFY_NO_SIGNATURE, "no signature was found", 0, 2},
	{sig_garbage, VERIFY_JSON, NULL, 1, 2},
	{sig_index, VERIFY_MEDIA_TYPE, "the .sig manifest is an index", 1, 2},
	{layer_type, VERIFY_MEDIA_TYPE, "a layer that is not of type " SIG, 1, 2},
	{layer_sha512, VERIFY_BLOB, "its digest is not sha256", 1, 2},
	{layer_missing, VERIFY_BLOB, "listed, but the registry does not have it", 1, 3},
	{layer_size, VERIFY_BLOB, "registry.example sent another size", 1, 3},
	{layer_huge, VERIFY_TOO_LARGE, NULL, 1, 2},
	{layer_unsigned, VERIFY_SIGNATURE_EMPTY, NULL, 1, 3},
	{legacy_other_key, VERIFY_KEY_FITS_NONE, "names no key, and fits none of ours", 1, 3},
	{legacy_tampered, VERIFY_KEY_FITS_NONE, "names no key, and fits none of ours", 1, 3},
	{legacy_other_digest, VERIFY_DIGEST, NULL, 1, 3},
	{bundle_tampered, VERIFY_SIGNATURE_WRONG,
	 "names our key, and is not its signature of this content", 1, 4},
	{bundle_other_digest, VERIFY_DIGEST, NULL, 1, 4},
	{bundle_garbage, VERIFY_FIELD_TYPE, NULL, 1, 4},
	{referrer_missing, VERIFY_BLOB, "listed, but the registry does not have it", 1, 3},
	{referrer_index, VERIFY_MEDIA_TYPE, "a referrer that is an index", 1, 3},
	{referrer_of_another, VERIFY_CONTENT, "a referrer whose subject is another image", 1, 3},
	{referrer_two_layers, VERIFY_CONTENT, "a referrer of 2 layers, want 1", 1, 3},
	{referrer_of_something_else, VERIFY_NO_SIGNATURE, "a referrer that holds something else", 0,
	 3},
	{referrer_of_another_type, VERIFY_NO_SIGNATURE, "no signature was found", 0, 2},
	{manifest_denies, VERIFY_PREDICATE_TYPE, "a statement that is no signature", 0, 3},
	{descriptor_denies, VERIFY_NO_SIGNATURE, "no signature was found", 0, 2},
	{bundle_huge, VERIFY_TOO_LARGE, NULL, 1, 3},
};

/* What somebody pushed is never "could not find out". */
START_TEST(tells_what_the_registry_holds)
{
	contents[_i].put();
	struct evidence e = find(&want);
	ck_assert_int_ne(e.state, VERIFY_STATE_UNAVAILABLE);
	ck_assert_msg(e.reason == contents[_i].reason, "%d: %s: %.*s", _i,
		      verify_reason_name(e.reason), STR_ARG(e.why));
	ck_assert_uint_gt(e.why.n, 0);
	if (contents[_i].why)
		ck_assert_msg(str_eq(e.why, str_of(contents[_i].why)), "%.*s", STR_ARG(e.why));
	ck_assert_uint_eq(e.n_signatures, contents[_i].signatures);
	ck_assert_uint_eq(fake_requests(f), contents[_i].requests);
}
END_TEST

START_TEST(what_denies_being_a_signature_is_listed_for_people)
{
	descriptor_denies();
	struct evidence e = find(&thorough);
	ck_assert_uint_eq(e.n_candidates, 1);
	ck_assert_int_eq(e.candidates[0].reason, VERIFY_PREDICATE_TYPE);
	ck_assert_int_eq(e.reason, VERIFY_PREDICATE_TYPE);
	ck_assert_uint_eq(e.n_signatures, 0);
	ck_assert_uint_eq(fake_requests(f), 2);
}
END_TEST

START_TEST(a_legacy_signature_may_be_a_referrer)
{
	const struct fake_signature s = {.key = &keys[0]};
	const char *type = _i == 0 ? "" : ",\"artifactType\":\"application/vnd.oci.empty.v1+json\"";

	fake_put_signatures(f, "app", image, &s, 1);
	/* The same layers under another config, and no tag. */
	struct str body = f->items[f->n_items - 1].body, layers, before;
	ck_assert(str_cut(body, '[', &before, &layers));
	f->n_items--;
	put_referrer(manifest_of("application/vnd.dev.cosign.artifact.sig.v1+json",
				 fake_text(f, "%.*s", (int)layers.n - 2, layers.p), ""),
		     type);
	struct evidence e = find(&thorough);
	expect(&e, VERIFY_VERIFIED, "");
	ck_assert_int_eq(e.candidates[0].format, BUNDLE_LEGACY_SIG);
}
END_TEST

START_TEST(lists_every_candidate_for_people)
{
	const struct fake_signature s[] = {{.key = &keys[1]},
					   {.key = &keys[0]},
					   {.key = &keys[0], .digest = fake_digest(f, 2)}};

	fake_put_signatures(f, "app", image, s, 3);
	fake_put_bundle(f, "app", image, &s[0]);
	fake_put_bundle(f, "app", image, &s[1]);
	struct evidence e = find(&thorough);
	static const enum verify_reason reasons[] = {VERIFY_KEY_FITS_NONE, VERIFY_VERIFIED,
						     VERIFY_DIGEST, VERIFY_KEY_UNKNOWN,
						     VERIFY_VERIFIED};
	char ours[SIG_FINGERPRINT_BYTES], theirs[SIG_FINGERPRINT_BYTES];
	sig_key_fingerprint(&keys[0].key, ours);
	sig_key_fingerprint(&keys[1].key, theirs);
	expect(&e, VERIFY_VERIFIED, "");
	ck_assert_uint_eq(e.n_candidates, 5);
	ck_assert_uint_eq(e.n_signatures, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct evidence_candidate *c = &e.candidates[i];
		ck_assert_int_eq(c->reason, reasons[i]);
		ck_assert_int_eq(c->format, i < 3 ? BUNDLE_LEGACY_SIG : BUNDLE_V03);
		ck_assert_uint_eq(c->digest.n, 71);
		bool is_ours = i == 1 || i == 2 || i == 4;
		ck_assert(str_eq(c->key, is_ours ? str_of(ours) : S("")));
		ck_assert(str_eq(c->hint, i < 3 ? S("") : i == 3 ? str_of(theirs) : str_of(ours)));
	}
}
END_TEST

/* ---- limits ---- */

START_TEST(one_good_signature_among_sixty_bad_ones_counts)
{
	struct fake_signature s[64];

	for (size_t i = 0; i < 64; i++)
		s[i] = (struct fake_signature){.key = &keys[1], .digest = fake_digest(f, 9)};
	s[63] = (struct fake_signature){.key = &keys[0]};
	fake_put_signatures(f, "app", image, s, 64);
	struct evidence e = find(&want);
	expect(&e, VERIFY_VERIFIED, "");
	ck_assert(!e.truncated);
}
END_TEST

START_TEST(too_many_layers_are_not_looked_at)
{
	struct fake_signature s[66];

	for (size_t i = 0; i < 66; i++)
		s[i] = (struct fake_signature){.key = &keys[1]};
	s[_i == 0 ? 63 : 64].key = &keys[0];
	fake_put_signatures(f, "app", image, s, 66);
	struct evidence e = find(&want);
	ck_assert_int_eq(e.state, _i == 0 ? VERIFY_STATE_VERIFIED : VERIFY_STATE_UNTRUSTED_KEY);
	ck_assert(e.truncated);
	ck_assert_uint_le(fake_requests(f), 66);
}
END_TEST

START_TEST(too_many_referrers_are_not_looked_at)
{
	const struct fake_signature bad = {.key = &keys[1]};
	struct text t;
	struct str body;

	fake_put_bundle(f, "app", image, &bad);
	struct str one = f->items[f->n_items - 1].body, before, rest;
	ck_assert(str_cut(one, '[', &before, &rest));
	text_init(&t, f->arena, 8 << 20);
	for (size_t i = 0; i < 100; i++) {
		text_puts(&t, i ? "," : "");
		text_put(&t, str_sub(rest, 0, rest.n - 2));
	}
	ck_assert(text_done(&t, &body));
	fake_put_referrers(f, "app", image, body);
	fake_put_signatures(f, "app", image, &(struct fake_signature){.key = &keys[0]}, 1);
	struct evidence e = find(&thorough);
	expect(&e, VERIFY_VERIFIED, "");
	ck_assert(e.truncated);
	ck_assert_uint_eq(e.n_candidates, 65);
	ck_assert_uint_eq(fake_requests(f), 2 + 1 + 2 * 64);
}
END_TEST

START_TEST(no_more_candidates_are_judged_than_the_limit)
{
	struct text t;
	struct str layers;
	const char *layer = layer_of(SIG, fake_put_blob(f, "app", S("{}")), 2);

	text_init(&t, f->arena, 1 << 20);
	for (size_t i = 0; i < 64; i++) {
		text_puts(&t, i ? "," : "");
		text_puts(&t, layer);
	}
	ck_assert(text_done(&t, &layers));
	const char *manifest =
		manifest_of("application/vnd.dev.cosign.artifact.sig.v1+json", layers.p, "");
	const char *digest = fake_put_manifest(f, "app", str_of(manifest));
	struct str body = S("");
	for (size_t i = 0; i < 10; i++)
		body = str_of(fake_text(f,
					"%.*s%s{\"mediaType\":\"" MEDIA_OCI_MANIFEST
					"\",\"size\":%zu,\"digest\":\"%s\"}",
					(int)body.n, body.p ? body.p : "", i ? "," : "",
					strlen(manifest), digest));
	fake_put_referrers(f, "app", image, body);
	struct evidence e = find(&want);
	ck_assert_int_eq(e.state, VERIFY_STATE_UNTRUSTED_KEY);
	ck_assert(e.truncated);
	ck_assert_uint_eq(e.n_signatures, LIMIT_CANDIDATES);
	ck_assert_uint_le(f->blobs, LIMIT_CANDIDATES + 16);
}
END_TEST

Suite *test_evidence_discover_suite(void);
Suite *test_evidence_discover_suite(void)
{
	Suite *s = suite_create("evidence_discover");
	TCase *t = tcase_create("evidence_discover");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, tells_what_the_registry_holds, 0, COUNT(contents));
	tcase_add_test(t, what_denies_being_a_signature_is_listed_for_people);
	tcase_add_loop_test(t, a_legacy_signature_may_be_a_referrer, 0, 2);
	tcase_add_test(t, lists_every_candidate_for_people);
	tcase_add_test(t, one_good_signature_among_sixty_bad_ones_counts);
	tcase_add_loop_test(t, too_many_layers_are_not_looked_at, 0, 2);
	tcase_add_test(t, too_many_referrers_are_not_looked_at);
	tcase_add_test(t, no_more_candidates_are_judged_than_the_limit);
	suite_add_tcase(s, t);
	return s;
}

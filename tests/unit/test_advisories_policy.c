/* What went wrong in other admission controllers, replayed from the Pod to the verdict: the engine asks, a
 * registry in memory answers. docs/advisories.md lists them all. */
#include "core/file.h"
#include "tests/unit/advisory_fixture.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/policy_text.h"
#include "webhook/review.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT "signature: spec.containers[0].image (container \"c\"): "
#define BAD "bad0bad0bad0"
#define UNSIGNED                                                                                   \
	FAKE_HOST "/" APP "@sha256:" BAD "\xE2\x80\xA6 has no cosign signature: none at tag "      \
		  "sha256-" BAD                                                                    \
		  "\xE2\x80\xA6.sig, none among its referrers; want a signature by ours\n"

static struct fixture *x;
static struct loaded l;
static const char *unsigned_image; /* another digest of the same repository */

/* The key as a YAML string. */
static const char *key_text(void)
{
	struct text t;
	struct str s;

	text_init(&t, f->arena, 4096);
	for (const char *p = keys[0].pem; *p; p++)
		text_put(&t, *p == '\n' ? S("\\n") : (struct str){p, 1});
	ck_assert(text_done(&t, &s));
	return s.p;
}

static const char *policy_of(const char *authority, const char *rules)
{
	return fake_text(f,
			 "apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"
			 "  mode: deny\n  onError: deny\n"
			 "  match: {resources: [pods, workloads], operations: [CREATE, UPDATE]}\n"
			 "  authorities: {ours: {%s}}\n  rules:\n  - {name: signed, %s}\n",
			 authority, rules);
}

static const char *our_key(void)
{
	return fake_text(f, "key: {inline: \"%s\"}", key_text());
}

static void setup(void)
{
	const struct policy_options o = {.now_unix_s = FIXTURE_NOW};

	advisory_setup();
	x = fixture_new();
	unsigned_image = fake_text(f, "sha256:" BAD "%052x", 0);
	put_layers(layer_text(&(struct forged_layer){.key = 0}));
	l = load_with(policy_of(our_key(), "signature: {anyOf: [ours]}"), &o);
	ck_assert_msg(l.set != NULL, "%s", problems_text(&l.problems));
}

static void teardown(void)
{
	loaded_free(&l);
	fixture_free(x);
	advisory_teardown();
}

static bool knows(void *self, struct str host)
{
	(void)self;
	return str_eq(host, S(FAKE_HOST));
}

static struct evidence *gather(void)
{
	const struct evidence_options o = {.source = fake_source(f),
					   .clock = &clock_system,
					   .knows_host = knows};
	const struct engine *en = &x->engine;
	struct evidence *out = arena_calloc(x->arena, en->n_questions + 1, sizeof(*out));
	struct err e;
	struct evidence_pool *p = evidence_pool_new(&o, &e);

	ck_assert_msg(p != NULL, "%s", e.text);
	evidence_gather(p, en->questions, en->n_questions, deadline_in(&clock_system, 60000),
			x->arena, out);
	evidence_pool_free(p);
	return out;
}

static enum verdict admit(const char *object)
{
	f->manifests = f->blobs = f->referrers = 0;
	arena_reset(x->arena);
	x->admission.object = fixture_json(x, object);
	engine_evaluate(&x->engine, x->arena, l.set, &x->admission);
	engine_conclude(&x->engine, gather());
	return report_verdict(&x->engine.report);
}

static const char *pod_of(const char *name)
{
	return fake_text(f, "{'spec': {'containers': [{'name': 'c', 'image': '%s'}]}}", name);
}

/* `suffix`: ":v1", "@sha256:..." */
static const char *app(const char *suffix)
{
	return fake_text(f, FAKE_HOST "/" APP "%s", suffix);
}

static const char *pinned(const char *tag, const char *digest)
{
	return app(fake_text(f, "%s@%s", tag, digest));
}

static void denied(const char *object, const char *line)
{
	ck_assert_int_eq(admit(object), VERDICT_DENY);
	ck_assert_msg(strstr(fixture_lines(x), line) != NULL, "got %s, want %s", fixture_lines(x),
		      line);
}

/* ---- tags ---- */

/* The registry may say one digest to us and another one to the runtime: a tag is no question. */
START_TEST(cve_2022_47633_a_tag_is_not_asked_about)
{
	static const char *const tags[] = {":v1", ":latest", ""};

	fake_put(f, APP, "manifests/v1", S("{}"));
	fake_put(f, APP, "manifests/latest", S("{}"));
	for (size_t i = 0; i < COUNT(tags); i++) {
		denied(pod_of(app(tags[i])),
		       "; want ...@sha256:<64 hex>; assay verify " FAKE_HOST "/app:");
		ck_assert_uint_eq(x->engine.n_questions, 0);
		ck_assert_uint_eq(fake_requests(f), 0);
	}
	denied(pod_of(app(":v1")),
	       AT "got tag \"v1\"; want ...@sha256:<64 hex>; assay verify " FAKE_HOST
		  "/app:v1 prints its pin\n");
	ck_assert_int_eq(admit(pod_of(pinned("", image))), VERDICT_ALLOW);
}
END_TEST

/* What is verified is the written digest, which is what runs; not what the tag beside it leads to. */
START_TEST(cve_2023_33959_the_written_digest_is_verified_and_no_other)
{
	const char *both = pinned(":v1", image), *swapped = pinned(":v1", unsigned_image);

	ck_assert_int_eq(admit(pod_of(both)), VERDICT_ALLOW);
	denied(pod_of(swapped), AT UNSIGNED);
	/* A signature of ours, at the tag of the image that it does not sign. */
	struct str manifest = f->items[f->n_items - 1].body;
	fake_put(f, APP, fake_text(f, "manifests/sha256-%s.sig", unsigned_image + 7), manifest);
	denied(pod_of(swapped),
	       fake_text(f,
			 AT FAKE_HOST
			 "/" APP "@sha256:" BAD "\xE2\x80\xA6 has 1 cosign signature, none of "
			 "this image by \"ours\": a good signature of %s, not of %s; want a "
			 "signature by ours\n",
			 image, unsigned_image));
	ck_assert_int_eq(admit(pod_of(both)), VERDICT_ALLOW);
}
END_TEST

START_TEST(crossplane_tag_toctou_a_tag_beside_a_digest_is_never_resolved)
{
	const char *pod = pod_of(pinned(":v1", image));

	for (int moved = 0; moved < 2; moved++) {
		fake_put(f, APP, "manifests/v1", moved ? S("{\"moved\":true}") : S("{}"));
		ck_assert_int_eq(admit(pod), VERDICT_ALLOW);
		/* The .sig manifest is the only one asked for. */
		ck_assert_uint_eq(f->manifests, 1);
		ck_assert_uint_le(f->referrers, 1);
		ck_assert_uint_eq(f->blobs, 1);
	}
	fake_put(f, APP, fake_text(f, "manifests/%s", image), S("{\"other\":\"bytes\"}"));
	ck_assert_int_eq(admit(pod), VERDICT_ALLOW);
	ck_assert_uint_eq(f->manifests, 1);
}
END_TEST

/* ---- every image ---- */

/* Where an image may stand beside the first container, and what it is then called. */
static const struct {
	const char *before, *after;
	const char *field, *name;
} places[] = {
	{"'initContainers': [{'name': 'i', 'image': '", "'}]", "initContainers[0].image",
	 "container \"i\""},
	{"'initContainers': [{'name': 's', 'restartPolicy': 'Always', 'image': '", "'}]",
	 "initContainers[0].image", "container \"s\""},
	{"'ephemeralContainers': [{'name': 'e', 'targetContainerName': 'c', 'image': '", "'}]",
	 "ephemeralContainers[0].image", "container \"e\""},
	{"'volumes': [{'name': 'v', 'image': {'reference': '", "'}}]", "volumes[0].image.reference",
	 "volume \"v\""},
};

static const char *object_with(size_t place, bool deployment, const char *second)
{
	const char *spec =
		fake_text(f, "'containers': [{'name': 'c', 'image': '%s'}], %s%s%s",
			  pinned("", image), places[place].before, second, places[place].after);

	return deployment ? fake_text(f, "{'spec': {'template': {'spec': {%s}}}}", spec)
			  : fake_text(f, "{'spec': {%s}}", spec);
}

START_TEST(policy_controller_unchecked_places_every_image_of_a_pod_is_verified)
{
	const size_t place = (size_t)_i;

	for (int deployment = 0; deployment < 2; deployment++) {
		if (deployment)
			fixture_kind(x, "apps", "Deployment");
		denied(object_with(place, deployment, pinned("", unsigned_image)),
		       fake_text(f, "signature: spec.%s%s (%s): " UNSIGNED,
				 deployment ? "template.spec." : "", places[place].field,
				 places[place].name));
		ck_assert_int_eq(admit(object_with(place, deployment, pinned("", image))),
				 VERDICT_ALLOW);
	}
}
END_TEST

/* ---- failure ---- */

/* The review as the API server gets it. */
static const char *reply(void)
{
	const struct review review = {.uid = S("u")};
	const struct report_text_options o = {.docs_url = S("https://assay.dev")};
	struct answer answer;
	struct str out;

	review_answer(&review, &x->engine, &o, &answer);
	ck_assert(review_render(x->arena, &review, &x->engine, &answer, S("00"), &out));
	return fake_text(f, "%.*s", STR_ARG(out));
}

START_TEST(webhook_failure_a_registry_that_fails_is_no_yes)
{
	const char *pod = pod_of(pinned("", image));

	for (int o = REGISTRY_INVALID; o < REGISTRY_NOT_FOUND; o++) {
		fake_fail(f, "", (enum registry_outcome)o);
		enum verdict v = admit(pod);
		/* What was pushed by somebody is a plain no. */
		bool pushed = o == REGISTRY_TOO_LARGE || o == REGISTRY_CONTENT;
		ck_assert_int_eq(v, pushed ? VERDICT_DENY : VERDICT_UNAVAILABLE);
		const char *code = pushed ? "\"code\":403" : "\"code\":503";
		ck_assert_ptr_nonnull(strstr(reply(), "\"allowed\":false"));
		ck_assert_msg(strstr(reply(), code) != NULL, "%s", reply());
	}
	fake_fail(f, "", REGISTRY_OK);
	ck_assert_int_eq(admit(pod), VERDICT_ALLOW);
	ck_assert_ptr_nonnull(strstr(reply(), "\"allowed\":true"));
}
END_TEST

START_TEST(webhook_failure_what_was_not_asked_or_has_no_room_is_refused)
{
	char buf[FALLBACK_BYTES];
	struct str s = review_render_fallback(S("u"), buf, sizeof(buf));

	ck_assert_int_eq(admit(pod_of(pinned("", image))), VERDICT_ALLOW);
	engine_evaluate(&x->engine, x->arena, l.set, &x->admission);
	engine_conclude(&x->engine, NULL);
	ck_assert_int_eq(report_verdict(&x->engine.report), VERDICT_UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(reply(), "\"allowed\":false"));
	ck_assert_ptr_nonnull(memmem(s.p, s.n, "\"allowed\":false", 15));
	ck_assert_ptr_null(memmem(s.p, s.n, "\"allowed\":true", 14));
}
END_TEST

START_TEST(webhook_failure_the_chart_fails_closed)
{
	struct str values;
	struct err e;

	ck_assert_msg(file_read(f->arena, "deploy/helm/values.yaml", 1 << 20, &values, &e) == 0,
		      "%s", e.text);
	ck_assert_ptr_nonnull(memmem(values.p, values.n, "\n  failurePolicy: Fail\n", 23));
	ck_assert_ptr_null(memmem(values.p, values.n, "\n  failurePolicy: Ignore", 24));
}
END_TEST

/* ---- demands that nothing could meet ---- */

#define A_KEY                                                                                      \
	"key: {inline: \"-----BEGIN PUBLIC "                                                       \
	"KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPiUQ5mEOz//"                               \
	"Vp/JB4Lh7wpM7eyoO\\nHpmgvDq4upxhOhUnZaWtkk5gubq/"                                         \
	"UVFmfpksKiV7+U7EUaJfDsb2NYAhng==\\n-----END "                                             \
	"PUBLIC KEY-----\\n\"}"
#define TRUST "want the file that says which certificate authorities and logs count\n"

static const struct {
	const char *authority, *error; /* behind "spec.authorities.ours" */
} demands[] = {
	{"keyless: {issuer: 'https://a', subject: b}", ".keyless: has no trustedRoot: " TRUST},
	{"keyless: {subject: b}",
	 ".keyless: has no issuer: want exactly one of issuer and issuerRegex\n"},
	{"keyless: {issuer: 'https://a'}",
	 ".keyless: has no subject: want exactly one of subject and subjectRegex\n"},
	{"certificates: {roots: {inline: x}}",
	 ".certificates: has no subject: want exactly one of subject and subjectRegex\n"},
	{A_KEY ", transparencyLog: {threshold: 1}",
	 ": has no trustedRoot: want one, since entries of transparency logs are wanted\n"},
	{A_KEY ", timestamps: {threshold: 1}",
	 ": has no trustedRoot: want one, since timestamps are wanted\n"},
	{A_KEY ", maxSignatureAge: 24h",
	 ": has maxSignatureAge, but nothing could tell when it signed: want a trusted root with a "
	 "transparency log or a timestamp authority\n"},
};

/* Whoever demands a log, a timestamp or an identity without saying whom to believe, or whose, gets no
 * policy, rather than one that does not look. */
START_TEST(demands_without_means_do_not_load)
{
	const struct policy_options o = {.now_unix_s = FIXTURE_NOW};
	struct loaded bad =
		load_with(policy_of(demands[_i].authority, "signature: {anyOf: [ours]}"), &o);
	const char *told = fake_text(f, "spec.authorities.ours%s", demands[_i].error);

	ck_assert_ptr_null(bad.set);
	ck_assert_msg(strstr(problems_text(&bad.problems), told) != NULL, "want %s got %s", told,
		      problems_text(&bad.problems));
	loaded_free(&bad);
}
END_TEST

Suite *test_advisories_policy_suite(void);
Suite *test_advisories_policy_suite(void)
{
	Suite *s = suite_create("advisories_policy");
	TCase *t = tcase_create("advisories_policy");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, cve_2022_47633_a_tag_is_not_asked_about);
	tcase_add_test(t, cve_2023_33959_the_written_digest_is_verified_and_no_other);
	tcase_add_test(t, crossplane_tag_toctou_a_tag_beside_a_digest_is_never_resolved);
	tcase_add_loop_test(t, policy_controller_unchecked_places_every_image_of_a_pod_is_verified,
			    0, (int)COUNT(places));
	tcase_add_test(t, webhook_failure_a_registry_that_fails_is_no_yes);
	tcase_add_test(t, webhook_failure_what_was_not_asked_or_has_no_room_is_refused);
	tcase_add_test(t, webhook_failure_the_chart_fails_closed);
	tcase_add_loop_test(t, demands_without_means_do_not_load, 0, (int)COUNT(demands));
	suite_add_tcase(s, t);
	return s;
}

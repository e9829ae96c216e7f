/* Manifests and indexes: what they say, and what is refused and why. */
#include <check.h>
#include <stdlib.h>

#include "oci/limits.h"
#include "oci/manifest.h"

Suite *test_manifest_suite(void);

#define HEX "5aa3fd2d1c1f1b3c5d7e9f0011223344556677889900aabbccddeeff00112233"
#define D "\"digest\":\"sha256:" HEX "\",\"size\":7"
#define CONFIG "\"config\":{\"mediaType\":\"application/vnd.oci.empty.v1+json\"," D "}"
#define V "\"schemaVersion\":2"
#define OCI "application/vnd.oci.image.manifest.v1+json"

static struct arena *a;

static void setup(void)
{
	a = arena_new((size_t)64 << 20);
}

static void teardown(void)
{
	arena_free(a);
}

static void must_parse(const char *json, const char *type, struct manifest *m)
{
	struct err e;
	if (manifest_parse(a, str_of(json), str_of(type), m, &e) < 0)
		ck_abort_msg("%s: %s", json, e.text);
}

static void expect(struct str got, const char *want)
{
	ck_assert_msg(str_eq(got, str_of(want)), "'%.*s', not '%s'", STR_ARG(got), want);
}

START_TEST(manifest_says_all_its_parts)
{
	struct manifest m;
	must_parse("{" V ",\"mediaType\":\"" OCI "\",\"artifactType\":\"application/x\"," CONFIG
		   ",\"layers\":[{\"mediaType\":\"text/plain\"," D
		   ",\"annotations\":{\"k\":\"v\",\"e\":\"\"},\"data\":\"e30=\",\"urls\":[\"u\"]}],"
		   "\"subject\":{\"mediaType\":\"" OCI "\"," D "},\"annotations\":{\"a\":\"b\"},"
		   "\"unknown\":[1]}",
		   OCI "; charset=utf-8", &m);
	ck_assert_int_eq(m.kind, MANIFEST_IMAGE);
	expect(m.media_type, OCI);
	expect(m.artifact_type, "application/x");
	expect(m.config.media_type, "application/vnd.oci.empty.v1+json");
	ck_assert_uint_eq(m.n_layers, 1);
	ck_assert_uint_eq(m.layers[0].size, 7);
	ck_assert(m.layers[0].has_sha256);
	ck_assert_uint_eq(m.layers[0].digest.bytes[0], 0x5A);
	expect(m.layers[0].digest_text, "sha256:" HEX);
	expect(manifest_annotation(m.layers[0].annotations, S("k")), "v");
	expect(manifest_annotation(m.layers[0].annotations, S("none")), "");
	expect(manifest_annotation(m.annotations, S("a")), "b");
	ck_assert(m.has_subject);
	ck_assert_uint_eq(m.n_manifests, 0);
}
END_TEST

START_TEST(index_says_all_its_parts)
{
	struct manifest m;
	must_parse("{" V ",\"manifests\":[{\"mediaType\":\"" OCI "\"," D
		   ",\"artifactType\":\"application/y\",\"platform\":{\"os\":\"linux\","
		   "\"architecture\":\"arm64\"}},{\"mediaType\":\"x\",\"size\":0,\"digest\":"
		   "\"sha512:" HEX HEX "\"}]}",
		   MEDIA_OCI_INDEX, &m);
	ck_assert_int_eq(m.kind, MANIFEST_INDEX);
	expect(m.media_type, MEDIA_OCI_INDEX);
	ck_assert_uint_eq(m.n_manifests, 2);
	expect(m.manifests[0].os, "linux");
	expect(m.manifests[0].architecture, "arm64");
	expect(m.manifests[0].artifact_type, "application/y");
	ck_assert(m.manifests[0].has_sha256);
	ck_assert(!m.manifests[1].has_sha256);
	ck_assert(!m.has_subject);
	expect(manifest_annotation(NULL, S("a")), "");
}
END_TEST

START_TEST(empty_lists_may_be_null)
{
	struct manifest m;
	must_parse("{" V ",\"manifests\":null,\"annotations\":null}", "", &m);
	ck_assert_uint_eq(m.n_manifests, 0);
	ck_assert_uint_eq(m.media_type.n, 0);
	must_parse("{" V "," CONFIG ",\"layers\":null}", "text/plain", &m);
	ck_assert_int_eq(m.kind, MANIFEST_IMAGE);
}
END_TEST

static const struct {
	const char *json, *type, *why;
} wrong[] = {
	{"", "", "not valid JSON: empty"},
	{"[]", "", "got a value of type list, want a map"},
	{"{}", "", "schemaVersion: missing"},
	{"{\"schemaVersion\":\"2\"}", "", "schemaVersion: got a value of type string, want 2"},
	{"{\"schemaVersion\":1}", "", "schemaVersion: not 2"},
	{"{\"schemaVersion\":2.0,\"layers\":[]}", "",
	 "schemaVersion: got a value of type number, want 2"},
	{"{" V ",\"schemaVersion\":2}", "", "not valid JSON: duplicate key \"schemaVersion\""},
	{"{" V "}", "",
	 "neither a manifest nor an index: has no \"manifests\", \"layers\" or \"config\""},
	{"{" V ",\"layers\":[],\"manifests\":[]}", "",
	 "both a manifest and an index: has \"manifests\" beside \"layers\" or \"config\""},
	{"{" V ",\"config\":null,\"manifests\":[]}", "",
	 "both a manifest and an index: has \"manifests\" beside \"layers\" or \"config\""},
	{"{" V ",\"fsLayers\":[]}", "", "a manifest of schema version 1: not supported"},
	{"{" V ",\"layers\":[]}", "", "config: missing"},
	{"{" V "," CONFIG "}", "", "layers: missing"},
	{"{" V "," CONFIG ",\"layers\":{}}", "", "layers: got a value of type map, want a list"},
	{"{" V "," CONFIG ",\"layers\":[],\"mediaType\":7}", "",
	 "mediaType: got a value of type integer, want a string"},
	{"{" V "," CONFIG ",\"layers\":[],\"mediaType\":\"" MEDIA_OCI_INDEX "\"}", "",
	 "mediaType: not one of a manifest"},
	{"{" V ",\"manifests\":[],\"mediaType\":\"" OCI "\"}", "",
	 "mediaType: not one of an index"},
	{"{" V ",\"manifests\":[],\"mediaType\":\"text/plain\"}", "",
	 "mediaType: not one of an index"},
	{"{" V ",\"manifests\":[],\"mediaType\":\"" MEDIA_DOCKER_LIST "\"}", MEDIA_OCI_INDEX,
	 "mediaType: not what the Content-Type says"},
	{"{" V ",\"manifests\":[]}", OCI, "the Content-Type says manifest, but it is an index"},
	{"{" V ",\"manifests\":[],\"artifactType\":[]}", "",
	 "artifactType: got a value of type list, want a string"},
	{"{" V ",\"manifests\":[1]}", "", "manifests[0]: got a value of type integer, want a map"},
	{"{" V ",\"manifests\":[{}]}", "", "manifests[0].mediaType: missing"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"\"}]}", "", "manifests[0].mediaType: empty"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\"}]}", "", "manifests[0].digest: missing"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\",\"digest\":\"sha256:" HEX "\"}]}", "",
	 "manifests[0].size: missing"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\",\"size\":-1,\"digest\":\"sha256:" HEX "\"}]}",
	 "", "manifests[0].size: negative"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\",\"size\":\"7\",\"digest\":\"sha256:" HEX
	 "\"}]}",
	 "", "manifests[0].size: got a value of type string, want a whole number"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\",\"size\":1.5,\"digest\":\"sha256:" HEX "\"}]}",
	 "", "manifests[0].size: got a value of type number, want a whole number"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\"," D ",\"annotations\":{\"a\":1}}]}", "",
	 "manifests[0].annotations: got a value of type integer, want strings"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\"," D ",\"annotations\":[]}]}", "",
	 "manifests[0].annotations: got a value of type list, want a map"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\"," D ",\"platform\":\"linux\"}]}", "",
	 "manifests[0].platform: got a value of type string, want a map"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\"," D ",\"urls\":[1]}]}", "",
	 "manifests[0].urls: got a value of type integer, want strings"},
	{"{" V ",\"manifests\":[{\"mediaType\":\"x\"," D ",\"data\":{}}]}", "",
	 "manifests[0].data: got a value of type map, want a string"},
	{"{" V ",\"manifests\":[],\"subject\":7}", "",
	 "subject: got a value of type integer, want a map"},
	{"{" V ",\"manifests\":[],\"subject\":{\"mediaType\":\"x\"}}", "",
	 "subject.digest: missing"},
	{"{" V ",\"manifests\":[],\"annotations\":{\"a\":null}}", "",
	 "annotations: got a value of type null, want strings"},
};

START_TEST(wrong_document_is_refused_with_this_reason)
{
	struct manifest m, before;
	struct err e;
	memset(&m, 0x5A, sizeof(m));
	before = m;
	ck_assert_int_eq(manifest_parse(a, str_of(wrong[_i].json), str_of(wrong[_i].type), &m, &e),
			 -1);
	ck_assert_str_eq(e.text, wrong[_i].why);
	ck_assert_int_eq(e.kind, ERR_INPUT);
	ck_assert_mem_eq(&m, &before, sizeof(m));
}
END_TEST

START_TEST(more_bytes_than_allowed_are_refused)
{
	struct manifest m;
	struct err e;
	size_t n = LIMIT_MANIFEST_BYTES + 1;
	char *p = malloc(n);
	ck_assert_ptr_nonnull(p);
	memset(p, ' ', n);
	ck_assert_int_eq(manifest_parse(a, (struct str){p, n}, S(""), &m, &e), -1);
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_str_eq(e.text, "more than 4194304 bytes");
	free(p);
}
END_TEST

START_TEST(each_failed_allocation_is_an_error)
{
	static const char json[] = "{" V ",\"manifests\":[{\"mediaType\":\"x\"," D "}]}";
	bool parsed = false;
	for (size_t i = 1; !parsed && i < 100; i++) {
		struct manifest m;
		struct err e;
		arena_reset(a);
		arena_fail_at(a, i);
		parsed = manifest_parse(a, str_of(json), S(""), &m, &e) == 0;
		if (!parsed)
			ck_assert_int_eq(e.kind, ERR_LIMIT);
	}
	ck_assert(parsed);
}
END_TEST

START_TEST(media_type_has_no_parameters)
{
	expect(media_type_of(S(" text/plain ; q=1")), "text/plain");
	expect(media_type_of(S("text/plain")), "text/plain");
	expect(media_type_of(S("")), "");
}
END_TEST

Suite *test_manifest_suite(void)
{
	Suite *s = suite_create("manifest");
	TCase *t = tcase_create("manifest");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, manifest_says_all_its_parts);
	tcase_add_test(t, index_says_all_its_parts);
	tcase_add_test(t, empty_lists_may_be_null);
	tcase_add_loop_test(t, wrong_document_is_refused_with_this_reason, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(t, more_bytes_than_allowed_are_refused);
	tcase_add_test(t, each_failed_allocation_is_an_error);
	tcase_add_test(t, media_type_has_no_parameters);
	suite_add_tcase(s, t);
	return s;
}

/* Recorded registry content answers as a registry would, and is trusted as little. */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/limits.h"
#include "oci/recorded.h"

Suite *test_recorded_suite(void);

#define REPOSITORY "r.example:5000/golden/app"
#define INDEX(digest)                                                                              \
	"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST                 \
	"\",\"digest\":\"sha256:" digest "\",\"size\":7,\"artifactType\":\"t\","                   \
	"\"annotations\":{\"k\":\"v\"}}]}"
#define HEX1 "1111111111111111111111111111111111111111111111111111111111111111"
#define HEX2 "2222222222222222222222222222222222222222222222222222222222222222"

static struct arena *a;
static char dir[] = "/tmp/recorded-XXXXXX";
static struct registry_recorded recorded;
static struct registry_source source;
static struct registry_call call;
static const struct registry_repository repository = {{"r.example:5000", 14}, {"golden/app", 10}};

static void put(const char *name, const char *bytes)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/" REPOSITORY "/%s", dir, name);
	for (char *slash = strchr(path + sizeof(dir), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(bytes, f), 0);
	fclose(f);
}

static void setup(void)
{
	struct err e;
	a = arena_new((size_t)64 << 20);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(registry_recorded_init(&recorded, dir, &clock_system, &e), 0);
	source = registry_recorded_source(&recorded);
	call = (struct registry_call){.arena = a, .deadline = deadline_in(&clock_system, 60000)};
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(a);
}

static void expect(struct str got, const char *want)
{
	ck_assert_msg(str_eq(got, str_of(want)), "'%.*s', not '%s'", STR_ARG(got), want);
}

static struct sha256 digest_of(const char *bytes)
{
	struct sha256 d;
	struct err e;
	ck_assert_int_eq(sha256_of(str_of(bytes), &d, &e), 0);
	return d;
}

static struct sha256 digest(const char *hex)
{
	char text[80];
	struct sha256 d;
	snprintf(text, sizeof(text), "sha256:%s", hex);
	ck_assert(sha256_parse(str_of(text), &d));
	return d;
}

START_TEST(manifest_by_tag_and_by_digest)
{
	struct registry_reply r;
	char name[128], hex[SHA256_HEX + 1];
	struct sha256 d = digest_of("{}");
	sha256_hex(&d, hex);
	snprintf(name, sizeof(name), "manifests/sha256:%s", hex);
	put("manifests/v1", "{}");
	put(name, "{}");
	put("index.json", "{\"manifests/v1\":\"text/plain; charset=x\"}");
	registry_fetch_manifest(&source, &call, &repository, S("v1"), &r);
	ck_assert_int_eq(r.outcome, REGISTRY_OK);
	expect(r.body, "{}");
	expect(r.media_type, "text/plain");
	ck_assert_mem_eq(&r.digest, &d, sizeof(d));
	registry_fetch_manifest(&source, &call, &repository, str_of(name + 10), &r);
	ck_assert_int_eq(r.outcome, REGISTRY_OK);
	expect(r.media_type, "");
	put(name, "{ }");
	registry_fetch_manifest(&source, &call, &repository, str_of(name + 10), &r);
	ck_assert_int_eq(r.outcome, REGISTRY_INVALID);
	ck_assert_uint_eq(r.body.n, 0);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	struct registry_reply r;
	put("manifests/v2", "{}");
	registry_fetch_manifest(&source, &call, &repository, S("v1"), &r);
	ck_assert_int_eq(r.outcome, REGISTRY_NOT_FOUND);
	ck_assert_int_eq(r.status, 404);
	expect(r.text, "the recorded r.example:5000 does not hold manifests/v1");
}
END_TEST

static void expect_nothing_known(const struct registry_repository *p, const char *text)
{
	struct registry_reply r;
	struct registry_referrers list;
	struct sha256 subject = digest(HEX1);
	registry_fetch_manifest(&source, &call, p, S("v1"), &r);
	ck_assert_int_eq(r.outcome, REGISTRY_REFUSED);
	ck_assert(registry_outcome_is_unknown(r.outcome));
	ck_assert_int_eq(r.status, 0);
	expect(r.text, text);
	registry_fetch_referrers(&source, &call, p, &subject, NULL, &list);
	ck_assert_int_eq(list.reply.outcome, REGISTRY_REFUSED);
	expect(list.reply.text, text);
	ck_assert_uint_eq(list.n, 0);
}

START_TEST(of_a_repository_that_was_not_recorded_nothing_is_known)
{
	const struct registry_repository parent = {repository.host, S("golden")};
	const struct registry_repository other = {S("r.example"), repository.path};
	const char *text = "the recorded r.example:5000 holds nothing of the repository golden/app";
	expect_nothing_known(&repository, text);
	put("index.json", "{}");
	put("referrers/sha256:" HEX2, INDEX(HEX2));
	put("blobs/x", "");
	expect_nothing_known(&repository, text);
	put("manifests/v2", "{}");
	expect_nothing_known(&parent,
			     "the recorded r.example:5000 holds nothing of the repository golden");
	expect_nothing_known(&other,
			     "the recorded r.example holds nothing of the repository golden/app");
}
END_TEST

/* A link in a circle, one that leads nowhere, and a file, where a folder is wanted. */
START_TEST(what_cannot_be_read_is_not_known)
{
	static const char *const links[] = {"referrers", "nowhere", "index.json"};
	struct registry_referrers r;
	struct registry_reply reply;
	struct sha256 subject = digest(HEX1);
	char path[512];
	put("manifests/v1", "{}");
	put("index.json", "{}");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		snprintf(path, sizeof(path), "%s/" REPOSITORY "/referrers", dir);
		ck_assert_int_eq(symlink(links[i], path), 0);
		registry_fetch_referrers(&source, &call, &repository, &subject, NULL, &r);
		ck_assert_int_eq(r.reply.outcome, REGISTRY_REFUSED);
		ck_assert(!r.by_tag_schema);
		expect(r.reply.text,
		       "the recorded r.example:5000 cannot be read: not a folder: referrers");
		ck_assert_int_eq(unlink(path), 0);
	}
	snprintf(path, sizeof(path), "%s/" REPOSITORY "/manifests/v2", dir);
	ck_assert_int_eq(symlink("nowhere", path), 0);
	registry_fetch_manifest(&source, &call, &repository, S("v2"), &reply);
	ck_assert_int_eq(reply.outcome, REGISTRY_REFUSED);
	ck_assert_int_eq(reply.status, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	registry_fetch_manifest(&source, &call, &repository, S("v2"), &reply);
	ck_assert_int_eq(reply.outcome, REGISTRY_REFUSED);
}
END_TEST

static const struct {
	struct str host, path, name;
	const char *text;
} names[] = {
	{{"..", 2}, {"a", 1}, {"v1", 2}, "not asked: the host of the repository is malformed"},
	{{"r", 1}, {"../a", 4}, {"v1", 2}, "not asked: the path of the repository is malformed"},
	{{"r", 1}, {"", 0}, {"v1", 2}, "not asked: the path of the repository is malformed"},
	{{"r", 1},
	 {"a", 1},
	 {"../v1", 5},
	 "not asked: the name is neither a tag nor a sha256 digest"},
	{{"r", 1}, {"a", 1}, {"", 0}, "not asked: the name is neither a tag nor a sha256 digest"},
	{{"r", 1},
	 {"a", 1},
	 {"sha256:12", 9},
	 "not asked: the name is neither a tag nor a sha256 digest"},
};

START_TEST(name_outside_the_grammar_is_refused)
{
	struct registry_reply r;
	struct registry_repository bad = {names[_i].host, names[_i].path};
	registry_fetch_manifest(&source, &call, &bad, names[_i].name, &r);
	ck_assert_int_eq(r.outcome, REGISTRY_REFUSED);
	expect(r.text, names[_i].text);
}
END_TEST

START_TEST(blob_has_size_and_digest)
{
	struct registry_reply r;
	char name[128], hex[SHA256_HEX + 1];
	struct descriptor d = {.has_sha256 = true, .digest = digest_of("bytes"), .size = 5};
	sha256_hex(&d.digest, hex);
	snprintf(name, sizeof(name), "blobs/sha256:%s", hex);
	put(name, "bytes");
	registry_fetch_blob(&source, &call, &repository, &d, 5, &r);
	ck_assert_int_eq(r.outcome, REGISTRY_OK);
	expect(r.body, "bytes");
	registry_fetch_blob(&source, &call, &repository, &d, 4, &r);
	ck_assert_int_eq(r.outcome, REGISTRY_TOO_LARGE);
	expect(r.text,
	       "not asked: the blob has 5 bytes by its descriptor, and at most 4 are allowed");
	d.size = 4;
	registry_fetch_blob(&source, &call, &repository, &d, 5, &r);
	ck_assert_int_eq(r.outcome, REGISTRY_CONTENT);
	ck_assert_uint_eq(r.body.n, 0);
	d.size = 5;
	put(name, "bytez");
	registry_fetch_blob(&source, &call, &repository, &d, 5, &r);
	ck_assert_int_eq(r.outcome, REGISTRY_INVALID);
	d.has_sha256 = false;
	registry_fetch_blob(&source, &call, &repository, &d, 5, &r);
	ck_assert_int_eq(r.outcome, REGISTRY_REFUSED);
	expect(r.text, "not asked: the digest of the blob is not sha256");
}
END_TEST

START_TEST(referrers_by_tag_schema_without_folder)
{
	struct registry_referrers r;
	struct sha256 subject = digest(HEX1), want = digest(HEX2);
	put("manifests/sha256-" HEX1, INDEX(HEX2));
	registry_fetch_referrers(&source, &call, &repository, &subject, NULL, &r);
	ck_assert_int_eq(r.reply.outcome, REGISTRY_OK);
	ck_assert(r.by_tag_schema && !r.truncated);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_mem_eq(&r.items[0].digest, &want, sizeof(want));
	expect(r.items[0].artifact_type, "t");
	expect(manifest_annotation(r.items[0].annotations, S("k")), "v");
	ck_assert_uint_eq(r.reply.body.n, 0);
}
END_TEST

/* As `cosign copy` leaves it: the image lies below the tag of its own referrers. */
START_TEST(referrers_by_tag_schema_of_an_image)
{
	struct registry_referrers r;
	struct sha256 subject = digest(HEX1);
	put("manifests/sha256-" HEX1,
	    "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"c\",\"size\":2,\"digest\":"
	    "\"sha256:" HEX2 "\"},\"layers\":[]}");
	registry_fetch_referrers(&source, &call, &repository, &subject, NULL, &r);
	ck_assert_int_eq(r.reply.outcome, REGISTRY_OK);
	ck_assert(r.by_tag_schema && !r.truncated);
	ck_assert_uint_eq(r.n, 0);
	ck_assert_uint_eq(r.reply.text.n, 0);
}
END_TEST

START_TEST(referrers_by_api_with_folder)
{
	struct registry_referrers r;
	struct sha256 subject = digest(HEX1), other = digest(HEX2);
	put("manifests/sha256-" HEX2, INDEX(HEX2));
	put("referrers/sha256:" HEX1, INDEX(HEX2));
	registry_fetch_referrers(&source, &call, &repository, &subject, NULL, &r);
	ck_assert_int_eq(r.reply.outcome, REGISTRY_OK);
	ck_assert(!r.by_tag_schema);
	ck_assert_uint_eq(r.n, 1);
	/* With an API the tag is not asked. */
	registry_fetch_referrers(&source, &call, &repository, &other, NULL, &r);
	ck_assert_int_eq(r.reply.outcome, REGISTRY_OK);
	ck_assert_uint_eq(r.n, 0);
	ck_assert_uint_eq(r.reply.text.n, 0);
}
END_TEST

static bool wants_none(void *self, const struct descriptor *d)
{
	(void)self;
	return str_eq(d->artifact_type, S("no"));
}

START_TEST(referrers_are_filtered)
{
	struct registry_referrers r;
	struct sha256 subject = digest(HEX1);
	struct registry_filter filter = {wants_none, NULL};
	put("referrers/sha256:" HEX1, INDEX(HEX2));
	registry_fetch_referrers(&source, &call, &repository, &subject, &filter, &r);
	ck_assert_int_eq(r.reply.outcome, REGISTRY_OK);
	ck_assert_uint_eq(r.n, 0);
}
END_TEST

START_TEST(referrers_that_are_no_index_are_invalid)
{
	struct registry_referrers r;
	struct sha256 subject = digest(HEX1);
	put("referrers/sha256:" HEX1, "{\"schemaVersion\":2}");
	registry_fetch_referrers(&source, &call, &repository, &subject, NULL, &r);
	ck_assert_int_eq(r.reply.outcome, REGISTRY_CONTENT);
	ck_assert(r.truncated);
	expect(r.reply.text,
	       "the recorded r.example:5000 holds a wrong list of referrers: neither a "
	       "manifest nor an index: has no \"manifests\", \"layers\" or \"config\"");
}
END_TEST

START_TEST(folder_must_be_there)
{
	struct registry_recorded r;
	struct err e;
	ck_assert_int_eq(registry_recorded_init(&r, "tests/none", &clock_system, &e), -1);
	ck_assert_str_eq(e.text, "recorded registry content \"tests/none\": no such folder");
}
END_TEST

START_TEST(outcomes_have_names_and_labels)
{
	ck_assert_int_eq(REGISTRY_INVALID, 0);
	for (int i = 0; i < REGISTRY_OUTCOMES; i++) {
		enum registry_outcome o = (enum registry_outcome)i;
		bool known = o == REGISTRY_OK || o == REGISTRY_NOT_FOUND;
		ck_assert(registry_outcome_is_unknown(o) == !known);
		ck_assert_uint_gt(strlen(registry_outcome_name(o)), 0);
	}
	ck_assert_str_eq(registry_outcome_label(REGISTRY_TOO_LARGE), "invalid");
	ck_assert_str_eq(registry_outcome_label(REGISTRY_REFUSED), "invalid");
	ck_assert_str_eq(registry_outcome_label(REGISTRY_RATE_LIMITED), "rate_limited");
}
END_TEST

Suite *test_recorded_suite(void)
{
	Suite *s = suite_create("recorded");
	TCase *t = tcase_create("recorded");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, manifest_by_tag_and_by_digest);
	tcase_add_test(t, what_is_not_there_is_not_found);
	tcase_add_test(t, of_a_repository_that_was_not_recorded_nothing_is_known);
	tcase_add_test(t, what_cannot_be_read_is_not_known);
	tcase_add_loop_test(t, name_outside_the_grammar_is_refused, 0,
			    (int)(sizeof(names) / sizeof(names[0])));
	tcase_add_test(t, blob_has_size_and_digest);
	tcase_add_test(t, referrers_by_tag_schema_without_folder);
	tcase_add_test(t, referrers_by_tag_schema_of_an_image);
	tcase_add_test(t, referrers_by_api_with_folder);
	tcase_add_test(t, referrers_are_filtered);
	tcase_add_test(t, referrers_that_are_no_index_are_invalid);
	tcase_add_test(t, folder_must_be_there);
	tcase_add_test(t, outcomes_have_names_and_labels);
	suite_add_tcase(s, t);
	return s;
}

/* The registries file: what it says, and every problem with its place. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/limits.h"
#include "oci/registries.h"

Suite *test_registries_suite(void);

#define HEAD "apiVersion: assay.dev/v1\nkind: Registries\nspec:\n"
#define PEM "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"

static struct arena *a;
static struct problems problems;
static char dir[] = "/tmp/registries-XXXXXX";
static char path[64];

static void write_file(const char *name, const char *text)
{
	char file[128];
	snprintf(file, sizeof(file), "%s/%s", dir, name);
	FILE *f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	fclose(f);
}

static const char *const files[][2] = {
	{"ca.pem", PEM},
	{"tls.crt", PEM},
	{"tls.key", KEY},
	{"own.json", "{\"auths\":{\"r.example\":{\"registrytoken\":\"own\"}}}"},
	{"all.json", "{\"auths\":{\"r.example\":{\"registrytoken\":\"all\"}}}"},
	{"bad.json", "{\"auths\":{},\"credsStore\":\"x\"}"},
	{"empty.pem", "nothing\n"},
};
#define FILES (sizeof(files) / sizeof(files[0]))

static void setup(void)
{
	a = arena_new((size_t)4 << 20);
	problems_init(&problems, a);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/r.yaml", dir);
	for (size_t i = 0; i < FILES; i++)
		write_file(files[i][0], files[i][1]);
}

static void teardown(void)
{
	char file[128];
	for (size_t i = 0; i < FILES; i++) {
		snprintf(file, sizeof(file), "%s/%s", dir, files[i][0]);
		unlink(file);
	}
	unlink(path);
	rmdir(dir);
	arena_free(a);
}

/* All problems, one a line, the folder left out. */
static const char *all_problems(void)
{
	struct text t;
	struct str s, head, tail;
	text_init(&t, a, 1 << 16);
	for (size_t i = 0; i < problems.n; i++) {
		struct text one;
		text_init(&one, a, 1 << 16);
		problem_put(&one, &problems.items[i]);
		ck_assert(text_done(&one, &s));
		while (s.n) {
			char *at = memmem(s.p, s.n, dir, strlen(dir));
			head = at ? (struct str){s.p, (size_t)(at - s.p)} : s;
			tail = at ? str_sub(s, head.n + strlen(dir) + 1, s.n)
				  : str_sub(s, s.n, s.n);
			text_put(&t, head);
			s = tail;
		}
		text_putc(&t, '\n');
	}
	ck_assert(text_done(&t, &s));
	return s.p ? s.p : "";
}

static struct registries *must_parse(const char *yaml)
{
	struct registries *r = registries_parse(path, str_of(yaml), &problems);
	ck_assert_msg(r != NULL, "%s", all_problems());
	return r;
}

static void expect(struct str got, const char *want)
{
	ck_assert_msg(str_eq(got, str_of(want)), "'%.*s', not '%s'", STR_ARG(got), want);
}

START_TEST(file_says_all_its_parts)
{
	struct address address;
	struct registries *r = must_parse(
		HEAD "  credentials: all.json\n"
		     "  registries:\n"
		     "  - host: R.Example\n"
		     "    credentials: own.json\n"
		     "    caFile: ca.pem\n"
		     "    clientCertificate: {certFile: tls.crt, keyFile: tls.key}\n"
		     "    mirrors: [m.example:5000/hub/x, n.example]\n"
		     "    allowPrivate: true\n"
		     "    allowedPrivateNetworks: [10.0.0.0/8, \"fd00::/8\", 192.168.1.1]\n"
		     "    tokenRealms: [auth.example]\n"
		     "    proxy: false\n"
		     "    maxConcurrent: 3\n"
		     "    timeouts: {connect: 500ms, request: 1m}\n"
		     "  - host: plain.example:5000\n"
		     "    plainHttp: true\n");
	const struct registry_config *c = registries_find(r, S("r.example"));
	ck_assert(registries_has(r, S("r.example")));
	expect(credentials_find(c->credentials, S("r.example"), S("x"))->registry_token, "own");
	ck_assert_ptr_nonnull(strstr(c->ca_file, "/ca.pem"));
	ck_assert_ptr_nonnull(strstr(c->cert_file, "/tls.crt"));
	ck_assert_ptr_nonnull(strstr(c->key_file, "/tls.key"));
	/* Whoever watches the files has to know all of them. */
	static const char *const watched[] = {"/tls.key", "/tls.crt", "/ca.pem", "/own.json",
					      "/all.json"};
	const struct registries_file *file = r->files;
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++, file = file->next) {
		ck_assert_ptr_nonnull(file);
		ck_assert_ptr_nonnull(strstr(file->path, watched[i]));
	}
	ck_assert_ptr_null(file);
	ck_assert_uint_eq(c->n_mirrors, 2);
	expect(c->mirrors[0].host, "m.example:5000");
	expect(c->mirrors[0].path, "hub/x");
	expect(c->mirrors[1].host, "n.example");
	expect(c->mirrors[1].path, "");
	ck_assert(c->addresses.private_too);
	ck_assert_uint_eq(c->addresses.n_networks, 3);
	ck_assert(address_parse(S("10.255.0.1"), &address));
	ck_assert(address_in(&c->addresses, &address));
	expect(c->token_realms[0], "auth.example");
	ck_assert(!c->proxy && !c->plain_http);
	ck_assert_int_eq(c->max_concurrent, 3);
	ck_assert_int_eq(c->connect_ms, 500);
	ck_assert_int_eq(c->request_ms, 60000);
	registries_free(r);
}
END_TEST

START_TEST(what_is_left_out_has_safe_values)
{
	struct registries *r = must_parse(HEAD "  credentials: all.json\n"
					       "  registries:\n"
					       "  - host: plain.example:5000\n"
					       "    plainHttp: true\n");
	const struct registry_config *c = registries_find(r, S("plain.example:5000"));
	ck_assert(c->plain_http && c->proxy && !c->addresses.private_too);
	ck_assert_int_eq(c->connect_ms, DEFAULT_CONNECT_MS);
	ck_assert_int_eq(c->max_concurrent, DEFAULT_HOST_CONCURRENCY);
	ck_assert_ptr_null(c->ca_file);
	expect(credentials_find(c->credentials, S("r.example"), S("x"))->registry_token, "all");
	/* A host that is not listed: another port is another host. */
	c = registries_find(r, S("plain.example"));
	ck_assert(!registries_has(r, S("plain.example")));
	ck_assert(!c->plain_http && !c->addresses.private_too);
	ck_assert_ptr_nonnull(c->credentials);
	registries_free(r);
	r = registries_none();
	c = registries_find(r, S("any.example"));
	ck_assert(!c->plain_http && !c->credentials && !c->addresses.private_too);
	registries_free(r);
}
END_TEST

#define LIST HEAD "  registries:\n"
#define ITEM LIST "  - host: r.example\n"

static const struct {
	const char *yaml, *all;
} wrong[] = {
	{"", "r.yaml: got 0 documents, want one of kind Registries\n"},
	{HEAD "  {}\n---\n" HEAD "  {}\n",
	 "r.yaml: got 2 documents, want one of kind Registries\n"},
	{"a: &x 1\n", "r.yaml:1:4: anchor \"x\": not supported\n"},
	{"[]\n", "r.yaml:1:1: the document: got an empty list, want a map\n"},
	{"apiVersion: v2\nkind: Policy\nspec: {}\n",
	 "r.yaml:1:13: apiVersion: got v2 (a string), want assay.dev/v1\n"
	 "r.yaml:2:7: kind: got Policy (a string), want Registries\n"},
	{"apiVersion: assay.dev/v1\nkind: Registries\nmetadata: {}\n",
	 "r.yaml:1:1: missing key \"spec\" in the document: want a map\n"
	 "r.yaml:3:1: unknown key \"metadata\" in the document: valid keys are apiVersion, kind, "
	 "spec\n"},
	{HEAD "  registries: []\n",
	 "r.yaml:4:15: spec.registries: got an empty list, want a list of at least one registry\n"},
	{HEAD "  registry: []\n",
	 "r.yaml:4:3: unknown key \"registry\" in spec: valid keys are credentials, registries\n"},
	{LIST "  - {}\n",
	 "r.yaml:5:5: missing key \"host\" in spec.registries[0]: want the host of "
	 "the registry\n"},
	{ITEM "  - host: R.EXAMPLE\n",
	 "r.yaml:6:11: spec.registries[1].host: \"r.example\" is listed twice\n"},
	{ITEM "    insecure: true\n",
	 "r.yaml:6:5: unknown key \"insecure\" in spec.registries[0]: valid keys are host, "
	 "credentials, caFile, clientCertificate, mirrors, plainHttp, allowPrivate, "
	 "allowedPrivateNetworks, tokenRealms, proxy, maxConcurrent, timeouts\n"},
	{ITEM "    plainHTTP: true\n",
	 "r.yaml:6:5: unknown key \"plainHTTP\" in spec.registries[0]: did you mean "
	 "\"plainHttp\"?\n"},
	{ITEM "    plainHttp: yes\n",
	 "r.yaml:6:16: spec.registries[0].plainHttp: got yes (a string), want true or false\n"},
	{ITEM "    credentials: none.json\n",
	 "r.yaml:6:18: spec.registries[0].credentials: cannot read \"none.json\": no such file or "
	 "directory\n"},
	{ITEM "    credentials: bad.json\n",
	 "r.yaml:6:18: spec.registries[0].credentials: \"bad.json\": credsStore: credential "
	 "helpers "
	 "are not supported: write the credentials under auths\n"},
	{ITEM "    caFile: empty.pem\n",
	 "r.yaml:6:13: spec.registries[0].caFile: \"empty.pem\" holds no line with \"-----BEGIN "
	 "CERTIFICATE-----\": want PEM\n"},
	{ITEM "    clientCertificate: {certFile: tls.crt}\n",
	 "r.yaml:6:24: missing key \"keyFile\" in spec.registries[0].clientCertificate: want a PEM "
	 "file with its private key\n"},
	{ITEM "    mirrors: [r.example, \"m.example/\", \"m.example/UP\", 7]\n",
	 "r.yaml:6:15: spec.registries[0].mirrors[0]: \"r.example\" is the registry itself\n"
	 "r.yaml:6:26: spec.registries[0].mirrors[1]: \"m.example/\" is no mirror: nothing after "
	 "the "
	 "'/'\n"
	 "r.yaml:6:40: spec.registries[0].mirrors[2]: \"m.example/UP\" is no mirror: upper case in "
	 "the repository path\n"
	 "r.yaml:6:56: spec.registries[0].mirrors[3]: got 7 (an integer), want a mirror, as "
	 "mirror.example/prefix\n"},
	{ITEM "    allowedPrivateNetworks: [10.0.0.1/8, 10.0.0.0/33, x]\n",
	 "r.yaml:6:30: spec.registries[0].allowedPrivateNetworks[0]: \"10.0.0.1/8\" is no network: "
	 "want an address and prefix length, as 10.0.0.0/8, and no bits beyond it\n"
	 "r.yaml:6:42: spec.registries[0].allowedPrivateNetworks[1]: \"10.0.0.0/33\" is no "
	 "network: "
	 "want an address and prefix length, as 10.0.0.0/8, and no bits beyond it\n"
	 "r.yaml:6:55: spec.registries[0].allowedPrivateNetworks[2]: \"x\" is no network: want an "
	 "address and prefix length, as 10.0.0.0/8, and no bits beyond it\n"},
	{ITEM "    maxConcurrent: 0\n    timeouts: {connect: 3, request: 11m}\n",
	 "r.yaml:6:20: spec.registries[0].maxConcurrent: got 0 (an integer), want a number from 1 "
	 "to "
	 "1000\n"
	 "r.yaml:7:25: spec.registries[0].timeouts.connect: got 3 (an integer), want a duration "
	 "from "
	 "1ms to 60s, as \"3s\"\n"
	 "r.yaml:7:37: spec.registries[0].timeouts.request: got 11m (a string), want a duration "
	 "from 1ms to 600s, as \"3s\"\n"},
	{ITEM "    plainHttp: true\n    caFile: ca.pem\n",
	 "r.yaml:5:5: spec.registries[0]: caFile and clientCertificate are of no use with "
	 "plainHttp: "
	 "true\n"},
};

START_TEST(every_problem_is_listed_with_its_place)
{
	struct registries *r = registries_parse(path, str_of(wrong[_i].yaml), &problems);
	ck_assert_ptr_null(r);
	ck_assert_str_eq(all_problems(), wrong[_i].all);
}
END_TEST

START_TEST(file_is_read_and_a_missing_one_is_a_problem)
{
	struct registries *r = registries_load(path, &problems);
	ck_assert_ptr_null(r);
	ck_assert_str_eq(all_problems(), "cannot read \"r.yaml\": no such file or directory\n");
	problems_init(&problems, a);
	write_file("r.yaml", ITEM);
	r = registries_load(path, &problems);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->n, 1);
	registries_free(r);
	registries_free(NULL);
}
END_TEST

Suite *test_registries_suite(void)
{
	Suite *s = suite_create("registries");
	TCase *t = tcase_create("registries");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, file_says_all_its_parts);
	tcase_add_test(t, what_is_left_out_has_safe_values);
	tcase_add_loop_test(t, every_problem_is_listed_with_its_place, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(t, file_is_read_and_a_missing_one_is_a_problem);
	suite_add_tcase(s, t);
	return s;
}

/* Docker's config.json: which entry is for whom, what is refused, and that no secret is ever said. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "oci/credentials.h"

Suite *test_credentials_suite(void);

/* "robot:hunter2" */
#define AUTH "cm9ib3Q6aHVudGVyMg=="
#define ONE(key, value) "{\"auths\":{\"" key "\":" value "}}"

static struct arena *a;

static void setup(void)
{
	a = arena_new((size_t)16 << 20);
}

static void teardown(void)
{
	arena_free(a);
}

static struct credentials must_parse(const char *json)
{
	struct credentials c;
	struct err e;
	if (credentials_parse(a, str_of(json), &c, &e) < 0)
		ck_abort_msg("%s: %s", json, e.text);
	return c;
}

static const struct credential *find(const struct credentials *c, const char *host,
				     const char *path)
{
	return credentials_find(c, str_of(host), str_of(path));
}

static void expect(struct str got, const char *want)
{
	ck_assert_msg(str_eq(got, str_of(want)), "'%.*s', not '%s'", STR_ARG(got), want);
}

static const struct {
	const char *json, *user, *password, *identity, *registry;
} values[] = {
	{ONE("r.example", "{\"auth\":\"" AUTH "\"}"), "robot", "hunter2", "", ""},
	{ONE("r.example", "{\"username\":\"u\",\"password\":\"p:q\",\"email\":\"x@y\"}"), "u",
	 "p:q", "", ""},
	{ONE("r.example",
	     "{\"auth\":\"" AUTH "\",\"username\":\"robot\",\"password\":\"hunter2\"}"),
	 "robot", "hunter2", "", ""},
	{ONE("r.example", "{\"identitytoken\":\"it\",\"auth\":\"dTo=\"}"), "u", "", "it", ""},
	{ONE("r.example", "{\"registrytoken\":\"rt\"}"), "", "", "", "rt"},
	/* Padded with NUL bytes, as Docker does. */
	{ONE("r.example", "{\"auth\":\"dTpwAAAA\"}"), "u", "p", "", ""},
	{"{\"auths\":{\"r.example\":{\"auth\":\"" AUTH "\"}},\"credsStore\":\"\","
	 "\"credHelpers\":{},\"HttpHeaders\":{\"a\":\"b\"},\"currentContext\":\"x\"}",
	 "robot", "hunter2", "", ""},
};

START_TEST(entry_has_these_values)
{
	struct credentials c = must_parse(values[_i].json);
	const struct credential *one = find(&c, "r.example", "app");
	ck_assert_ptr_nonnull(one);
	expect(one->username, values[_i].user);
	expect(one->password, values[_i].password);
	expect(one->identity_token, values[_i].identity);
	expect(one->registry_token, values[_i].registry);
}
END_TEST

static const struct {
	const char *key, *host, *path;
	bool found;
} keys[] = {
	{"r.example", "r.example", "app", true},
	{"R.Example", "r.example", "app", true},
	{"r.example:5000", "r.example:5000", "app", true},
	{"r.example:5000", "r.example", "app", false},
	{"r.example", "r.example:5000", "app", false},
	{"r.example", "r.example:443", "app", false},
	{"r.example", "xr.example", "app", false},
	{"r.example", "r.example.evil", "app", false},
	{"r.example", "sub.r.example", "app", false},
	{"https://r.example", "r.example", "app", true},
	{"https://r.example/", "r.example", "app", true},
	{"https://r.example/v2/", "r.example", "app", true},
	{"http://r.example:5000/v1/", "r.example:5000", "app", true},
	{"https://index.docker.io/v1/", "docker.io", "library/nginx", true},
	{"index.docker.io", "docker.io", "library/nginx", true},
	{"docker.io", "docker.io", "library/nginx", true},
	{"registry-1.docker.io", "docker.io", "library/nginx", true},
	{"[::1]:5000", "[::1]:5000", "app", true},
	{"r.example/team", "r.example", "team", true},
	{"r.example/team", "r.example", "team/app", true},
	{"r.example/team", "r.example", "teams", false},
	{"r.example/team", "r.example", "other/team", false},
	{"r.example/team", "r.example", "te", false},
};

START_TEST(key_is_for_this_repository_or_not)
{
	char json[256];
	snprintf(json, sizeof(json), "{\"auths\":{\"%s\":{\"auth\":\"" AUTH "\"}}}", keys[_i].key);
	struct credentials c = must_parse(json);
	const struct credential *one = find(&c, keys[_i].host, keys[_i].path);
	ck_assert_msg((one != NULL) == keys[_i].found, "%s and %s/%s", keys[_i].key, keys[_i].host,
		      keys[_i].path);
}
END_TEST

START_TEST(longest_path_wins)
{
	struct credentials c = must_parse("{\"auths\":{\"r.example/a\":{\"registrytoken\":\"1\"},"
					  "\"r.example\":{\"registrytoken\":\"0\"},"
					  "\"r.example/a/b\":{\"registrytoken\":\"2\"}}}");
	expect(find(&c, "r.example", "a/b/c")->registry_token, "2");
	expect(find(&c, "r.example", "a/bc")->registry_token, "1");
	expect(find(&c, "r.example", "x")->registry_token, "0");
	ck_assert_ptr_null(find(&c, "other.example", "a"));
	ck_assert_ptr_null(find(NULL, "r.example", "a"));
}
END_TEST

static const struct {
	const char *json, *why;
} wrong[] = {
	{"", "not valid JSON: empty"},
	{"[]", "got a value of type list, want a map"},
	{"{}", "auths: missing"},
	{"{\"auths\":[]}", "auths: got a value of type list, want a map"},
	{"{\"auths\":{},\"credsStore\":\"desktop\"}",
	 "credsStore: credential helpers are not supported: write the credentials under auths"},
	{"{\"auths\":{},\"credHelpers\":{\"gcr.io\":\"gcloud\"}}",
	 "credHelpers: credential helpers are not supported: write the credentials under auths"},
	{ONE("r.example", "7"), "auths[\"r.example\"]: not a map"},
	{ONE("r.example", "{}"),
	 "auths[\"r.example\"]: no credentials: want auth, username and password, identitytoken or "
	 "registrytoken"},
	{ONE("r.example", "{\"username\":\"hunter2\"}"),
	 "auths[\"r.example\"]: no credentials: want auth, username and password, identitytoken or "
	 "registrytoken"},
	{ONE("r.example", "{\"auth\":\"hunter2!\"}"), "auths[\"r.example\"].auth: not base64"},
	{ONE("r.example", "{\"auth\":\"aHVudGVyMg==\"}"),
	 "auths[\"r.example\"].auth: not base64 of \"user:password\""},
	{ONE("r.example", "{\"auth\":\"" AUTH "\",\"password\":\"hunter3\"}"),
	 "auths[\"r.example\"].auth: says something else than username and password"},
	{ONE("r.example", "{\"username\":\"u\",\"passwrd\":\"hunter2\"}"),
	 "auths[\"r.example\"]: unknown key \"passwrd\": did you mean \"password\"?"},
	{ONE("r.example", "{\"something\":\"hunter2\"}"),
	 "auths[\"r.example\"]: unknown key \"something\""},
	{ONE("r.example", "{\"password\":5}"), "auths[\"r.example\"].password: not a string"},
	{ONE("r.example", "{\"registrytoken\":\"hunter2\\n\"}"),
	 "auths[\"r.example\"].registrytoken: holds a control character"},
	{ONE("*.example", "{\"auth\":\"" AUTH "\"}"),
	 "auths[\"*.example\"]: wildcards are not supported: name the host"},
	{ONE("", "{\"auth\":\"" AUTH "\"}"), "auths[\"\"]: no host"},
	{ONE("https://", "{\"auth\":\"" AUTH "\"}"), "auths[\"https://\"]: no host"},
	{"{\"auths\":{\"r.example\":{\"auth\":\"" AUTH "\"},\"https://r.example/v2/\":"
	 "{\"registrytoken\":\"hunter2\"}}}",
	 "auths[\"https://r.example/v2/\"]: another key names the same registry with other "
	 "credentials"},
};

START_TEST(wrong_file_is_refused_with_this_reason)
{
	struct credentials c;
	struct err e;
	ck_assert_int_eq(credentials_parse(a, str_of(wrong[_i].json), &c, &e), -1);
	ck_assert_str_eq(e.text, wrong[_i].why);
	ck_assert_int_eq(e.kind, ERR_INPUT);
	ck_assert_ptr_null(strstr(e.text, "hunter"));
}
END_TEST

START_TEST(same_credentials_may_be_named_twice)
{
	struct credentials c =
		must_parse("{\"auths\":{\"docker.io\":{\"auth\":\"" AUTH
			   "\"},\"https://index.docker.io/v1/\":{\"auth\":\"" AUTH "\"}}}");
	ck_assert_uint_eq(c.n, 2);
}
END_TEST

START_TEST(file_that_is_not_there_is_an_io_error)
{
	struct credentials c;
	struct err e;
	ck_assert_int_eq(credentials_load(a, "tests/none.json", &c, &e), -1);
	ck_assert_int_eq(e.kind, ERR_IO);
	ck_assert_str_eq(e.text, "cannot read \"tests/none.json\": no such file or directory");
}
END_TEST

START_TEST(each_failed_allocation_is_an_error)
{
	bool parsed = false;
	for (size_t i = 1; !parsed && i < 100; i++) {
		struct credentials c;
		struct err e;
		arena_reset(a);
		arena_fail_at(a, i);
		parsed = credentials_parse(a, S(ONE("R.example", "{\"auth\":\"" AUTH "\"}")), &c,
					   &e) == 0;
	}
	ck_assert(parsed);
}
END_TEST

Suite *test_credentials_suite(void)
{
	Suite *s = suite_create("credentials");
	TCase *t = tcase_create("credentials");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, entry_has_these_values, 0,
			    (int)(sizeof(values) / sizeof(values[0])));
	tcase_add_loop_test(t, key_is_for_this_repository_or_not, 0,
			    (int)(sizeof(keys) / sizeof(keys[0])));
	tcase_add_test(t, longest_path_wins);
	tcase_add_loop_test(t, wrong_file_is_refused_with_this_reason, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(t, same_credentials_may_be_named_twice);
	tcase_add_test(t, file_that_is_not_there_is_an_io_error);
	tcase_add_test(t, each_failed_allocation_is_an_error);
	suite_add_tcase(s, t);
	return s;
}

/* The image rule over every kind of subject; then what all rules have: parameters, causes, samples. */
#include <check.h>

#include "tests/unit/policy_fixture.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* ---- image ---- */

/* In `want`, '@' is the path of the image field with its subject. */
struct image_case {
	const char *params, *image, *want;
};

#define REG "{'registries': ['registry.internal.example.com/*']}"
#define MANY "{'registries': ['a.example/**', 'b.example:5000/golden/*']}"
#define PIN "{'digest': 'required'}"
#define BOTH "{'digest': 'required', 'registries': ['registry.internal.example.com/golden/**']}"
#define PINNED "@" FIXTURE_DIGEST

static const struct image_case image_cases[] = {
	{REG, "registry.internal.example.com/web:1", ""},
	{REG, "nginx:1.27",
	 "registry: %: got \"nginx:1.27\" (docker.io); want registry.internal.example.com/*\n"},
	{REG, "registry.internal.example.com/a/b",
	 "registry: %: got \"registry.internal.example.com/a/b\" (registry.internal.example.com); "
	 "want "
	 "registry.internal.example.com/*\n"},
	{REG, "registry.internal.example.com:443/web",
	 "registry: %: got \"registry.internal.example.com:443/web\" "
	 "(registry.internal.example.com:443); want registry.internal.example.com/*\n"},
	{REG, "registry.internal.example.com.evil.example/web",
	 "registry: %: got \"registry.internal.example.com.evil.example/web\" "
	 "(registry.internal.example.com.evil.example); want registry.internal.example.com/*\n"},
	{MANY, "a.example/x/y", ""},
	{MANY, "b.example:5000/golden/x" PINNED, ""},
	{MANY, "b.example:5000/goldenrod/x",
	 "registry: %: got \"b.example:5000/goldenrod/x\" (b.example:5000); want one of: "
	 "a.example/**, "
	 "b.example:5000/golden/*\n"},
	{PIN, "nginx" PINNED, ""},
	{PIN, "nginx:1.27" PINNED, ""},
	{PIN, "nginx:1.27", "digest: %: got tag \"1.27\"; want ...@sha256:<64 hex>\n"},
	{PIN, "nginx:latest", "digest: %: got tag \"latest\"; want ...@sha256:<64 hex>\n"},
	{PIN, "nginx", "digest: %: got tag \"latest\" (implied); want ...@sha256:<64 hex>\n"},
	{PIN, "nginx@sha512:0123456789abcdef0123456789abcdef",
	 "digest: %: got digest \"sha512:0123456789abcdef0123456789abcdef\" (not sha256 with 64 "
	 "lower-case hex digits); want ...@sha256:<64 hex>\n"},
	{PIN, "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	 "digest: %: got tag \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"; "
	 "want "
	 "...@sha256:<64 hex>\n"},
	{PIN, "NGINX::@@@",
	 "image-reference: %: got \"NGINX::@@@\" (#); want a valid image reference\n"},
	{BOTH, "NGINX::@@@",
	 "image-reference: %: got \"NGINX::@@@\" (#); want a valid image reference\n"},
	{REG, "UPPER/x:1",
	 "registry: %: got \"UPPER/x:1\" (upper); want registry.internal.example.com/*\n"},
	{BOTH, "registry.internal.example.com/golden/a/b" PINNED, ""},
	{BOTH, "nginx:1.27",
	 "registry: %: got \"nginx:1.27\" (docker.io); want "
	 "registry.internal.example.com/golden/**\n"
	 "digest: %: got tag \"1.27\"; want ...@sha256:<64 hex>\n"},
	{BOTH, "registry.internal.example.com/golden",
	 "registry: %: got \"registry.internal.example.com/golden\" "
	 "(registry.internal.example.com); "
	 "want registry.internal.example.com/golden/**\n"
	 "digest: %: got tag \"latest\" (implied); want ...@sha256:<64 hex>\n"},
};

static const char *const image_lists[] = {"containers", "initContainers", "ephemeralContainers",
					  "volumes"};

/* `want` with '%' as the path and subject, and '#' as the reader's reason. */
static const char *expand_image(struct fixture *f, const struct image_case *c, const char *list)
{
	bool volume = strcmp(list, "volumes") == 0;
	struct reference r;
	struct err e = {0};
	struct text t;
	struct str s;

	text_init(&t, f->static_arena, 4096);
	for (const char *p = c->want; *p; p++) {
		if (*p == '%')
			text_printf(&t, "spec.%s[0].image%s (%s \"x\")", list,
				    volume ? ".reference" : "", volume ? "volume" : "container");
		else if (*p == '#' &&
			 reference_parse(f->static_arena, str_of(c->image), &r, &e) < 0)
			text_puts(&t, e.text);
		else
			text_putc(&t, *p);
	}
	ck_assert(text_done(&t, &s));
	return s.p;
}

START_TEST(judges_images_of_every_subject)
{
	const struct image_case *c = &image_cases[_i / COUNT(image_lists)];
	const char *list = image_lists[_i % COUNT(image_lists)];
	struct fixture *f = fixture_new();
	const char *other = "'containers': [{'name': 'other', 'image': "
			    "'registry.internal.example.com/golden/x" PINNED "'}], ";
	bool volume = strcmp(list, "volumes") == 0;

	fixture_only_rule(f, "image", c->params);
	fixture_judge(f, fixture_text(f, "{'spec': {%s'%s': [{'name': 'x', 'image': %s'%s'%s}]}}",
				      strcmp(list, "containers") == 0 ? "" : other, list,
				      volume ? "{'reference': " : "", c->image, volume ? "}" : ""));
	expect_text(fixture_lines_of(f, "x"), expand_image(f, c, list),
		    fixture_text(f, "%s %s in %s", c->params, c->image, list));
	fixture_free(f);
}
END_TEST

START_TEST(tells_why_an_image_is_no_reference)
{
	struct fixture *f = fixture_new();

	fixture_only_rule(f, "image", PIN);
	fixture_judge(f, "{'spec': {'containers': [{'name': 'x', 'image': 'Nginx'}, "
			 "{'name': 'y', 'image': 'a b\\tc\\u0000d'}]}}");
	const struct report *r = &f->engine.report;
	ck_assert_uint_eq(r->n_violations, 2);
	ck_assert_int_eq(r->violations[0].code, CODE_IMAGE_REFERENCE);
	ck_assert_int_eq(r->violations[0].cause, CAUSE_INVALID);
	ck_assert(str_eq(r->violations[0].got.note, S("upper case in the repository path")));
	ck_assert_uint_eq(r->violations[1].got.value.n, 7);
	ck_assert_ptr_nonnull(strstr(fixture_lines(f), "got \"a b\\x09c\\x00d\" ("));
	fixture_free(f);
}
END_TEST

/* ---- tables ---- */

START_TEST(refuses_parameters_that_ask_for_nothing)
{
	struct fixture *f = fixture_new();

	ck_assert_str_eq(fixture_type("runAs")->validate(
				 fixture_params(f, fixture_type("runAs"), "{}")),
			 "runAs: asks for nothing: give at least one of user, group, nonRoot");
	ck_assert_str_eq(fixture_type("image")->validate(
				 fixture_params(f, fixture_type("image"), "{}")),
			 "image: asks for nothing: give at least one of registries, digest");
	ck_assert_ptr_null(
		fixture_type("image")->validate(fixture_params(f, fixture_type("image"), PIN)));
	ck_assert_ptr_null(fixture_type("runAs")->validate(
		fixture_params(f, fixture_type("runAs"), "{'user': 'nonZero'}")));
	fixture_free(f);
}
END_TEST

START_TEST(has_causes_for_tools)
{
	struct fixture *f = fixture_new();

	fixture_only_rule(f, "runAs", "{'user': 65532}");
	fixture_judge(
		f, "{'spec': {'containers': [{'name': 'a', 'image': 'i'}, {'name': 'b', 'image': "
		   "'i', 'securityContext': {'runAsUser': 0}}, {'name': 'c', 'image': 'i', "
		   "'securityContext': {'runAsUser': '0'}}]}}");
	const struct report *r = &f->engine.report;
	ck_assert_uint_eq(r->n_violations, 3);
	ck_assert_int_eq(r->violations[0].cause, CAUSE_REQUIRED);
	ck_assert_int_eq(r->violations[1].cause, CAUSE_FORBIDDEN);
	ck_assert_int_eq(r->violations[2].cause, CAUSE_INVALID);
	fixture_free(f);
}
END_TEST

static const struct {
	const char *rule, *params;
} samples[] = {
	{"readOnlyRootFilesystem", "{}"},
	{"runAs", "{'user': 65532}"},
	{"runAs", "{'user': 'nonZero'}"},
	{"runAs", "{'group': 65532}"},
	{"runAs", "{'nonRoot': 'required'}"},
	{"runAs", "{'user': 0, 'group': 2147483647}"},
	{"image", REG},
	{"image", MANY},
	{"image", "{'registries': ['a.example/x-*/**/*y*']}"},
	{"image", PIN},
	{"image", BOTH},
};

/* A Pod from the sample. */
static const char *sample_pod(struct fixture *f, const struct rule_sample *s)
{
	const char *pod =
		fixture_text(f,
			     "{'spec': {'containers': [{'name': 'x', 'image': '%.*s', "
			     "'securityContext': {'readOnlyRootFilesystem': %s",
			     STR_ARG(s->image), s->read_only_root_filesystem ? "true" : "false");

	if (s->has_user)
		pod = fixture_text(f, "%s, 'runAsUser': %lld", pod, (long long)s->user);
	if (s->has_group)
		pod = fixture_text(f, "%s, 'runAsGroup': %lld", pod, (long long)s->group);
	if (s->non_root)
		pod = fixture_text(f, "%s, 'runAsNonRoot': true", pod);
	return fixture_text(f, "%s}}]}}", pod);
}

START_TEST(makes_samples_that_pass_and_fail)
{
	const struct rule *type = fixture_type(samples[_i].rule);
	struct fixture *f = fixture_new();
	struct rule_sample good = {0}, bad;

	const struct policy_rule *r = fixture_only_rule(f, type->key, samples[_i].params);
	type->sample_good(r->params, f->static_arena, &good);
	bad = good;
	type->sample_bad(r->params, f->static_arena, &bad);
	if (!good.image.n)
		good.image = bad.image = S("i");
	ck_assert_msg(fixture_judge(f, sample_pod(f, &good)) == VERDICT_ALLOW, "good: %s%s",
		      sample_pod(f, &good), fixture_lines(f));
	ck_assert_msg(fixture_judge(f, sample_pod(f, &bad)) == VERDICT_DENY, "bad: %s",
		      sample_pod(f, &bad));
	fixture_free(f);
}
END_TEST

Suite *test_rules_image_suite(void);
Suite *test_rules_image_suite(void)
{
	Suite *s = suite_create("rules_image");
	TCase *t = tcase_create("rules_image");

	tcase_add_loop_test(t, judges_images_of_every_subject, 0,
			    COUNT(image_cases) * COUNT(image_lists));
	tcase_add_test(t, tells_why_an_image_is_no_reference);
	tcase_add_test(t, refuses_parameters_that_ask_for_nothing);
	tcase_add_test(t, has_causes_for_tools);
	tcase_add_loop_test(t, makes_samples_that_pass_and_fail, 0, COUNT(samples));
	suite_add_tcase(s, t);
	return s;
}

/* References: the parts they mean, what is refused and why, how they are rendered and compared. */
#include <check.h>
#include <stdlib.h>

#include "oci/reference.h"
#include "tests/unit/reference_spellings.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

static struct str render(struct arena *a, void (*put)(struct text *, const struct reference *),
			 const struct reference *r)
{
	struct text t;
	struct str s;

	text_init(&t, a, 4096);
	put(&t, r);
	ck_assert(text_done(&t, &s));
	return s;
}

static void expect_str(struct str got, const char *want)
{
	ck_assert_msg(str_eq(got, str_of(want)), "'%.*s', not '%s'", STR_ARG(got), want);
}

static void expect_parts(const struct reference *r, const struct good *c)
{
	expect_str(r->host, c->host);
	expect_str(r->path, c->path);
	expect_str(r->tag, c->tag);
	expect_str(r->digest, c->digest);
	ck_assert_int_eq(r->digest_kind, c->kind);
}

/* From a heap block of the exact size, so that a memory checker sees a read past the end. */
static void expect_good(const struct good *c)
{
	struct arena *a = arena_new(1 << 16);
	struct reference r, again;
	struct err e;
	char *exact = malloc(c->text.n);

	memcpy(exact, c->text.p, c->text.n);
	struct str text = {exact, c->text.n};
	if (reference_parse(a, text, &r, &e) < 0)
		ck_abort_msg("'%.*s': %s", STR_ARG(c->text), e.text);
	ck_assert_ptr_eq(r.text.p, exact);
	ck_assert_uint_eq(r.text.n, c->text.n);
	expect_parts(&r, c);

	struct str whole = render(a, reference_put, &r);
	if (reference_parse(a, whole, &again, &e) < 0)
		ck_abort_msg("rendered '%.*s': %s", STR_ARG(whole), e.text);
	expect_parts(&again, c);
	ck_assert(reference_same_repository(&r, &again));
	ck_assert(str_eq(render(a, reference_put, &again), whole));
	free(exact);
	arena_free(a);
}

START_TEST(spelling_means_these_parts)
{
	expect_good(&good[_i]);
}
END_TEST

START_TEST(spelling_differs_from_upstream_on_purpose)
{
	expect_good(&ours[_i]);
}
END_TEST

START_TEST(spelling_is_refused_with_this_reason)
{
	struct arena *a = arena_new(1 << 16);
	struct reference r, before;
	struct err e;
	size_t n = bad[_i].text.n;
	char *exact = malloc(n + !n);

	memcpy(exact, bad[_i].text.p, n);
	memset(&r, 0xa5, sizeof(r));
	memcpy(&before, &r, sizeof(r));
	ck_assert_int_eq(reference_parse(a, (struct str){exact, n}, &r, &e), -1);
	ck_assert_int_eq(e.kind, ERR_INPUT);
	ck_assert_str_eq(e.text, bad[_i].why);
	ck_assert_mem_eq(&r, &before, sizeof(r));
	free(exact);
	arena_free(a);
}
END_TEST

static struct reference parse(struct arena *a, const char *z)
{
	struct reference r = {0};
	struct err e;

	if (reference_parse(a, str_of(z), &r, &e) < 0)
		ck_abort_msg("'%s': %s", z, e.text);
	return r;
}

START_TEST(tag_latest_is_meant_when_nothing_is_written)
{
	static const char *const cases[][2] = {
		{"x", "latest"},       {"x:t", "t"},          {"h:5000/x", "latest"},
		{"h:5000", "5000"},    {"x@sha256:" H64, ""}, {"x:t@sha256:" H64, "t"},
		{"x@sha256:" H63, ""},
	};
	struct arena *a = arena_new(1 << 16);

	for (int i = 0; i < COUNT(cases); i++) {
		struct reference r = parse(a, cases[i][0]);
		expect_str(reference_effective_tag(&r), cases[i][1]);
	}
	arena_free(a);
}
END_TEST

START_TEST(rendered_text_is_this)
{
	static const char *const cases[][3] = {
		{"x", "docker.io/library/x", "docker.io/library/x"},
		{"x:t", "docker.io/library/x:t", "docker.io/library/x"},
		{"H.x:5000/y:T@sha256:" H64, "h.x:5000/y:T@sha256:" H64, "h.x:5000/y"},
		/* without upper case these would be paths on Docker Hub */
		{"X/y:t", "X/y:t", "X/y"},
		{"mY-host/y", "MY-HOST/y", "MY-HOST/y"},
		{"[abCD]/y", "[ABCD]/y", "[ABCD]/y"},
		{"LocalHost/y", "localhost/y", "localhost/y"},
	};
	struct arena *a = arena_new(1 << 16);

	for (int i = 0; i < COUNT(cases); i++) {
		struct reference r = parse(a, cases[i][0]);
		expect_str(render(a, reference_put, &r), cases[i][1]);
		expect_str(render(a, reference_put_repository, &r), cases[i][2]);
	}
	arena_free(a);
}
END_TEST

START_TEST(same_repository_is_same_host_and_path)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{"x", "docker.io/library/x", true},
		{"x:t", "index.docker.io/x@sha256:" H64, true},
		{"REG.example/x", "reg.example/x:t", true},
		{"X/y", "x/y", false},
		{"h.x/y", "h.x:443/y", false},
		{"h.x:443/y", "h.x:5000/y", false},
		{"h:443/y", "h:0443/y", false},
		{"h.x/y", "h.x/y/z", false},
		{"h.x/y", "h.x/z", false},
		{"x", "registry-1.docker.io/library/x", false},
	};
	struct arena *a = arena_new(1 << 16);

	for (int i = 0; i < COUNT(cases); i++) {
		struct reference r = parse(a, cases[i].a), s = parse(a, cases[i].b);
		ck_assert_msg(reference_same_repository(&r, &s) == cases[i].same, "%s, %s",
			      cases[i].a, cases[i].b);
	}
	arena_free(a);
}
END_TEST

START_TEST(every_failing_allocation_is_an_error)
{
	static const struct {
		const char *text;
		size_t allocations;
		const char *first, *second;
	} cases[] = {
		{"h.x/y:t", 0, NULL, NULL},
		{"x", 1, "no memory left for the repository path", NULL},
		{"REG.example/y", 1, "no memory left for the host", NULL},
		{"DOCKER.IO/x", 2, "no memory left for the host",
		 "no memory left for the repository path"},
	};

	for (int i = 0; i < COUNT(cases); i++) {
		for (size_t fail = 1; fail <= cases[i].allocations + 1; fail++) {
			struct arena *a = arena_new(1 << 16);
			struct reference r = {.host = S("before")};
			struct err e;

			arena_fail_at(a, fail);
			int result = reference_parse(a, str_of(cases[i].text), &r, &e);
			if (fail > cases[i].allocations) {
				ck_assert_int_eq(result, 0);
			} else {
				ck_assert_int_eq(result, -1);
				ck_assert_int_eq(e.kind, ERR_LIMIT);
				ck_assert_str_eq(e.text,
						 fail == 1 ? cases[i].first : cases[i].second);
				expect_str(r.host, "before");
			}
			arena_free(a);
		}
	}
}
END_TEST

Suite *test_reference_suite(void)
{
	Suite *s = suite_create("reference");
	TCase *t = tcase_create("reference");

	tcase_add_loop_test(t, spelling_means_these_parts, 0, COUNT(good));
	tcase_add_loop_test(t, spelling_differs_from_upstream_on_purpose, 0, COUNT(ours));
	tcase_add_loop_test(t, spelling_is_refused_with_this_reason, 0, COUNT(bad));
	tcase_add_test(t, tag_latest_is_meant_when_nothing_is_written);
	tcase_add_test(t, rendered_text_is_this);
	tcase_add_test(t, same_repository_is_same_host_and_path);
	tcase_add_test(t, every_failing_allocation_is_an_error);
	suite_add_tcase(s, t);
	return s;
}

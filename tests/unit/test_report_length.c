/* How refusals are kept short. */
#include <check.h>

#include "policy/limits.h"
#include "tests/unit/report_fixture.h"

#define HEX52 "0123456789abcdef0123456789abcdef0123456789abcdef0123"

START_TEST(lists_ten_and_counts_the_rest)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct report_text_options all = fixture_options;

	for (size_t i = 0; i < 12; i++) {
		struct violation v = fixture_violation(f, i % 2 ? CODE_DIGEST : CODE_REGISTRY, i);
		v.got = (struct got){0};
		v.want = S("x");
		report_add(r, &v);
	}
	const char *lines = "";
	for (int i = 0; i < 10; i++)
		lines = fixture_text(f, "%s- %s: spec.containers[%d].image: not set; want x\n",
				     lines, i % 2 ? "digest" : "registry", i);
	const char *head = "assay: 12 violations in Pod shop/web\n";
	const char *fix = "Fix it: " DOCS " (request 705ab4f5)";
	expect_message(
		f, &fixture_options,
		fixture_text(f, "%s%s\xE2\x80\xA6 and 2 more: assay check -f FILE lists all\n%s",
			     head, lines, fix));
	all.all = true;
	expect_message(f, &all,
		       fixture_text(f,
				    "%s%s- registry: spec.containers[10].image: not set; want x\n- "
				    "digest: spec.containers[11].image: not set; want x\n%s",
				    head, lines, fix));
	fixture_free(f);
}
END_TEST

START_TEST(shortens_quotes_and_digests_of_long_messages)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);
	struct str padding = str_of(fixture_text(f, "%0800d", 0));

	v.got.value = S("registry.internal.example.com/edge/proxy@sha256:0123456789ab" HEX52);
	v.want = S("x");
	report_add(r, &v);
	expect_message(f, &fixture_options,
		       "assay: 1 violation in Pod shop/web\n"
		       "- registry: spec.containers[0].image: got "
		       "\"registry.internal.example.com/edge/proxy@sha256:0123456789ab" HEX52
		       "\" (docker.io); want x\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	v.path = S("spec.containers[1].image");
	v.got.value = str_sub(padding, 0, 200);
	v.want = padding;
	report_add(r, &v);
	struct str s = report_message(r, &fixture_web, &fixture_options);
	ck_assert_ptr_nonnull(strstr(s.p, "got \"registry.internal.example.com/edge/proxy@sha256:"
					  "0123456789ab\xE2\x80\xA6\" (docker.io)"));
	ck_assert_ptr_nonnull(strstr(s.p, fixture_text(f, "got \"%048d...\" (docker.io)", 0)));
	/* Far behind a long repository the digest goes with the rest. */
	v.path = S("spec.containers[2].image");
	v.got.value = str_of(fixture_text(f, "h.example/%060d@sha256:0123456789ab" HEX52, 0));
	report_add(r, &v);
	s = report_message(r, &fixture_web, &fixture_options);
	ck_assert_ptr_nonnull(
		strstr(s.p, fixture_text(f, "got \"h.example/%038d...\" (docker.io)", 0)));
	/* Still longer than the aim: all is said nevertheless. */
	ck_assert_uint_gt(s.n, LIMIT_MESSAGE_AIM);
	fixture_free(f);
}
END_TEST

START_TEST(never_passes_the_limit)
{
	struct fixture *f = fixture_new();
	struct report *r = fixture_report(f);

	for (size_t i = 0; i < 10; i++) {
		struct violation v = fixture_violation(f, CODE_REGISTRY, i);
		v.want = str_of(fixture_text(f, "%0900d", 0));
		report_add(r, &v);
	}
	struct str s = report_message(r, &fixture_web, &fixture_options);
	ck_assert_uint_le(s.n, LIMIT_MESSAGE);
	ck_assert_uint_gt(s.n, LIMIT_MESSAGE - 1000);
	ck_assert_ptr_nonnull(
		strstr(s.p, "\n\xE2\x80\xA6 and 6 more: assay check -f FILE lists all\nFix it: "));
	ck_assert(str_ends(s, S("(request 705ab4f5)")));

	r = fixture_report(f);
	struct violation v = fixture_violation(f, CODE_REGISTRY, 0);
	v.want = str_of(fixture_text(f, "%070000d", 0));
	report_add(r, &v);
	expect_message(f, &fixture_options,
		       "assay: 1 violation in Pod shop/web\n"
		       "\xE2\x80\xA6 and 1 more: assay check -f FILE lists all\n"
		       "Fix it: " DOCS "#registry (request 705ab4f5)");
	fixture_free(f);
}
END_TEST

START_TEST(survives_every_failed_allocation)
{
	struct fixture *f = fixture_new();
	struct str whole = S("");
	size_t n = 1;

	for (;; n++) {
		arena_reset(f->arena);
		struct report *r = fixture_report(f);
		for (size_t i = 0; i < 30; i++) {
			struct violation v = fixture_violation(f, CODE_REGISTRY, i);
			report_add(r, &v);
		}
		arena_fail_at(f->arena, n);
		struct str s = report_message(r, &fixture_web, &fixture_options);
		if (!arena_exhausted(f->arena)) {
			whole = s;
			break;
		}
		ck_assert(s.n == 0 || str_ends(s, S("(request 705ab4f5)")));
		ck_assert_int_eq(report_verdict(r), VERDICT_DENY);
		ck_assert_uint_eq(report_warnings(r).n, 0);
	}
	ck_assert_uint_gt(n, 5);
	ck_assert(str_starts(whole, S("assay: 30 violations in Pod shop/web\n")));
	fixture_free(f);
}
END_TEST

Suite *test_report_length_suite(void);
Suite *test_report_length_suite(void)
{
	Suite *s = suite_create("report_length");
	TCase *t = tcase_create("report_length");

	tcase_add_test(t, lists_ten_and_counts_the_rest);
	tcase_add_test(t, shortens_quotes_and_digests_of_long_messages);
	tcase_add_test(t, never_passes_the_limit);
	tcase_add_test(t, survives_every_failed_allocation);
	suite_add_tcase(s, t);
	return s;
}

#include <check.h>

#include "policy/workload.h"
#include "tests/unit/policy_text.h"

Suite *test_exception_suite(void);

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"

#define POLICY                                                                                     \
	"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"                \
	"  mode: deny\n  onError: deny\n"                                                          \
	"  match: {resources: [pods], operations: [CREATE, UPDATE]}\n"                             \
	"  rules:\n"                                                                               \
	"  - {name: a, readOnlyRootFilesystem: {}}\n  - {name: b, image: {digest: required}}\n"    \
	"---\n"                                                                                    \
	"apiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: ex}\nspec:\n"                 \
	"  policy: golden\n  rules: [a]\n  reason: r\n  owner: o\n  expires: 2027-01-31\n"         \
	"  match: "

static const struct {
	const char *match;
	size_t rule;
	const char *ns, *name, *container, *image; /* container NULL: no subject */
	bool want;
} cases[] = {
	{"{namespace: legacy, name: 'billing-*'}", 0, "legacy", "billing-1", "app", "r.io/x", true},
	{"{namespace: legacy, name: 'billing-*'}", 0, "legacy", "billing-", "app", "r.io/x", true},
	{"{namespace: legacy, name: 'billing-*'}", 0, "legacy", "billing", "app", "r.io/x", false},
	{"{namespace: legacy, name: 'billing-*'}", 0, "legacy", "", "app", "r.io/x", false},
	{"{namespace: legacy, name: 'billing-*'}", 0, "legacy2", "billing-1", "app", "r.io/x",
	 false},
	{"{namespace: legacy, name: 'billing-*'}", 0, "", "billing-1", "app", "r.io/x", false},
	{"{namespace: legacy, name: 'billing-*'}", 1, "legacy", "billing-1", "app", "r.io/x",
	 false},
	{"{namespace: legacy, name: 'billing-*'}", 0, "legacy", "billing-1", NULL, NULL, true},
	{"{namespace: legacy, name: x, container: app}", 0, "legacy", "x", "app", "r.io/x", true},
	{"{namespace: legacy, name: x, container: app}", 0, "legacy", "x", "app2", "r.io/x", false},
	{"{namespace: legacy, name: x, container: 'a*'}", 0, "legacy", "x", "app2", "r.io/x", true},
	{"{namespace: legacy, name: x, container: app}", 0, "legacy", "x", "", "r.io/x", false},
	{"{namespace: legacy, name: x, container: app}", 0, "legacy", "x", NULL, NULL, false},
	{"{namespace: legacy, image: r.io/g/x}", 0, "legacy", "any", "app", "r.io/g/x:1", true},
	{"{namespace: legacy, image: r.io/g/x}", 0, "legacy", "any", "app", "r.io/g/x@" D1, true},
	{"{namespace: legacy, image: r.io/g/x}", 0, "legacy", "any", "app", "r.io/g/xx:1", false},
	{"{namespace: legacy, image: r.io/g/x}", 0, "legacy", "any", "app", "r.io:443/g/x", false},
	{"{namespace: legacy, image: 'r.io/g/**'}", 0, "legacy", "any", "app", "r.io/g/a/b", true},
	{"{namespace: legacy, image: r.io/g/x}", 0, "legacy", "any", "app", "r.io/g/X", false},
	{"{namespace: legacy, image: r.io/g/x}", 0, "legacy", "any", NULL, NULL, false},
	{"{namespace: legacy, image: 'r.io/x@" D1 "'}", 0, "legacy", "a", "c", "r.io/x@" D1, true},
	{"{namespace: legacy, image: 'r.io/x@" D1 "'}", 0, "legacy", "a", "c", "r.io/x@" D2, false},
	{"{namespace: legacy, image: 'r.io/x@" D1 "'}", 0, "legacy", "a", "c", "r.io/x:1", false},
	{"{namespace: legacy, name: a, image: r.io/x}", 0, "legacy", "b", "c", "r.io/x", false},
};

START_TEST(covers_what_it_names_and_nothing_else)
{
	char yaml[2048];
	snprintf(yaml, sizeof(yaml), POLICY "%s\n", cases[_i].match);
	struct loaded l = load_good(yaml);
	const struct exception *x = &l.set->exceptions[0];
	struct subject s = {0};
	struct err e;
	if (cases[_i].container) {
		s.name = str_of(cases[_i].container);
		s.reference_ok =
			reference_parse(l.arena, str_of(cases[_i].image), &s.reference, &e) == 0;
	}
	ck_assert(exception_covers(x, &x->policy->rules[cases[_i].rule], str_of(cases[_i].ns),
				   str_of(cases[_i].name),
				   cases[_i].container ? &s : NULL) == cases[_i].want);
	loaded_free(&l);
}
END_TEST

START_TEST(holds_until_its_end_and_not_a_second_longer)
{
	struct exception x = {.expires_unix_s = 1000};
	ck_assert(exception_holds(&x, 999));
	ck_assert(!exception_holds(&x, 1000));
	ck_assert(!exception_holds(&x, 1001));
	ck_assert(!exception_holds(&(struct exception){0}, 0));
}
END_TEST

START_TEST(a_date_holds_through_its_day)
{
	struct loaded l = load_good(POLICY "{namespace: a, name: b}\n");
	const struct exception *x = &l.set->exceptions[0];
	ck_assert_int_eq(x->expires_unix_s, 1801440000); /* 2027-02-01T00:00:00Z */
	ck_assert(str_eq(x->expires_text, S("2027-01-31")));
	loaded_free(&l);
}
END_TEST

Suite *test_exception_suite(void)
{
	Suite *s = suite_create("exception");
	TCase *tc = tcase_create("exception");
	tcase_add_loop_test(tc, covers_what_it_names_and_nothing_else, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, holds_until_its_end_and_not_a_second_longer);
	tcase_add_test(tc, a_date_holds_through_its_day);
	suite_add_tcase(s, tc);
	return s;
}

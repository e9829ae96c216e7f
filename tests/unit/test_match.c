#include <check.h>

#include "policy/policy.h"

Suite *test_match_suite(void);

static const struct str shop_globs[] = {{"shop-*", 6}, {"web", 3}};
static const struct str system_globs[] = {{"kube-*", 6}};

START_TEST(without_namespaces_all_match)
{
	struct match m = {0};
	ck_assert(match_namespace(&m, S("any")));
	ck_assert(match_namespace(&m, S("")));
}
END_TEST

START_TEST(only_included_namespaces_match)
{
	struct match m = {.include = shop_globs, .n_include = 2};
	ck_assert(match_namespace(&m, S("shop-a")));
	ck_assert(match_namespace(&m, S("web")));
	ck_assert(!match_namespace(&m, S("shop")));
	ck_assert(!match_namespace(&m, S("web2")));
	ck_assert(!match_namespace(&m, S("")));
}
END_TEST

START_TEST(excluded_namespaces_do_not_match)
{
	struct match m = {.exclude = system_globs, .n_exclude = 1};
	ck_assert(!match_namespace(&m, S("kube-system")));
	ck_assert(match_namespace(&m, S("kube")));
	ck_assert(match_namespace(&m, S("my-kube-system")));
	ck_assert(match_namespace(&m, S("Kube-system")));
}
END_TEST

START_TEST(exclude_beats_include)
{
	static const struct str one[] = {{"shop-b", 6}};
	struct match m = {.include = shop_globs, .n_include = 2, .exclude = one, .n_exclude = 1};
	ck_assert(match_namespace(&m, S("shop-a")));
	ck_assert(!match_namespace(&m, S("shop-b")));
}
END_TEST

static const struct {
	struct match m;
	bool is_pod;
	enum operation op;
	const char *ns;
	bool want;
} applies[] = {
	{{.pods = true, .on_create = true}, true, OPERATION_CREATE, "a", true},
	{{.pods = true, .on_create = true}, false, OPERATION_CREATE, "a", false},
	{{.pods = true, .on_create = true}, true, OPERATION_UPDATE, "a", false},
	{{.pods = true, .on_create = true, .on_update = true}, true, OPERATION_OTHER, "a", false},
	{{.pods = true, .on_update = true}, true, OPERATION_UPDATE, "a", true},
	{{.workloads = true, .on_create = true}, true, OPERATION_CREATE, "a", false},
	{{.workloads = true, .on_create = true}, false, OPERATION_CREATE, "a", true},
	{{.pods = true, .on_create = true, .exclude = system_globs, .n_exclude = 1},
	 true,
	 OPERATION_CREATE,
	 "kube-system",
	 false},
	{{0}, true, OPERATION_CREATE, "a", false},
};

START_TEST(resource_operation_and_namespace_must_all_match)
{
	ck_assert(match_applies(&applies[_i].m, applies[_i].is_pod, applies[_i].op,
				str_of(applies[_i].ns)) == applies[_i].want);
}
END_TEST

START_TEST(modes_have_names)
{
	ck_assert_str_eq(mode_name(MODE_DENY), "deny");
	ck_assert_str_eq(mode_name(MODE_WARN), "warn");
	ck_assert_str_eq(mode_name(MODE_AUDIT), "audit");
}
END_TEST

Suite *test_match_suite(void)
{
	Suite *s = suite_create("match");
	TCase *tc = tcase_create("match");
	tcase_add_test(tc, without_namespaces_all_match);
	tcase_add_test(tc, only_included_namespaces_match);
	tcase_add_test(tc, excluded_namespaces_do_not_match);
	tcase_add_test(tc, exclude_beats_include);
	tcase_add_loop_test(tc, resource_operation_and_namespace_must_all_match, 0,
			    sizeof(applies) / sizeof(applies[0]));
	tcase_add_test(tc, modes_have_names);
	suite_add_tcase(s, tc);
	return s;
}

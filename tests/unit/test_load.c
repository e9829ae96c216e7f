#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/policy_text.h"

Suite *test_load_suite(void);

#define HEAD                                                                                       \
	"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"                \
	"  mode: deny\n  onError: deny\n"                                                          \
	"  match: {resources: [pods], operations: [CREATE, UPDATE]}\n"                             \
	"  rules:\n"
#define RULE "  - {name: a, readOnlyRootFilesystem: {}}\n"
#define EXCEPTION                                                                                  \
	"---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: ex}\nspec:\n"            \
	"  policy: golden\n  rules: [a]\n  match: {namespace: legacy, name: x}\n"                  \
	"  reason: r\n  owner: o\n  expires: "

/* ---- a rule table with every type of parameter ---- */

struct every {
	int64_t before; /* so that offset 0 is nobody's */
	struct param_int count;
	struct param_int limit;
	struct param_enum level;
	struct param_patterns images;
};

static const char *const limit_words[] = {"none", "default", NULL};
static const char *const level_words[] = {"low", "high", NULL};
static const struct param every_params[] = {
	{.key = "count",
	 .type = PARAM_INT,
	 .required = true,
	 .min = -2,
	 .max = 9,
	 .offset = offsetof(struct every, count)},
	{.key = "limit",
	 .type = PARAM_INT_OR,
	 .min = 0,
	 .max = 9,
	 .words = limit_words,
	 .offset = offsetof(struct every, limit)},
	{.key = "level",
	 .type = PARAM_ENUM,
	 .words = level_words,
	 .offset = offsetof(struct every, level)},
	{.key = "images",
	 .type = PARAM_PATTERNS,
	 .required = true,
	 .offset = offsetof(struct every, images)},
};

static const char *every_validate(const void *params)
{
	const struct every *p = params;
	return p->count.value == 7 ? "every.count: seven means nothing" : NULL;
}

static const struct rule every_rule = {
	.key = "every",
	.params = every_params,
	.n_params = 4,
	.params_size = sizeof(struct every),
	.validate = every_validate,
};
static const struct rule none_rule = {.key = "none"};
static const struct rule *const test_rules[] = {&every_rule, &none_rule};
static const struct rule_table test_table = {test_rules, 2};

static struct loaded load_table(const char *rule)
{
	char yaml[2048];
	struct policy_options o = {.rules = &test_table, .now_unix_s = NOW_UNIX_S};
	snprintf(yaml, sizeof(yaml), HEAD "  - {name: a, %s}\n", rule);
	return load_with(yaml, &o);
}

static const struct every *decoded(const struct loaded *l)
{
	ck_assert_msg(l->set != NULL, "%s", problems_text((struct problems *)&l->problems));
	return l->set->policies[0].rules[0].params;
}

START_TEST(every_type_of_parameter_is_decoded_at_its_offset)
{
	struct loaded l = load_table("every: {count: -2, limit: 9, level: high, images: [r.io/a, "
				     "'r.io/b/*', r.io/c]}");
	const struct every *p = decoded(&l);
	ck_assert_int_eq(p->before, 0);
	ck_assert(p->count.set && p->count.word == 0 && p->count.value == -2);
	ck_assert(p->limit.set && p->limit.word == 0 && p->limit.value == 9);
	ck_assert_int_eq(p->level.word, 2);
	ck_assert_uint_eq(p->images.n, 3);
	ck_assert(str_eq(p->images.items[1].text, S("r.io/b/*")));
	ck_assert(str_eq(p->images.items[1].host, S("r.io")));
	ck_assert(str_eq(p->images.list, S("one of: r.io/a, r.io/b/*, r.io/c")));
	loaded_free(&l);
}
END_TEST

START_TEST(words_and_absent_parameters_are_decoded)
{
	struct loaded l = load_table("every: {count: 0, limit: default, images: [r.io/a]}");
	const struct every *p = decoded(&l);
	ck_assert(p->count.set && p->count.value == 0);
	ck_assert(p->limit.set && p->limit.word == 2);
	ck_assert_int_eq(p->level.word, 0);
	ck_assert(str_eq(p->images.list, S("r.io/a")));
	loaded_free(&l);

	l = load_table("every: {count: 0, images: [r.io/a, r.io/b, r.io/c, r.io/d, r.io/e]}");
	p = decoded(&l);
	ck_assert(!p->limit.set);
	ck_assert(str_eq(p->images.list, S("one of: r.io/a, r.io/b, r.io/c and 2 more")));
	loaded_free(&l);
}
END_TEST

static const struct {
	const char *rule, *want;
} wrong_params[] = {
	{"every: {}", "policy.yaml:9:22: missing key \"count\" in spec.rules[0].every: want an "
		      "integer from -2 to 9\n"
		      "policy.yaml:9:22: missing key \"images\" in spec.rules[0].every: want a "
		      "list of image patterns, at least one\n"},
	{"every: {count: 10, images: [r.io/a]}",
	 "policy.yaml:9:30: spec.rules[0].every.count: got 10 (an integer), want an integer from "
	 "-2 to 9\n"},
	{"every: {count: none, limit: nil, images: [r.io/a]}",
	 "policy.yaml:9:30: spec.rules[0].every.count: got none (a string), want an integer from "
	 "-2 to 9\n"
	 "policy.yaml:9:43: spec.rules[0].every.limit: got nil (a string), want an integer from "
	 "0 to 9, or none or default\n"},
	{"every: {count: 1, level: 1, images: {}}",
	 "policy.yaml:9:40: spec.rules[0].every.level: got 1 (an integer), want low or high\n"
	 "policy.yaml:9:51: spec.rules[0].every.images: got an empty map, want a list of image "
	 "patterns, at least one\n"},
	{"every: {count: 7, images: [r.io/a]}",
	 "policy.yaml:9:22: spec.rules[0].every.count: seven means nothing\n"},
	{"every: {coont: 7, images: [r.io/a]}",
	 "policy.yaml:9:22: missing key \"count\" in spec.rules[0].every: want an integer from -2 "
	 "to 9\n"
	 "policy.yaml:9:23: unknown key \"coont\" in spec.rules[0].every: did you mean "
	 "\"count\"?\n"},
	{"none: {a: 1}", "policy.yaml:9:22: unknown key \"a\" in spec.rules[0].none: no keys are "
			 "valid here\n"},
	{"readOnlyRootFilesystem: {}", "policy.yaml:9:15: unknown key \"readOnlyRootFilesystem\" "
				       "in spec.rules[0]: valid keys are "
				       "name, mode, every, none\n"},
};

START_TEST(wrong_parameters_say_what_is_wanted)
{
	struct loaded l = load_table(wrong_params[_i].rule);
	ck_assert_str_eq(problems_text(&l.problems), wrong_params[_i].want);
	loaded_free(&l);
}
END_TEST

/* ---- what a set holds ---- */

START_TEST(a_set_has_what_its_files_say)
{
	struct loaded l = load_warned(
		"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"
		"  mode: warn\n  onError: deny\n"
		"  match:\n    resources: [workloads]\n    operations: [UPDATE]\n"
		"    namespaces: {include: ['shop-*', legacy], exclude: [shop-b]}\n"
		"  rules:\n  - {name: a, readOnlyRootFilesystem: {}}\n"
		"  - name: b\n    mode: deny\n    image: {digest: required}\n" EXCEPTION
		"2027-01-31T12:00:00+02:00\n  ticket: T-1\n",
		"warning: policy.yaml:9:17: spec.match.operations: without CREATE a bad object can "
		"be created\n");
	const struct policy *p = &l.set->policies[0];
	const struct exception *x = &l.set->exceptions[0];
	ck_assert_uint_eq(l.set->n_policies, 1);
	ck_assert_uint_eq(l.set->n_exceptions, 1);
	ck_assert(str_eq(p->name, S("golden")));
	ck_assert_int_eq(p->mode, MODE_WARN);
	ck_assert_int_eq(p->on_error, ON_ERROR_DENY);
	ck_assert(!p->match.pods && p->match.workloads && !p->match.on_create &&
		  p->match.on_update);
	ck_assert_uint_eq(p->match.n_include, 2);
	ck_assert_uint_eq(p->match.n_exclude, 1);
	ck_assert_uint_eq(p->n_rules, 2);
	ck_assert_int_eq(p->rules[0].mode, MODE_WARN);
	ck_assert_int_eq(p->rules[1].mode, MODE_DENY);
	ck_assert_str_eq(p->rules[1].type->key, "image");
	ck_assert(str_eq(p->rules[1].origin.file, S("policy.yaml")));
	ck_assert_uint_eq(p->rules[1].origin.line, 13);
	ck_assert_ptr_eq(x->policy, p);
	ck_assert_uint_eq(x->n_rules, 1);
	ck_assert_ptr_eq(x->rules[0], &p->rules[0]);
	ck_assert(str_eq(x->ticket, S("T-1")));
	ck_assert_int_eq(x->expires_unix_s, 1801389600);
	ck_assert_uint_eq(l.set->policies[0].origin.line, 1);
	ck_assert_uint_eq(x->origin.line, 17);
	ck_assert_int_eq(l.set->loaded_unix_s, NOW_UNIX_S);
	loaded_free(&l);
}
END_TEST

START_TEST(a_set_outlives_its_files_and_problems)
{
	char *yaml = strdup(HEAD RULE EXCEPTION "2027-01-31\n");
	struct loaded l = load_good(yaml);
	memset(yaml, 'x', strlen(yaml));
	free(yaml);
	arena_free(l.arena);
	ck_assert(str_eq(l.set->policies[0].name, S("golden")));
	ck_assert(str_eq(l.set->policies[0].rules[0].name, S("a")));
	ck_assert(str_eq(l.set->exceptions[0].reason, S("r")));
	ck_assert(str_eq(l.set->exceptions[0].origin.file, S("policy.yaml")));
	policy_set_free(l.set);
	policy_set_free(NULL);
}
END_TEST

START_TEST(the_hash_tells_names_and_contents_apart)
{
	struct policy_options o = {0};
	const struct policy_file variants[][2] = {
		{{S("a.yaml"), S(HEAD RULE)}, {S("b.yaml"), S("")}},
		{{S("b.yaml"), S(HEAD RULE)}, {S("b.yaml"), S("")}},
		{{S("a.yaml"), S(HEAD RULE "\n")}, {S("b.yaml"), S("")}},
		{{S("a.yaml"), S(HEAD)}, {S("b.yaml"), S(RULE)}},
		{{S("a.yaml"), S(HEAD RULE)}, {S("b.yaml"), S("#")}},
		{{S("a.yaml"), S("")}, {S("b.yaml"), S(HEAD RULE)}},
	};
	char seen[6][SHA256_HEX + 1];
	size_t n = 0;
	for (size_t i = 0; i < 6; i++) {
		struct problems problems;
		struct arena *a = arena_new(1 << 20);
		problems_init(&problems, a);
		struct policy_set *s = policy_set_build(variants[i], 2, &o, &problems);
		ck_assert(s != NULL || i == 3); /* the rules are missing from that one */
		for (size_t k = 0; s && k < n; k++)
			ck_assert_str_ne(seen[k], s->sha256_hex);
		if (s)
			memcpy(seen[n++], s->sha256_hex, sizeof(seen[0]));
		policy_set_free(s);
		arena_free(a);
	}
	ck_assert_uint_eq(n, 5);
}
END_TEST

/* ---- exceptions in time ---- */

static const struct {
	const char *expires;
	int64_t max_days;
	const char *want;
} ends[] = {
	{"2027-01-31", 0, ""},
	{"'2027-01-31'", 0, ""},
	{"2026-01-01", 0, ""},
	{"2025-12-31", 0,
	 "warning: policy.yaml:20:12: spec.expires: ended on 2025-12-31: the "
	 "exception no longer holds\n"},
	{"2026-01-01T00:00:00Z", 0,
	 "warning: policy.yaml:20:12: spec.expires: ended on 2026-01-01T00:00:00Z: the exception "
	 "no longer holds\n"},
	{"2026-01-01T00:00:01Z", 0, ""},
	{"2026-01-31", 30, ""},
	{"2026-02-01", 30,
	 "policy.yaml:20:12: spec.expires: 2026-02-01 is more than 30 days away: "
	 "the last day allowed is 2026-01-31\n"},
	{"9999-12-31", 0, ""},
};

START_TEST(the_end_of_an_exception_is_checked_against_now)
{
	char yaml[2048];
	struct policy_options o = {.now_unix_s = NOW_UNIX_S,
				   .max_exception_days = ends[_i].max_days};
	snprintf(yaml, sizeof(yaml), HEAD RULE EXCEPTION "%s\n", ends[_i].expires);
	struct loaded l = load_with(yaml, &o);
	ck_assert_str_eq(problems_text(&l.problems), ends[_i].want);
	ck_assert((l.set == NULL) == (ends[_i].want[0] == 'p'));
	loaded_free(&l);
}
END_TEST

START_TEST(on_error_allow_loads_with_a_warning)
{
	struct policy_options o = {0};
	struct loaded l = load_with(
		"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"
		"  mode: deny\n  onError: allow\n"
		"  match: {resources: [pods], operations: [CREATE, UPDATE]}\n  rules:\n" RULE,
		&o);
	ck_assert_str_eq(problems_text(&l.problems),
			 "warning: policy.yaml:6:12: spec.onError: allow admits what could not be "
			 "verified: deny is safe\n");
	ck_assert_int_eq(l.set->policies[0].on_error, ON_ERROR_ALLOW);
	loaded_free(&l);
}
END_TEST

#define POLICY(operations)                                                                         \
	"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"                \
	"  mode: deny\n  onError: deny\n"                                                          \
	"  match: {resources: [pods], operations: " operations "}\n  rules:\n"
#define IMAGES(list) HEAD "  - {name: a, image: {registries: " list "}}\n"
#define AT "warning: policy.yaml:9:"
#define ITEM ": spec.rules[0].image.registries"

static const struct {
	const char *yaml, *warnings;
} doubtful[] = {
	{POLICY("[CREATE]") RULE,
	 "warning: policy.yaml:7:42: spec.match.operations: without UPDATE a "
	 "good object can be changed into a bad one\n"},
	{POLICY("[UPDATE]") RULE,
	 "warning: policy.yaml:7:42: spec.match.operations: without CREATE a "
	 "bad object can be created\n"},
	{POLICY("[UPDATE, CREATE]") RULE, ""},

	{HEAD RULE "  - {name: b, mode: warn, readOnlyRootFilesystem: {}}\n",
	 "warning: policy.yaml:10:5: spec.rules[1]: asks the same as rule \"a\"\n"},
	{HEAD "  - {name: a, runAs: {user: 1}}\n  - {name: b, runAs: {user: 2}}\n"
	      "  - {name: c, runAs: {user: nonZero}}\n  - {name: d, runAs: {user: 1, group: 1}}\n"
	      "  - {name: e, runAs: {user: 2}}\n",
	 "warning: policy.yaml:13:5: spec.rules[4]: asks the same as rule \"b\"\n"},
	{HEAD "  - {name: a, image: {registries: [r.io/a, r.io/b]}}\n"
	      "  - {name: b, image: {registries: [r.io/a]}}\n"
	      "  - {name: c, image: {registries: [r.io/a, r.io/b], digest: required}}\n",
	 ""},
	{HEAD "  - {name: a, image: {registries: [r.io/a, r.io/b]}}\n"
	      "  - {name: b, image: {registries: [R.IO/a, r.io/b]}}\n",
	 "warning: policy.yaml:10:5: spec.rules[1]: asks the same as rule \"a\"\n"},

	{IMAGES("['r.io/**', 'r.io/a/*']"),
	 AT "47" ITEM "[1]: \"r.io/a/*\" adds nothing: \"r.io/**\" matches all of it\n"},
	{IMAGES("[r.io/a/b, r.io/a, 'r.io/a/*']"),
	 AT "36" ITEM "[0]: \"r.io/a/b\" adds nothing: \"r.io/a/*\" matches all of it\n"},
	{IMAGES("['r.io/a*', r.io/ab, 'r.io/ab*', 'r.io/*a']"),
	 AT "47" ITEM "[1]: \"r.io/ab\" adds nothing: \"r.io/a*\" matches all of it\n" AT "56" ITEM
	    "[2]: \"r.io/ab*\" adds nothing: \"r.io/a*\" matches all of it\n"},
	{IMAGES("['r.io/**/x', 'r.io/a/**/b/x', 'r.io/x', 'r.io/x/y/x']"),
	 AT "49" ITEM "[1]: \"r.io/a/**/b/x\" adds nothing: \"r.io/**/x\" matches all of it\n" AT
	    "76" ITEM "[3]: \"r.io/x/y/x\" adds nothing: \"r.io/**/x\" matches all of it\n"},
	{IMAGES("['r.io/*', 'r.io/**']"),
	 AT "36" ITEM "[0]: \"r.io/*\" adds nothing: \"r.io/**\" matches all of it\n"},
	/* Each matches what another does not. */
	{IMAGES("['r.io/*/a', 'r.io/**/b', 'r.io/a/*', 's.io/**', 'r.io:5000/a/b/c']"), ""},
	{IMAGES("['r.io/**/a', 'r.io/a/**', 'r.io/**/a/**']"), ""},
	{IMAGES("['r.io/*/*', 'r.io/a/**']"), ""},
};

START_TEST(what_hardly_means_what_it_says_loads_with_a_warning)
{
	struct loaded l = load_warned(doubtful[_i].yaml, doubtful[_i].warnings);
	loaded_free(&l);
}
END_TEST

START_TEST(a_broken_policy_does_not_make_its_exceptions_wrong)
{
	struct policy_options o = {0};
	struct loaded l = load_with(
		"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: Golden}\nspec: {}\n"
		"---\n" HEAD "  - {name: A, readOnlyRootFilesystem: {}}\n" EXCEPTION "2027-01-31\n"
		"---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: e2}\nspec:\n"
		"  {policy: Golden, rules: [a], match: {namespace: a, name: b}, reason: r, owner: "
		"o,"
		" expires: 2027-01-31}\n"
		"---\napiVersion: assay.dev/v1\nkind: Exception\nmetadata: {name: e3}\nspec:\n"
		"  {policy: other, rules: [a], match: {namespace: a, name: b}, reason: r, owner: o,"
		" expires: 2027-01-31}\n",
		&o);
	const char *text = problems_text(&l.problems);
	ck_assert_msg(!strstr(text, "no policy is named"), "%s", text);
	ck_assert_msg(!strstr(text, "has no rule named"), "%s", text);
	loaded_free(&l);
}
END_TEST

/* ---- normal form ---- */

START_TEST(the_normal_form_writes_every_default_out)
{
	struct loaded l = load_good(
		"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: '1.5'}\nspec:\n"
		"  {mode: audit, onError: deny, match: {resources: [workloads, pods], operations: "
		"[UPDATE, CREATE], namespaces: {exclude: ['*-system', '2024']}}, rules: [{name: "
		"'true', readOnlyRootFilesystem: {}}, {name: b, mode: deny, image: {digest: "
		"required, registries: ['r.io:5000/**/a*']}}, {name: c, runAs: {nonRoot: required, "
		"user: nonZero, group: 0}}]}\n");
	struct text t;
	struct str yaml;
	text_init(&t, l.arena, 1 << 20);
	policy_put_yaml(&t, &l.set->policies[0]);
	ck_assert(text_done(&t, &yaml));
	ck_assert_str_eq(yaml.p, "apiVersion: assay.dev/v1\n"
				 "kind: Policy\n"
				 "metadata:\n"
				 "  name: \"1.5\"\n"
				 "spec:\n"
				 "  mode: audit\n"
				 "  onError: deny\n"
				 "  match:\n"
				 "    resources: [pods, workloads]\n"
				 "    operations: [CREATE, UPDATE]\n"
				 "    namespaces:\n"
				 "      exclude: [\"*-system\", \"2024\"]\n"
				 "  rules:\n"
				 "  - name: \"true\"\n"
				 "    mode: audit\n"
				 "    readOnlyRootFilesystem: {}\n"
				 "  - name: \"b\"\n"
				 "    mode: deny\n"
				 "    image:\n"
				 "      registries:\n"
				 "      - \"r.io:5000/**/a*\"\n"
				 "      digest: required\n"
				 "  - name: \"c\"\n"
				 "    mode: audit\n"
				 "    runAs:\n"
				 "      user: nonZero\n"
				 "      group: 0\n"
				 "      nonRoot: required\n");
	check_normal_form(l.set, 0);
	loaded_free(&l);
}
END_TEST

Suite *test_load_suite(void)
{
	Suite *s = suite_create("load");
	TCase *tc = tcase_create("load");
	tcase_add_test(tc, every_type_of_parameter_is_decoded_at_its_offset);
	tcase_add_test(tc, words_and_absent_parameters_are_decoded);
	tcase_add_loop_test(tc, wrong_parameters_say_what_is_wanted, 0,
			    sizeof(wrong_params) / sizeof(wrong_params[0]));
	tcase_add_test(tc, a_set_has_what_its_files_say);
	tcase_add_test(tc, a_set_outlives_its_files_and_problems);
	tcase_add_test(tc, the_hash_tells_names_and_contents_apart);
	tcase_add_loop_test(tc, the_end_of_an_exception_is_checked_against_now, 0,
			    sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(tc, on_error_allow_loads_with_a_warning);
	tcase_add_loop_test(tc, what_hardly_means_what_it_says_loads_with_a_warning, 0,
			    sizeof(doubtful) / sizeof(doubtful[0]));
	tcase_add_test(tc, a_broken_policy_does_not_make_its_exceptions_wrong);
	tcase_add_test(tc, the_normal_form_writes_every_default_out);
	suite_add_tcase(s, tc);
	return s;
}

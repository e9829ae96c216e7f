/* Every folder of tests/cases in process: policies and objects in, verdict and exact texts out. */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/yaml.h"
#include "evidence/pool.h"
#include "oci/recorded.h"
#include "policy/engine.h"
#include "policy/load.h"
#include "policy/report.h"

#define CASES "tests/cases"
#define REGISTRY CASES "/registry" /* what the registry of all cases holds */
#define NOW_UNIX_S 1795305600      /* 2026-11-22 */

struct folder_list {
	char **paths;
	size_t n;
};

static struct folder_list found;

static int wanted(const struct dirent *d)
{
	return d->d_name[0] != '.' && d->d_type == DT_DIR && strcmp(d->d_name, "registry") != 0;
}

static void scan(const char *dir, int depth)
{
	struct dirent **names;
	int n = scandir(dir, &names, wanted, alphasort);

	for (int i = 0; i < n; i++) {
		char path[1024];
		snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
		if (depth == 0) {
			scan(path, 1);
		} else {
			found.paths = realloc(found.paths, (found.n + 1) * sizeof *found.paths);
			found.paths[found.n++] = strdup(path);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static struct str read_optional(struct arena *a, const char *dir, const char *name)
{
	char path[1100];
	struct str bytes = {NULL, 0};
	struct err e = {0};

	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "r");
	if (!f)
		return bytes;
	fclose(f);
	ck_assert_msg(file_read(a, path, 1u << 20, &bytes, &e) == 0, "%s: %s", path, e.text);
	return bytes;
}

static const struct node *parse(struct arena *a, const char *dir, const char *name,
				struct str bytes)
{
	struct yaml_stream docs = {NULL, 0};
	struct position where = {0, 0};
	struct err e = {0};

	ck_assert_msg(yaml_parse(a, bytes, &docs, &where, &e) == 0, "%s/%s:%u:%u: %s", dir, name,
		      where.line, where.column, e.text);
	ck_assert_msg(docs.n == 1, "%s/%s: want one document", dir, name);
	return docs.docs[0].root;
}

static struct policy_set *load(struct arena *a, const char *dir, int64_t now)
{
	struct policy_file file = {S("policy.yaml"), read_optional(a, dir, "policy.yaml")};
	struct policy_options o = {.now_unix_s = now};
	struct problems problems;

	problems_init(&problems, a);
	struct policy_set *set = policy_set_build(&file, 1, &o, &problems);
	for (size_t i = 0; !set && i < problems.n; i++)
		fprintf(stderr, "%s/policy.yaml:%u: %.*s\n", dir, problems.items[i].line,
			STR_ARG(problems.items[i].text));
	ck_assert_msg(set != NULL, "%s: the policy does not load", dir);
	return set;
}

static struct admission admission_of(const struct node *object, const struct node *old, int64_t now)
{
	const struct node *meta = node_get(object, S("metadata"));
	struct str version = node_str(node_get(object, S("apiVersion"))), group = S("");
	struct str ns = node_str(node_get(meta, S("namespace")));

	str_cut(version, '/', &group, &version);
	return (struct admission){
		.operation = old ? OPERATION_UPDATE : OPERATION_CREATE,
		.group = group,
		.version = version,
		.kind = node_str(node_get(object, S("kind"))),
		.ns = ns.n ? ns : S("default"),
		.name = node_str(node_get(meta, S("name"))),
		.generate_name = node_str(node_get(meta, S("generateName"))),
		.object = object,
		.old_object = old,
		.now_unix_s = now,
	};
}

static bool knows_every_host(void *self, struct str host)
{
	(void)self;
	(void)host;
	return true;
}

static int64_t frozen_unix_ms(void *self)
{
	return *(const int64_t *)self * 1000;
}

static int64_t system_mono_ms(void *self)
{
	(void)self;
	return clock_system.mono_ms(clock_system.self);
}

static void ask_and_conclude(struct engine *en, struct arena *a, int64_t now_unix_s)
{
	const struct clock clock = {frozen_unix_ms, system_mono_ms, &now_unix_s};
	struct registry_recorded recorded;
	struct err e = {0};

	if (en->n_questions == 0) {
		engine_conclude(en, NULL);
		return;
	}
	ck_assert_msg(registry_recorded_init(&recorded, REGISTRY, &clock_system, &e) == 0, "%s",
		      e.text);
	const struct evidence_options o = {
		.source = registry_recorded_source(&recorded),
		.clock = &clock,
		.knows_host = knows_every_host,
	};
	struct evidence_pool *pool = evidence_pool_new(&o, &e);
	ck_assert_msg(pool != NULL, "%s", e.text);
	struct evidence *answers = arena_calloc(a, en->n_questions, sizeof(*answers));
	ck_assert(answers != NULL);
	evidence_gather(pool, en->questions, en->n_questions, deadline_in(&clock_system, 60000), a,
			answers);
	engine_conclude(en, answers);
	evidence_pool_free(pool);
}

static const char *verdict_word(enum verdict v)
{
	static const char *const words[] = {[VERDICT_DENY] = "deny",
					    [VERDICT_UNAVAILABLE] = "error",
					    [VERDICT_WARN] = "warn",
					    [VERDICT_ALLOW] = "allow"};
	return words[v];
}

/* The lines of `text` that begin with "- " or an ellipsis must be the list, in order. */
static void compare_lines(const char *dir, struct str text, const struct node *want)
{
	struct str rest = text, line;
	size_t n = 0;

	while (rest.n) {
		if (!str_cut(rest, '\n', &line, &rest)) {
			line = rest;
			rest = S("");
		}
		if (!str_starts(line, S("- ")))
			continue;
		struct str expected = node_str(node_at(want, n++));
		ck_assert_msg(str_eq(line, expected), "%s: line %zu:\n got  %.*s\n want %.*s", dir,
			      n, STR_ARG(line), STR_ARG(expected));
	}
	ck_assert_msg(n == node_len(want), "%s: %zu lines, want %zu:\n%.*s", dir, n, node_len(want),
		      STR_ARG(text));
}

/* The last line begins with the command that is wanted, if one is. */
static void compare_mend(const char *dir, struct str message, struct str command)
{
	char start[1024];

	if (!command.n)
		return;
	snprintf(start, sizeof start, "\nFix it: %.*s ; ", STR_ARG(command));
	ck_assert_msg(memmem(message.p, message.n, start, strlen(start)) != NULL,
		      "%s: no command %.*s in\n%.*s", dir, STR_ARG(command), STR_ARG(message));
}

static void compare_warnings(const char *dir, const struct report *r, const struct node *want)
{
	struct str_list got = report_warnings(r);

	ck_assert_msg(got.n == node_len(want), "%s: %zu warnings, want %zu", dir, got.n,
		      node_len(want));
	for (size_t i = 0; i < got.n; i++)
		ck_assert_msg(str_eq(got.items[i], node_str(node_at(want, i))),
			      "%s: warning\n got  %.*s\n want %.*s", dir, STR_ARG(got.items[i]),
			      STR_ARG(node_str(node_at(want, i))));
}

static void compare(const char *dir, const struct engine *en, const struct admission *adm,
		    const struct node *expect)
{
	struct report_object object = {adm->kind, adm->ns, adm->name, adm->generate_name};
	struct report_text_options o = {.docs_url = S("https://docs.example/codes"), .all = true};
	enum verdict v = en->skip == ENGINE_JUDGED ? report_verdict(&en->report) : VERDICT_ALLOW;
	struct str word = node_str(node_get(expect, S("verdict"))), header = S(""), rest;

	ck_assert_msg(str_eq(word, str_of(verdict_word(v))), "%s: verdict %s, want %.*s", dir,
		      verdict_word(v), STR_ARG(word));
	if (v == VERDICT_WARN)
		compare_warnings(dir, &en->report, node_get(expect, S("warnings")));
	if (v == VERDICT_ALLOW || v == VERDICT_WARN)
		return;
	struct str message = report_message(&en->report, &object, &o);
	compare_lines(dir, message, node_get(expect, S("violations")));
	compare_mend(dir, message, node_str(node_get(expect, S("mend"))));
	const struct node *first = node_get(expect, S("header"));
	if (first) {
		ck_assert(str_cut(message, '\n', &header, &rest));
		ck_assert_msg(str_eq(header, node_str(first)), "%s: header\n got  %.*s\n want %.*s",
			      dir, STR_ARG(header), STR_ARG(node_str(first)));
	}
}

START_TEST(case_gives_what_it_expects)
{
	const char *dir = found.paths[_i];
	struct arena *a = arena_new(64u << 20);
	struct engine en;
	int64_t now = NOW_UNIX_S;

	struct str frozen = str_trim(read_optional(a, dir, "now"));
	ck_assert_msg(!frozen.n || time_parse_rfc3339(frozen, &now), "%s/now is no time", dir);
	const struct node *expect =
		parse(a, dir, "expect.yaml", read_optional(a, dir, "expect.yaml"));
	const struct node *object =
		parse(a, dir, "object.yaml", read_optional(a, dir, "object.yaml"));
	struct str old_bytes = read_optional(a, dir, "old.yaml");
	const struct node *old = old_bytes.n ? parse(a, dir, "old.yaml", old_bytes) : NULL;
	struct policy_set *set = load(a, dir, now);
	struct admission adm = admission_of(object, old, now);
	engine_evaluate(&en, a, set, &adm);
	ask_and_conclude(&en, a, now);
	compare(dir, &en, &adm, expect);
	policy_set_free(set);
	arena_free(a);
}
END_TEST

START_TEST(cases_are_there)
{
	ck_assert_msg(found.n >= 120, "%zu cases found in %s", found.n, CASES);
}
END_TEST

Suite *test_cases_suite(void);
Suite *test_cases_suite(void)
{
	Suite *s = suite_create("cases");
	TCase *t = tcase_create("folders");

	scan(CASES, 0);
	tcase_add_test(t, cases_are_there);
	tcase_add_loop_test(t, case_gives_what_it_expects, 0, (int)found.n);
	suite_add_tcase(s, t);
	return s;
}

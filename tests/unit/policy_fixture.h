/* Policies, objects and reviews for unit tests, built by hand: no loader involved. */
#ifndef ASSAY_TESTS_POLICY_FIXTURE_H
#define ASSAY_TESTS_POLICY_FIXTURE_H

#include "core/json.h"
#include "policy/engine.h"

#define FIXTURE_POLICIES 3
#define FIXTURE_RULES 8
#define FIXTURE_EXCEPTIONS 8

/* 2026-11-22T00:00:00Z */
#define FIXTURE_NOW ((int64_t)1795305600)
#define FIXTURE_DAY ((int64_t)86400)

#define FIXTURE_DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A Pod without and with a read-only root filesystem. */
#define BAD_POD "{'spec': {'containers': [{'name': 'a', 'image': 'i'}]}}"
#define GOOD_POD                                                                                   \
	"{'spec': {'containers': [{'name': 'a', 'image': 'i', 'securityContext': "                 \
	"{'readOnlyRootFilesystem': true}}]}}"

struct fixture {
	struct arena *arena;        /* of the review */
	struct arena *static_arena; /* of objects and policies */
	struct policy policies[FIXTURE_POLICIES];
	struct policy_rule rules[FIXTURE_POLICIES][FIXTURE_RULES];
	struct exception exceptions[FIXTURE_EXCEPTIONS];
	const struct policy_rule *excepted[FIXTURE_EXCEPTIONS];
	struct policy_set set;
	struct admission admission;
	struct engine engine;
};

/* CREATE of Pod shop/web at FIXTURE_NOW, no policies. End with fixture_free(). */
struct fixture *fixture_new(void);
void fixture_free(struct fixture *f);

/* JSON with ' for ". */
const struct node *fixture_json(struct fixture *f, const char *text);
/* A string of the fixture's, printf-like. */
char *fixture_text(struct fixture *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A policy for everything, in mode deny and onError deny. */
struct policy *fixture_policy(struct fixture *f, const char *name);
struct policy_rule *fixture_rule(struct fixture *f, struct policy *p, const char *name,
				 const struct rule *type, const void *params);
/* A shipped rule type. */
const struct rule *fixture_type(const char *key);
/* A policy of one rule. */
struct policy_rule *fixture_only_rule(struct fixture *f, const char *key, const char *params);
/* The rule readOnlyRootFilesystem in a policy of its own. */
struct policy_rule *fixture_read_only(struct fixture *f);
/* Parameters by a JSON map, filled by the rule's own table. */
const void *fixture_params(struct fixture *f, const struct rule *type, const char *json);
/* In namespace "shop", any name, ends at `expires`. */
struct exception *fixture_exception(struct fixture *f, const char *name,
				    const struct policy_rule *rule, int64_t expires_unix_s);

void fixture_kind(struct fixture *f, const char *group, const char *kind);
/* Evaluate and conclude without answers; the verdict. */
enum verdict fixture_judge(struct fixture *f, const char *object);

/* The lines of the report, each with '\n', as report_put_line() writes them. */
const char *fixture_lines(struct fixture *f);

/* The same, without lines about other containers than `name`. */
const char *fixture_lines_of(struct fixture *f, const char *name);

/* Compare with what the test expects, shown in full when they differ. */
void expect_text(const char *got, const char *want, const char *what);

#endif

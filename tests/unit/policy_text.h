/* For tests of policies: text in, set and problems out. Include it once a test file. */
#ifndef ASSAY_TESTS_UNIT_POLICY_TEXT_H
#define ASSAY_TESTS_UNIT_POLICY_TEXT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/load.h"

#define NOW_UNIX_S 1767225600 /* 2026-01-01T00:00:00Z */

/* What the last load said; its arena is freed by the next one. */
struct loaded {
	struct arena *arena;
	struct problems problems;
	struct policy_set *set;
};

/* `name`: files that the policy names are beside it. */
static inline struct loaded load_named(const char *name, const char *yaml,
				       const struct policy_options *o)
{
	struct loaded l = {.arena = arena_new((size_t)8 << 20)};
	struct policy_file file = {str_of(name), str_of(yaml)};
	ck_assert_ptr_nonnull(l.arena);
	problems_init(&l.problems, l.arena);
	l.set = policy_set_build(&file, 1, o, &l.problems);
	ck_assert_msg((l.set == NULL) == (l.problems.errors > 0), "a set and errors, or neither");
	return l;
}

static inline struct loaded load_with(const char *yaml, const struct policy_options *o)
{
	return load_named("policy.yaml", yaml, o);
}

static inline void loaded_free(struct loaded *l)
{
	policy_set_free(l->set);
	arena_free(l->arena);
}

/* "warning: " before warnings, a line each. In the arena of `p`. */
static inline const char *problems_text(struct problems *p)
{
	struct text t;
	struct str s;
	text_init(&t, p->arena, 1u << 20);
	for (size_t i = 0; i < p->n; i++) {
		text_puts(&t, p->items[i].severity == PROBLEM_WARNING ? "warning: " : "");
		problem_put(&t, &p->items[i]);
		text_putc(&t, '\n');
	}
	ck_assert(text_done(&t, &s));
	return s.p;
}

/* Loads with exactly these warnings. */
static inline struct loaded load_warned(const char *yaml, const char *warnings)
{
	struct policy_options o = {.now_unix_s = NOW_UNIX_S};
	struct loaded l = load_with(yaml, &o);
	ck_assert_str_eq(problems_text(&l.problems), warnings);
	ck_assert_ptr_nonnull(l.set);
	return l;
}

/* Loads without any problem, or the test fails. */
static inline struct loaded load_good(const char *yaml)
{
	return load_warned(yaml, "");
}

/* What policy_put_yaml() writes, put beside the file that the policy came from, loads without a problem and is written the same again. */
static inline void check_normal_form(const struct policy_set *set, size_t i)
{
	struct arena *a = arena_new((size_t)4 << 20);
	struct text t, again;
	struct str one, two;
	text_init(&t, a, 1 << 20);
	policy_put_yaml(&t, &set->policies[i]);
	ck_assert(text_done(&t, &one));
	struct policy_options o = {.now_unix_s = NOW_UNIX_S};
	struct loaded l = load_named(set->policies[i].origin.file.p, one.p, &o);
	ck_assert_str_eq(problems_text(&l.problems), "");
	text_init(&again, a, 1 << 20);
	policy_put_yaml(&again, &l.set->policies[0]);
	ck_assert(text_done(&again, &two));
	ck_assert_str_eq(one.p, two.p);
	loaded_free(&l);
	arena_free(a);
}

#endif

/* For tests of predicates: JSON with ' for ", an image, and what must come out. Include it once a test file. */
#ifndef ASSAY_TESTS_UNIT_PREDICATE_TEXT_H
#define ASSAY_TESTS_UNIT_PREDICATE_TEXT_H

#include "core/json.h"
#include "sigstore/predicate.h"
#include "tests/unit/sig_fault.h"

#define HEX "6b8d2c1f0e9a7b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c"
#define DIGEST "sha256:" HEX
#define NOW 1789997600 /* 2026-09-21T13:33:20Z */

/* JSON in which ' stands for ". */
static inline const struct node *tree(const char *text)
{
	char *copy = arena_dup(a, text, strlen(text));
	struct node *n = NULL;
	struct err e = {0};

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	ck_assert_msg(json_parse(a, str_of(copy), NULL, &n, NULL, &e) == 0, "%s: %s", e.text, copy);
	return n;
}

static inline struct predicate_input input(const char *name, const char *text)
{
	struct predicate_input in = {.type = predicate_type_of_name(str_of(name)),
				     .predicate = tree(text),
				     .now_unix_s = NOW};

	ck_assert_uint_gt(in.type.n, 0);
	ck_assert(sha256_parse(S(DIGEST), &in.digest));
	return in;
}

static inline void fits(const char *name, const char *text, const struct predicate_demand *want)
{
	const struct predicate_input in = input(name, text);

	ck_assert_msg(predicate_fits(a, &in, want, &f) == 0, "%s", f.err.text);
}

static inline void fails(const char *name, const char *text, const struct predicate_demand *want,
			 enum verify_reason reason, const char *why)
{
	const struct predicate_input in = input(name, text);

	fault_is(predicate_fits(a, &in, want, &f), reason, why);
}

static inline void has_no_shape(const char *name, const char *text,
				const struct predicate_demand *want, const char *why)
{
	fails(name, text, want, VERIFY_PREDICATE_SHAPE, why);
}

static inline void breaks(const char *name, const char *text, const struct predicate_demand *want,
			  const char *why)
{
	fails(name, text, want, VERIFY_PREDICATE_CONDITION, why);
}

#endif

/* Long texts for tests of limits. */
#ifndef ASSAY_TESTS_UNIT_REPEAT_H
#define ASSAY_TESTS_UNIT_REPEAT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

/* `head`, `n` times `unit`, `tail`, and a NUL; given back with repeat_free(). */
static inline struct str repeat(const char *head, const char *unit, size_t n, const char *tail)
{
	size_t u = strlen(unit), total = strlen(head) + n * u + strlen(tail);
	char *p = malloc(total + 1), *end = p + strlen(head);

	ck_assert_ptr_nonnull(p);
	memcpy(p, head, strlen(head));
	for (size_t i = 0; i < n; i++, end += u)
		memcpy(end, unit, u);
	memcpy(end, tail, strlen(tail) + 1);
	return (struct str){p, total};
}

/* A map of n keys, "k0" and so on; given back in the same way. */
static inline struct str repeat_keys(size_t n)
{
	char *p = malloc(n * 16 + 3), *end = p;

	ck_assert_ptr_nonnull(p);
	*end++ = '{';
	for (size_t i = 0; i < n; i++)
		end += snprintf(end, 16, "\"k%zu\":%d,", i, i % 10 == 0);
	end[-1] = '}';
	return (struct str){p, (size_t)(end - p)};
}

static inline void repeat_free(struct str s)
{
	free((char *)s.p);
}

#endif

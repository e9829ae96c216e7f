/* Formatted text in an arena, for fixtures. */
#ifndef ASSAY_TESTS_UNIT_ARENA_TEXT_H
#define ASSAY_TESTS_UNIT_ARENA_TEXT_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/arena.h"

__attribute__((format(printf, 2, 0))) static inline char *arena_text(struct arena *a,
								     const char *fmt, va_list args)
{
	va_list again;

	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	ck_assert_int_ge(n, 0);
	char *p = arena_alloc(a, (size_t)n + 1);
	ck_assert_ptr_nonnull(p);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	return p;
}

#endif

/* For tests of parsers of signatures: an arena, and the fault of the last call. Include it once a test file. */
#ifndef ASSAY_TESTS_UNIT_SIG_FAULT_H
#define ASSAY_TESTS_UNIT_SIG_FAULT_H

#include <check.h>

#include "sigstore/limits.h"
#include "sigstore/verify.h"

static struct arena *a;
static struct sig_fault f;

static void setup(void)
{
	a = arena_new(LIMIT_VERIFY_ARENA_BYTES);
	ck_assert_ptr_nonnull(a);
	f = (struct sig_fault){.reason = VERIFY_NOT_VERIFIED};
}

static void teardown(void)
{
	arena_free(a);
}

static void fault_is(int rc, enum verify_reason reason, const char *text)
{
	ck_assert_int_eq(rc, -1);
	ck_assert_str_eq(verify_reason_name(f.reason), verify_reason_name(reason));
	ck_assert_str_eq(f.err.text, text);
}

#endif

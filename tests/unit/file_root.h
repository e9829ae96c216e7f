/* A folder and an arena of their own for each test of core/file.h; for the fixture of a test case. */
#ifndef ASSAY_TESTS_UNIT_FILE_ROOT_H
#define ASSAY_TESTS_UNIT_FILE_ROOT_H

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"

#define MIB ((size_t)1 << 20)

static char root[64]; /* a folder of its own for each test */
static struct arena *a;

static inline void setup(void)
{
	strcpy(root, "/tmp/test_file.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	a = arena_new(16 * MIB);
	ck_assert_ptr_nonnull(a);
}

static inline void teardown(void)
{
	char command[128];

	arena_free(a);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
}

/* root/name; one of a few buffers */
static inline const char *in_root(const char *name)
{
	static char paths[4][PATH_MAX];
	static int next;
	char *p = paths[next++ % 4];

	snprintf(p, PATH_MAX, "%s/%s", root, name);
	return p;
}

static inline void put(const char *name, const char *content)
{
	FILE *f = fopen(in_root(name), "w");

	ck_assert_ptr_nonnull(f);
	fputs(content, f);
	ck_assert_int_eq(fclose(f), 0);
}

static inline void folder(const char *name)
{
	ck_assert_int_eq(mkdir(in_root(name), 0755), 0);
}

static inline void points_to(const char *name, const char *target)
{
	ck_assert_int_eq(symlink(target, in_root(name)), 0);
}

static inline void fails(int rc, const struct err *e, enum err_kind kind, const char *name,
			 const char *reason)
{
	char want[sizeof(e->text)];

	snprintf(want, sizeof(want), "cannot read \"%.200s\": %s", in_root(name), reason);
	ck_assert_int_eq(rc, -1);
	ck_assert_str_eq(e->text, want);
	ck_assert_int_eq(e->kind, kind);
}

#endif

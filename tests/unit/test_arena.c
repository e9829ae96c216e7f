#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"

Suite *test_arena_suite(void);

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#endif

#define MIB ((size_t)1 << 20)

static bool all_bytes_are(const unsigned char *p, size_t n, unsigned char c)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != c)
			return false;
	}
	return true;
}

START_TEST(memory_is_zeroed_and_aligned_also_after_reset)
{
	static const size_t sizes[] = {1, 2, 15, 16, 17, 100, 4096, 40000, 70000, 200000, 3};
	CLEANUP(arena_cleanup) struct arena *a = arena_new(16 * MIB);

	ck_assert_ptr_nonnull(a);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 10 * sizeof(sizes) / sizeof(sizes[0]); i++) {
			size_t n = sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];
			unsigned char *p = arena_alloc(a, n);

			ck_assert_ptr_nonnull(p);
			ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
			ck_assert(all_bytes_are(p, n, 0));
			memset(p, 0xA5, n);
		}
		arena_reset(a);
	}
}
END_TEST

START_TEST(allocations_do_not_overlap)
{
	enum { COUNT = 3000 };
	static unsigned char *p[COUNT];
	CLEANUP(arena_cleanup) struct arena *a = arena_new(64 * MIB);

	for (size_t i = 0; i < COUNT; i++) {
		p[i] = arena_alloc_raw(a, i * 7 % 5000);
		if (!p[i])
			ck_abort_msg("allocation %zu", i);
		memset(p[i], (int)(i % 251), i * 7 % 5000);
	}
	for (size_t i = 0; i < COUNT; i++) {
		if (!all_bytes_are(p[i], i * 7 % 5000, (unsigned char)(i % 251)))
			ck_abort_msg("allocation %zu was written over", i);
	}
	ck_assert_uint_eq(arena_count(a), COUNT);
}
END_TEST

START_TEST(empty_allocations_are_unique)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(MIB);
	void *p = arena_alloc(a, 0), *q = arena_alloc(a, 0);

	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_nonnull(q);
	ck_assert_ptr_ne(p, q);
}
END_TEST

START_TEST(cap_is_never_passed_and_failure_latches)
{
	static const size_t caps[] = {0, 1, 15, 16, 100, 1000, 65536, 100000, 1000000};
	static const size_t sizes[] = {1, 16, 24, 333, 9000, 80000};

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			CLEANUP(arena_cleanup) struct arena *a = arena_new(caps[i]);
			size_t used;

			ck_assert_uint_eq(arena_cap(a), caps[i]);
			ck_assert(!arena_exhausted(a));
			while (arena_alloc(a, sizes[j])) {
				if (arena_exhausted(a))
					ck_abort_msg("latched without a failure");
			}
			used = arena_used(a);
			ck_assert(arena_exhausted(a));
			ck_assert_uint_le(used, caps[i]);
			ck_assert_uint_ge(used, arena_count(a) * sizes[j]);
			/* what did not fit changed nothing, and less would have fit */
			ck_assert_uint_gt(used + sizes[j] + 64, caps[i]);
			arena_reset(a);
			ck_assert(!arena_exhausted(a));
			ck_assert_uint_eq(arena_used(a), 0);
			ck_assert_uint_eq(arena_count(a), 0);
		}
	}
}
END_TEST

START_TEST(huge_sizes_fail_without_overflow)
{
	static const size_t sizes[] = {SIZE_MAX,         SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 31,
				       SIZE_MAX / 2 + 1, PTRDIFF_MAX,  MIB + 1};
	CLEANUP(arena_cleanup) struct arena *a = arena_new(MIB);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		arena_reset(a);
		ck_assert_ptr_null(arena_alloc(a, sizes[i]));
		ck_assert(arena_exhausted(a));
		arena_reset(a);
		ck_assert_ptr_null(arena_dup(a, "", sizes[i]));
		ck_assert(arena_exhausted(a));
	}
	ck_assert_uint_eq(arena_used(a), 0);
}
END_TEST

START_TEST(overflowing_products_fail)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(SIZE_MAX);

	ck_assert_ptr_null(arena_calloc(a, SIZE_MAX / 8 + 2, 8));
	ck_assert(arena_exhausted(a));
	arena_reset(a);
	ck_assert_ptr_null(arena_calloc(a, 8, SIZE_MAX / 8 + 2));
	ck_assert(arena_exhausted(a));
	arena_reset(a);
	ck_assert_ptr_nonnull(arena_calloc(a, 3, 5));
	ck_assert_ptr_nonnull(arena_calloc(a, 0, SIZE_MAX));
	ck_assert_ptr_nonnull(arena_calloc(a, SIZE_MAX, 0));
	ck_assert(!arena_exhausted(a));
}
END_TEST

START_TEST(dup_copies_and_terminates)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(MIB);
	char *p = arena_dup(a, "a\0bc", 3);

	ck_assert_mem_eq(p, "a\0b\0", 4);
	p = arena_dup(a, NULL, 0);
	ck_assert_str_eq(p, "");
}
END_TEST

START_TEST(chosen_allocation_fails)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(MIB);

	arena_fail_at(a, 3);
	ck_assert_ptr_nonnull(arena_alloc(a, 1));
	ck_assert_ptr_nonnull(arena_dup(a, "x", 1));
	ck_assert(!arena_exhausted(a));
	ck_assert_ptr_null(arena_calloc(a, 1, 1));
	ck_assert(arena_exhausted(a));
	ck_assert_ptr_nonnull(arena_alloc_raw(a, 1));
	arena_fail_at(a, 1);
	arena_fail_at(a, 0);
	ck_assert_ptr_nonnull(arena_alloc(a, 1));
}
END_TEST

START_TEST(reset_serves_the_same_again)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(4 * MIB);
	size_t used = 0;

	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < 500; i++)
			arena_alloc(a, 100 + i * 10);
		ck_assert(!arena_exhausted(a));
		if (round > 0)
			ck_assert_uint_eq(arena_used(a), used);
		used = arena_used(a);
		arena_reset(a);
	}
}
END_TEST

#ifndef WITH_ASAN /* there each allocation is a chunk of its own */

/* Distance between the first and the last of `n` allocations of 1,000 bytes after a reset. */
static size_t spread(struct arena *a, size_t n)
{
	uintptr_t lowest = UINTPTR_MAX, highest = 0;

	arena_reset(a);
	for (size_t i = 0; i < n; i++) {
		uintptr_t p = (uintptr_t)arena_alloc(a, 1000);

		ck_assert_uint_ne(p, 0);
		lowest = p < lowest ? p : lowest;
		highest = p > highest ? p : highest;
	}
	return highest - lowest;
}

START_TEST(reset_keeps_one_chunk_that_is_large_enough)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(4 * MIB);
	CLEANUP(arena_cleanup) struct arena *small = arena_new(100000);

	for (size_t n = 64; n <= 512; n *= 2) {
		spread(a, n);
		ck_assert_uint_eq(spread(a, n), (n - 1) * 1008);
		ck_assert_uint_eq(spread(a, 64), 63 * 1008);
	}
	/* also right below the cap, which the doubled size would pass */
	spread(small, 99);
	ck_assert_uint_eq(spread(small, 99), 98 * 1008);
	ck_assert_ptr_null(arena_alloc(small, 1000));
}
END_TEST

#endif

START_TEST(arrays_grow_by_doubling)
{
	struct arena *a = arena_new(1 << 20);
	size_t room = 0, copies = 0;
	uint64_t *items = NULL;

	for (uint64_t n = 0; n < 100; n++) {
		uint64_t *more = arena_grow(a, items, n, sizeof(*more), &room);
		ck_assert_ptr_nonnull(more);
		copies += more != items;
		items = more;
		ck_assert_uint_gt(room, n);
		ck_assert_uint_eq(items[room - 1], 0);
		items[n] = n;
	}
	ck_assert_uint_eq(room, 128);
	ck_assert_uint_eq(copies, 5);
	for (uint64_t n = 0; n < 100; n++)
		ck_assert_uint_eq(items[n], n);

	arena_fail_at(a, 1);
	ck_assert_ptr_eq(arena_grow(a, items, 127, sizeof(*items), &room), items);
	ck_assert_ptr_null(arena_grow(a, items, 128, sizeof(*items), &room));
	ck_assert_uint_eq(room, 128);
	room = SIZE_MAX / 4;
	ck_assert_ptr_null(arena_grow(a, items, room, sizeof(*items), &room));
	arena_free(a);
}
END_TEST

/* Small and big pieces after the mark go, those before it stay, and the memory serves again. */
START_TEST(rewinding_gives_back_what_came_after)
{
	struct arena *a = arena_new(1 << 20);
	char *kept = arena_dup(a, "kept", 4);
	struct arena_mark m = arena_mark(a);

	for (int round = 0; round < 3; round++) {
		size_t used = arena_used(a), count = arena_count(a);

		for (int i = 0; i < 40; i++)
			ck_assert_ptr_nonnull(arena_alloc(a, (size_t)i * 700));
		arena_rewind(a, &m);
		ck_assert_uint_eq(arena_used(a), used);
		ck_assert_uint_eq(arena_count(a), count);
		ck_assert_str_eq(kept, "kept");
	}
	ck_assert_ptr_null(arena_alloc(a, 2 << 20));
	arena_rewind(a, &m);
	ck_assert(arena_exhausted(a));
	arena_free(a);
}
END_TEST

START_TEST(free_takes_null)
{
	arena_free(NULL);
}
END_TEST

#ifdef WITH_ASAN

static void read_past_small(struct arena *a)
{
	volatile char *p = arena_alloc(a, 13);

	arena_alloc(a, 64);
	p[13] = 1;
}

static void read_past_full(struct arena *a)
{
	volatile char *p = arena_alloc(a, 64);

	arena_alloc(a, 64);
	p[64] = 1;
}

static void read_past_big(struct arena *a)
{
	volatile char *p = arena_alloc(a, 300001);

	p[300001] = 1;
}

static void read_before_next(struct arena *a)
{
	volatile char *p;

	arena_alloc(a, 64);
	p = arena_alloc(a, 64);
	p[-1] = 1;
}

static void read_after_reset(struct arena *a)
{
	volatile char *p = arena_alloc(a, 64);

	arena_reset(a);
	p[0] = 1;
}

static void (*const mistakes[])(struct arena *) = {
	read_past_small, read_past_full, read_past_big, read_before_next, read_after_reset,
};

START_TEST(mistakes_are_seen_by_the_address_sanitizer)
{
	char report[8192];
	size_t n = 0;
	ssize_t got;
	int ends[2], status;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct arena *a = arena_new(MIB);

		dup2(ends[1], STDERR_FILENO);
		mistakes[_i](a);
		_exit(0);
	}
	close(ends[1]);
	while (n < sizeof(report) - 1 &&
	       (got = read(ends[0], report + n, sizeof(report) - 1 - n)) > 0)
		n += (size_t)got;
	report[n] = '\0';
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
	ck_assert_ptr_nonnull(strstr(report, "ERROR: AddressSanitizer: "));
}
END_TEST

#endif

Suite *test_arena_suite(void)
{
	Suite *s = suite_create("arena");
	TCase *c = tcase_create("arena");

	tcase_add_test(c, memory_is_zeroed_and_aligned_also_after_reset);
	tcase_add_test(c, allocations_do_not_overlap);
	tcase_add_test(c, empty_allocations_are_unique);
	tcase_add_test(c, cap_is_never_passed_and_failure_latches);
	tcase_add_test(c, huge_sizes_fail_without_overflow);
	tcase_add_test(c, overflowing_products_fail);
	tcase_add_test(c, dup_copies_and_terminates);
	tcase_add_test(c, chosen_allocation_fails);
	tcase_add_test(c, reset_serves_the_same_again);
#ifndef WITH_ASAN
	tcase_add_test(c, reset_keeps_one_chunk_that_is_large_enough);
#endif
	tcase_add_test(c, arrays_grow_by_doubling);
	tcase_add_test(c, rewinding_gives_back_what_came_after);
	tcase_add_test(c, free_takes_null);
#ifdef WITH_ASAN
	tcase_add_loop_test(c, mistakes_are_seen_by_the_address_sanitizer, 0,
			    (int)(sizeof(mistakes) / sizeof(mistakes[0])));
#endif
	suite_add_tcase(s, c);
	return s;
}

/*
 * The target that must fail: proves that the sanitizers see what they are there for. The first byte
 * of the input picks the mistake; scripts/fuzz runs each file of corpus/must_fail/ and expects the
 * report that the file is named after.
 */
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

static volatile uint8_t seen;

static void past_the_heap_block(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n);
	if (!copy)
		return;
	memcpy(copy, data, n);
	seen = copy[n];
	free(copy);
}

static void past_the_arena_block(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(4096);
	uint8_t *copy = arena_alloc(a, n);
	if (copy) {
		memcpy(copy, data, n);
		seen = copy[n];
	}
	arena_free(a);
}

static void past_the_integer(size_t n)
{
	volatile int big = INT_MAX;
	seen = (uint8_t)(big + (int)n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	switch (data[0]) {
	case 'h':
		past_the_heap_block(data, n);
		break;
	case 'a':
		past_the_arena_block(data, n);
		break;
	case 'u':
		past_the_integer(n);
		break;
	default:
		break;
	}
	return 0;
}

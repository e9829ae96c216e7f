/*
 * The direct reader of JSON against the library's: it takes nothing that the library refuses, makes the same
 * tree of what it takes, and takes all that the library does but for numbers of unusual length and
 * what its memory does not hold. What is accepted, the writer must write so that it is read as the same
 * tree. The memory of the library's reader must have been foreseen: one allocation.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/json_inside.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static struct node *read_library(struct arena *a, struct str in, const struct json_options *o)
{
	size_t before = arena_count(a);
	struct node *n = NULL;
	struct position where;
	struct err e = {.kind = ERR_INTERNAL};

	if (json_read_library(a, in, o, &n, &where, &e) < 0) {
		REQUIRE(e.kind == ERR_INPUT || e.kind == ERR_LIMIT);
		REQUIRE(str_is_utf8(str_of(e.text)) && e.text[0]);
		n = NULL;
	}
	REQUIRE(arena_count(a) <= before + 1);
	return n;
}

static void require_equal(const struct node *x, const struct node *y);

static void require_equal_map(const struct node *x, const struct node *y)
{
	REQUIRE(x->map.n == y->map.n);
	for (size_t i = 0; i < x->map.n; i++) {
		REQUIRE(str_eq(x->map.pairs[i].key, y->map.pairs[i].key));
		REQUIRE(x->map.pairs[i].line == 0 && x->map.pairs[i].column == 0);
		require_equal(x->map.pairs[i].value, y->map.pairs[i].value);
	}
}

/* As deep as the readers allow. */
static void require_equal(const struct node *x, const struct node *y)
{
	REQUIRE(x->type == y->type && !x->quoted && !x->source.n && !x->line && !x->column);
	switch (x->type) {
	case NODE_MAP:
		require_equal_map(x, y);
		break;
	case NODE_LIST:
		REQUIRE(x->list.n == y->list.n);
		for (size_t i = 0; i < x->list.n; i++)
			require_equal(x->list.items[i], y->list.items[i]);
		break;
	case NODE_STR:
		REQUIRE(str_eq(x->str, y->str) && x->str.p[x->str.n] == '\0');
		break;
	case NODE_INT:
		REQUIRE(x->integer == y->integer);
		break;
	case NODE_REAL:
		REQUIRE(memcmp(&x->real, &y->real, sizeof(x->real)) == 0);
		break;
	case NODE_BOOL:
		REQUIRE(x->boolean == y->boolean);
		break;
	case NODE_NULL:
		break;
	}
}

/* Digits in a row so many that a number may be too long for the direct reader. */
static bool has_long_number(struct str in)
{
	size_t run = 0;

	for (size_t i = 0; i < in.n; i++) {
		run = strchr("0123456789.eE+-", in.p[i]) && in.p[i] ? run + 1 : 0;
		if (run >= 64)
			return true;
	}
	return false;
}

static struct node *parse(struct arena *a, struct str in, struct str skip_key)
{
	const struct json_options o = {.skip_key = skip_key};
	struct arena_mark before = arena_mark(a);
	struct node *direct = NULL, *library;
	bool taken = json_read_direct(a, in, &o, &direct);

	REQUIRE(taken || arena_used(a) == before.used);
	library = read_library(a, in, &o);
	REQUIRE(!taken || library);
	REQUIRE(taken || !library || has_long_number(in));
	if (taken)
		require_equal(direct, library);
	return library;
}

static struct str render(struct arena *a, const struct node *n)
{
	struct text t;
	struct json_writer w;
	struct str out;

	text_init(&t, a, 1 << 24);
	json_writer_init(&w, &t);
	json_node(&w, n);
	REQUIRE(text_done(&t, &out));
	REQUIRE(str_is_utf8(out));
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(64 << 20);
	/* A copy without slack, so that a read past the end is seen. */
	char *copy = malloc(n ? n : 1);
	struct str in = {copy, n};
	struct node *first;

	REQUIRE(a && copy);
	memcpy(copy, data, n);
	first = parse(a, in, S(""));
	if (first) {
		struct str once = render(a, first);
		struct node *second = parse(a, once, S(""));

		REQUIRE(second && str_eq(render(a, second), once));
		REQUIRE(parse(a, in, S("a")));
	}
	free(copy);
	arena_free(a);
	return 0;
}

/*
 * What the JSON reader accepts, the writer must write so that it is read as the same tree, and the
 * memory for either must have been foreseen: one allocation. A second reading without the key "a"
 * must succeed as well.
 */
#include <stdint.h>

#include "core/json.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static struct node *parse(struct arena *a, struct str in, struct str skip_key)
{
	const struct json_options o = {.skip_key = skip_key};
	size_t before = arena_count(a);
	struct node *n = NULL;
	struct position where;
	struct err e = {.kind = ERR_INTERNAL};

	if (json_parse(a, in, &o, &n, &where, &e) < 0) {
		REQUIRE(e.kind == ERR_INPUT || e.kind == ERR_LIMIT);
		REQUIRE(str_is_utf8(str_of(e.text)) && e.text[0]);
		n = NULL;
	}
	REQUIRE(arena_count(a) <= before + 1);
	return n;
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
	struct str in = {(const char *)data, n};
	struct node *first = a ? parse(a, in, S("")) : NULL;

	if (first) {
		struct str once = render(a, first);
		struct node *second = parse(a, once, S(""));

		REQUIRE(second && str_eq(render(a, second), once));
		REQUIRE(parse(a, in, S("a")));
	}
	arena_free(a);
	return 0;
}

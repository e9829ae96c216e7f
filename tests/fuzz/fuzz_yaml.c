/*
 * What the YAML reader accepts is a tree that the JSON writer can write, and both readers must read
 * that text as the same tree again: JSON is YAML.
 */
#include <stdint.h>
#include <string.h>

#include "core/json.h"
#include "core/yaml.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static int parse(struct arena *a, struct str in, struct yaml_stream *s, struct err *e)
{
	struct position where;

	*e = (struct err){.kind = ERR_INTERNAL};
	if (yaml_parse(a, in, s, &where, e) == 0)
		return 0;
	REQUIRE(e->kind == ERR_INPUT || e->kind == ERR_LIMIT);
	REQUIRE(str_is_utf8(str_of(e->text)) && e->text[0]);
	REQUIRE((where.line > 0) == (where.column > 0));
	return -1;
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
	return out;
}

static void check_document(struct arena *a, const struct node *root)
{
	struct str once = render(a, root);
	struct yaml_stream s;
	struct node *n;
	struct err e;

	if (json_parse(a, once, NULL, &n, NULL, &e) < 0)
		REQUIRE(strcmp(e.text, "not valid JSON: NUL character in a key") == 0);
	else
		REQUIRE(str_eq(render(a, n), once));
	/* A key is at most 1,024 characters long for the library, and escapes can make it longer. */
	if (parse(a, once, &s, &e) < 0)
		REQUIRE(once.n > 1024);
	else
		REQUIRE(s.n == 1 && str_eq(render(a, s.docs[0].root), once));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(64 << 20);
	struct yaml_stream s = {0};
	struct err e;

	if (a) {
		(void)!parse(a, (struct str){(const char *)data, n}, &s, &e);
		for (size_t i = 0; i < s.n; i++)
			check_document(a, s.docs[i].root);
	}
	arena_free(a);
	return 0;
}

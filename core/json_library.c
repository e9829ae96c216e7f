/*
 * The library keeps no promise when memory runs out: a token whose buffer cannot grow loses its end.
 * So it never runs out. A first pass over the bytes counts what the library and the tree can need at
 * most. Each gets that much in one piece, and all that follows is cut from it: the tree from the arena, the
 * library for as long as it reads, for its part is the larger one, and a review may wait for a registry.
 */
#include "core/json_inside.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/json_census.h"

#define LOAD_FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL)

/* Memory cut from one piece. */
struct slab {
	char *p;
	size_t left;
};

/* What the library allocates goes to the json_parse() under way on this thread. */
static _Thread_local struct slab *current;

static void *slab_take(struct slab *s, size_t n)
{
	void *p = s->p;

	n = (n + 7) & ~(size_t)7;
	if (n > s->left)
		BUG("json: the estimate was too low, by %zu bytes", n - s->left);
	s->p += n;
	s->left -= n;
	return p;
}

/* From the other end, where nothing is rounded. */
static const char *slab_dup(struct slab *s, const char *bytes, size_t n)
{
	if (n >= s->left)
		BUG("json: the estimate was too low, by %zu bytes", n + 1 - s->left);
	s->left -= n + 1;
	char *p = s->p + s->left;
	memcpy(p, bytes, n);
	p[n] = '\0';
	return p;
}

static void *library_malloc(size_t n)
{
	return current ? slab_take(current, n) : malloc(n);
}

static void library_free(void *p)
{
	if (!current)
		free(p);
}

static void init_library(void)
{
	size_t seed;

	/* 0 lets the library find a seed of its own. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = 0;
	json_set_alloc_funcs(library_malloc, library_free);
	json_object_seed(seed);
}

void json_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (pthread_once(&once, init_library) != 0)
		BUG("pthread_once failed");
}

/* The library's words, by their beginning, and ours. */
static const struct {
	const char *theirs;
	const char *ours;
} reasons[] = {
	{"unable to decode byte", "invalid UTF-8"},
	{"unexpected newline", "line break in a string"},
	{"control character", "control character in a string"},
	{"invalid escape", "unknown escape in a string"},
	{"invalid Unicode escape", "unknown escape in a string"},
	{"invalid Unicode", "half of a surrogate pair in a string"},
	{"too big", "integer beyond 64 bits"},
	{"real number overflow", "number too large"},
	{"string or '}' expected", "expected a key in quotes or '}'"},
	{"':' expected", "expected ':' after a key"},
	{"'}' expected", "expected ',' or '}'"},
	{"']' expected", "expected ',' or ']'"},
	{"invalid token", "unknown word or character"},
	{"unexpected token", "expected a value"},
	{"end of file expected", "something follows the end of the value"},
	{"NUL byte in object key", "NUL character in a key"},
};

/* The key ends, with its closing quote, after `n` bytes; it is shown as written. */
static int fail_duplicate(struct str in, size_t n, struct err *e)
{
	char buf[200];
	struct text t;
	size_t from = n - 1;

	while (from > 0 && (in.p[from - 1] != '"' || (from > 1 && in.p[from - 2] == '\\')))
		from--;
	text_init_fixed(&t, buf, sizeof(buf));
	text_quote(&t, str_sub(in, from, n - 1), 32);
	return err_set(e, ERR_INPUT, "not valid JSON: duplicate key %s", buf);
}

static int fail_load(struct str in, const json_error_t *je, struct position *where, struct err *e)
{
	size_t at = je->position > 0 ? (size_t)je->position : 0;

	where->line = je->line > 0 ? (uint32_t)je->line : 0;
	where->column = je->column > 0 ? (uint32_t)je->column : 0;
	if (str_starts(in, S("\xEF\xBB\xBF")))
		return err_set(e, ERR_INPUT, "not valid JSON: it begins with a byte order mark");
	if (json_error_code(je) == json_error_duplicate_key)
		return fail_duplicate(in, at, e);
	if (json_error_code(je) == json_error_premature_end_of_input)
		return err_set(e, ERR_INPUT, "not valid JSON: it ends too early");
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (str_starts(str_of(je->text), str_of(reasons[i].theirs)))
			return err_set(e, ERR_INPUT, "not valid JSON: %s", reasons[i].ours);
	}
	return err_set(e, ERR_INPUT, "not valid JSON: not understood");
}

struct conversion {
	struct slab tree;
	struct str skip_key;
	size_t nodes;
	size_t max_nodes;
	struct err *e;
};

static int convert(struct conversion *c, json_t *j, unsigned depth, struct node *out);

static struct node *take_nodes(struct conversion *c, size_t n)
{
	c->nodes += n;
	if (c->nodes > c->max_nodes) {
		err_set(c->e, ERR_LIMIT, "too many values: more than %zu", c->max_nodes);
		return NULL;
	}
	return slab_take(&c->tree, n * sizeof(struct node));
}

static int convert_list(struct conversion *c, json_t *j, unsigned depth, struct node *out)
{
	size_t n = json_array_size(j);
	struct node *nodes = take_nodes(c, n);

	if (!nodes)
		return -1;
	out->list.items = slab_take(&c->tree, n * sizeof(struct node *));
	out->list.n = n;
	for (size_t i = 0; i < n; i++) {
		out->list.items[i] = &nodes[i];
		TRY(convert(c, json_array_get(j, i), depth + 1, &nodes[i]));
	}
	return 0;
}

static int convert_map(struct conversion *c, json_t *j, unsigned depth, struct node *out)
{
	size_t n = json_object_size(j), kept = 0;
	struct node *nodes;
	struct node_pair *pair;

	if (n > LIMIT_MAP_KEYS)
		return err_set(c->e, ERR_LIMIT, "too many keys in one map: more than %d",
			       LIMIT_MAP_KEYS);
	nodes = take_nodes(c, n);
	if (!nodes)
		return -1;
	out->map.pairs = slab_take(&c->tree, n * sizeof(*pair));
	/* The library iterates in the order of the text. */
	for (void *i = json_object_iter(j); i; i = json_object_iter_next(j, i)) {
		struct str key = {json_object_iter_key(i), json_object_iter_key_len(i)};

		if (c->skip_key.n > 0 && str_eq(key, c->skip_key))
			continue;
		pair = &out->map.pairs[kept];
		*pair = (struct node_pair){
			.key = {slab_dup(&c->tree, key.p, key.n), key.n},
			.value = &nodes[kept],
		};
		TRY(convert(c, json_object_iter_value(i), depth + 1, &nodes[kept]));
		kept++;
	}
	out->map.n = kept;
	return 0;
}

static int convert(struct conversion *c, json_t *j, unsigned depth, struct node *out)
{
	*out = (struct node){.type = NODE_NULL};
	if (depth > LIMIT_DEPTH && (json_is_object(j) || json_is_array(j)))
		BUG("json: deeper than the first pass found");
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		out->type = NODE_MAP;
		return convert_map(c, j, depth, out);
	case JSON_ARRAY:
		out->type = NODE_LIST;
		return convert_list(c, j, depth, out);
	case JSON_STRING:
		out->type = NODE_STR;
		out->str.n = json_string_length(j);
		out->str.p = slab_dup(&c->tree, json_string_value(j), out->str.n);
		break;
	case JSON_INTEGER:
		out->type = NODE_INT;
		out->integer = json_integer_value(j);
		break;
	case JSON_REAL:
		out->type = NODE_REAL;
		out->real = json_real_value(j);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		out->type = NODE_BOOL;
		out->boolean = json_is_true(j);
		break;
	case JSON_NULL:
		break;
	}
	return 0;
}

/* First checks: *need is what follows takes. */
static int prepare(struct str in, size_t max_bytes, struct json_need *need, struct position *where,
		   struct err *e)
{
	size_t deep = SIZE_MAX;
	const char *nul;

	if (in.n == 0)
		return err_set(e, ERR_INPUT, "not valid JSON: empty");
	if (in.n > max_bytes)
		return err_set(e, ERR_LIMIT, "too large: more than %zu bytes", max_bytes);
	/* The library overlooks one that follows a number or a word. */
	nul = memchr(in.p, '\0', in.n);
	if (nul) {
		*where = json_position(in, (size_t)(nul - in.p));
		return err_set(e, ERR_INPUT, "not valid JSON: NUL byte");
	}
	*need = json_census(in, &deep);
	if (deep < in.n) {
		*where = json_position(in, deep);
		return err_set(e, ERR_LIMIT, "too deep: more than %d levels", LIMIT_DEPTH);
	}
	return 0;
}

/* Both pieces count against the arena's cap. Filled or, with *e, not. */
static int take_memory(struct arena *a, const struct json_need *need, struct slab *library,
		       struct slab *tree, struct err *e)
{
	bool fits = need->library <= arena_cap(a) - arena_used(a) &&
		    need->tree <= arena_cap(a) - arena_used(a) - need->library;
	/* What does not fit is asked for all the same, so that the arena knows. */
	tree->p = arena_alloc_raw(a, fits ? need->tree : SIZE_MAX);
	tree->left = need->tree;
	library->p = tree->p && fits ? malloc(need->library) : NULL;
	library->left = need->library;
	return library->p ? 0 : json_no_room(a, e);
}

static json_t *load(struct slab *s, struct str in, json_error_t *je)
{
	json_t *root;

	json_init();
	current = s;
	root = json_loadb(in.p, in.n, LOAD_FLAGS, je);
	current = NULL;
	return root;
}

static int read_tree(struct conversion *c, struct slab *library, struct str bytes,
		     struct node **out, struct position *where)
{
	json_error_t je;
	json_t *tree = load(library, bytes, &je);
	struct node *root;

	if (!tree)
		return fail_load(bytes, &je, where, c->e);
	root = take_nodes(c, 1);
	if (!root)
		return -1;
	TRY(convert(c, tree, 1, root));
	*out = root;
	return 0;
}

int json_read_library(struct arena *a, struct str bytes, const struct json_options *o,
		      struct node **out, struct position *where, struct err *e)
{
	struct position nowhere = {0}, *pos = where ? where : &nowhere;
	struct conversion c = {.skip_key = o ? o->skip_key : S(""), .e = e};
	const struct read_limits *l = o ? o->limits : NULL;
	struct slab library;
	struct json_need need = {0};

	*pos = (struct position){0};
	c.max_nodes = l && l->nodes ? l->nodes : LIMIT_NODES;
	TRY(prepare(bytes, l && l->bytes ? l->bytes : LIMIT_FILE_BYTES, &need, pos, e));
	TRY(take_memory(a, &need, &library, &c.tree, e));
	char *held = library.p;
	int result = read_tree(&c, &library, bytes, out, pos);
	free(held);
	return result;
}

const char *json_library_version(void)
{
	return JANSSON_VERSION;
}

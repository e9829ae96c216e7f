/*
 * The library's memory is not the arena's. It is bounded by the size of the input, by the little it
 * reads ahead (a simple key ends within 1,024 characters), and by stopping at the first event that
 * passes a limit.
 */
#include "core/yaml.h"

#include <stdlib.h>
#include <yaml.h>

#include "core/scalar.h"
#include "core/text.h"
#include "core/yaml_bytes.h"

#define QUOTE_BYTES 32
#define QUOTE_MAX 200

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	struct str in;
	struct position *where;
	struct err *e;
	size_t nodes; /* of this document */
	size_t max_nodes;
	struct node_pair *stack; /* members of the maps and lists that are still open */
	size_t stack_n;
	size_t stack_room;
};

static int read_value(struct reader *r, const yaml_event_t *ev, unsigned depth, struct node **out);

/* ---- errors ---- */

/* Sets the place and is the error to fill. */
static struct err *at(struct reader *r, yaml_mark_t m)
{
	*r->where = (struct position){(uint32_t)m.line + 1, (uint32_t)m.column + 1};
	return r->e;
}

/* What the user wrote, in quotes; both NUL-terminated. */
static const char *quote(char buf[QUOTE_MAX], const void *z)
{
	struct text t;

	text_init_fixed(&t, buf, QUOTE_MAX);
	text_quote(&t, str_of(z), QUOTE_BYTES);
	return buf;
}

static int fail_memory(struct reader *r)
{
	return err_set(r->e, ERR_LIMIT, "too large: does not fit the memory limit of %zu bytes",
		       arena_cap(r->arena));
}

static int fail_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *why = p->problem ? p->problem : "not understood";

	if (p->error == YAML_MEMORY_ERROR)
		return err_set(r->e, ERR_MEMORY, "YAML: no memory");
	if (p->error != YAML_SCANNER_ERROR && p->error != YAML_PARSER_ERROR)
		return err_set(r->e, ERR_INPUT, "not valid YAML: %s", why);
	if (str_ends(str_of(why), S("cannot start any token")) &&
	    yaml_has_tab_at(r->in, p->problem_mark.index))
		why = "found a tab where indentation or a value should begin";
	if (!p->context || str_eq(str_of(p->context), S("while scanning for the next token")))
		return err_set(at(r, p->problem_mark), ERR_INPUT, "not valid YAML: %s", why);
	if (p->context_mark.line == p->problem_mark.line)
		return err_set(at(r, p->problem_mark), ERR_INPUT, "not valid YAML: %s %s", why,
			       p->context);
	return err_set(at(r, p->problem_mark), ERR_INPUT, "not valid YAML: %s %s begun at line %zu",
		       why, p->context, p->context_mark.line + 1);
}

static int next(struct reader *r, yaml_event_t *ev)
{
	return yaml_parser_parse(&r->parser, ev) ? 0 : fail_syntax(r);
}

/* ---- tree ---- */

static struct node *new_node(struct reader *r, const yaml_event_t *ev, enum node_type type)
{
	struct node *n;

	if (++r->nodes > r->max_nodes) {
		err_set(at(r, ev->start_mark), ERR_LIMIT, "too many values: more than %zu",
			r->max_nodes);
		return NULL;
	}
	n = arena_alloc(r->arena, sizeof(*n));
	if (!n) {
		fail_memory(r);
		return NULL;
	}
	n->type = type;
	n->line = (uint32_t)ev->start_mark.line + 1;
	n->column = (uint32_t)ev->start_mark.column + 1;
	return n;
}

/* Anchors, aliases and tags change what a reader sees; no manifest needs them. */
static int check_plainness(struct reader *r, const yaml_event_t *ev)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;
	char buf[QUOTE_MAX];

	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return err_set(at(r, ev->start_mark), ERR_INPUT, "alias %s: not supported",
			       quote(buf, ev->data.alias.anchor));
	case YAML_SCALAR_EVENT:
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
		break;
	default:
		return err_set(r->e, ERR_INTERNAL, "YAML: unexpected event %d", (int)ev->type);
	}
	if (anchor)
		return err_set(at(r, ev->start_mark), ERR_INPUT, "anchor %s: not supported",
			       quote(buf, anchor));
	if (tag)
		return err_set(at(r, ev->start_mark), ERR_INPUT, "tag %s: not supported",
			       quote(buf, tag));
	return 0;
}

/* A copy of the scalar's text, followed by a NUL. */
static int copy_text(struct reader *r, const yaml_event_t *ev, struct str *out)
{
	size_t n = ev->data.scalar.length;
	const char *p = arena_dup(r->arena, ev->data.scalar.value, n);

	if (!p)
		return fail_memory(r);
	*out = (struct str){p, n};
	return 0;
}

static bool is_plain(const yaml_event_t *ev)
{
	return ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static int read_scalar(struct reader *r, const yaml_event_t *ev, struct node **out)
{
	struct node *n = new_node(r, ev, NODE_STR);

	if (!n)
		return -1;
	TRY(copy_text(r, ev, &n->str));
	n->quoted = !is_plain(ev);
	if (!n->quoted)
		scalar_resolve(n);
	*out = n;
	return 0;
}

static int read_key(struct reader *r, const yaml_event_t *ev, struct node_pair *pair)
{
	char buf[QUOTE_MAX];

	TRY(check_plainness(r, ev));
	if (ev->type != YAML_SCALAR_EVENT)
		return err_set(at(r, ev->start_mark), ERR_INPUT, "key is a %s: must be a string",
			       ev->type == YAML_MAPPING_START_EVENT ? "map" : "list");
	TRY(copy_text(r, ev, &pair->key));
	pair->line = (uint32_t)ev->start_mark.line + 1;
	pair->column = (uint32_t)ev->start_mark.column + 1;
	if (!is_plain(ev))
		return 0;
	if (str_eq(pair->key, S("<<")))
		return err_set(at(r, ev->start_mark), ERR_INPUT, "merge key \"<<\": not supported");
	if (!scalar_is_key(pair->key))
		return err_set(at(r, ev->start_mark), ERR_INPUT,
			       "key %s: not a string for every reader, write it in quotes",
			       quote(buf, pair->key.p));
	return 0;
}

static int push(struct reader *r, struct node_pair pair)
{
	struct node_pair *grown =
		arena_grow(r->arena, r->stack, r->stack_n, sizeof(*grown), &r->stack_room);

	if (!grown)
		return fail_memory(r);
	r->stack = grown;
	r->stack[r->stack_n++] = pair;
	return 0;
}

static int compare_pairs(const void *a, const void *b)
{
	const struct node_pair *x = *(const struct node_pair *const *)a;
	const struct node_pair *y = *(const struct node_pair *const *)b;
	int order = str_cmp(x->key, y->key);

	return order != 0 ? order : (x > y) - (x < y);
}

/* Sorted by key; of all pairs whose key stood before, the first in the text. */
static int check_unique(struct reader *r, const struct node *map)
{
	const struct node_pair **sorted, *first = NULL, *again = NULL;
	char buf[QUOTE_MAX];

	sorted = arena_calloc(r->arena, map->map.n, sizeof(const struct node_pair *));
	if (!sorted)
		return fail_memory(r);
	for (size_t i = 0; i < map->map.n; i++)
		sorted[i] = &map->map.pairs[i];
	qsort(sorted, map->map.n, sizeof(const struct node_pair *), compare_pairs);
	for (size_t i = 1; i < map->map.n; i++) {
		if (str_eq(sorted[i]->key, sorted[i - 1]->key) && (!again || sorted[i] < again)) {
			first = sorted[i - 1];
			again = sorted[i];
		}
	}
	if (!again)
		return 0;
	*r->where = (struct position){again->line, again->column};
	return err_set(r->e, ERR_INPUT, "duplicate key %s: already at line %u",
		       quote(buf, again->key.p), (unsigned)first->line);
}

static int read_map(struct reader *r, unsigned depth, struct node *map)
{
	size_t base = r->stack_n, n;

	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t key = {0}, value = {0};
		struct node_pair pair = {0};

		TRY(next(r, &key));
		if (key.type == YAML_MAPPING_END_EVENT)
			break;
		if (r->stack_n - base >= LIMIT_MAP_KEYS)
			return err_set(at(r, key.start_mark), ERR_LIMIT,
				       "too many keys in one map: more than %d", LIMIT_MAP_KEYS);
		TRY(read_key(r, &key, &pair));
		TRY(next(r, &value));
		TRY(read_value(r, &value, depth, &pair.value));
		TRY(push(r, pair));
	}
	n = r->stack_n - base;
	map->map.pairs = arena_calloc(r->arena, n, sizeof(struct node_pair));
	if (!map->map.pairs)
		return fail_memory(r);
	if (n > 0)
		memcpy(map->map.pairs, r->stack + base, n * sizeof(struct node_pair));
	map->map.n = n;
	r->stack_n = base;
	return check_unique(r, map);
}

static int read_list(struct reader *r, unsigned depth, struct node *list)
{
	size_t base = r->stack_n, n;

	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t item = {0};
		struct node_pair pair = {0};

		TRY(next(r, &item));
		if (item.type == YAML_SEQUENCE_END_EVENT)
			break;
		TRY(read_value(r, &item, depth, &pair.value));
		TRY(push(r, pair));
	}
	n = r->stack_n - base;
	list->list.items = arena_calloc(r->arena, n, sizeof(struct node *));
	if (!list->list.items)
		return fail_memory(r);
	for (size_t i = 0; i < n; i++)
		list->list.items[i] = r->stack[base + i].value;
	list->list.n = n;
	r->stack_n = base;
	return 0;
}

/* `depth`: how many maps and lists are open around it. */
static int read_value(struct reader *r, const yaml_event_t *ev, unsigned depth, struct node **out)
{
	bool map = ev->type == YAML_MAPPING_START_EVENT;
	struct node *n;

	TRY(check_plainness(r, ev));
	if (ev->type == YAML_SCALAR_EVENT)
		return read_scalar(r, ev, out);
	if (depth >= LIMIT_DEPTH)
		return err_set(at(r, ev->start_mark), ERR_LIMIT, "too deep: more than %d levels",
			       LIMIT_DEPTH);
	n = new_node(r, ev, map ? NODE_MAP : NODE_LIST);
	if (!n)
		return -1;
	TRY(map ? read_map(r, depth + 1, n) : read_list(r, depth + 1, n));
	*out = n;
	return 0;
}

/* ---- documents ---- */

static int add_document(struct reader *r, struct yaml_stream *s, size_t *room, struct yaml_doc doc)
{
	struct yaml_doc *grown = arena_grow(r->arena, s->docs, s->n, sizeof(*grown), room);

	if (!grown)
		return fail_memory(r);
	s->docs = grown;
	s->docs[s->n++] = doc;
	return 0;
}

/* A document from its start event to its end. */
static int read_document(struct reader *r, const yaml_event_t *start, struct yaml_doc *doc)
{
	CLEANUP(yaml_event_delete) yaml_event_t value = {0}, end = {0};

	if (start->data.document_start.tag_directives.start !=
	    start->data.document_start.tag_directives.end)
		return err_set(at(r, start->start_mark), ERR_INPUT,
			       "%%TAG directive: not supported");
	r->nodes = 0;
	r->stack_n = 0;
	doc->line = (uint32_t)start->start_mark.line + 1;
	TRY(next(r, &value));
	TRY(read_value(r, &value, 0, &doc->root));
	return next(r, &end);
}

static int read_stream(struct reader *r, struct yaml_stream *s)
{
	size_t room = 0, seen = 0;

	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t ev = {0};
		struct yaml_doc doc = {0};

		TRY(next(r, &ev));
		if (ev.type == YAML_STREAM_END_EVENT)
			return 0;
		if (ev.type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (++seen > LIMIT_DOCUMENTS)
			return err_set(at(r, ev.start_mark), ERR_LIMIT,
				       "too many documents: more than %d", LIMIT_DOCUMENTS);
		TRY(read_document(r, &ev, &doc));
		if (node_is(doc.root, NODE_NULL) && doc.root->source.n == 0)
			continue;
		TRY(add_document(r, s, &room, doc));
	}
}

int yaml_parse_within(struct arena *a, struct str bytes, const struct read_limits *limits,
		      struct yaml_stream *out, struct position *where, struct err *e)
{
	struct position nowhere = {0};
	struct reader r = {.arena = a,
			   .in = bytes,
			   .where = where ? where : &nowhere,
			   .e = e,
			   .max_nodes = limits->nodes ? limits->nodes : LIMIT_NODES};
	size_t max_bytes = limits->bytes ? limits->bytes : LIMIT_FILE_BYTES;
	int rc;

	*out = (struct yaml_stream){0};
	*r.where = (struct position){0};
	if (bytes.n > max_bytes)
		return err_set(e, ERR_LIMIT, "too large: more than %zu bytes", max_bytes);
	if (str_starts(bytes, S("\xEF\xBB\xBF")))
		r.in = str_sub(bytes, 3, bytes.n);
	TRY(yaml_check_bytes(r.in, r.where, e));
	if (!yaml_parser_initialize(&r.parser))
		return err_set(e, ERR_MEMORY, "YAML: no memory");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)r.in.p, r.in.n);
	rc = read_stream(&r, out);
	yaml_parser_delete(&r.parser);
	return rc;
}

const char *yaml_library_version(void)
{
	return yaml_get_version_string();
}

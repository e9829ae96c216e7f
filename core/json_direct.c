/*
 * JSON in one pass. Values that are complete but not yet in their list or map stand in slots; a bracket
 * that closes takes its slots into the arena, as arrays of the right length. Texts go to one piece of
 * memory as long as the input, which always suffices: a text is written at least two bytes longer than
 * what it means.
 *
 * The place in the input is handed from function to function as an argument and a result, NULL being
 * the end of it all; kept in the struct it would be loaded anew after every byte that is stored.
 * source: RFC 8259
 */
#include <stdlib.h>
#include <string.h>

#include "core/json_inside.h"
#include "core/json_text.h"

/* Slots before any memory is asked for; those of a review's open lists and maps. */
#define FIRST_SLOTS 128

/* Slots are not the arena's, but may not take more than this part of what is left of it. */
#define SLOTS_SHARE 3

/* Up to so many keys each is compared with each; above, they are sorted. */
#define FEW_KEYS 24

struct slot {
	struct str key; /* in a map */
	struct node node;
};

/* A list or map that is open. */
struct frame {
	size_t slot; /* its own; those of its values follow */
	bool is_map;
	bool has_skipped; /* the key that is not kept was there */
};

#define NO_SLOT SIZE_MAX

struct reader {
	const char *end;
	char *text; /* free rest of the memory for texts */
	struct arena *arena;
	struct slot *slots;
	size_t n_slots;
	size_t room;
	size_t max_room;
	size_t values; /* kept */
	size_t max_values;
	size_t depth;
	struct str skip_key;
	size_t skipped;  /* slot of the value that is being left out, or NO_SLOT */
	char *kept_text; /* where its texts began */
	struct frame frames[LIMIT_DEPTH];
	struct slot first[FIRST_SLOTS];
};

/* ---- bytes ---- */

static inline char at(const struct reader *r, const char *p)
{
	return json_at(p, r->end);
}

static const char *skip_many_spaces(const struct reader *r, const char *p)
{
	while (p < r->end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

/* Servers write none. */
static inline const char *skip_space(const struct reader *r, const char *p)
{
	return (unsigned char)at(r, p) > ' ' ? p : skip_many_spaces(r, p);
}

/* ---- slots ---- */

static bool grow_slots(struct reader *r)
{
	size_t more = r->room * 2 < r->max_room ? r->room * 2 : r->max_room;
	struct slot *slots;

	if (more <= r->room)
		return false;
	slots = realloc(r->slots == r->first ? NULL : r->slots, more * sizeof(*slots));
	if (!slots)
		return false;
	if (r->slots == r->first)
		memcpy(slots, r->first, sizeof(r->first));
	r->slots = slots;
	r->room = more;
	return true;
}

/* A slot for the value that follows: NULL, or p. */
static inline const char *push(struct reader *r, const char *p, struct str key)
{
	if (r->n_slots == r->room && !grow_slots(r))
		return NULL;
	r->slots[r->n_slots++].key = key;
	return p;
}

/* That of the slot last pushed. */
static inline struct node *fresh(struct reader *r, enum node_type type)
{
	struct node *n = &r->slots[r->n_slots - 1].node;

	*n = (struct node){.type = type};
	return n;
}

/* ---- values without others inside ---- */

/* At the opening quote; *odd: not all of it is plain. What is read is followed by a NUL that is not
 * counted. */
static inline const char *read_string(struct reader *r, const char *p, struct str *out, bool *odd)
{
	char *start = r->text, *t = start;

	p = json_copy_plain(p + 1, r->end, &t);
	*odd = at(r, p) != '"';
	if (*odd) {
		p = json_read_text(p, r->end, &t);
		if (!p)
			return NULL;
	}
	*out = (struct str){start, (size_t)(t - start)};
	*t = '\0';
	r->text = t + 1;
	return p + 1;
}

static const char *read_word(const struct reader *r, const char *p, struct str word)
{
	if ((size_t)(r->end - p) < word.n || memcmp(p, word.p, word.n) != 0)
		return NULL;
	return p + word.n;
}

static const char *read_bool(struct reader *r, const char *p)
{
	bool yes = *p == 't';

	fresh(r, NODE_BOOL)->boolean = yes;
	return read_word(r, p, yes ? S("true") : S("false"));
}

/* ---- lists and maps ---- */

static int compare_keys(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

static bool are_distinct_sorted(const struct slot *slots, size_t n)
{
	struct str *keys = malloc(n * sizeof(*keys));
	bool distinct = keys != NULL;

	for (size_t i = 0; keys && i < n; i++)
		keys[i] = slots[i].key;
	if (keys)
		qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; distinct && i < n; i++)
		distinct = !str_eq(keys[i - 1], keys[i]);
	free(keys);
	return distinct;
}

static bool are_distinct(const struct slot *slots, size_t n)
{
	if (n > FEW_KEYS)
		return are_distinct_sorted(slots, n);
	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct str *x = &slots[i].key, *y = &slots[k].key;

			/* Texts end in a NUL: there is a first byte. */
			if (x->n == y->n && *x->p == *y->p && memcmp(x->p, y->p, x->n) == 0)
				return false;
		}
	}
	return true;
}

/* One piece of memory: the array, then the nodes that it points to. */
static bool keep_map(struct reader *r, const struct slot *slots, size_t n, struct node *out)
{
	struct node_pair *pairs;
	struct node *nodes;

	if (n > LIMIT_MAP_KEYS)
		return false;
	pairs = arena_alloc_raw(r->arena, n * (sizeof(*pairs) + sizeof(*nodes)));
	if (!pairs)
		return false;
	nodes = (struct node *)(void *)(pairs + n);
	for (size_t i = 0; i < n; i++) {
		nodes[i] = slots[i].node;
		pairs[i] = (struct node_pair){.key = slots[i].key, .value = &nodes[i]};
	}
	out->map.pairs = pairs;
	out->map.n = n;
	return true;
}

static bool keep_list(struct reader *r, const struct slot *slots, size_t n, struct node *out)
{
	struct node **items = arena_alloc_raw(r->arena, n * (sizeof(*items) + sizeof(**items)));
	struct node *nodes;

	if (!items)
		return false;
	nodes = (struct node *)(void *)(items + n);
	for (size_t i = 0; i < n; i++) {
		nodes[i] = slots[i].node;
		items[i] = &nodes[i];
	}
	out->list.items = items;
	out->list.n = n;
	return true;
}

/* At the closing bracket. What is inside a value that is left out is read as strictly, but not kept. */
static const char *close_frame(struct reader *r, const char *p)
{
	const struct frame f = r->frames[--r->depth];
	const struct slot *slots = &r->slots[f.slot + 1];
	size_t n = r->n_slots - f.slot - 1;
	struct node *out;
	bool kept = true;

	if (f.is_map && !are_distinct(slots, n))
		return NULL;
	r->n_slots = f.slot + 1;
	out = fresh(r, f.is_map ? NODE_MAP : NODE_LIST);
	if (r->skipped == NO_SLOT) {
		r->values += n;
		kept = r->values <= r->max_values &&
		       (f.is_map ? keep_map(r, slots, n, out) : keep_list(r, slots, n, out));
	}
	return kept ? p + 1 : NULL;
}

/* The key just read is the one whose value is not kept; its texts begin at `start`. */
static const char *skip_value(struct reader *r, const char *p, char *start)
{
	struct frame *f = &r->frames[r->depth - 1];

	if (f->has_skipped)
		return NULL;
	f->has_skipped = true;
	r->skipped = r->n_slots - 1;
	r->kept_text = start;
	return p;
}

/* A key and its colon; its slot is then the top one. */
static inline const char *read_key(struct reader *r, const char *p)
{
	char *start = r->text;
	struct str key;
	bool odd;

	p = skip_space(r, p);
	p = at(r, p) == '"' ? read_string(r, p, &key, &odd) : NULL;
	if (!p || (odd && memchr(key.p, '\0', key.n)))
		return NULL;
	p = skip_space(r, p);
	p = at(r, p) == ':' ? push(r, p + 1, key) : NULL;
	if (p && key.n == r->skip_key.n && r->skipped == NO_SLOT && key.n > 0 &&
	    memcmp(key.p, r->skip_key.p, key.n) == 0)
		return skip_value(r, p, start);
	return p;
}

/* ---- the document ---- */

/* The value of the top slot is complete; if it is the one that is left out, its slot goes. */
static inline void drop_skipped(struct reader *r)
{
	if (r->skipped != r->n_slots - 1)
		return;
	r->n_slots--;
	r->skipped = NO_SLOT;
	r->text = r->kept_text;
}

/* At an opening bracket. *begins: a value follows and its slot is the top one; else the value of the top
 * slot is complete. */
static const char *open_frame(struct reader *r, const char *p, bool is_map, bool *begins)
{
	if (r->depth == LIMIT_DEPTH)
		return NULL;
	r->frames[r->depth++] = (struct frame){.slot = r->n_slots - 1, .is_map = is_map};
	p = skip_space(r, p + 1);
	*begins = at(r, p) != (is_map ? '}' : ']');
	if (!*begins)
		return close_frame(r, p);
	return is_map ? read_key(r, p) : push(r, p, S(""));
}

static inline const char *read_value(struct reader *r, const char *p, bool *begins)
{
	bool odd;

	*begins = false;
	p = skip_space(r, p);
	switch (at(r, p)) {
	case '"':
		return read_string(r, p, &fresh(r, NODE_STR)->str, &odd);
	case '{':
		return open_frame(r, p, true, begins);
	case '[':
		return open_frame(r, p, false, begins);
	case 't':
	case 'f':
		return read_bool(r, p);
	case 'n':
		fresh(r, NODE_NULL);
		return read_word(r, p, S("null"));
	default:
		if (at(r, p) != '-' && !json_is_digit(at(r, p)))
			return NULL;
		return json_read_number(p, r->end, fresh(r, NODE_NULL));
	}
}

/* Behind a value inside a list or map. */
static inline const char *go_on(struct reader *r, const char *p, bool *begins)
{
	bool is_map = r->frames[r->depth - 1].is_map;
	char c;

	drop_skipped(r);
	p = skip_space(r, p);
	c = at(r, p);
	*begins = c == ',';
	if (c == (is_map ? '}' : ']'))
		return close_frame(r, p);
	if (c != ',')
		return NULL;
	return is_map ? read_key(r, p + 1) : push(r, p + 1, S(""));
}

static bool read_document(struct reader *r, const char *p)
{
	bool begins = true;

	p = push(r, p, S(""));
	while (p && (begins || r->depth > 0))
		p = begins ? read_value(r, p, &begins) : go_on(r, p, &begins);
	return p && skip_space(r, p) == r->end;
}

static struct node *read_all(struct reader *r, const char *p)
{
	struct node *root = arena_alloc_raw(r->arena, sizeof(*root));

	if (!root || !read_document(r, p))
		return NULL;
	*root = r->slots[0].node;
	return root;
}

bool json_read_direct(struct arena *a, struct str bytes, const struct json_options *o,
		      struct node **out)
{
	const struct read_limits *l = o ? o->limits : NULL;
	struct arena_mark before = arena_mark(a);
	struct reader r;
	struct node *root;

	if (bytes.n == 0 || bytes.n > (l && l->bytes ? l->bytes : LIMIT_FILE_BYTES))
		return false;
	r.end = bytes.p + bytes.n;
	r.text = arena_alloc_raw(a, bytes.n);
	if (!r.text)
		return false;
	r.arena = a;
	r.slots = r.first;
	r.n_slots = 0;
	r.room = FIRST_SLOTS;
	r.max_room = (arena_cap(a) - arena_used(a)) / SLOTS_SHARE / sizeof(struct slot);
	r.values = 1;
	r.max_values = l && l->nodes ? l->nodes : LIMIT_NODES;
	r.depth = 0;
	r.skip_key = o ? o->skip_key : S("");
	r.skipped = NO_SLOT;
	r.kept_text = NULL;
	root = read_all(&r, bytes.p);
	if (r.slots != r.first)
		free(r.slots);
	if (root)
		*out = root;
	else
		arena_rewind(a, &before);
	return root != NULL;
}

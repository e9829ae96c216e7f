#include "core/node.h"

#include "core/err.h"

const struct node_pair *node_pair(const struct node *n, struct str key)
{
	if (!node_is(n, NODE_MAP))
		return NULL;
	for (size_t i = 0; i < n->map.n; i++) {
		if (str_eq(n->map.pairs[i].key, key))
			return &n->map.pairs[i];
	}
	return NULL;
}

const struct node *node_get(const struct node *n, struct str key)
{
	const struct node_pair *p = node_pair(n, key);

	return p ? p->value : NULL;
}

const struct node *node_get_set(const struct node *n, struct str key)
{
	const struct node *v = node_get(n, key);

	return node_is(v, NODE_NULL) ? NULL : v;
}

struct str node_str(const struct node *n)
{
	return node_is(n, NODE_STR) ? n->str : S("");
}

const struct node *node_at(const struct node *n, size_t i)
{
	return node_is(n, NODE_LIST) && i < n->list.n ? n->list.items[i] : NULL;
}

size_t node_len(const struct node *n)
{
	if (node_is(n, NODE_LIST))
		return n->list.n;
	return node_is(n, NODE_MAP) ? n->map.n : 0;
}

bool node_is(const struct node *n, enum node_type type)
{
	return n && n->type == type;
}

const char *node_type_name(enum node_type type)
{
	switch (type) {
	case NODE_NULL:
		return "null";
	case NODE_BOOL:
		return "boolean";
	case NODE_INT:
		return "integer";
	case NODE_REAL:
		return "number";
	case NODE_STR:
		return "string";
	case NODE_LIST:
		return "list";
	case NODE_MAP:
		return "map";
	}
	BUG("node type %d", (int)type);
}

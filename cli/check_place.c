/* From a field path to its place in the file. */
#include "cli/check.h"

/* The length of the key at the start of a path: "containers" of "containers[0].image". */
static size_t key_length(struct str path)
{
	size_t n = 0;

	while (n < path.n && path.p[n] != '.' && path.p[n] != '[')
		n++;
	return n;
}

/* "[12]" at the start of *path: the item, and *path goes on behind it. NULL if there is none. */
static const struct node *take_item(const struct node *list, struct str *path)
{
	struct str digits, rest;
	uint64_t index = 0;

	if (!str_starts(*path, S("[")) ||
	    !str_cut(str_sub(*path, 1, path->n), ']', &digits, &rest) ||
	    !str_to_u64(digits, &index))
		return NULL;
	*path = rest;
	return node_at(list, (size_t)index);
}

struct position check_place(const struct node *object, struct str path)
{
	struct position place = {0, 0};

	if (!object)
		return place;
	place = (struct position){object->line, object->column};
	while (path.n) {
		size_t n = key_length(path);
		const struct node_pair *pair = node_pair(object, str_sub(path, 0, n));
		if (!pair)
			break;
		place = (struct position){pair->line, pair->column};
		object = pair->value;
		path = str_sub(path, n, path.n);
		while (path.n && path.p[0] == '[') {
			object = take_item(object, &path);
			if (!object)
				return place;
			place = (struct position){object->line, object->column};
		}
		path = str_sub(path, 1, path.n);
	}
	return place;
}

#include "core/json_inside.h"

int json_no_room(const struct arena *a, struct err *e)
{
	return err_set(e, ERR_LIMIT, "too large: does not fit the memory limit of %zu bytes",
		       arena_cap(a));
}

int json_parse(struct arena *a, struct str bytes, const struct json_options *o, struct node **out,
	       struct position *where, struct err *e)
{
	bool exhausted = arena_exhausted(a);

	if (where)
		*where = (struct position){0};
	if (json_read_direct(a, bytes, o, out))
		return 0;
	/* The library needs more memory, not less. */
	if (!exhausted && arena_exhausted(a))
		return json_no_room(a, e);
	return json_read_library(a, bytes, o, out, where, e);
}

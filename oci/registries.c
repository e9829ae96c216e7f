#include "oci/registries.h"

#include "oci/limits.h"

static struct registry_config defaults(void)
{
	return (struct registry_config){
		.proxy = true,
		.max_concurrent = DEFAULT_HOST_CONCURRENCY,
		.connect_ms = DEFAULT_CONNECT_MS,
		.request_ms = DEFAULT_REQUEST_MS,
	};
}

struct registries *registries_none(void)
{
	struct arena *a = arena_new(LIMIT_REGISTRIES_ARENA_BYTES);
	struct registries *r = a ? arena_alloc(a, sizeof(*r)) : NULL;
	if (!r) {
		arena_free(a);
		return NULL;
	}
	*r = (struct registries){.arena = a, .fallback = defaults()};
	return r;
}

void registries_free(struct registries *r)
{
	if (r)
		arena_free(r->arena);
}

bool registries_has(const struct registries *r, struct str host)
{
	return registries_find(r, host) != &r->fallback;
}

const struct registry_config *registries_find(const struct registries *r, struct str host)
{
	for (size_t i = 0; i < r->n; i++) {
		if (str_eq(r->items[i].host, host))
			return &r->items[i];
	}
	return &r->fallback;
}

#include "oci/referrers.h"

#include "oci/limits.h"

/* Arena for the tree of one page of LIMIT_MANIFEST_BYTES. */
#define PAGE_ARENA_BYTES (48u << 20)

static bool copy_str(struct arena *a, struct str *s)
{
	if (!s->n)
		return true;
	const char *p = arena_dup(a, s->p, s->n);
	s->p = p;
	return p != NULL;
}

static struct node *copy_annotations(struct arena *a, const struct node *from)
{
	struct node *map = arena_alloc(a, sizeof(*map));
	struct node_pair *pairs = arena_calloc(a, from->map.n, sizeof(*pairs));
	struct node *values = arena_calloc(a, from->map.n, sizeof(*values));
	if (!map || !pairs || !values)
		return NULL;
	for (size_t i = 0; i < from->map.n; i++) {
		pairs[i].key = from->map.pairs[i].key;
		values[i] = *from->map.pairs[i].value;
		pairs[i].value = &values[i];
		if (!copy_str(a, &pairs[i].key) || !copy_str(a, &values[i].str))
			return NULL;
	}
	map->type = NODE_MAP;
	map->map.pairs = pairs;
	map->map.n = from->map.n;
	return map;
}

static size_t annotation_bytes(const struct node *map)
{
	size_t n = 0;
	for (size_t i = 0; i < map->map.n; i++)
		n += sizeof(struct node) + map->map.pairs[i].key.n +
		     node_str(map->map.pairs[i].value).n;
	return n;
}

static bool copy_descriptor(struct arena *a, const struct descriptor *from, struct descriptor *out)
{
	struct descriptor d = *from;
	/* They are hints; without them a referrer is looked at. */
	bool few = from->annotations &&
		   annotation_bytes(from->annotations) <= LIMIT_REFERRER_ANNOTATION_BYTES;
	d.annotations = few ? copy_annotations(a, from->annotations) : NULL;
	if ((few && !d.annotations) || !copy_str(a, &d.media_type) ||
	    !copy_str(a, &d.digest_text) || !copy_str(a, &d.artifact_type) || !copy_str(a, &d.os) ||
	    !copy_str(a, &d.architecture))
		return false;
	*out = d;
	return true;
}

static int no_memory(struct err *e)
{
	return err_set(e, ERR_LIMIT, "the referrers do not fit the memory of one question");
}

int referrers_add(struct arena *a, struct str page, struct str content_type,
		  const struct registry_filter *filter, struct registry_referrers *out,
		  struct err *e)
{
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new(PAGE_ARENA_BYTES);
	struct manifest m;
	if (!scratch)
		return err_set(e, ERR_MEMORY, "out of memory");
	TRY(manifest_parse_list(scratch, page, content_type, &m, e));
	/* source: `cosign copy` lays the image itself below the tag of its own referrers */
	if (m.kind == MANIFEST_IMAGE && out->by_tag_schema)
		return 0;
	if (m.kind != MANIFEST_INDEX)
		return err_set(e, ERR_INPUT, "the list of referrers is no index");
	out->truncated |= m.n_malformed > 0;
	if (!out->items)
		out->items = arena_calloc(a, LIMIT_REFERRERS, sizeof(*out->items));
	if (!out->items)
		return no_memory(e);
	for (size_t i = 0; i < m.n_manifests; i++) {
		const struct descriptor *d = &m.manifests[i];
		if (filter && filter->wants && !filter->wants(filter->self, d))
			continue;
		if (out->n == LIMIT_REFERRERS) {
			out->truncated = true;
			return 0;
		}
		if (!copy_descriptor(a, d, &out->items[out->n]))
			return no_memory(e);
		out->n++;
	}
	return 0;
}

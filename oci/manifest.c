#include "oci/manifest.h"

#include <stdio.h>

#include "core/json.h"
#include "oci/limits.h"
#include "oci/reference_grammar.h"

/* Where a field stands, for messages: "layers[3].size", "config.digest", "mediaType". */
struct place {
	const char *field; /* NULL: the document */
	size_t index;      /* SIZE_MAX: no list */
};

static const struct place document = {NULL, SIZE_MAX};

static int wrong(const struct place *p, const char *key, const char *why, struct err *e)
{
	if (!p->field)
		return err_set(e, ERR_INPUT, "%s: %s", key, why);
	if (p->index == SIZE_MAX)
		return err_set(e, ERR_INPUT, "%s%s%s: %s", p->field, *key ? "." : "", key, why);
	return err_set(e, ERR_INPUT, "%s[%zu]%s%s: %s", p->field, p->index, *key ? "." : "", key,
		       why);
}

static int wrong_type(const struct place *p, const char *key, const struct node *n,
		      const char *want, struct err *e)
{
	char why[80];
	snprintf(why, sizeof(why), "got a value of type %s, want %s", node_type_name(n->type),
		 want);
	return wrong(p, key, why, e);
}

static int get_str(const struct node *map, const struct place *p, const char *key, bool required,
		   struct str *out, struct err *e)
{
	const struct node *n = node_get_set(map, str_of(key));
	*out = (struct str){NULL, 0};
	if (!n)
		return required ? wrong(p, key, "missing", e) : 0;
	if (n->type != NODE_STR)
		return wrong_type(p, key, n, "a string", e);
	if (required && !n->str.n)
		return wrong(p, key, "empty", e);
	*out = n->str;
	return 0;
}

static int get_annotations(const struct node *map, const struct place *p, const struct node **out,
			   struct err *e)
{
	const struct node *n = node_get_set(map, S("annotations"));
	*out = n;
	if (!n)
		return 0;
	if (n->type != NODE_MAP)
		return wrong_type(p, "annotations", n, "a map", e);
	for (size_t i = 0; i < n->map.n; i++) {
		const struct node *v = n->map.pairs[i].value;
		if (v->type != NODE_STR)
			return wrong_type(p, "annotations", v, "strings", e);
	}
	return 0;
}

static int get_size(const struct node *map, const struct place *p, uint64_t *out, struct err *e)
{
	const struct node *n = node_get_set(map, S("size"));
	if (!n)
		return wrong(p, "size", "missing", e);
	if (n->type != NODE_INT)
		return wrong_type(p, "size", n, "a whole number", e);
	if (n->integer < 0)
		return wrong(p, "size", "negative", e);
	*out = (uint64_t)n->integer;
	return 0;
}

static int get_digest(const struct node *map, const struct place *p, struct descriptor *d,
		      struct err *e)
{
	TRY(get_str(map, p, "digest", true, &d->digest_text, e));
	const char *why = reference_grammar_digest(d->digest_text);
	if (why)
		return wrong(p, "digest", why, e);
	d->has_sha256 = sha256_parse(d->digest_text, &d->digest);
	return 0;
}

static int get_platform(const struct node *map, const struct place *p, struct descriptor *d,
			struct err *e)
{
	const struct node *n = node_get_set(map, S("platform"));
	if (!n)
		return 0;
	if (n->type != NODE_MAP)
		return wrong_type(p, "platform", n, "a map", e);
	TRY(get_str(n, p, "os", false, &d->os, e));
	return get_str(n, p, "architecture", false, &d->architecture, e);
}

static int check_ignored(const struct node *map, const struct place *p, struct err *e)
{
	struct str data;
	const struct node *urls = node_get_set(map, S("urls"));
	if (urls && urls->type != NODE_LIST)
		return wrong_type(p, "urls", urls, "a list", e);
	for (size_t i = 0; i < node_len(urls); i++) {
		if (urls->list.items[i]->type != NODE_STR)
			return wrong_type(p, "urls", urls->list.items[i], "strings", e);
	}
	return get_str(map, p, "data", false, &data, e);
}

static int get_descriptor(const struct node *n, const struct place *p, struct descriptor *out,
			  struct err *e)
{
	struct descriptor d = {.size = 0};
	if (n->type != NODE_MAP)
		return wrong_type(p, "", n, "a map", e);
	TRY(get_str(n, p, "mediaType", true, &d.media_type, e));
	TRY(get_digest(n, p, &d, e));
	TRY(get_size(n, p, &d.size, e));
	TRY(get_str(n, p, "artifactType", false, &d.artifact_type, e));
	TRY(get_platform(n, p, &d, e));
	TRY(check_ignored(n, p, e));
	TRY(get_annotations(n, p, &d.annotations, e));
	*out = d;
	return 0;
}

/* Go writes an empty list as null. */
static int get_descriptors(struct arena *a, const struct node *root, const char *key,
			   const struct descriptor **items, size_t *n, size_t *malformed,
			   struct err *e)
{
	const struct node *list = node_get(root, str_of(key));
	if (!list)
		return wrong(&document, key, "missing", e);
	if (list->type != NODE_LIST && list->type != NODE_NULL)
		return wrong_type(&document, key, list, "a list", e);
	size_t count = node_len(list), kept = 0;
	struct descriptor *d = arena_calloc(a, count, sizeof(*d));
	if (!d)
		return err_set(e, ERR_LIMIT, "%s: too many for the memory of one question", key);
	for (size_t i = 0; i < count; i++) {
		struct place p = {key, i};
		int rc = get_descriptor(list->list.items[i], &p, &d[kept], e);
		if (rc < 0 && !malformed)
			return rc;
		if (rc < 0)
			++*malformed;
		else
			kept++;
	}
	*items = d;
	*n = kept;
	return 0;
}

struct str media_type_of(struct str content_type)
{
	struct str head, tail;
	if (str_cut(content_type, ';', &head, &tail))
		content_type = head;
	return str_trim(content_type);
}

static enum manifest_kind kind_of(struct str media_type)
{
	if (str_eq(media_type, S(MEDIA_OCI_INDEX)) || str_eq(media_type, S(MEDIA_DOCKER_LIST)))
		return MANIFEST_INDEX;
	if (str_eq(media_type, S(MEDIA_OCI_MANIFEST)) ||
	    str_eq(media_type, S(MEDIA_DOCKER_MANIFEST)))
		return MANIFEST_IMAGE;
	return MANIFEST_UNKNOWN;
}

/* Of the shape: a document with fields of both is neither. source: CVE-2021-41190 */
static int shape_of(const struct node *root, enum manifest_kind *out, struct err *e)
{
	bool index = node_get(root, S("manifests")) != NULL;
	bool image = node_get(root, S("layers")) || node_get(root, S("config"));
	if (index && image)
		return err_set(e, ERR_INPUT,
			       "both a manifest and an index: has \"manifests\" "
			       "beside \"layers\" or \"config\"");
	if (node_get(root, S("fsLayers")))
		return err_set(e, ERR_INPUT, "a manifest of schema version 1: not supported");
	if (!index && !image)
		return err_set(e, ERR_INPUT,
			       "neither a manifest nor an index: has no "
			       "\"manifests\", \"layers\" or \"config\"");
	*out = index ? MANIFEST_INDEX : MANIFEST_IMAGE;
	return 0;
}

static int check_media_type(struct str content_type, struct manifest *m, struct err *e)
{
	struct str sent = media_type_of(content_type);
	enum manifest_kind sent_kind = kind_of(sent);
	if (m->media_type.n && kind_of(m->media_type) != m->kind)
		return err_set(e, ERR_INPUT, "mediaType: not one of %s",
			       m->kind == MANIFEST_INDEX ? "an index" : "a manifest");
	if (sent_kind != MANIFEST_UNKNOWN && m->media_type.n && !str_eq(sent, m->media_type))
		return err_set(e, ERR_INPUT, "mediaType: not what the Content-Type says");
	if (sent_kind != MANIFEST_UNKNOWN && sent_kind != m->kind)
		return err_set(e, ERR_INPUT, "the Content-Type says %s, but it is %s",
			       sent_kind == MANIFEST_INDEX ? "index" : "manifest",
			       m->kind == MANIFEST_INDEX ? "an index" : "a manifest");
	if (!m->media_type.n && sent_kind != MANIFEST_UNKNOWN)
		m->media_type = sent;
	return 0;
}

static int get_version(const struct node *root, struct err *e)
{
	const struct node *n = node_get_set(root, S("schemaVersion"));
	if (!n)
		return wrong(&document, "schemaVersion", "missing", e);
	if (n->type != NODE_INT)
		return wrong_type(&document, "schemaVersion", n, "2", e);
	return n->integer == 2 ? 0 : wrong(&document, "schemaVersion", "not 2", e);
}

static int get_optional(const struct node *root, const char *key, struct descriptor *out,
			bool *there, struct err *e)
{
	struct place p = {key, SIZE_MAX};
	const struct node *n = node_get_set(root, str_of(key));
	*there = n != NULL;
	return n ? get_descriptor(n, &p, out, e) : 0;
}

static int get_parts(struct arena *a, const struct node *root, bool is_list, struct manifest *m,
		     struct err *e)
{
	bool there;
	TRY(get_annotations(root, &document, &m->annotations, e));
	TRY(get_optional(root, "subject", &m->subject, &m->has_subject, e));
	if (m->kind == MANIFEST_INDEX)
		return get_descriptors(a, root, "manifests", &m->manifests, &m->n_manifests,
				       is_list ? &m->n_malformed : NULL, e);
	TRY(get_optional(root, "config", &m->config, &there, e));
	if (!there)
		return wrong(&document, "config", "missing", e);
	return get_descriptors(a, root, "layers", &m->layers, &m->n_layers, NULL, e);
}

static int parse(struct arena *a, struct str bytes, struct str content_type, bool is_list,
		 struct manifest *out, struct err *e)
{
	struct manifest m = {.kind = MANIFEST_UNKNOWN};
	struct node *root;
	if (bytes.n > LIMIT_MANIFEST_BYTES)
		return err_set(e, ERR_LIMIT, "more than %u bytes", LIMIT_MANIFEST_BYTES);
	TRY(json_parse(a, bytes, NULL, &root, NULL, e));
	if (root->type != NODE_MAP)
		return err_set(e, ERR_INPUT, "got a value of type %s, want a map",
			       node_type_name(root->type));
	TRY(get_version(root, e));
	TRY(shape_of(root, &m.kind, e));
	TRY(get_str(root, &document, "mediaType", false, &m.media_type, e));
	TRY(check_media_type(content_type, &m, e));
	TRY(get_str(root, &document, "artifactType", false, &m.artifact_type, e));
	TRY(get_parts(a, root, is_list, &m, e));
	*out = m;
	return 0;
}

int manifest_parse(struct arena *a, struct str bytes, struct str content_type, struct manifest *out,
		   struct err *e)
{
	return parse(a, bytes, content_type, false, out, e);
}

int manifest_parse_list(struct arena *a, struct str bytes, struct str content_type,
			struct manifest *out, struct err *e)
{
	return parse(a, bytes, content_type, true, out, e);
}

struct str manifest_annotation(const struct node *annotations, struct str key)
{
	return node_str(node_get(annotations, key));
}

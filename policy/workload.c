#include "policy/workload.h"

#include "policy/limits.h"

static const char *const list_names[] = {
	[SUBJECT_INIT_CONTAINER] = "initContainers",
	[SUBJECT_CONTAINER] = "containers",
	[SUBJECT_EPHEMERAL_CONTAINER] = "ephemeralContainers",
	[SUBJECT_IMAGE_VOLUME] = "volumes",
};
#define LISTS (sizeof(list_names) / sizeof(list_names[0]))

struct extract {
	struct arena *arena;
	struct workload *w;
	size_t room_findings;
};

/* ---- reading maps ---- */

struct pick {
	struct str key;
	const struct node *value; /* NULL: absent or null */
};

/* One pass over the pairs for several keys; lengths rule most of them out. */
static void pick(const struct node *map, struct pick *p, size_t n)
{
	for (size_t i = 0; i < map->map.n; i++) {
		const struct node_pair *pair = &map->map.pairs[i];
		for (size_t j = 0; j < n; j++) {
			if (pair->key.n != p[j].key.n ||
			    memcmp(pair->key.p, p[j].key.p, pair->key.n) != 0)
				continue;
			if (pair->value->type != NODE_NULL)
				p[j].value = pair->value;
			break;
		}
	}
}

static struct field read_field(const struct node *n, enum node_type type, enum field_level level)
{
	struct field f = {.state = FIELD_ABSENT, .level = level, .node = n};

	if (!n)
		return f;
	f.state = FIELD_WRONG_TYPE;
	if (n->type != type)
		return f;
	f.state = FIELD_SET;
	if (type == NODE_INT)
		f.integer = n->integer;
	else if (type == NODE_BOOL)
		f.boolean = n->boolean;
	else
		f.str = n->str;
	return f;
}

/* ---- paths and findings ---- */

static void put_item_path(struct text *t, const struct workload *w, enum subject_kind list,
			  size_t index)
{
	text_put(t, w->pod_path);
	text_putc(t, '.');
	text_puts(t, list_names[list]);
	text_putc(t, '[');
	text_put_u64(t, index);
	text_putc(t, ']');
}

void subject_put_path(struct text *t, const struct workload *w, const struct subject *s)
{
	put_item_path(t, w, s->kind, s->index);
}

static void add_finding(struct extract *x, const struct workload_finding *f)
{
	struct workload *w = x->w;

	struct workload_finding *more =
		arena_grow(x->arena, w->findings, w->n_findings, sizeof(*more), &x->room_findings);
	if (!more)
		return;
	w->findings = more;
	w->findings[w->n_findings++] = *f;
}

/* A finding at `field` of the pod's spec. */
static void find_in_pod(struct extract *x, const char *field, const struct node *n,
			const char *want)
{
	struct workload_finding f = {.node = n, .want = want};
	struct text t;

	text_init(&t, x->arena, 256);
	text_put(&t, x->w->pod_path);
	text_putc(&t, '.');
	text_puts(&t, field);
	if (text_done(&t, &f.path))
		add_finding(x, &f);
}

/* A finding at an item of a list, or at `field` of it; `s` is the item's subject if it has one. */
struct item {
	enum subject_kind list;
	size_t index;
	const struct node *node;
	const struct subject *subject;
};

static void find_in_item(struct extract *x, const struct item *i, const char *field,
			 const struct node *n, const char *want)
{
	struct workload_finding f = {.subject = i->subject, .node = n, .want = want};
	struct text t;

	text_init(&t, x->arena, 256);
	put_item_path(&t, x->w, i->list, i->index);
	if (field) {
		text_putc(&t, '.');
		text_puts(&t, field);
	}
	if (text_done(&t, &f.path))
		add_finding(x, &f);
}

/* ---- subjects ---- */

static void read_image(struct extract *x, const struct item *i, struct subject *s,
		       const char *field, const struct node *n)
{
	struct err e = {0};

	s->image = read_field(n, NODE_STR, FIELD_OF_CONTAINER);
	if (s->image.state != FIELD_SET || !s->image.str.n) {
		find_in_item(x, i, field, n, "an image reference");
		return;
	}
	if (reference_parse(x->arena, s->image.str, &s->reference, &e) == 0) {
		s->reference_ok = true;
		return;
	}
	struct str why = str_of(e.text);
	why.p = arena_dup(x->arena, why.p, why.n);
	if (why.p)
		s->reference_why = why;
}

static struct field effective(const struct node *own, enum node_type type, const struct field *pod)
{
	return own ? read_field(own, type, FIELD_OF_CONTAINER) : *pod;
}

static void read_security(struct subject *s, const struct node *context, const struct workload *w)
{
	struct pick p[] = {{S("readOnlyRootFilesystem"), NULL},
			   {S("runAsUser"), NULL},
			   {S("runAsGroup"), NULL},
			   {S("runAsNonRoot"), NULL}};

	if (node_is(context, NODE_MAP))
		pick(context, p, 4);
	s->read_only_root_filesystem = read_field(p[0].value, NODE_BOOL, FIELD_OF_CONTAINER);
	s->run_as_user = effective(p[1].value, NODE_INT, &w->pod_run_as_user);
	s->run_as_group = effective(p[2].value, NODE_INT, &w->pod_run_as_group);
	s->run_as_non_root = effective(p[3].value, NODE_BOOL, &w->pod_run_as_non_root);
}

static struct subject *add_subject(struct extract *x, struct item *i, const struct node *name)
{
	struct subject *s = &x->w->subjects[x->w->n_subjects++];

	s->kind = i->list;
	s->index = i->index;
	s->line = i->node->line;
	s->name = node_str(name);
	s->read_only_root_filesystem.state = FIELD_ABSENT;
	s->run_as_user.state = FIELD_ABSENT;
	s->run_as_group.state = FIELD_ABSENT;
	s->run_as_non_root.state = FIELD_ABSENT;
	i->subject = s;
	return s;
}

static void add_container(struct extract *x, struct item *i)
{
	struct pick p[] = {{S("name"), NULL}, {S("image"), NULL}, {S("securityContext"), NULL}};

	if (i->node->type != NODE_MAP) {
		find_in_item(x, i, NULL, i->node, "a container");
		return;
	}
	pick(i->node, p, 3);
	struct subject *s = add_subject(x, i, p[0].value);
	read_image(x, i, s, "image", p[1].value);
	if (p[2].value && p[2].value->type != NODE_MAP)
		find_in_item(x, i, "securityContext", p[2].value, "an object");
	read_security(s, p[2].value, x->w);
}

static void add_volume(struct extract *x, struct item *i)
{
	struct pick p[] = {{S("name"), NULL}, {S("image"), NULL}};
	struct pick reference = {S("reference"), NULL};

	if (i->node->type != NODE_MAP) {
		find_in_item(x, i, NULL, i->node, "a volume");
		return;
	}
	pick(i->node, p, 2);
	if (!p[1].value)
		return;
	struct subject *s = add_subject(x, i, p[0].value);
	if (p[1].value->type != NODE_MAP) {
		find_in_item(x, i, "image", p[1].value, "an object");
		return;
	}
	pick(p[1].value, &reference, 1);
	read_image(x, i, s, "image.reference", reference.value);
}

/* ---- the pod's spec ---- */

/* An upper bound of what the volumes add to the subjects. */
static size_t count_volumes(const struct node *volumes)
{
	size_t n = 0;

	for (size_t i = 0; i < node_len(volumes); i++) {
		const struct node *v = volumes->list.items[i];
		n += v->type != NODE_MAP || node_get_set(v, S("image"));
	}
	return n;
}

static void read_pod_security(struct extract *x, const struct node *context)
{
	struct workload *w = x->w;
	struct pick p[] = {{S("runAsUser"), NULL},
			   {S("runAsGroup"), NULL},
			   {S("runAsNonRoot"), NULL},
			   {S("readOnlyRootFilesystem"), NULL}};

	if (node_is(context, NODE_MAP))
		pick(context, p, 4);
	else if (context)
		find_in_pod(x, "securityContext", context, "an object");
	w->pod_run_as_user = read_field(p[0].value, NODE_INT, FIELD_OF_POD);
	w->pod_run_as_group = read_field(p[1].value, NODE_INT, FIELD_OF_POD);
	w->pod_run_as_non_root = read_field(p[2].value, NODE_BOOL, FIELD_OF_POD);
	w->pod_has_read_only_root_filesystem = p[3].value;
}

static void read_list(struct extract *x, enum subject_kind kind, const struct node *list)
{
	for (size_t i = 0; i < node_len(list); i++) {
		struct item item = {.list = kind, .index = i, .node = list->list.items[i]};
		if (kind == SUBJECT_IMAGE_VOLUME)
			add_volume(x, &item);
		else
			add_container(x, &item);
	}
}

static void read_lists(struct extract *x, struct pick lists[LISTS])
{
	size_t n = 0;

	for (size_t k = 0; k < LISTS; k++) {
		const struct node *list = lists[k].value;
		if (list && list->type != NODE_LIST) {
			find_in_pod(x, list_names[k], list,
				    k == SUBJECT_IMAGE_VOLUME ? "a list of volumes"
							      : "a list of containers");
			lists[k].value = NULL;
			continue;
		}
		if (k == SUBJECT_CONTAINER && !node_len(list))
			find_in_pod(x, list_names[k], list, "a list of containers");
		n += k == SUBJECT_IMAGE_VOLUME ? count_volumes(list) : node_len(list);
	}
	if (n > LIMIT_SUBJECTS) {
		struct workload_finding f = {.path = x->w->pod_path, .too_many = n};
		add_finding(x, &f);
		return;
	}
	x->w->subjects = arena_calloc(x->arena, n, sizeof(*x->w->subjects));
	if (!x->w->subjects)
		return;
	for (size_t k = 0; k < LISTS; k++)
		read_list(x, (enum subject_kind)k, lists[k].value);
}

static void read_spec(struct extract *x, const struct node *spec)
{
	struct pick p[LISTS + 2] = {[SUBJECT_INIT_CONTAINER] = {S("initContainers"), NULL},
				    [SUBJECT_CONTAINER] = {S("containers"), NULL},
				    [SUBJECT_EPHEMERAL_CONTAINER] = {S("ephemeralContainers"),
								     NULL},
				    [SUBJECT_IMAGE_VOLUME] = {S("volumes"), NULL},
				    {S("securityContext"), NULL},
				    {S("os"), NULL}};

	pick(spec, p, LISTS + 2);
	read_pod_security(x, p[LISTS].value);
	x->w->windows = str_eq(node_str(node_get(p[LISTS + 1].value, S("name"))), S("windows"));
	read_lists(x, p);
}

/* The spec of the pod template, or NULL and a finding at the first step that is not there. */
static const struct node *find_spec(struct extract *x, const struct node *object)
{
	struct str path = x->w->pod_path, rest = path, step;
	struct workload_finding f = {.path = S("object"), .node = object, .want = "an object"};

	while (node_is(object, NODE_MAP)) {
		if (!rest.n)
			return object;
		if (!str_cut(rest, '.', &step, &rest)) {
			step = rest;
			rest.n = 0;
		}
		object = node_get_set(object, step);
		f.path = str_sub(path, 0, (size_t)(step.p - path.p) + step.n);
		f.node = object;
		f.want = rest.n ? "a pod template" : "a Pod spec";
	}
	add_finding(x, &f);
	return NULL;
}

struct workload *workload_extract(struct arena *a, const struct workload_kind *kind,
				  const struct node *object)
{
	struct extract x = {.arena = a, .w = arena_alloc(a, sizeof(*x.w))};

	if (!x.w)
		return NULL;
	x.w->kind = kind;
	x.w->pod_path = str_of(kind->pod_path);
	const struct node *spec = find_spec(&x, object);
	if (spec)
		read_spec(&x, spec);
	return arena_exhausted(a) ? NULL : x.w;
}

/* Files, folders and lists into documents. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/check.h"
#include "cli/limits.h"
#include "core/file.h"
#include "core/json.h"
#include "core/yaml.h"

/* `kind: List` inside lists: kubectl makes none, so a few levels are plenty. */
#define LIST_DEPTH 8

struct check_document *check_add(struct check_run *run, struct str file, size_t index,
				 uint32_t line)
{
	struct check_document *more =
		arena_grow(run->arena, run->documents, run->n, sizeof *more, &run->room);

	if (!more) {
		run->out_of_memory = true;
		return NULL;
	}
	run->documents = more;
	struct check_document *d = &run->documents[run->n++];
	char *name = arena_dup(run->arena, file.p, file.n);
	if (!name)
		run->out_of_memory = true;
	d->file = (struct str){name, name ? file.n : 0};
	d->index = index;
	d->line = line;
	return d;
}

void check_fail(struct check_run *run, struct check_document *d, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	size_t len = (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1;
	char *copy = arena_dup(run->arena, buf, len);
	struct check_row *row = arena_calloc(run->arena, 1, sizeof *row);
	d->result = CHECK_ERROR;
	if (!copy || !row) {
		run->out_of_memory = true;
		return;
	}
	d->message = (struct str){copy, len};
	row->result = CHECK_ERROR;
	row->message = d->message;
	row->line = d->line;
	d->rows = row;
	d->n_rows = 1;
	run->summary.error++;
}

struct file_state {
	struct str file;
	size_t next_index;
};

/* The items of a typed list ("PodList") may come without kind and apiVersion: put them in, as kubectl
 * does, which takes what stands before "List". */
static const struct node *with_type(struct arena *a, const struct node *list, struct str kind,
				    const struct node *item)
{
	if (!node_is(item, NODE_MAP) || node_str(node_get(item, S("kind"))).n ||
	    str_eq(kind, S("List")))
		return item;
	struct node *copy = arena_calloc(a, 1, sizeof *copy);
	struct node *kind_node = arena_calloc(a, 1, sizeof *kind_node);
	struct node_pair *pairs = arena_calloc(a, item->map.n + 2, sizeof *pairs);
	const struct node *version = node_get(list, S("apiVersion"));
	if (!copy || !kind_node || !pairs || !version)
		return item;
	size_t suffix = str_ends(kind, S("List")) ? sizeof("List") - 1 : 0;
	*copy = *item;
	*kind_node = (struct node){.type = NODE_STR, .str = str_sub(kind, 0, kind.n - suffix)};
	copy->map.pairs = pairs;
	pairs[0] = (struct node_pair){.key = S("kind"), .value = kind_node};
	pairs[1] = (struct node_pair){.key = S("apiVersion")};
	pairs[1].value = arena_calloc(a, 1, sizeof *kind_node);
	if (!pairs[1].value)
		return item;
	*pairs[1].value = *version;
	if (item->map.n)
		memcpy(pairs + 2, item->map.pairs, item->map.n * sizeof *pairs);
	copy->map.n = item->map.n + 2;
	return copy;
}

static void take_one(struct check_run *run, struct file_state *f, struct arena *a,
		     const struct node *root, uint32_t line)
{
	struct check_document *d = check_add(run, f->file, f->next_index++, line);

	if (d)
		check_judge(run, d, a, root);
}

/* For kubectl a list is what has a list of items, whatever its kind. Who sends the file himself gets
 * the object as its kind says: unless it is a List, both are judged. */
static void take(struct check_run *run, struct file_state *f, struct arena *a,
		 const struct node *root, uint32_t line, int depth)
{
	struct str kind = node_str(node_get(root, S("kind")));
	const struct node *items = node_get(root, S("items"));
	bool list = kind.n && node_is(items, NODE_LIST);

	if (!list || !str_ends(kind, S("List")))
		take_one(run, f, a, root, line);
	if (!list)
		return;
	if (depth >= LIST_DEPTH) {
		struct check_document *d = check_add(run, f->file, f->next_index++, line);
		if (d)
			check_fail(run, d, "lists inside lists: more than %d levels", LIST_DEPTH);
		return;
	}
	for (size_t i = 0; i < node_len(items); i++) {
		const struct node *item = node_at(items, i);
		take(run, f, a, with_type(a, root, kind, item), item->line ? item->line : line,
		     depth + 1);
	}
}

static void parse_error(struct check_run *run, struct file_state *f, const struct position *where,
			const struct err *e)
{
	struct check_document *d = check_add(run, f->file, f->next_index++, where->line);

	if (d && where->line)
		check_fail(run, d, "line %u, column %u: %s", where->line, where->column, e->text);
	else if (d)
		check_fail(run, d, "%s", e->text);
}

static bool looks_like_json(struct str bytes)
{
	struct str s = str_trim(bytes);

	return s.n && s.p[0] == '{';
}

static void take_bytes(struct check_run *run, struct file_state *f, struct arena *a,
		       struct str bytes)
{
	static const struct read_limits limits = {LIMIT_CHECK_FILE_BYTES, LIMIT_CHECK_NODES};
	static const struct json_options as_json = {.limits = &limits};
	struct err e = {0};
	struct position where = {0, 0};
	struct yaml_stream docs = {NULL, 0};
	struct node *root = NULL;
	bool json = str_ends(f->file, S(".json"));

	/* What is sent through a pipe has no name; JSON that is also YAML is still read as JSON, because
	 * escapes mean more there. */
	if (json || looks_like_json(bytes)) {
		if (json_parse(a, bytes, &as_json, &root, &where, &e) == 0) {
			take(run, f, a, root, 1, 0);
			return;
		}
		if (json) {
			parse_error(run, f, &where, &e);
			return;
		}
	}
	int failed = yaml_parse_within(a, bytes, &limits, &docs, &where, &e);
	for (size_t i = 0; i < docs.n; i++)
		take(run, f, a, docs.docs[i].root, docs.docs[i].line, 0);
	if (failed < 0)
		parse_error(run, f, &where, &e);
}

static void unreadable(struct check_run *run, struct str file, const char *why)
{
	struct check_document *d = check_add(run, file, 0, 0);

	if (d)
		check_fail(run, d, "%s", why);
}

/* The trees of a file are needed for as long as documents of it wait for answers. */
static void hold(struct check_run *run, struct arena *a)
{
	struct arena **more =
		arena_grow(run->arena, run->held, run->n_held, sizeof(*more), &run->room_held);

	if (more) {
		run->held = more;
		run->held[run->n_held++] = a;
		return;
	}
	run->out_of_memory = true;
	run->pending = NULL;
	run->pending_end = NULL;
	arena_free(a);
}

static void check_file(struct check_run *run, const char *path)
{
	struct arena *a = arena_new(LIMIT_CHECK_ARENA_BYTES);
	struct file_state f = {.file = strcmp(path, "-") == 0 ? S("<stdin>") : str_of(path)};
	struct check_pending **end = run->pending_end;
	struct err e = {0};
	struct str bytes;

	if (!a) {
		run->out_of_memory = true;
		return;
	}
	if (file_read_pipe(a, path, LIMIT_CHECK_FILE_BYTES, &bytes, &e) < 0)
		unreadable(run, f.file, e.text);
	else
		take_bytes(run, &f, a, bytes);
	if (run->pending_end != end)
		hold(run, a);
	else
		arena_free(a);
}

/* `assay check <(helm template ...)` */
static bool is_pipe(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

void check_path(struct check_run *run, const char *path)
{
	static const struct str suffixes[] = {{".yaml", 5}, {".yml", 4}, {".json", 5}};
	struct file_list files;
	struct err e = {0};

	if (strcmp(path, "-") == 0 || is_pipe(path)) {
		check_file(run, path);
		return;
	}
	if (file_find_readable(run->arena, path, suffixes, 3, &files, &e) < 0) {
		unreadable(run, str_of(path), e.text);
		return;
	}
	for (size_t i = 0; i < files.n; i++)
		check_file(run, files.paths[i]);
	for (size_t i = 0; i < files.n_unread; i++)
		unreadable(run, str_of(files.unread[i].path), files.unread[i].why);
}

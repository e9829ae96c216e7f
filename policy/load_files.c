/* Policy files and folders on disk. */
#include "core/file.h"
#include "core/limits.h"
#include "policy/limits.h"
#include "policy/loader.h"

struct reading {
	struct arena *arena;
	struct problems *problems;
	struct policy_file *files;
	size_t n;
	size_t room;
};

static void problem(struct reading *r, const char *path, const char *text)
{
	problem_add(r->problems, PROBLEM_ERROR, str_of(path), 0, 0, "%s", text);
}

static bool make_room(struct reading *r)
{
	struct policy_file *files = arena_grow(r->arena, r->files, r->n, sizeof(*files), &r->room);
	if (files)
		r->files = files;
	return files != NULL;
}

static void read_one(struct reading *r, const char *path)
{
	struct err e = {0};
	struct str bytes;
	if (file_read(r->arena, path, LIMIT_FILE_BYTES, &bytes, &e) < 0)
		problem(r, path, e.text);
	else if (!make_room(r))
		problem(r, path, "no memory left to read it");
	else
		r->files[r->n++] = (struct policy_file){str_of(path), bytes};
}

static void read_path(struct reading *r, const char *path)
{
	const struct str suffixes[] = {S(".yaml"), S(".yml"), S(".json")};
	struct file_list found = {0};
	struct err e = {0};
	if (file_find(r->arena, path, suffixes, 3, &found, &e) < 0)
		problem(r, path, e.text);
	else if (found.n == 0)
		problem(r, path, "no policy files: want names that end in .yaml, .yml or .json");
	for (size_t i = 0; i < found.n; i++)
		read_one(r, found.paths[i]);
}

/* Files that cannot be read do not hide what is wrong in the others. */
struct policy_set *policy_set_load(const char *const *paths, size_t n_paths,
				   const struct policy_options *o, struct problems *problems)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(LIMIT_SET_ARENA_BYTES);
	struct reading r = {.arena = arena, .problems = problems};
	if (!arena) {
		problem_add(problems, PROBLEM_ERROR, S(""), 0, 0, "out of memory");
		return NULL;
	}
	arena_fail_at(arena, o->fail_at.files);
	for (size_t i = 0; i < n_paths; i++)
		read_path(&r, paths[i]);
	return policy_set_build(r.files, r.n, o, problems);
}

#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/file_error.h"

#define MAX_FILES 10000
#define MAX_LINKS 8
#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

/* A walk through a folder tree. `visit` gets every file, and everything that cannot be read with
 * its errno; a negative result ends the walk. */
struct walk {
	int (*visit)(struct walk *w, const struct stat *st, int error, struct err *e);
	void *self;
	bool started; /* the top folder could be opened */
	size_t n;
	char path[PATH_MAX];
};

/* The folders above, to see links that lead back to one of them. */
struct folder {
	const struct folder *up;
	dev_t device;
	ino_t inode;
	unsigned links;
};

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static bool is_below_itself(const struct folder *up, const struct stat *st)
{
	for (; up; up = up->up) {
		if (up->device == st->st_dev && up->inode == st->st_ino)
			return true;
	}
	return false;
}

static bool push(struct walk *w, const char *name)
{
	size_t n = strlen(name);
	bool slash = w->n > 0 && w->path[w->n - 1] != '/';

	if (n >= sizeof(w->path) - w->n - slash)
		return false;
	if (slash)
		w->path[w->n++] = '/';
	memcpy(w->path + w->n, name, n + 1);
	w->n += n;
	return true;
}

static int walk_folder(struct walk *w, const struct folder *here, struct err *e);

static int walk_entry(struct walk *w, const struct folder *up, struct err *e)
{
	struct folder here = {.up = up, .links = up->links};
	struct stat st;

	if (lstat(w->path, &st) < 0)
		return w->visit(w, NULL, errno, e);
	if (S_ISLNK(st.st_mode)) {
		here.links++;
		if (stat(w->path, &st) < 0)
			return w->visit(w, NULL, errno, e);
	}
	if (!S_ISDIR(st.st_mode))
		return w->visit(w, &st, 0, e);
	if (is_below_itself(up, &st))
		return 0;
	if (here.links > MAX_LINKS)
		return w->visit(w, NULL, ELOOP, e);
	here.device = st.st_dev;
	here.inode = st.st_ino;
	return walk_folder(w, &here, e);
}

static int walk_folder(struct walk *w, const struct folder *here, struct err *e)
{
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(w->n > 0 ? w->path : ".");
	const struct dirent *entry;
	size_t n = w->n;

	if (!dir)
		return w->visit(w, NULL, errno, e);
	w->started = true;
	while (errno = 0, (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!push(w, entry->d_name))
			return w->visit(w, NULL, ENAMETOOLONG, e);
		TRY(walk_entry(w, here, e));
		w->n = n;
		w->path[n] = '\0';
	}
	return errno != 0 ? w->visit(w, NULL, errno, e) : 0;
}

/* `st` is that of the folder `path`. */
static int walk(struct walk *w, const char *path, const struct stat *st, struct err *e)
{
	struct folder top = {.device = st->st_dev, .inode = st->st_ino};

	w->n = 0;
	w->path[0] = '\0';
	if (strcmp(path, ".") != 0 && !push(w, path))
		return file_io_error(path, ENAMETOOLONG, e);
	return walk_folder(w, &top, e);
}

struct find {
	struct arena *a;
	const struct str *suffixes;
	size_t n_suffixes;
	bool go_on; /* past what cannot be read */
	struct file_list list;
	size_t room;
	size_t room_unread;
};

static int no_memory(const char *path, struct err *e)
{
	return file_error(ERR_LIMIT, path, "no memory left for it", e);
}

static int too_many(const char *path, struct err *e)
{
	return file_error(ERR_LIMIT, path, "more than " TEXT_OF(MAX_FILES) " files", e);
}

static int add_path(struct find *f, const char *path, struct err *e)
{
	char *copy, **paths;

	if (f->list.n + f->list.n_unread == MAX_FILES)
		return too_many(path, e);
	paths = arena_grow(f->a, f->list.paths, f->list.n, sizeof(*paths), &f->room);
	copy = arena_dup(f->a, path, strlen(path));
	if (!paths || !copy)
		return no_memory(path, e);
	f->list.paths = paths;
	f->list.paths[f->list.n++] = copy;
	return 0;
}

static int add_unread(struct find *f, const char *path, int error, struct err *e)
{
	struct file_unread *unread;
	struct err why = {0};
	char *text, *copy;

	if (f->list.n + f->list.n_unread == MAX_FILES)
		return too_many(path, e);
	(void)!file_io_error(path, error, &why);
	unread = arena_grow(f->a, f->list.unread, f->list.n_unread, sizeof(*unread),
			    &f->room_unread);
	copy = arena_dup(f->a, path, strlen(path));
	text = arena_dup(f->a, why.text, strlen(why.text));
	if (!unread || !copy || !text)
		return no_memory(path, e);
	f->list.unread = unread;
	f->list.unread[f->list.n_unread++] = (struct file_unread){copy, text};
	return 0;
}

static int find_visit(struct walk *w, const struct stat *st, int error, struct err *e)
{
	struct find *f = w->self;
	const char *path = w->n > 0 ? w->path : ".";

	/* st: the suffix decides, also for what file_read() will refuse */
	if (!st && f->go_on && w->started)
		return add_unread(f, path, error, e);
	if (!st)
		return file_io_error(path, error, e);
	for (size_t i = 0; i < f->n_suffixes; i++) {
		if (str_ends(str_of(path), f->suffixes[i]))
			return add_path(f, path, e);
	}
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_unread(const void *a, const void *b)
{
	return strcmp(((const struct file_unread *)a)->path, ((const struct file_unread *)b)->path);
}

static int find(struct find *f, const char *path, struct file_list *out, struct err *e)
{
	struct walk w = {.visit = find_visit, .self = f};
	struct stat st;

	if (strcmp(path, "-") == 0) {
		TRY(add_path(f, path, e));
	} else if (stat(path, &st) < 0) {
		return file_io_error(path, errno, e);
	} else if (S_ISDIR(st.st_mode)) {
		TRY(walk(&w, path, &st, e));
	} else {
		TRY(add_path(f, path, e));
	}
	if (f->list.n > 1)
		qsort(f->list.paths, f->list.n, sizeof(*f->list.paths), compare_paths);
	if (f->list.n_unread > 1)
		qsort(f->list.unread, f->list.n_unread, sizeof(*f->list.unread), compare_unread);
	*out = f->list;
	return 0;
}

int file_find(struct arena *a, const char *path, const struct str *suffixes, size_t n_suffixes,
	      struct file_list *out, struct err *e)
{
	struct find f = {.a = a, .suffixes = suffixes, .n_suffixes = n_suffixes};

	return find(&f, path, out, e);
}

int file_find_readable(struct arena *a, const char *path, const struct str *suffixes,
		       size_t n_suffixes, struct file_list *out, struct err *e)
{
	struct find f = {.a = a, .suffixes = suffixes, .n_suffixes = n_suffixes, .go_on = true};

	return find(&f, path, out, e);
}

/* source: FNV-1a, 64 bits, draft-eastlake-fnv section 5 */
static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ bytes[i]) * UINT64_C(0x100000001B3);
	return h;
}

static uint64_t file_hash(const char *path, const struct stat *st, int error)
{
	int64_t facts[5] = {error, 0, 0, 0, 0};

	if (st) {
		facts[1] = (int64_t)st->st_size;
		facts[2] = (int64_t)st->st_ino;
		facts[3] = (int64_t)st->st_mtim.tv_sec;
		facts[4] = (int64_t)st->st_mtim.tv_nsec;
	}
	return mix(mix(UINT64_C(0xCBF29CE484222325), path, strlen(path)), facts, sizeof(facts));
}

/* A sum, because folders are read in no order. */
static int fingerprint_visit(struct walk *w, const struct stat *st, int error, struct err *e)
{
	uint64_t *sum = w->self;

	(void)e;
	if (!w->started)
		return -1;
	*sum += file_hash(w->path, st, error);
	return 0;
}

uint64_t file_fingerprint(const char *path)
{
	uint64_t sum = 0;
	struct walk w = {.visit = fingerprint_visit, .self = &sum};
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		sum = file_hash(path, &st, 0);
	else if (walk(&w, path, &st, NULL) < 0)
		return 0;
	return sum > 0 ? sum : 1;
}

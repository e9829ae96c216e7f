/* Whole files and folders, with limits. Paths are NUL-terminated and come from flags: trusted. */
#ifndef ASSAY_CORE_FILE_H
#define ASSAY_CORE_FILE_H

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

/* The bytes of a regular file (or "-": standard input) of at most max_bytes, NUL-terminated beyond
 * the length, in `a`. Errors: IO with path and reason (also for a folder), LIMIT. */
int file_read(struct arena *a, const char *path, size_t max_bytes, struct str *out, struct err *e)
	MUST_USE;

/* The same, and a named pipe is read to its end too: a shell's <(command). Waits for its writer, so it is
 * not for servers. */
int file_read_pipe(struct arena *a, const char *path, size_t max_bytes, struct str *out,
		   struct err *e) MUST_USE;

struct file_unread {
	char *path;
	char *why; /* 'cannot read "path": reason' */
};

struct file_list {
	char **paths; /* NUL-terminated, sorted by bytes, in the arena */
	size_t n;
	struct file_unread *unread; /* file_find_readable() only; sorted too */
	size_t n_unread;
};

/* The files below `path` that end in one of `suffixes` (n_suffixes of them); `path` itself if it is a
 * file, whatever its name. Recursive; names that begin with '.' are left out, because a mounted
 * ConfigMap keeps its real folders behind "..data"; symbolic links are followed at most 8 folders
 * deep. Errors: IO, LIMIT (more than 10,000 files). */
int file_find(struct arena *a, const char *path, const struct str *suffixes, size_t n_suffixes,
	      struct file_list *out, struct err *e) MUST_USE;

/* The same, but what cannot be read below a folder, like a link to nothing, does not end the search:
 * whatever its name, it is in out->unread. */
int file_find_readable(struct arena *a, const char *path, const struct str *suffixes,
		       size_t n_suffixes, struct file_list *out, struct err *e) MUST_USE;

/* A fingerprint of what `path` (file or folder tree) holds now: names, sizes, inodes and
 * modification times of everything below, following links. Changes when a mounted ConfigMap or
 * Secret is swapped. 0 when the path cannot be read. */
uint64_t file_fingerprint(const char *path);

/* "dir/name" in `a`; `name` alone when dir is "." or empty or when name is absolute. */
char *file_join(struct arena *a, struct str dir, struct str name);
/* The folder part of a path, "." when there is none. Borrows from `path` or a literal. */
struct str file_dir(const char *path);

#endif

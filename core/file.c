#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file_error.h"

#define FIRST_READ ((size_t)4096)

int file_error(enum err_kind kind, const char *path, const char *reason, struct err *e)
{
	char quoted[FILE_PATH_SHOWN + 16];
	struct text t;
	bool capital = reason[0] >= 'A' && reason[0] <= 'Z';

	text_init_fixed(&t, quoted, sizeof(quoted));
	text_quote(&t, str_of(path), FILE_PATH_SHOWN);
	if (!capital)
		return err_set(e, kind, "cannot read %s: %s", quoted, reason);
	return err_set(e, kind, "cannot read %s: %c%s", quoted, reason[0] + ('a' - 'A'),
		       reason + 1);
}

int file_io_error(const char *path, int error, struct err *e)
{
	char buf[128];

	return file_error(ERR_IO, path, strerror_r(error, buf, sizeof(buf)), e);
}

static void close_fd(const int *fd)
{
	if (*fd > STDIN_FILENO)
		close(*fd);
}

struct buffer {
	char *p;
	size_t n;
	size_t cap; /* room for n < cap bytes and a NUL */
};

static bool buffer_grow(struct buffer *b, struct arena *a, size_t cap)
{
	char *p = arena_alloc_raw(a, cap);

	if (!p)
		return false;
	if (b->n > 0)
		memcpy(p, b->p, b->n);
	b->p = p;
	b->cap = cap;
	return true;
}

static int too_large(const char *path, size_t max_bytes, struct err *e)
{
	char reason[64];

	snprintf(reason, sizeof(reason), "more than %zu bytes", max_bytes);
	return file_error(ERR_LIMIT, path, reason, e);
}

/* One byte past max_bytes is asked for, to know that there is more. */
static int read_all(struct arena *a, int fd, const char *path, size_t expected, size_t max_bytes,
		    struct str *out, struct err *e)
{
	struct buffer b = {NULL, 0, 0};
	ssize_t got = 1;

	while (got > 0 && b.n <= max_bytes) {
		size_t cap = b.cap > 0 ? b.cap * 2 : expected;

		if (b.n + 1 >= b.cap &&
		    !buffer_grow(&b, a, cap < max_bytes + 2 ? cap : max_bytes + 2))
			return file_error(ERR_LIMIT, path, "no memory left for it", e);
		do
			got = read(fd, b.p + b.n, b.cap - 1 - b.n);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return file_io_error(path, errno, e);
		b.n += (size_t)got;
	}
	if (b.n > max_bytes)
		return too_large(path, max_bytes, e);
	b.p[b.n] = '\0';
	*out = (struct str){b.p, b.n};
	return 0;
}

static int read_path(struct arena *a, const char *path, size_t max_bytes, bool pipes,
		     struct str *out, struct err *e)
{
	__attribute__((cleanup(close_fd))) int fd = STDIN_FILENO;
	size_t expected = FIRST_READ;
	struct stat st;

	if (max_bytes > PTRDIFF_MAX / 4)
		max_bytes = PTRDIFF_MAX / 4;
	if (strcmp(path, "-") == 0)
		return read_all(a, fd, path, expected, max_bytes, out, e);
	/* not to wait for the other end of a pipe that is refused below */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (pipes ? 0 : O_NONBLOCK));
	if (fd < 0 || fstat(fd, &st) < 0)
		return file_io_error(path, errno, e);
	if (S_ISDIR(st.st_mode))
		return file_io_error(path, EISDIR, e);
	if (!S_ISREG(st.st_mode) && !(pipes && S_ISFIFO(st.st_mode)))
		return file_error(ERR_IO, path, "not a regular file", e);
	/* the buffer would grow to twice the limit before it showed */
	if (st.st_size > 0 && (uintmax_t)st.st_size > max_bytes)
		return too_large(path, max_bytes, e);
	if (st.st_size > 0)
		expected = (size_t)st.st_size + 2;
	return read_all(a, fd, path, expected, max_bytes, out, e);
}

int file_read(struct arena *a, const char *path, size_t max_bytes, struct str *out, struct err *e)
{
	return read_path(a, path, max_bytes, false, out, e);
}

int file_read_pipe(struct arena *a, const char *path, size_t max_bytes, struct str *out,
		   struct err *e)
{
	return read_path(a, path, max_bytes, true, out, e);
}

char *file_join(struct arena *a, struct str dir, struct str name)
{
	bool slash;
	char *path;

	if (dir.n == 0 || str_eq(dir, S(".")) || str_starts(name, S("/")))
		return arena_dup(a, name.p, name.n);
	slash = !str_ends(dir, S("/"));
	path = arena_alloc(a, dir.n + slash + name.n + 1);
	if (!path)
		return NULL;
	memcpy(path, dir.p, dir.n);
	if (slash)
		path[dir.n] = '/';
	if (name.n > 0)
		memcpy(path + dir.n + slash, name.p, name.n);
	return path;
}

struct str file_dir(const char *path)
{
	struct str dir = str_of(path);
	size_t at = str_rfind(dir, '/');

	if (at == SIZE_MAX)
		return S(".");
	while (at > 0 && path[at - 1] == '/')
		at--;
	return at == 0 ? S("/") : str_sub(dir, 0, at);
}

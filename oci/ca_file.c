#include "oci/ca_file.h"

#include <curl/curl.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/file.h"
#include "oci/limits.h"

static int write_all(int fd, struct str s, struct err *e)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, ERR_INTERNAL, "cannot write a CA bundle in memory");
		s = str_sub(s, (size_t)n, s.n);
	}
	return 0;
}

static int fill(int fd, const char *path, struct err *e)
{
	CLEANUP(arena_cleanup) struct arena *a = arena_new(3 * (size_t)LIMIT_CA_BYTES);
	const char *system = curl_version_info(CURLVERSION_NOW)->cainfo;
	struct str bytes;
	struct err ignored = {0};
	if (!a)
		return err_set(e, ERR_MEMORY, "out of memory");
	/* A machine without a bundle of its own trusts only what is configured. */
	if (system && file_read(a, system, LIMIT_CA_BYTES, &bytes, &ignored) == 0)
		TRY(write_all(fd, bytes, e));
	TRY(write_all(fd, S("\n"), e));
	TRY(file_read(a, path, LIMIT_CA_BYTES, &bytes, e));
	return write_all(fd, bytes, e);
}

int ca_file_open(const char *path, struct err *e)
{
	int fd = memfd_create("assay-ca", MFD_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_INTERNAL, "cannot make a CA bundle in memory");
	if (fill(fd, path, e) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * The registry that cold images are measured against: content from one file, an answer after a set latency.
 *   slow-registry PORT CONTENT
 *
 * CONTENT is a row of "NAME TYPE BYTES\n" and so many bytes and "\n"; NAME is the end of a path below /v2/REPOSITORY/, such as
 * "blobs/sha256:...". Every repository holds everything. What is not there is 404; a list of referrers is then empty.
 * Each request waits its own latency, and none waits for another. Beside that:
 *   /bench/latency/MS   wait so long from now on
 *   /bench/log          "CAME ANSWERED STATUS NAME" of each request since the last call, microseconds
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

#define OPEN_CONNECTIONS 1024

struct item {
	const char *name; /* NULL: an empty place of the table */
	const char *type;
	size_t n;
	char *bytes;
};

/* One request. */
struct asked {
	struct MHD_Connection *connection;
	struct asked *next;
	int64_t came_us, due_us;
	bool waited;
};

struct registry {
	struct item *items; /* by the hash of their names, the next free place if it is taken */
	size_t room;        /* a power of two, at least twice what is held */
	int64_t latency_us;
	FILE *log; /* of memory: log_bytes[log_n] */
	char *log_bytes;
	size_t log_n;

	pthread_mutex_t lock; /* of those that wait, in the order of their time */
	pthread_cond_t wake;
	struct asked *first, **end;
};

static void die(const char *what)
{
	fprintf(stderr, "slow-registry: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void *room(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		die("memory");
	return p;
}

/* ---- content ---- */

static char *read_all(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");

	if (!f || fseek(f, 0, SEEK_END) != 0)
		die(path);
	*n = (size_t)ftell(f);
	rewind(f);
	char *p = room(*n + 1);
	if (fread(p, 1, *n, f) != *n)
		die(path);
	fclose(f);
	return p;
}

/* The next word of a line, cut off at its delimiter. */
static char *word(char **at, char delimiter)
{
	char *start = *at, *stop = strchr(start, delimiter);

	if (!stop)
		die("content");
	*stop = '\0';
	*at = stop + 1;
	return start;
}

static size_t count_items(char *p, const char *end)
{
	size_t n = 0;

	for (; p < end; n++) {
		char *line = strchr(p, '\n');
		char *length = line ? memrchr(p, ' ', (size_t)(line - p)) : NULL;
		if (!length)
			die("content");
		p = line + 1 + strtoul(length, NULL, 10) + 1;
	}
	return n;
}

/* The item of a name, or the place where it would be. */
static struct item *find(const struct registry *r, const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (const char *p = name; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	for (;; hash++) {
		struct item *item = &r->items[hash & (r->room - 1)];
		if (!item->name || strcmp(item->name, name) == 0)
			return item;
	}
}

static void load(struct registry *r, const char *path)
{
	size_t n;
	char *at = read_all(path, &n); /* kept until the end */
	char *end = at + n;

	size_t twice = 2 * count_items(at, end);
	for (r->room = 16; r->room < twice;)
		r->room *= 2;
	r->items = room(r->room * sizeof(*r->items));
	while (at < end) {
		struct item item = {.name = word(&at, ' ')};
		item.type = word(&at, ' ');
		item.n = strtoul(word(&at, '\n'), NULL, 10);
		item.bytes = at;
		at += item.n + 1;
		*find(r, item.name) = item;
	}
}

/* ---- answers ---- */

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, const char *type, size_t n,
			     char *bytes, enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(n, bytes, mode);

	if (!response)
		die("memory");
	MHD_add_response_header(response, "Content-Type", type);
	enum MHD_Result ok = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return ok;
}

/* "kind/name" at the end of a path. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	while (slash && slash > path && slash[-1] != '/')
		slash--;
	return slash ? slash : path;
}

static enum MHD_Result content(struct registry *r, const struct asked *asked, const char *name)
{
	static char missing[] = "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}";
	static char none[] = "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index."
			     "v1+json\",\"manifests\":[]}";
	const struct item unknown = {"", "application/json", strlen(missing), missing};
	const struct item empty = {"", "application/vnd.oci.image.index.v1+json", strlen(none),
				   none};
	const struct item *item = find(r, name);
	unsigned status = 200;

	if (!item->name && strncmp(name, "referrers/", 10) == 0) {
		item = &empty;
	} else if (!item->name) {
		status = 404;
		item = &unknown;
	}
	fprintf(r->log, "%lld %lld %u %s\n", (long long)asked->came_us, (long long)clock_mono_us(),
		status, name);
	return reply(asked->connection, status, item->type, item->n, item->bytes,
		     MHD_RESPMEM_PERSISTENT);
}

static void open_log(struct registry *r)
{
	r->log = open_memstream(&r->log_bytes, &r->log_n);
	if (!r->log)
		die("log");
}

static enum MHD_Result command(struct registry *r, struct MHD_Connection *c, const char *name)
{
	static char ok[] = "ok\n";

	if (strncmp(name, "latency/", 8) == 0) {
		r->latency_us = 1000 * strtol(name + 8, NULL, 10);
		return reply(c, 200, "text/plain", strlen(ok), ok, MHD_RESPMEM_PERSISTENT);
	}
	fclose(r->log);
	char *bytes = r->log_bytes;
	size_t n = r->log_n;
	open_log(r);
	return reply(c, 200, "text/plain", n, bytes, MHD_RESPMEM_MUST_FREE);
}

/* ---- waiting ---- */

static void put_off(struct registry *r, struct asked *asked)
{
	asked->waited = true;
	asked->due_us = asked->came_us + r->latency_us;
	MHD_suspend_connection(asked->connection);
	pthread_mutex_lock(&r->lock);
	*r->end = asked;
	r->end = &asked->next;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

static void sleep_until(int64_t us)
{
	const struct timespec t = {us / 1000000, us % 1000000 * 1000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void *resume_all(void *self)
{
	struct registry *r = self;

	for (;;) {
		pthread_mutex_lock(&r->lock);
		while (!r->first)
			pthread_cond_wait(&r->wake, &r->lock);
		struct asked *asked = r->first;
		r->first = asked->next;
		if (!r->first)
			r->end = &r->first;
		pthread_mutex_unlock(&r->lock);
		sleep_until(asked->due_us);
		MHD_resume_connection(asked->connection);
	}
	return NULL;
}

/* ---- requests ---- */

static enum MHD_Result on_request(void *self, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_n, void **state)
{
	struct registry *r = self;
	struct asked *asked = *state;

	(void)method, (void)version, (void)upload, (void)upload_n;
	if (!asked) {
		asked = *state = room(sizeof(*asked));
		asked->connection = c;
		asked->came_us = clock_mono_us();
		return MHD_YES;
	}
	if (strncmp(path, "/bench/", 7) == 0)
		return command(r, c, path + 7);
	if (r->latency_us && !asked->waited) {
		put_off(r, asked);
		return MHD_YES;
	}
	return content(r, asked, name_of(path));
}

static void on_end(void *self, struct MHD_Connection *c, void **state,
		   enum MHD_RequestTerminationCode why)
{
	(void)self, (void)c, (void)why;
	free(*state);
	*state = NULL;
}

int main(int argc, char **argv)
{
	struct registry r = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pthread_t thread;

	if (argc != 3) {
		fprintf(stderr, "usage: slow-registry PORT CONTENT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	at.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	r.end = &r.first;
	load(&r, argv[2]);
	open_log(&r);
	if (pthread_create(&thread, NULL, resume_all, &r) != 0)
		die("thread");
	if (!MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
			      NULL, on_request, &r, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
			      MHD_OPTION_CONNECTION_LIMIT, OPEN_CONNECTIONS,
			      MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END))
		die("listen");
	pthread_join(thread, NULL);
	return 0;
}

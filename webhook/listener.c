#include "webhook/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "webhook/limits.h"

struct listener {
	int fd;
	int stop_fd; /* becomes readable when the thread has to end */
	uint16_t port;
	bool running;
	pthread_t thread;
	struct MHD_Daemon *daemon;
	struct connections *table;
};

struct address {
	char host[256];
	uint16_t port;
	bool any; /* no host: IPv4 and IPv6 */
};

static int address_parse(const char *text, struct address *out, struct err *e)
{
	struct str s = str_of(text);
	size_t colon = str_rfind(s, ':');
	uint64_t port = 0;
	if (colon == SIZE_MAX || !str_to_u64(str_sub(s, colon + 1, s.n), &port) || port > 65535)
		return err_set(e, ERR_USAGE, "address '%.*s': no port; want HOST:PORT or :PORT",
			       STR_ARG(s));
	struct str host = str_sub(s, 0, colon);
	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = str_sub(host, 1, host.n - 1);
	else if (str_has_char(host, ':'))
		return err_set(e, ERR_USAGE, "address '%.*s': an IPv6 host needs brackets",
			       STR_ARG(s));
	if (host.n >= sizeof(out->host))
		return err_set(e, ERR_USAGE, "address '%.*s': too long", STR_ARG(s));
	*out = (struct address){.port = (uint16_t)port, .any = host.n == 0};
	if (host.n > 0)
		memcpy(out->host, host.p, host.n);
	return 0;
}

/* Numbers only: a name would mean a look-up, and this server makes none at its start. */
static int address_resolve(const struct address *a, struct sockaddr_storage *out, socklen_t *size,
			   const char *text, struct err *e)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(a->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};

	if (a->any || inet_pton(AF_INET6, a->host, &v6.sin6_addr) == 1) {
		memcpy(out, &v6, sizeof(v6)); /* zero is "::" */
		*size = sizeof(v6);
	} else if (inet_pton(AF_INET, a->host, &v4.sin_addr) == 1) {
		memcpy(out, &v4, sizeof(v4));
		*size = sizeof(v4);
	} else {
		return err_set(e, ERR_USAGE,
			       "address '%s': want an IP address and a port, not a name", text);
	}
	return 0;
}

static int bind_and_listen(int fd, const struct sockaddr_storage *addr, socklen_t size, bool any)
{
	int on = 1;
	int off = 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, any ? &off : &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)addr, size) < 0)
		return -1;
	return listen(fd, LISTEN_BACKLOG);
}

/* A node without IPv6 has no "::"; then every IPv4 address is meant. */
static int open_socket(struct sockaddr_storage *addr, socklen_t *size, bool any)
{
	int fd = socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && any && errno == EAFNOSUPPORT) {
		struct sockaddr_in v4 = {.sin_family = AF_INET};
		v4.sin_port = ((struct sockaddr_in6 *)addr)->sin6_port;
		memset(addr, 0, sizeof(*addr));
		memcpy(addr, &v4, sizeof(v4));
		*size = sizeof(v4);
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	return fd;
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_storage addr = {0};
	socklen_t size = sizeof(addr);
	if (getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		return 0;
	return ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
						: ((struct sockaddr_in *)&addr)->sin_port);
}

struct listener *listener_new(const char *address, struct err *e)
{
	struct address a;
	struct sockaddr_storage addr = {0};
	socklen_t size = 0;
	if (address_parse(address, &a, e) < 0 || address_resolve(&a, &addr, &size, address, e) < 0)
		return NULL;
	struct listener *l = calloc(1, sizeof(*l));
	if (!l) {
		(void)err_set(e, ERR_MEMORY, "listen on %s: no memory", address);
		return NULL;
	}
	l->fd = open_socket(&addr, &size, a.any);
	l->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->fd < 0 || l->stop_fd < 0 || bind_and_listen(l->fd, &addr, size, a.any) < 0) {
		(void)err_set(e, ERR_IO, "listen on %s: %s", address, strerror(errno));
		listener_free(l);
		return NULL;
	}
	l->port = bound_port(l->fd);
	return l;
}

uint16_t listener_port(const struct listener *l)
{
	return l->port;
}

/* -1 when nothing waits, or nothing can be accepted now. */
static int accept_one(struct listener *l)
{
	struct sockaddr_storage addr = {0};
	socklen_t size = sizeof(addr);
	int on = 1;
	int fd = accept4(l->fd, (struct sockaddr *)&addr, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	connections_expect(l->table);
	/* It closes the socket also when it fails. */
	if (MHD_add_connection(l->daemon, fd, (struct sockaddr *)&addr, size) != MHD_YES)
		connections_unexpect(l->table);
	return 0;
}

static bool is_passing(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

static void *accept_thread(void *self)
{
	struct listener *l = self;
	struct pollfd fds[2] = {{.fd = l->stop_fd, .events = POLLIN},
				{.fd = l->fd, .events = POLLIN}};
	bool complained = false;
	for (;;) {
		bool room = connections_make_room(l->table, clock_mono_us() / 1000);
		(void)poll(fds, room ? 2 : 1, room ? -1 : 5);
		if (fds[0].revents != 0)
			return NULL;
		if (!room || fds[1].revents == 0 || accept_one(l) == 0 || is_passing(errno))
			continue;
		if (!complained)
			log_msg(LOG_WARNING, "cannot accept a connection: %s", strerror(errno));
		complained = true;
		(void)poll(fds, 1, 50);
	}
}

int listener_start(struct listener *l, struct MHD_Daemon *daemon, struct connections *table,
		   struct err *e)
{
	l->daemon = daemon;
	l->table = table;
	int rc = pthread_create(&l->thread, NULL, accept_thread, l);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "accepting thread: %s", strerror(rc));
	l->running = true;
	return 0;
}

void listener_stop(struct listener *l)
{
	uint64_t one = 1;
	if (l->running) {
		ssize_t n = write(l->stop_fd, &one, sizeof(one));
		if (n < 0)
			BUG("eventfd: %s", strerror(errno));
		pthread_join(l->thread, NULL);
		l->running = false;
		while (accept_one(l) == 0)
			;
	}
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	listener_stop(l);
	if (l->stop_fd >= 0)
		close(l->stop_fd);
	free(l);
}

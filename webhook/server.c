/* Start and stop: the parts in their order, and what libmicrohttpd is told. */
#include "webhook/server.h"

#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "core/log.h"
#include "webhook/admin.h"
#include "webhook/inside.h"
#include "webhook/limits.h"
#include "webhook/request.h"
#include "webhook/watcher.h"

/* The listener bounds connections. The library must not: version 0.9.75 locks itself up for good when a
 * connection handed to it is one too many. */
#define NEVER_REACHED (1u << 24)

/* ---- connections ---- */

static int handshake_hook(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
			  const gnutls_datum_t *message)
{
	/* libmicrohttpd keeps the session's own pointer for itself; no session database is used. */
	struct connection *connection = gnutls_db_get_ptr(session);
	(void)type;
	(void)when;
	(void)message;
	if (incoming && connection)
		connection_handshaken(connection, clock_mono_us() / 1000);
	return 0;
}

static struct connection *open_review(struct server *s, struct MHD_Connection *c, int fd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	struct err e = {0};
	struct connection *connection =
		connection_open(s->reviews.connections, fd, server_mono_ms(s));
	if (!connection || !info)
		return connection;
	struct tls_pair *pair = tls_acquire(s->tls);
	gnutls_session_t session = (gnutls_session_t)info->tls_session;
	connection->tls = pair;
	gnutls_db_set_ptr(session, connection);
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
					   handshake_hook);
	/* Without it the session has no certificate and its handshake fails. */
	if (pair && tls_attach(pair, session, &e) < 0)
		log_msg(LOG_WARNING, "%s", e.text);
	return connection;
}

static void close_review(struct server *s, struct connection *connection)
{
	struct tls_pair *pair = connection->tls;
	if (connection_close(s->reviews.connections, connection))
		metrics_rejected(s->metrics, REJECTED_TLS, 1);
	tls_release(s->tls, pair);
}

static int descriptor_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

static void review_connection(void *server, struct MHD_Connection *c, void **context,
			      enum MHD_ConnectionNotificationCode code)
{
	struct server *s = server;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = open_review(s, c, descriptor_of(c));
	else if (*context)
		close_review(s, *context);
}

static void admin_connection(void *server, struct MHD_Connection *c, void **context,
			     enum MHD_ConnectionNotificationCode code)
{
	struct server *s = server;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		struct connection *connection =
			connection_open(s->admin.connections, descriptor_of(c), server_mono_ms(s));
		*context = connection;
	} else if (*context) {
		(void)connection_close(s->admin.connections, *context);
	}
}

/* What the library has to say is about peers that went away; only at debug. That it refused a request by
 * itself it tells nobody in another way. `server`: the one whose reviews it serves, or NULL. */
__attribute__((format(printf, 2, 0))) static void library_log(void *server, const char *format,
							      va_list args)
{
	struct server *s = server;
	char text[512];
	struct log_line l;
	if (s && str_starts(str_of(format), S("Error processing request")))
		metrics_rejected(s->metrics, REJECTED_MALFORMED, 1);
	if (!log_enabled(LOG_DEBUG))
		return;
	int n = vsnprintf(text, sizeof(text), format, args);
	size_t size = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
	log_begin(&l, LOG_DEBUG, "http library");
	log_str(&l, "err", str_trim((struct str){text, size}));
	log_end(&l);
}

/* Every session is given its credentials when its connection opens (open_review); this one, which the
 * library insists on, has none to give. */
static int no_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
			  gnutls_pcert_st **pcert, unsigned *pcert_n, gnutls_ocsp_data_st **ocsp,
			  unsigned *ocsp_n, gnutls_privkey_t *key, unsigned *flags)
{
	(void)session;
	(void)info;
	(void)pcert;
	(void)pcert_n;
	(void)ocsp;
	(void)ocsp_n;
	(void)key;
	(void)flags;
	return -1;
}

/* ---- start ---- */

static unsigned cpu_count(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > LIMIT_THREADS ? LIMIT_THREADS : (unsigned)n;
}

static void fill_defaults(struct server_config *c)
{
	c->threads = c->threads ? c->threads : cpu_count();
	c->max_body_bytes = c->max_body_bytes ? c->max_body_bytes : LIMIT_BODY_BYTES;
	c->max_in_flight = c->max_in_flight ? c->max_in_flight : LIMIT_IN_FLIGHT;
	c->max_connections = c->max_connections ? c->max_connections : LIMIT_CONNECTIONS;
	c->slow_ms = c->slow_ms > 0 ? c->slow_ms : SLOW_S * 1000;
	c->contact = c->contact ? c->contact : "";
}

/* Every connection takes a descriptor; the soft limit is often 1,024. Where the hard one is too low there
 * are fewer connections: without descriptors none of the waiting ones would be closed to make room. */
static void fit_descriptor_limit(struct server_config *c)
{
	rlim_t others = LIMIT_ADMIN_CONNECTIONS + 128;
	rlim_t want = (rlim_t)c->max_connections + others;
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= want)
		return;
	limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 && getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur >= want)
		return;
	c->max_connections = (unsigned)(limit.rlim_cur > 2 * others ? limit.rlim_cur - others
								    : limit.rlim_cur / 2);
	log_msg(LOG_WARNING,
		"file descriptors: %llu are allowed, %llu would be needed; at most %u connections",
		(unsigned long long)limit.rlim_cur, (unsigned long long)want, c->max_connections);
}

static int start_reviews(struct server *s, struct err *e)
{
	const struct server_config *c = &s->config;
	struct MHD_OptionItem pool[] = {
		{c->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
		 (intptr_t)c->threads, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	s->reviews.daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_USE_ITC |
			MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME,
		0, NULL, NULL, request_handle, s, MHD_OPTION_EXTERNAL_LOGGER, library_log, s,
		MHD_OPTION_NOTIFY_CONNECTION, review_connection, s, MHD_OPTION_NOTIFY_COMPLETED,
		request_completed, s, MHD_OPTION_URI_LOG_CALLBACK, request_line, s,
		MHD_OPTION_HTTPS_CERT_CALLBACK2, no_certificate, MHD_OPTION_HTTPS_PRIORITIES,
		TLS_PRIORITIES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
		MHD_OPTION_CONNECTION_LIMIT, NEVER_REACHED, MHD_OPTION_TLS_NO_ALPN, 1,
		MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
	if (!s->reviews.daemon)
		return err_set(e, ERR_INTERNAL, "HTTPS server: the library did not start it");
	return listener_start(s->reviews.listener, s->reviews.daemon, s->reviews.connections, e);
}

static int start_admin(struct server *s, struct err *e)
{
	s->admin.daemon =
		MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC |
					 MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG,
				 0, NULL, NULL, admin_handle, s, MHD_OPTION_EXTERNAL_LOGGER,
				 library_log, NULL, MHD_OPTION_NOTIFY_CONNECTION, admin_connection,
				 s, MHD_OPTION_NOTIFY_COMPLETED, admin_completed, s,
				 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)ADMIN_TIMEOUT_S,
				 MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				 (size_t)ADMIN_CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_LIMIT,
				 (unsigned)LIMIT_ADMIN_CONNECTIONS + 64, MHD_OPTION_END);
	if (!s->admin.daemon)
		return err_set(e, ERR_INTERNAL, "probe server: the library did not start it");
	return listener_start(s->admin.listener, s->admin.daemon, s->admin.connections, e);
}

static int make_parts(struct server *s, struct err *e)
{
	const struct server_config *c = &s->config;
	s->store = store_new();
	s->tls = tls_new();
	s->metrics = metrics_new(c->version, c->revision);
	s->arenas = arenas_new();
	s->backends = s->metrics ? backends_new(c, s->metrics) : NULL;
	s->reviews.connections = connections_new(c->max_connections, c->slow_ms);
	s->admin.connections = connections_new(LIMIT_ADMIN_CONNECTIONS, ADMIN_TIMEOUT_S * 1000);
	if (!s->store || !s->tls || !s->metrics || !s->arenas || !s->backends ||
	    !s->reviews.connections || !s->admin.connections)
		return err_set(e, ERR_MEMORY, "server: no memory");
	s->reload = reload_new(c, s->store, s->tls, s->backends, s->metrics);
	if (!s->reload)
		return err_set(e, ERR_MEMORY, "server: no memory");
	return 0;
}

/* What the configuration names: whatever is wrong there is said at once. */
static void take_configuration(struct server *s, struct problems *problems,
			       struct server_errors *errors)
{
	struct err *e = errors->items;
	errors->n += reload_first_policies(s->reload, problems, &e[errors->n]) < 0;
	errors->n += reload_first_certificate(s->reload, &e[errors->n]) < 0;
	errors->n += reload_first_registries(s->reload, problems, &e[errors->n]) < 0;
	s->reviews.listener = listener_new(s->config.listen, &e[errors->n]);
	errors->n += !s->reviews.listener;
	s->admin.listener = listener_new(s->config.metrics_listen, &e[errors->n]);
	errors->n += !s->admin.listener;
}

/* Accepting comes last: the first connection finds everything in place. */
static int start_threads(struct server *s, struct err *e)
{
	TRY(watcher_start(s, e));
	TRY(start_reviews(s, e));
	return start_admin(s, e);
}

static void start_parts(struct server *s, struct problems *problems, struct server_errors *errors)
{
	if (make_parts(s, &errors->items[0]) < 0)
		errors->n = 1;
	else
		take_configuration(s, problems, errors);
	if (errors->n == 0 && start_threads(s, &errors->items[0]) < 0)
		errors->n = 1;
}

struct server *server_start(const struct server_config *c, struct problems *problems,
			    struct server_errors *errors)
{
	struct server *s = calloc(1, sizeof(*s));
	struct log_line l;
	*errors = (struct server_errors){0};
	if (!s) {
		(void)err_set(&errors->items[0], ERR_MEMORY, "server: no memory");
		errors->n = 1;
		return NULL;
	}
	s->config = *c;
	fill_defaults(&s->config);
	fit_descriptor_limit(&s->config);
	start_parts(s, problems, errors);
	if (errors->n > 0) {
		server_free(s);
		return NULL;
	}
	log_begin(&l, LOG_INFO, "serving");
	log_str(&l, "version", str_of(s->config.version));
	log_int(&l, "port", server_port(s));
	log_int(&l, "metrics_port", server_metrics_port(s));
	log_int(&l, "threads", (int64_t)s->config.threads);
	log_end(&l);
	return s;
}

uint16_t server_port(const struct server *s)
{
	return listener_port(s->reviews.listener);
}

uint16_t server_metrics_port(const struct server *s)
{
	return listener_port(s->admin.listener);
}

void server_reload(struct server *s, bool force)
{
	reload_again(s->reload, force);
	arenas_trim(s->arenas);
}

static void side_stop(struct side *side)
{
	listener_free(side->listener);
	if (side->daemon)
		MHD_stop_daemon(side->daemon);
	side->listener = NULL;
	side->daemon = NULL;
}

void server_end_waiting(struct server *s)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	atomic_store(&s->ending, true);
	backends_stop(s->backends);
	/* Whoever did not see `ending` has counted itself before. */
	while (atomic_load(&s->waiting) > 0)
		nanosleep(&moment, NULL);
}

bool server_is_idle(struct server *s)
{
	return backends_idle(s->backends);
}

void server_free(struct server *s)
{
	if (!s)
		return;
	/* The library aborts when it is stopped with a suspended connection. */
	if (s->backends)
		server_end_waiting(s);
	side_stop(&s->reviews);
	side_stop(&s->admin);
	watcher_stop(s);
	connections_free(s->reviews.connections);
	connections_free(s->admin.connections);
	reload_free(s->reload);
	backends_free(s->backends);
	arenas_free(s->arenas);
	metrics_free(s->metrics);
	tls_free(s->tls);
	store_free(s->store);
	free(s);
}

const char *server_library_version(void)
{
	return MHD_get_version();
}

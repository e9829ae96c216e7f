/*
 * The table of open connections, and who has overstayed.
 *
 * libmicrohttpd knows one limit for inactivity. A sender that trickles a byte at a time is never
 * inactive, so every phase of a connection has an end of its own here, and a thread of the server cuts
 * off what is past it by shutting the socket down; libmicrohttpd then sees the end of the stream and
 * cleans up. A connection leaves the table before its descriptor is closed, and sockets are only shut
 * down under the table's lock: a descriptor that is used again can never be hit.
 *
 * All functions may be called by any thread; those on one connection by the thread that serves it.
 */
#ifndef ASSAY_WEBHOOK_CONNECTIONS_H
#define ASSAY_WEBHOOK_CONNECTIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero is the phase that the peer has to end by itself. */
enum connection_phase {
	CONNECTION_WAITING = 0, /* handshake, headers, or nothing at all */
	CONNECTION_BODY,        /* headers are in, the body is coming */
	CONNECTION_JUDGING,     /* a thread of ours works on it, or a registry is asked */
	CONNECTION_ANSWERING,   /* the answer is on its way */
};

struct connection {
	struct connection *prev, *next; /* in the table, newest last; the table's lock */
	int fd;
	void *tls; /* the certificate in use; the owner's */
	int64_t opened_ms;
	/* When the phase began (WAITING) or has to end (others), and the phase: one word, so that the
	 * two are never read apart. */
	_Atomic uint64_t phase;
	_Atomic bool handshaken;
	_Atomic bool cut;
	_Atomic uint32_t served; /* requests answered */
	bool client_checked;     /* the serving thread's: the client's certificate was looked at */
	bool client_ok;
	int64_t timeout_ms; /* the serving thread's: of the request that is coming in */
	/* The looking thread's: */
	uint64_t seen_phase;   /* the word at the last look */
	uint64_t seen_bytes;   /* what had come in when this wait began */
	int64_t first_byte_ms; /* when more was seen for the first time; 0: not yet */
};

struct connections;

/* At most `max` connections; slow_ms for handshake and headers after the first byte of either, and for
 * the rest as connection_body() says. NULL: no memory. */
struct connections *connections_new(size_t max, int64_t slow_ms);
void connections_free(struct connections *t); /* must be empty; NULL is fine */

size_t connections_count(struct connections *t);
/* Is there room for one more? Above 90 % of the limit the longest waiting connection is closed first. */
bool connections_make_room(struct connections *t, int64_t now_ms);

/* One more has been accepted and is on its way to connection_open(); it takes its place from now on. */
void connections_expect(struct connections *t);
/* It never came. */
void connections_unexpect(struct connections *t);
/* Put a new one in, which was expected. NULL: no memory. */
struct connection *connection_open(struct connections *t, int fd, int64_t now_ms);
/* Take it out and free it, before its descriptor is closed. True if it had sent something but its TLS
 * handshake was never done, and we did not cut it off. */
bool connection_close(struct connections *t, struct connection *c);

void connection_handshaken(struct connection *c, int64_t now_ms);
/* `received` bytes of body so far, since start_ms: each LIMIT_SLOW_RATE of them buy a second. */
void connection_body(const struct connections *t, struct connection *c, int64_t start_ms,
		     uint64_t received);
void connection_judging(struct connection *c, int64_t now_ms);
/* The review waits for a registry until until_ms: it is not stuck before. */
void connection_gathering(struct connection *c, int64_t until_ms);
void connection_answering(struct connection *c, int64_t now_ms);
void connection_waiting(struct connection *c, int64_t now_ms);

struct connections_look {
	size_t slow;    /* cut off now */
	size_t evicted; /* closed to make room since the last look */
	size_t stuck;   /* worked on by us for longer than STUCK_S */
};
/* Cut off what is overdue. One thread at a time. */
struct connections_look connections_look(struct connections *t, int64_t now_ms);
/* Close those that wait and have sent nothing since the last look at this phase. The same thread. */
void connections_close_idle(struct connections *t, int64_t now_ms);
#endif

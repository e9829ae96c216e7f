/*
 * A listening socket and the thread that accepts from it.
 *
 * libmicrohttpd is given accepted connections, and does not listen itself: its way to stop listening
 * while a thread pool runs can abort the process, and here connections are spread evenly over the pool
 * and wait in the kernel while there is no room.
 */
#ifndef ASSAY_WEBHOOK_LISTENER_H
#define ASSAY_WEBHOOK_LISTENER_H

#include <stdint.h>

#include "core/err.h"
#include "webhook/connections.h"

struct MHD_Daemon;
struct listener;

/* Bind and listen on ":10250" (IPv4 and IPv6), "127.0.0.1:10250" or "[::1]:10250". Nothing is accepted
 * yet. NULL with *e (USAGE: the address; IO). */
struct listener *listener_new(const char *address, struct err *e);
uint16_t listener_port(const struct listener *l);

/* Accept, and hand over to `daemon` whenever `table` has room. Both outlive the listener. */
int listener_start(struct listener *l, struct MHD_Daemon *daemon, struct connections *table,
		   struct err *e) MUST_USE;
/* Hand over what waits in the kernel, then close the socket. Blocks shortly. Twice is fine. */
void listener_stop(struct listener *l);
void listener_free(struct listener *l); /* stops; NULL is fine */

#endif

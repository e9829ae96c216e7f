/*
 * One HTTP request for a review: what libmicrohttpd calls, and what becomes of it.
 *
 * A request that cannot be a review is refused only after its body has been taken in, and thrown away:
 * a connection that closes on unread data can lose the answer on its way. spec: admission 3
 */
#ifndef ASSAY_WEBHOOK_REQUEST_H
#define ASSAY_WEBHOOK_REQUEST_H

#include <microhttpd.h>

#include "webhook/inside.h"

/* libmicrohttpd's access handler; `server` is the struct server. Called for the headers, for each piece
 * of the body, and once more at its end. */
enum MHD_Result request_handle(void *server, struct MHD_Connection *c, const char *url,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_size, void **request);

/* Its notice that a request is over, whatever became of it. */
void request_completed(void *server, struct MHD_Connection *c, void **request,
		       enum MHD_RequestTerminationCode why);

/* Its notice of the request line, with the query string still raw. */
void *request_line(void *server, const char *uri, struct MHD_Connection *c);

/* Should this connection end with the answer to come? Draining, or it has served its time. */
bool request_should_close(const struct server *s, const struct connection *c);

/* The body is there: judge it and queue the answer (webhook/judge.c). */
struct judgement {
	struct server *server;
	struct MHD_Connection *mhd;
	struct connection *connection;
	struct workspace *workspace;
	int64_t started_us;
	struct deadline deadline;
};
enum MHD_Result judge(const struct judgement *j);

#endif

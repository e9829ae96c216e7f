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
#include "webhook/review.h"

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

/* Where the answers to questions about signatures came from. */
enum judgement_source { JUDGEMENT_ASKED_NOBODY = 0, JUDGEMENT_CACHE, JUDGEMENT_REGISTRY };

/* One review from its body to its answer. Belongs to the thread that serves the connection; while it
 * waits, to nobody but the pool, which calls back once. */
struct judgement {
	struct server *server;
	struct MHD_Connection *mhd;
	struct connection *connection;
	struct workspace *workspace;
	int64_t started_us;
	int64_t timeout_ms; /* how long the API server listens, less the margin */
	struct deadline deadline;
	/* Suspended: judge_again() comes next, or judge_abandon(). */
	bool waiting;
	/* Of judge.c and gather.c, zero before. All of it lives until the answer. */
	struct review review;
	struct engine engine;
	struct policy_ref *policies;
	struct backend *backend;
	struct evidence_ask *ask;
	struct evidence *answers; /* to the engine's questions; NULL: none */
	enum judgement_source source;
	int64_t asked_us;
	int64_t waited_us;
};

/* The body is there: judge it and queue the answer, or suspend the connection (webhook/judge.c). */
enum MHD_Result judge(struct judgement *j);
/* It was resumed: queue the answer. */
enum MHD_Result judge_again(struct judgement *j);
/* It was resumed only to be closed, because its peer is gone or the server stops: the decision goes on
 * record. Fine for one that does not wait. */
void judge_abandon(struct judgement *j);

/* webhook/gather.c: ask what the engine asks. True: the connection is suspended until the answers are
 * there or the deadline has passed. False: what can be known is known. */
bool gather_start(struct judgement *j);
/* After it was resumed: take the answers. */
void gather_finish(struct judgement *j);

#endif

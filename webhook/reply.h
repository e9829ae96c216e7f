/* Answers of the HTTP layer, the same for reviews and probes. */
#ifndef ASSAY_WEBHOOK_REPLY_H
#define ASSAY_WEBHOOK_REPLY_H

#include <microhttpd.h>
#include <stdbool.h>

#include "core/str.h"

struct reply {
	unsigned status;
	const char *type;  /* content type */
	struct str body;   /* copied */
	const char *allow; /* Allow: of a 405, or NULL */
	bool retry_after;  /* Retry-After: 1 */
	bool close;        /* Connection: close */
};

#define TYPE_TEXT "text/plain; charset=utf-8"

/* Queue it. MHD_NO, which ends the connection, when there is no memory. */
enum MHD_Result reply_queue(struct MHD_Connection *c, const struct reply *r);

#endif

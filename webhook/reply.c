#include "webhook/reply.h"

static bool header(struct MHD_Response *r, const char *key, const char *value)
{
	return MHD_add_response_header(r, key, value) == MHD_YES;
}

enum MHD_Result reply_queue(struct MHD_Connection *c, const struct reply *r)
{
	/* The library copies; its parameter is not const because other modes take the buffer over. */
	void *body = (void *)(uintptr_t)r->body.p;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(r->body.n, body, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	bool ok = header(response, MHD_HTTP_HEADER_CONTENT_TYPE, r->type);
	if (r->allow)
		ok = ok && header(response, MHD_HTTP_HEADER_ALLOW, r->allow);
	if (r->retry_after)
		ok = ok && header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	if (r->close)
		ok = ok && header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	enum MHD_Result result = ok ? MHD_queue_response(c, r->status, response) : MHD_NO;
	MHD_destroy_response(response);
	return result;
}

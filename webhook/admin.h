/* Probes and metrics over plain HTTP: /healthz, /readyz, /metrics. Neither asks a registry. */
#ifndef ASSAY_WEBHOOK_ADMIN_H
#define ASSAY_WEBHOOK_ADMIN_H

#include <microhttpd.h>

#include "webhook/inside.h"

/* libmicrohttpd's access handler; `server` is the struct server. */
enum MHD_Result admin_handle(void *server, struct MHD_Connection *c, const char *url,
			     const char *method, const char *version, const char *upload,
			     size_t *upload_size, void **request);
void admin_completed(void *server, struct MHD_Connection *c, void **request,
		     enum MHD_RequestTerminationCode why);

#endif

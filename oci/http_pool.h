/* The inside of struct http_pool, for oci/http.c alone. */
#ifndef ASSAY_OCI_HTTP_POOL_H
#define ASSAY_OCI_HTTP_POOL_H

#include <curl/curl.h>

#include "oci/http.h"

/* A handle whose connections were opened for an equal key, or a new one; all options unset. NULL: no
 * memory. */
CURL *http_pool_take(struct http_pool *p, const char *key);
/* Back for the next one; the oldest goes when there are too many. */
void http_pool_give(struct http_pool *p, const char *key, CURL *easy);
const char *http_pool_user_agent(const struct http_pool *p);

#endif

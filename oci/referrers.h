/* Lists of referrers, page by page: what the client and the recorded folder share. */
#ifndef ASSAY_OCI_REFERRERS_H
#define ASSAY_OCI_REFERRERS_H

#include "core/err.h"
#include "oci/source.h"

/* Add what `filter` wants of one page (an index) to *out, in `a`; out->truncated when there is more
 * than the limit. The page itself may go. By the tag schema an image manifest lists nothing. Errors: INPUT (no index), LIMIT. */
int referrers_add(struct arena *a, struct str page, struct str content_type,
		  const struct registry_filter *filter, struct registry_referrers *out,
		  struct err *e) MUST_USE;

#endif

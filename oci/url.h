/* Addresses that a registry or its configuration names: parsed once, compared part by part. */
#ifndef ASSAY_OCI_URL_H
#define ASSAY_OCI_URL_H

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"
#include "core/text.h"

struct url {
	struct str text; /* NUL-terminated, without fragment */
	bool https;      /* else http: there are no others */
	struct str name; /* lower case; IPv6 without brackets */
	struct str host; /* name, IPv6 in brackets, and port unless it is the scheme's own */
	struct str path; /* begins with '/' */
};

/* `text`, if it is relative from `base` (NULL: it must be whole). Errors: INPUT, "no https address" ...;
 * user names in addresses are refused. In `a`. */
int url_parse(struct arena *a, const struct url *base, struct str text, struct url *out,
	      struct err *e) MUST_USE;

/* Same scheme, name and port? */
bool url_same_origin(const struct url *a, const struct url *b);

/* "https://host": all of an address that may be shown, for paths and queries hold secrets. */
void url_put_origin(struct text *t, const struct url *u);

#endif

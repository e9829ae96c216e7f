/*
 * PEM: the one block of a text, strictly.
 *
 * Text before and after the block is allowed, as openssl writes it, and so are CRLF line ends. A
 * second block, header lines inside it, or base64 that is not strict are errors: a file with two keys
 * must not silently mean its first. Any thread.
 * source: RFC 7468 section 3 (lax: explanatory text)
 */
#ifndef ASSAY_SIGSTORE_PEM_H
#define ASSAY_SIGSTORE_PEM_H

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

struct pem {
	struct str label; /* "PUBLIC KEY"; borrows from the text */
	struct str der;   /* in the arena */
};

/* The only block of `text`. Errors: INPUT, LIMIT; their texts name what is wrong and quote nothing
 * but the label. */
int pem_parse(struct arena *a, struct str text, struct pem *out, struct err *e) MUST_USE;

#endif

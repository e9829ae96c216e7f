/*
 * DER, read strictly: definite and shortest lengths, tags of one byte, no recursion. A reader is a
 * slice that shrinks from the front; it and what comes out of it borrow from the caller's bytes.
 * Nothing is allocated. Any thread.
 * source: X.690 sections 8 and 10
 */
#ifndef ASSAY_SIGSTORE_DER_H
#define ASSAY_SIGSTORE_DER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"

/* Identifier octets of what Sigstore needs. */
#define DER_BOOLEAN 0x01
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_OID 0x06
#define DER_UTF8_STRING 0x0C
#define DER_GENERALIZED_TIME 0x18
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT(n) (0xA0 | (n))           /* [n], constructed */
#define DER_CONTEXT_PRIMITIVE(n) (0x80 | (n)) /* [n], primitive */

struct der_item {
	unsigned char tag;
	struct str value; /* the content octets */
	struct str whole; /* identifier, length and content */
};

/* The next item of *rest, which moves behind it. False: none is left, or it is not DER; then *rest
 * stays. */
bool der_next(struct str *rest, struct der_item *out);
/* The same, and it must have this tag. */
bool der_take(struct str *rest, unsigned char tag, struct str *value);
/* The same where it may be absent: true and an empty slice (p NULL) when something else, or
 * nothing, follows. */
bool der_take_optional(struct str *rest, unsigned char tag, struct str *value);
/* `bytes` is one item of this tag and nothing else. */
bool der_only(struct str bytes, unsigned char tag, struct str *value);

/* Content octets of an INTEGER: not negative, shortest form, at most 63 bits. */
bool der_small(struct str value, int64_t *out);
/* Content octets of a GeneralizedTime in UTC, "YYYYMMDDHHMMSS[.f...]Z", the fraction without
 * trailing zeros: milliseconds since 1970, rounded down. */
bool der_time(struct str value, int64_t *unix_ms);

/* Write the identifier and length octets of an item with n content octets (below 4 GiB); returns
 * how many (2 to 6). */
#define DER_HEADER_BYTES 6
size_t der_header(unsigned char tag, size_t n, unsigned char out[DER_HEADER_BYTES]);

#endif

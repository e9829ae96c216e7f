/*
 * Which network addresses may be contacted. Names come from images and redirects, so an address is
 * judged when the socket is opened, after the name was resolved. spec: sigstore section 10
 */
#ifndef ASSAY_OCI_ADDRESS_H
#define ASSAY_OCI_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

struct sockaddr;

/* IPv4 is kept as ::ffff:a.b.c.d. */
struct address {
	uint8_t bytes[16];
};

enum address_class {
	ADDRESS_OTHER = 0,  /* unspecified, multicast, reserved: never contacted */
	ADDRESS_LINK_LOCAL, /* 169.254.0.0/16 with the metadata services, fe80::/10 */
	ADDRESS_LOOPBACK,
	ADDRESS_PRIVATE, /* RFC 1918, RFC 4193, RFC 6598, RFC 2544 */
	ADDRESS_PUBLIC,
};

struct address_network {
	struct address address;
	unsigned bits; /* of 128 */
};

/* What beside public addresses is allowed. Zero: nothing. */
struct address_rule {
	bool private_too;                       /* PRIVATE and LOOPBACK */
	const struct address_network *networks; /* whatever is in them, but OTHER */
	size_t n_networks;
	const struct address_network *more; /* a second list */
	size_t n_more;
};

/* An address without port or brackets; false for anything else. */
bool address_parse(struct str s, struct address *out);
/* "10.0.0.0/8", "fd00::/8", or one address. False: not that, or bits set beyond the prefix. */
bool address_network_parse(struct str s, struct address_network *out);
/* False for families other than IPv4 and IPv6. */
bool address_of_socket(const struct sockaddr *sa, struct address *out);

/* IPv4 inside IPv6 (mapped, NAT64, 6to4) is judged as the IPv4 it leads to. */
enum address_class address_class_of(const struct address *a);
/* Is it in one of the rule's networks? */
bool address_in(const struct address_rule *r, const struct address *a);
/* NULL if the address may be contacted, else why not: "a link-local address". */
const char *address_refusal(const struct address_rule *r, const struct address *a);
void address_format(const struct address *a, char out[48]);

#endif

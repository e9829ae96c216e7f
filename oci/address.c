#include "oci/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

struct range {
	uint8_t bytes[16];
	unsigned bits;
	enum address_class class;
};

/* The first that holds the address decides. source: IANA IPv4 Special-Purpose Address Registry */
static const struct range ranges4[] = {
	{{0}, 8, ADDRESS_OTHER},
	{{10}, 8, ADDRESS_PRIVATE},
	{{100, 64}, 10, ADDRESS_PRIVATE},
	{{127}, 8, ADDRESS_LOOPBACK},
	{{169, 254}, 16, ADDRESS_LINK_LOCAL},
	{{172, 16}, 12, ADDRESS_PRIVATE},
	{{192, 0, 0}, 24, ADDRESS_OTHER},
	{{192, 168}, 16, ADDRESS_PRIVATE},
	{{198, 18}, 15, ADDRESS_PRIVATE},
	{{224}, 3, ADDRESS_OTHER},
	{{0}, 0, ADDRESS_PUBLIC},
};

/* Only 2000::/3 is public. source: IANA IPv6 Special-Purpose Address Registry */
static const struct range ranges6[] = {
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, ADDRESS_LOOPBACK},
	{{0xFC}, 7, ADDRESS_PRIVATE},
	{{0xFE, 0x80}, 10, ADDRESS_LINK_LOCAL},
	{{0xFE, 0xC0}, 10, ADDRESS_PRIVATE},
	{{0x20}, 3, ADDRESS_PUBLIC},
	{{0}, 0, ADDRESS_OTHER},
};

static bool has_prefix(const uint8_t *a, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	if (whole && memcmp(a, prefix, whole) != 0)
		return false;
	return !rest || ((a[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

static enum address_class class_of(const struct range *r, const uint8_t *bytes)
{
	while (!has_prefix(bytes, r->bytes, r->bits))
		r++;
	return r->class;
}

/* The IPv4 address that an IPv6 one leads to, or NULL.
 * source: RFC 4291 section 2.5.5, RFC 6052 section 2.1, RFC 3056 section 2 */
static const uint8_t *embedded(const struct address *a)
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xFF, 0x9B};
	static const uint8_t six_to_four[2] = {0x20, 0x02};
	if (memcmp(a->bytes, mapped, sizeof(mapped)) == 0 ||
	    memcmp(a->bytes, nat64, sizeof(nat64)) == 0)
		return a->bytes + 12;
	if (memcmp(a->bytes, six_to_four, sizeof(six_to_four)) == 0)
		return a->bytes + 2;
	return NULL;
}

enum address_class address_class_of(const struct address *a)
{
	const uint8_t *v4 = embedded(a);
	return v4 ? class_of(ranges4, v4) : class_of(ranges6, a->bytes);
}

bool address_parse(struct str s, struct address *out)
{
	char z[INET6_ADDRSTRLEN];
	struct address a;
	if (!s.n || s.n >= sizeof(z) || memchr(s.p, '\0', s.n))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	memcpy(a.bytes, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, z, a.bytes + 12) != 1 && inet_pton(AF_INET6, z, a.bytes) != 1)
		return false;
	*out = a;
	return true;
}

static bool is_clear_from(const struct address *a, unsigned bits)
{
	for (unsigned i = bits; i < 128; i++) {
		if (a->bytes[i / 8] & (0x80u >> (i % 8)))
			return false;
	}
	return true;
}

bool address_network_parse(struct str s, struct address_network *out)
{
	struct str head = s, tail;
	uint64_t bits = 128;
	struct address a;
	bool prefix = str_cut(s, '/', &head, &tail);
	if (!address_parse(head, &a))
		return false;
	unsigned most = str_has_char(head, ':') ? 128 : 32;
	if (prefix && (!str_to_u64(tail, &bits) || bits > most))
		return false;
	if (prefix)
		bits += 128 - most;
	if (!is_clear_from(&a, (unsigned)bits))
		return false;
	*out = (struct address_network){a, (unsigned)bits};
	return true;
}

bool address_of_socket(const struct sockaddr *sa, struct address *out)
{
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof(in));
		memcpy(out->bytes, mapped, sizeof(mapped));
		memcpy(out->bytes + 12, &in.sin_addr, 4);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, sa, sizeof(in6));
		memcpy(out->bytes, &in6.sin6_addr, 16);
		return true;
	}
	return false;
}

/* A network of IPv4 addresses also holds the IPv6 spellings of them. */
static bool is_in_one(const struct address_network *n, size_t count, const struct address *a)
{
	const uint8_t *v4 = embedded(a);
	struct address plain = *a;
	if (v4) {
		memcpy(plain.bytes, mapped, sizeof(mapped));
		memcpy(plain.bytes + 12, v4, 4);
	}
	for (size_t i = 0; i < count; i++) {
		if (has_prefix(plain.bytes, n[i].address.bytes, n[i].bits))
			return true;
	}
	return false;
}

bool address_in(const struct address_rule *r, const struct address *a)
{
	return is_in_one(r->networks, r->n_networks, a) || is_in_one(r->more, r->n_more, a);
}

const char *address_refusal(const struct address_rule *r, const struct address *a)
{
	enum address_class class = address_class_of(a);
	if (class == ADDRESS_PUBLIC)
		return NULL;
	if (class == ADDRESS_OTHER)
		return "an address of no host";
	if (address_in(r, a))
		return NULL;
	if (class == ADDRESS_LINK_LOCAL)
		return "a link-local address";
	if (r->private_too)
		return NULL;
	return class == ADDRESS_LOOPBACK ? "a loopback address" : "a private address";
}

void address_format(const struct address *a, char out[48])
{
	bool v4 = memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
	if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->bytes + 12 : a->bytes, out, 48))
		out[0] = '\0';
}

/*
 * Any bytes as DER. Items and what is left of them stay inside, none is empty of its head, and a head
 * written anew is the one that was read. Numbers and times are in their range.
 */
#include "sigstore/der.h"

#include "core/err.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static void check_item(const struct der_item *item)
{
	unsigned char head[DER_HEADER_BYTES];
	size_t n = der_header(item->tag, item->value.n, head);
	struct str value;
	int64_t v = -1;

	REQUIRE(item->whole.n == n + item->value.n && item->value.p == item->whole.p + n);
	REQUIRE(memcmp(head, item->whole.p, n) == 0);
	REQUIRE(der_only(item->whole, item->tag, &value) && str_eq(value, item->value));
	if (der_small(item->value, &v))
		REQUIRE(v >= 0);
	if (der_time(item->value, &v))
		REQUIRE(v >= INT64_C(-62167219200000) && v < INT64_C(253402300800000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = {(const char *)data, n}, rest = in, before = in;
	struct der_item item;

	/* into what is constructed, over what is not */
	while (der_next(&rest, &item)) {
		check_item(&item);
		REQUIRE(item.whole.p == before.p && rest.p == before.p + item.whole.n);
		REQUIRE(rest.p + rest.n == before.p + before.n);
		if (item.tag & 0x20)
			rest = item.value;
		before = rest;
	}
	REQUIRE(rest.p == before.p && rest.n == before.n);
	return 0;
}

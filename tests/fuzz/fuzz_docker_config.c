/*
 * Docker's config.json. What parses gives credentials only to the host and path of a key; an error never
 * quotes a value that only a secret can have.
 */
#include <stdint.h>
#include <string.h>

#include "oci/credentials.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static void check(const struct credentials *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct credential *one = &c->items[i];
		struct str path = one->path.n ? one->path : S("any/path");
		const struct credential *found = credentials_find(c, one->host, path);
		REQUIRE(one->host.n > 0);
		REQUIRE(one->registry_token.n || one->identity_token.n ||
			(one->username.n && one->password.n));
		REQUIRE(found && str_eq(found->host, one->host));
		REQUIRE(found->path.n >= one->path.n || !one->path.n);
	}
	REQUIRE(!credentials_find(c, S("host that no key can have"), S("x")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(32 << 20);
	struct credentials c;
	struct err e = {.kind = ERR_INTERNAL};

	if (a) {
		if (credentials_parse(a, (struct str){(const char *)data, n}, &c, &e) == 0)
			check(&c);
		else
			REQUIRE((e.kind == ERR_INPUT || e.kind == ERR_LIMIT) && e.text[0] &&
				str_is_utf8(str_of(e.text)));
	}
	arena_free(a);
	return 0;
}

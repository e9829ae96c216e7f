/*
 * The reply headers with a grammar: WWW-Authenticate, Link, Retry-After, and the addresses they lead to.
 */
#include <stdint.h>
#include <string.h>

#include "oci/header.h"
#include "oci/limits.h"
#include "oci/url.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

/* Whatever a registry writes, what comes out is http or https with a host and without user. */
static void check_url(struct arena *a, struct str text)
{
	struct url base, u, again;
	struct err e = {0};
	REQUIRE(url_parse(a, NULL, S("https://registry.example/v2/a/b?c"), &base, &e) == 0);
	if (url_parse(a, &base, text, &u, &e) < 0)
		return;
	REQUIRE(u.host.n > 0 && u.name.n > 0 && u.path.n > 0 && u.path.p[0] == '/');
	REQUIRE(str_starts(u.text, u.https ? S("https://") : S("http://")));
	struct str authority = str_sub(u.text, u.https ? 8 : 7, u.text.n);
	size_t slash = str_find(authority, '/');
	REQUIRE(slash != SIZE_MAX && !str_has_char(str_sub(authority, 0, slash), '@'));
	REQUIRE(!str_has_char(u.text, '\n') && !str_has_char(u.text, '\r'));
	/* And the same again, so that what was checked is what is asked. */
	REQUIRE(url_parse(a, NULL, u.text, &again, &e) == 0);
	REQUIRE(url_same_origin(&u, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(8 << 20);
	struct str in = {(const char *)data, n}, next;
	struct challenge c;
	int64_t ms;

	if (a && n <= LIMIT_HEADER_BYTES) {
		if (challenge_parse(a, in, &c)) {
			REQUIRE(c.scheme == AUTH_BASIC || c.scheme == AUTH_BEARER);
			REQUIRE(c.scheme == AUTH_BASIC || c.realm.n > 0);
			REQUIRE(c.realm.n + c.service.n + c.scope.n <= n);
			check_url(a, c.realm);
		}
		if (link_next(in, &next)) {
			REQUIRE(next.n < n && !str_has_char(next, '>'));
			check_url(a, next);
		}
		if (retry_after_ms(in, 1795327200, &ms))
			REQUIRE(ms >= 0 && ms <= LIMIT_RETRY_AFTER_MS);
		check_url(a, in);
	}
	arena_free(a);
	return 0;
}

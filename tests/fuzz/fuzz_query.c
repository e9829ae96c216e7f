/*
 * Query strings. The input is one; what is found must be a value in it, behind its name, and the
 * deadline within its bounds whatever stands there.
 */
#include <string.h>

#include "webhook/limits.h"
#include "webhook/review.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct str query = {(const char *)data, n};
	const struct str name = S("timeout");
	struct str value = query_value(query, name);
	int64_t ms = review_deadline_ms(value);

	REQUIRE(ms >= 0 && ms <= DEADLINE_MAX_MS - DEADLINE_MARGIN_MS);
	REQUIRE(!str_has_char(value, '&'));
	if (value.n == 0)
		return 0;
	REQUIRE(value.p >= query.p + name.n + 1 && value.p + value.n <= query.p + n);
	REQUIRE(memcmp(value.p - name.n - 1, "timeout=", name.n + 1) == 0);
	REQUIRE(value.p + value.n == query.p + n || value.p[value.n] == '&');
	return 0;
}

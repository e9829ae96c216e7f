/* Any bytes as the payload of a legacy signature that holds: it parses whole or not at all. */
#include <stdint.h>

#include "sigstore/simple_signing.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(64 << 20);
	struct str in = {(const char *)data, n};
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct simple_signing s;

	REQUIRE(a);
	if (simple_signing_parse(a, in, &s, &f) < 0) {
		REQUIRE(verify_reason_state(f.reason) == VERIFY_STATE_BAD_SIGNATURE);
		REQUIRE(f.err.text[0] && str_is_utf8(str_of(f.err.text)));
	} else {
		REQUIRE(s.manifest_digest.n > 0);
		REQUIRE(!s.optional || s.optional->type == NODE_MAP);
	}
	arena_free(a);
	return 0;
}

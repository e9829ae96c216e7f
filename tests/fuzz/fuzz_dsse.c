/*
 * Any bytes as the payload of an envelope whose signature holds: a statement parses whole or not at
 * all, what is found has the digest, and the bytes that are signed can be taken apart again.
 */
#include <stdint.h>

#include "sigstore/dsse.h"
#include "sigstore/statement.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static void check_pae(struct arena *a, struct str payload)
{
	struct str pae, head, type_size, type, size, rest;
	uint64_t n;

	REQUIRE(dsse_pae(a, S(DSSE_IN_TOTO), payload, &pae) == 0);
	REQUIRE(str_cut(pae, ' ', &head, &rest) && str_eq(head, S("DSSEv1")));
	REQUIRE(str_cut(rest, ' ', &type_size, &rest) && str_to_u64(type_size, &n));
	type = str_sub(rest, 0, (size_t)n);
	REQUIRE(str_eq(type, S(DSSE_IN_TOTO)));
	rest = str_sub(rest, type.n + 1, rest.n);
	REQUIRE(str_cut(rest, ' ', &size, &rest) && str_to_u64(size, &n));
	REQUIRE(n == payload.n && str_eq(rest, payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(64 << 20);
	struct str in = {(const char *)data, n};
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct sha256 d;
	struct statement s;

	REQUIRE(a && sha256_parse(S("sha256:5e63f0bb7faff349a2d961a419d21183"
				    "858d1a10ee20f134c88965d1ffcf9ec6"),
				  &d));
	check_pae(a, in);
	if (statement_parse(a, in, &s, &f) < 0) {
		REQUIRE(verify_reason_state(f.reason) == VERIFY_STATE_BAD_SIGNATURE);
		REQUIRE(f.err.text[0] && str_is_utf8(str_of(f.err.text)));
	} else {
		const struct statement_subject *found = statement_find(&s, &d);

		REQUIRE(s.n_subjects > 0 && s.predicate_type.n > 0);
		REQUIRE(!found || (found->sha256.n == SHA256_HEX && found >= s.subjects &&
				   found < s.subjects + s.n_subjects));
	}
	arena_free(a);
	return 0;
}

/*
 * Any bytes as a PEM text, and as the DER of a public key. What is accepted has a known algorithm and
 * loads again from its own DER with the same fingerprint; it verifies no signature of zeros.
 */
#include <stdint.h>

#include "sigstore/key.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static void check(struct arena *a, const struct sig_key *k)
{
	static const char zeros[64];
	struct sig_key again;

	REQUIRE(k->algorithm != SIG_ALGORITHM_NONE && k->bits >= 256 && k->bits <= 8192);
	REQUIRE(sig_key_parse_spki(a, k->spki, &again, NULL) == 0);
	REQUIRE(memcmp(again.fingerprint.bytes, k->fingerprint.bytes, SHA256_BYTES) == 0);
	REQUIRE(sig_verify_message(k, SIG_SCHEMES_DEFAULT, S("message"),
				   (struct str){zeros, sizeof(zeros)}, NULL) == SIG_NO);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(8 << 20);
	struct str in = {(const char *)data, n};
	struct err e = {.kind = ERR_INTERNAL};
	struct sig_key k;

	REQUIRE(a);
	if (sig_key_parse(a, in, &k, &e) == 0)
		check(a, &k);
	else
		REQUIRE(e.text[0] && str_is_utf8(str_of(e.text)));
	if (sig_key_parse_spki(a, in, &k, &e) == 0)
		check(a, &k);
	arena_free(a);
	return 0;
}

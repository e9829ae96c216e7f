/*
 * Any bytes as the list of the logs that have seen a certificate, and as a certificate that has one. A
 * list accounts for each of its bytes; a precertificate is shorter by the list, DER, and has no list
 * itself; without trusted logs nothing counts.
 */
#include "sigstore/sct.h"

#include "sigstore/der.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static void check_list(struct str in)
{
	struct sct list[LIMIT_SCTS];
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	unsigned char head[DER_HEADER_BYTES];
	size_t n = 0, bytes = 2;

	if (sct_list_parse(in, list, &n, &f) < 0) {
		REQUIRE(f.reason == VERIFY_SCT_MALFORMED);
		return;
	}
	REQUIRE(n >= 1 && n <= LIMIT_SCTS);
	for (size_t i = 0; i < n; i++) {
		REQUIRE(list[i].unix_ms >= 0 && list[i].log_id.n == 32);
		bytes += 2 + 1 + 32 + 8 + 2 + list[i].extensions.n + 2 + 2 + list[i].signature.n;
	}
	REQUIRE(in.n == der_header(DER_OCTET_STRING, bytes, head) + bytes);
}

static void check_certificate(struct arena *a, struct str in)
{
	struct trusted_root none = {0};
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct str tbs, list, content;

	REQUIRE(sct_verify(a, in, S("issuer"), &none, 1, &f) < 0);
	REQUIRE(f.reason != VERIFY_NOT_VERIFIED && f.err.text[0]);
	if (sct_precertificate(a, in, &tbs, &list, &f) < 0)
		return;
	REQUIRE(der_only(tbs, DER_SEQUENCE, &content) && tbs.n < in.n);
	REQUIRE(!list.p || tbs.n + list.n < in.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(8 << 20);
	struct str in = {(const char *)data, n};

	REQUIRE(a);
	check_list(in);
	check_certificate(a, in);
	arena_free(a);
	return 0;
}

/*
 * Any bytes as a TimeStampResp, verified against the authority that made the corpus. What is refused
 * has a reason; what is accepted tells the time that was parsed, and is no timestamp of another
 * message.
 */
#include <stdint.h>

#include "sigstore/timestamp.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static const char chain[] = "-----BEGIN CERTIFICATE-----\n"
			    "MIIBTTCB86ADAgECAgECMAoGCCqGSM49BAMCMBcxFTATBgNVBAMTDGludGVybWVk\n"
			    "aWF0ZTAeFw03MDAxMDEwMDExNDBaFw03MDAxMDEwMDQxNDBaMA8xDTALBgNVBAMT\n"
			    "BGxlYWYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARjYSWGSQqQ3dFT/t5Wn/1I\n"
			    "P28fT/lV/iMMEtOF3ICFDX7r51pZYtYcujG66pUXIHRW91OY5px1xHfivtr0h4tZ\n"
			    "ozgwNjAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDAWBgNVHSUBAf8EDDAK\n"
			    "BggrBgEFBQcDCDAKBggqhkjOPQQDAgNJADBGAiEAqhFYwxxn3QVeYXdTh/oa+TnO\n"
			    "wdTqWcGk3qZRqA4cZ1ACIQDdehuYBabgh8J2EUL3fPLUs6eR53fM+O03z7azEiIm\n"
			    "Iw==\n"
			    "-----END CERTIFICATE-----\n"
			    "-----BEGIN CERTIFICATE-----\n"
			    "MIIBODCB3qADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMTBHJvb3QwHhcN\n"
			    "NzAwMTAxMDAwODIwWhcNNzAwMTAxMDA1MDAwWjAXMRUwEwYDVQQDEwxpbnRlcm1l\n"
			    "ZGlhdGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASn7tGaF9xYVANE2Tp+zAq6\n"
			    "Wvfm5/VvbBgCQBDQs0t8uQqQmxXSOux+rFbniL7+3tRkfOLTMqzng5AkXDOO+R9m\n"
			    "oyMwITAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAKBggqhkjOPQQD\n"
			    "AgNJADBGAiEAhlEkuW8D7XnshPKz5K5/Z/QNPU9heaAxTqLvYMJdlMsCIQDk67Ae\n"
			    "6UD+Xo4XSIeU73wcwTAIBBPA9M3SgTHlU467qQ==\n"
			    "-----END CERTIFICATE-----\n"
			    "-----BEGIN CERTIFICATE-----\n"
			    "MIIBMDCB1qADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMTBHJvb3QwHhcN\n"
			    "NzAwMTAxMDAwODIwWhcNNzAwMTAxMDA1MDAwWjAPMQ0wCwYDVQQDEwRyb290MFkw\n"
			    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExNjIYjA0NmU7Vrvt442zMxVqY8QxPeu3\n"
			    "P+h4R9t0vbs8BO6xFlSnVpHvrIi2hbRAuaO/a+6qskvKUjzfJbTm26MjMCEwDwYD\n"
			    "VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwIDSQAwRgIh\n"
			    "ANBqv+cfEx07d1YeiKDHaKPkNF9xh9UYsxrGK08TWlSXAiEA3Y9Wp4hFBwVRPNpT\n"
			    "zEeOyRagxw/9MRI0+AiNgjo4Od4=\n"
			    "-----END CERTIFICATE-----\n";

static void check_parts(struct str in, const struct timestamp_response *t)
{
	REQUIRE(t->token.p >= in.p && t->token.p + t->token.n <= in.p + in.n);
	REQUIRE(t->tst_info.p >= t->token.p &&
		t->tst_info.p + t->tst_info.n <= t->token.p + t->token.n);
	REQUIRE(t->imprint.n == t->imprint_bits / 8 && t->imprint.n >= 32);
	REQUIRE(t->n_certificates <= LIMIT_CHAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(8 << 20);
	struct str in = {(const char *)data, n}, message = S("message"), other = S("Message");
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct trusted_root root = {.n_logs = 0};
	struct timestamp_response t;
	struct timestamp_result r;
	struct err e;

	REQUIRE(a && trusted_root_add_timestamp_chain(a, S(chain), &root, &e) == 0);
	if (timestamp_parse(in, &t, &f) == 0) {
		check_parts(in, &t);
		/* past the imprint, which hardly any input meets */
		REQUIRE(timestamp_verify(a, in, &other, 1, &root, &r, &f) < 0);
		REQUIRE(f.reason == VERIFY_TIMESTAMP_IMPRINT || f.reason == VERIFY_CRYPTO_FAILED);
	}
	f.err.text[0] = '\0';
	if (timestamp_verify(a, in, &message, 1, &root, &r, &f) == 0)
		REQUIRE(r.unix_ms == t.unix_ms && r.authority == root.timestamp_authorities);
	else
		REQUIRE(verify_reason_state(f.reason) == VERIFY_STATE_BAD_SIGNATURE &&
			f.err.text[0] && str_is_utf8(str_of(f.err.text)));
	arena_free(a);
	return 0;
}

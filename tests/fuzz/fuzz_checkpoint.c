/*
 * Any bytes as a checkpoint. Its text is a prefix of the input with the lines that were parsed; the
 * only texts that the log has signed are those of the corpus.
 */
#include <stdint.h>

#include "sigstore/checkpoint.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

/* tests/sigstore/keys/p256.pub */
static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
			  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEt1a8Ef7fW4uE4zA9uUy+2Yuc8/qx\n"
			  "fQHIflIS64GcxDvPoksf10y0lx/HvvY9tV+7fiEuFVVrhDgZF2fCq4psWA==\n"
			  "-----END PUBLIC KEY-----\n";
#define HEAD "log.example\n7\ndauhleYK4YyAdxwwDtR0l0KnSOWZdG2bwqHftlanvcI=\n"

static void check_parts(struct str in, const struct checkpoint *c)
{
	REQUIRE(str_starts(in, c->text) && str_ends(c->text, S("\n")) && in.p[c->text.n] == '\n');
	REQUIRE(c->origin.n > 0 && str_starts(c->text, c->origin));
	REQUIRE(c->root.n == SHA256_BYTES && c->n_signatures <= LIMIT_CHECKPOINT_SIGNATURES);
	for (size_t i = 0; i < c->n_signatures; i++)
		REQUIRE(c->signatures[i].hint.n == 4 && c->signatures[i].name.n > 0 &&
			c->signatures[i].signature.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(1 << 20);
	struct str in = {(const char *)data, n};
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct trusted_log log = {.host = S("log.example")};
	struct checkpoint c;
	bool by_name, by_hint;

	REQUIRE(a && sig_key_parse(a, S(pem), &log.key, NULL) == 0);
	log.id = (struct str){(const char *)log.key.fingerprint.bytes, SHA256_BYTES};
	if (checkpoint_parse(a, in, &c, &f) < 0) {
		REQUIRE(f.reason == VERIFY_LOG_CHECKPOINT ||
			f.reason == VERIFY_LOG_CHECKPOINT_SIZE);
		REQUIRE(f.err.text[0] && str_is_utf8(str_of(f.err.text)));
		arena_free(a);
		return 0;
	}
	check_parts(in, &c);
	by_hint = checkpoint_verify(&c, &log, false, &f) == 0;
	by_name = checkpoint_verify(&c, &log, true, &f) == 0;
	REQUIRE(!by_name || str_eq(c.origin, log.host));
	REQUIRE(!(by_hint || by_name) || str_eq(c.text, S(HEAD)) ||
		str_eq(c.text, S(HEAD "Timestamp: 5\n")));
	arena_free(a);
	return 0;
}

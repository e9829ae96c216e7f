#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/text.h"
#include "sigstore/trusted_root.h"
#include "tests/unit/sig_trust.h"

Suite *test_sig_trusted_root_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define JAN_2024_MS INT64_C(1704067200000)

static struct arena *a;
static struct err e;

static void setup(void)
{
	a = arena_new(64 << 20);
	ck_assert_ptr_nonnull(a);
	e = (struct err){.kind = ERR_INTERNAL};
}

static void teardown(void)
{
	arena_free(a);
}

/* ---- windows ---- */

START_TEST(a_window_has_both_of_its_ends)
{
	struct trusted_window w = {-1, 1}, open = {INT64_MIN, INT64_MAX}, zero = {0, 0};

	ck_assert(!trusted_window_has(&w, -2));
	ck_assert(trusted_window_has(&w, -1));
	ck_assert(trusted_window_has(&w, 1));
	ck_assert(!trusted_window_has(&w, 2));
	ck_assert(trusted_window_has(&open, INT64_MIN));
	ck_assert(trusted_window_has(&open, INT64_MAX));
	ck_assert(!trusted_window_has(&zero, 1));
}
END_TEST

/* ---- JSON ---- */

START_TEST(logs_are_read)
{
	struct trusted_root r;

	trust_root(a, &r);
	ck_assert_uint_eq(r.n_logs, 3);
	ck_assert(r.logs[0].usable);
	ck_assert_int_eq(r.logs[0].key.algorithm, SIG_ECDSA_P256);
	ck_assert_mem_eq(r.logs[0].id.p, r.logs[0].key.fingerprint.bytes, SHA256_BYTES);
	ck_assert(str_eq(r.logs[0].checkpoint_id, r.logs[0].id));
	ck_assert(str_eq(r.logs[0].host, S("log.example.com")));
	ck_assert_int_eq(r.logs[0].window.from_unix_ms, JAN_2024_MS);
	ck_assert_int_eq(r.logs[0].window.until_unix_ms, INT64_MAX);

	ck_assert(r.logs[1].usable);
	ck_assert_int_eq(r.logs[1].key.algorithm, SIG_ED25519);
	ck_assert(str_eq(r.logs[1].base_url, S("https://v2.log.example.com:3000/x")));
	ck_assert(str_eq(r.logs[1].host, S("v2.log.example.com")));
	ck_assert(str_eq(r.logs[1].operator, S("example.com")));
	ck_assert(str_eq(r.logs[1].checkpoint_id, S("\x01\x02\x03\x04")));
}
END_TEST

START_TEST(a_key_of_an_unknown_kind_leaves_the_others)
{
	struct trusted_root r;

	trust_root(a, &r);
	ck_assert(!r.logs[2].usable);
	ck_assert_uint_eq(r.logs[2].key.spki.n, 0);
	ck_assert_ptr_eq(trusted_log_find(r.logs, r.n_logs, r.logs[2].id), &r.logs[2]);
}
END_TEST

START_TEST(authorities_are_read)
{
	struct trusted_root r;

	trust_root(a, &r);
	ck_assert_uint_eq(r.n_ct_logs, 2);
	ck_assert_int_eq(r.ct_logs[0].window.until_unix_ms, INT64_C(1735689600000));
	ck_assert_int_eq(r.ct_logs[1].key.algorithm, SIG_RSA);
	ck_assert_uint_eq(r.n_certificate_authorities, 2);
	ck_assert(str_eq(r.certificate_authorities[0].uri, S("https://ca.example.com")));
	ck_assert_uint_eq(r.certificate_authorities[0].n_certificates, 2);
	ck_assert(
		str_eq(r.certificate_authorities[0].certificates[1], trust_certificate(a, "root")));
	ck_assert(!r.certificate_authorities[0].foreign_intermediates);
	ck_assert_int_eq(r.certificate_authorities[1].window.until_unix_ms, JAN_2024_MS - 1);
	ck_assert_uint_eq(r.n_timestamp_authorities, 1);
	ck_assert_int_eq(r.timestamp_authorities[0].window.from_unix_ms, INT64_MIN);
	ck_assert_int_eq(r.timestamp_authorities[0].window.until_unix_ms, INT64_MAX);
}
END_TEST

START_TEST(logs_are_found_by_their_whole_id)
{
	struct trusted_root r;
	struct str id;

	trust_root(a, &r);
	id = r.logs[1].id;
	ck_assert_ptr_eq(trusted_log_find(r.logs, r.n_logs, id), &r.logs[1]);
	id.n--;
	ck_assert_ptr_null(trusted_log_find(r.logs, r.n_logs, id));
	ck_assert_ptr_null(trusted_log_find(r.logs, r.n_logs, (struct str){NULL, 0}));
	ck_assert_ptr_null(trusted_log_find(NULL, 0, id));
}
END_TEST

static const struct {
	const char *url;
	const char *host;
} hosts[] = {
	{"https://rekor.example.com", "rekor.example.com"},
	{"http://127.0.0.1:3000/", "127.0.0.1"},
	{"https://a.b?c", "a.b"},
	{"https://[::1]:3000/x", "::1"},
	{"https://[::1", ""},
	{"a.b/c", "a.b"},
	{"https://", ""},
	{"", ""},
};

START_TEST(hosts_of_logs)
{
	struct trusted_root r = {0};
	struct str json = trust_json(a, "https://log.example.com", hosts[_i].url);

	ck_assert_int_eq(trusted_root_add(a, json, &r, &e), 0);
	ck_assert_msg(str_eq(r.logs[0].host, str_of(hosts[_i].host)), "%.*s",
		      STR_ARG(r.logs[0].host));
}
END_TEST

#define MEDIA "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
#define START "\"start\": \"2024-01-01T00:00:00Z\""

/* What may be written instead of what is there. */
static const struct {
	const char *from;
	const char *to;
} fine[] = {
	{"", ""},
	{MEDIA, "application/vnd.dev.sigstore.trustedroot.v0.1+json"},
	{MEDIA, "application/vnd.dev.sigstore.trustedroot.v0.2+json"},
	{START, START ", \"end\": null"},
	{START, START ", \"other\": 7"},
	{START, "\"start\": \"2024-01-01T01:00:00.5+01:00\""},
	{"\"tlogs\":", "\"unknown\": {}, \"tlogs\":"},
	{"\"uri\": \"https://ca.example.com\",", "\"uri\": null,"},
};

START_TEST(other_trusted_roots_load)
{
	struct trusted_root r = {0};

	ck_assert_msg(trusted_root_add(a, trust_json(a, fine[_i].from, fine[_i].to), &r, &e) == 0,
		      "%s: %s", fine[_i].to, e.text);
	ck_assert_uint_eq(r.n_logs, 3);
}
END_TEST

static const struct {
	const char *from;
	const char *to;
	const char *text;
} wrong[] = {
	{MEDIA, "application/json",
	 "trusted root: mediaType: \"application/json\" is no trusted root"},
	{"\"mediaType\"", "\"mediatype\"", "trusted root: mediaType: missing"},
	{MEDIA "\"", MEDIA "\", \"mediaType\": \"\"", "trusted root: not valid JSON..."},
	{"\"tlogs\": [", "\"tlogs\": 7, \"x\": [", "trusted root: tlogs: got integer, want list"},
	{"\"tlogs\": [", "\"tlogs\": [7,", "trusted root: tlogs[0]: got integer, want map"},
	{"\"tlogs\": [", "\"tlogs\": [null,", "trusted root: tlogs[0]: got null, want map"},
	{"\"tlogs\": [", "\"tlogs\": [{},", "trusted root: tlogs[0].logId: missing"},
	{"\"baseUrl\": \"https://log.example.com\"", "\"baseUrl\": 7",
	 "trusted root: tlogs[0].baseUrl: got integer, want string"},
	{"\"operator\": \"example.com\"", "\"operator\": {}",
	 "trusted root: tlogs[1].operator: got map, want string"},
	{"\"SHA2_256\"", "1", "trusted root: tlogs[0].hashAlgorithm: got integer, want string"},
	{"\"keyId\": \"R", "\"keyId\": \"!",
	 "trusted root: tlogs[0].logId.keyId: base64: invalid character at offset 0"},
	{"\"RRTaA", "\"AAAA\", \"x\": \"", "trusted root: tlogs[0].logId.keyId: 3 bytes, want 32"},
	{"\"AQIDBA==\"", "\"AQID\"",
	 "trusted root: tlogs[1].checkpointKeyId.keyId: 3 bytes, want 32"},
	{"\"publicKey\"", "\"x\"", "trusted root: tlogs[0].publicKey: missing"},
	{"\"rawBytes\"", "\"x\"", "trusted root: tlogs[0].publicKey.rawBytes: missing"},
	{"\"keyDetails\"", "\"x\"", "trusted root: tlogs[0].publicKey.keyDetails: missing"},
	{"\"MFkwEwYHKoZIzj0C", "\"MFkwEwYHKoZIzj0D",
	 "trusted root: tlogs[0].publicKey.rawBytes: key: not a public key that we can use: An "
	 "unimplemented or disabled feature has been requested."},
	{"PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA_P384_SHA_384",
	 "trusted root: tlogs[0].publicKey.rawBytes: ecdsa-p256 of 256 bits, which is not "
	 "PKIX_ECDSA_P384_SHA_384"},
	{"\"validFor\"", "\"x\"", "trusted root: tlogs[0].publicKey.validFor: missing"},
	{START, "", "trusted root: tlogs[0].publicKey.validFor.start: missing"},
	{START, "\"start\": null", "trusted root: tlogs[0].publicKey.validFor.start: missing"},
	{START, "\"start\": 7",
	 "trusted root: tlogs[0].publicKey.validFor.start: got integer, want string"},
	{START, "\"start\": \"2024-01-01\"",
	 "trusted root: tlogs[0].publicKey.validFor.start: \"2024-01-01\" is no time of RFC 3339"},
	{START, START ", \"end\": \"\"",
	 "trusted root: tlogs[0].publicKey.validFor.end: \"\" is no time of RFC 3339"},
	{START, START ", \"end\": \"2023-12-31T23:59:59.999Z\"",
	 "trusted root: tlogs[0].publicKey.validFor: ends before it starts"},
	{"\"certChain\"", "\"x\"", "trusted root: certificateAuthorities[0].certChain: missing"},
	{"\"certificates\"", "\"x\"",
	 "trusted root: certificateAuthorities[0].certChain.certificates: missing"},
	{"\"certificates\": [", "\"certificates\": [{},",
	 "trusted root: certificateAuthorities[0].certChain.certificates[0]: 0 bytes, want 1 to "
	 "16384"},
	{"\"certificates\": [", "\"certificates\": [{\"rawBytes\": \"MAA=\"},",
	 "trusted root: certificateAuthorities[0].certChain.certificates[0]: not a certificate: "
	 "ASN1 parser: Element was not found."},
	{"\"certificates\": [", "\"certificates\": [{},{},{},{},{},{},{},",
	 "trusted root: certificateAuthorities[0].certChain.certificates: 9 items, at most 8"},
	{"\"organization\": \"example\"", "\"organization\": 7",
	 "trusted root: certificateAuthorities[0].subject.organization: got integer, want string"},
	{"\"uri\": \"https://ca.example.com\"", "\"uri\": []",
	 "trusted root: certificateAuthorities[0].uri: got list, want string"},
	{"\"timestampAuthorities\": [", "\"timestampAuthorities\": [{},",
	 "trusted root: timestampAuthorities[0].certChain: missing"},
	{"{", "[{", "trusted root: not valid JSON..."},
	{"{", "", "trusted root: not valid JSON..."},
};

START_TEST(what_is_wrong_is_told)
{
	struct trusted_root r = {.n_logs = 0}, before = {0};
	struct str json = trust_json(a, wrong[_i].from, wrong[_i].to);
	struct str want = str_of(wrong[_i].text);

	ck_assert_int_eq(trusted_root_add(a, json, &r, &e), -1);
	/* the rest is the library's */
	if (str_ends(want, S("...")))
		ck_assert_msg(str_starts(str_of(e.text), str_sub(want, 0, want.n - 3)), "%s",
			      e.text);
	else
		ck_assert_str_eq(e.text, want.p);
	ck_assert_mem_eq(&r, &before, sizeof(r));
}
END_TEST

static struct str with_certificate(const char *key, const char *name)
{
	struct str pem = trust_pem(a, name), out;
	struct text t;

	text_init(&t, a, 1 << 16);
	text_printf(&t, "\"%s\": [{\"certChain\": {\"certificates\": [{\"rawBytes\": \"", key);
	text_put(&t, str_sub(pem, sizeof("-----BEGIN CERTIFICATE-----"),
			     pem.n - sizeof("\n-----END CERTIFICATE-----")));
	text_puts(&t, "\"}]}},");
	ck_assert(text_done(&t, &out));
	return out;
}

static const struct {
	const char *key;
	const char *certificate;
	const char *text; /* NULL: fine */
} chains[] = {
	{"certificateAuthorities", "root", NULL},
	{"certificateAuthorities", "leaf-server",
	 "trusted root: certificateAuthorities[0].certChain.certificates[0]: not a certificate "
	 "authority"},
	{"certificateAuthorities", "inter-no-ca",
	 "trusted root: certificateAuthorities[0].certChain.certificates[0]: not a certificate "
	 "authority"},
	{"timestampAuthorities", "tsa",
	 "trusted root: timestampAuthorities[0].certChain.certificates[0]: not a certificate "
	 "authority"},
	{"timestampAuthorities", "root", NULL},
};

START_TEST(anchors_are_authorities)
{
	struct trusted_root r = {0};
	char from[64];
	struct str json;
	struct text t;

	text_init_fixed(&t, from, sizeof(from));
	text_printf(&t, "\"%s\": [", chains[_i].key);
	json = trust_json(a, from, with_certificate(chains[_i].key, chains[_i].certificate).p);
	ck_assert_int_eq(trusted_root_add(a, json, &r, &e), chains[_i].text ? -1 : 0);
	if (chains[_i].text)
		ck_assert_str_eq(e.text, chains[_i].text);
}
END_TEST

START_TEST(a_log_of_certificates_is_named_by_its_key)
{
	struct trusted_root r = {0};
	/* that of the Ed25519 key */
	const char *ids = "\"ctlogs\": [{\"logId\": {\"keyId\": "
			  "\"D3ihjMPgzXBIF/j9gzgQjrizAy4N6G7ZbZXyUjFXRf8=\"}, \"publicKey\": "
			  "{\"rawBytes\": \"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEt1a8Ef7fW4uE4zA9"
			  "uUy+2Yuc8/qxfQHIflIS64GcxDvPoksf10y0lx/HvvY9tV+7fiEuFVVrhDgZF2fCq4psWA"
			  "==\", \"keyDetails\": \"PKIX_ECDSA_P256_SHA_256\", "
			  "\"validFor\": {" START "}}},";

	ck_assert_int_eq(trusted_root_add(a, trust_json(a, "\"ctlogs\": [", ids), &r, &e), -1);
	ck_assert_str_eq(e.text, "trusted root: ctlogs[0].logId: not the SHA-256 of the key");
}
END_TEST

START_TEST(another_hash_is_of_no_use)
{
	struct trusted_root r = {0};
	struct str json = trust_json(a, "SHA2_256", "SHA2_512");

	ck_assert_int_eq(trusted_root_add(a, json, &r, &e), 0);
	ck_assert(!r.logs[0].usable);
	ck_assert(r.logs[1].usable);
}
END_TEST

/* ---- several ---- */

START_TEST(the_same_is_not_added_again)
{
	struct trusted_root r, before;

	trust_root(a, &r);
	before = r;
	ck_assert_int_eq(trusted_root_add(a, trust_json(a, "", ""), &r, &e), 0);
	ck_assert_uint_eq(r.n_logs, before.n_logs);
	ck_assert_uint_eq(r.n_ct_logs, before.n_ct_logs);
	ck_assert_uint_eq(r.n_certificate_authorities, before.n_certificate_authorities);
	ck_assert_uint_eq(r.n_timestamp_authorities, before.n_timestamp_authorities);
	ck_assert_mem_ne(r.sha256.bytes, before.sha256.bytes, SHA256_BYTES);
}
END_TEST

START_TEST(one_id_is_one_log)
{
	struct trusted_root r, before;
	struct str json = trust_json(a, START, START ", \"end\": \"2025-01-01T00:00:00Z\"");

	trust_root(a, &r);
	before = r;
	ck_assert_int_eq(trusted_root_add(a, json, &r, &e), -1);
	ck_assert_str_eq(e.text, "trusted root: tlogs[0].logId: there already, with another key, "
				 "window or URL");
	ck_assert_mem_eq(&r, &before, sizeof(r));
}
END_TEST

START_TEST(other_files_are_other_roots)
{
	struct trusted_root r, s = {0};

	trust_root(a, &r);
	ck_assert_int_eq(trusted_root_add(a, trust_json(a, "", " "), &s, &e), 0);
	ck_assert_mem_ne(r.sha256.bytes, s.sha256.bytes, SHA256_BYTES);
}
END_TEST

START_TEST(entries_are_bounded)
{
	struct trusted_root r = {0};
	struct str json;
	struct text t;

	text_init(&t, a, 1 << 16);
	text_puts(&t, "\"tlogs\": [{}");
	for (int i = 0; i < LIMIT_TRUSTED_ENTRIES; i++)
		text_puts(&t, ",{}");
	text_puts(&t, "], \"x\": [");
	ck_assert(text_done(&t, &json));
	ck_assert_int_eq(trusted_root_add(a, trust_json(a, "\"tlogs\": [", json.p), &r, &e), -1);
	ck_assert_str_eq(e.text, "trusted root: tlogs: 65 items, at most 64");
	ck_assert_int_eq(e.kind, ERR_LIMIT);
}
END_TEST

START_TEST(files_are_bounded)
{
	struct trusted_root r = {0};
	struct str json = {arena_alloc(a, LIMIT_TRUSTED_ROOT_BYTES + 1),
			   LIMIT_TRUSTED_ROOT_BYTES + 1};

	ck_assert_int_eq(trusted_root_add(a, json, &r, &e), -1);
	ck_assert_str_eq(e.text, "trusted root: 1048577 bytes, at most 1048576");
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	ck_assert_int_eq(trusted_root_add_certificates(a, json, &r, &e), -1);
	ck_assert_str_eq(e.text, "certificates: 1048577 bytes, at most 1048576");
	ck_assert_int_eq(trusted_root_add_timestamp_chain(a, json, &r, &e), -1);
	ck_assert_str_eq(e.text, "certificates: 1048577 bytes, at most 1048576");
}
END_TEST

/* ---- real ones ---- */

static const struct {
	const char *path;
	size_t logs, ct_logs, authorities, timestamp_authorities;
} real[] = {
	{"../shared/conformance/public-good-2025.trusted_root.json", 2, 2, 2, 1},
	{"../shared/samples/sigstore/trust/trusted_root.json", 2, 1, 1, 2},
};

START_TEST(real_trusted_roots_load)
{
	struct trusted_root r = {0};
	struct str json;

	if (file_read(a, real[_i].path, 1 << 20, &json, &e) < 0) {
		printf("SKIP sig_trusted_root: %s\n", e.text);
		return;
	}
	ck_assert_msg(trusted_root_add(a, json, &r, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(r.n_logs, real[_i].logs);
	ck_assert_uint_eq(r.n_ct_logs, real[_i].ct_logs);
	ck_assert_uint_eq(r.n_certificate_authorities, real[_i].authorities);
	ck_assert_uint_eq(r.n_timestamp_authorities, real[_i].timestamp_authorities);
	for (size_t i = 0; i < r.n_logs; i++)
		ck_assert(r.logs[i].usable);
}
END_TEST

Suite *test_sig_trusted_root_suite(void)
{
	Suite *s = suite_create("sig_trusted_root");
	TCase *c = tcase_create("sig_trusted_root");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_window_has_both_of_its_ends);
	tcase_add_test(c, logs_are_read);
	tcase_add_test(c, a_key_of_an_unknown_kind_leaves_the_others);
	tcase_add_test(c, authorities_are_read);
	tcase_add_test(c, logs_are_found_by_their_whole_id);
	tcase_add_loop_test(c, hosts_of_logs, 0, (int)COUNT(hosts));
	tcase_add_loop_test(c, other_trusted_roots_load, 0, (int)COUNT(fine));
	tcase_add_loop_test(c, what_is_wrong_is_told, 0, (int)COUNT(wrong));
	tcase_add_loop_test(c, anchors_are_authorities, 0, (int)COUNT(chains));
	tcase_add_test(c, a_log_of_certificates_is_named_by_its_key);
	tcase_add_test(c, another_hash_is_of_no_use);
	tcase_add_test(c, the_same_is_not_added_again);
	tcase_add_test(c, one_id_is_one_log);
	tcase_add_test(c, other_files_are_other_roots);
	tcase_add_test(c, entries_are_bounded);
	tcase_add_test(c, files_are_bounded);
	tcase_add_loop_test(c, real_trusted_roots_load, 0, (int)COUNT(real));
	suite_add_tcase(s, c);
	return s;
}

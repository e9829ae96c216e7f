/* Authorities that name identities: what they are made of, and their normal form. */
#include <check.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/json.h"
#include "tests/unit/policy_text.h"

#define HEAD                                                                                       \
	"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"                \
	"  mode: deny\n  onError: deny\n"                                                          \
	"  match: {resources: [pods], operations: [CREATE, UPDATE]}\n  authorities:\n"
#define RULES "  rules:\n  - {name: s, signature: {anyOf: [ci]}}\n"
#define WHO "issuer: https://idp.example, subject: \"https://git.example/ci@main\""
/* The trusted root that is shipped: two logs, one of certificates, one timestamp authority. */
#define ROOT "policies/trust/sigstore.json"
#define PEM "policies/trust/own-root.pem"

static char dir[64];
static struct arena *a;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void setup(void)
{
	a = arena_new((size_t)8 << 20);
	snprintf(dir, sizeof(dir), "/tmp/keyless-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	arena_free(a);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct str read_all(const char *path)
{
	struct str s;
	struct err e;

	ck_assert_msg(file_read(a, path, 1 << 20, &s, &e) == 0, "%s", e.text);
	return s;
}

static void write_file(const char *name, struct str text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text.p, 1, text.n, file), text.n);
	fclose(file);
}

static struct loaded load_dir(void)
{
	struct policy_options o = {.now_unix_s = NOW_UNIX_S};
	struct loaded l = {.arena = arena_new((size_t)8 << 20)};
	const char *paths[] = {dir};

	problems_init(&l.problems, l.arena);
	l.set = policy_set_load(paths, 1, &o, &l.problems);
	ck_assert_str_eq(problems_text(&l.problems), "");
	ck_assert_ptr_nonnull(l.set);
	return l;
}

/* With the shipped root and certificates beside the policy. */
static struct loaded load_authorities(const char *authorities)
{
	static char text[8192];

	ck_assert_int_lt(snprintf(text, sizeof(text), HEAD "%s" RULES, authorities),
			 (int)sizeof(text));
	write_file("root.json", read_all(ROOT));
	write_file("own.pem", read_all(PEM));
	write_file("p.yaml", str_of(text));
	return load_dir();
}

START_TEST(an_identity_is_what_the_policy_says)
{
	struct loaded l = load_authorities(
		"    ci:\n      keyless:\n        issuerRegex: \"https://idp[.]example/.*\"\n"
		"        subject: \"a@example.com\"\n"
		"        extensions: {source-repository-uri: \"https://git.example/acme\"}\n"
		"        extensionsRegex: {\"1.3.6.1.4.1.57264.1.14\": \"refs/heads/(a|b)\"}\n"
		"        trustedRoot: {file: root.json}\n");
	const struct policy_authority *who = &l.set->policies[0].authorities[0];
	const struct sig_authority *x = &who->authority;

	ck_assert_int_eq(who->kind, POLICY_AUTHORITY_KEYLESS);
	ck_assert_uint_eq(x->n_keys, 0);
	ck_assert_uint_eq(x->n_identities, 1);
	ck_assert(str_eq(x->identities[0].issuer.regex, S("https://idp[.]example/.*")));
	ck_assert(str_eq(x->identities[0].subject.exact, S("a@example.com")));
	ck_assert_uint_eq(x->identities[0].n_extensions, 2);
	ck_assert_uint_eq(x->identities[0].extensions[0].number, 12);
	ck_assert_uint_eq(x->identities[0].extensions[1].number, 14);
	ck_assert(str_eq(x->identities[0].extensions[1].value.regex, S("refs/heads/(a|b)")));
	ck_assert_uint_eq(x->root->n_logs, 2);
	ck_assert_uint_eq(x->log_threshold, 1);
	ck_assert_uint_eq(x->sct_threshold, 1);
	ck_assert_uint_eq(x->time_threshold, 0);
	ck_assert(!x->any_issuer && !x->use_current_time && x->max_age_s == 0);
	check_normal_form(l.set, 0);
	loaded_free(&l);
}
END_TEST

START_TEST(what_is_wanted_beside_it_can_be_said)
{
	struct loaded l = load_authorities(
		"    ci:\n      keyless: {" WHO ", trustedRoot: {file: root.json}}\n"
		"      transparencyLog: {threshold: 2}\n      timestamps: {threshold: 1}\n"
		"      certificateTransparency: {threshold: 0}\n      maxSignatureAge: 7d\n");
	const struct sig_authority *x = &l.set->policies[0].authorities[0].authority;

	ck_assert_uint_eq(x->log_threshold, 2);
	ck_assert_uint_eq(x->time_threshold, 1);
	ck_assert_uint_eq(x->sct_threshold, 0);
	ck_assert_int_eq(x->max_age_s, 7 * 86400);
	check_normal_form(l.set, 0);
	loaded_free(&l);
}
END_TEST

START_TEST(keys_may_have_a_trusted_root)
{
	struct loaded l = load_authorities(
		"    ci:\n      key: {inline: \"-----BEGIN PUBLIC "
		"KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEt1a8Ef7fW4uE4zA9uUy+2Yuc8/"
		"qx\\nfQHIflIS64GcxDvPoksf10y0lx/HvvY9tV+7fiEuFVVrhDgZF2fCq4psWA==\\n-----END "
		"PUBLIC KEY-----\\n\"}\n"
		"      trustedRoots: [{file: root.json}, {file: root.json}]\n"
		"      transparencyLog: {threshold: 1}\n");
	const struct sig_authority *x = &l.set->policies[0].authorities[0].authority;

	ck_assert_uint_eq(x->n_keys, 1);
	ck_assert_uint_eq(x->n_identities, 0);
	ck_assert_uint_eq(x->root->n_logs, 2);
	ck_assert_uint_eq(x->log_threshold, 1);
	ck_assert_uint_eq(l.set->n_keys, 1);
	check_normal_form(l.set, 0);
	loaded_free(&l);
}
END_TEST

START_TEST(certificates_of_ones_own_need_no_issuer)
{
	struct loaded l =
		load_authorities("    ci:\n      certificates:\n        roots: {file: own.pem}\n"
				 "        subject: a@example.com\n        useCurrentTime: true\n"
				 "        trustedRoot: {file: root.json}\n");
	const struct sig_authority *x = &l.set->policies[0].authorities[0].authority;

	ck_assert(x->any_issuer && x->use_current_time);
	ck_assert(x->identities[0].any_issuer);
	ck_assert_uint_eq(x->log_threshold + x->sct_threshold + x->time_threshold, 0);
	/* The logs of the root count, its certificate authority does not. */
	ck_assert_uint_eq(x->root->n_logs, 2);
	ck_assert_uint_eq(x->root->n_certificate_authorities, 1);
	ck_assert(x->root->certificate_authorities[0].foreign_intermediates);
	check_normal_form(l.set, 0);
	loaded_free(&l);
}
END_TEST

START_TEST(a_root_is_read_once_and_watched)
{
	struct loaded l = load_authorities(
		"    ci: {keyless: {" WHO ", trustedRoot: {file: root.json}}}\n"
		"    other: {keyless: {issuer: a, subject: b, trustedRoot: {file: root.json}}}\n");
	const struct policy *p = &l.set->policies[0];

	ck_assert_ptr_eq(p->authorities[0].authority.root, p->authorities[1].authority.root);
	ck_assert_uint_eq(l.set->n_key_files, 1);
	ck_assert(str_ends(l.set->key_files[0], S("/root.json")));
	ck_assert_uint_eq(l.set->n_keys, 0);
	loaded_free(&l);
}
END_TEST

START_TEST(the_bytes_of_a_root_are_part_of_the_set_and_of_what_is_asked)
{
	const char *yaml = "    ci: {keyless: {" WHO ", trustedRoot: {file: root.json}}}\n";
	struct loaded l = load_authorities(yaml);
	struct sha256 set = l.set->sha256;
	struct sha256 root = l.set->policies[0].authorities[0].authority.root->sha256;
	struct str text = read_all(ROOT);
	char *changed = arena_dup(a, text.p, text.n);

	loaded_free(&l);
	/* A name that nobody believes in, but another file. */
	char *at = strstr(changed, "\"mini-sigstore\"");
	ck_assert_ptr_nonnull(at);
	at[1] = 'M';
	write_file("root.json", str_of(changed));
	l = load_dir();
	ck_assert_mem_ne(l.set->sha256.bytes, set.bytes, SHA256_BYTES);
	ck_assert_mem_ne(l.set->policies[0].authorities[0].authority.root->sha256.bytes, root.bytes,
			 SHA256_BYTES);
	loaded_free(&l);
}
END_TEST

START_TEST(authorities_that_have_ended_are_warned_of)
{
	struct policy_options o = {.now_unix_s = NOW_UNIX_S};
	struct str text = read_all(ROOT);
	struct text t;
	struct str yaml;

	text_init(&t, a, 1 << 20);
	text_puts(&t, HEAD "    ci: {keyless: {" WHO ", trustedRoot: {inline: ");
	char *ended = arena_dup(a, text.p, text.n);
	char *from = strstr(ended, "\"certificateAuthorities\"");
	from = strstr(from, "\"validFor\": {");
	ck_assert_ptr_nonnull(from);
	char *rest = strchr(from, '}');
	struct text root;
	struct str json;
	text_init(&root, a, 1 << 20);
	text_put(&root, (struct str){ended, (size_t)(from - ended)});
	text_puts(&root, "\"validFor\": {\"start\": \"2024-01-01T00:00:00Z\", \"end\": "
			 "\"2025-01-01T00:00:00Z\"");
	text_puts(&root, rest);
	ck_assert(text_done(&root, &json));
	json_put_str(&t, json);
	text_puts(&t, "}}}\n" RULES);
	ck_assert(text_done(&t, &yaml));
	struct loaded l = load_with(yaml.p, &o);
	ck_assert_str_eq(problems_text(&l.problems),
			 "warning: policy.yaml:9:9: spec.authorities.ci: the certificate "
			 "authorities of the trusted root have ended, the last on 2025-01-01: "
			 "nothing signed since then counts\n");
	ck_assert_ptr_nonnull(l.set);
	loaded_free(&l);
}
END_TEST

START_TEST(a_rule_about_attestations_has_a_normal_form)
{
	write_file("root.json", read_all(ROOT));
	write_file("p.yaml",
		   str_of(HEAD
			  "    ci: {keyless: {" WHO ", trustedRoot: {file: root.json}}}\n"
			  "  rules:\n"
			  "  - name: scanned\n    attestation:\n      type: vuln\n"
			  "      anyOf: [ci]\n      which: all\n      maxAge: 3d\n"
			  "      severity: {critical: 0, high: 3}\n      fixableOnly: true\n"
			  "      accept: [CVE-2026-1, \"a \\\"b\\\"\"]\n"
			  "  - name: listed\n    attestation:\n      type: spdx\n"
			  "      anyOf: [ci]\n      maxAge: 48h\n"
			  "      sbom: {namesDigest: true, notEmpty: false, forbiddenPackages: "
			  "[xz-*]}\n"
			  "  - name: built\n    attestation:\n"
			  "      type: https://slsa.dev/provenance/v1\n      anyOf: [ci]\n"
			  "      provenance: {builder: [\"https://ci/*\"]}\n"));
	struct loaded l = load_dir();
	ck_assert_uint_eq(l.set->policies[0].n_rules, 3);
	check_normal_form(l.set, 0);
	loaded_free(&l);
}
END_TEST

Suite *test_keyless_policy_suite(void);
Suite *test_keyless_policy_suite(void)
{
	Suite *s = suite_create("keyless_policy");
	TCase *t = tcase_create("keyless_policy");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, an_identity_is_what_the_policy_says);
	tcase_add_test(t, what_is_wanted_beside_it_can_be_said);
	tcase_add_test(t, keys_may_have_a_trusted_root);
	tcase_add_test(t, certificates_of_ones_own_need_no_issuer);
	tcase_add_test(t, a_root_is_read_once_and_watched);
	tcase_add_test(t, the_bytes_of_a_root_are_part_of_the_set_and_of_what_is_asked);
	tcase_add_test(t, authorities_that_have_ended_are_warned_of);
	tcase_add_test(t, a_rule_about_attestations_has_a_normal_form);
	suite_add_tcase(s, t);
	return s;
}

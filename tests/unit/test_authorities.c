/* Authorities of policies that load: keys from files and inline, the hash of the set, the normal form. */
#include <check.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/sample.h"
#include "tests/unit/evidence_fixture.h"
#include "tests/unit/policy_text.h"

#define HEAD                                                                                       \
	"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\nspec:\n"                \
	"  mode: deny\n  onError: deny\n"                                                          \
	"  match: {resources: [pods], operations: [CREATE, UPDATE]}\n"

static struct fake_registry *f;
static struct fake_key keys[3];
static char dir[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void setup(void)
{
	f = fake_new();
	for (size_t i = 0; i < 3; i++)
		fake_key_init(f, &keys[i]);
	snprintf(dir, sizeof(dir), "/tmp/authorities-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	for (size_t i = 0; i < 3; i++)
		fake_key_done(&keys[i]);
	fake_free(f);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *name, const char *text)
{
	const char *path = fake_text(f, "%s/%s", dir, name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	fclose(file);
}

/* The PEM text of a key for the inside of double quotes. */
static const char *escaped(size_t i)
{
	struct text t;
	struct str s;

	text_init(&t, f->arena, 4096);
	for (const char *p = keys[i].pem; *p; p++) {
		if (*p == '\n')
			text_puts(&t, "\\n");
		else
			text_putc(&t, *p);
	}
	ck_assert(text_done(&t, &s));
	return s.p;
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

static void has_key(const struct policy_authority *a, size_t i, const struct fake_key *k)
{
	ck_assert_uint_lt(i, a->n_keys);
	ck_assert_mem_eq(a->keys[i].key.fingerprint.bytes, k->key.fingerprint.bytes, SHA256_BYTES);
	ck_assert_ptr_eq(a->authority.keys[i].key, &a->keys[i].key);
	ck_assert_int_eq(a->authority.keys[i].valid_from_unix_s, 0);
	ck_assert_uint_eq(a->authority.schemes, SIG_SCHEMES_DEFAULT);
	ck_assert(!a->authority.accept_message);
}

START_TEST(keys_come_from_files_beside_the_policy_and_from_its_text)
{
	ck_assert_int_eq(mkdir(fake_text(f, "%s/keys", dir), 0700), 0);
	write_file("keys/release.pub", keys[0].pem);
	write_file("other.pub", keys[1].pem);
	write_file("p.yaml",
		   fake_text(f,
			     HEAD "  authorities:\n    release: {key: {file: keys/release.pub}}\n"
				  "    ci: {keys: [{file: '%s/other.pub'}, {inline: \"%s\"}]}\n"
				  "  rules:\n  - {name: s, signature: {allOf: [ci, release]}}\n",
			     dir, escaped(2)));
	struct loaded l = load_dir();
	const struct policy *p = &l.set->policies[0];
	ck_assert_uint_eq(p->n_authorities, 2);
	ck_assert(str_eq(p->authorities[0].name, S("release")));
	ck_assert_uint_eq(p->authorities[0].n_keys, 1);
	ck_assert_uint_eq(p->authorities[0].origin.line, 9);
	has_key(&p->authorities[0], 0, &keys[0]);
	ck_assert_uint_eq(p->authorities[1].n_keys, 2);
	has_key(&p->authorities[1], 0, &keys[1]);
	has_key(&p->authorities[1], 1, &keys[2]);
	ck_assert_uint_eq(l.set->n_keys, 3);
	ck_assert_uint_eq(l.set->n_key_files, 2);
	ck_assert(str_eq(l.set->key_files[0], str_of(fake_text(f, "%s/keys/release.pub", dir))));
	ck_assert(str_eq(l.set->key_files[1], str_of(fake_text(f, "%s/other.pub", dir))));
	loaded_free(&l);
}
END_TEST

START_TEST(the_bytes_of_a_key_file_are_part_of_the_set)
{
	char before[SHA256_HEX + 1];

	write_file("a.pub", keys[0].pem);
	write_file("p.yaml", HEAD "  authorities: {release: {key: {file: a.pub}}}\n"
				  "  rules:\n  - {name: s, signature: {anyOf: [release]}}\n");
	struct loaded l = load_dir();
	memcpy(before, l.set->sha256_hex, sizeof(before));
	loaded_free(&l);
	l = load_dir();
	ck_assert_str_eq(l.set->sha256_hex, before);
	loaded_free(&l);
	write_file("a.pub", keys[1].pem);
	l = load_dir();
	ck_assert_str_ne(l.set->sha256_hex, before);
	loaded_free(&l);
}
END_TEST

START_TEST(authorities_may_share_a_key_where_one_is_enough)
{
	struct loaded l = load_good(fake_text(
		f,
		HEAD
		"  authorities:\n    a: {key: {inline: \"%s\"}}\n    b: {key: {inline: \"%s\"}}\n"
		"  rules:\n  - {name: s, signature: {anyOf: [a, b]}}\n",
		escaped(0), escaped(0)));

	ck_assert_uint_eq(l.set->n_keys, 2);
	loaded_free(&l);
}
END_TEST

START_TEST(images_alone_are_fine_where_a_rule_claims_the_others)
{
	struct loaded l = load_good(
		fake_text(f,
			  HEAD
			  "  authorities: {a: {key: {inline: \"%s\"}}}\n  rules:\n"
			  "  - {name: s, signature: {images: ['r.io/golden/**'], anyOf: [a]}}\n"
			  "  - {name: from, image: {registries: ['r.io/**']}}\n",
			  escaped(0)));
	loaded_free(&l);
	l = load_good(
		fake_text(f,
			  HEAD
			  "  authorities: {a: {key: {inline: \"%s\"}}}\n  rules:\n"
			  "  - {name: s, signature: {images: ['r.io/golden/**'], anyOf: [a]}}\n"
			  "  - {name: t, signature: {anyOf: [a]}}\n",
			  escaped(0)));
	loaded_free(&l);
}
END_TEST

/* ---- normal form and samples ---- */

static const char *everything(void)
{
	return fake_text(
		f,
		HEAD "  authorities:\n    release: {key: {inline: \"%s\"}}\n"
		     "    ci: {keys: [{inline: \"%s\"}, {inline: \"%s\"}]}\n"
		     "  rules:\n"
		     "  - {name: a, signature: {anyOf: [ci, release], annotations: {team: infra, "
		     "'n: 1': 'x'}, signatureRepository: r.io/sigs}}\n"
		     "  - {name: b, signature: {images: ['r.io/golden/**'], allOf: [release]}}\n"
		     "  - {name: c, signature: {atLeast: {count: 2, of: [ci, release]}}}\n",
		escaped(0), escaped(1), escaped(2));
}

START_TEST(the_normal_form_tells_all_of_it)
{
	struct loaded l = load_good(everything());
	struct text t;
	struct str yaml;

	text_init(&t, l.arena, 1 << 20);
	policy_put_yaml(&t, &l.set->policies[0]);
	ck_assert(text_done(&t, &yaml));
	ck_assert_str_eq(strstr(yaml.p, "  authorities:"),
			 fake_text(f,
				   "  authorities:\n"
				   "    \"release\":\n"
				   "      key:\n"
				   "        inline: \"%s\"\n"
				   "    \"ci\":\n"
				   "      keys:\n"
				   "      - inline: \"%s\"\n"
				   "      - inline: \"%s\"\n"
				   "  rules:\n"
				   "  - name: \"a\"\n"
				   "    mode: deny\n"
				   "    signature:\n"
				   "      anyOf: [\"ci\", \"release\"]\n"
				   "      annotations:\n"
				   "        \"team\": \"infra\"\n"
				   "        \"n: 1\": \"x\"\n"
				   "      signatureRepository: \"r.io/sigs\"\n"
				   "  - name: \"b\"\n"
				   "    mode: deny\n"
				   "    signature:\n"
				   "      images:\n"
				   "      - \"r.io/golden/**\"\n"
				   "      allOf: [\"release\"]\n"
				   "  - name: \"c\"\n"
				   "    mode: deny\n"
				   "    signature:\n"
				   "      atLeast:\n"
				   "        count: 2\n"
				   "        of: [\"ci\", \"release\"]\n",
				   escaped(0), escaped(1), escaped(2)));
	check_normal_form(l.set, 0);
	loaded_free(&l);
}
END_TEST

START_TEST(samples_are_signed_and_not)
{
	struct loaded l = load_good(everything());
	struct arena *a = arena_new((size_t)16 << 20);
	struct samples s;
	struct problems found;
	struct err e;

	problems_init(&found, a);
	ck_assert_int_eq(samples_build(a, l.set, &l.set->policies[0], NOW_UNIX_S, &s, &found, &e),
			 0);
	ck_assert_str_eq(problems_text(&found), "");
	ck_assert_uint_eq(s.n, 4);
	for (size_t i = 0; i < s.n; i++)
		ck_assert(s.items[i].as_expected);
	ck_assert_ptr_nonnull(
		strstr(s.items[0].yaml.p, "image: \"registry.example.com/app@sha256:"));
	ck_assert_ptr_nonnull(strstr(s.items[2].yaml.p, "image: \"r.io/golden/app@sha256:"));
	arena_free(a);
	loaded_free(&l);
}
END_TEST

/* ---- memory ---- */

START_TEST(every_failing_allocation_is_an_error)
{
	const char *yaml = everything();
	size_t n = 1;

	for (; n < 10000; n++) {
		struct policy_options o = {.now_unix_s = NOW_UNIX_S};
		*(_i == 0 ? &o.fail_at.set : &o.fail_at.scratch) = n;
		struct loaded l = load_with(yaml, &o);
		bool loads = l.set != NULL;
		if (!loads)
			ck_assert_ptr_nonnull(
				strstr(problems_text(&l.problems), "do not fit into memory"));
		loaded_free(&l);
		if (loads)
			break;
	}
	ck_assert_uint_gt(n, 30);
	ck_assert_uint_lt(n, 10000);
}
END_TEST

Suite *test_authorities_suite(void);
Suite *test_authorities_suite(void)
{
	Suite *s = suite_create("authorities");
	TCase *t = tcase_create("authorities");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, keys_come_from_files_beside_the_policy_and_from_its_text);
	tcase_add_test(t, the_bytes_of_a_key_file_are_part_of_the_set);
	tcase_add_test(t, authorities_may_share_a_key_where_one_is_enough);
	tcase_add_test(t, images_alone_are_fine_where_a_rule_claims_the_others);
	tcase_add_test(t, the_normal_form_tells_all_of_it);
	tcase_add_test(t, samples_are_signed_and_not);
	tcase_add_loop_test(t, every_failing_allocation_is_an_error, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

/* Wants: whatever an answer depends on is in their hash, and a copy has all of it. */
#include <check.h>
#include <stdlib.h>

#include "evidence/evidence.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* A want that has something of everything, and all that it points to. */
struct full {
	struct sig_key keys[3];
	struct sig_authority_key members[2];
	struct identity_extension_match extensions[2];
	struct identity_demand identities[2];
	struct trusted_log logs[2];
	struct trusted_authority authorities[2];
	struct trusted_root root;
	struct sig_authority who[2];
	struct sig_annotation annotations[2];
	struct str globs[2];
	struct predicate_demand predicate;
	struct evidence_want want;
};

static void fill_who(struct full *f)
{
	for (size_t i = 0; i < 3; i++)
		f->keys[i] = (struct sig_key){SIG_ECDSA_P256, 256, S("spki"), {{(uint8_t)i}}};
	f->members[0] = (struct sig_authority_key){&f->keys[0], 1, 2};
	f->members[1] = (struct sig_authority_key){&f->keys[1], 3, 4};
	f->extensions[0] = (struct identity_extension_match){12, {S("repo"), S("")}};
	f->extensions[1] = (struct identity_extension_match){14, {S(""), S("refs/.*")}};
	f->identities[0] = (struct identity_demand){
		{S("idp"), S("")}, {S(""), S("https://x/.*")}, f->extensions, 2, false};
	f->identities[1] =
		(struct identity_demand){{S(""), S("i.*")}, {S("b@x"), S("")}, NULL, 0, false};
	f->logs[0] = (struct trusted_log){S("id"), S("cp"), S("https://log"), S("log"),
					  S("op"), true,    f->keys[2],       {1, 2}};
	f->authorities[0] = (struct trusted_authority){
		S("https://ca"), {S("der1"), S("der2")}, 2, {1, 2}, false};
	f->root = (struct trusted_root){f->logs,        1, f->logs, 1, f->authorities, 1,
					f->authorities, 1, {{9}}};
	f->who[0] = (struct sig_authority){.keys = f->members, .n_keys = 2, .schemes = 3};
	f->who[1] = (struct sig_authority){.identities = f->identities,
					   .n_identities = 2,
					   .root = &f->root,
					   .log_threshold = 1,
					   .time_threshold = 1,
					   .sct_threshold = 1,
					   .max_age_s = 60};
}

static void fill(struct full *f)
{
	memset(f, 0, sizeof(*f));
	fill_who(f);
	f->annotations[0] = (struct sig_annotation){S("a"), S("bc")};
	f->annotations[1] = (struct sig_annotation){S("d"), S("e")};
	f->globs[0] = S("x*");
	f->globs[1] = S("y");
	const struct predicate_globs g = {f->globs, 2};
	f->predicate = (struct predicate_demand){.max_age_s = 5,
						 .has_ceilings = true,
						 .accepted = g,
						 .forbidden_packages = g,
						 .forbidden_licences = g,
						 .builders = g,
						 .sources = g,
						 .build_types = g};
	f->want = (struct evidence_want){
		.authorities = f->who,
		.n_authorities = 2,
		.enough = 1,
		.demand = {.want = SIG_WANT_ATTESTATION,
			   .predicate_type = S("type"),
			   .predicate = &f->predicate,
			   .annotations = f->annotations,
			   .n_annotations = 2,
			   .reference = S("r.io/a")},
		.which = EVIDENCE_LATEST,
		.repository = {S("sigs.io"), S("a/b")},
	};
}

/* Each changes one thing. */
#define CHANGES                                                                                    \
	X(want.n_authorities = 1)                                                                  \
	X(want.enough = 2)                                                                         \
	X(want.which = EVIDENCE_ALL)                                                               \
	X(want.which = EVIDENCE_ANY)                                                               \
	X(want.thorough = true)                                                                    \
	X(want.repository.host = S("sigs.io:5000"))                                                \
	X(want.repository.path = S("a/c"))                                                         \
	X(want.demand.want = SIG_WANT_SIGNATURE)                                                   \
	X(want.demand.predicate_type = S("typ"))                                                   \
	X(want.demand.predicate = NULL)                                                            \
	X(want.demand.n_annotations = 1)                                                           \
	X(annotations[0] = (struct sig_annotation){S("ab") COMMA S("c")})                          \
	X(want.demand.reference = S("r.io/b"))                                                     \
	X(want.demand.reference_prefix = true)                                                     \
	X(who[0].n_keys = 1)                                                                       \
	X(members[1].key = &f.keys[2])                                                             \
	X(members[1].valid_from_unix_s = 9)                                                        \
	X(members[1].valid_until_unix_s = 9)                                                       \
	X(who[0].schemes = 1)                                                                      \
	X(who[0].accept_message = true)                                                            \
	X(who[1].n_identities = 1)                                                                 \
	X(who[1].root = NULL)                                                                      \
	X(root.sha256.bytes[31] = 1)                                                               \
	X(who[1].any_issuer = true)                                                                \
	X(who[1].brief_certificates = true)                                                        \
	X(who[1].log_threshold = 2)                                                                \
	X(who[1].time_threshold = 2)                                                               \
	X(who[1].sct_threshold = 2)                                                                \
	X(who[1].use_current_time = true)                                                          \
	X(who[1].max_age_s = 61)                                                                   \
	X(identities[0].issuer.exact = S("idq"))                                                   \
	X(identities[0].issuer = (struct identity_match){S("") COMMA S("idp")})                    \
	X(identities[0].subject.regex = S("https://y/.*"))                                         \
	X(identities[1].subject.exact = S("c@x"))                                                  \
	X(identities[0].n_extensions = 1)                                                          \
	X(identities[0].any_issuer = true)                                                         \
	X(extensions[0].number = 13)                                                               \
	X(extensions[0].value.exact = S("rep"))                                                    \
	X(extensions[1].value.regex = S("refs/heads/.*"))                                          \
	X(predicate.max_age_s = 6)                                                                 \
	X(predicate.has_ceilings = false)                                                          \
	X(predicate.ceilings[SEVERITY_CRITICAL] = 1)                                               \
	X(predicate.ceilings[SEVERITY_UNKNOWN] = 1)                                                \
	X(predicate.ceilings[SEVERITY_HIGH] = SEVERITY_NO_CEILING)                                 \
	X(predicate.fixable_only = true)                                                           \
	X(predicate.accepted.n = 1)                                                                \
	X(predicate.names_subject = true)                                                          \
	X(predicate.not_empty = true)                                                              \
	X(predicate.forbidden_packages.n = 1)                                                      \
	X(predicate.forbidden_licences.n = 1)                                                      \
	X(predicate.builders.n = 1)                                                                \
	X(predicate.sources.n = 1)                                                                 \
	X(predicate.build_types.n = 1)                                                             \
	X(globs[0] = S("x"))
#define COMMA ,

static const char *const names[] = {"nothing",
#define X(change) #change,
				    CHANGES
#undef X
};

/* The hash of the want with change number n; 0 is none. */
static struct sha256 seal_with(int n)
{
	struct full f;
	struct err e;
	int i = 0;

	fill(&f);
#define X(change)                                                                                  \
	if (++i == n)                                                                              \
		f.change;
	CHANGES
#undef X
	ck_assert_int_le(n, i);
	ck_assert_int_eq(evidence_want_seal(&f.want, &e), 0);
	return f.want.sha256;
}

START_TEST(every_part_of_a_want_is_in_its_hash)
{
	struct sha256 seen[COUNT(names)];

	for (int i = 0; i < COUNT(names); i++) {
		struct sha256 again = seal_with(i);
		seen[i] = seal_with(i);
		ck_assert_mem_eq(again.bytes, seen[i].bytes, SHA256_BYTES);
		for (int k = 0; k < i; k++)
			ck_assert_msg(memcmp(seen[k].bytes, seen[i].bytes, SHA256_BYTES) != 0,
				      "%s and %s", names[k], names[i]);
	}
}
END_TEST

/* ---- copies ---- */

static void is_own(struct str copy, struct str original)
{
	ck_assert(str_eq(copy, original));
	ck_assert_ptr_ne(copy.p, original.p);
}

static void check_logs(const struct trusted_log *copy, const struct trusted_log *original)
{
	ck_assert_ptr_ne(copy, original);
	is_own(copy->id, original->id);
	is_own(copy->checkpoint_id, original->checkpoint_id);
	is_own(copy->base_url, original->base_url);
	is_own(copy->host, original->host);
	is_own(copy->operator, original->operator);
	is_own(copy->key.spki, original->key.spki);
	ck_assert(copy->usable);
	ck_assert_int_eq(copy->window.until_unix_ms, 2);
}

static void check_authorities(const struct trusted_authority *copy,
			      const struct trusted_authority *original)
{
	ck_assert_ptr_ne(copy, original);
	is_own(copy->uri, original->uri);
	ck_assert_uint_eq(copy->n_certificates, 2);
	is_own(copy->certificates[0], original->certificates[0]);
	is_own(copy->certificates[1], original->certificates[1]);
}

static void check_root(const struct trusted_root *copy, const struct trusted_root *original)
{
	ck_assert_ptr_ne(copy, original);
	check_logs(copy->logs, original->logs);
	check_logs(copy->ct_logs, original->ct_logs);
	check_authorities(copy->certificate_authorities, original->certificate_authorities);
	check_authorities(copy->timestamp_authorities, original->timestamp_authorities);
	ck_assert_mem_eq(&copy->sha256, &original->sha256, sizeof(copy->sha256));
}

static void check_identities(const struct identity_demand *copy,
			     const struct identity_demand *original)
{
	ck_assert_ptr_ne(copy, original);
	is_own(copy[0].issuer.exact, original[0].issuer.exact);
	is_own(copy[0].subject.regex, original[0].subject.regex);
	ck_assert_ptr_ne(copy[0].extensions, original[0].extensions);
	is_own(copy[0].extensions[0].value.exact, original[0].extensions[0].value.exact);
	is_own(copy[0].extensions[1].value.regex, original[0].extensions[1].value.regex);
	is_own(copy[1].issuer.regex, original[1].issuer.regex);
	is_own(copy[1].subject.exact, original[1].subject.exact);
}

static void check_demand(const struct sig_demand *copy, const struct sig_demand *original)
{
	const struct predicate_demand *p = copy->predicate;
	const struct predicate_globs *lists[] = {
		&p->accepted, &p->forbidden_packages, &p->forbidden_licences, &p->builders,
		&p->sources,  &p->build_types};

	ck_assert_ptr_ne(p, original->predicate);
	ck_assert_int_eq(p->max_age_s, 5);
	for (size_t i = 0; i < 6; i++) {
		ck_assert_ptr_ne(lists[i]->items, original->predicate->accepted.items);
		ck_assert_uint_eq(lists[i]->n, 2);
		is_own(lists[i]->items[0], original->predicate->accepted.items[0]);
		is_own(lists[i]->items[1], original->predicate->accepted.items[1]);
	}
	is_own(copy->predicate_type, original->predicate_type);
	is_own(copy->annotations[1].key, original->annotations[1].key);
	is_own(copy->annotations[1].value, original->annotations[1].value);
	is_own(copy->reference, original->reference);
}

START_TEST(a_copy_of_a_want_stands_alone)
{
	struct full f;
	struct err e;

	fill(&f);
	ck_assert_int_eq(evidence_want_seal(&f.want, &e), 0);
	struct evidence_want *copy = evidence_want_dup(&f.want);
	ck_assert_ptr_nonnull(copy);
	ck_assert_ptr_ne(copy->authorities, f.who);
	ck_assert_ptr_ne(copy->authorities[0].keys[1].key, &f.keys[1]);
	is_own(copy->authorities[0].keys[1].key->spki, f.keys[1].spki);
	ck_assert_ptr_null(copy->authorities[0].root);
	check_identities(copy->authorities[1].identities, f.identities);
	check_root(copy->authorities[1].root, &f.root);
	check_demand(&copy->demand, &f.want.demand);
	is_own(copy->repository.host, f.want.repository.host);
	is_own(copy->repository.path, f.want.repository.path);
	ck_assert_int_eq(evidence_want_seal(copy, &e), 0);
	ck_assert_mem_eq(f.want.sha256.bytes, copy->sha256.bytes, SHA256_BYTES);
	free(copy);
}
END_TEST

START_TEST(a_root_of_two_authorities_is_copied_once)
{
	struct full f;

	fill(&f);
	f.who[0].root = &f.root;
	struct evidence_want *copy = evidence_want_dup(&f.want);
	ck_assert_ptr_nonnull(copy);
	ck_assert_ptr_eq(copy->authorities[0].root, copy->authorities[1].root);
	check_root(copy->authorities[1].root, &f.root);
	free(copy);
}
END_TEST

Suite *test_evidence_want_suite(void);
Suite *test_evidence_want_suite(void)
{
	Suite *s = suite_create("evidence_want");
	TCase *t = tcase_create("evidence_want");

	tcase_add_test(t, every_part_of_a_want_is_in_its_hash);
	tcase_add_test(t, a_copy_of_a_want_stands_alone);
	tcase_add_test(t, a_root_of_two_authorities_is_copied_once);
	suite_add_tcase(s, t);
	return s;
}

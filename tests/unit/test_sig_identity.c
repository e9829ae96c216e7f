#include "sigstore/identity.h"
#include "tests/unit/repeat.h"
#include "tests/unit/sig_fault.h"
#include "tests/unit/sig_trust.h"

Suite *test_sig_identity_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ISSUER "https://issuer.example.com"
#define WORKFLOW "https://example.com/org/repo/.github/workflows/build.yml@refs/heads/main"
#define ARC "1.3.6.1.4.1.57264.1."
#define BAD_NAME "certificate: malformed subject alternative name"
#define NO_KIND "certificate: its name is no email address, URI, DNS name or user name"

static struct identity read_leaf(const char *name)
{
	struct identity id;

	ck_assert_msg(identity_parse(a, trust_certificate(a, name), true, &id, &f) == 0, "%s: %s",
		      name, f.err.text);
	return id;
}

/* ---- what a certificate says ---- */

static const struct {
	const char *name;
	enum identity_kind kind;
	const char *kind_name;
	const char *subject;
} kinds[] = {
	{"id-uri", IDENTITY_URI, "uri", WORKFLOW},
	{"id-email", IDENTITY_EMAIL, "email", "a@example.com"},
	{"id-dns", IDENTITY_DNS, "dns", "*.example.com"},
	{"id-user", IDENTITY_USERNAME, "username", "j\xC3\xB6rg"},
};

START_TEST(subjects_are_read)
{
	struct identity id = read_leaf(kinds[_i].name);

	ck_assert_int_eq(id.kind, kinds[_i].kind);
	ck_assert_str_eq(identity_kind_name(id.kind), kinds[_i].kind_name);
	ck_assert(str_eq(id.subject, str_of(kinds[_i].subject)));
	ck_assert(str_eq(id.issuer, S(ISSUER)));
	ck_assert_int_eq(id.key.algorithm, SIG_ECDSA_P256);
}
END_TEST

START_TEST(extensions_are_read)
{
	struct identity id = read_leaf("id-uri");

	ck_assert_uint_eq(id.n_extensions, 5);
	ck_assert_uint_eq(id.extensions[0].number, 1);
	ck_assert(str_eq(id.extensions[0].value, S(ISSUER)));
	ck_assert_uint_eq(id.extensions[1].number, 8);
	ck_assert(str_eq(id.extensions[1].value, S(ISSUER)));
	ck_assert_uint_eq(id.extensions[2].number, 2);
	ck_assert(str_eq(id.extensions[2].value, S("push")));
	ck_assert_uint_eq(id.extensions[3].number, 12);
	ck_assert(str_eq(id.extensions[3].value, S("https://a/b")));
	/* a later one, and not the one that holds no text */
	ck_assert_uint_eq(id.extensions[4].number, 25);
	ck_assert(str_eq(id.extensions[4].value, S("later")));
}
END_TEST

START_TEST(one_way_to_name_the_issuer_is_enough)
{
	struct identity id = read_leaf("id-bare-issuer");

	ck_assert(str_eq(id.issuer, S(ISSUER)));
	id = read_leaf("id-wrapped-issuer");
	ck_assert(str_eq(id.issuer, S(ISSUER)));
}
END_TEST

START_TEST(own_certificates_need_no_issuer)
{
	struct str der = trust_certificate(a, "id-no-issuer");
	struct identity id;

	ck_assert_int_eq(identity_parse(a, der, false, &id, &f), 0);
	ck_assert_uint_eq(id.issuer.n, 0);
	ck_assert(str_eq(id.subject, S(WORKFLOW)));
	der = trust_certificate(a, "id-two-issuers");
	fault_is(identity_parse(a, der, false, &id, &f), VERIFY_IDENTITY_MISSING,
		 "certificate: its extensions " ARC "1 and " ARC "8 name different issuers");
}
END_TEST

START_TEST(the_longest_exponent)
{
	ck_assert_int_eq(read_leaf("id-exponent").key.algorithm, SIG_RSA);
}
END_TEST

START_TEST(the_most_extensions)
{
	ck_assert_uint_eq(read_leaf("id-most").n_extensions, LIMIT_IDENTITY_EXTENSIONS);
}
END_TEST

static const struct {
	const char *name;
	enum verify_reason reason;
	const char *text;
} wrong[] = {
	{"id-two", VERIFY_IDENTITY_MISSING, "certificate: 2 subject alternative names, want 1"},
	{"id-no-names", VERIFY_IDENTITY_MISSING,
	 "certificate: 0 subject alternative names, want 1"},
	{"id-none", VERIFY_IDENTITY_MISSING, "certificate: no subject alternative name"},
	{"id-other", VERIFY_IDENTITY_MISSING, NO_KIND},
	{"id-address", VERIFY_IDENTITY_MISSING, NO_KIND},
	{"id-empty", VERIFY_IDENTITY_MISSING, "certificate: its name is empty"},
	{"id-nul", VERIFY_CERTIFICATE_EXTENSION, BAD_NAME},
	{"id-latin1", VERIFY_CERTIFICATE_EXTENSION, BAD_NAME},
	{"id-broken", VERIFY_CERTIFICATE_EXTENSION, BAD_NAME},
	{"id-user-ia5", VERIFY_CERTIFICATE_EXTENSION, BAD_NAME},
	{"id-user-open", VERIFY_CERTIFICATE_EXTENSION, BAD_NAME},
	{"id-user-nul", VERIFY_CERTIFICATE_EXTENSION, BAD_NAME},
	{"id-no-issuer", VERIFY_IDENTITY_MISSING, "certificate: names no issuer of the identity"},
	{"id-empty-issuer", VERIFY_IDENTITY_MISSING,
	 "certificate: names no issuer of the identity"},
	{"id-two-issuers", VERIFY_IDENTITY_MISSING,
	 "certificate: its extensions " ARC "1 and " ARC "8 name different issuers"},
	{"id-empty-and-issuer", VERIFY_IDENTITY_MISSING,
	 "certificate: its extensions " ARC "1 and " ARC "8 name different issuers"},
	{"id-issuer-nul", VERIFY_CERTIFICATE_EXTENSION,
	 "certificate: extension " ARC "8 is not the text it must be"},
	{"id-issuer-bytes", VERIFY_CERTIFICATE_EXTENSION,
	 "certificate: extension " ARC "8 is not the text it must be"},
	{"id-issuer-more", VERIFY_CERTIFICATE_EXTENSION,
	 "certificate: extension " ARC "8 is not the text it must be"},
	{"id-text-bytes", VERIFY_CERTIFICATE_EXTENSION,
	 "certificate: extension " ARC "12 is not the text it must be"},
	{"id-text-utf8", VERIFY_CERTIFICATE_EXTENSION,
	 "certificate: extension " ARC "4 is not the text it must be"},
	{"id-many", VERIFY_CERTIFICATE_EXTENSION, "certificate: more than 64 extensions of Fulcio"},
	{"leaf-extension-twice", VERIFY_CERTIFICATE_EXTENSION, "certificate: an extension twice"},
	{"id-key", VERIFY_CERTIFICATE_KEY,
	 "certificate: key: ECDSA on another curve: want P-256, P-384 or P-521"},
	{"id-small-key", VERIFY_CERTIFICATE_KEY,
	 "certificate: key: RSA of 1024 bits: want 2048 to 8192"},
	{"id-long-exponent", VERIFY_CERTIFICATE_KEY,
	 "certificate: key: RSA exponent: want at most 32 bits"},
};

START_TEST(what_is_wrong_is_told)
{
	struct identity id = {.kind = IDENTITY_NONE}, before = id;
	struct str der = trust_certificate(a, wrong[_i].name);

	fault_is(identity_parse(a, der, true, &id, &f), wrong[_i].reason, wrong[_i].text);
	ck_assert_mem_eq(&id, &before, sizeof(id));
}
END_TEST

START_TEST(what_is_no_certificate_has_no_identity)
{
	struct identity id;

	fault_is(identity_parse(a, S("\x30\x00"), true, &id, &f), VERIFY_CERTIFICATE_MALFORMED,
		 "certificate: not the DER of a certificate");
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	struct str der = trust_certificate(a, "id-uri");
	struct identity id;
	size_t n = 0;
	int rc;

	do {
		struct arena *small = arena_new(1 << 20);

		arena_fail_at(small, ++n);
		rc = identity_parse(small, der, true, &id, &f);
		if (rc < 0)
			ck_assert_str_eq(verify_reason_name(f.reason), "no_room");
		else
			ck_assert(!arena_exhausted(small));
		arena_free(small);
	} while (rc < 0);
	ck_assert_uint_ge(n, 8);
}
END_TEST

/* ---- names of extensions ---- */

static const struct {
	const char *name;
	unsigned number;
} numbers[] = {
	{"source-repository-uri", 12},
	{"github-workflow-ref", 6},
	{"token-subject", 24},
	{ARC "8", 8},
	{ARC "24", 24},
	{ARC "9999", 9999},
	{ARC "7", 0}, /* no extension */
	{ARC "0", 0},
	{ARC "012", 0},
	{ARC "10000", 0},
	{ARC "99999999999999999999", 0},
	{ARC "", 0},
	{ARC "1.2", 0},
	{"1.3.6.1.4.1.57264.2.1", 0},
	{"Source-Repository-URI", 0},
	{"issuer", 0},
	{"", 0},
};

START_TEST(extensions_have_numbers)
{
	ck_assert_uint_eq(identity_extension_number(str_of(numbers[_i].name)), numbers[_i].number);
}
END_TEST

START_TEST(numbers_have_names)
{
	size_t n = 0;

	ck_assert_str_eq(identity_extension_name(12), "source-repository-uri");
	ck_assert_ptr_null(identity_extension_name(7));
	ck_assert_ptr_null(identity_extension_name(0));
	ck_assert_ptr_null(identity_extension_name(25));
	for (; identity_extension_name_at(n); n++) {
		const char *name = identity_extension_name_at(n);

		ck_assert_str_eq(identity_extension_name(identity_extension_number(str_of(name))),
				 name);
	}
	ck_assert_uint_eq(n, 21);
}
END_TEST

/* ---- expressions ---- */

static const struct {
	const char *regex;
	const char *text; /* NULL: fine */
} regexes[] = {
	{"https://.*", NULL},
	{"a{1000}", NULL},
	{"[0-9a-f]{40}|[0-9a-f]{64}", NULL},
	{"([a-z]/){1,333}", NULL},
	{"[]{9999}]x", NULL},
	{"[[:alpha:]{9999}]x", NULL},
	{"\\{9999}", NULL},
	{"a\\\\1", NULL},
	{"", "regex: empty"},
	{"(", "regex: Unmatched ( or \\("},
	{"[a", "regex: Unmatched [, [^, [:, [., or [="},
	{"a{2", "regex: Unmatched \\{"},
	{"*", "regex: Invalid preceding regular expression"},
	{"a\\", "regex: Trailing backslash"},
	{"v\\d+", "regex: \"\\d\" at offset 1 is not of POSIX: write [0-9] for digits, "
		  "[[:alnum:]_] for words"},
	{"(a)\\1", "regex: back-reference at offset 3: matching it has no bound"},
	{"[\\]\\9", "regex: back-reference at offset 3: matching it has no bound"},
	{"\\\\\\2", "regex: back-reference at offset 2: matching it has no bound"},
	{"a{1001}", "regex: is longer than 1000 with its intervals written out"},
	{"a{99999999999999999999}", "regex: is longer than 1000 with its intervals written out"},
	{"(((a?)?)?){0,143}", "regex: is longer than 1000 with its intervals written out"},
	{"(((a?)?)?){0,142}", NULL},
	{"(ab){334}", "regex: is longer than 1000 with its intervals written out"},
	{"(a{2}(bc){2}(d))", NULL},
	{"(a{2}){2}", "regex: intervals nested more than 1 deep"},
	{"(([ab]{0,2}|b)*d){0,2}", "regex: intervals nested more than 1 deep"},
	{"((ab){99}c(d){99}((((e{120})*)f{90}){9}))*", "regex: intervals nested more than 1 deep"},
	{"a{9}{9}{9}{9}", "regex: intervals nested more than 1 deep"},
	{"(a|b{500}|c{497})", "regex: is longer than 1000 with its intervals written out"},
};

START_TEST(expressions_are_checked)
{
	struct err e;
	int rc = identity_regex_check(str_of(regexes[_i].regex), &e);

	if (!regexes[_i].text) {
		ck_assert_msg(rc == 0, "%s: %s", regexes[_i].regex, e.text);
		return;
	}
	ck_assert_int_eq(rc, -1);
	ck_assert_str_eq(e.text, regexes[_i].text);
}
END_TEST

START_TEST(expressions_are_bounded)
{
	struct str s = repeat("", "x", LIMIT_REGEX_BYTES + 1, "");
	struct err e;

	ck_assert_int_eq(identity_regex_check(s, &e), -1);
	ck_assert_str_eq(e.text, "regex: 1025 bytes, at most 1024");
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	s.n--;
	ck_assert_int_eq(identity_regex_check(s, &e), -1);
	ck_assert_str_eq(e.text, "regex: is longer than 1000 with its intervals "
				 "written out");
	ck_assert_int_eq(identity_regex_check(S("a\0b"), &e), -1);
	ck_assert_str_eq(e.text, "regex: NUL at offset 1");
	for (size_t i = 0; i < LIMIT_REGEX_BYTES; i++)
		((char *)s.p)[i] = '(';
	ck_assert_int_eq(identity_regex_check(s, &e), -1);
	ck_assert_str_eq(e.text, "regex: is longer than 1000 with its intervals written out");
	repeat_free(s);
}
END_TEST

/* ---- comparison ---- */

static const struct {
	const char *exact;
	const char *regex;
	const char *value;
	bool fits;
} matches[] = {
	{"a@b", "", "a@b", true},
	{"a@b", "", "a@bc", false},
	{"a@b", "", "A@b", false},
	{"", "a@b", "a@b", true},
	/* from the first to the last byte */
	{"", "a@b", "xa@b", false},
	{"", "a@b", "a@bx", false},
	{"", "a|ab", "ab", true},
	{"", "ab|a", "a", true},
	{"", "a@b\\.c", "a@bxc", false},
	{"", ".*@b", "a@b", true},
	{"", ".*@b", "a@b\n", false},
	{"", "^a$", "a", true},
	{"", "^a$", "a\nb", false},
	{"", "(a|b)*", "abba", true},
	{"", "a.c",
	 "a\xC3\xB6"
	 "c",
	 false},
	{"", "a..c",
	 "a\xC3\xB6"
	 "c",
	 true},
	{"", "a*", "", false},
	/* nothing fits what is not one of both */
	{"", "", "a", false},
	{"", "", "", false},
	{"a", "a", "a", false},
	/* or was never checked */
	{"", "(", "(", false},
	{"", "(a)\\1", "aa", false},
};

START_TEST(whole_values_are_compared)
{
	struct identity_match m = {str_of(matches[_i].exact), str_of(matches[_i].regex)};
	struct identity_demand want = {.issuer = m, .subject = m};
	struct identity id = {.subject = str_of(matches[_i].value),
			      .issuer = str_of(matches[_i].value)};

	ck_assert_int_eq(identity_fits(&id, &want, &f) == 0, matches[_i].fits);
	if (!matches[_i].fits)
		ck_assert_str_eq(verify_reason_name(f.reason), "identity_issuer");
}
END_TEST

START_TEST(what_is_behind_a_value_is_not_compared)
{
	struct identity_demand want = {.issuer.regex = S("ab*"), .subject.exact = S("a")};
	struct identity id = {.subject = {"ab", 1}, .issuer = {"abc", 2}};

	ck_assert_int_eq(identity_fits(&id, &want, &f), 0);
	id.issuer.n = 3;
	ck_assert_int_eq(identity_fits(&id, &want, &f), -1);
	id.issuer = (struct str){"ab\0b", 4};
	ck_assert_int_eq(identity_fits(&id, &want, &f), -1);
}
END_TEST

START_TEST(all_of_a_demand_must_fit)
{
	struct identity id = read_leaf("id-uri");
	struct identity_extension_match x[] = {
		{12, {.exact = S("https://a/b")}},
		{25, {.regex = S("l[a-z]+")}},
	};
	struct identity_demand want = {{.exact = S(ISSUER)}, {.regex = S("https://.*")}, x, 2, 0};

	ck_assert_int_eq(identity_fits(&id, &want, &f), 0);
	x[0].value = (struct identity_match){.exact = S("https://a/c")};
	fault_is(identity_fits(&id, &want, &f), VERIFY_IDENTITY_EXTENSION,
		 "extension source-repository-uri: got \"https://a/b\", want \"https://a/c\"");
	want.n_extensions = 0;
	want.subject = (struct identity_match){.regex = S("https://")};
	fault_is(identity_fits(&id, &want, &f), VERIFY_IDENTITY_SUBJECT,
		 "subject: got \"" WORKFLOW "\", want one that matches \"https://\"");
	want.issuer = (struct identity_match){.exact = S("https://other")};
	fault_is(identity_fits(&id, &want, &f), VERIFY_IDENTITY_ISSUER,
		 "issuer: got \"" ISSUER "\", want \"https://other\"");
}
END_TEST

START_TEST(an_extension_that_is_not_there_fits_nothing)
{
	struct identity id = read_leaf("id-uri");
	struct identity_extension_match x = {14, {.regex = S(".*")}};
	struct identity_demand want = {{.exact = S(ISSUER)}, {.exact = S(WORKFLOW)}, &x, 1, false};

	fault_is(identity_fits(&id, &want, &f), VERIFY_IDENTITY_EXTENSION,
		 "extension source-repository-ref: missing");
	x.number = 26;
	fault_is(identity_fits(&id, &want, &f), VERIFY_IDENTITY_EXTENSION,
		 "extension 1.3.6.1.4.1.57264.1.26: missing");
}
END_TEST

START_TEST(any_issuer_is_said_and_not_left_out)
{
	struct identity id = read_leaf("id-uri");
	struct identity_demand want = {.subject.exact = S(WORKFLOW)};

	fault_is(identity_fits(&id, &want, &f), VERIFY_IDENTITY_ISSUER,
		 "issuer: got \"" ISSUER "\", want one that matches \"\"");
	want.any_issuer = true;
	ck_assert_int_eq(identity_fits(&id, &want, &f), 0);
}
END_TEST

Suite *test_sig_identity_suite(void)
{
	Suite *s = suite_create("sig_identity");
	TCase *c = tcase_create("sig_identity");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, subjects_are_read, 0, (int)COUNT(kinds));
	tcase_add_test(c, extensions_are_read);
	tcase_add_test(c, one_way_to_name_the_issuer_is_enough);
	tcase_add_test(c, own_certificates_need_no_issuer);
	tcase_add_test(c, the_longest_exponent);
	tcase_add_test(c, the_most_extensions);
	tcase_add_loop_test(c, what_is_wrong_is_told, 0, (int)COUNT(wrong));
	tcase_add_test(c, what_is_no_certificate_has_no_identity);
	tcase_add_test(c, every_allocation_may_fail);
	tcase_add_loop_test(c, extensions_have_numbers, 0, (int)COUNT(numbers));
	tcase_add_test(c, numbers_have_names);
	tcase_add_loop_test(c, expressions_are_checked, 0, (int)COUNT(regexes));
	tcase_add_test(c, expressions_are_bounded);
	tcase_add_loop_test(c, whole_values_are_compared, 0, (int)COUNT(matches));
	tcase_add_test(c, what_is_behind_a_value_is_not_compared);
	tcase_add_test(c, all_of_a_demand_must_fit);
	tcase_add_test(c, an_extension_that_is_not_there_fits_nothing);
	tcase_add_test(c, any_issuer_is_said_and_not_left_out);
	suite_add_tcase(s, c);
	return s;
}

/* What bills of material and provenance must say. */
#include "tests/unit/predicate_text.h"

Suite *test_sig_statements_suite(void);

/* ---- bills of material ---- */

#define SPDX_ROOT(digest)                                                                          \
	"{'SPDXID':'SPDXRef-1','name':'registry.example/"                                          \
	"app','externalRefs':[{'referenceType':'purl',"                                            \
	"'referenceLocator':'pkg:oci/app@" digest "'}]}"
#define SPDX_OPENSSL                                                                               \
	"{'SPDXID':'SPDXRef-2','name':'openssl','versionInfo':'3.0.1','licenseConcluded':'"        \
	"NOASSERTION',"                                                                            \
	"'licenseDeclared':'(Apache-2.0 OR GPL-3.0-only)'}"
#define SPDX(packages, describes)                                                                  \
	"{'spdxVersion':'SPDX-2.3','packages':[" packages "],'relationships':[{'spdxElementId':"   \
	"'SPDXRef-DOCUMENT','relationshipType':'DESCRIBES','relatedSpdxElement':'" describes       \
	"'}]}"
#define CYCLONEDX(component, components)                                                           \
	"{'bomFormat':'CycloneDX','metadata':{'component':" component "},'components':" components \
	"}"

static const struct predicate_demand whole = {.names_subject = true, .not_empty = true};

START_TEST(a_bill_of_the_image)
{
	fits("spdx", SPDX(SPDX_ROOT("sha256%3A" HEX) "," SPDX_OPENSSL, "SPDXRef-1"), &whole);
	fits("spdx",
	     "{'spdxVersion':'SPDX-2.2','documentDescribes':['SPDXRef-1'],'packages':[{'SPDXID':"
	     "'SPDXRef-1','name':'app','checksums':[{'algorithm':'SHA256','checksumValue':'" HEX
	     "'}]}," SPDX_OPENSSL "]}",
	     &whole);
	fits("cyclonedx",
	     CYCLONEDX("{'name':'app','version':'" DIGEST "'}", "[{'name':'openssl'}]"), &whole);
	fits("cyclonedx",
	     CYCLONEDX("{'name':'app','hashes':[{'alg':'SHA-256','content':'" HEX "'}]}",
		       "[{'name':'openssl'}]"),
	     &whole);
}
END_TEST

START_TEST(a_bill_of_something_else)
{
	const char *why = "the document does not say that it describes " DIGEST;

	breaks("spdx", SPDX(SPDX_ROOT("sha256%3A00") "," SPDX_OPENSSL, "SPDXRef-1"), &whole, why);
	/* A package of it has the digest, but the document is about another. */
	breaks("spdx", SPDX(SPDX_ROOT(DIGEST) "," SPDX_OPENSSL, "SPDXRef-2"), &whole, why);
	breaks("cyclonedx", CYCLONEDX("{'name':'app'}", "[{'name':'" DIGEST "'}]"), &whole, why);
	breaks("cyclonedx", "{'bomFormat':'CycloneDX'}", &whole, why);
}
END_TEST

START_TEST(an_empty_bill)
{
	const char *why = "the document lists no package";

	breaks("spdx", SPDX(SPDX_ROOT(DIGEST), "SPDXRef-1"), &whole, why);
	breaks("cyclonedx", CYCLONEDX("{'name':'" DIGEST "'}", "[]"), &whole, why);
	breaks("cyclonedx", CYCLONEDX("{'name':'" DIGEST "'}", "null"), &whole, why);
	breaks("cyclonedx",
	       CYCLONEDX("{'name':'" DIGEST "'}", "[{'type':'operating-system','name':'debian'}]"),
	       &whole, why);
}
END_TEST

START_TEST(forbidden_packages)
{
	const struct str globs[] = {S("openssl@3.0.*"), S("pkg:npm/left-pad@*"), S("tel*et")};
	const struct predicate_demand want = {.forbidden_packages = {globs, 3}};

	breaks("spdx", SPDX(SPDX_OPENSSL, "SPDXRef-1"), &want,
	       "1 package with a forbidden name: openssl");
	fits("cyclonedx", CYCLONEDX("null", "[{'name':'openssl','version':'3.1.0'}]"), &want);
	breaks("cyclonedx",
	       CYCLONEDX("null",
			 "[{'name':'a','components':[{'name':'b','components':[{'name':"
			 "'left-pad','purl':'pkg:npm/left-pad@1.0'}]}]},{'name':'telnet'}]"),
	       &want, "2 packages with a forbidden name: pkg:npm/left-pad@1.0, telnet");
}
END_TEST

/* Wherever the document puts it, and however it writes it. */
START_TEST(forbidden_packages_in_other_places)
{
	const struct str globs[] = {S("pkg:deb/evil@*"), S("evil@6*")};
	const struct predicate_demand want = {.forbidden_packages = {globs, 2}};
	struct text t;
	struct str name;

	breaks("cyclonedx",
	       CYCLONEDX("{'name':'app','components':[{'name':'evil','version':'6.1'}]}", "[]"),
	       &want, "1 package with a forbidden name: evil");
	breaks("cyclonedx", CYCLONEDX("{'name':'evil','version':'6.1'}", "[]"), &want,
	       "1 package with a forbidden name: evil");
	breaks("spdx",
	       "{'spdxVersion':'SPDX-2.3','packages':[{'name':'x','externalRefs':[{'referenceType':"
	       "'purl',"
	       "'referenceLocator':'pkg:deb/"
	       "x@1'},{'referenceType':'purl','referenceLocator':'pkg:deb/evil@1'}]}]}",
	       &want, "1 package with a forbidden name: pkg:deb/evil@1");
	text_init(&t, a, 4096);
	text_puts(&t, "{'bomFormat':'CycloneDX','components':[{'name':'evil','version':'6.");
	for (int i = 0; i < 600; i++)
		text_putc(&t, '0');
	text_puts(&t, "'}]}");
	ck_assert(text_done(&t, &name));
	breaks("cyclonedx", name.p, &want, "1 package with a forbidden name: evil");
}
END_TEST

START_TEST(forbidden_licences)
{
	const struct str globs[] = {S("GPL-3.0*"), S("*Commons Clause*")};
	const struct predicate_demand want = {.forbidden_licences = {globs, 2}};

	breaks("spdx",
	       "{'spdxVersion':'SPDX-2.3','packages':[{'name':'x','licenseInfoFromFiles':['MIT','"
	       "gpl-3.0-ONLY']}]}",
	       &want, "1 package with a forbidden licence: x");

	breaks("spdx", SPDX(SPDX_OPENSSL, "SPDXRef-1"), &want,
	       "1 package with a forbidden licence: openssl");
	fits("spdx",
	     "{'spdxVersion':'SPDX-2.3','packages':[{'name':'x','licenseConcluded':'LGPL-3.0-only'}"
	     "]}",
	     &want);
	breaks("cyclonedx",
	       CYCLONEDX("null",
			 "[{'name':'x','licenses':[{'license':{'id':'MIT'}},{'license':{'name':"
			 "'GPL-3.0-or-later'}}]},{'name':'y','licenses':[{'expression':'MIT AND "
			 "(GPL-3.0-only)'}]}]"),
	       &want, "2 packages with a forbidden licence: x, y");
}
END_TEST

START_TEST(bills_that_cannot_be_judged)
{
	has_no_shape("spdx", "'SPDXVersion: SPDX-2.3'", &whole,
		     "SPDX: a tag-value document: only JSON can be judged");
	has_no_shape("spdx", "{'@graph':[]}", &whole, "spdxVersion: want SPDX-2.x");
	has_no_shape("spdx", "{'spdxVersion':'SPDX-2.3','packages':{}}", &whole,
		     "packages: want a list");
	has_no_shape("spdx", "{'spdxVersion':'SPDX-2.3','packages':[{}]}", &whole,
		     "packages: one has no name");
	has_no_shape("cyclonedx", "{}", &whole, "bomFormat: want CycloneDX");
	has_no_shape("cyclonedx", "{'bomFormat':'CycloneDX','components':{}}", &whole,
		     "components: want a list");
	has_no_shape("cyclonedx", CYCLONEDX("null", "[{'name':'x','components':7}]"), &whole,
		     "components: want a list");
	has_no_shape("cyclonedx", CYCLONEDX("null", "[7]"), &whole, "components: one has no name");
	has_no_shape("cyclonedx", CYCLONEDX("null", "[{'name':'x','purl':[]}]"), &whole,
		     "purl: want a string");
	has_no_shape("cyclonedx", CYCLONEDX("null", "[{'name':'x','licenses':'MIT'}]"), &whole,
		     "licenses: want a list");
	has_no_shape("spdx",
		     "{'spdxVersion':'SPDX-2.3','packages':[{'name':'x','licenseConcluded':[]}]}",
		     &whole, "licenseConcluded: want a string");
}
END_TEST

/* ---- provenance ---- */

#define SLSA_1(source)                                                                             \
	"{'buildDefinition':{'buildType':'https://build.example/v1','externalParameters':" source  \
	"},'runDetails':{'builder':{'id':'https://ci.example/runner@v2'}}}"
#define SLSA_02(uri)                                                                               \
	"{'builder':{'id':'https://ci.example/runner@v2'},'buildType':'https://build.example/v1'," \
	"'invocation':{'configSource':{'uri':'" uri "'}}}"

static const struct str builder = {"https://ci.example/runner@*",
				   sizeof("https://ci.example/runner@*") - 1};
static const struct str source = {"https://git.example/acme/*",
				  sizeof("https://git.example/acme/*") - 1};
static const struct str build_type = {"https://build.example/v1",
				      sizeof("https://build.example/v1") - 1};

START_TEST(provenance_of_the_builder_and_source)
{
	const struct predicate_demand want = {.builders = {&builder, 1},
					      .sources = {&source, 1},
					      .build_types = {&build_type, 1}};

	fits("slsaprovenance1",
	     SLSA_1("{'workflow':{'repository':'https://git.example/acme/app'}}"), &want);
	fits("slsaprovenance1",
	     SLSA_1("{'source':'git+https://git.example/acme/app@refs/heads/x'}"), &want);
	fits("slsaprovenance1", SLSA_1("{'source':{'uri':'https://git.example/acme/app'}}"), &want);
	fits("slsaprovenance", SLSA_02("git+https://git.example/acme/app@refs/heads/main"), &want);
	breaks("slsaprovenance", SLSA_02("git+https://git.example/other/app@refs/heads/main"),
	       &want,
	       "source \"git+https://git.example/other/app@refs/heads/main\", want "
	       "\"https://git.example/acme/*\"");
	has_no_shape("slsaprovenance1", SLSA_1("{}"), &want, "source: missing");
	has_no_shape("slsaprovenance1", SLSA_1("{'workflow':{'repository':7}}"), &want,
		     "source: want a string");
	/* Whoever starts the build chooses what stands beside it. */
	breaks("slsaprovenance1",
	       SLSA_1("{'workflow':{'repository':'https://git.example/acme/app'},'source':{'uri':"
		      "'https://evil.example/app'}}"),
	       &want, "source \"https://evil.example/app\", want \"https://git.example/acme/*\"");
	has_no_shape("slsaprovenance1", "{}", &want, "builder: missing");
	has_no_shape("slsaprovenance", "null", &want, "builder: missing");
}
END_TEST

START_TEST(a_ref_is_cut_off_and_a_user_is_not)
{
	const struct str only = S("https://git.example/acme/app");
	const struct predicate_demand want = {.sources = {&only, 1}};

	fits("slsaprovenance", SLSA_02("git+https://git.example/acme/app@refs/heads/main"), &want);
	breaks("slsaprovenance", SLSA_02("https://git.example/acme/app.evil@refs/heads/main"),
	       &want,
	       "source \"https://git.example/acme/app.evil@refs/heads/main\", want "
	       "\"https://git.example/acme/app\"");
	breaks("slsaprovenance", SLSA_02("https://git.example@evil.example/acme/app"), &want,
	       "source \"https://git.example@evil.example/acme/app\", want "
	       "\"https://git.example/acme/app\"");
	breaks("slsaprovenance", SLSA_02("https://git.example/acme/app@/../../evil/repo"), &want,
	       "source \"https://git.example/acme/app@/../../evil/repo\", want "
	       "\"https://git.example/acme/app\"");
	breaks("slsaprovenance", SLSA_02("https://git.example/acme/app@refs/../evil"), &want,
	       "source \"https://git.example/acme/app@refs/../evil\", want "
	       "\"https://git.example/acme/app\"");
	fits("slsaprovenance", SLSA_02("https://git.example/acme/app@0123abcd"), &want);
	breaks("slsaprovenance", SLSA_02("https://git.example/acme/app@x@evil"), &want,
	       "source \"https://git.example/acme/app@x@evil\", want "
	       "\"https://git.example/acme/app\"");
}
END_TEST

START_TEST(another_builder_or_build_type)
{
	const struct str two[] = {S("https://a.example"), S("https://b.example")};
	const struct predicate_demand by = {.builders = {two, 2}};
	const struct predicate_demand how = {.build_types = {two, 1}};

	breaks("slsaprovenance1", SLSA_1("{}"), &by,
	       "builder \"https://ci.example/runner@v2\", want one of \"https://a.example\", "
	       "\"https://b.example\"");
	breaks("slsaprovenance", SLSA_02(""), &how,
	       "build type \"https://build.example/v1\", want \"https://a.example\"");
}
END_TEST

Suite *test_sig_statements_suite(void)
{
	Suite *s = suite_create("sig_statements");
	TCase *t = tcase_create("statements");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_bill_of_the_image);
	tcase_add_test(t, a_bill_of_something_else);
	tcase_add_test(t, an_empty_bill);
	tcase_add_test(t, forbidden_packages);
	tcase_add_test(t, forbidden_packages_in_other_places);
	tcase_add_test(t, forbidden_licences);
	tcase_add_test(t, bills_that_cannot_be_judged);
	tcase_add_test(t, provenance_of_the_builder_and_source);
	tcase_add_test(t, a_ref_is_cut_off_and_a_user_is_not);
	tcase_add_test(t, another_builder_or_build_type);
	suite_add_tcase(s, t);
	return s;
}

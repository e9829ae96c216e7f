#include "tests/unit/predicate_text.h"

Suite *test_sig_predicate_suite(void);

/* ---- names and times ---- */

START_TEST(names_of_types)
{
	ck_assert(str_eq(predicate_type_of_name(S("spdxjson")), S("https://spdx.dev/Document")));
	ck_assert_uint_eq(predicate_type_of_name(S("spdx2")).n, 0);
	ck_assert_str_eq(predicate_type_name_at(0), "spdx");
	for (size_t i = 0; predicate_type_name_at(i); i++)
		ck_assert_uint_gt(predicate_type_of_name(str_of(predicate_type_name_at(i))).n, 0);
	ck_assert_int_eq(predicate_kind_of_type(S("https://openvex.dev/ns/v0.2.0")),
			 PREDICATE_KIND_VEX);
	ck_assert_int_eq(predicate_kind_of_type(S("https://spdx.dev/Document/v2")),
			 PREDICATE_OTHER);
}
END_TEST

static const struct {
	const char *name, *text;
	int64_t at;
} times[] = {
	{"vuln", "{'metadata':{'scanFinishedOn':'2026-09-21T13:33:20Z'}}", NOW},
	{"vuln", "{'metadata':{'scanFinishedOn':'2026-09-21T15:33:20.5+02:00'}}", NOW},
	{"vuln", "{'metadata':{'scanFinishedOn':'yesterday'}}", 0},
	{"vuln", "{}", 0},
	{"spdx", "{'creationInfo':{'created':'2026-09-21T13:33:20Z'}}", NOW},
	{"spdx", "'SPDXVersion: SPDX-2.3'", 0},
	{"cyclonedx", "{'metadata':{'timestamp':'2026-09-21T13:33:20Z'}}", NOW},
	{"slsaprovenance", "{'metadata':{'buildFinishedOn':'2026-09-21T13:33:20Z'}}", NOW},
	{"slsaprovenance1", "{'runDetails':{'metadata':{'finishedOn':'2026-09-21T13:33:20Z'}}}",
	 NOW},
	{"openvex", "{'timestamp':'2026-09-21T13:33:20Z'}", NOW},
	{"custom", "{'timestamp':'2026-09-21T13:33:20Z'}", 0},
};

START_TEST(time_as_the_signer_tells_it)
{
	const struct predicate_input in = input(times[_i].name, times[_i].text);
	int64_t at = 0;

	ck_assert_int_eq(predicate_time(&in, &at), times[_i].at != 0);
	ck_assert_int_eq(at, times[_i].at);
}
END_TEST

START_TEST(age_has_a_limit_and_no_future)
{
	const struct predicate_demand week = {.max_age_s = 168 * 3600};

	fits("vuln", "{'metadata':{'scanFinishedOn':'2026-09-14T13:33:20Z'}}", &week);
	fails("vuln", "{'metadata':{'scanFinishedOn':'2026-09-14T13:33:19Z'}}", &week,
	      VERIFY_PREDICATE_AGE,
	      "made at 2026-09-14T13:33:19Z, 168 h ago: at most 168 h are allowed");
	fits("vuln", "{'metadata':{'scanFinishedOn':'2026-09-21T13:38:20Z'}}", &week);
	fails("vuln", "{'metadata':{'scanFinishedOn':'2026-09-21T13:38:21Z'}}", &week,
	      VERIFY_PREDICATE_AGE, "made at 2026-09-21T13:38:21Z, which is still to come");
	fails("custom", "{}", &week, VERIFY_PREDICATE_AGE, "it does not say when it was made");
}
END_TEST

START_TEST(conditions_of_another_type_are_no_pass)
{
	const struct predicate_demand vuln = {.has_ceilings = true};
	const struct predicate_demand bill = {.not_empty = true};
	struct str glob = S("*");
	const struct predicate_demand built = {.builders = {&glob, 1}};
	const char *why = "predicate: conditions that its type does not have";

	has_no_shape("custom", "{}", &vuln, why);
	has_no_shape("vuln", "{}", &bill, why);
	has_no_shape("spdx", "{}", &built, why);
}
END_TEST

/* ---- vulnerabilities ---- */

#define REPORT(r) "{'scanner':{'uri':'x','result':" r "}}"
#define TRIVY(found)                                                                               \
	REPORT("{'SchemaVersion':2,'Results':[{'Target':'os','Vulnerabilities':" found "}]}")
#define TRIVY_OF(id, severity, more)                                                               \
	"{'VulnerabilityID':'" id "','Severity':'" severity "'" more "}"
#define GRYPE(severity, state)                                                                     \
	REPORT("{'descriptor':{'name':'grype'},'matches':[{'vulnerability':{'id':'CVE-2026-1','"   \
	       "severity':'" severity "','fix':{'state':'" state "'}},'artifact':{}}]}")
#define OSV(score, fix)                                                                            \
	REPORT("{'results':[{'packages':[{'package':{'name':'x'},'vulnerabilities':[{'id':'GHSA-"  \
	       "1',"                                                                               \
	       "'affected':[{'ranges':[{'events':[{'introduced':'0'}" fix "]}]}]}],"               \
	       "'groups':[{'ids':['GHSA-1'],'aliases':['CVE-2026-1'],'max_severity':'" score       \
	       "'}]}]}]}")

static struct predicate_demand ceilings(int high)
{
	return (struct predicate_demand){.has_ceilings = true,
					 .ceilings = {SEVERITY_NO_CEILING, SEVERITY_NO_CEILING,
						      SEVERITY_NO_CEILING, SEVERITY_NO_CEILING,
						      high, 0}};
}

START_TEST(reports_within_the_ceilings)
{
	const struct predicate_demand want = ceilings(1);

	fits("vuln", REPORT("{'SchemaVersion':2,'Results':[{'Target':'os','Class':'os-pkgs'}]}"),
	     &want);
	fits("vuln", TRIVY("null"), &want);
	fits("vuln", TRIVY("[" TRIVY_OF("CVE-1", "HIGH", "") "," TRIVY_OF("CVE-2", "LOW", "") "]"),
	     &want);
	fits("vuln", REPORT("{'descriptor':{'name':'grype'},'matches':[]}"), &want);
	fits("vuln", GRYPE("High", "not-fixed"), &want);
	fits("vuln", REPORT("{'results':[]}"), &want);
	fits("vuln", OSV("7.0", ""), &want);
	fits("vuln", OSV("6.9", ""),
	     &(struct predicate_demand){.has_ceilings = true, .ceilings = {0, 0, 0, 1}});
}
END_TEST

START_TEST(reports_above_a_ceiling)
{
	struct predicate_demand want = ceilings(0);

	breaks("vuln", TRIVY("[" TRIVY_OF("CVE-1", "HIGH", "") "]"), &want,
	       "1 high finding (CVE-1): at most 0 allowed");
	breaks("vuln",
	       TRIVY("[" TRIVY_OF("CVE-1", "CRITICAL",
				  "") "," TRIVY_OF("CVE-2", "CRITICAL",
						   "") "," TRIVY_OF("CVE-3", "HIGH", "") "]"),
	       &want, "2 critical findings (CVE-1, CVE-2): at most 0 allowed");
	breaks("vuln", GRYPE("Critical", "unknown"), &want,
	       "1 critical finding (CVE-2026-1): at most 0 allowed");
	breaks("vuln", OSV("9.0", ""), &want, "1 critical finding (GHSA-1): at most 0 allowed");
	breaks("vuln", OSV("8.9", ""), &want, "1 high finding (GHSA-1): at most 0 allowed");
	want = ceilings(SEVERITY_NO_CEILING);
	fits("vuln", OSV("8.9", ""), &want);
	breaks("vuln",
	       REPORT("{'results':[{'packages':[{'package':{},'vulnerabilities':[{'id':'MAL-1'}],'"
		      "groups':[{'ids':['MAL-1']}]}]}]}"),
	       &want, "1 critical finding (MAL-1): at most 0 allowed");
	want.ceilings[SEVERITY_UNKNOWN] = 0;
	breaks("vuln", OSV("", ""), &want, "1 unknown finding (GHSA-1): at most 0 allowed");
}
END_TEST

START_TEST(the_first_findings_are_named)
{
	const struct predicate_demand want = ceilings(1);

	breaks("vuln",
	       TRIVY("[" TRIVY_OF("C1", "HIGH", "") "," TRIVY_OF("C2", "HIGH", "") "," TRIVY_OF(
		       "C3", "HIGH",
		       "") "," TRIVY_OF("C4", "HIGH",
					"") "," TRIVY_OF("C5", "HIGH",
							 "") "," TRIVY_OF("C6", "HIGH", "") "]"),
	       &want, "6 high findings (C1, C2, C3, C4, C5 and 1 more): at most 1 allowed");
}
END_TEST

START_TEST(only_what_has_a_fix)
{
	struct predicate_demand want = ceilings(0);

	want.fixable_only = true;
	fits("vuln", TRIVY("[" TRIVY_OF("CVE-1", "HIGH", "") "]"), &want);
	fits("vuln", TRIVY("[" TRIVY_OF("CVE-1", "HIGH", ",'FixedVersion':''") "]"), &want);
	breaks("vuln", TRIVY("[" TRIVY_OF("CVE-1", "HIGH", ",'FixedVersion':'1.2'") "]"), &want,
	       "1 high finding with a fix (CVE-1): at most 0 allowed");
	fits("vuln", GRYPE("High", "wont-fix"), &want);
	breaks("vuln", GRYPE("High", "unknown','versions':['2'],'x':'"), &want,
	       "1 high finding with a fix (CVE-2026-1): at most 0 allowed");
	breaks("vuln", GRYPE("High", "fixed"), &want,
	       "1 high finding with a fix (CVE-2026-1): at most 0 allowed");
	fits("vuln", OSV("9.8", ""), &want);
	breaks("vuln", OSV("9.8", ",{'fixed':'1.2'}"), &want,
	       "1 critical finding with a fix (GHSA-1): at most 0 allowed");
}
END_TEST

START_TEST(accepted_ids_do_not_count)
{
	const struct str ids[] = {S("CVE-2026-1"), S("CVE-7")};
	struct predicate_demand want = ceilings(0);

	want.accepted = (struct predicate_globs){ids, 2};
	fits("vuln", GRYPE("High", "fixed"), &want);
	fits("vuln", OSV("9.8", ""), &want); /* by its alias */
	breaks("vuln", TRIVY("[" TRIVY_OF("CVE-70", "HIGH", "") "]"), &want,
	       "1 high finding (CVE-70): at most 0 allowed");
}
END_TEST

static const struct {
	const char *text, *why;
} shapeless[] = {
	{"null", "scanner.result: no report of Trivy, Grype or OSV-Scanner"},
	{"{}", "scanner.result: no report of Trivy, Grype or OSV-Scanner"},
	{REPORT("{}"), "scanner.result: no report of Trivy, Grype or OSV-Scanner"},
	{REPORT("[]"), "scanner.result: no report of Trivy, Grype or OSV-Scanner"},
	{REPORT("{'matches':null}"), "scanner.result: no report of Trivy, Grype or OSV-Scanner"},
	{REPORT("{'SchemaVersion':1,'Results':[]}"), "scanner.result.SchemaVersion: want 2"},
	{REPORT("{'SchemaVersion':'2','Results':[]}"), "scanner.result.SchemaVersion: want 2"},
	{REPORT("{'SchemaVersion':2}"), "scanner.result.Results: empty: nothing was scanned"},
	{REPORT("{'SchemaVersion':2,'Results':[]}"),
	 "scanner.result.Results: empty: nothing was scanned"},
	{REPORT("{'SchemaVersion':2,'Results':{}}"), "scanner.result.Results: want a list"},
	{REPORT("{'SchemaVersion':2,'Results':['x']}"), "scanner.result.Results: want maps"},
	{TRIVY("{}"), "Results.Vulnerabilities: want a list"},
	{TRIVY("[{'Severity':'LOW'}]"), "Results.Vulnerabilities: one has no VulnerabilityID"},
	{TRIVY("[" TRIVY_OF("C", "SEVERE", "") "]"),
	 "Results.Vulnerabilities.Severity: \"SEVERE\" is no known severity"},
	{REPORT("{'matches':[]}"), "scanner.result.descriptor.name: want grype"},
	{REPORT("{'descriptor':{'name':'grype'},'matches':['x']}"),
	 "matches.vulnerability: one has no id"},
	{REPORT("{'descriptor':{'name':'grype'},'matches':[{'vulnerability':{'id':'C','severity':'"
		"Low','fix':[]}}]}"),
	 "matches.vulnerability.fix: want state and versions"},
	{REPORT("{'SchemaVersion':2,'Results':[{}]}"),
	 "scanner.result.Results: none is a scan of packages"},
	{REPORT("{'SchemaVersion':2,'Results':[{'Target':'x','Class':'secret'}]}"),
	 "scanner.result.Results: none is a scan of packages"},
	{TRIVY("[" TRIVY_OF("C", "LOW", ",'FixedVersion':['1']") "]"),
	 "Results.Vulnerabilities.FixedVersion: want a string"},
	{REPORT("{'results':[],'errors':[]}"), "scanner.result: no report of OSV-Scanner"},
	{REPORT("{'results':[{'packages':[{'package':{},'vulnerabilities':[{'id':'A'},{'id':'B'}],'"
		"groups':[{'ids':['A']}]}]}]}"),
	 "packages.groups: a vulnerability is in none"},
	{REPORT("{'results':[{'packages':[{'package':{},'vulnerabilities':[{'id':'A','affected':{}}"
		"],'groups':[{'ids':['A']}]}]}]}"),
	 "packages.vulnerabilities.affected: want a list"},
	{OSV(" 7", ""), "groups.max_severity: no CVSS score"},
	{OSV("0x7", ""), "groups.max_severity: no CVSS score"},
	{OSV("7.", ""), "groups.max_severity: no CVSS score"},
	{OSV(".7", ""), "groups.max_severity: no CVSS score"},
	{OSV("7.1.1", ""), "groups.max_severity: no CVSS score"},
	{GRYPE("", "fixed"), "matches.vulnerability.severity: \"\" is no known severity"},
	{REPORT("{'results':['x']}"), "results.packages: missing"},
	{REPORT("{'results':[{'packages':[{}]}]}"), "results.packages: one has no package"},
	{REPORT("{'results':[{'packages':[{'package':{},'vulnerabilities':[{}]}]}]}"),
	 "packages.groups: a vulnerability is in none"},
	{REPORT("{'results':[{'packages':[{'package':{},'groups':[{'ids':[]}]}]}]}"),
	 "packages.groups: one has no ids"},
	{OSV("11", ""), "groups.max_severity: no CVSS score"},
	{OSV("nan", ""), "groups.max_severity: no CVSS score"},
	{OSV("7.5x", ""), "groups.max_severity: no CVSS score"},
	{OSV("7.50000000000000000", ""), "groups.max_severity: no CVSS score"},
};

START_TEST(an_unknown_form_is_no_pass)
{
	const struct predicate_demand want = ceilings(SEVERITY_NO_CEILING);

	has_no_shape("vuln", shapeless[_i].text, &want, shapeless[_i].why);
}
END_TEST

Suite *test_sig_predicate_suite(void)
{
	Suite *s = suite_create("sig_predicate");
	TCase *t = tcase_create("predicate");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, names_of_types);
	tcase_add_loop_test(t, time_as_the_signer_tells_it, 0, sizeof(times) / sizeof(times[0]));
	tcase_add_test(t, age_has_a_limit_and_no_future);
	tcase_add_test(t, conditions_of_another_type_are_no_pass);
	tcase_add_test(t, reports_within_the_ceilings);
	tcase_add_test(t, reports_above_a_ceiling);
	tcase_add_test(t, the_first_findings_are_named);
	tcase_add_test(t, only_what_has_a_fix);
	tcase_add_test(t, accepted_ids_do_not_count);
	tcase_add_loop_test(t, an_unknown_form_is_no_pass, 0,
			    sizeof(shapeless) / sizeof(shapeless[0]));
	suite_add_tcase(s, t);
	return s;
}

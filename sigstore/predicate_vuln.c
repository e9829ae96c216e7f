/*
 * Vulnerability reports: cosign's vuln predicate v1 around what a scanner wrote.
 * source: cosign COSIGN_VULN_ATTESTATION_SPEC.md; the JSON of Trivy (schema 2), Grype and OSV-
 * Scanner
 */
#include "sigstore/predicate_inside.h"

const char *severity_name(enum severity s)
{
	switch (s) {
	case SEVERITY_NEGLIGIBLE:
		return "negligible";
	case SEVERITY_LOW:
		return "low";
	case SEVERITY_MEDIUM:
		return "medium";
	case SEVERITY_HIGH:
		return "high";
	case SEVERITY_CRITICAL:
		return "critical";
	case SEVERITY_UNKNOWN:
	case SEVERITIES:
		break;
	}
	return "unknown";
}

struct finding {
	struct str id;
	const struct node *aliases; /* a list of strings, or NULL */
	enum severity severity;
	bool fixable;
};

struct tallied {
	const struct predicate_check *check;
	struct found by_severity[SEVERITIES];
};

static bool is_accepted(const struct predicate_globs *g, struct str id)
{
	for (size_t i = 0; i < g->n; i++) {
		if (str_eq(g->items[i], id))
			return true;
	}
	return false;
}

static void count(struct tallied *t, const struct finding *f)
{
	const struct predicate_demand *want = t->check->want;

	if (want->fixable_only && !f->fixable)
		return;
	if (is_accepted(&want->accepted, f->id))
		return;
	for (size_t i = 0; i < node_len(f->aliases); i++) {
		if (is_accepted(&want->accepted, node_str(node_at(f->aliases, i))))
			return;
	}
	found_add(&t->by_severity[f->severity], f->id);
}

static int bad(const struct tallied *t, const char *what, const char *why)
{
	return predicate_shape(t->check, what, why);
}

/* A word that nobody knows is no low severity. */
static int severity_of_word(const struct tallied *t, const char *what, struct str word,
			    enum severity *out)
{
	static const struct {
		const char *word;
		enum severity severity;
	} words[] = {
		{"unknown", SEVERITY_UNKNOWN},   {"negligible", SEVERITY_NEGLIGIBLE},
		{"none", SEVERITY_NEGLIGIBLE},   {"low", SEVERITY_LOW},
		{"medium", SEVERITY_MEDIUM},     {"moderate", SEVERITY_MEDIUM},
		{"high", SEVERITY_HIGH},         {"important", SEVERITY_HIGH},
		{"critical", SEVERITY_CRITICAL},
	};
	char quote[SIG_QUOTE_BYTES];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_eq_nocase(word, str_of(words[i].word))) {
			*out = words[i].severity;
			return 0;
		}
	}
	return sig_fault_set(t->check->fault, VERIFY_PREDICATE_SHAPE, "%s: %s is no known severity",
			     what, sig_quote(quote, word));
}

/* A list that may be absent or null, but nothing else. */
static int list_of(const struct tallied *t, const struct node *map, const char *key,
		   const char *what, const struct node **out)
{
	const struct node *n = node_get_set(map, str_of(key));

	*out = n;
	if (n && n->type != NODE_LIST)
		return bad(t, what, "want a list");
	return 0;
}

static bool is_text_or_none(const struct node *n)
{
	return !n || n->type == NODE_STR || n->type == NODE_NULL;
}

/* ---- Trivy ---- */

static int trivy_finding(struct tallied *t, const struct node *v)
{
	struct finding f = {.id = node_str(node_get(v, S("VulnerabilityID")))};

	if (f.id.n == 0)
		return bad(t, "Results.Vulnerabilities", "one has no VulnerabilityID");
	TRY(severity_of_word(t, "Results.Vulnerabilities.Severity",
			     node_str(node_get(v, S("Severity"))), &f.severity));
	if (!is_text_or_none(node_get(v, S("FixedVersion"))))
		return bad(t, "Results.Vulnerabilities.FixedVersion", "want a string");
	f.fixable = node_str(node_get(v, S("FixedVersion"))).n > 0;
	count(t, &f);
	return 0;
}

/* Trivy also looks for secrets, licences and settings: was this a look for vulnerabilities? */
static bool is_about_packages(const struct node *result)
{
	struct str class = node_str(node_get(result, S("Class")));

	return str_eq(class, S("os-pkgs")) || str_eq(class, S("lang-pkgs")) ||
	       node_get(result, S("Vulnerabilities"));
}

/* Without such results nothing was scanned, which is not the same as nothing was found. */
static int judge_trivy(struct tallied *t, const struct node *report)
{
	const struct node *results, *found;
	bool scanned = false;
	const struct node *version = node_get(report, S("SchemaVersion"));

	if (!node_is(version, NODE_INT) || version->integer != 2)
		return bad(t, "scanner.result.SchemaVersion", "want 2");
	TRY(list_of(t, report, "Results", "scanner.result.Results", &results));
	if (node_len(results) == 0)
		return bad(t, "scanner.result.Results", "empty: nothing was scanned");
	for (size_t i = 0; i < node_len(results); i++) {
		if (!node_is(node_at(results, i), NODE_MAP))
			return bad(t, "scanner.result.Results", "want maps");
		scanned |= is_about_packages(node_at(results, i));
		TRY(list_of(t, node_at(results, i), "Vulnerabilities", "Results.Vulnerabilities",
			    &found));
		for (size_t k = 0; k < node_len(found); k++)
			TRY(trivy_finding(t, node_at(found, k)));
	}
	return scanned ? 0 : bad(t, "scanner.result.Results", "none is a scan of packages");
}

/* ---- Grype ---- */

static int grype_fix(struct tallied *t, const struct node *fix, bool *fixable)
{
	const struct node *versions = node_get_set(fix, S("versions"));

	*fixable = false;
	if (!fix)
		return 0;
	if (fix->type != NODE_MAP || !node_is(node_get(fix, S("state")), NODE_STR) ||
	    (versions && versions->type != NODE_LIST))
		return bad(t, "matches.vulnerability.fix", "want state and versions");
	*fixable =
		node_len(versions) > 0 || str_eq(node_str(node_get(fix, S("state"))), S("fixed"));
	return 0;
}

static int grype_finding(struct tallied *t, const struct node *match)
{
	const struct node *v = node_get(match, S("vulnerability"));
	struct finding f = {.id = node_str(node_get(v, S("id")))};

	if (f.id.n == 0)
		return bad(t, "matches.vulnerability", "one has no id");
	TRY(severity_of_word(t, "matches.vulnerability.severity",
			     node_str(node_get(v, S("severity"))), &f.severity));
	TRY(grype_fix(t, node_get_set(v, S("fix")), &f.fixable));
	count(t, &f);
	return 0;
}

static int judge_grype(struct tallied *t, const struct node *report)
{
	const struct node *matches;

	if (!str_eq(predicate_str(report, AT("descriptor", "name")), S("grype")))
		return bad(t, "scanner.result.descriptor.name", "want grype");
	TRY(list_of(t, report, "matches", "scanner.result.matches", &matches));
	for (size_t i = 0; i < node_len(matches); i++)
		TRY(grype_finding(t, node_at(matches, i)));
	return 0;
}

/* ---- OSV-Scanner ---- */

/* "9.8": digits, and a point between digits. */
static bool read_score(struct str text, double *out)
{
	double value = 0, unit = 1;
	size_t digits = 0;
	bool point = false;

	for (size_t i = 0; i < text.n && text.n < 8; i++) {
		char c = text.p[i];

		if (c == '.' && !point && i > 0 && i + 1 < text.n) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		unit = point ? unit / 10 : 1;
		value = point ? value + (c - '0') * unit : value * 10 + (c - '0');
		digits++;
	}
	*out = value;
	return digits > 0;
}

/* A CVSS score. Empty: the database has none; then only malware is known to be grave. */
static int severity_of_score(const struct tallied *t, struct str id, struct str score,
			     enum severity *out)
{
	double value = 0;

	*out = str_starts(id, S("MAL-")) ? SEVERITY_CRITICAL : SEVERITY_UNKNOWN;
	if (score.n == 0)
		return 0;
	if (!read_score(score, &value) || value > 10)
		return bad(t, "groups.max_severity", "no CVSS score");
	/* Half a tenth below, for what a binary fraction loses. */
	*out = value > 8.95   ? SEVERITY_CRITICAL
	       : value > 6.95 ? SEVERITY_HIGH
	       : value > 3.95 ? SEVERITY_MEDIUM
	       : value > 0    ? SEVERITY_LOW
			      : SEVERITY_NEGLIGIBLE;
	return 0;
}

static bool has_fixed_event(const struct node *affected)
{
	const struct node *ranges = node_get(affected, S("ranges"));

	for (size_t i = 0; i < node_len(ranges); i++) {
		const struct node *events = node_get(node_at(ranges, i), S("events"));

		for (size_t k = 0; k < node_len(events); k++) {
			if (node_str(node_get(node_at(events, k), S("fixed"))).n > 0)
				return true;
		}
	}
	return false;
}

static bool holds(const struct node *ids, struct str id)
{
	for (size_t i = 0; i < node_len(ids); i++) {
		if (str_eq(node_str(node_at(ids, i)), id))
			return true;
	}
	return false;
}

/* Does a fix exist for any vulnerability of the group? */
static bool osv_is_fixable(const struct node *vulnerabilities, const struct node *ids)
{
	for (size_t i = 0; i < node_len(vulnerabilities); i++) {
		const struct node *v = node_at(vulnerabilities, i);
		const struct node *affected = node_get(v, S("affected"));

		if (!holds(ids, node_str(node_get(v, S("id")))))
			continue;
		for (size_t k = 0; k < node_len(affected); k++) {
			if (has_fixed_event(node_at(affected, k)))
				return true;
		}
	}
	return false;
}

/* Every vulnerability is in a group, or it would not be counted. */
static int check_grouped(struct tallied *t, const struct node *vulnerabilities,
			 const struct node *groups)
{
	for (size_t i = 0; i < node_len(vulnerabilities); i++) {
		const struct node *v = node_at(vulnerabilities, i);
		const struct node *affected = node_get_set(v, S("affected"));
		struct str id = node_str(node_get(v, S("id")));
		bool grouped = false;

		if (affected && affected->type != NODE_LIST)
			return bad(t, "packages.vulnerabilities.affected", "want a list");
		for (size_t k = 0; k < node_len(groups) && !grouped; k++)
			grouped = holds(node_get(node_at(groups, k), S("ids")), id);
		if (id.n == 0 || !grouped)
			return bad(t, "packages.groups", "a vulnerability is in none");
	}
	return 0;
}

/* Databases give one flaw several ids: a group is one finding. */
static int osv_package(struct tallied *t, const struct node *package)
{
	const struct node *vulnerabilities, *groups;

	if (!node_is(node_get(package, S("package")), NODE_MAP))
		return bad(t, "results.packages", "one has no package");
	TRY(list_of(t, package, "vulnerabilities", "packages.vulnerabilities", &vulnerabilities));
	TRY(list_of(t, package, "groups", "packages.groups", &groups));
	TRY(check_grouped(t, vulnerabilities, groups));
	for (size_t i = 0; i < node_len(groups); i++) {
		const struct node *g = node_at(groups, i), *ids = node_get(g, S("ids"));
		struct finding f = {.id = node_str(node_at(ids, 0)),
				    .aliases = node_get(g, S("aliases"))};

		if (f.id.n == 0)
			return bad(t, "packages.groups", "one has no ids");
		if (!is_text_or_none(node_get(g, S("max_severity"))))
			return bad(t, "groups.max_severity", "no CVSS score");
		TRY(severity_of_score(t, f.id, node_str(node_get(g, S("max_severity"))),
				      &f.severity));
		f.fixable = osv_is_fixable(vulnerabilities, ids);
		count(t, &f);
	}
	return 0;
}

static int judge_osv(struct tallied *t, const struct node *report)
{
	static const char *const known[] = {"results", "experimental_config",
					    "experimental_generic_findings", "license_summary"};
	const struct node *results, *packages;

	/* Other tools write "results", too. */
	for (size_t i = 0, k; i < report->map.n; i++) {
		for (k = 0; k < 4 && !str_eq(report->map.pairs[i].key, str_of(known[k]));)
			k++;
		if (k == 4)
			return bad(t, "scanner.result", "no report of OSV-Scanner");
	}
	TRY(list_of(t, report, "results", "scanner.result.results", &results));
	for (size_t i = 0; i < node_len(results); i++) {
		TRY(list_of(t, node_at(results, i), "packages", "results.packages", &packages));
		if (!packages)
			return bad(t, "results.packages", "missing");
		for (size_t k = 0; k < node_len(packages); k++)
			TRY(osv_package(t, node_at(packages, k)));
	}
	return 0;
}

/* ---- the verdict ---- */

/* Whose report it is, told by the one list that only that scanner has. */
static int judge_report(struct tallied *t, const struct node *report)
{
	if (node_is(report, NODE_MAP)) {
		if (node_get(report, S("SchemaVersion")))
			return judge_trivy(t, report);
		if (node_is(node_get(report, S("matches")), NODE_LIST))
			return judge_grype(t, report);
		if (node_is(node_get(report, S("results")), NODE_LIST))
			return judge_osv(t, report);
	}
	return bad(t, "scanner.result", "no report of Trivy, Grype or OSV-Scanner");
}

static int compare(const struct tallied *t)
{
	const struct predicate_demand *want = t->check->want;

	for (unsigned s = SEVERITIES; s-- > 0;) {
		const struct found *f = &t->by_severity[s];
		char buf[480];
		struct text text;

		if (want->ceilings[s] < 0 || f->n <= (size_t)want->ceilings[s])
			continue;
		text_init_fixed(&text, buf, sizeof(buf));
		text_printf(&text, "%zu %s finding%s%s (", f->n, severity_name((enum severity)s),
			    f->n == 1 ? "" : "s", want->fixable_only ? " with a fix" : "");
		found_put(&text, f);
		text_printf(&text, "): at most %d allowed", want->ceilings[s]);
		return sig_fault_set(t->check->fault, VERIFY_PREDICATE_CONDITION, "%s", buf);
	}
	return 0;
}

int predicate_check_vuln(const struct predicate_check *c)
{
	struct tallied t = {.check = c};

	TRY(judge_report(&t, predicate_at(c->in->predicate, AT("scanner", "result"))));
	return compare(&t);
}

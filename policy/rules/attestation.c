/*
 * What trusted people say of the image: bills of material, vulnerability reports, provenance. Who says it is
 * verified like a signature; what it says is compared with conditions. spec: policy 3.7; sigstore 8
 */
#include "policy/rule_signed.h"

enum { WHICH_LATEST = 1, WHICH_ALL };
static const char *const which_words[] = {"latest", "all", NULL};

struct attestation {
	struct rule_signed who;
	struct param_predicate type;
	struct param_enum which;
	struct param_age max_age;
	/* vuln */
	struct param_map severity;
	struct param_int ceilings[SEVERITIES];
	struct param_bool fixable_only;
	struct param_strings accept;
	/* spdx, cyclonedx */
	struct param_map sbom;
	struct param_bool names_digest;
	struct param_bool not_empty;
	struct param_strings forbidden_packages;
	struct param_strings forbidden_licences;
	/* slsaprovenance */
	struct param_map provenance;
	struct param_strings builder;
	struct param_strings source;
	struct param_strings build_type;
	/* Made of them: */
	struct predicate_demand demand;
};

/* ---- parameters that fit each other ---- */

static bool is_bill(enum predicate_kind k)
{
	return k == PREDICATE_KIND_SPDX || k == PREDICATE_KIND_CYCLONEDX;
}

static bool is_provenance(enum predicate_kind k)
{
	return k == PREDICATE_KIND_SLSA_02 || k == PREDICATE_KIND_SLSA_1;
}

/* Is it proven when each of them signed? Signatures by keys and long-lived certificates can be stamped anew. */
static bool all_prove_times(const struct param_authorities *who)
{
	for (size_t i = 0; i < who->n; i++) {
		if (!who->items[i]->authority.brief_certificates)
			return false;
	}
	return true;
}

static const struct param_authorities *authorities_of(const struct rule_signed *p)
{
	return p->any_of.n ? &p->any_of : p->all_of.n ? &p->all_of : &p->at_least;
}

static const char *validate_conditions(const struct attestation *p, enum predicate_kind kind)
{
	if (p->severity.set && kind != PREDICATE_KIND_VULN)
		return "attestation.severity: only vulnerability reports have one: want type: vuln";
	if ((p->fixable_only.set || p->accept.n) && !p->severity.set)
		return p->fixable_only.set
			       ? "attestation.fixableOnly: means nothing without severity"
			       : "attestation.accept: means nothing without severity";
	if (p->sbom.set && !is_bill(kind))
		return "attestation.sbom: want type: spdx or cyclonedx";
	if (p->provenance.set && !is_provenance(kind))
		return "attestation.provenance: want type: slsaprovenance1 or slsaprovenance";
	if (p->max_age.seconds && kind == PREDICATE_OTHER &&
	    !all_prove_times(authorities_of(&p->who)))
		return "attestation.maxAge: this type tells no time, and only signatures of "
		       "keyless authorities prove when they were made: others can be stamped anew";
	return NULL;
}

static const char *validate(const void *params)
{
	const struct attestation *p = params;
	int n = (p->who.any_of.n > 0) + (p->who.all_of.n > 0) + (p->who.at_least.n > 0);

	if (n != 1)
		return "attestation: want exactly one of anyOf, allOf and atLeast";
	return validate_conditions(p, predicate_kind_of_type(p->type.type));
}

/* ---- the demand ---- */

static struct predicate_globs globs(const struct param_strings *l)
{
	return (struct predicate_globs){l->items, l->n};
}

/* A report is as old as its scan. Of anything else the signature's time is better known, where it is proven for
 * each authority; else what the statement says of itself must do. */
static void set_age(struct attestation *p)
{
	bool is_report = predicate_kind_of_type(p->type.type) == PREDICATE_KIND_VULN;
	int64_t max_s = p->max_age.seconds;

	if (!max_s)
		return;
	if (is_report || !all_prove_times(p->who.authorities)) {
		p->demand.max_age_s = max_s;
		return;
	}
	for (size_t i = 0; i < p->who.authorities->n; i++) {
		struct sig_authority *a = &p->who.compiled[i];
		if (!a->max_age_s || a->max_age_s > max_s)
			a->max_age_s = max_s;
	}
}

static void set_demand(struct attestation *p)
{
	struct predicate_demand *d = &p->demand;

	d->has_ceilings = p->severity.set;
	for (size_t i = 0; i < SEVERITIES; i++)
		d->ceilings[i] =
			p->ceilings[i].set ? (int)p->ceilings[i].value : SEVERITY_NO_CEILING;
	d->fixable_only = p->fixable_only.value;
	d->accepted = globs(&p->accept);
	d->names_subject = p->names_digest.value;
	d->not_empty = p->not_empty.value;
	d->forbidden_packages = globs(&p->forbidden_packages);
	d->forbidden_licences = globs(&p->forbidden_licences);
	d->builders = globs(&p->builder);
	d->sources = globs(&p->source);
	d->build_types = globs(&p->build_type);
	set_age(p);
}

static int prepare(void *params, struct arena *a, struct err *e)
{
	struct attestation *p = params;

	p->who.code = CODE_ATTESTATION;
	p->who.code_unavailable = CODE_ATTESTATION_UNAVAILABLE;
	p->who.asked.type = &p->type;
	p->who.want.which = p->which.word == WHICH_ALL ? EVIDENCE_ALL : EVIDENCE_LATEST;
	p->who.want.demand = (struct sig_demand){.want = SIG_WANT_ATTESTATION,
						 .predicate_type = p->type.type,
						 .predicate = &p->demand};
	TRY(rule_signed_prepare(&p->who, a, e));
	set_demand(p);
	return evidence_want_seal(&p->who.want, e);
}

/* ---- the table ---- */

#define CEILING(word, which)                                                                       \
	{                                                                                          \
		.key = word, .type = PARAM_INT, .min = 0, .max = 100000,                           \
		.offset = offsetof(struct attestation, ceilings[which]),                           \
		.doc = "At most so many findings of this severity."                                \
	}
static const struct param severities[] = {
	CEILING("critical", SEVERITY_CRITICAL),     CEILING("high", SEVERITY_HIGH),
	CEILING("medium", SEVERITY_MEDIUM),         CEILING("low", SEVERITY_LOW),
	CEILING("negligible", SEVERITY_NEGLIGIBLE), CEILING("unknown", SEVERITY_UNKNOWN),
};

static const struct param bill[] = {
	{.key = "namesDigest",
	 .type = PARAM_BOOL,
	 .offset = offsetof(struct attestation, names_digest),
	 .doc = "The document describes the image by its digest."},
	{.key = "notEmpty",
	 .type = PARAM_BOOL,
	 .offset = offsetof(struct attestation, not_empty),
	 .doc = "It lists a package beside the image itself."},
	{.key = "forbiddenPackages",
	 .type = PARAM_STRINGS,
	 .offset = offsetof(struct attestation, forbidden_packages),
	 .doc = "Globs of \"name\", \"name@version\" or the package URL; none may fit."},
	{.key = "forbiddenLicences",
	 .type = PARAM_STRINGS,
	 .offset = offsetof(struct attestation, forbidden_licences),
	 .doc = "Globs of SPDX licence ids; none may fit."},
};

static const struct param provenance[] = {
	{.key = "builder",
	 .type = PARAM_STRINGS,
	 .offset = offsetof(struct attestation, builder),
	 .doc = "Globs of builder ids, of which one fits."},
	{.key = "source",
	 .type = PARAM_STRINGS,
	 .offset = offsetof(struct attestation, source),
	 .doc = "Globs of source repositories, of which one fits."},
	{.key = "buildType",
	 .type = PARAM_STRINGS,
	 .offset = offsetof(struct attestation, build_type),
	 .doc = "Globs of build types, of which one fits."},
};

#define MEMBERS(table) .members = (table), .n_members = sizeof(table) / sizeof((table)[0])

static const struct param params_table[] = {
	{.key = "type",
	 .type = PARAM_PREDICATE,
	 .required = true,
	 .offset = offsetof(struct attestation, type),
	 .doc = "Predicate type: vuln, spdx, cyclonedx, slsaprovenance1, slsaprovenance, openvex, "
		"link, custom, or a URI."},
	RULE_SIGNED_PARAMS("attested to"),
	{.key = "which",
	 .type = PARAM_ENUM,
	 .words = which_words,
	 .offset = offsetof(struct attestation, which),
	 .doc = "Of several by one authority the newest must do (latest, the default), or each of "
		"them."},
	{.key = "maxAge",
	 .type = PARAM_AGE,
	 .offset = offsetof(struct attestation, max_age),
	 .doc = "At most so old: by the end of the scan (vuln), else by the time of signing "
		"(keyless), else by what it says of itself."},
	{.key = "severity",
	 .type = PARAM_MAP,
	 .offset = offsetof(struct attestation, severity),
	 MEMBERS(severities),
	 .doc = "Type vuln: how many findings are allowed; those that are not named are not "
		"limited."},
	{.key = "fixableOnly",
	 .type = PARAM_BOOL,
	 .offset = offsetof(struct attestation, fixable_only),
	 .doc = "Count only findings that a fix exists for."},
	{.key = "accept",
	 .type = PARAM_STRINGS,
	 .offset = offsetof(struct attestation, accept),
	 .doc = "Ids that do not count, as CVE-2024-1234."},
	{.key = "sbom",
	 .type = PARAM_MAP,
	 .offset = offsetof(struct attestation, sbom),
	 MEMBERS(bill),
	 .doc = "Types spdx and cyclonedx: what the bill of materials must say."},
	{.key = "provenance",
	 .type = PARAM_MAP,
	 .offset = offsetof(struct attestation, provenance),
	 MEMBERS(provenance),
	 .doc = "Types slsaprovenance1 and slsaprovenance: where it was built, and from what."},
	RULE_SIGNED_REPOSITORY("attestations"),
};

static const enum code codes[] = {CODE_IMAGE_REFERENCE, CODE_ATTESTATION,
				  CODE_ATTESTATION_UNAVAILABLE, CODE_COUNT};

const struct rule rule_attestation = {
	.key = "attestation",
	.summary = "Images have attestations by the named authorities that say what they must.",
	.params = params_table,
	.n_params = sizeof(params_table) / sizeof(params_table[0]),
	.params_size = sizeof(struct attestation),
	.codes = codes,
	.validate = validate,
	.prepare = prepare,
	.check = rule_signed_check,
	.conclude = rule_signed_conclude,
	.sample_good = rule_signed_sample_good,
	.sample_bad = rule_signed_sample_bad,
};

/*
 * Rules: one file in policy/rules/ and one line in policy/rules/rules.def each.
 *
 * A rule type is a constant struct: its key in policies, a table of parameters from which the loader,
 * `assay rules`, the README and the JSON Schema are made, and check(). check() judges one subject and
 * adds violations, or asks for evidence; it never blocks and never sees the object itself. A rule that
 * asks has conclude(), which judges the answer later. Same inputs, same report.
 */
#ifndef ASSAY_POLICY_RULE_H
#define ASSAY_POLICY_RULE_H

#include "evidence/evidence.h"
#include "policy/policy.h"
#include "policy/report.h"
#include "policy/workload.h"

enum param_type {
	PARAM_INT = 0,     /* int64_t + bool set: struct param_int */
	PARAM_ENUM,        /* one of the words in `words`: struct param_enum, index + 1 */
	PARAM_INT_OR,      /* an integer, or one of `words`: struct param_int, word index + 1 */
	PARAM_PATTERNS,    /* non-empty list of image patterns: struct param_patterns */
	PARAM_AUTHORITIES, /* non-empty list of names of authorities: struct param_authorities */
	PARAM_AT_LEAST,    /* {count, of: such a list}: struct param_authorities */
	PARAM_ANNOTATIONS, /* non-empty map of strings: struct param_annotations */
	PARAM_REPOSITORY,  /* host/path: struct param_repository */
	PARAM_BOOL,        /* struct param_bool */
	PARAM_STRINGS,     /* non-empty list of strings: struct param_strings */
	PARAM_AGE,         /* "36h", "7d": struct param_age */
	PARAM_PREDICATE,   /* predicate type, a name or a URI: struct param_predicate */
	PARAM_MAP,         /* some of `members`, at least one: struct param_map */
};

struct param_int {
	bool set;
	int word; /* 0: integer; else 1 + index of the word */
	int64_t value;
};
struct param_enum {
	int word; /* 0: absent; else 1 + index */
};
struct param_patterns {
	const struct reference_pattern *items;
	size_t n; /* 0: absent */
	struct str
		list; /* for messages: "a" or "one of: a, b, c", or "one of: a, b, c and 4 more" */
};
struct param_authorities {
	const struct policy_authority *const *items;
	size_t n;      /* 0: absent */
	int64_t count; /* AT_LEAST: 1 to n */
};
struct param_annotations {
	const struct sig_annotation *items;
	size_t n; /* 0: absent */
};
struct param_repository {
	struct registry_repository repository; /* normalised; host empty: absent */
	struct str text;                       /* as written */
};

struct param_bool {
	bool set;
	bool value;
};
struct param_strings {
	const struct str *items;
	size_t n; /* 0: absent */
};
struct param_age {
	int64_t seconds; /* 0: absent */
};
struct param_predicate {
	struct str type; /* "https://spdx.dev/Document"; empty: absent */
	struct str text; /* as written */
};
struct param_map {
	bool set;
};

struct param {
	const char *key;
	enum param_type type;
	bool required;
	size_t offset;               /* in the rule's params struct */
	const char *const *words;    /* ENUM, INT_OR: ended by NULL */
	int64_t min, max;            /* INT, INT_OR */
	bool distinct;               /* AUTHORITIES, AT_LEAST: none trusts who another does */
	const char *doc;             /* one sentence */
	const struct param *members; /* MAP: their offsets are in the rule's params struct too */
	size_t n_members;
};

/* What check() and conclude() may use besides the subject. */
struct rule_context {
	const struct policy *policy;
	const struct policy_rule *rule; /* params: rule->params */
	const struct workload *workload;
	struct arena *arena;
	struct engine *engine; /* for rule_violation() and rule_ask() */
};

/* What a sample Pod of `assay lint` is made from; rules change it so that they pass or fail. */
struct rule_sample {
	struct str image;
	bool read_only_root_filesystem;
	bool has_user, has_group, non_root;
	int64_t user, group;
	bool is_signed; /* by whoever is asked about */
};

struct rule {
	const char *key;     /* "runAs" */
	const char *summary; /* one sentence */
	const struct param *params;
	size_t n_params;
	size_t params_size; /* of the rule's params struct */
	/* The codes it can report, ended by CODE_COUNT; for documentation and tests. */
	const enum code *codes;
	/* True for rules about processes: image volumes are left out. */
	bool containers_only;
	/* Parameters that are each right but mean nothing together: a literal "what: why", or NULL. */
	const char *(*validate)(const void *params);
	/* Parameters are right: compute what depends on them alone, in `a`. */
	int (*prepare)(void *params, struct arena *a, struct err *e);
	void (*check)(const struct rule_context *c, const struct subject *s);
	/* Only for rules that ask. `e` answers the question this rule asked about `s`. */
	void (*conclude)(const struct rule_context *c, const struct subject *s,
			 const struct evidence *e);
	/* Change *good so that this rule passes and *bad (a copy of a good one) so that it fails. */
	void (*sample_good)(const void *params, struct arena *a, struct rule_sample *good);
	void (*sample_bad)(const void *params, struct arena *a, struct rule_sample *bad);
};

/* Add a violation of the rule in `c`. The caller fills code, cause, path, got, want; policy, rule, mode,
 * subject and line are filled here; exceptions are applied here. `field` is appended to the subject's
 * path ("image", "securityContext.runAsUser") unless v->path is set. */
void rule_violation(const struct rule_context *c, const struct subject *s, const char *field,
		    const struct violation *v);
/* Ask who signed the subject's image (its reference is pinned); conclude() gets the answer. `want` is
 * sealed, and part of the parameters. */
void rule_ask(const struct rule_context *c, const struct subject *s,
	      const struct evidence_want *want);

/* The field of a subject that names its image: "image", "image.reference" of a volume. */
const char *rule_image_field(const struct subject *s);
/* The image is no reference: the same violation from every rule that needs one. */
void rule_no_reference(const struct rule_context *c, const struct subject *s);
bool patterns_match(const struct param_patterns *p, const struct reference *r);

/* The parameter of this key and type PATTERNS; NULL when the rule's type has none. */
const struct param_patterns *rule_patterns(const struct policy_rule *r, const char *key);
/* Does an image pattern of any policy name the host? */
bool policy_set_names_host(const struct policy_set *set, struct str host);

/* For samples: a pin, and a repository that the pattern matches, every wildcard filled. */
#define SAMPLE_DIGEST "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
void sample_put_match(struct text *t, const struct reference_pattern *p);

/* A table of rule types. The shipped one has every line of rules.def; tests add their own. */
struct rule_table {
	const struct rule *const *rules;
	size_t n;
};
const struct rule_table *rule_table_shipped(void);
const struct rule *rule_find(const struct rule_table *t, struct str key);

#endif

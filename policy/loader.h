/*
 * The inside of the policy loader, shared by policy/load*.c and nobody else. Its decoders are of the
 * kind of core/decode.h.
 */
#ifndef ASSAY_POLICY_LOADER_H
#define ASSAY_POLICY_LOADER_H

#include "core/decode.h"
#include "policy/load.h"
#include "policy/policy.h"
#include "policy/rule.h"

enum load_kind { LOAD_KIND_UNKNOWN = 0, LOAD_KIND_POLICY, LOAD_KIND_EXCEPTION };

struct load_doc {
	struct str file;
	const struct node *root;
	enum load_kind kind;
};

struct loader {
	const struct policy_options *o;
	const struct rule_table *rules;
	struct decoder d; /* its arena is the set's: all that stays */
	struct load_doc *docs;
	size_t n_docs;
	size_t room_docs;
	size_t n_kind_policy; /* documents of that kind, right or wrong */
	size_t n_kind_exception;
	struct policy *policies;
	size_t n_policies;
	struct exception *exceptions;
	size_t n_exceptions;
	const struct decode_key *rule_keys; /* of an item of spec.rules */
	size_t n_rule_keys;
	const struct policy_authority *authorities; /* of the policy at work */
	size_t n_authorities;
	struct load_key_file *key_files; /* newest first */
	size_t n_key_files;
	struct load_root *roots; /* newest first */
	size_t n_keys;
	bool partial; /* a document or name could not be read: "unknown policy" may be untrue */
};

/* A name with its place, to find a second use of it. */
struct load_name {
	struct str name;
	struct origin origin;
	size_t index;
};

/* A file with a key, trusted root or certificates, as it was read: once, whoever names it. */
struct load_key_file {
	struct load_key_file *next;
	struct str path;
	struct str bytes;
};

/* A trusted root, made once of the same texts. */
struct load_root {
	struct load_root *next;
	struct sha256 of; /* the texts */
	const struct trusted_root *root;
};

/* A glob over names: its alphabet, so that one that can never match is an error. */
struct load_glob {
	const char *what; /* "namespace" */
	size_t max;       /* bytes of the longest name */
	bool dots;        /* may hold '.' */
	bool stars;       /* may hold '*' */
};

/* ---- load_names.c ---- */

/* Of the value at `at`, in the document at work. */
struct origin load_origin(const struct loader *ld, const struct decode_at *at);
bool load_name(struct loader *ld, const struct decode_at *at, struct str *out);
bool load_glob(struct loader *ld, const struct decode_at *at, const struct load_glob *g,
	       struct str *out);
/* An item of `list` equal to an earlier one is a problem. */
bool load_is_repeated(struct loader *ld, const struct decode_at *list, size_t i);
/* Each name used before is a problem. `what`: "policy". Reorders `names`. */
void load_unique(struct loader *ld, const char *what, struct load_name *names, size_t n);

/* ---- the documents ---- */

/* load_trees.c: the tree of every document, and of what kind it is. */
void load_trees(struct loader *ld, const struct policy_file *files, size_t n);
/* load_policy.c: one document of kind Policy. Needs load_rule_keys() once. */
bool load_rule_keys(struct loader *ld);
void load_policy(struct loader *ld, const struct decode_at *doc, struct policy *out);
/* load_params.c: the parameters of a rule; NULL when something is wrong. */
const void *load_params(struct loader *ld, const struct decode_at *at, const struct rule *type);
/* load_params_signature.c: parameters of the types that speak of signatures. */
void load_authority_names(struct loader *ld, const struct decode_at *at, const struct param *p,
			  struct param_authorities *out);
void load_at_least(struct loader *ld, const struct decode_at *at, const struct param *p,
		   struct param_authorities *out);
void load_annotations(struct loader *ld, const struct decode_at *at, struct param_annotations *out);
void load_repository(struct loader *ld, const struct decode_at *at, struct param_repository *out);
/* load_trust.c: what authorities are made of beside keys. */
/* {file} or {inline}. False: there is a problem. `what`: "a PEM text"; `max` bytes of a file. */
bool load_text(struct loader *ld, const struct decode_at *at, const char *what, size_t max,
	       struct policy_text *out);
/* trustedRoot or trustedRoots beside other keys of `at`; NULL: there is none, or a problem. */
const struct trusted_root *load_roots(struct loader *ld, const struct decode_at *at,
				      struct policy_authority *a);
/* The roots, timestampAuthority of own certificates. NULL: a problem. */
const struct trusted_root *load_own_roots(struct loader *ld, const struct decode_at *at,
					  struct policy_authority *a);
/* load_identity.c: issuer, subject and extensions; `needs_issuer`: as Fulcio certificates have one. False:
 * there is a problem. */
bool load_identity(struct loader *ld, const struct decode_at *at, bool needs_issuer,
		   struct policy_authority *a);
/* load_proof.c: transparencyLog, timestamps, certificateTransparency, maxSignatureAge of an authority whose
 * identity and root are there already; and, if there have been no more errors than `before`, whether they
 * can be met. */
void load_proof(struct loader *ld, const struct decode_at *at, size_t before,
		struct policy_authority *a);
/* "36h" or "7d", in seconds, 1 hour to 10 years. */
bool load_age(struct loader *ld, const struct decode_at *at, int64_t *out_s);
/* load_params_statement.c: parameters of the type that speaks of attestations. */
void load_strings(struct loader *ld, const struct decode_at *at, const struct param *p,
		  struct param_strings *out);
void load_predicate(struct loader *ld, const struct decode_at *at, struct param_predicate *out);
/* load_authority.c: spec.authorities; and what rules and authorities mean together. */
void load_authorities(struct loader *ld, const struct decode_at *at, struct policy *out);
void load_check_signatures(struct loader *ld, const struct decode_at *rules,
			   const struct policy *p);
/* load_yaml_authority.c: spec.authorities in normal form. */
void load_put_authorities(struct text *t, const struct policy *p);
/* load_same.c: does the second ask the same as the first? Patterns in another order count as others. */
bool load_same_params(const struct rule *type, const void *a, const void *b);
/* load_patterns.c: a list, at least one. */
void load_patterns(struct loader *ld, const struct decode_at *at, struct param_patterns *out);
bool load_same_patterns(const struct param_patterns *a, const struct param_patterns *b);
/* load_exception.c: one document of kind Exception, after all policies. */
void load_exception(struct loader *ld, const struct decode_at *doc, struct exception *out);
/* load_trees.c: metadata.name of a document of any kind; empty when wrong. */
struct str load_metadata(struct loader *ld, const struct decode_at *doc);

#endif

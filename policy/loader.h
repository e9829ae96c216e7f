/*
 * The inside of the policy loader, shared by policy/load*.c and nobody else.
 *
 * Decoders take the place of a value and write their result only when it is right; what is wrong
 * becomes a problem, and they go on, so that all problems are listed at once. An absent value is no
 * problem of theirs: load_map() has already missed the required ones.
 */
#ifndef ASSAY_POLICY_LOADER_H
#define ASSAY_POLICY_LOADER_H

#include "core/node.h"
#include "policy/load.h"
#include "policy/policy.h"
#include "policy/problem.h"
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
	struct problems *problems;
	struct arena *arena;   /* the set's: all that stays */
	struct arena *scratch; /* trees, paths and quotes: gone after the load */
	struct load_doc *docs;
	size_t n_docs;
	size_t room_docs;
	size_t n_kind_policy; /* documents of that kind, right or wrong */
	size_t n_kind_exception;
	struct str file; /* of the document at work */
	struct policy *policies;
	size_t n_policies;
	struct exception *exceptions;
	size_t n_exceptions;
	const struct load_key *rule_keys; /* of an item of spec.rules */
	size_t n_rule_keys;
	bool partial; /* a document or name could not be read: "unknown policy" may be untrue */
};

/* Where a value stands: the path and the position of its problems. */
struct load_at {
	const struct load_at *up; /* NULL: the document */
	const char *key;          /* NULL: item `index` of a list */
	size_t index;
	const struct node *node; /* NULL: absent */
};

/* A name with its place, to find a second use of it. */
struct load_name {
	struct str name;
	struct origin origin;
	size_t index;
};

enum load_need { LOAD_OPTIONAL = 0, LOAD_REQUIRED, LOAD_UNSUPPORTED };
struct load_key {
	const char *name;
	enum load_need need;
	const char *want; /* what a missing one should have been */
};

/* A glob over names: its alphabet, so that one that can never match is an error. */
struct load_glob {
	const char *what; /* "namespace" */
	size_t max;       /* bytes of the longest name */
	bool dots;        /* may hold '.' */
	bool stars;       /* may hold '*' */
};

/* ---- load_decode.c ---- */

struct load_at load_member(const struct load_at *up, const char *key);
struct load_at load_item(const struct load_at *up, size_t i);
struct origin load_origin(const struct loader *ld, const struct load_at *at);
/* "spec.rules[0].name"; "the document" for the document itself. In scratch, never NULL. */
const char *load_path(struct loader *ld, const struct load_at *at);
/* The text between double quotes, escaped and cut. In scratch, never NULL. */
const char *load_quote(struct loader *ld, struct str s);
/* "a, b or c". In scratch, never NULL. */
const char *load_words(struct loader *ld, const char *const *words, const char *last);

/* Problems of the value at `at`: "PATH: fmt". */
void load_error(struct loader *ld, const struct load_at *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void load_warning(struct loader *ld, const struct load_at *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* "PATH: got FOUND, want WANT" */
void load_wrong(struct loader *ld, const struct load_at *at, const char *want);
/* Problems of a key: its own position and text. */
void load_key_error(struct loader *ld, const struct node_pair *pair, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Is it a map, and are its keys the right ones? False only when it is no map. */
bool load_map(struct loader *ld, const struct load_at *at, const struct load_key *keys, size_t n);
/* Is it a list of at least one? */
bool load_list(struct loader *ld, const struct load_at *at, const char *want);
bool load_str(struct loader *ld, const struct load_at *at, const char *want, struct str *out);
/* Index of the word. */
bool load_word(struct loader *ld, const struct load_at *at, const char *const *words, size_t *out);
bool load_copy(struct loader *ld, struct str in, struct str *out);

/* ---- load_names.c ---- */

bool load_name(struct loader *ld, const struct load_at *at, struct str *out);
bool load_glob(struct loader *ld, const struct load_at *at, const struct load_glob *g,
	       struct str *out);
/* An item of `list` equal to an earlier one is a problem. */
bool load_is_repeated(struct loader *ld, const struct load_at *list, size_t i);
/* Each name used before is a problem. `what`: "policy". Reorders `names`. */
void load_unique(struct loader *ld, const char *what, struct load_name *names, size_t n);
/* ": did you mean "x"?", or "" when no candidate is near. In scratch, never NULL. */
const char *load_nearest(struct loader *ld, struct str word, const struct str *names, size_t n);

/* ---- the documents ---- */

/* load_trees.c: the tree of every document, and of what kind it is. */
void load_trees(struct loader *ld, const struct policy_file *files, size_t n);
/* load_policy.c: one document of kind Policy. Needs load_rule_keys() once. */
bool load_rule_keys(struct loader *ld);
void load_policy(struct loader *ld, const struct load_at *doc, struct policy *out);
/* load_params.c: the parameters of a rule; NULL when something is wrong. */
const void *load_params(struct loader *ld, const struct load_at *at, const struct rule *type);
/* Does the second ask the same as the first? Patterns in another order count as others. */
bool load_same_params(const struct rule *type, const void *a, const void *b);
/* load_patterns.c: a list, at least one. */
void load_patterns(struct loader *ld, const struct load_at *at, struct param_patterns *out);
bool load_same_patterns(const struct param_patterns *a, const struct param_patterns *b);
/* load_exception.c: one document of kind Exception, after all policies. */
void load_exception(struct loader *ld, const struct load_at *doc, struct exception *out);
/* load_trees.c: metadata.name of a document of any kind; empty when wrong. */
struct str load_metadata(struct loader *ld, const struct load_at *doc);

#endif

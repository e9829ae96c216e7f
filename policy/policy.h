/*
 * Compiled policies: immutable once built, shared by all threads, counted.
 *
 * A policy set is loaded whole or not at all (policy/load.h) and lives in an arena of its own.
 * spec: policy sections 2 and 4; design section 6
 */
#ifndef ASSAY_POLICY_POLICY_H
#define ASSAY_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/str.h"
#include "oci/reference.h"
#include "sigstore/verify.h"

struct rule; /* policy/rule.h */

enum mode { MODE_DENY = 0, MODE_WARN, MODE_AUDIT };
const char *mode_name(enum mode m); /* "deny" */

/* What "could not find out" means. */
enum on_error { ON_ERROR_DENY = 0, ON_ERROR_ALLOW };

enum operation { OPERATION_OTHER = 0, OPERATION_CREATE, OPERATION_UPDATE };

struct origin {
	struct str file;
	uint32_t line;
	uint32_t column;
};

struct match {
	bool pods;      /* Pods and pods/ephemeralcontainers */
	bool workloads; /* every built-in kind with a pod template */
	bool on_create;
	bool on_update;
	const struct str *include; /* namespace globs; n_include == 0: all */
	size_t n_include;
	const struct str *exclude;
	size_t n_exclude;
};
bool match_namespace(const struct match *m, struct str ns);
bool match_applies(const struct match *m, bool is_pod, enum operation op, struct str ns);

struct policy_rule {
	struct str name;
	const struct rule *type;
	const void *params; /* the type's own struct */
	enum mode mode;
	struct origin origin;
};

/* A text that a policy names or holds: a key, a trusted root, certificates. */
struct policy_text {
	struct str file; /* as written, relative to the policy's file; empty: inline */
	struct str bytes;
};

/* A key of an authority, as written. */
struct policy_key {
	struct policy_text text; /* PEM */
	struct sig_key key;
};

enum policy_authority_kind {
	POLICY_AUTHORITY_NONE = 0,
	POLICY_AUTHORITY_KEY,
	POLICY_AUTHORITY_KEYS,
	POLICY_AUTHORITY_KEYLESS,
	POLICY_AUTHORITY_CERTIFICATES,
};

/* Somebody whose signature counts. */
struct policy_authority {
	struct str name;
	struct origin origin;
	enum policy_authority_kind kind;
	const struct policy_key *keys;
	size_t n_keys;
	const struct policy_text *roots; /* trusted roots */
	size_t n_roots;
	bool one_root;                      /* written as `trustedRoot`, not as `trustedRoots` */
	struct policy_text own_roots;       /* CERTIFICATES: PEM */
	struct policy_text timestamp_chain; /* CERTIFICATES: PEM, or empty */
	const struct identity_demand *identity; /* KEYLESS, CERTIFICATES */
	struct sig_authority authority;         /* made of them */
};

struct policy {
	struct str name;
	struct origin origin;
	enum mode mode;
	enum on_error on_error;
	struct match match;
	const struct policy_rule *rules;
	size_t n_rules;
	const struct policy_authority *authorities;
	size_t n_authorities;
};

struct exception {
	struct str name;
	struct origin origin;
	const struct policy *policy;
	const struct policy_rule **rules; /* of that policy */
	size_t n_rules;
	struct str ns;        /* exact */
	struct str name_glob; /* empty: any; matched against name, else generateName */
	struct str container; /* glob; empty: any container or volume */
	bool has_image;
	struct reference_pattern image; /* repository of `image` */
	struct str image_digest;        /* "sha256:..." or empty: any digest */
	struct str reason;
	struct str owner;
	struct str ticket;       /* may be empty */
	int64_t expires_unix_s;  /* first second at which it no longer holds */
	struct str expires_text; /* as written */
};

/* Does it speak of this rule and subject (its end apart)? `name` is the object's name, or its
 * generateName when it has none. Also true for subjects that a rule checks as a whole. */
struct subject;
bool exception_covers(const struct exception *x, const struct policy_rule *rule, struct str ns,
		      struct str name, const struct subject *s);
bool exception_holds(const struct exception *x, int64_t now_unix_s);

struct policy_set {
	struct arena *arena; /* owns everything below, itself included */
	const struct policy *policies;
	size_t n_policies;
	const struct exception *exceptions;
	size_t n_exceptions;
	/* Paths of the files of keys, trusted roots and certificates that were read, for whoever watches
	 * files. */
	const struct str *key_files;
	size_t n_key_files;
	size_t n_keys;        /* of all authorities */
	struct sha256 sha256; /* over names and bytes of all files, those of keys included */
	char sha256_hex[SHA256_HEX + 1];
	int64_t loaded_unix_s;
};

#endif

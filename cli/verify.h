/* `assay verify`: what is asked, what is known of one image, and its two printers. */
#ifndef ASSAY_CLI_VERIFY_H
#define ASSAY_CLI_VERIFY_H

#include "cli/options.h"
#include "cli/sources.h"
#include "core/text.h"
#include "evidence/evidence.h"

struct verify_options {
	struct option_list keys;
	const char *identity, *identity_regex;
	const char *issuer, *issuer_regex;
	struct option_list trusted_roots;
	const char *policy;
	struct option_list authorities;
	const char *type;
	struct option_list annotations;
	const char *signature_repository;
	int output; /* 0 text, 1 json */
	int64_t timeout_ms;
	struct source_options source;
};

/* A key, or an identity, whose signature may count. */
struct verify_party {
	const char *name;                       /* the file of a key, or the authority; else NULL */
	size_t authority;                       /* in the want */
	const struct sig_key *key;              /* NULL: an identity */
	const struct identity_demand *identity; /* NULL: a key */
};

/* What the command line asks for, decoded. */
struct verify_ask {
	const struct verify_options *o;
	struct arena *arena;
	struct reference image;
	struct reference elsewhere;  /* of --signature-repository; host empty: none */
	struct str repository;       /* the same as text */
	struct policy_set *policies; /* of --policy; NULL: none */
	struct verify_party *parties;
	size_t n_parties;
	struct sig_authority *authorities;
	size_t n_authorities;
	struct evidence_want want;
};

/* Decode the command line; an exit code, with what is wrong on stderr. verify_ask_done() in any case. */
int verify_ask_decode(struct verify_ask *ask, const struct option_list *args);
void verify_ask_done(struct verify_ask *ask);

/* Private to cli/verify*.c: */

/* "assay verify: WHAT "VALUE": WHY"; EXIT_USAGE. */
int verify_usage(const char *what, struct str value, const char *why);
int verify_no_memory(void); /* said; EXIT_USAGE */
/* Who may have signed: keys, an identity, or the authorities of a policy. verify_who.c */
int verify_decode_who(struct verify_ask *ask);

enum verify_result_kind {
	VERIFY_UNKNOWN = 0, /* could not find out */
	VERIFY_NO,          /* not verified; or the tag is not there */
	VERIFY_RESOLVED,    /* only a tag was to be resolved, and it was */
	VERIFY_YES,
};

struct verify_report {
	enum verify_result_kind kind;
	struct str reference;  /* normalised, as asked for: "host/path:tag" */
	struct str image;      /* "host/path@sha256:..."; empty: the tag was not resolved */
	struct str repository; /* where signatures were looked for, if elsewhere; else empty */
	struct str type;       /* of attestations; empty: signatures */
	/* Why the tag could not be resolved: */
	const char *outcome;
	struct str why;
	/* NULL when only a tag was resolved: */
	const struct verify_party *parties;
	size_t n_parties;
	const struct evidence *evidence;
};

/* Of the candidates, those that a party made, and those of them that count. verify_print.c */
struct verify_counts {
	size_t made;
	size_t verified;
};
struct verify_counts verify_count(const struct verify_report *r, const struct verify_party *p);
/* The party that made the candidate; NULL: none did. */
const struct verify_party *verify_maker(const struct verify_report *r,
					const struct evidence_candidate *c);

void verify_print_text(const struct verify_report *r, struct text *t);
void verify_print_json(const struct verify_report *r, struct text *t);

#endif

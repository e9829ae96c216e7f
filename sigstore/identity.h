/*
 * Who a Fulcio certificate says it was issued to, and whether that is who a policy trusts.
 *
 * Comparison is of whole values: exact, or a POSIX extended regular expression that must match from
 * the first to the last byte. Expressions are compiled for each comparison, so that an identity is
 * plain data; they are checked when the policy is loaded.
 * source: fulcio docs/oid-info.md; spec: sigstore section 6.3
 */
#ifndef ASSAY_SIGSTORE_IDENTITY_H
#define ASSAY_SIGSTORE_IDENTITY_H

#include "core/arena.h"
#include "core/err.h"
#include "sigstore/key.h"
#include "sigstore/reason.h"

/* ---- what a certificate says ---- */

enum identity_kind {
	IDENTITY_NONE = 0,
	IDENTITY_EMAIL,
	IDENTITY_URI,
	IDENTITY_DNS,
	IDENTITY_USERNAME, /* otherName 1.3.6.1.4.1.57264.1.7 */
};
const char *identity_kind_name(enum identity_kind k); /* "email", "uri", "none" */

/* An extension under 1.3.6.1.4.1.57264.1: its last number and its text. */
struct identity_extension {
	unsigned number; /* 1 to 24 and later ones */
	struct str value;
};

/* Extensions of one identity, and of one demand. Past it: certificate_extension. */
#define LIMIT_IDENTITY_EXTENSIONS 64

struct identity {
	enum identity_kind kind;
	struct str subject; /* UTF-8 without NUL, like every text here */
	struct str issuer;  /* extension .8, else .1; empty only of own certificates */
	struct identity_extension *extensions; /* readable ones, in order of appearance */
	size_t n_extensions;
	struct sig_key key; /* of the certificate */
};

/* Read the leaf into `a`. `needs_issuer`: as Fulcio issues them. Reasons: certificate_malformed,
 * certificate_extension (one twice, malformed, or not the text it must be), identity_missing
 * (not exactly one name, an issuer that is absent or told twice differently), certificate_key
 * (of a kind or size that does not count), crypto_failed, no_room. */
int identity_parse(struct arena *a, struct str leaf, bool needs_issuer, struct identity *out,
		   struct sig_fault *f) MUST_USE;

/* "source-repository-uri" and the like, or a dotted OID under the arc, to the last number; 0:
 * unknown. */
unsigned identity_extension_number(struct str name);
/* The name of a number; NULL: it has none. For messages and documentation. */
const char *identity_extension_name(unsigned number);
/* All names in order, for "did you mean": NULL past the end. */
const char *identity_extension_name_at(size_t i);

/* ---- what a policy wants ---- */

/* Exactly one of both is not empty; an identity_match of zeros matches nothing. */
struct identity_match {
	struct str exact;
	struct str regex;
};

struct identity_extension_match {
	unsigned number;
	struct identity_match value;
};

/* Immutable, borrowed, shared by threads. */
struct identity_demand {
	struct identity_match issuer;
	struct identity_match subject;
	const struct identity_extension_match *extensions; /* all of them */
	size_t n_extensions;
	bool any_issuer; /* own certificates name none: `issuer` is not looked at */
};

/* Bytes of an expression; characters and operators with intervals written out ("(ab{9})*" has
 * 12); how deep intervals are nested. Past them the library takes seconds and hundreds of MiB
 * for some expressions, and they are compiled for each comparison. */
#define LIMIT_REGEX_BYTES 1024
#define LIMIT_REGEX_SIZE 1000
#define LIMIT_REGEX_DEPTH 1

/* Is it an expression that identity_fits() can use? Back-references are refused: their matching
 * has no bound. Errors: INPUT and LIMIT with the library's reason and the place as far as known,
 * e.g. "regex: back-reference at offset 4: matching it has no bound". */
int identity_regex_check(struct str regex, struct err *e) MUST_USE;

/* Reasons identity_issuer, identity_subject, identity_extension, with what was found and wanted;
 * no_room. */
int identity_fits(const struct identity *id, const struct identity_demand *want,
		  struct sig_fault *f) MUST_USE;

#endif

/* Private to sigstore/predicate*.c. */
#ifndef ASSAY_SIGSTORE_PREDICATE_INSIDE_H
#define ASSAY_SIGSTORE_PREDICATE_INSIDE_H

#include "core/text.h"
#include "sigstore/predicate.h"

struct predicate_check {
	struct arena *arena;
	const struct predicate_input *in;
	const struct predicate_demand *want;
	struct sig_fault *fault;
};

int predicate_check_vuln(const struct predicate_check *c) MUST_USE;
int predicate_check_spdx(const struct predicate_check *c) MUST_USE;
int predicate_check_cyclonedx(const struct predicate_check *c) MUST_USE;
int predicate_check_slsa_02(const struct predicate_check *c) MUST_USE;
int predicate_check_slsa_1(const struct predicate_check *c) MUST_USE;

/* "what: why" of a form that is not the type's. */
int predicate_shape(const struct predicate_check *c, const char *what, const char *why);

/* The value at a path of names, ended by NULL; NULL if any of them is absent or no map. */
const struct node *predicate_at(const struct node *n, const char *const *path);
/* The string there; empty if absent or no string. */
struct str predicate_str(const struct node *n, const char *const *path);
#define AT(...) ((const char *const[]){__VA_ARGS__, NULL})

bool predicate_globs_match(const struct predicate_globs *g, struct str s);

/* Does the text hold the digest as "sha256:<hex>" or, as package URLs write it,
 * "sha256%3A<hex>"? */
bool predicate_names_digest(struct str s, const struct sha256 *digest);

/* The first few things found, for a text: "a, b, c and 4 more". */
#define FOUND_SHOWN 5
struct found {
	struct str ids[FOUND_SHOWN];
	size_t n;
};
void found_add(struct found *f, struct str id);
void found_put(struct text *t, const struct found *f);

/* What forbids packages and licences, whatever the document's format. */
struct bill_package {
	struct str name;
	struct str version;
	struct str purl;
};
struct bill {
	const struct predicate_check *check;
	size_t n_packages; /* beside the image */
	bool names_subject;
	struct found packages; /* forbidden */
	struct found licences;
};
/* True: its name or URL is forbidden. */
bool bill_package(struct bill *b, const struct bill_package *p);
void bill_licence(struct bill *b, const struct bill_package *p, struct str expression);
int bill_judge(const struct bill *b) MUST_USE;

#endif

/* `assay verify`: what is known of one image, for its two printers. */
#ifndef ASSAY_CLI_VERIFY_H
#define ASSAY_CLI_VERIFY_H

#include "core/text.h"
#include "evidence/evidence.h"

/* One --key. All of them are one authority: any of them suffices. */
struct verify_key {
	const char *file; /* as given */
	struct sig_key key;
};

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
	/* Why the tag could not be resolved: */
	const char *outcome;
	struct str why;
	/* Of the keys, NULL when only a tag was resolved: */
	const struct verify_key *keys;
	size_t n_keys;
	const struct evidence *evidence;
};

void verify_print_text(const struct verify_report *r, struct text *t);
void verify_print_json(const struct verify_report *r, struct text *t);

#endif

/*
 * Image references: parse, normalise, render, and the patterns that policies match them with.
 *
 * The grammar is that of the distribution project; references are normalised into parts and compared
 * part by part, never as strings. spec: policy section 3.5; source: distribution/reference.
 *
 * Results borrow from the input text or from the arena; both must outlive them. No lock, no state.
 */
#ifndef ASSAY_OCI_REFERENCE_H
#define ASSAY_OCI_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"
#include "core/text.h"

/* What stands after the '@'. Only PINNED is a pin. */
enum reference_digest {
	REFERENCE_DIGEST_NONE = 0, /* no digest */
	REFERENCE_DIGEST_OTHER, /* well-formed by the grammar, but not sha256 with 64 lower-case hex */
	REFERENCE_DIGEST_PINNED, /* "sha256:" and 64 lower-case hex digits */
};

struct reference {
	struct str text;   /* as the user wrote it */
	struct str host;   /* normalised: lower case, port included, "docker.io" when absent */
	struct str path;   /* "library/nginx": components joined by '/' */
	struct str tag;    /* empty if none was written; see reference_effective_tag() */
	struct str digest; /* "sha256:..." as written; empty if none */
	enum reference_digest digest_kind;
};

/* Parse and normalise. Returns 0, or -1 with *e (INPUT: why it is no reference, e.g. "upper case in
 * the repository path"; MEMORY/LIMIT from the arena). The text in *e names the reason only, without
 * quoting the reference. A text with NUL or any byte outside the grammar is refused. */
int reference_parse(struct arena *a, struct str text, struct reference *out, struct err *e)
	MUST_USE;

/* The written tag; "latest" if there is neither tag nor digest; empty if only a digest. */
struct str reference_effective_tag(const struct reference *r);

/* "host/path" */
void reference_put_repository(struct text *t, const struct reference *r);
/* The normalised reference, "host/path[:tag][@digest]". */
void reference_put(struct text *t, const struct reference *r);
/* Same host and path? */
bool reference_same_repository(const struct reference *a, const struct reference *b);

/*
 * A pattern "host[:port]/segment/..." of an `image` rule: the host whole and without wildcards;
 * segments where '*' is any run of characters within one segment and '**', as a whole segment, is one
 * or more whole segments. No tag, no digest. spec: policy section 3.6
 */
struct reference_pattern {
	struct str text; /* as written, for messages */
	struct str host;
	const struct str *segments;
	size_t n_segments;
};

/* Errors (INPUT): a wildcard in the host, no path, an empty segment, a tag or digest, '**' inside a
 * segment, two '**' side by side, more than 8 wildcard segments, characters that no path can have (so
 * that the pattern could never match), `*` or `**` alone. Pure text "why", for the policy loader. */
int reference_pattern_parse(struct arena *a, struct str text, struct reference_pattern *out,
			    struct err *e) MUST_USE;
/* Time is bounded by segments of the pattern times segments of the path. */
bool reference_pattern_matches(const struct reference_pattern *p, const struct reference *r);

#endif

/*
 * Proto3 JSON as Sigstore writes it, read strictly out of the node tree.
 *
 * Names are lowerCamelCase; int64 is a string or a number; bytes are padded standard base64; an absent
 * field has its default. null is no value, a field of the wrong type is an error even where nobody
 * needs it, and a field that the message does not have is an error where `strict` says so (bundles),
 * else ignored (what is not proto: DSSE envelopes in .att, annotations of cosign, trusted roots).
 * Every getter returns 0, or -1 and the reader's fault; results are written on success only.
 * source: protobuf, ProtoJSON format; spec: sigstore section 2.4
 */
#ifndef ASSAY_SIGSTORE_PJSON_H
#define ASSAY_SIGSTORE_PJSON_H

#include "core/arena.h"
#include "core/node.h"
#include "sigstore/reason.h"

struct pj {
	struct arena *arena;     /* takes what is decoded */
	struct sig_fault *fault; /* may be NULL */
	bool strict;
};

/* A JSON text of at most max_bytes and LIMIT_SIG_DEPTH levels whose root is a map. `what` names it in
 * the text of faults. */
int pj_parse(const struct pj *r, const char *what, struct str bytes, size_t max_bytes,
	     const struct node **out) MUST_USE;

/* A place in the tree, for the text of faults: "tlogEntries.logIndex". */
struct pj_at {
	const struct node *map;
	const char *path; /* of the map, "" for the root; a literal */
};

/* Has the map none but these fields? Always 0 when the reader is not strict. */
int pj_fields(const struct pj *r, struct pj_at at, const struct str *names, size_t n) MUST_USE;

/* Absent: NULL and 0. */
int pj_map(const struct pj *r, struct pj_at at, const char *name, const struct node **out) MUST_USE;
/* A list of maps or of strings, as `items` says; past `max` items reason `too_many`. */
int pj_list(const struct pj *r, struct pj_at at, const char *name, enum node_type items, size_t max,
	    enum verify_reason too_many, const struct node **out) MUST_USE;
/* Absent: empty. */
int pj_str(const struct pj *r, struct pj_at at, const char *name, struct str *out) MUST_USE;
/* Absent: empty. Decoded from base64. */
int pj_bytes(const struct pj *r, struct pj_at at, const char *name, struct str *out) MUST_USE;
int pj_bytes_of(const struct pj *r, const struct node *item, const char *path, struct str *out)
	MUST_USE;
/* Absent: 0. None of the integers here may be negative: that is VERIFY_FIELD_RANGE. */
int pj_int64(const struct pj *r, struct pj_at at, const char *name, int64_t *out) MUST_USE;

bool pj_has(struct pj_at at, const char *name);
/* The field is absent but must not be. */
int pj_missing(const struct pj *r, struct pj_at at, const char *name);

#endif

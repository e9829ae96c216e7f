/*
 * The grammar of image references, one question at a time: what reference.c and reference_pattern.c
 * share. Others call reference.h. spec: policy section 3.5; source: distribution/reference
 *
 * Each check returns NULL if the text conforms, else the reason: a static text that quotes nothing.
 */
#ifndef ASSAY_OCI_REFERENCE_GRAMMAR_H
#define ASSAY_OCI_REFERENCE_GRAMMAR_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

/* Refuse empty text and any byte that no reference has; '*' is fine if `wildcards`. INPUT. */
int reference_grammar_bytes(struct str s, bool wildcards, struct err *e) MUST_USE;

/* "host", "host:port", "[ipv6]" or "[ipv6]:port". */
const char *reference_grammar_host(struct str host) MUST_USE;

/* Components joined by '/'. With `wildcards` a '*' stands for a letter, so what conforms is what
 * can match a path. */
const char *reference_grammar_path(struct str path, bool wildcards) MUST_USE;

const char *reference_grammar_tag(struct str tag) MUST_USE;

/* "algorithm:hex", not necessarily a pin. */
const char *reference_grammar_digest(struct str digest) MUST_USE;

/* Is the text before the first '/' a host, or does the path begin with it? spec: rule 2 */
bool reference_grammar_is_host(struct str first);

/* Fold the case of a conforming host and resolve its one alias; borrows from `host` if nothing
 * changes, else from the arena. LIMIT when the arena is exhausted. spec: rules 3, 4 */
int reference_grammar_fold_host(struct arena *a, struct str host, struct str *out, struct err *e)
	MUST_USE;

/* "sha256:" and 64 lower-case hex digits? */
bool reference_grammar_is_pin(struct str digest);

/* 64 lower-case hex digits? */
bool reference_grammar_is_hex64(struct str s);

#endif

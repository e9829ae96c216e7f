/* What the parts of trusted_root.h share: the JSON of Sigstore, its logs, and certificates of
 * one's own. */
#ifndef ASSAY_SIGSTORE_TRUSTED_ROOT_INSIDE_H
#define ASSAY_SIGSTORE_TRUSTED_ROOT_INSIDE_H

#include "sigstore/pjson.h"
#include "sigstore/trusted_root.h"

/* ---- places in the JSON ---- */

/* The map without its null members: in proto JSON they are absent. */
int trusted_map(const struct pj *r, const struct node *map, const struct node **out) MUST_USE;
/* A short text in the reader's arena. */
int trusted_path(const struct pj *r, const char **out, const char *fmt, ...) PRINTF_LIKE(3, 4)
	MUST_USE;
/* The message in field `name`; out->map is NULL when it is absent. */
int trusted_message(const struct pj *r, struct pj_at at, const char *name, struct pj_at *out)
	MUST_USE;
/* Message i of the list at `path`. */
int trusted_item(const struct pj *r, const char *path, const struct node *list, size_t i,
		 struct pj_at *out) MUST_USE;

/* Field validFor of `up`; without it always. */
int trusted_window_read(const struct pj *r, struct pj_at up, bool needs_start,
			struct trusted_window *out) MUST_USE;

/* The list of logs in field `name`, behind those that are there. `ct`: of certificates. */
int trusted_logs_read(const struct pj *r, struct pj_at root, const char *name, bool ct,
		      struct trusted_log **logs, size_t *n) MUST_USE;

/* ---- lists ---- */

/* `n` items of `size` bytes and room for `more`, copied into `a`. Reason too_many_values past
 * LIMIT_TRUSTED_ENTRIES; no_room. `what` names the list. */
int trusted_grow(struct arena *a, const void *items, size_t n, size_t more, size_t size,
		 const char *what, void **out, struct sig_fault *f) MUST_USE;

/* Append it unless the list, which has room, holds its like. */
void trusted_put_authority(struct trusted_authority *list, size_t *n,
			   const struct trusted_authority *one);

/* Are the certificates CAs (of a timestamp authority, the first of several may be none)? Reason
 * certificate_purpose; "PATH[i]" is in the text. */
int trusted_check_authority(const struct trusted_authority *one, bool timestamps, const char *path,
			    struct sig_fault *f) MUST_USE;

/* root->sha256 of what was and what is added now, whose kind is told apart by `kind`. */
int trusted_hash(struct trusted_root *root, const char *kind, struct str bytes, struct sig_fault *f)
	MUST_USE;

/* The fault as an error, with `context` before it unless empty. */
int trusted_fail(const struct sig_fault *f, const char *context, struct err *e);

#endif

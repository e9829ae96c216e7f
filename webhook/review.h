/*
 * AdmissionReview v1, in and out. spec: admission 1 and 2
 *
 * review_parse() turns a body into an `struct admission` for the engine; review_render() writes the
 * answer. Both work in the request's arena and on one thread; the results borrow from it.
 */
#ifndef ASSAY_WEBHOOK_REVIEW_H
#define ASSAY_WEBHOOK_REVIEW_H

#include "core/arena.h"
#include "core/clock.h"
#include "core/err.h"
#include "policy/engine.h"
#include "policy/report.h"
#include "webhook/limits.h"

struct review {
	struct str uid;
	struct str resource;  /* "deployments" */
	struct str operation; /* as sent: "CREATE" */
	struct str user;
	bool dry_run;
	struct admission admission; /* now_unix_s is the caller's to set */
};

/* What a body is. Zero is the state with which nothing can be answered but an HTTP error. */
enum review_status {
	REVIEW_UNREADABLE = 0, /* no JSON, or no review with a uid: HTTP 400 */
	REVIEW_WRONG_VERSION,  /* an AdmissionReview of another version: HTTP 400 naming ours */
	REVIEW_BAD_REQUEST,    /* uid known, request unusable: a denial with code 400 */
	REVIEW_TOO_COMPLEX, /* past a limit of the reader: uid unknown, or known and a denial (503) */
	REVIEW_OK,
};

/* Read a whole AdmissionReview from a node tree (also used for files by `assay check`). *e holds the
 * reason unless OK; out->uid is filled whenever it could be read. */
enum review_status review_from_node(const struct node *root, struct review *out, struct err *e);

/* Parse a body (managedFields left out, oldObject only when it is needed) and read it. */
enum review_status review_parse(struct arena *a, struct str body, struct review *out,
				struct err *e);

/* Is this tree an AdmissionReview (apiVersion admission.k8s.io/...)? */
bool review_is(const struct node *root);

/* The answer to one judged review. */
struct answer {
	enum verdict verdict;
	int code;           /* status.code of a refusal: 403, 503, 400 */
	const char *reason; /* "Forbidden", "ServiceUnavailable", "BadRequest" */
	struct str message;
	struct str_list warnings;
	const struct evidence *evidence; /* answers to the engine's questions; NULL: none */
};

/* Engine's result to an answer: verdict, code, message, warnings. `en` concluded. When the arena gave
 * out, the message is a constant one and the verdict never ALLOW. */
void review_answer(const struct review *r, const struct engine *en,
		   const struct report_text_options *o, struct answer *out);

/* An answer that refuses with a text of the server's own (unreadable object, too complex). */
void review_refuse(struct answer *out, int code, struct str message);

/* AdmissionReview JSON: apiVersion, kind, response{uid, allowed, status{...details.causes}, warnings,
 * auditAnnotations}. `en` may be NULL (nothing judged). False only when the arena is exhausted: the
 * caller then answers review_render_fallback(). */
bool review_render(struct arena *a, const struct review *r, const struct engine *en,
		   const struct answer *ans, struct str policy_sha256, struct str *out) MUST_USE;

/* A denial (503) in a fixed buffer, needing no arena; size >= FALLBACK_BYTES. */
#define FALLBACK_BYTES (512 + 6 * LIMIT_UID_BYTES)
struct str review_render_fallback(struct str uid, char *buf, size_t size);

/* Own deadline in ms from the value of ?timeout= (empty: absent). spec: admission 1 */
int64_t review_deadline_ms(struct str timeout_value);
/* How much longer than such a deadline the API server listens. */
int64_t review_margin_ms(int64_t deadline_ms);

/* The value of `name` in an URL's query string "a=b&timeout=10s"; percent-decoding is not done, because
 * no value that we accept needs it. Empty if absent; the first one counts. */
struct str query_value(struct str query, struct str name);

#endif

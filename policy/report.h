/*
 * The report of one review: every violation and every gap, in a stable order, and the verdict.
 *
 * report_verdict() is the only function of the product that can say ALLOW. Everything lives in the
 * review's arena; one thread.
 */
#ifndef ASSAY_POLICY_REPORT_H
#define ASSAY_POLICY_REPORT_H

#include "policy/policy.h"
#include "policy/workload.h"

enum code {
#define CODE(id, name, brief) id,
#include "policy/codes.def"
#undef CODE
	CODE_COUNT
};
const char *code_name(enum code c);  /* "read-only-root-filesystem" */
const char *code_brief(enum code c); /* "root filesystem is not read-only" */

/* As metav1.CauseType; zero fits when nothing better does. */
enum cause { CAUSE_FORBIDDEN = 0, CAUSE_REQUIRED, CAUSE_INVALID };
const char *cause_name(
	enum cause c); /* "FieldValueForbidden", "FieldValueRequired", "FieldValueInvalid" */

/* What was found, kept in parts so that a long message can be rendered with shorter quotes.
 *   GOT_NOT_SET  not set (NOTE)
 *   GOT_QUOTED   got PREFIX"value" (NOTE)
 *   GOT_PLAIN    got PREFIX value as is (NOTE)   for numbers and booleans
 *   GOT_SAYS     value as is                     a whole statement: "x answered HTTP 503"; values
 *                                                that it quotes are escaped already
 */
enum got_form { GOT_NOT_SET = 0, GOT_QUOTED, GOT_PLAIN, GOT_SAYS };
struct got {
	enum got_form form;
	const char *prefix; /* literal, e.g. "tag "; NULL for none */
	struct str value;   /* raw user text; escaped when rendered */
	struct str note;    /* raw; escaped when rendered; empty for none */
};

/* What stands at a field, told with its type. With `noun`, the type the field should have:
 * `"true" (a string, not a boolean)`, `a list (not a boolean)`; without: `"true" (a string)`. NULL `n`
 * is GOT_NOT_SET. Where YAML reads what was written as another type than its writer meant, the note says how
 * to write it. Numbers that need text are written to `a`. */
struct got got_of_node(struct arena *a, const struct node *n, const char *noun);

struct violation {
	enum code code;
	enum cause cause;
	enum mode mode;   /* in effect for this rule */
	bool unavailable; /* not a "no": could not find out (onError decides) */
	const struct policy *policy;
	const struct policy_rule *rule; /* NULL for findings about the object itself */
	const struct subject *subject;  /* NULL: the object as a whole */
	struct str path;                /* full field path, as the user wrote it */
	uint32_t line;                  /* in the file, 0 unknown */
	struct got got;
	struct str want; /* trusted text from the policy, already safe to print */
	struct str mend; /* a command that mends it, safe to print; empty for none */
	const char
		*outcome; /* unavailable: label of the registry metric; a literal, NULL for none */
	const struct exception
		*expired; /* an exception that would have silenced it, had it not ended */
};

/* What became of one rule of one policy for the whole object. */
enum rule_outcome { RULE_ERROR = 0, RULE_FAIL, RULE_SKIP, RULE_PASS };
struct rule_result {
	const struct policy *policy;
	const struct policy_rule *rule;
	enum rule_outcome
		outcome; /* SKIP: silenced by an exception wherever it failed, or nothing to check */
	bool silenced;   /* by an exception, at least once */
};

struct exception_use {
	const struct exception *exception;
	const struct violation *silenced;
	bool near_end; /* ends within EXCEPTION_WARN_DAYS */
};

struct report {
	struct arena *arena;
	struct violation
		*violations; /* subject order, then rule order; after report_verdict() sorted */
	size_t n_violations;
	size_t room_violations;
	size_t lost_violations; /* past LIMIT_VIOLATIONS: counted, and the verdict is never ALLOW */
	struct rule_result *results;
	size_t n_results;
	struct exception_use *uses;
	size_t n_uses;
	size_t room_uses;
	size_t unanswered; /* questions asked and not yet judged: never ALLOW */
	bool incomplete;   /* something did not fit the arena: never ALLOW */
};

/* Zero is the safe value. */
enum verdict {
	VERDICT_DENY = 0,    /* at least one denying violation: 403 */
	VERDICT_UNAVAILABLE, /* nothing refused, something not found out: 503 */
	VERDICT_WARN,        /* admitted, with warnings */
	VERDICT_ALLOW,
};
/* "denied", "error", "warned", "allowed": the words of logs, metrics and audit annotations. */
const char *verdict_decision(enum verdict v);

void report_init(struct report *r, struct arena *a);
/* Copy *v into the report. Never fails: what does not fit makes the report incomplete. */
void report_add(struct report *r, const struct violation *v);

/* Keep that an exception silenced *v. Never fails, like report_add(). */
void report_use(struct report *r, const struct exception *x, const struct violation *v,
		bool near_end);

/* The verdict that this violation alone would bring; ALLOW for one in mode audit. */
enum verdict report_effect(const struct violation *v);

/* The verdict: ALLOW only if no violation denies or warns, nothing is unanswered (unless its policy
 * says onError: allow), nothing was lost and the arena did not run out. Audit violations never count. */
enum verdict report_verdict(const struct report *r);

/* ---- texts (policy/report_text.c). All of them are safe for terminals, logs and JSON. ---- */

/* "Deployment shop/web", "Pod shop/web-*" for a generateName, "Namespace x". In arena `a`. */
struct report_object {
	struct str kind;
	struct str ns; /* may be empty */
	struct str name;
	struct str generate_name; /* used when name is empty */
};

struct report_text_options {
	struct str docs_url; /* page with an anchor per code; never empty */
	struct str contact;  /* whom to ask; may be empty */
	struct str uid;      /* of the review; empty in `assay check` */
	bool all;            /* no limit of lines and bytes (assay check) */
};

/* One line without the leading "- ": "registry: spec.containers[0].image (container "web"): got ...; want ...". */
void report_put_line(struct text *t, const struct violation *v, size_t quote_bytes);
/* The part after the path, for causes: "<policy>/<rule>: got ...; want ...". */
void report_put_cause(struct text *t, const struct violation *v);

/* The whole refusal of DENY and UNAVAILABLE verdicts. spec: admission 6.2. Never longer than
 * LIMIT_MESSAGE unless o->all. Empty only when the arena is exhausted; the caller then has a constant. */
struct str report_message(const struct report *r, const struct report_object *obj,
			  const struct report_text_options *o);
/* Warnings of an admitted review: violations in mode warn, gaps under onError: allow, exceptions near
 * their end. At most LIMIT_WARNINGS + 1 strings. spec: admission 6.5 */
struct str_list {
	struct str *items;
	size_t n;
};
struct str_list report_warnings(const struct report *r);
/* Distinct codes, sorted by enum, of the violations with the effect `v`: DENY and UNAVAILABLE give those that
 * refuse, WARN those that warn, ALLOW those of mode audit, which change no verdict. */
size_t report_codes(const struct report *r, enum verdict v, enum code out[CODE_COUNT]);

#endif

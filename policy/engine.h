/*
 * The engine: one object against one policy set. Pure: no clock, no network, no locks; the same inputs
 * give the same report.
 *
 *   engine_evaluate()  ->  questions?  ->  evidence_gather() by the caller  ->  engine_conclude()
 *
 * Without questions engine_conclude() is called at once with none. Nothing here blocks.
 */
#ifndef ASSAY_POLICY_ENGINE_H
#define ASSAY_POLICY_ENGINE_H

#include "evidence/evidence.h"
#include "policy/policy.h"
#include "policy/report.h"
#include "policy/rule.h"
#include "policy/workload.h"

/* One admission question, wherever it came from. Everything borrowed until the review ends. */
struct admission {
	enum operation operation;
	struct str group; /* of the object's kind: "apps" */
	struct str version;
	struct str kind;               /* "Deployment" */
	struct str subresource;        /* "" or "ephemeralcontainers"; others are not judged */
	struct str ns;                 /* may be empty */
	struct str name;               /* may be empty */
	struct str generate_name;      /* from the object's metadata */
	const struct node *object;     /* may be NULL or anything */
	const struct node *old_object; /* UPDATE; NULL otherwise */
	int64_t now_unix_s;            /* for exceptions */
};

/* Why there is nothing to judge. Zero: it is judged. */
enum engine_skip {
	ENGINE_JUDGED = 0,
	ENGINE_SKIP_KIND,        /* no workload kind */
	ENGINE_SKIP_OPERATION,   /* of a workload, neither CREATE nor UPDATE */
	ENGINE_SKIP_SUBRESOURCE, /* of a workload, but ephemeralcontainers of a Pod */
	ENGINE_SKIP_DELETING,    /* UPDATE of an object that is being deleted */
	ENGINE_SKIP_UNCHANGED,   /* UPDATE that leaves images and security settings as they are */
	ENGINE_SKIP_NO_POLICY,   /* no policy matches */
};
const char *engine_skip_name(enum engine_skip s); /* "judged", "kind", "no-policy" */

/* Who asked a question; private to the engine. */
struct engine_ask {
	const struct policy *policy;
	const struct policy_rule *rule;
	const struct subject *subject;
	struct rule_result *result;
};

struct engine {
	struct arena *arena;
	const struct policy_set *set;
	const struct admission *admission;
	enum engine_skip skip;
	const struct workload
		*workload; /* of JUDGED and UNCHANGED; NULL also when it did not fit `arena` */
	struct report report;
	struct evidence_question *questions; /* asked, in order; duplicates possible */
	size_t n_questions;
	/* Private: */
	struct engine_ask *asks; /* one per question */
	size_t room_questions;
	struct rule_result *current; /* of the rule that is running */
	const struct exception *
		*exceptions; /* of the object's namespace, listed at the first violation */
	size_t n_exceptions;
};

/* Evaluate. `en` is the caller's storage; everything else goes to `a`. Never fails: exhaustion makes the
 * report incomplete, which is a refusal. Reads annotations, labels and ownerReferences never. */
void engine_evaluate(struct engine *en, struct arena *a, const struct policy_set *set,
		     const struct admission *adm);

/* Let the rules that asked judge answers[n_questions] (same order). Must be called exactly once, also
 * without questions; `answers` may be NULL only then, or when nothing could be asked: every question
 * then counts as unavailable. */
void engine_conclude(struct engine *en, const struct evidence *answers);

#endif

#include "webhook/audit.h"

#include "core/log.h"
#include "webhook/limits.h"
#include "webhook/signers.h"

/* Did a rule of mode audit find something? It changes no verdict, but somebody wants to read of it. */
static bool has_audited(const struct audit *a)
{
	enum code codes[CODE_COUNT];
	return a->engine && report_codes(&a->engine->report, VERDICT_ALLOW, codes) > 0;
}

/* Admitted or not: a registry that does not answer is somebody's business. */
static bool has_unavailable(const struct audit *a)
{
	for (size_t i = 0; a->answer->evidence && i < a->engine->n_questions; i++)
		if (a->answer->evidence[i].state == VERIFY_STATE_UNAVAILABLE &&
		    !a->answer->evidence[i].refused)
			return true;
	return false;
}

static enum log_level level_of(const struct audit *a)
{
	if (has_unavailable(a))
		return LOG_WARNING;
	switch (a->answer->verdict) {
	case VERDICT_DENY:
	case VERDICT_WARN:
		return LOG_INFO;
	case VERDICT_UNAVAILABLE:
		return LOG_WARNING;
	case VERDICT_ALLOW:
		return a->log_allowed || has_audited(a) ? LOG_INFO : LOG_DEBUG;
	}
	return LOG_WARNING;
}

static void log_codes(struct log_line *l, const char *key, const enum code *codes, size_t n)
{
	struct str names[CODE_COUNT];
	for (size_t i = 0; i < n; i++)
		names[i] = str_of(code_name(codes[i]));
	log_strs(l, key, names, n);
}

static void log_rules(struct log_line *l, const struct audit *a)
{
	enum code codes[CODE_COUNT];
	enum verdict v = a->answer->verdict;
	log_codes(l, "rules", codes,
		  v == VERDICT_ALLOW ? 0 : report_codes(&a->engine->report, v, codes));
	size_t n = report_codes(&a->engine->report, VERDICT_ALLOW, codes);
	if (n > 0)
		log_codes(l, "audit_rules", codes, n);
}

/* An image is named as its author wrote it, cut to a length that leaves room for the others. */
static void log_images(struct log_line *l, const struct workload *w)
{
	struct str images[LIMIT_LOG_IMAGES];
	size_t n = 0;
	if (!w)
		return;
	for (size_t i = 0; i < w->n_subjects && n < LIMIT_LOG_IMAGES; i++)
		if (w->subjects[i].image.state == FIELD_SET)
			images[n++] = str_sub(w->subjects[i].image.str, 0, LIMIT_LOG_IMAGE_BYTES);
	log_strs(l, "images", images, n);
	if (w->n_subjects > LIMIT_LOG_IMAGES)
		log_int(l, "images_total", (int64_t)w->n_subjects);
}

static void add_name(struct str *names, size_t *n, struct str name)
{
	for (size_t i = 0; i < *n; i++)
		if (str_eq(names[i], name))
			return;
	if (*n < LIMIT_LOG_EXCEPTIONS)
		names[(*n)++] = name;
}

static void log_exceptions(struct log_line *l, const struct report *r)
{
	struct str names[LIMIT_LOG_EXCEPTIONS];
	size_t n = 0;
	for (size_t i = 0; i < r->n_uses; i++)
		add_name(names, &n, r->uses[i].exception->name);
	if (n > 0)
		log_strs(l, "exceptions", names, n);
	n = 0;
	for (size_t i = 0; i < r->n_violations; i++)
		if (r->violations[i].expired)
			add_name(names, &n, r->violations[i].expired->name);
	if (n > 0)
		log_strs(l, "exceptions_ended", names, n);
}

/* Did the cache or a registry answer a question? Not one whose host may not be contacted. */
static bool has_asked(const struct audit *a)
{
	for (size_t i = 0; i < a->engine->n_questions; i++)
		if (!a->answer->evidence[i].refused)
			return true;
	return false;
}

/* Per question: who signed, or why not. */
static void log_signatures(struct log_line *l, const struct audit *a)
{
	char buf[LIMIT_LOG_SIGNATURES_BYTES];
	struct str json;
	if (!a->answer->evidence)
		return;
	if (signers_to_json(a->engine, a->answer->evidence, buf, sizeof(buf), &json))
		log_json(l, "signatures", json);
	else
		log_int(l, "signatures_total", (int64_t)a->engine->n_questions);
	if (has_asked(a))
		log_str(l, "cache", a->source == JUDGEMENT_CACHE ? S("hit") : S("miss"));
	if (a->source == JUDGEMENT_REGISTRY)
		log_ms(l, "registry_ms", a->waited_us);
}

static void log_judged(struct log_line *l, const struct audit *a)
{
	const struct report *r = &a->engine->report;
	log_rules(l, a);
	log_int(l, "violations", (int64_t)(r->n_violations + r->lost_violations));
	log_images(l, a->engine->workload);
	log_exceptions(l, r);
	log_signatures(l, a);
	if (a->engine->skip != ENGINE_JUDGED)
		log_str(l, "skip", str_of(engine_skip_name(a->engine->skip)));
}

void audit_decision(const struct audit *a)
{
	const struct review *r = a->review;
	struct log_line l;
	enum log_level level = level_of(a);
	if (!log_enabled(level))
		return;
	log_begin(&l, level, "admission decision");
	log_bool(&l, "semantic", true);
	log_str(&l, "uid", r->uid);
	log_str(&l, "decision", str_of(verdict_decision(a->answer->verdict)));
	log_bool(&l, "dry_run", r->dry_run);
	log_str(&l, "operation", str_sub(r->operation, 0, LIMIT_LOG_NAME_BYTES));
	log_str(&l, "kind", str_sub(r->admission.kind, 0, LIMIT_LOG_NAME_BYTES));
	log_str(&l, "namespace", str_sub(r->admission.ns, 0, LIMIT_LOG_NAME_BYTES));
	log_str(&l, "name", str_sub(r->admission.name, 0, LIMIT_LOG_NAME_BYTES));
	log_str(&l, "user", str_sub(r->user, 0, LIMIT_LOG_NAME_BYTES));
	if (a->engine)
		log_judged(&l, a);
	else
		log_str(&l, "err", str_sub(a->answer->message, 0, LIMIT_LOG_IMAGE_BYTES));
	log_ms(&l, "duration_ms", a->duration_us);
	if (a->late)
		log_bool(&l, "late", true);
	if (a->policy_sha256.n > 0)
		log_str(&l, "policy_sha256", a->policy_sha256);
	log_end(&l);
}

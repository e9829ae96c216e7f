/* AdmissionReview v1 out. spec: admission 2, 6.1, 7 */
#include "core/json.h"
#include "policy/limits.h"
#include "webhook/limits.h"
#include "webhook/review.h"
#include "webhook/signers.h"

static const char no_room_denied[] = "assay: the workload is refused, and the list of reasons does "
				     "not fit the memory of one review";
static const char no_room[] =
	"assay: could not verify: the object needs more memory than one review may take";

static int verdict_code(enum verdict v)
{
	switch (v) {
	case VERDICT_DENY:
		return 403;
	case VERDICT_UNAVAILABLE:
		return 503;
	case VERDICT_WARN:
	case VERDICT_ALLOW:
		return 200;
	}
	return 503;
}

static const char *code_reason(int code)
{
	switch (code) {
	case 400:
		return "BadRequest";
	case 403:
		return "Forbidden";
	default:
		return "ServiceUnavailable";
	}
}

static bool is_admitted(enum verdict v)
{
	return v == VERDICT_ALLOW || v == VERDICT_WARN;
}

void review_refuse(struct answer *out, int code, struct str message)
{
	*out = (struct answer){
		.verdict = code == 503 ? VERDICT_UNAVAILABLE : VERDICT_DENY,
		.code = code,
		.reason = code_reason(code),
		.message = message,
	};
}

static struct str refusal_text(const struct engine *en, const struct report_text_options *o)
{
	const struct admission *adm = en->admission;
	struct report_object obj = {
		.kind = adm->kind,
		.ns = adm->ns,
		.name = adm->name,
		.generate_name = adm->generate_name,
	};
	return report_message(&en->report, &obj, o);
}

void review_answer(const struct review *r, const struct engine *en,
		   const struct report_text_options *o, struct answer *out)
{
	(void)r;
	enum verdict v = report_verdict(&en->report);
	if (is_admitted(v)) {
		*out = (struct answer){.verdict = v, .code = 200, .reason = ""};
		out->warnings = report_warnings(&en->report);
		if (arena_exhausted(en->arena))
			review_refuse(out, 503, S(no_room));
		return;
	}
	review_refuse(out, verdict_code(v), refusal_text(en, o));
	if (out->message.n == 0)
		out->message = v == VERDICT_DENY ? S(no_room_denied) : S(no_room);
}

/* A violation that this refusal is about: what a policy in mode warn found is not. */
static bool counts(const struct violation *v)
{
	return v->mode == MODE_DENY &&
	       !(v->unavailable && v->policy && v->policy->on_error == ON_ERROR_ALLOW);
}

static void put_cause(struct json_writer *w, struct arena *a, const struct violation *v)
{
	struct text t;
	struct str message = {0};
	text_init(&t, a, LIMIT_MESSAGE);
	report_put_cause(&t, v);
	if (!text_done(&t, &message))
		w->t->failed = true;
	json_open(w, '{');
	json_key(w, S("reason"));
	json_str(w, str_of(cause_name(v->cause)));
	json_key(w, S("message"));
	json_str(w, message);
	json_key(w, S("field"));
	json_str(w, v->path);
	json_close(w);
}

static void put_causes(struct json_writer *w, struct arena *a, const struct report *r)
{
	size_t n = 0;
	json_key(w, S("causes"));
	json_open(w, '[');
	for (size_t i = 0; i < r->n_violations && n < LIMIT_CAUSES; i++) {
		if (!counts(&r->violations[i]))
			continue;
		put_cause(w, a, &r->violations[i]);
		n++;
	}
	json_close(w);
}

static void put_details(struct json_writer *w, struct arena *a, const struct review *r,
			const struct engine *en)
{
	json_key(w, S("details"));
	json_open(w, '{');
	if (r->admission.name.n > 0) {
		json_key(w, S("name"));
		json_str(w, r->admission.name);
	}
	if (r->admission.kind.n > 0) {
		json_key(w, S("kind"));
		json_str(w, r->admission.kind);
	}
	if (en && en->report.n_violations > 0)
		put_causes(w, a, &en->report);
	json_close(w);
}

/* No retryAfterSeconds ever: clients would silently repeat the write. spec: admission 2 */
static void put_status(struct json_writer *w, struct arena *a, const struct review *r,
		       const struct engine *en, const struct answer *ans)
{
	json_key(w, S("status"));
	json_open(w, '{');
	json_key(w, S("status"));
	json_str(w, S("Failure"));
	json_key(w, S("message"));
	json_str(w, ans->message);
	json_key(w, S("reason"));
	json_str(w, str_of(ans->reason));
	put_details(w, a, r, en);
	json_key(w, S("code"));
	json_int(w, ans->code);
	json_close(w);
}

static void put_warnings(struct json_writer *w, const struct str_list *warnings)
{
	if (warnings->n == 0)
		return;
	json_key(w, S("warnings"));
	json_open(w, '[');
	for (size_t i = 0; i < warnings->n; i++)
		json_str(w, warnings->items[i]);
	json_close(w);
}

static void annotate(struct json_writer *w, const char *key, const struct text *t)
{
	struct str value;
	if (!text_done(t, &value))
		w->t->failed = true;
	else if (value.n > 0) {
		json_key(w, str_of(key));
		json_str(w, value);
	}
}

static void annotate_codes(struct json_writer *w, const char *key, const struct report *r,
			   enum verdict v)
{
	enum code codes[CODE_COUNT];
	char buf[512];
	struct text t;
	text_init_fixed(&t, buf, sizeof(buf));
	size_t n = report_codes(r, v, codes);
	for (size_t i = 0; i < n; i++) {
		text_puts(&t, i > 0 ? "," : "");
		text_puts(&t, code_name(codes[i]));
	}
	annotate(w, key, &t);
}

static bool used_before(const struct report *r, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (r->uses[j].exception == r->uses[i].exception)
			return true;
	return false;
}

static void annotate_exceptions(struct json_writer *w, struct arena *a, const struct report *r)
{
	struct text t;
	if (r->n_uses == 0)
		return;
	text_init(&t, a, LIMIT_ANNOTATION_BYTES + 512);
	for (size_t i = 0; i < r->n_uses && t.n < LIMIT_ANNOTATION_BYTES; i++) {
		if (used_before(r, i))
			continue;
		text_puts(&t, t.n > 0 ? "," : "");
		text_put(&t, str_sub(r->uses[i].exception->name, 0, 253));
	}
	if (t.n >= LIMIT_ANNOTATION_BYTES)
		text_puts(&t, "...");
	annotate(w, "exceptions", &t);
}

static void annotate_signers(struct json_writer *w, struct arena *a, const struct engine *en,
			     const struct answer *ans)
{
	struct text t;
	if (!ans->evidence)
		return;
	text_init(&t, a, LIMIT_ANNOTATION_BYTES + 512);
	signers_put_names(&t, en, ans->evidence, LIMIT_ANNOTATION_BYTES);
	annotate(w, "signature-key", &t);
}

static void put_annotations(struct json_writer *w, struct arena *a, const struct review *r,
			    const struct engine *en, const struct answer *ans, struct str sha256)
{
	json_key(w, S("auditAnnotations"));
	json_open(w, '{');
	json_key(w, S("decision"));
	json_str(w, str_of(verdict_decision(ans->verdict)));
	if (en) {
		if (ans->verdict != VERDICT_ALLOW)
			annotate_codes(w, "rules", &en->report, ans->verdict);
		annotate_codes(w, "audit-rules", &en->report, VERDICT_ALLOW);
		annotate_exceptions(w, a, &en->report);
		annotate_signers(w, a, en, ans);
	}
	if (sha256.n > 0) {
		json_key(w, S("policy-sha256"));
		json_str(w, sha256);
	}
	json_key(w, S("review-uid"));
	json_str(w, r->uid);
	json_close(w);
}

bool review_render(struct arena *a, const struct review *r, const struct engine *en,
		   const struct answer *ans, struct str policy_sha256, struct str *out)
{
	struct text t;
	struct json_writer w;
	text_init(&t, a, LIMIT_ANSWER_BYTES);
	json_writer_init(&w, &t);
	json_open(&w, '{');
	json_key(&w, S("apiVersion"));
	json_str(&w, S("admission.k8s.io/v1"));
	json_key(&w, S("kind"));
	json_str(&w, S("AdmissionReview"));
	json_key(&w, S("response"));
	json_open(&w, '{');
	json_key(&w, S("uid"));
	json_str(&w, r->uid);
	json_key(&w, S("allowed"));
	json_bool(&w, is_admitted(ans->verdict));
	if (!is_admitted(ans->verdict))
		put_status(&w, a, r, en, ans);
	else
		put_warnings(&w, &ans->warnings);
	put_annotations(&w, a, r, en, ans, policy_sha256);
	json_close(&w);
	json_close(&w);
	return text_done(&t, out);
}

struct str review_render_fallback(struct str uid, char *buf, size_t size)
{
	struct text t;
	struct str out = {0};
	text_init_fixed(&t, buf, size);
	text_puts(&t, "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
		      "\"response\":{\"uid\":");
	json_put_str(&t, uid);
	text_puts(&t, ",\"allowed\":false,\"status\":{\"status\":\"Failure\",\"message\":\"");
	text_puts(&t, no_room);
	text_puts(&t, "\",\"reason\":\"ServiceUnavailable\",\"code\":503},"
		      "\"auditAnnotations\":{\"decision\":\"error\"}}}");
	if (!text_done(&t, &out))
		BUG("fallback answer does not fit %zu bytes", size);
	return out;
}

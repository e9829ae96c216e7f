/* From a body to an answer: parse, evaluate, ask, conclude, render; then the log line and the metrics. */
#include "core/log.h"
#include "webhook/audit.h"
#include "webhook/limits.h"
#include "webhook/reply.h"
#include "webhook/request.h"
#include "webhook/review.h"
#include "webhook/scan.h"

/* No version of the API server that sends another one is supported. */
static enum MHD_Result not_a_review(const struct judgement *j, const struct err *e)
{
	char text[sizeof(e->text) + 2];
	struct reply reply = {.status = MHD_HTTP_BAD_REQUEST, .type = TYPE_TEXT};
	struct text t;
	text_init_fixed(&t, text, sizeof(text));
	text_puts(&t, e->text);
	text_putc(&t, '\n');
	if (!text_done(&t, &reply.body))
		reply.body = S("body: not an AdmissionReview\n");
	reply.close = request_should_close(j->server, j->connection);
	metrics_rejected(j->server->metrics, REJECTED_MALFORMED, 1);
	log_msg(LOG_WARNING, "review refused: %s", e->text);
	return reply_queue(j->mhd, &reply);
}

static enum MHD_Result send_json(const struct judgement *j, struct str json)
{
	const struct reply reply = {
		.status = MHD_HTTP_OK,
		.type = "application/json",
		.body = json,
		.close = request_should_close(j->server, j->connection),
	};
	return reply_queue(j->mhd, &reply);
}

static enum MHD_Result answer_constant(const struct judgement *j, struct str body)
{
	struct review_head head;
	struct text t;
	struct str json = {0};
	char buf[512];
	review_scan(body, &head);
	text_init_fixed(&t, buf, sizeof(buf));
	text_puts(&t, "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
		      "\"response\":{\"uid\":\"");
	text_put(&t, head.uid);
	text_puts(&t, "\",\"allowed\":true}}");
	if (!text_done(&t, &json))
		BUG("constant answer does not fit");
	return send_json(j, json);
}

static enum MHD_Result send_answer(const struct judgement *j, const struct audit *a)
{
	struct str json;
	char buf[FALLBACK_BYTES];
	if (!review_render(j->workspace->arena, a->review, a->engine, a->answer, a->policy_sha256,
			   &json))
		json = review_render_fallback(a->review->uid, buf, sizeof(buf));
	return send_json(j, json);
}

static void record(const struct judgement *j, struct audit *a)
{
	struct server *s = j->server;
	int64_t until_ms = j->deadline.at_mono_ms + review_margin_ms(j->timeout_ms);
	a->duration_us = clock_mono_us() - j->started_us;
	a->late = a->late || server_mono_ms(s) >= until_ms;
	a->log_allowed = s->config.log_allowed;
	a->source = j->source;
	a->waited_us = j->waited_us;
	const struct metrics_request m = {
		.resource = a->review->resource,
		.operation = a->review->operation,
		.verdict = a->answer->verdict,
		.dry_run = a->review->dry_run,
		.duration_us = a->duration_us,
	};
	metrics_request(s->metrics, &m);
	if (a->engine)
		metrics_report(s->metrics, &a->engine->report);
	audit_decision(a);
}

static void release(struct judgement *j)
{
	backend_release(j->server->backends, j->backend);
	j->backend = NULL;
	store_release(j->server->store, j->policies);
	j->policies = NULL;
}

/* Nothing more will be known: the answer. `listens`: somebody is there to take it. */
static enum MHD_Result conclude(struct judgement *j, bool listens)
{
	const struct server_config *c = &j->server->config;
	const struct report_text_options o = {
		.docs_url = str_of(c->docs_url),
		.contact = str_of(c->contact),
		.uid = j->review.uid,
	};
	struct answer answer = {0};
	struct audit audit = {
		.review = &j->review,
		.engine = &j->engine,
		.answer = &answer,
		.late = !listens,
		.policy_sha256 = str_of(policy_ref_set(j->policies)->sha256_hex),
	};
	engine_conclude(&j->engine, j->answers);
	review_answer(&j->review, &j->engine, &o, &answer);
	answer.evidence = j->answers;
	enum MHD_Result result = listens ? send_answer(j, &audit) : MHD_NO;
	record(j, &audit);
	release(j);
	return result;
}

static enum MHD_Result without_policies(const struct judgement *j)
{
	struct answer answer = {0};
	struct audit audit = {.review = &j->review, .answer = &answer};
	review_refuse(&answer, 503, S("assay: could not verify: no policies are loaded"));
	enum MHD_Result result = send_answer(j, &audit);
	record(j, &audit);
	return result;
}

static enum MHD_Result judge_review(struct judgement *j)
{
	struct server *s = j->server;
	j->policies = store_acquire(s->store);
	if (!j->policies)
		return without_policies(j);
	j->review.admission.now_unix_s = clock_unix_s(&s->config.clock);
	engine_evaluate(&j->engine, j->workspace->arena, policy_ref_set(j->policies),
			&j->review.admission);
	if (j->engine.n_questions > 0 && gather_start(j))
		return MHD_YES;
	return conclude(j, true);
}

enum MHD_Result judge_again(struct judgement *j)
{
	gather_finish(j);
	return conclude(j, true);
}

void judge_abandon(struct judgement *j)
{
	if (!j->waiting)
		return;
	gather_finish(j);
	(void)conclude(j, false);
}

/* The uid is known, the object is not: a refusal, never an HTTP error that failurePolicy could turn into
 * an admission. spec: admission 2 */
static enum MHD_Result refuse_review(const struct judgement *j, int code, const struct err *e)
{
	struct answer answer = {0};
	struct audit audit = {.review = &j->review, .answer = &answer};
	struct text t;
	struct str message;
	char buf[sizeof(e->text) + 64];
	text_init_fixed(&t, buf, sizeof(buf));
	text_puts(&t, code == 503 ? "assay: could not verify: " : "assay: review not understood: ");
	text_puts(&t, e->text);
	if (!text_done(&t, &message))
		message = S("assay: review not understood");
	review_refuse(&answer, code, message);
	metrics_rejected(j->server->metrics, REJECTED_MALFORMED, 1);
	enum MHD_Result result = send_answer(j, &audit);
	record(j, &audit);
	return result;
}

enum MHD_Result judge(struct judgement *j)
{
	struct str body = {j->workspace->body, j->workspace->body_n};
	struct err e = {0};
	if (j->server->config.constant_answer)
		return answer_constant(j, body);
	switch (review_parse(j->workspace->arena, body, &j->review, &e)) {
	case REVIEW_OK:
		return judge_review(j);
	case REVIEW_BAD_REQUEST:
		return refuse_review(j, 400, &e);
	case REVIEW_TOO_COMPLEX:
		return refuse_review(j, 503, &e);
	case REVIEW_WRONG_VERSION:
	case REVIEW_UNREADABLE:
		return not_a_review(j, &e);
	}
	BUG("review status out of range");
}

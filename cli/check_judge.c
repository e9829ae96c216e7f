/* One document through the engine, into rows. */
#include <string.h>

#include "cli/check.h"
#include "policy/limits.h"
#include "webhook/review.h"

const char *check_result_name(enum check_result r)
{
	switch (r) {
	case CHECK_ERROR:
	case CHECK_UNKNOWN:
		return "error";
	case CHECK_FAIL:
		return "fail";
	case CHECK_WARN:
		return "warn";
	case CHECK_SKIP:
		return "skip";
	case CHECK_PASS:
		return "pass";
	}
	BUG("check result %d", (int)r);
}

/* Results outlive the document's tree. */
static struct str keep(struct check_run *run, struct str s)
{
	char *p = arena_dup(run->arena, s.p, s.n);

	if (!p)
		run->out_of_memory = true;
	return (struct str){p, p ? s.n : 0};
}

/* A rule that an exception silenced does not make its document one that was skipped. */
static void count(struct check_run *run, struct check_document *d, enum check_result r)
{
	if (r != CHECK_SKIP && r < d->result)
		d->result = r;
	switch (r) {
	case CHECK_ERROR:
	case CHECK_UNKNOWN:
		run->summary.error++;
		break;
	case CHECK_FAIL:
		run->summary.fail++;
		break;
	case CHECK_WARN:
		run->summary.warn++;
		break;
	case CHECK_SKIP:
		run->summary.skip++;
		break;
	case CHECK_PASS:
		run->summary.pass++;
		break;
	}
}

static enum check_result violation_result(const struct violation *v)
{
	if (v->unavailable)
		return v->mode == MODE_DENY && v->policy->on_error == ON_ERROR_DENY ? CHECK_UNKNOWN
										    : CHECK_WARN;
	return v->mode == MODE_DENY ? CHECK_FAIL : CHECK_WARN;
}

static void violation_row(struct check_run *run, struct check_document *d, struct arena *a,
			  const struct violation *v, const struct node *object)
{
	struct check_row *row = &d->rows[d->n_rows++];
	struct position place = check_place(object, v->path);
	struct text t;
	struct str line = S("(too long to print)");

	text_init(&t, a, 64 << 10);
	report_put_line(&t, v, LIMIT_QUOTE);
	if (!text_done(&t, &line))
		line = str_of(code_name(v->code));
	*row = (struct check_row){
		.result = violation_result(v),
		.policy = keep(run, v->policy->name),
		.rule = v->rule ? keep(run, v->rule->name) : S(""),
		.code = str_of(code_name(v->code)),
		.mode = mode_name(v->mode),
		.message = keep(run, line),
		.path = keep(run, v->path),
		.container = v->subject ? keep(run, v->subject->name) : S(""),
		.image = v->subject ? keep(run, v->subject->image.str) : S(""),
		.line = place.line ? place.line : v->line,
		.column = place.column,
	};
	count(run, d, row->result);
}

static void result_row(struct check_run *run, struct check_document *d, const struct rule_result *r)
{
	struct check_row *row = &d->rows[d->n_rows++];

	*row = (struct check_row){
		.result = r->outcome == RULE_PASS ? CHECK_PASS : CHECK_SKIP,
		.policy = keep(run, r->policy->name),
		.rule = keep(run, r->rule->name),
		.mode = mode_name(r->rule->mode),
		.message = r->outcome == RULE_PASS
				   ? S("")
				   : S("silenced by an exception, or nothing to check"),
		.line = d->line,
	};
	count(run, d, row->result);
}

/* One row per violation, and one per rule that found none. */
static void rows(struct check_run *run, struct check_document *d, struct arena *a,
		 const struct report *r, const struct node *object)
{
	d->rows = arena_calloc(run->arena, r->n_violations + r->n_results + 1, sizeof *d->rows);
	if (!d->rows) {
		run->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < r->n_violations; i++)
		violation_row(run, d, a, &r->violations[i], object);
	for (size_t i = 0; i < r->n_results; i++) {
		if (r->results[i].outcome == RULE_PASS || r->results[i].outcome == RULE_SKIP)
			result_row(run, d, &r->results[i]);
	}
}

static const char *skip_text(enum engine_skip s)
{
	switch (s) {
	case ENGINE_JUDGED:
		break;
	case ENGINE_SKIP_KIND:
		return "not a workload";
	case ENGINE_SKIP_OPERATION:
		return "neither a CREATE nor an UPDATE";
	case ENGINE_SKIP_SUBRESOURCE:
		return "a subresource that runs no images";
	case ENGINE_SKIP_DELETING:
		return "update of an object that is being deleted";
	case ENGINE_SKIP_UNCHANGED:
		return "update that changes neither images nor security settings";
	case ENGINE_SKIP_NO_POLICY:
		return "no policy matches";
	}
	BUG("skip %d", (int)s);
}

/* --strict warns of a workload that no policy matches: the policies were meant for something. */
static void skip(struct check_run *run, struct check_document *d, enum engine_skip why)
{
	struct check_row *row = arena_calloc(run->arena, 1, sizeof *row);

	d->result = CHECK_SKIP;
	d->unjudged = why != ENGINE_SKIP_KIND;
	d->message = str_of(skip_text(why));
	d->verdict = VERDICT_ALLOW;
	run->summary.skipped++;
	if (!row) {
		run->out_of_memory = true;
		return;
	}
	*row = (struct check_row){.result = CHECK_SKIP, .message = d->message, .line = d->line};
	if (run->strict && why == ENGINE_SKIP_NO_POLICY)
		row->result = CHECK_WARN;
	d->rows = row;
	d->n_rows = 1;
	count(run, d, row->result);
}

static void keep_answer(struct check_run *run, struct check_document *d, const struct answer *ans)
{
	d->verdict = ans->verdict;
	d->message = keep(run, ans->message);
	d->warnings.items =
		arena_calloc(run->arena, ans->warnings.n + 1, sizeof *d->warnings.items);
	if (!d->warnings.items) {
		run->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < ans->warnings.n; i++)
		d->warnings.items[d->warnings.n++] = keep(run, ans->warnings.items[i]);
}

static void count_verdict(struct check_run *run, struct check_document *d)
{
	run->summary.checked++;
	switch (d->verdict) {
	case VERDICT_DENY:
	case VERDICT_UNAVAILABLE:
		run->summary.denied++;
		break;
	case VERDICT_WARN:
		run->summary.warned++;
		break;
	case VERDICT_ALLOW:
		run->summary.allowed++;
		break;
	}
}

/* Whatever the rows say, a refused document is never clean: an object too large to judge has no rows. */
static void settle(struct check_run *run, struct check_document *d)
{
	enum check_result least = d->verdict == VERDICT_DENY          ? CHECK_FAIL
				  : d->verdict == VERDICT_UNAVAILABLE ? CHECK_UNKNOWN
								      : CHECK_PASS;

	if (d->result <= least)
		return;
	d->result = least;
	if (d->rows) {
		d->rows[d->n_rows++] =
			(struct check_row){.result = least, .message = d->message, .line = d->line};
		count(run, d, least);
	}
}

static void judge(struct check_run *run, struct check_document *d, struct arena *a,
		  const struct review *r)
{
	struct engine en;
	struct answer ans;
	struct report_text_options text = run->text;

	engine_evaluate(&en, a, run->set, &r->admission);
	engine_conclude(&en, NULL);
	if (en.skip != ENGINE_JUDGED) {
		skip(run, d, en.skip);
		return;
	}
	text.uid = r->uid;
	review_answer(r, &en, &text, &ans);
	d->result = CHECK_PASS;
	rows(run, d, a, &en.report, r->admission.object);
	keep_answer(run, d, &ans);
	settle(run, d);
	count_verdict(run, d);
}

static void name_document(struct check_run *run, struct check_document *d,
			  const struct admission *adm, const struct node *object)
{
	d->api_version = keep(run, node_str(node_get(object, S("apiVersion"))));
	d->kind = keep(run, adm->kind);
	d->ns = keep(run, adm->ns);
	d->name = keep(run, adm->name.n ? adm->name : adm->generate_name);
}

/* A manifest as the review that the API server would make of it. */
static void manifest_review(struct check_run *run, const struct node *root, struct review *r)
{
	const struct node *meta = node_get(root, S("metadata"));
	struct str version = node_str(node_get(root, S("apiVersion")));
	struct str group = S("");
	struct str ns = node_str(node_get(meta, S("namespace")));

	str_cut(version, '/', &group, &version);
	*r = (struct review){.operation = S("CREATE")};
	r->admission = (struct admission){
		.operation = OPERATION_CREATE,
		.group = group,
		.version = version,
		.kind = node_str(node_get(root, S("kind"))),
		.ns = ns.n ? ns : run->default_ns,
		.name = node_str(node_get(meta, S("name"))),
		.generate_name = node_str(node_get(meta, S("generateName"))),
		.object = root,
	};
}

void check_judge(struct check_run *run, struct check_document *d, struct arena *a,
		 const struct node *root)
{
	struct review r;
	struct err e = {0};

	if (!node_is(root, NODE_MAP) || !node_str(node_get(root, S("kind"))).n ||
	    !node_str(node_get(root, S("apiVersion"))).n) {
		check_fail(run, d, "not a Kubernetes object: apiVersion and kind are missing");
		return;
	}
	if (review_is(root)) {
		if (review_from_node(root, &r, &e) != REVIEW_OK) {
			check_fail(run, d, "AdmissionReview: %s", e.text);
			return;
		}
	} else {
		manifest_review(run, root, &r);
	}
	r.admission.now_unix_s = run->now_unix_s;
	name_document(run, d, &r.admission, r.admission.object);
	judge(run, d, a, &r);
}

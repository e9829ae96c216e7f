/* One document through the engine, as far as it goes without answers, and on with them. */
#include "cli/check.h"

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
	check_count(run, d, row->result);
}

static void keep_answer(struct check_run *run, struct check_document *d, const struct answer *ans)
{
	d->verdict = ans->verdict;
	d->message = check_keep(run, ans->message);
	d->warnings.items =
		arena_calloc(run->arena, ans->warnings.n + 1, sizeof *d->warnings.items);
	if (!d->warnings.items) {
		run->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < ans->warnings.n; i++)
		d->warnings.items[d->warnings.n++] = check_keep(run, ans->warnings.items[i]);
}

static void count_verdict(struct check_run *run, struct check_document *d)
{
	run->summary.checked++;
	switch (d->verdict) {
	case VERDICT_DENY:
		run->summary.denied++;
		break;
	case VERDICT_UNAVAILABLE:
		run->summary.unknown++;
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
		check_count(run, d, least);
	}
}

/* The rows are those of `rows`, the verdict is that of `en`. */
static void conclude(struct check_run *run, struct check_document *d, struct check_pending *p,
		     const struct engine *rows, const struct engine *en)
{
	struct report_text_options text = run->text;
	struct answer ans;

	text.uid = p->review.uid;
	review_answer(&p->review, en, &text, &ans);
	d->result = CHECK_PASS;
	check_rows(run, d, p->arena, &rows->report, p->review.admission.object, rows != en);
	keep_answer(run, d, &ans);
	settle(run, d);
	count_verdict(run, d);
}

void check_conclude(struct check_run *run, struct check_pending *p, const struct evidence *answers)
{
	engine_conclude(&p->engine, answers);
	conclude(run, &run->documents[p->document], p, &p->engine, &p->engine);
}

/* What is not asked for is not judged: with answers of "not asked" the engine says what that is, with
 * answers of "yes" it judges the rest. */
static void judge_offline(struct check_run *run, struct check_document *d, struct check_pending *p)
{
	size_t n = p->engine.n_questions;
	struct evidence *not_asked = arena_calloc(p->arena, n, sizeof *not_asked);
	struct evidence *yes = arena_calloc(p->arena, n, sizeof *yes);
	struct engine *rest = arena_alloc(p->arena, sizeof *rest);

	if (!not_asked || !yes || !rest) {
		run->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		not_asked[i].why = S("not judged: --offline asks no registry");
		yes[i] = (struct evidence){.state = VERIFY_STATE_VERIFIED,
					   .reason = VERIFY_VERIFIED};
	}
	engine_evaluate(rest, p->arena, run->set, &p->review.admission);
	engine_conclude(&p->engine, not_asked);
	engine_conclude(rest, yes);
	conclude(run, d, p, &p->engine, rest);
}

static void wait_for_answers(struct check_run *run, struct check_pending *p)
{
	*(run->pending_end ? run->pending_end : &run->pending) = p;
	run->pending_end = &p->next;
}

static void judge(struct check_run *run, struct check_document *d, struct check_pending *p)
{
	engine_evaluate(&p->engine, p->arena, run->set, &p->review.admission);
	if (p->engine.n_questions && run->sources) {
		wait_for_answers(run, p);
	} else if (p->engine.n_questions) {
		judge_offline(run, d, p);
	} else {
		engine_conclude(&p->engine, NULL);
		if (p->engine.skip != ENGINE_JUDGED)
			skip(run, d, p->engine.skip);
		else
			conclude(run, d, p, &p->engine, &p->engine);
	}
}

static void name_document(struct check_run *run, struct check_document *d,
			  const struct admission *adm, const struct node *object)
{
	d->api_version = check_keep(run, node_str(node_get(object, S("apiVersion"))));
	d->kind = check_keep(run, adm->kind);
	d->ns = check_keep(run, adm->ns);
	d->name = check_keep(run, adm->name.n ? adm->name : adm->generate_name);
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
	struct check_pending *p = arena_alloc(a, sizeof *p);
	struct err e = {0};

	if (!p) {
		check_fail(run, d, "it does not fit into memory");
		return;
	}
	p->arena = a;
	p->document = (size_t)(d - run->documents);
	if (!node_is(root, NODE_MAP) || !node_str(node_get(root, S("kind"))).n ||
	    !node_str(node_get(root, S("apiVersion"))).n) {
		check_fail(run, d, "not a Kubernetes object: apiVersion and kind are missing");
		return;
	}
	if (review_is(root)) {
		if (review_from_node(root, &p->review, &e) != REVIEW_OK) {
			check_fail(run, d, "AdmissionReview: %s", e.text);
			return;
		}
	} else {
		manifest_review(run, root, &p->review);
	}
	p->review.admission.now_unix_s = run->now_unix_s;
	name_document(run, d, &p->review.admission, p->review.admission.object);
	judge(run, d, p);
}

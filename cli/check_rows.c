/* What the engine found in one document, as rows. */
#include "cli/check.h"
#include "policy/limits.h"

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

const char *check_level(const struct check_row *r, const struct check_words *w)
{
	switch (r->result) {
	case CHECK_ERROR:
	case CHECK_FAIL:
	case CHECK_UNKNOWN:
		return w->error;
	case CHECK_WARN:
		return r->mode == mode_name(MODE_AUDIT) ? w->audit : w->warning;
	case CHECK_SKIP:
		return r->unjudged ? w->unjudged : NULL;
	case CHECK_PASS:
		return NULL;
	}
	BUG("check result %d", (int)r->result);
}

struct str check_told(const struct check_row *r)
{
	return r->told.n ? r->told : r->message;
}

struct str check_keep(struct check_run *run, struct str s)
{
	char *p = arena_dup(run->arena, s.p, s.n);

	if (!p)
		run->out_of_memory = true;
	return (struct str){p, p ? s.n : 0};
}

/* A rule that was skipped does not make its document one that was. */
void check_count(struct check_run *run, struct check_document *d, enum check_result r)
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

static enum check_result violation_result(const struct violation *v, bool unjudged)
{
	if (v->unavailable && unjudged)
		return CHECK_SKIP;
	if (v->unavailable)
		return v->mode == MODE_DENY && v->policy->on_error == ON_ERROR_DENY ? CHECK_UNKNOWN
										    : CHECK_WARN;
	return v->mode == MODE_DENY ? CHECK_FAIL : CHECK_WARN;
}

static struct str line_of(struct check_run *run, struct arena *a, const struct violation *v)
{
	struct text t;
	struct str line = S("(too long to print)");

	text_init(&t, a, 64 << 10);
	report_put_line(&t, v, LIMIT_QUOTE);
	if (!text_done(&t, &line))
		line = str_of(code_name(v->code));
	return check_keep(run, line);
}

static void violation_row(struct check_run *run, struct check_document *d, struct arena *a,
			  const struct violation *v, const struct node *object, bool unjudged)
{
	struct check_row *row = &d->rows[d->n_rows++];
	struct position place = check_place(object, v->path);

	*row = (struct check_row){
		.result = violation_result(v, unjudged),
		.policy = check_keep(run, v->policy->name),
		.rule = v->rule ? check_keep(run, v->rule->name) : S(""),
		.code = str_of(code_name(v->code)),
		.mode = mode_name(v->mode),
		.message = line_of(run, a, v),
		.path = check_keep(run, v->path),
		.container = v->subject ? check_keep(run, v->subject->name) : S(""),
		.image = v->subject ? check_keep(run, v->subject->image.str) : S(""),
		.line = place.line ? place.line : v->line,
		.column = place.column,
		.unavailable = v->unavailable && !unjudged,
		.unjudged = v->unavailable && unjudged,
		.pin = check_pin_of(run, v),
	};
	run->summary.unavailable += row->unavailable;
	run->summary.unjudged += row->unjudged;
	d->n_unjudged += row->unjudged;
	check_count(run, d, row->result);
}

static void result_row(struct check_run *run, struct check_document *d, const struct rule_result *r)
{
	struct check_row *row = &d->rows[d->n_rows++];

	*row = (struct check_row){
		.result = r->outcome == RULE_PASS ? CHECK_PASS : CHECK_SKIP,
		.policy = check_keep(run, r->policy->name),
		.rule = check_keep(run, r->rule->name),
		.mode = mode_name(r->rule->mode),
		.message = r->outcome == RULE_PASS
				   ? S("")
				   : S("silenced by an exception, or nothing to check"),
		.line = d->line,
	};
	check_count(run, d, row->result);
}

void check_rows(struct check_run *run, struct check_document *d, struct arena *a,
		const struct report *r, const struct node *object, bool unjudged)
{
	d->rows = arena_calloc(run->arena, r->n_violations + r->n_results + 1, sizeof *d->rows);
	if (!d->rows) {
		run->out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < r->n_violations; i++)
		violation_row(run, d, a, &r->violations[i], object, unjudged);
	for (size_t i = 0; i < r->n_results; i++) {
		if (r->results[i].outcome == RULE_PASS || r->results[i].outcome == RULE_SKIP)
			result_row(run, d, &r->results[i]);
	}
}

/* Every container must say readOnlyRootFilesystem: true. There is no pod-level field to inherit.
 * spec: policy 3.4 */
#include "policy/rule.h"

static struct str note(const struct workload *w, const struct field *f)
{
	if (w->windows)
		return S("a Windows Pod cannot set it");
	if (f->state == FIELD_ABSENT && w->pod_has_read_only_root_filesystem)
		return S("the Pod's securityContext has no such field");
	return S("");
}

static void check(const struct rule_context *c, const struct subject *s)
{
	const struct field *f = &s->read_only_root_filesystem;

	if (f->state == FIELD_SET && f->boolean)
		return;

	struct violation v = {.code = CODE_READ_ONLY_ROOT_FILESYSTEM, .want = S("true")};
	switch (f->state) {
	case FIELD_WRONG_TYPE:
		v.cause = CAUSE_INVALID;
		v.got = got_of_node(c->arena, f->node, "a boolean");
		break;
	case FIELD_ABSENT:
		v.cause = CAUSE_REQUIRED;
		v.got.note = note(c->workload, f);
		break;
	case FIELD_SET:
		v.got = (struct got){GOT_PLAIN, NULL, S("false"), note(c->workload, f)};
		break;
	}
	rule_violation(c, s, "securityContext.readOnlyRootFilesystem", &v);
}

static void sample_good(const void *params, struct arena *a, struct rule_sample *good)
{
	(void)params;
	(void)a;
	good->read_only_root_filesystem = true;
}

static void sample_bad(const void *params, struct arena *a, struct rule_sample *bad)
{
	(void)params;
	(void)a;
	bad->read_only_root_filesystem = false;
}

static const enum code codes[] = {CODE_READ_ONLY_ROOT_FILESYSTEM, CODE_COUNT};

const struct rule rule_read_only_root_filesystem = {
	.key = "readOnlyRootFilesystem",
	.summary = "Every container runs on a read-only root filesystem.",
	.codes = codes,
	.containers_only = true,
	.check = check,
	.sample_good = sample_good,
	.sample_bad = sample_bad,
};

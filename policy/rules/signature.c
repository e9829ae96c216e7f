/* Who signed the image. spec: policy 3.7; admission 6.3, 6.4 */
#include "policy/rule_signed.h"

struct signature {
	struct rule_signed who;
	struct param_annotations annotations;
};

static const char *validate(const void *params)
{
	const struct rule_signed *p = &((const struct signature *)params)->who;
	int n = (p->any_of.n > 0) + (p->all_of.n > 0) + (p->at_least.n > 0);

	return n == 1 ? NULL : "signature: want exactly one of anyOf, allOf and atLeast";
}

static int prepare(void *params, struct arena *a, struct err *e)
{
	struct signature *p = params;

	p->who.code = CODE_SIGNATURE;
	p->who.code_unavailable = CODE_SIGNATURE_UNAVAILABLE;
	p->who.asked.annotations = &p->annotations;
	p->who.want.which = EVIDENCE_ANY;
	p->who.want.demand = (struct sig_demand){.want = SIG_WANT_SIGNATURE,
						 .annotations = p->annotations.items,
						 .n_annotations = p->annotations.n};
	TRY(rule_signed_prepare(&p->who, a, e));
	return evidence_want_seal(&p->who.want, e);
}

static const struct param params_table[] = {
	RULE_SIGNED_PARAMS("signed"),
	{.key = "annotations",
	 .type = PARAM_ANNOTATIONS,
	 .offset = offsetof(struct signature, annotations),
	 .doc = "Annotations that the signature has, with these values."},
	RULE_SIGNED_REPOSITORY("signatures"),
};

static const enum code codes[] = {CODE_IMAGE_REFERENCE, CODE_SIGNATURE, CODE_SIGNATURE_UNAVAILABLE,
				  CODE_COUNT};

const struct rule rule_signature = {
	.key = "signature",
	.summary = "Images are signed by the named authorities.",
	.params = params_table,
	.n_params = sizeof(params_table) / sizeof(params_table[0]),
	.params_size = sizeof(struct signature),
	.codes = codes,
	.validate = validate,
	.prepare = prepare,
	.check = rule_signed_check,
	.conclude = rule_signed_conclude,
	.sample_good = rule_signed_sample_good,
	.sample_bad = rule_signed_sample_bad,
};

/*
 * What the rules signature and attestation have in common: who must have signed, where that is looked up,
 * what is asked, and how the answer becomes a violation. spec: policy 3.7; admission 6.3, 6.4
 */
#ifndef ASSAY_POLICY_RULE_SIGNED_H
#define ASSAY_POLICY_RULE_SIGNED_H

#include "policy/signature_text.h"

/* First member of the parameters of such a rule. */
struct rule_signed {
	struct param_patterns images;
	struct param_authorities any_of;
	struct param_authorities all_of;
	struct param_authorities at_least;
	struct param_repository repository;
	/* Made of them: */
	const struct param_authorities *authorities; /* the one that is given */
	struct sig_authority *compiled;              /* of each of them; want.authorities */
	struct evidence_want want;
	struct signature_asked asked; /* but for the image */
	struct str wanted;            /* "a signature by one of: a, b" */
	enum code code, code_unavailable;
};

/* Fill what is made of the others; want is not sealed yet. Errors: LIMIT. */
int rule_signed_prepare(struct rule_signed *p, struct arena *a, struct err *e) MUST_USE;

void rule_signed_check(const struct rule_context *c, const struct subject *s);
void rule_signed_conclude(const struct rule_context *c, const struct subject *s,
			  const struct evidence *e);
void rule_signed_sample_good(const void *params, struct arena *a, struct rule_sample *good);
void rule_signed_sample_bad(const void *params, struct arena *a, struct rule_sample *bad);

/* Rows of the parameter table. `what`: "signed". */
#define RULE_SIGNED_PARAMS(what)                                                                   \
	{.key = "images",                                                                          \
	 .type = PARAM_PATTERNS,                                                                   \
	 .offset = offsetof(struct rule_signed, images),                                           \
	 .doc = "Only images of these repositories, as patterns; absent: every image."},           \
		{.key = "anyOf",                                                                   \
		 .type = PARAM_AUTHORITIES,                                                        \
		 .offset = offsetof(struct rule_signed, any_of),                                   \
		 .doc = "One of these authorities has " what " the image."},                       \
		{.key = "allOf",                                                                   \
		 .type = PARAM_AUTHORITIES,                                                        \
		 .offset = offsetof(struct rule_signed, all_of),                                   \
		 .distinct = true,                                                                 \
		 .doc = "All of these authorities have " what " the image."},                      \
	{                                                                                          \
		.key = "atLeast", .type = PARAM_AT_LEAST,                                          \
		.offset = offsetof(struct rule_signed, at_least), .distinct = true,                \
		.doc = "So many of these authorities have " what " the image."                     \
	}
#define RULE_SIGNED_REPOSITORY(what)                                                               \
	{                                                                                          \
		.key = "signatureRepository", .type = PARAM_REPOSITORY,                            \
		.offset = offsetof(struct rule_signed, repository),                                \
		.doc = "Repository that holds the " what "; absent: the image's own."              \
	}

#endif

/* What evidence/discover.c and discover_list.c have in common. For these two alone. */
#ifndef ASSAY_EVIDENCE_DISCOVER_INSIDE_H
#define ASSAY_EVIDENCE_DISCOVER_INSIDE_H

#include "evidence/discover.h"

#define MEDIA_EMPTY "application/vnd.oci.empty.v1+json"
#define ANNOTATION_PREDICATE_TYPE "dev.sigstore.bundle.predicateType"
#define ANNOTATION_LAYER_TYPE "predicateType" /* of a layer of an .att manifest */

static inline bool discover_is_attestation(const struct discovery *d)
{
	return d->want == SIG_WANT_ATTESTATION;
}

/* Annotations are hints. One that denies being what is wanted is believed: it only could have been a yes, or
 * an older statement. */
bool discover_denies(const struct discovery *d, const struct node *annotations, const char *key);

/* The registry failed: its own words. */
void discover_unanswered(struct sig_fault *f, const struct registry_reply *r);
/* What somebody pushed is no signature of ours, whatever it is; it must not look like a failure either. */
bool discover_is_pushed(struct sig_fault *f, const struct registry_reply *r,
			enum verify_reason form);
/* A large one waits for its turn. */
int discover_read_manifest(const struct registry_call *call, const struct registry_reply *r,
			   struct manifest *m, struct err *e) MUST_USE;

#endif

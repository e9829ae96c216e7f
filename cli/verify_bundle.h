/* `assay verify-bundle`: what is said of a bundle that verifies. */
#ifndef ASSAY_CLI_VERIFY_BUNDLE_H
#define ASSAY_CLI_VERIFY_BUNDLE_H

#include "cli/options.h"
#include "core/text.h"
#include "sigstore/verify.h"

/* A verified result, for people: who, of what kind, when, recorded where. The first line begins with
 * "verified: ", the others with two spaces. */
void verify_bundle_print(const struct verify_result *r, struct text *t);

#endif

/* What this build is. Values come from the build (VERSION file, git). */
#ifndef ASSAY_CLI_VERSION_H
#define ASSAY_CLI_VERSION_H

extern const char version_number[];   /* "0.1.0" */
extern const char version_revision[]; /* git revision, or "unknown" */
extern const char version_docs_url[]; /* page of refusal codes of this version */

#endif

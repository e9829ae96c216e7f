/*
 * Who signed which container's image: the answers to an engine's questions, told to auditors. Policies
 * name authorities; what comes from objects and registries is escaped.
 */
#ifndef ASSAY_WEBHOOK_SIGNERS_H
#define ASSAY_WEBHOOK_SIGNERS_H

#include "policy/engine.h"

/* For the log: a JSON list with an object per question, in `buf`:
 *   {"container":"web","rule":"signed","state":"verified","reason":"verified","authority":["release"]}
 * and for certificates "identity":["..."], the subjects.
 * The state is "refused" where the host may not be contacted. `answers` are those of the engine's
 * questions. What does not fit is counted in a last {"more":N}. False if not even that fits. */
bool signers_to_json(const struct engine *en, const struct evidence *answers, char *buf,
		     size_t size, struct str *out);

/* For the audit annotation: "web=release,proxy=platform", each once. Past max_bytes ends with "...". */
void signers_put_names(struct text *t, const struct engine *en, const struct evidence *answers,
		       size_t max_bytes);

#endif

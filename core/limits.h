/* Limits of the readers: value, unit, why, and what happens past each of them. */
#ifndef ASSAY_CORE_LIMITS_H
#define ASSAY_CORE_LIMITS_H

/* Levels of nesting in JSON and YAML. Kubernetes objects stay below 30, and the API server itself
 * refuses much deeper ones; recursion in the readers is bounded by it. Past it: error "limit". */
#define LIMIT_DEPTH 128

/* Nodes of one document. A 3 MiB object of the API server has below 200,000. Past it: "limit". */
#define LIMIT_NODES 1000000

/* Keys of one map. Keeps the duplicate check and the linear lookup cheap. Past it: "limit". */
#define LIMIT_MAP_KEYS 20000

/* Documents of one YAML stream; rendered Helm charts have hundreds. Past it: "limit". */
#define LIMIT_DOCUMENTS 10000

/* Bytes of a policy, manifest or key file read whole: 32 MiB. Past it: "limit". */
#define LIMIT_FILE_BYTES (32u << 20)

/* Bytes of arena that the YAML or JSON reader may need for one file or review; bounds what a hostile
 * document of many tiny values can claim. Past it: the arena is exhausted, the review is denied. */
#define LIMIT_DOCUMENT_ARENA_BYTES (96u << 20)

/* Problems listed for one load of configuration; more are counted. */
#define LIMIT_PROBLEMS 200

#include <stddef.h>

/* For readers of what is larger than a server or a policy may be: 0 is the limit above. */
struct read_limits {
	size_t bytes; /* instead of LIMIT_FILE_BYTES */
	size_t nodes; /* instead of LIMIT_NODES */
};

#endif

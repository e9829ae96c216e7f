/* Limits of image references and patterns: value, unit, why, and what happens past each of them. */
#ifndef ASSAY_OCI_LIMITS_H
#define ASSAY_OCI_LIMITS_H

/* Bytes of a repository path, "library/" included, the host and its port not: no registry or
 * runtime takes more. Past it: error "input". source: distribution/reference */
#define LIMIT_REFERENCE_PATH_BYTES 255

/* Bytes of a tag. Past it: error "input". source: distribution/reference */
#define LIMIT_REFERENCE_TAG_BYTES 128

/* Segments with wildcards in one pattern: nobody reads more, and it keeps matching cheap. Past it:
 * error "input", the policy set does not load. */
#define LIMIT_PATTERN_WILDCARDS 8

#endif

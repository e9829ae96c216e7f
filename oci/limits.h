/* Limits of references, manifests and registry replies: value, unit, why, what happens past each. */
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

/* Bytes of a manifest, an index or a page of referrers: what registries must take. Past it: the reply
 * is "too_large". source: distribution-spec, "Pushing Manifests" */
#define LIMIT_MANIFEST_BYTES (4u << 20)

/* Bytes of a blob that anybody may ask for. Past it: "too_large". spec: sigstore section 2.3 */
#define LIMIT_BLOB_BYTES (128u << 20)

/* Referrers handed on, and pages of them asked for. A hostile registry has endless ones. Past it: the
 * rest is not examined and the result says "truncated". spec: sigstore section 2.3, CVE-2023-46737 */
#define LIMIT_REFERRERS 64
#define LIMIT_REFERRER_PAGES 8

/* Bytes of annotations that are kept of one referrer in a list; cosign writes below 200. Past it: none are, and
 * its manifest says what it is. */
#define LIMIT_REFERRER_ANNOTATION_BYTES (8u << 10)

/* Redirects followed, downloads of blobs need one or two. Past it: "refused". */
#define LIMIT_REDIRECTS 3

/* Times a question is sent to one registry when it answers 429 or 5xx or hangs up. */
#define LIMIT_TRIES 2

/* Bytes of all headers of a reply, and of the body of an error. Past it: "invalid"; an error is cut. */
#define LIMIT_HEADER_BYTES (64u << 10)
#define LIMIT_ERROR_BODY_BYTES (8u << 10)

/* Bytes of the answer of a token service, and of a token: it becomes a header. Past it: "invalid". */
#define LIMIT_TOKEN_REPLY_BYTES (64u << 10)
#define LIMIT_TOKEN_BYTES (16u << 10)

/* Tokens kept. Past it the one that ends first is forgotten. */
#define LIMIT_TOKENS 1024

/* Bytes of a docker config.json, and of a CA file. Past it: error "limit". */
#define LIMIT_CREDENTIALS_BYTES (1u << 20)
#define LIMIT_CA_BYTES (4u << 20)

/* Arena of the registries file and the credentials it names. Past it: load error. */
#define LIMIT_REGISTRIES_ARENA_BYTES (32u << 20)

/* Hosts whose state (limit, authentication) is kept. Past it the rest share one. */
#define LIMIT_HOSTS 256

/* Idle connections kept for reuse, over all hosts. Past it the oldest is closed. */
#define LIMIT_IDLE_HANDLES 32

/* Bytes of working memory of one question beside the body: headers, addresses, texts. */
#define LIMIT_QUESTION_ARENA_BYTES (1u << 20)

/* Milliseconds: to connect (spec: sigstore section 2.3), between two tries without Retry-After, and
 * the longest time that a Retry-After keeps a registry from being asked. */
#define DEFAULT_CONNECT_MS 3000
#define DEFAULT_RETRY_MS 200
#define LIMIT_RETRY_AFTER_MS 60000

/* Milliseconds that one request may take if the deadline allows more. */
#define DEFAULT_REQUEST_MS 30000

/* Requests to one host at a time. */
#define DEFAULT_HOST_CONCURRENCY 16

/* Seconds a token holds when the service does not say, and the longest that is believed.
 * source: distribution, "Token Authentication Specification" */
#define DEFAULT_TOKEN_S 60
#define LIMIT_TOKEN_S 3600

/* Milliseconds for which "no referrers API here" is remembered of a host. */
#define REFERRERS_ABSENT_MS (10 * 60 * 1000)

#endif

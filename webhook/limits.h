/* Limits of the server: value, unit, why, and what happens past each. Those marked (flag) are defaults. */
#ifndef ASSAY_WEBHOOK_LIMITS_H
#define ASSAY_WEBHOOK_LIMITS_H

/* Body of a review: the API server's own limit of 3 MiB a write, object and old object. Past it: 413. (flag) */
#define LIMIT_BODY_BYTES (7u << 20)

/* Bodies held at the same time, all requests together; bounds memory under a flood of large reviews.
 * Past it: 429 with Retry-After. */
#define LIMIT_BODIES_TOTAL_BYTES (64u << 20)

/* Requests between their first byte of body and their answer. Past it: 429 with Retry-After. (flag) */
#define LIMIT_IN_FLIGHT 512

/* Open HTTPS connections. Above 90 % the longest waiting one is closed for each new one (counted:
 * overload); at the limit new ones wait in the kernel. (flag) */
#define LIMIT_CONNECTIONS 4096

/* A kept connection that was used within this time is not closed to make room. Milliseconds. */
#define IN_USE_MS 1000

/* Arena of one review without its body: node tree, report, answer. Past it: refused as too complex. */
#define LIMIT_REVIEW_ARENA_BYTES (96u << 20)

/* Arenas kept for the next requests, each of at most 512 KiB beside its body. More are given back. */
#define LIMIT_SPARE_ARENAS 16

/* Seconds without a byte before a connection is closed. Longer than the API server's 90 s, so that it
 * never meets a closing socket. */
#define IDLE_TIMEOUT_S 120

/* Seconds for the TLS handshake, for headers once their first byte has come, and for a body. Past it the
 * sender is cut off (counted: slow). (flag) */
#define SLOW_S 10

/* Bytes of body that buy a slow sender another second: 7 MiB may take two minutes. */
#define LIMIT_SLOW_RATE (64u << 10)

/* Seconds for an answer to be taken by its reader. Past it the reader is cut off (counted: slow). */
#define SLOW_ANSWER_S 30

/* Seconds of work on one review after which /healthz says that the server is stuck. */
#define STUCK_S 10

/* How often the connections are looked at for that, at most. Milliseconds. */
#define LOOK_INTERVAL_MS 1000

/* Bytes of a refused body that are taken in and thrown away, so that the sender can read the answer.
 * Past it: the connection is cut. */
#define LIMIT_DISCARD_BYTES (32u << 20)

/* Bytes of a body buffer that is kept for the next request. */
#define LIMIT_SPARE_BODY_BYTES (64u << 10)

/* Memory that libmicrohttpd may use for one connection: headers, and what of the body is read at once.
 * Headers past it: 431. */
#define CONNECTION_MEMORY_BYTES (32u << 10)
#define ADMIN_CONNECTION_MEMORY_BYTES (8u << 10)

/* Open connections to probes and metrics, and seconds of inactivity. Past it the longest waiting one is
 * closed for the new one, so that hanging clients cannot keep a probe out. */
#define LIMIT_ADMIN_CONNECTIONS 256
#define ADMIN_TIMEOUT_S 5

/* Bytes of a certificate, key or client CA file. Past it: it does not load. */
#define LIMIT_PEM_BYTES (1u << 20)

/* Threads that serve reviews when their number is not given. */
#define LIMIT_THREADS 16

/* Bytes of one page of metrics; 10,000 exceptions take 5 MiB. Past it: 503. */
#define LIMIT_METRICS_BYTES (16u << 20)

/* Connections that wait in the kernel to be accepted. */
#define LISTEN_BACKLOG 1024

/* A kept-alive connection ends after so many requests or seconds, so that new replicas get work. */
#define CONNECTION_MAX_REQUESTS 1000
#define CONNECTION_MAX_AGE_S 300

/* Own deadline: the review's timeout less this margin, at least half of it; the timeout if it is not
 * named or not readable. Milliseconds. */
#define DEADLINE_MARGIN_MS 1000
#define DEADLINE_DEFAULT_MS 10000

/* The longest timeout that a ValidatingWebhookConfiguration can ask for. A longer one counts as this.
 * Milliseconds. */
#define DEADLINE_MAX_MS 30000

/* Bytes of a review's uid; the API server's have 36. A longer one counts as none: 400. */
#define LIMIT_UID_BYTES 128

/* Causes listed in status.details; the message's first line counts all violations. Keeps the answer to a
 * hostile workload below the size that the API server reads. Past it: left out. */
#define LIMIT_CAUSES 1000

/* Bytes of one answer. Past it: the constant refusal. */
#define LIMIT_ANSWER_BYTES (2u << 20)

/* Bytes of the audit annotations that list exceptions and signers. Past it: the rest is left out, "..."
 * says so. */
#define LIMIT_ANNOTATION_BYTES 1024

/* What a decision's log line names of a review: images and exceptions, and bytes of each. The rest is
 * left out, so that the line keeps within its 8 KiB. */
#define LIMIT_LOG_IMAGES 16
#define LIMIT_LOG_IMAGE_BYTES 256
#define LIMIT_LOG_EXCEPTIONS 8
#define LIMIT_LOG_NAME_BYTES 256

/* Bytes of the signatures in a decision's log line. Past it: the last ones are left out, and
 * "more" says how many. */
#define LIMIT_LOG_SIGNATURES_BYTES 3072

/* SIGTERM: seconds of serving on with Connection: close (flag), and the end in any case. */
#define DRAIN_S 15
#define DRAIN_MAX_S 40
/* The longest that can be asked for: what is left is for the last answers. */
#define DRAIN_LONGEST_S 30

/* Arena for what is wrong with policies when they are loaded again. Past it: only counted. */
#define LIMIT_SET_PROBLEM_BYTES (4u << 20)

/* A load that failed is tried again after so long even if no file changed: a certificate that was not yet
 * valid becomes so. Milliseconds. */
#define RELOAD_RETRY_MS 10000

/* Policies that change while they are read are read again, so often at most. */
#define RELOAD_ATTEMPTS 20

/* Mounted files are looked at so often. Milliseconds. */
#define WATCH_INTERVAL_MS 1000

#endif

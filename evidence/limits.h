/* Limits of evidence: value, unit, why, and what happens past each. spec: sigstore section 2.3 */
#ifndef ASSAY_EVIDENCE_LIMITS_H
#define ASSAY_EVIDENCE_LIMITS_H

/* Layers of a .sig manifest, or of a referrer of that kind. Past it: the rest is not examined and the
 * answer says "truncated". spec: sigstore section 2.3, CVE-2023-46737 */
#define LIMIT_SIGNATURE_LAYERS 64

/* Signatures of one image that are looked at, from all places. Past it: likewise. */
#define LIMIT_CANDIDATES 128

/* Bytes of a bundle that signs an image: the usual has below 10 KiB, with a log entry and a certificate.
 * Attestations have more, and are no signatures. Past it: that candidate is rejected, "too_large". */
#define LIMIT_SIGNATURE_BUNDLE_BYTES (256u << 10)

/* Bytes of an attestation: a bill of materials of a large image has some MiB. Past it: likewise. */
#define LIMIT_ATTESTATION_BYTES (16u << 20)

/* Attestations above LIMIT_SIGNATURE_BUNDLE_BYTES: bytes of all that are fetched or wait to be read, and
 * how many are read at the same time. Past it: the others wait, until the deadline of their lookup. */
#define LIMIT_LARGE_ATTESTATION_BYTES (48u << 20)
#define LARGE_ATTESTATIONS 1

/* Arenas of the one that is read: its parts, and its verification by one authority. One of 15 MiB with 280,000
 * values needs 90 MiB of both. Past it: it is rejected, "no_room". */
#define LIMIT_LARGE_SCRATCH_BYTES (64u << 20)
#define LIMIT_LARGE_JUDGING_BYTES (96u << 20)

/* Bytes of the manifest of a referrer (cosign's have below 2 KiB) and of a .sig manifest with all its layers (below
 * 10 KiB each). Whoever may push can have us read 64 of the first for every image. Past it: likewise. */
#define LIMIT_REFERRER_MANIFEST_BYTES (128u << 10)
#define LIMIT_SIG_MANIFEST_BYTES (1u << 20)

/* Documents above so many bytes that are read at the same time: one takes up to 16 times its size. Past it: the
 * others wait. */
#define LARGE_DOCUMENT_BYTES (64u << 10)
#define LARGE_DOCUMENTS 2

/* Arenas of one worker: a manifest, one signature, its verification by one authority. Past it: the
 * candidate is rejected, "no_room". */
#define LIMIT_PAGE_ARENA_BYTES (24u << 20)
#define LIMIT_SCRATCH_ARENA_BYTES (8u << 20)
#define LIMIT_JUDGING_ARENA_BYTES (8u << 20)

/* Arena for one list of signatures, which a registry sends in pages of at most 4 MiB. Past it: the list
 * counts as malformed. */
#define LIMIT_LIST_ARENA_BYTES (32u << 20)

/* Arena for what is found out about one image for one want. Past it: "could not find out". */
#define LIMIT_TALLY_ARENA_BYTES (16u << 20)

/* Bytes kept of the text of one candidate. */
#define LIMIT_CANDIDATE_TEXT 384

/* Lookups (one image in one repository) that wait or run. Past it: "could not find out". */
#define DEFAULT_LOOKUPS 4096

/* Threads that fetch and verify; each does one request at a time. How they are shared out:
 * evidence/workers.h. */
#define DEFAULT_EVIDENCE_THREADS 16
#define LIMIT_EVIDENCE_THREADS 256

/* Bytes of the cache, entries and index together: 10,000 verdicts of one authority need below 8 MiB.
 * Past it the verdict that was not used for longest is forgotten. */
#define DEFAULT_CACHE_BYTES (8u << 20)

/* Milliseconds that a "yes" and a "no" hold. A "no" is short: who signs wants to go on. */
#define DEFAULT_YES_MS (60 * 60 * 1000)
#define DEFAULT_NO_MS (30 * 1000)

/* Milliseconds that one lookup may take; it outlives the review that asked. */
#define DEFAULT_LOOKUP_MS (20 * 1000)

/* Milliseconds for which a registry that failed is left alone: the first time, doubled each time it fails
 * again, up to the longest. */
#define BACKOFF_FIRST_MS 2000
#define BACKOFF_LONGEST_MS 30000

/* Registries and repositories whose failures are remembered. Past it the one that failed longest ago is
 * forgotten. */
#define LIMIT_BACKOFFS 256

#endif

/* Limits of signature verification: value, unit, why, and what happens past each. Past any of them
 * that one signature is rejected with a reason of its own; others of the image are still looked at.
 * spec: sigstore section 2.3 */
#ifndef ASSAY_SIGSTORE_LIMITS_H
#define ASSAY_SIGSTORE_LIMITS_H

/* Bytes of a bundle or DSSE envelope: 16 MiB; an SPDX document of a large image has some. */
#define LIMIT_BUNDLE_BYTES (16u << 20)

/* Bytes of the payload of a legacy signature; observed 234 to 249. */
#define LIMIT_PAYLOAD_BYTES (64u << 10)

/* Levels of nesting in the JSON of signatures; a bundle has 7. */
#define LIMIT_SIG_DEPTH 64

/* Values in one JSON text; an SPDX document of a large image has 100,000. */
#define LIMIT_SIG_VALUES 300000

/* Transparency log entries and timestamps of one bundle; usual is 1. */
#define LIMIT_LOG_ENTRIES 32
#define LIMIT_TIMESTAMPS 32

/* Subjects of a statement, digests of a subject. */
#define LIMIT_SUBJECTS_IN_STATEMENT 1024
#define LIMIT_SUBJECT_DIGESTS 32

/* Hashes of an inclusion proof: tree sizes are below 2^63. */
#define LIMIT_PROOF_HASHES 63

/* Bytes of a checkpoint. */
#define LIMIT_CHECKPOINT_BYTES (16u << 10)

/* Certificates of a chain, bytes of one. */
#define LIMIT_CHAIN 8
#define LIMIT_CERTIFICATE_BYTES (16u << 10)

/* Bytes of a signature; RSA 8192 has 1024. */
#define LIMIT_SIGNATURE_BYTES 2048

/* Bytes of a PEM file with one key or certificate, text around it included. */
#define LIMIT_KEY_PEM_BYTES (64u << 10)

/* Bits of RSA keys: shorter ones are broken, longer ones cost more time than they are worth. */
#define LIMIT_RSA_BITS_MIN 2048
#define LIMIT_RSA_BITS_MAX 8192

/* Keys of one authority; past it verify_bundle() judges nothing. */
#define LIMIT_AUTHORITY_KEYS 64

/* Arena that all of the above fits in; a usual verification needs some KiB. Past it: reason no_room. */
#define LIMIT_VERIFY_ARENA_BYTES (192u << 20)

#endif

/* Limits of policies and reports: value, unit, why, and what happens past each. */
#ifndef ASSAY_POLICY_LIMITS_H
#define ASSAY_POLICY_LIMITS_H

/* Policies, exceptions, and rules of one policy. Past it: load error. */
#define LIMIT_POLICIES 1000
#define LIMIT_EXCEPTIONS 10000
#define LIMIT_RULES 200

/* Authorities of one policy. Past it: load error. */
#define LIMIT_AUTHORITIES 64

/* Trusted roots of one authority, and what a threshold may be. Past it: load error. */
#define LIMIT_TRUSTED_ROOTS 16
#define LIMIT_THRESHOLD 32

/* Annotations that one rule wants. Past it: load error. */
#define LIMIT_ANNOTATIONS 32

/* Items of a list of strings: ids, globs. Past it: load error. */
#define LIMIT_STRINGS 1000

/* Arena of one policy set; 1,000 large policies need below 20 MiB. Past it: load error. */
#define LIMIT_SET_ARENA_BYTES (64u << 20)

/* Containers and image volumes of one workload. The API server's size limit allows some thousands.
 * Past it: an `object` violation, so that the workload is refused. */
#define LIMIT_SUBJECTS 4096

/* Violations kept of one review; the rest is only counted. */
#define LIMIT_VIOLATIONS 20000

/* Refusal text, bytes: what events keep whole, and what is never exceeded (spec: admission 6.2). */
#define LIMIT_MESSAGE_AIM 1024
#define LIMIT_MESSAGE 4096
#define LIMIT_MESSAGE_LINES 10

/* User text quoted in one place, bytes: usual, and when the message is too long. */
#define LIMIT_QUOTE 128
#define LIMIT_QUOTE_SHORT 48

/* Warnings: count and bytes each (spec: admission 6.5). */
#define LIMIT_WARNINGS 10
#define LIMIT_WARNING_BYTES 120

/* Days before an exception's end at which its use begins to warn. */
#define EXCEPTION_WARN_DAYS 14

#endif

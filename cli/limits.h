/* Limits of the commands: value, unit, why, and what happens past each. The user's own files are less
 * hostile than what a server gets: they need not be as small. */
#ifndef ASSAY_CLI_LIMITS_H
#define ASSAY_CLI_LIMITS_H

/* Bytes of a file that `assay check` reads: what kubectl prints for some 8,000 Pods. Past it: the file is an error. */
#define LIMIT_CHECK_FILE_BYTES (256u << 20)
#define LIMIT_CHECK_FILE_TEXT "256 MiB"

/* Values of one document there; a Pod as kubectl prints it has some 1,000. Past it: "limit". */
#define LIMIT_CHECK_NODES 20000000

/* Arena for one file and its trees: five to ten times the text. Past it: the file is an error. */
#define LIMIT_CHECK_ARENA_BYTES ((size_t)2 << 30)

/* Results of one run, a few hundred bytes a row, and their text. Past it: exit 2. */
#define LIMIT_CHECK_RUN_BYTES ((size_t)1 << 30)
#define LIMIT_CHECK_OUTPUT_BYTES ((size_t)512 << 20)

/* Answers about the images of one run, a kilobyte each. Past it: "could not find out". */
#define LIMIT_CHECK_ANSWERS_BYTES ((size_t)512 << 20)

/* Tags of one run that are resolved to pins: each is a request or two. Past it: no pin is printed. */
#define LIMIT_CHECK_PINS 1000

/* Threads that resolve them, and the arena of each, for one manifest. */
#define CHECK_PIN_THREADS 8
#define LIMIT_CHECK_PIN_ARENA_BYTES (24u << 20)

#endif

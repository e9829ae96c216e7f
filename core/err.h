/*
 * Errors: "could not do it", with a kind for the program and a text for people.
 *
 * A struct err lives on the caller's stack and is passed as the last parameter. A function that
 * fails fills it and returns -1 or NULL; one that succeeds leaves it alone. Callers add context on
 * the way up with err_wrap(). An error is never a verdict: a rule's "no" is a violation, not this.
 *
 * Text: lower case, no full stop, "what: why". Values that a user wrote are quoted by text_quote()
 * before they come here.
 */
#ifndef ASSAY_CORE_ERR_H
#define ASSAY_CORE_ERR_H

#include <stddef.h>

/* Zero is the kind that promises least: something inside went wrong. */
enum err_kind {
	ERR_INTERNAL = 0, /* a library call failed in a way that input cannot explain */
	ERR_INPUT,        /* the bytes are not what they should be */
	ERR_LIMIT,        /* a limit was reached: size, depth, count, arena */
	ERR_MEMORY,       /* no memory from the system */
	ERR_IO,           /* a file or socket could not be read or written */
	ERR_USAGE,        /* the command line or configuration is wrong */
	ERR_TIMEOUT,      /* a deadline passed */
};

struct err {
	enum err_kind kind;
	char text[512]; /* NUL-terminated, cut at the end with "..." when too long */
};

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Run `expr`; when it is negative return it. The only control-flow macro. */
#define TRY(expr)                                                                                  \
	do {                                                                                       \
		int try_result_ = (expr);                                                          \
		if (try_result_ < 0)                                                               \
			return try_result_;                                                        \
	} while (0)

/* Fill *e and return -1, so that "return err_set(...)" is one line. `e` may be NULL. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Put "context: " before the text of *e, keep the kind, return -1. `e` may be NULL. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A state that no input can reach. Prints file, line and text to stderr, then aborts: in all
 * builds, because going on could admit what must be refused. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif

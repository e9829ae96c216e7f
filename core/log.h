/*
 * One line a time, as JSON or for people, written by a thread of its own.
 *
 * log_line_*() builds a line in the caller's text and log_write() hands it to a bounded queue: a
 * request never waits for stderr. When the queue is full, or stderr is closed or full, lines are lost
 * and counted, never requests. All strings are escaped: a line cannot be forged by an image name.
 * Only webhook/ and cli/ may include this header. The sink is the one mutable global besides the
 * signal flag, set in cli/.
 */
#ifndef ASSAY_CORE_LOG_H
#define ASSAY_CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"
#include "core/text.h"

enum log_level { LOG_ERROR = 0, LOG_WARNING, LOG_INFO, LOG_DEBUG };
#define LOG_LEVELS 4
enum log_format { LOG_JSON = 0, LOG_TEXT };

/* Start the writer thread over file descriptor `fd` (not closed by us). Until then, and after
 * log_close(), lines are written at once and blocking. Errors: INTERNAL. */
int log_open(int fd, enum log_format format, enum log_level level, struct err *e) MUST_USE;
/* Write out what is queued (at most 2 s) and stop the thread. */
void log_close(void);
bool log_enabled(enum log_level level);

/* A line with only a message, printf-like; what comes from outside must be escaped already. */
void log_msg(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A line with fields. Usage:
 *   struct log_line l; log_begin(&l, LOG_INFO, "policies loaded"); log_str(&l, "sha", s); log_end(&l);
 * Keys are literals. Fields that do not fit 8 KiB are dropped whole and the line says
 * "truncated":true. log_end() queues it (no-op when the level is off). */
struct log_line {
	enum log_level level;
	bool on;
	bool truncated;
	struct text t;
	struct json_writer w;
	char buf[8192];
};
void log_begin(struct log_line *l, enum log_level level, const char *msg);
void log_str(struct log_line *l, const char *key, struct str v);
void log_int(struct log_line *l, const char *key, int64_t v);
void log_bool(struct log_line *l, const char *key, bool v);
void log_ms(struct log_line *l, const char *key,
	    int64_t us); /* microseconds as milliseconds, 3 decimals */
void log_strs(struct log_line *l, const char *key, const struct str *v, size_t n);
/* A value that is rendered already, by core/json.h: on one line, its strings escaped. */
void log_json(struct log_line *l, const char *key, struct str json);
void log_end(struct log_line *l);

/* Lines written or queued per level, and lines lost, since the start; for metrics. */
uint64_t log_count(enum log_level level);
uint64_t log_lost(void);

#endif

/* Where the lines of core/log.c go: the queue and its writer thread; for core/log.c only. */
#ifndef ASSAY_CORE_LOG_SINK_H
#define ASSAY_CORE_LOG_SINK_H

#include "core/log.h"
#include "core/str.h"

enum log_format log_sink_format(void);

/* Queue one line, whose only newline is its last byte, or write it when there is no thread. Never
 * waits for the other end while the thread runs. Any thread. */
void log_sink_put(enum log_level level, struct str line);

#endif

/* The thread that looks after the connections of both sides: cuts off who is slow, notes who is stuck. */
#ifndef ASSAY_WEBHOOK_WATCHER_H
#define ASSAY_WEBHOOK_WATCHER_H

#include "webhook/inside.h"

int watcher_start(struct server *s, struct err *e) MUST_USE;
void watcher_stop(struct server *s); /* twice is fine */

#endif

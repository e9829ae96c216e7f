/*
 * What the client remembers of each host between questions: how many requests are under way, until
 * when it wants to be left alone, how it wants to be authenticated to, and that it has no referrers API.
 * Nothing here is a verdict; all of it may be wrong and is then found out again.
 *
 * One lock for all hosts; every wait has a deadline. Any thread.
 */
#ifndef ASSAY_OCI_HOST_H
#define ASSAY_OCI_HOST_H

#include "core/arena.h"
#include "core/clock.h"
#include "core/str.h"
#include "oci/header.h"

struct hosts;
struct host; /* lives as long as its hosts */

struct hosts *hosts_new(const struct clock *clock); /* NULL: no memory */
void hosts_free(struct hosts *h);

/* The state of a host, made at its first use with room for `most` requests at a time. Past LIMIT_HOSTS
 * the rest share one. NULL: no memory. */
struct host *hosts_get(struct hosts *h, struct str name, int64_t most);

/* A place for one request: waits until there is one. False: the deadline passed first. */
bool host_enter(struct hosts *h, struct host *x, struct deadline d);
void host_leave(struct hosts *h, struct host *x);

/* It asked to be left alone for `ms` from now. */
void host_rest(struct hosts *h, struct host *x, int64_t ms);
/* Milliseconds until it may be asked again, 0: now. */
int64_t host_rest_ms(struct hosts *h, struct host *x);

/* How it wanted to be authenticated to when last asked. Its scope is not kept. */
void host_set_challenge(struct hosts *h, struct host *x, const struct challenge *c);
/* False: not known. Copies into `a`. */
bool host_challenge(struct hosts *h, struct host *x, struct arena *a, struct challenge *out);

void host_set_no_referrers(struct hosts *h, struct host *x);
bool host_has_no_referrers(struct hosts *h, struct host *x);

#endif

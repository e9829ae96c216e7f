#include "webhook/connections.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "webhook/limits.h"

struct connections {
	pthread_mutex_t lock; /* everything that changes */
	struct connection *first, *last;
	size_t n;
	size_t expected; /* accepted, not yet in the list */
	size_t leaving;  /* in the list, but cut off */
	size_t evicted;  /* since the last look */
	size_t max;
	int64_t slow_ms;
};

static uint64_t word_of(enum connection_phase p, int64_t at_ms)
{
	return (uint64_t)at_ms << 2 | (uint64_t)p;
}

static enum connection_phase phase_of(uint64_t word)
{
	return (enum connection_phase)(word & 3);
}

static int64_t time_of(uint64_t word)
{
	return (int64_t)(word >> 2);
}

static void enter(struct connection *c, enum connection_phase p, int64_t at_ms)
{
	atomic_store_explicit(&c->phase, word_of(p, at_ms), memory_order_relaxed);
}

struct connections *connections_new(size_t max, int64_t slow_ms)
{
	struct connections *t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	t->max = max;
	t->slow_ms = slow_ms;
	return t;
}

void connections_free(struct connections *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

size_t connections_count(struct connections *t)
{
	pthread_mutex_lock(&t->lock);
	size_t n = t->n + t->expected;
	pthread_mutex_unlock(&t->lock);
	return n;
}

/* Bytes that the kernel has taken in on this connection, the end of the stream counted as one; 0 if it
 * does not say. */
static uint64_t bytes_received(int fd)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return 0;
	return info.tcpi_bytes_received;
}

/* Called with the table's lock held. */
static void cut(struct connections *t, struct connection *c)
{
	atomic_store(&c->cut, true);
	t->leaving++;
	(void)shutdown(c->fd, SHUT_RDWR);
}

/* Those that never finished a request go first, then the longest waiting: a flood of new connections
 * must not push out the API servers' kept ones, and none that was used a moment ago. */
static struct connection *longest_waiting(const struct connections *t, int64_t now_ms)
{
	struct connection *found = NULL;
	bool found_new = false;
	for (struct connection *c = t->first; c; c = c->next) {
		uint64_t word = atomic_load_explicit(&c->phase, memory_order_relaxed);
		bool is_new = atomic_load_explicit(&c->served, memory_order_relaxed) == 0;
		if (phase_of(word) != CONNECTION_WAITING || atomic_load(&c->cut) ||
		    (found_new && !is_new) || (!is_new && now_ms - time_of(word) < IN_USE_MS))
			continue;
		if (!found || (is_new && !found_new) ||
		    word < atomic_load_explicit(&found->phase, memory_order_relaxed)) {
			found = c;
			found_new = is_new;
		}
	}
	return found;
}

bool connections_make_room(struct connections *t, int64_t now_ms)
{
	pthread_mutex_lock(&t->lock);
	if (t->n - t->leaving + t->expected >= t->max - t->max / 10) {
		struct connection *c = longest_waiting(t, now_ms);
		if (c) {
			cut(t, c);
			t->evicted++;
		}
	}
	bool room = t->n + t->expected < t->max;
	pthread_mutex_unlock(&t->lock);
	return room;
}

void connections_expect(struct connections *t)
{
	pthread_mutex_lock(&t->lock);
	t->expected++;
	pthread_mutex_unlock(&t->lock);
}

void connections_unexpect(struct connections *t)
{
	pthread_mutex_lock(&t->lock);
	t->expected--;
	pthread_mutex_unlock(&t->lock);
}

struct connection *connection_open(struct connections *t, int fd, int64_t now_ms)
{
	struct connection *c = calloc(1, sizeof(*c));
	if (!c) {
		connections_unexpect(t);
		return NULL;
	}
	c->fd = fd;
	c->opened_ms = now_ms;
	enter(c, CONNECTION_WAITING, now_ms);
	c->seen_phase = c->phase;
	pthread_mutex_lock(&t->lock);
	c->prev = t->last;
	if (t->last)
		t->last->next = c;
	else
		t->first = c;
	t->last = c;
	t->n++;
	t->expected--;
	pthread_mutex_unlock(&t->lock);
	return c;
}

bool connection_close(struct connections *t, struct connection *c)
{
	bool failed_handshake =
		!atomic_load(&c->handshaken) && !atomic_load(&c->cut) && bytes_received(c->fd) > 1;
	pthread_mutex_lock(&t->lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		t->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		t->last = c->prev;
	t->n--;
	t->leaving -= atomic_load(&c->cut) ? 1 : 0;
	pthread_mutex_unlock(&t->lock);
	free(c);
	return failed_handshake;
}

void connection_handshaken(struct connection *c, int64_t now_ms)
{
	atomic_store(&c->handshaken, true);
	connection_waiting(c, now_ms);
}

void connection_body(const struct connections *t, struct connection *c, int64_t start_ms,
		     uint64_t received)
{
	int64_t bought_ms = (int64_t)(received * 1000 / LIMIT_SLOW_RATE);
	enter(c, CONNECTION_BODY, start_ms + t->slow_ms + bought_ms);
}

void connection_judging(struct connection *c, int64_t now_ms)
{
	enter(c, CONNECTION_JUDGING, now_ms + STUCK_S * 1000);
}

void connection_gathering(struct connection *c, int64_t until_ms)
{
	enter(c, CONNECTION_JUDGING, until_ms + STUCK_S * 1000);
}

void connection_answering(struct connection *c, int64_t now_ms)
{
	enter(c, CONNECTION_ANSWERING, now_ms + SLOW_ANSWER_S * 1000);
}

void connection_waiting(struct connection *c, int64_t now_ms)
{
	enter(c, CONNECTION_WAITING, now_ms);
}

/* Has a waiting peer begun to send? Only what came after the first look at this wait counts, so that
 * the request before, or the handshake, is not taken for a beginning. */
static bool has_begun(struct connection *c, uint64_t word, int64_t now_ms)
{
	uint64_t bytes = bytes_received(c->fd);
	if (word != c->seen_phase) {
		c->seen_phase = word;
		c->seen_bytes = bytes;
		c->first_byte_ms = 0;
	}
	if (c->first_byte_ms == 0 && bytes > c->seen_bytes)
		c->first_byte_ms = now_ms;
	return c->first_byte_ms != 0;
}

static bool is_slow(const struct connections *t, struct connection *c, uint64_t word,
		    int64_t now_ms)
{
	switch (phase_of(word)) {
	case CONNECTION_WAITING:
		return has_begun(c, word, now_ms) && now_ms - c->first_byte_ms > t->slow_ms;
	case CONNECTION_BODY:
	case CONNECTION_ANSWERING:
		return now_ms > time_of(word);
	case CONNECTION_JUDGING:
		return false;
	}
	return false;
}

struct connections_look connections_look(struct connections *t, int64_t now_ms)
{
	struct connections_look out = {0};
	pthread_mutex_lock(&t->lock);
	out.evicted = t->evicted;
	t->evicted = 0;
	for (struct connection *c = t->first; c; c = c->next) {
		uint64_t word = atomic_load_explicit(&c->phase, memory_order_relaxed);
		if (atomic_load(&c->cut))
			continue;
		if (is_slow(t, c, word, now_ms)) {
			cut(t, c);
			out.slow++;
		}
		if (phase_of(word) == CONNECTION_JUDGING && now_ms > time_of(word))
			out.stuck++;
	}
	pthread_mutex_unlock(&t->lock);
	return out;
}

void connections_close_idle(struct connections *t, int64_t now_ms)
{
	pthread_mutex_lock(&t->lock);
	for (struct connection *c = t->first; c; c = c->next) {
		uint64_t word = atomic_load_explicit(&c->phase, memory_order_relaxed);
		bool seen = word == c->seen_phase;
		if (phase_of(word) != CONNECTION_WAITING || atomic_load(&c->cut))
			continue;
		if (!has_begun(c, word, now_ms) && seen)
			cut(t, c);
	}
	pthread_mutex_unlock(&t->lock);
}

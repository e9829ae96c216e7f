#include "core/log_sink.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "core/clock.h"

#define RING_SIZE ((size_t)1 << 20)
#define CLOSE_MS 2000

/* A pipe that poll() calls writable takes this much without blocking (PIPE_BUF), so that the thread
 * can always be stopped. */
#define WRITE_SIZE ((size_t)4096)
/* Freed for new lines at once when written. */
#define PIECE_SIZE ((size_t)64 << 10)
/* How often a thread that waits for the other end looks whether it is to stop. */
#define POLL_MS 50

struct writer {
	bool in_line;  /* what was written so far ends within a line */
	bool torn;     /* and the rest of that line was given up */
	bool skipping; /* the rest of a line that was given up is still to come */
};

/* The one mutable global besides the signal flag. `mutex` guards all that is not atomic; the bytes
 * of the ring that are in use belong to the thread, the others to whoever holds the mutex. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	pthread_t thread;
	bool running;
	size_t head, used;
	struct writer direct; /* when no thread runs */
	atomic_int fd, format, level;
	atomic_bool stopping;
	_Atomic int64_t stop_at_ms; /* monotonic */
	_Atomic uint64_t counts[LOG_LEVELS];
	_Atomic uint64_t lost;
} sink = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER,
	.fd = STDERR_FILENO,
	.level = LOG_INFO,
};

/* Apart from the rest, which begins with values and so is part of the program's file. */
static char ring[RING_SIZE];

static bool out_of_time(void)
{
	return atomic_load(&sink.stopping) &&
	       clock_system.mono_ms(NULL) >= atomic_load(&sink.stop_at_ms);
}

/* Up to WRITE_SIZE bytes as soon as the other end takes them; what was written, or -1. */
static ssize_t write_some(struct str s)
{
	struct pollfd p = {.fd = atomic_load(&sink.fd), .events = POLLOUT};
	size_t n = s.n < WRITE_SIZE ? s.n : WRITE_SIZE;

	while (!out_of_time()) {
		int ready = poll(&p, 1, POLL_MS);
		ssize_t wrote;

		if (ready == 0 || (ready < 0 && errno == EINTR))
			continue;
		if (ready < 0)
			return -1;
		wrote = write(p.fd, s.p, n);
		if (wrote > 0)
			return wrote;
		if (wrote < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
	}
	return -1;
}

static uint64_t lines_in(struct str s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

/* After a failure: nothing of s will be written. */
static void give_up(struct writer *w, struct str s)
{
	w->torn = w->in_line;
	w->skipping = s.p[s.n - 1] != '\n';
	atomic_fetch_add(&sink.lost, lines_in(s));
}

/* What is left of s after the line that was given up. */
static struct str skip_line(struct writer *w, struct str s)
{
	size_t end = str_find(s, '\n');

	if (end == SIZE_MAX)
		return str_sub(s, s.n, s.n);
	atomic_fetch_add(&sink.lost, 1);
	w->skipping = false;
	return str_sub(s, end + 1, s.n);
}

/* Write a piece of the stream of lines; it may begin and end within one. */
static void write_piece(struct writer *w, struct str s)
{
	if (w->skipping)
		s = skip_line(w, s);
	while (s.n > 0) {
		struct str next = w->torn ? S("\n") : s;
		ssize_t n = write_some(next);

		if (n < 0) {
			give_up(w, s);
			return;
		}
		w->in_line = next.p[n - 1] != '\n';
		if (!w->torn)
			s = str_sub(s, (size_t)n, s.n);
		w->torn = false;
	}
}

/* The run at the head of the queue; empty when it is time to end. */
static struct str next_piece(void)
{
	size_t n;

	while (sink.used == 0 && !atomic_load(&sink.stopping))
		pthread_cond_wait(&sink.filled, &sink.mutex);
	n = sink.used < PIECE_SIZE ? sink.used : PIECE_SIZE;
	if (n > RING_SIZE - sink.head)
		n = RING_SIZE - sink.head;
	return (struct str){ring + sink.head, n};
}

static void *run(void *unused)
{
	struct writer w = {0};
	struct str piece;

	(void)unused;
	pthread_mutex_lock(&sink.mutex);
	for (piece = next_piece(); piece.n > 0; piece = next_piece()) {
		pthread_mutex_unlock(&sink.mutex);
		write_piece(&w, piece);
		pthread_mutex_lock(&sink.mutex);
		sink.head = (sink.head + piece.n) % RING_SIZE;
		sink.used -= piece.n;
	}
	sink.running = false;
	sink.direct = w;
	pthread_mutex_unlock(&sink.mutex);
	return NULL;
}

/* With all signals blocked: they are for the threads that wait for them. */
static int start_thread(void)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&sink.thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int log_open(int fd, enum log_format format, enum log_level level, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&sink.mutex);
	if (sink.running) {
		pthread_mutex_unlock(&sink.mutex);
		return err_set(e, ERR_INTERNAL, "log: is open already");
	}
	atomic_store(&sink.fd, fd);
	atomic_store(&sink.format, (int)format);
	atomic_store(&sink.level, (int)level);
	sink.direct = (struct writer){0};
	rc = start_thread();
	sink.running = rc == 0;
	pthread_mutex_unlock(&sink.mutex);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "log: cannot start its thread: error %d", rc);
	return 0;
}

void log_close(void)
{
	bool running;

	pthread_mutex_lock(&sink.mutex);
	running = sink.running;
	if (running) {
		atomic_store(&sink.stop_at_ms, clock_system.mono_ms(NULL) + CLOSE_MS);
		atomic_store(&sink.stopping, true);
		pthread_cond_signal(&sink.filled);
	}
	pthread_mutex_unlock(&sink.mutex);
	if (!running)
		return;
	pthread_join(sink.thread, NULL);
	atomic_store(&sink.stopping, false);
}

static void enqueue(enum log_level level, struct str line)
{
	size_t tail = (sink.head + sink.used) % RING_SIZE;
	size_t first = line.n < RING_SIZE - tail ? line.n : RING_SIZE - tail;

	if (line.n > RING_SIZE - sink.used) {
		atomic_fetch_add(&sink.lost, 1);
		return;
	}
	memcpy(ring + tail, line.p, first);
	memcpy(ring, line.p + first, line.n - first);
	sink.used += line.n;
	atomic_fetch_add(&sink.counts[level], 1);
	pthread_cond_signal(&sink.filled);
}

void log_sink_put(enum log_level level, struct str line)
{
	uint64_t lost;

	pthread_mutex_lock(&sink.mutex);
	if (sink.running) {
		enqueue(level, line);
	} else {
		lost = atomic_load(&sink.lost);
		write_piece(&sink.direct, line);
		if (atomic_load(&sink.lost) == lost)
			atomic_fetch_add(&sink.counts[level], 1);
	}
	pthread_mutex_unlock(&sink.mutex);
}

enum log_format log_sink_format(void)
{
	return (enum log_format)atomic_load(&sink.format);
}

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load(&sink.level);
}

uint64_t log_count(enum log_level level)
{
	return atomic_load(&sink.counts[level]);
}

uint64_t log_lost(void)
{
	return atomic_load(&sink.lost);
}

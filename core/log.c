#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "core/clock.h"
#include "core/log_sink.h"

/* Kept free for the end of the line: ',"truncated":true}' and the newline. */
#define END_ROOM ((size_t)24)
/* Of a message that does not fit whole; even escaped sixfold it does. */
#define CUT_MESSAGE ((size_t)1024)

static const struct level {
	const char *name;
	char letter;
} levels[LOG_LEVELS] = {
	[LOG_ERROR] = {"error", 'E'},
	[LOG_WARNING] = {"warning", 'W'},
	[LOG_INFO] = {"info", 'I'},
	[LOG_DEBUG] = {"debug", 'D'},
};

static bool is_json(const struct log_line *l)
{
	return l->w.t != NULL;
}

/* A message is written by us and has its outside parts escaped, so that its quotes and backslashes
 * stand; nothing in it can end the line all the same. */
static void put_message(struct text *t, struct str msg)
{
	while (msg.n > 0) {
		size_t n = 0;

		while (n < msg.n && msg.p[n] != '"' && msg.p[n] != '\\')
			n++;
		text_put_escaped(t, str_sub(msg, 0, n), SIZE_MAX);
		if (n < msg.n)
			text_putc(t, msg.p[n++]);
		msg = str_sub(msg, n, msg.n);
	}
}

static void begin_json(struct log_line *l, int64_t unix_ms, struct str msg)
{
	char ts[32];

	snprintf(ts, sizeof(ts), "%lld.%03d", (long long)(unix_ms / 1000), (int)(unix_ms % 1000));
	json_writer_init(&l->w, &l->t);
	json_open(&l->w, '{');
	json_key(&l->w, S("ts"));
	json_raw(&l->w, str_of(ts));
	json_key(&l->w, S("level"));
	json_str(&l->w, str_of(levels[l->level].name));
	json_key(&l->w, S("msg"));
	json_str(&l->w, msg);
}

/* "I0131 12:00:00.000 message", in UTC; the letter, date and time as klog has them */
static void begin_text(struct log_line *l, int64_t unix_ms, struct str msg)
{
	time_t t = (time_t)(unix_ms / 1000);
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	l->w.t = NULL;
	text_printf(&l->t, "%c%02d%02d %02d:%02d:%02d.%03d ", levels[l->level].letter,
		    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		    (int)(unix_ms % 1000));
	put_message(&l->t, msg);
}

static void begin(struct log_line *l, int64_t unix_ms, struct str msg)
{
	text_init_fixed(&l->t, l->buf, sizeof(l->buf) - END_ROOM);
	if (log_sink_format() == LOG_JSON)
		begin_json(l, unix_ms, msg);
	else
		begin_text(l, unix_ms, msg);
}

void log_begin(struct log_line *l, enum log_level level, const char *msg)
{
	int64_t unix_ms;

	l->level = level;
	l->truncated = false;
	l->on = log_enabled(level);
	if (!l->on)
		return;
	unix_ms = clock_system.unix_ms(NULL);
	if (unix_ms < 0)
		unix_ms = 0;
	begin(l, unix_ms, str_of(msg));
	if (l->t.failed) {
		begin(l, unix_ms, str_sub(str_of(msg), 0, CUT_MESSAGE));
		l->truncated = true;
	}
}

/* A field that does not fit is taken back whole: the state before it. */
struct mark {
	struct text t;
	struct json_writer w;
};

static struct mark begin_field(struct log_line *l, const char *key)
{
	struct mark m = {l->t, l->w};

	if (is_json(l)) {
		json_key(&l->w, str_of(key));
	} else {
		text_putc(&l->t, ' ');
		text_puts(&l->t, key);
		text_putc(&l->t, '=');
	}
	return m;
}

static void end_field(struct log_line *l, const struct mark *m)
{
	if (!l->t.failed)
		return;
	l->t = m->t;
	l->w = m->w;
	l->t.p[l->t.n] = '\0';
	l->truncated = true;
}

/* A value without quotes: a number, true, false. */
static void put_plain(struct log_line *l, const char *key, const char *value)
{
	struct mark m;

	if (!l->on)
		return;
	m = begin_field(l, key);
	if (is_json(l))
		json_raw(&l->w, str_of(value));
	else
		text_puts(&l->t, value);
	end_field(l, &m);
}

void log_str(struct log_line *l, const char *key, struct str v)
{
	struct mark m;

	if (!l->on)
		return;
	m = begin_field(l, key);
	if (is_json(l))
		json_str(&l->w, v);
	else
		text_quote(&l->t, v, SIZE_MAX);
	end_field(l, &m);
}

void log_int(struct log_line *l, const char *key, int64_t v)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%lld", (long long)v);
	put_plain(l, key, digits);
}

void log_bool(struct log_line *l, const char *key, bool v)
{
	put_plain(l, key, v ? "true" : "false");
}

void log_ms(struct log_line *l, const char *key, int64_t us)
{
	char digits[40];
	uint64_t v = us < 0 ? -(uint64_t)us : (uint64_t)us;

	snprintf(digits, sizeof(digits), "%s%llu.%03u", us < 0 ? "-" : "",
		 (unsigned long long)(v / 1000), (unsigned)(v % 1000));
	put_plain(l, key, digits);
}

void log_strs(struct log_line *l, const char *key, const struct str *v, size_t n)
{
	struct mark m;

	if (!l->on)
		return;
	m = begin_field(l, key);
	if (is_json(l))
		json_open(&l->w, '[');
	else
		text_putc(&l->t, '[');
	for (size_t i = 0; i < n; i++) {
		if (is_json(l)) {
			json_str(&l->w, v[i]);
			continue;
		}
		text_puts(&l->t, i > 0 ? "," : "");
		text_quote(&l->t, v[i], SIZE_MAX);
	}
	if (is_json(l))
		json_close(&l->w);
	else
		text_putc(&l->t, ']');
	end_field(l, &m);
}

void log_json(struct log_line *l, const char *key, struct str json)
{
	struct mark m;

	if (!l->on)
		return;
	m = begin_field(l, key);
	if (is_json(l))
		json_raw(&l->w, json);
	else
		text_put(&l->t, json);
	end_field(l, &m);
}

void log_end(struct log_line *l)
{
	if (!l->on)
		return;
	l->t.cap = sizeof(l->buf);
	l->t.max = sizeof(l->buf) - 1;
	if (l->truncated)
		log_bool(l, "truncated", true);
	if (is_json(l))
		json_close(&l->w);
	text_putc(&l->t, '\n');
	log_sink_put(l->level, (struct str){l->t.p, l->t.n});
	l->on = false;
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	struct log_line l;
	char msg[4096];
	va_list args;
	int n;

	if (!log_enabled(level))
		return;
	va_start(args, fmt);
	n = vsnprintf(msg, sizeof(msg), fmt, args);
	va_end(args);
	log_begin(&l, level, n < 0 ? fmt : msg);
	if (n >= (int)sizeof(msg))
		l.truncated = true;
	log_end(&l);
}

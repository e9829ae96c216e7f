#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

Suite *test_log_suite(void);

#define OUTPUT_MAX ((size_t)16 << 20)

static int ends[2];  /* a pipe: the log writes to [1] */
static char *output; /* what was read from it */
static size_t output_n;
static uint64_t lost_before;

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	output = malloc(OUTPUT_MAX);
	ck_assert_ptr_nonnull(output);
	output_n = 0;
	lost_before = log_lost();
}

static void teardown(void)
{
	log_close();
	close(ends[0]);
	close(ends[1]);
	free(output);
}

static void open_log(enum log_format format, enum log_level level)
{
	struct err e = {0};

	ck_assert_msg(log_open(ends[1], format, level, &e) == 0, "%s", e.text);
}

static uint64_t lost(void)
{
	return log_lost() - lost_before;
}

static void *read_to_end(void *unused)
{
	ssize_t n;

	(void)unused;
	while ((n = read(ends[0], output + output_n, OUTPUT_MAX - 1 - output_n)) > 0)
		output_n += (size_t)n;
	output[output_n] = '\0';
	return NULL;
}

/* Stop the log and take what it wrote. */
static const char *written(void)
{
	log_close();
	close(ends[1]);
	ends[1] = -1;
	read_to_end(NULL);
	return output;
}

/* The output must be "<a number with three decimals><want>" after a JSON line's first key. */
static void is_json_line(const char *got, const char *want)
{
	const char *p = got;
	size_t digits;

	ck_assert_msg(strncmp(p, "{\"ts\":", 6) == 0, "got %s", got);
	p += 6;
	digits = strspn(p, "0123456789");
	ck_assert_uint_eq(digits, 10);
	ck_assert_int_eq(p[digits], '.');
	ck_assert_uint_eq(strspn(p + digits + 1, "0123456789"), 3);
	ck_assert_str_eq(p + digits + 4, want);
}

/* "I0131 12:00:00.000 " and the rest. */
static void is_text_line(const char *got, char letter, const char *want)
{
	static const char shape[] = "X0000 00:00:00.000 ";
	size_t n = sizeof(shape) - 1;

	ck_assert_uint_ge(strlen(got), n);
	ck_assert_int_eq(got[0], letter);
	for (size_t i = 1; i < n; i++) {
		if (shape[i] == '0')
			ck_assert_msg(got[i] >= '0' && got[i] <= '9', "got %s", got);
		else
			ck_assert_int_eq(got[i], shape[i]);
	}
	ck_assert_str_eq(got + n, want);
}

static void all_fields(struct log_line *l)
{
	static const struct str rules[] = {{"registry", 8}, {"a\"b", 3}};

	log_begin(l, LOG_INFO, "admission decision");
	log_bool(l, "semantic", true);
	log_str(l, "image", S("nginx\n{\"level\":\"x\"}\x1b[0m"));
	log_str(l, "empty", str_of(NULL));
	log_int(l, "violations", -4);
	log_ms(l, "duration_ms", 1800);
	log_ms(l, "small_ms", 7);
	log_ms(l, "negative_ms", -1234567);
	log_strs(l, "rules", rules, 2);
	log_strs(l, "none", NULL, 0);
	log_end(l);
}

START_TEST(json_line)
{
	struct log_line l;

	open_log(LOG_JSON, LOG_INFO);
	all_fields(&l);
	is_json_line(written(),
		     ",\"level\":\"info\",\"msg\":\"admission decision\",\"semantic\":true,"
		     "\"image\":\"nginx\\n{\\\"level\\\":\\\"x\\\"}\\u001b[0m\","
		     "\"empty\":\"\",\"violations\":-4,\"duration_ms\":1.800,"
		     "\"small_ms\":0.007,\"negative_ms\":-1234.567,"
		     "\"rules\":[\"registry\",\"a\\\"b\"],\"none\":[]}\n");
	ck_assert_uint_eq(lost(), 0);
}
END_TEST

START_TEST(text_line)
{
	struct log_line l;

	open_log(LOG_TEXT, LOG_INFO);
	all_fields(&l);
	is_text_line(written(), 'I',
		     "admission decision semantic=true "
		     "image=\"nginx\\x0a{\\\"level\\\":\\\"x\\\"}\\x1b[0m\" empty=\"\" "
		     "violations=-4 duration_ms=1.800 small_ms=0.007 negative_ms=-1234.567 "
		     "rules=[\"registry\",\"a\\\"b\"] none=[]\n");
}
END_TEST

START_TEST(messages_cannot_end_the_line)
{
	open_log(LOG_TEXT, LOG_INFO);
	log_msg(LOG_WARNING, "cannot read \"%s\": no\nI0101 forged\\x0a", "p.yaml");
	is_text_line(written(), 'W', "cannot read \"p.yaml\": no\\x0aI0101 forged\\x0a\n");
}
END_TEST

START_TEST(levels_are_counted_and_filtered)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	uint64_t before[LOG_LEVELS];

	for (int level = 0; level < LOG_LEVELS; level++)
		before[level] = log_count((enum log_level)level);
	open_log(LOG_JSON, (enum log_level)_i);
	for (int level = 0; level < LOG_LEVELS; level++) {
		ck_assert(log_enabled((enum log_level)level) == (level <= _i));
		log_msg((enum log_level)level, "level %s", names[level]);
	}
	written();
	for (int level = 0; level < LOG_LEVELS; level++) {
		char want[64];

		snprintf(want, sizeof(want), ",\"level\":\"%s\",\"msg\":\"level %s\"}\n",
			 names[level], names[level]);
		ck_assert((strstr(output, want) != NULL) == (level <= _i));
		ck_assert_uint_eq(log_count((enum log_level)level) - before[level], level <= _i);
	}
}
END_TEST

static void fields_around_a_big_one(void)
{
	static char big[8000];
	static const struct str list[] = {{"kept?", 5}, {big, sizeof(big)}};
	struct log_line l;

	memset(big, 'x', sizeof(big));
	big[0] = '\n';
	log_begin(&l, LOG_INFO, "m");
	log_str(&l, "a", S("1"));
	log_str(&l, "big", (struct str){big, sizeof(big)});
	log_int(&l, "b", 2);
	log_strs(&l, "list", list, 2);
	log_strs(&l, "c", list, 1);
	for (int i = 0; i < 10; i++)
		log_str(&l, "more", (struct str){big, 1500});
	log_end(&l);
}

START_TEST(fields_that_do_not_fit_are_dropped_whole)
{
	size_t more = 0;

	memset(output, 0, 1);
	open_log(_i == 0 ? LOG_JSON : LOG_TEXT, LOG_INFO);
	fields_around_a_big_one();
	written();
	if (_i == 0) {
		ck_assert_ptr_nonnull(strstr(output, "\"msg\":\"m\",\"a\":\"1\",\"big\":\"\\nxx"));
		ck_assert_ptr_nonnull(
			strstr(output, "x\",\"b\":2,\"c\":[\"kept?\"],\"truncated\":true}\n"));
	} else {
		ck_assert_ptr_nonnull(strstr(output, "m a=\"1\" big=\"\\x0axx"));
		ck_assert_ptr_nonnull(strstr(output, "x\" b=2 c=[\"kept?\"] truncated=true\n"));
	}
	ck_assert_ptr_null(strstr(output, "more"));
	ck_assert_ptr_null(strstr(output, "list"));
	for (const char *p = output; (p = strchr(p, '\n')); p++)
		more++;
	ck_assert_uint_eq(more, 1);
}
END_TEST

START_TEST(long_messages_are_cut)
{
	static char msg[9000];

	memset(msg, '\x01', sizeof(msg) - 1);
	open_log(_i == 0 ? LOG_JSON : LOG_TEXT, LOG_INFO);
	log_msg(LOG_INFO, "%s", msg);
	written();
	ck_assert_uint_gt(output_n, 4000);
	ck_assert_uint_lt(output_n, 8192);
	ck_assert_ptr_nonnull(strstr(output, _i == 0 ? "\\u0001\\u0001\",\"truncated\":true}\n"
						     : "\\x01\\x01 truncated=true\n"));
}
END_TEST

START_TEST(lines_that_are_off_cost_nothing_and_write_nothing)
{
	struct log_line l;

	open_log(LOG_JSON, LOG_ERROR);
	all_fields(&l);
	ck_assert(!l.on);
	ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(opening_twice_is_an_error)
{
	struct err e = {0};

	open_log(LOG_JSON, LOG_INFO);
	ck_assert_int_eq(log_open(ends[1], LOG_JSON, LOG_INFO, &e), -1);
	ck_assert_int_eq(e.kind, ERR_INTERNAL);
	ck_assert_str_eq(e.text, "log: is open already");
}
END_TEST

START_TEST(after_close_lines_are_written_at_once)
{
	open_log(LOG_TEXT, LOG_INFO);
	log_msg(LOG_INFO, "one");
	log_close();
	log_close();
	log_msg(LOG_INFO, "two");
	output_n = (size_t)read(ends[0], output, OUTPUT_MAX - 1);
	output[output_n] = '\0';
	ck_assert_ptr_nonnull(strstr(output, " one\n"));
	ck_assert_ptr_nonnull(strstr(output, " two\n"));
}
END_TEST

/* Lines "<writer> <number> xxx..." : whole, and in order for each writer. Returns how many. */
static uint64_t check_order(int writers)
{
	uint64_t lines = 0;
	int next[8] = {0};

	ck_assert(output_n == 0 || output[output_n - 1] == '\n');
	for (char *p = output, *end; *p; p = end + 1, lines++) {
		int writer = -1, number = -1;
		const char *msg;

		end = strchr(p, '\n');
		*end = '\0';
		msg = strstr(p, "\"msg\":\"w");
		if (!msg || strncmp(p, "{\"ts\":", 6) != 0 || strcmp(end - 3, "x\"}") != 0)
			ck_abort_msg("torn line: %s", p);
		if (sscanf(msg + 8, "%d %d", &writer, &number) != 2 || writer < 0 ||
		    writer >= writers || number < next[writer])
			ck_abort_msg("not in order: %s", p);
		next[writer] = number + 1;
	}
	return lines;
}

#define FILLER                                                                                     \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"         \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

enum { WRITERS = 4, LINES = 8000 };

static void *write_lines(void *writer)
{
	for (int i = 0; i < LINES; i++)
		log_msg(LOG_INFO, "w%d %d " FILLER, *(int *)writer, i);
	return NULL;
}

START_TEST(several_writers_keep_lines_whole_and_in_order)
{
	int numbers[WRITERS];
	pthread_t writers[WRITERS], reader;
	uint64_t lines;

	open_log(LOG_JSON, LOG_INFO);
	ck_assert_int_eq(pthread_create(&reader, NULL, read_to_end, NULL), 0);
	for (int i = 0; i < WRITERS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&writers[i], NULL, write_lines, &numbers[i]), 0);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	log_close();
	close(ends[1]);
	ends[1] = -1;
	pthread_join(reader, NULL);
	lines = check_order(WRITERS);
	ck_assert_uint_gt(lines, LINES / 2);
	ck_assert_uint_eq(lines + lost(), WRITERS * LINES);
}
END_TEST

/* Nobody reads until all is queued: the newest are lost, and nothing waited. */
START_TEST(a_full_queue_loses_lines_and_counts_them)
{
	int writer = 0;
	pthread_t reader;
	uint64_t lines, before = log_count(LOG_INFO);

	open_log(LOG_JSON, LOG_INFO);
	write_lines(&writer);
	ck_assert_uint_gt(lost(), 0);
	lines = log_count(LOG_INFO) - before;
	ck_assert_uint_eq(lines + lost(), LINES);
	/* what the queue and the pipe hold */
	ck_assert_uint_gt(lines, LINES / 2);
	ck_assert_int_eq(pthread_create(&reader, NULL, read_to_end, NULL), 0);
	log_close();
	close(ends[1]);
	ends[1] = -1;
	pthread_join(reader, NULL);
	ck_assert_uint_eq(check_order(1), lines);
}
END_TEST

START_TEST(a_closed_pipe_loses_lines_and_counts_them)
{
	open_log(LOG_JSON, LOG_INFO);
	close(ends[0]);
	ends[0] = -1;
	for (int i = 0; i < 10; i++)
		log_msg(LOG_INFO, "line %d", i);
	log_close();
	ck_assert_uint_eq(lost(), 10);
	log_msg(LOG_INFO, "and at once");
	ck_assert_uint_eq(lost(), 11);
}
END_TEST

START_TEST(a_closed_descriptor_loses_lines_and_counts_them)
{
	open_log(LOG_JSON, LOG_INFO);
	close(ends[1]);
	for (int i = 0; i < 10; i++)
		log_msg(LOG_INFO, "line %d", i);
	log_close();
	ends[1] = -1;
	ck_assert_uint_eq(lost(), 10);
}
END_TEST

START_TEST(a_full_disk_loses_lines_and_counts_them)
{
	struct err e = {0};
	int full = open("/dev/full", O_WRONLY);

	ck_assert_int_ge(full, 0);
	ck_assert_int_eq(log_open(full, LOG_JSON, LOG_INFO, &e), 0);
	for (int i = 0; i < 10; i++)
		log_msg(LOG_INFO, "line %d", i);
	log_close();
	close(full);
	ck_assert_uint_eq(lost(), 10);
}
END_TEST

/* A reader that has stopped: closing gives up in the midst of a line, and what is written after it
 * starts on a line of its own. In both modes of the descriptor. */
START_TEST(closing_gives_up_on_a_stuck_reader)
{
	int writer = 0;
	uint64_t whole = 0, torn;
	const char *last;

	if (_i == 1)
		ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	open_log(LOG_JSON, LOG_INFO);
	write_lines(&writer);
	log_close();
	ck_assert_uint_gt(lost(), 0);
	/* what the pipe holds, so that the next line has room */
	output_n = (size_t)read(ends[0], output, OUTPUT_MAX / 2);
	torn = output[output_n - 1] != '\n';
	log_msg(LOG_INFO, "w0 %d " FILLER, LINES);
	written();
	for (const char *p = output; (p = strchr(p, '\n')); p++)
		whole++;
	ck_assert_uint_eq(whole - torn + lost(), LINES + 1);
	last = strstr(output, "\"msg\":\"w0 8000 x");
	ck_assert_ptr_nonnull(last);
	while (last > output && last[-1] != '\n')
		last--;
	ck_assert_int_eq(strncmp(last, "{\"ts\":", 6), 0);
}
END_TEST

Suite *test_log_suite(void)
{
	Suite *s = suite_create("log");
	TCase *c = tcase_create("log");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, json_line);
	tcase_add_test(c, text_line);
	tcase_add_test(c, messages_cannot_end_the_line);
	tcase_add_loop_test(c, levels_are_counted_and_filtered, 0, LOG_LEVELS);
	tcase_add_loop_test(c, fields_that_do_not_fit_are_dropped_whole, 0, 2);
	tcase_add_loop_test(c, long_messages_are_cut, 0, 2);
	tcase_add_test(c, lines_that_are_off_cost_nothing_and_write_nothing);
	tcase_add_test(c, opening_twice_is_an_error);
	tcase_add_test(c, after_close_lines_are_written_at_once);
	tcase_add_test(c, several_writers_keep_lines_whole_and_in_order);
	tcase_add_test(c, a_full_queue_loses_lines_and_counts_them);
	tcase_add_test(c, a_closed_pipe_loses_lines_and_counts_them);
	tcase_add_test(c, a_closed_descriptor_loses_lines_and_counts_them);
	tcase_add_test(c, a_full_disk_loses_lines_and_counts_them);
	tcase_add_loop_test(c, closing_gives_up_on_a_stuck_reader, 0, 2);
	suite_add_tcase(s, c);
	return s;
}

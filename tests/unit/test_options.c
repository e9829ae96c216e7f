#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

Suite *test_options_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct sample {
	bool flag;
	const char *text;
	struct option_list list;
	int64_t number, duration_ms, bytes;
	int word;
	struct option_time time;
};

static const char *const words[] = {"red", "green", "blue", NULL};

#define AT(field) offsetof(struct sample, field)
static const struct option options[] = {
	{.name = "flag", .letter = 'f', .type = OPTION_FLAG, .offset = AT(flag), .doc = "A flag."},
	{.name = "text",
	 .letter = 't',
	 .type = OPTION_STRING,
	 .value = "TEXT",
	 .preset = "preset",
	 .offset = AT(text),
	 .doc = "A text."},
	{.name = "a-list",
	 .letter = 'l',
	 .type = OPTION_LIST,
	 .value = "ITEM",
	 .offset = AT(list),
	 .doc = "A list."},
	{.name = "number",
	 .letter = 'n',
	 .type = OPTION_INT,
	 .value = "N",
	 .preset = "7",
	 .min = 2,
	 .max = 900,
	 .offset = AT(number),
	 .doc = "A number."},
	{.name = "duration",
	 .type = OPTION_DURATION,
	 .value = "TIME",
	 .preset = "15s",
	 .min = 1,
	 .max = 3600000,
	 .offset = AT(duration_ms),
	 .doc = "A duration."},
	{.name = "bytes",
	 .type = OPTION_BYTES,
	 .value = "SIZE",
	 .preset = "7MiB",
	 .min = 0,
	 .max = INT64_MAX,
	 .offset = AT(bytes),
	 .doc = "A size."},
	{.name = "colour",
	 .type = OPTION_WORD,
	 .value = "WORD",
	 .preset = "green",
	 .words = words,
	 .offset = AT(word),
	 .doc = "A word."},
	{.name = "time",
	 .type = OPTION_TIME,
	 .value = "TIME",
	 .offset = AT(time),
	 .doc = "A time."},
};
#undef AT

static const struct command command = {
	.name = "sample",
	.summary = "do nothing",
	.usage = "FILE...",
	.options = options,
	.n_options = COUNT(options),
	.size = sizeof(struct sample),
};

static struct arena *arena;
static struct sample got;
static struct option_list args;
static struct err err;

static void setup(void)
{
	static const char *const names[] = {"FLAG",     "TEXT",  "A_LIST", "NUMBER",
					    "DURATION", "BYTES", "COLOUR", "TIME"};

	for (size_t i = 0; i < COUNT(names); i++) {
		char name[64];
		snprintf(name, sizeof(name), "ASSAY_%s", names[i]);
		unsetenv(name);
	}
	arena = arena_new(8u << 20);
	memset(&got, 0xff, sizeof(got));
	err = (struct err){0};
}

static void teardown(void)
{
	arena_free(arena);
}

/* Split at blanks: no value of these tests has one. */
static int parse(const char *line)
{
	char *argv[64];
	int argc = 0;
	char *rest = arena_dup(arena, line, strlen(line));

	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
		if (*word)
			argv[argc++] = word;
	}
	argv[argc] = NULL;
	return options_parse(&command, arena, argc, argv, &got, &args, &err);
}

static void ok(const char *line)
{
	ck_assert_msg(parse(line) == 0, "%s: %s", line, err.text);
}

static void refused(const char *line, const char *why)
{
	ck_assert_msg(parse(line) == -1, "%s: not refused", line);
	ck_assert_str_eq(err.text, why);
	ck_assert_int_eq(err.kind, ERR_USAGE);
}

START_TEST(presets_stand_without_anything)
{
	ok("");
	ck_assert(!got.flag);
	ck_assert_str_eq(got.text, "preset");
	ck_assert_uint_eq(got.list.n, 0);
	ck_assert_int_eq(got.number, 7);
	ck_assert_int_eq(got.duration_ms, 15000);
	ck_assert_int_eq(got.bytes, 7 << 20);
	ck_assert_int_eq(got.word, 1);
	ck_assert(!got.time.set);
	ck_assert_uint_eq(args.n, 0);
}
END_TEST

START_TEST(flags_in_every_spelling)
{
	static const char *const lines[] = {
		"-f -t x -l a -l b -n 42 --duration 1m30s --bytes 64KiB --colour blue --time "
		"2027-01-31 one two",
		"one --flag --text=x --a-list=a --a-list b --number=42 --duration=90s two "
		"--bytes=65536 --colour=blue --time=2027-01-31T00:00:00Z",
		"-f -tx -la -lb -n42 --duration 90000ms --bytes 64Ki --colour blue "
		"--time 2027-01-31 -- one two",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		ok(lines[i]);
		ck_assert(got.flag);
		ck_assert_str_eq(got.text, "x");
		ck_assert_uint_eq(got.list.n, 2);
		ck_assert_str_eq(got.list.items[0], "a");
		ck_assert_str_eq(got.list.items[1], "b");
		ck_assert_int_eq(got.number, 42);
		ck_assert_int_eq(got.duration_ms, 90000);
		ck_assert_int_eq(got.bytes, 65536);
		ck_assert_int_eq(got.word, 2);
		ck_assert(got.time.set);
		ck_assert_int_eq(got.time.unix_s, 1801353600);
		ck_assert_uint_eq(args.n, 2);
		ck_assert_str_eq(args.items[0], "one");
		ck_assert_str_eq(args.items[1], "two");
	}
}
END_TEST

START_TEST(values_may_look_like_options)
{
	ok("--text -f -l --number -- --flag - -x");
	ck_assert(!got.flag);
	ck_assert_str_eq(got.text, "-f");
	ck_assert_str_eq(got.list.items[0], "--number");
	ck_assert_uint_eq(args.n, 3);
	ck_assert_str_eq(args.items[0], "--flag");
	ck_assert_str_eq(args.items[1], "-");
	ck_assert_str_eq(args.items[2], "-x");
	ok("--text=");
	ck_assert_str_eq(got.text, "");
	ok("--text=a=b");
	ck_assert_str_eq(got.text, "a=b");
	ok("-");
	ck_assert_uint_eq(args.n, 1);
}
END_TEST

START_TEST(help_is_found_anywhere)
{
	static const char *const lines[] = {"--help", "-h", "x --help", "--nonsense -h",
					    "-n x --help"};

	setenv("ASSAY_NUMBER", "many", 1);
	for (size_t i = 0; i < COUNT(lines); i++)
		ck_assert_msg(parse(lines[i]) == 1, "%s", lines[i]);
	unsetenv("ASSAY_NUMBER");
	ok("-- --help");
	ck_assert_str_eq(args.items[0], "--help");
}
END_TEST

START_TEST(flag_then_environment_then_preset)
{
	setenv("ASSAY_TEXT", "from-env", 1);
	setenv("ASSAY_FLAG", "true", 1);
	setenv("ASSAY_NUMBER", "9", 1);
	setenv("ASSAY_DURATION", "1s", 1);
	setenv("ASSAY_BYTES", "1MiB", 1);
	setenv("ASSAY_COLOUR", "red", 1);
	setenv("ASSAY_TIME", "1970-01-02", 1);
	ok("");
	ck_assert(got.flag);
	ck_assert_str_eq(got.text, "from-env");
	ck_assert_int_eq(got.number, 9);
	ck_assert_int_eq(got.duration_ms, 1000);
	ck_assert_int_eq(got.bytes, 1 << 20);
	ck_assert_int_eq(got.word, 0);
	ck_assert_int_eq(got.time.unix_s, 86400);
	ok("--text x -n 10 --duration 2s --bytes 2 --colour blue --time 1970-01-01");
	ck_assert_str_eq(got.text, "x");
	ck_assert_int_eq(got.number, 10);
	ck_assert_int_eq(got.duration_ms, 2000);
	ck_assert_int_eq(got.bytes, 2);
	ck_assert_int_eq(got.word, 2);
	ck_assert(got.time.set);
	ck_assert_int_eq(got.time.unix_s, 0);
	setenv("ASSAY_FLAG", "0", 1);
	setenv("ASSAY_TEXT", "", 1);
	ok("");
	ck_assert(!got.flag);
	ck_assert_str_eq(got.text, "preset");
}
END_TEST

START_TEST(list_of_the_environment_gives_way_whole)
{
	setenv("ASSAY_A_LIST", "a,b,,c", 1);
	ok("");
	ck_assert_uint_eq(got.list.n, 4);
	ck_assert_str_eq(got.list.items[2], "");
	ck_assert_str_eq(got.list.items[3], "c");
	ok("-l x -l y");
	ck_assert_uint_eq(got.list.n, 2);
	ck_assert_str_eq(got.list.items[0], "x");
	ck_assert_str_eq(got.list.items[1], "y");
	ok("-l x,y");
	ck_assert_uint_eq(got.list.n, 1);
	ck_assert_str_eq(got.list.items[0], "x,y");
}
END_TEST

static const struct {
	const char *line, *why;
} mistakes[] = {
	{"--flga", "unknown option --flga: did you mean --flag?"},
	{"--nubmer=4", "unknown option --nubmer: did you mean --number?"},
	{"--zzzzzzzz", "unknown option --zzzzzzzz: see assay sample --help"},
	{"--", NULL},
	{"-x", "unknown option -x: see assay sample --help"},
	{"-\x1b", "unknown option -?: see assay sample --help"},
	{"--fl\x1bg", "unknown option --fl\\x1bg: did you mean --flag?"},
	{"--flag=true", "option --flag takes no value"},
	{"-fx", "option --flag takes no value"},
	{"--text", "option --text: value TEXT is missing"},
	{"-n", "option --number: value N is missing"},
	{"-n 1", "option --number: N \"1\": want 2 to 900"},
	{"-n 901", "option --number: N \"901\": want 2 to 900"},
	{"-n -5", "option --number: N \"-5\": want a whole number"},
	{"-n 5x", "option --number: N \"5x\": want a whole number"},
	{"-n 18446744073709551616",
	 "option --number: N \"18446744073709551616\": want a whole number"},
	{"-n 9223372036854775808",
	 "option --number: N \"9223372036854775808\": want a whole number"},
	{"--number=", "option --number: N \"\": want a whole number"},
	{"--duration 5", "option --duration: TIME \"5\": want a duration like 15s or 1m30s"},
	{"--duration 61m", "option --duration: TIME \"61m\": want 1 to 3600000 milliseconds"},
	{"--bytes 5KB", "option --bytes: SIZE \"5KB\": want a size like 7MiB or 65536"},
	{"--bytes MiB", "option --bytes: SIZE \"MiB\": want a size like 7MiB or 65536"},
	{"--bytes 4294967297",
	 "option --bytes: SIZE \"4294967297\": want a size like 7MiB or 65536"},
	{"--colour=RED", "option --colour: WORD \"RED\": want one of red, green, blue"},
	{"--time 2027-02-30",
	 "option --time: TIME \"2027-02-30\": want a time like 2027-01-31T12:00:00Z"},
};

START_TEST(mistakes_say_what_is_wanted)
{
	if (mistakes[_i].why)
		refused(mistakes[_i].line, mistakes[_i].why);
	else
		ok(mistakes[_i].line);
}
END_TEST

START_TEST(mistakes_of_the_environment_name_it)
{
	setenv("ASSAY_FLAG", "yes", 1);
	refused("", "environment ASSAY_FLAG: BOOL \"yes\": want one of false, true, 0, 1");
	unsetenv("ASSAY_FLAG");
	setenv("ASSAY_COLOUR", "pink", 1);
	refused("--colour red",
		"environment ASSAY_COLOUR: WORD \"pink\": want one of red, green, blue");
}
END_TEST

START_TEST(memory_that_runs_out_is_an_error)
{
	size_t failures = 0;
	bool done = false;

	setenv("ASSAY_A_LIST", "a,b", 1);
	for (size_t n = 1; !done; n++) {
		char flag[] = "-f", letter[] = "-l", item[] = "x", file[] = "file";
		char *argv[] = {flag, letter, item, file, NULL};
		struct arena *small = arena_new(8u << 20);
		arena_fail_at(small, n);
		int rc = options_parse(&command, small, 4, argv, &got, &args, &err);
		done = rc == 0;
		if (!done)
			ck_assert_int_eq(err.kind, ERR_MEMORY);
		failures += !done;
		arena_free(small);
		ck_assert_uint_lt(n, 50);
	}
	ck_assert_uint_ge(failures, 4);
}
END_TEST

START_TEST(help_is_made_from_the_table)
{
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	options_help(f, &command);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(out, "Usage: assay sample [OPTION...] FILE...\n"));
	ck_assert_ptr_nonnull(strstr(out, "  -f, --flag                   A flag. [ASSAY_FLAG]\n"));
	ck_assert_ptr_nonnull(
		strstr(out, "  -l, --a-list ITEM            A list. [ASSAY_A_LIST]\n"));
	ck_assert_ptr_nonnull(
		strstr(out, "  --colour WORD                A word. One of red, green, blue. "
			    "Default: green. [ASSAY_COLOUR]\n"));
	ck_assert_ptr_nonnull(
		strstr(out, "  -h, --help                   Show this help and exit.\n"));
	free(out);
}
END_TEST

Suite *test_options_suite(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("options");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, presets_stand_without_anything);
	tcase_add_test(t, flags_in_every_spelling);
	tcase_add_test(t, values_may_look_like_options);
	tcase_add_test(t, help_is_found_anywhere);
	tcase_add_test(t, flag_then_environment_then_preset);
	tcase_add_test(t, list_of_the_environment_gives_way_whole);
	tcase_add_loop_test(t, mistakes_say_what_is_wanted, 0, COUNT(mistakes));
	tcase_add_test(t, mistakes_of_the_environment_name_it);
	tcase_add_test(t, memory_that_runs_out_is_an_error);
	tcase_add_test(t, help_is_made_from_the_table);
	suite_add_tcase(s, t);
	return s;
}

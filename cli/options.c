#include "cli/options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "core/text.h"

#define LIST_MAX 4096

static const struct option help_option = {.name = "help",
					  .letter = 'h',
					  .type = OPTION_FLAG,
					  .doc = "Show this help and exit."};

static void env_name(const struct option *o, char out[64])
{
	size_t n = 0;
	for (const char *p = "ASSAY_"; *p; p++)
		out[n++] = *p;
	for (const char *p = o->name; *p && n < 63; p++)
		out[n++] = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	out[n] = '\0';
}

static int list_add(struct arena *a, struct option_list *l, const char *item, struct err *e)
{
	if (!l->items)
		l->items = arena_calloc(a, LIST_MAX, sizeof *l->items);
	if (!l->items)
		return err_set(e, ERR_MEMORY, "no memory for the command line");
	if (l->n == LIST_MAX)
		return err_set(e, ERR_USAGE, "more than %d values", LIST_MAX);
	l->items[l->n++] = item;
	return 0;
}

static int range_check(const struct option *o, int64_t v, const char *text, struct err *e)
{
	if (v >= o->min && v <= o->max)
		return 0;
	return err_set(e, ERR_USAGE, "%s \"%s\": want %lld to %lld%s", o->value, text,
		       (long long)o->min, (long long)o->max,
		       o->type == OPTION_DURATION ? " milliseconds" : "");
}

static int parse_bytes(const char *text, int64_t *out)
{
	static const struct {
		const char *unit;
		int shift;
	} units[] = {{"", 0},     {"B", 0},   {"KiB", 10}, {"Ki", 10},
		     {"MiB", 20}, {"Mi", 20}, {"GiB", 30}, {"Gi", 30}};
	size_t digits = strspn(text, "0123456789");
	uint64_t v = 0;

	if (!str_to_u64((struct str){text, digits}, &v) || v > (1ull << 32))
		return -1;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(text + digits, units[i].unit) == 0) {
			*out = (int64_t)(v << units[i].shift);
			return 0;
		}
	}
	return -1;
}

static int parse_number(const struct option *o, const char *text, int64_t *out, struct err *e)
{
	uint64_t v = 0;

	switch (o->type) {
	case OPTION_DURATION:
		if (!duration_parse(str_of(text), out))
			return err_set(e, ERR_USAGE, "%s \"%s\": want a duration like 15s or 1m30s",
				       o->value, text);
		break;
	case OPTION_BYTES:
		if (parse_bytes(text, out) < 0)
			return err_set(e, ERR_USAGE, "%s \"%s\": want a size like 7MiB or 65536",
				       o->value, text);
		break;
	default:
		if (!str_to_u64(str_of(text), &v) || v > INT64_MAX)
			return err_set(e, ERR_USAGE, "%s \"%s\": want a whole number", o->value,
				       text);
		*out = (int64_t)v;
	}
	return range_check(o, *out, text, e);
}

static int parse_word(const struct option *o, const char *text, int *out, struct err *e)
{
	char list[256];
	struct text t;

	for (int i = 0; o->words[i]; i++) {
		if (strcmp(o->words[i], text) == 0) {
			*out = i;
			return 0;
		}
	}
	text_init_fixed(&t, list, sizeof list);
	for (int i = 0; o->words[i]; i++)
		text_printf(&t, "%s%s", i ? ", " : "", o->words[i]);
	return err_set(e, ERR_USAGE, "%s \"%s\": want one of %s", o->value, text, list);
}

static int parse_time(const struct option *o, const char *text, struct option_time *out,
		      struct err *e)
{
	struct str s = str_of(text);

	if (!time_parse_rfc3339(s, &out->unix_s) && !time_parse_date(s, &out->unix_s))
		return err_set(e, ERR_USAGE, "%s \"%s\": want a time like 2027-01-31T12:00:00Z",
			       o->value, text);
	out->set = true;
	return 0;
}

static int option_set(const struct option *o, struct arena *a, const char *text, void *out,
		      struct err *e)
{
	void *field = (char *)out + o->offset;

	switch (o->type) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_STRING:
		*(const char **)field = text;
		return 0;
	case OPTION_LIST:
		return list_add(a, field, text, e);
	case OPTION_INT:
	case OPTION_DURATION:
	case OPTION_BYTES:
		return parse_number(o, text, field, e);
	case OPTION_WORD:
		return parse_word(o, text, field, e);
	case OPTION_TIME:
		return parse_time(o, text, field, e);
	}
	BUG("option type %d", (int)o->type);
}

static int env_flag(const struct option *o, const char *text, void *out, struct err *e)
{
	static const char *const words[] = {"false", "true", "0", "1", NULL};
	struct option as_word = {.value = "BOOL", .words = words};
	int v = 0;

	TRY(parse_word(&as_word, text, &v, e));
	*(bool *)((char *)out + o->offset) = v & 1;
	return 0;
}

static int env_set(const struct option *o, struct arena *a, const char *text, void *out,
		   struct err *e)
{
	if (o->type == OPTION_FLAG)
		return env_flag(o, text, out, e);
	if (o->type != OPTION_LIST)
		return option_set(o, a, text, out, e);
	struct str rest = str_of(text), head;
	while (str_cut(rest, ',', &head, &rest)) {
		char *item = arena_dup(a, head.p, head.n);
		if (!item)
			return err_set(e, ERR_MEMORY, "no memory for the environment");
		TRY(option_set(o, a, item, out, e));
	}
	char *last = arena_dup(a, rest.p, rest.n);
	if (!last)
		return err_set(e, ERR_MEMORY, "no memory for the environment");
	return option_set(o, a, last, out, e);
}

/* Presets first, then the environment; flags come later and win. A list of the environment gives way
 * whole to one of the command line: `from_env` remembers which. */
static int set_defaults(const struct command *c, struct arena *a, void *out, bool *from_env,
			struct err *e)
{
	for (size_t i = 0; i < c->n_options; i++) {
		const struct option *o = &c->options[i];
		char name[64];
		env_name(o, name);
		const char *env = getenv(name);
		if (env && *env) {
			if (env_set(o, a, env, out, e) < 0)
				return err_wrap(e, "environment %s", name);
			from_env[i] = true;
		} else if (o->preset && option_set(o, a, o->preset, out, e) < 0) {
			BUG("preset of --%s: %s", o->name, e ? e->text : "");
		}
	}
	return 0;
}

static const struct option *find_long(const struct command *c, struct str name, size_t *index)
{
	for (size_t i = 0; i < c->n_options; i++) {
		if (str_eq(name, str_of(c->options[i].name))) {
			*index = i;
			return &c->options[i];
		}
	}
	*index = SIZE_MAX;
	return str_eq(name, S("help")) ? &help_option : NULL;
}

static const struct option *find_letter(const struct command *c, char letter, size_t *index)
{
	for (size_t i = 0; i < c->n_options; i++) {
		if (c->options[i].letter && c->options[i].letter == letter) {
			*index = i;
			return &c->options[i];
		}
	}
	*index = SIZE_MAX;
	return letter == 'h' ? &help_option : NULL;
}

static int unknown_option(const struct command *c, struct str name, struct err *e)
{
	struct str names[64];
	char quoted[160];
	struct text t;
	size_t n = 0;

	for (; n < c->n_options && n < 64; n++)
		names[n] = str_of(c->options[n].name);
	struct str near = str_nearest(name, names, n);
	text_init_fixed(&t, quoted, sizeof quoted);
	text_put_escaped(&t, name, 64);
	if (near.n)
		return err_set(e, ERR_USAGE, "unknown option --%s: did you mean --%.*s?", quoted,
			       STR_ARG(near));
	return err_set(e, ERR_USAGE, "unknown option --%s: see assay %s --help", quoted, c->name);
}

struct cursor {
	int argc;
	char **argv;
	int at;
};

/* The option at the cursor and its value; *value is NULL for a flag. */
static int next_option(const struct command *c, struct cursor *cur, const struct option **o,
		       size_t *index, const char **value, struct err *e)
{
	const char *arg = cur->argv[cur->at];
	struct str name = str_of(arg + 2), inline_value = {0};

	*value = NULL;
	if (arg[1] != '-') {
		*o = find_letter(c, arg[1], index);
		if (!*o)
			return err_set(e, ERR_USAGE, "unknown option -%c: see assay %s --help",
				       isprint((unsigned char)arg[1]) ? arg[1] : '?', c->name);
		if (arg[2])
			*value = arg + 2;
	} else {
		if (str_cut(name, '=', &name, &inline_value))
			*value = inline_value.p;
		*o = find_long(c, name, index);
		if (!*o)
			return unknown_option(c, name, e);
	}
	if ((*o)->type == OPTION_FLAG) {
		if (*value)
			return err_set(e, ERR_USAGE, "option --%s takes no value", (*o)->name);
		return 0;
	}
	if (!*value && cur->at + 1 < cur->argc)
		*value = cur->argv[++cur->at];
	if (!*value)
		return err_set(e, ERR_USAGE, "option --%s: value %s is missing", (*o)->name,
			       (*o)->value);
	return 0;
}

static int parse_argv(const struct command *c, struct arena *a, struct cursor *cur, void *out,
		      struct option_list *args, bool *from_env, struct err *e)
{
	bool only_args = false;

	for (; cur->at < cur->argc; cur->at++) {
		const char *arg = cur->argv[cur->at];
		const struct option *o = NULL;
		const char *value = NULL;
		size_t index = SIZE_MAX;
		if (only_args || arg[0] != '-' || arg[1] == '\0') {
			TRY(list_add(a, args, arg, e));
			continue;
		}
		if (strcmp(arg, "--") == 0) {
			only_args = true;
			continue;
		}
		TRY(next_option(c, cur, &o, &index, &value, e));
		if (o == &help_option)
			return 1;
		if (o->type == OPTION_LIST && from_env[index])
			((struct option_list *)(void *)((char *)out + o->offset))->n = 0;
		from_env[index] = false;
		if (option_set(o, a, value, out, e) < 0)
			return err_wrap(e, "option --%s", o->name);
	}
	return 0;
}

int options_parse(const struct command *c, struct arena *a, int argc, char **argv, void *out,
		  struct option_list *args, struct err *e)
{
	bool from_env[64] = {false};
	struct cursor cur = {argc, argv, 0};

	if (c->n_options > sizeof from_env / sizeof *from_env)
		BUG("command %s has %zu options", c->name, c->n_options);
	memset(out, 0, c->size);
	*args = (struct option_list){0};
	/* --help works whatever the environment holds. */
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return 1;
	}
	TRY(set_defaults(c, a, out, from_env, e));
	return parse_argv(c, a, &cur, out, args, from_env, e);
}

static void help_line(FILE *f, const struct option *o)
{
	char head[64], env[64];
	struct text t;

	text_init_fixed(&t, head, sizeof head);
	if (o->letter)
		text_printf(&t, "-%c, ", o->letter);
	text_printf(&t, "--%s", o->name);
	if (o->value)
		text_printf(&t, " %s", o->value);
	fprintf(f, "  %-28s %s", head, o->doc);
	if (o->words && o->type == OPTION_WORD) {
		fprintf(f, " One of");
		for (int i = 0; o->words[i]; i++)
			fprintf(f, "%s %s", i ? "," : "", o->words[i]);
		fprintf(f, ".");
	}
	if (o->preset && *o->preset)
		fprintf(f, " Default: %s.", o->preset);
	if (o != &help_option) {
		env_name(o, env);
		fprintf(f, " [%s]", env);
	}
	fputc('\n', f);
}

void options_help(FILE *f, const struct command *c)
{
	fprintf(f, "assay %s: %s\n\nUsage: assay %s [OPTION...]%s%s\n", c->name, c->summary,
		c->name, c->usage ? " " : "", c->usage ? c->usage : "");
	if (c->detail)
		fprintf(f, "\n%s\n", c->detail);
	fprintf(f, "\nOptions (the environment variable in brackets stands in for an absent "
		   "option):\n");
	for (size_t i = 0; i < c->n_options; i++)
		help_line(f, &c->options[i]);
	help_line(f, &help_option);
	fprintf(f, "\nExit codes: 0 clean or as expected, 1 a violation or not as expected, 2 "
		   "usage or unreadable\n"
		   "input, 3 could not find out.\n");
}

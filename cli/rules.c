/* assay rules: the table of rules as text, Markdown, or the JSON Schema of the policy format. */
#include <stdio.h>

#include "cli/options.h"
#include "cli/schema.h"
#include "policy/rule.h"

struct rules_options {
	int output;
};

enum { OUTPUT_TEXT = 0, OUTPUT_MARKDOWN, OUTPUT_SCHEMA };
static const char *const outputs[] = {"text", "markdown", "schema", NULL};

static const struct option options[] = {
	{.name = "output",
	 .letter = 'o',
	 .type = OPTION_WORD,
	 .value = "FORMAT",
	 .preset = "text",
	 .words = outputs,
	 .offset = offsetof(struct rules_options, output),
	 .doc = "How to print it; schema is the JSON Schema of policy files."},
};

static void put_type(struct text *t, const struct param *p)
{
	switch (p->type) {
	case PARAM_INT:
	case PARAM_INT_OR:
		text_printf(t, "integer %lld to %lld", (long long)p->min, (long long)p->max);
		break;
	case PARAM_PATTERNS:
		text_puts(t, "list of image patterns");
		break;
	case PARAM_AUTHORITIES:
		text_puts(t, "list of authorities");
		break;
	case PARAM_AT_LEAST:
		text_puts(t, "`{count, of: list of authorities}`");
		break;
	case PARAM_ANNOTATIONS:
		text_puts(t, "map of strings");
		break;
	case PARAM_REPOSITORY:
		text_puts(t, "repository, HOST/PATH");
		break;
	case PARAM_BOOL:
		text_puts(t, "`true` or `false`");
		break;
	case PARAM_STRINGS:
		text_puts(t, "list of strings");
		break;
	case PARAM_AGE:
		text_puts(t, "age, as `36h` or `7d`");
		break;
	case PARAM_PREDICATE:
		text_puts(t, "predicate type");
		break;
	case PARAM_MAP:
		text_puts(t, "map");
		break;
	case PARAM_ENUM:
		break;
	}
	for (size_t i = 0; p->words && p->words[i]; i++)
		text_printf(t, "%s`%s`", t->n ? " or " : "", p->words[i]);
}

/* `in`: the map that the parameter belongs to, and a dot; else empty. */
static void print_param(const struct param *p, const char *in, bool markdown)
{
	char buf[256], name[64];
	struct text t;
	struct str type;

	(void)snprintf(name, sizeof name, "%s%s", in, p->key);
	text_init_fixed(&t, buf, sizeof buf);
	put_type(&t, p);
	if (!text_done(&t, &type))
		BUG("type of %s does not fit", name);
	if (markdown)
		printf("| `%s` | %s | %s | %s |\n", name, type.p, p->required ? "yes" : "no",
		       p->doc);
	else
		printf("    %-14s %s%s\n%18s %s\n", name, type.p, p->required ? " (required)" : "",
		       "", p->doc);
	(void)snprintf(name, sizeof name, "%s%s.", in, p->key);
	for (size_t i = 0; i < p->n_members; i++)
		print_param(&p->members[i], name, markdown);
}

static void print_rule(const struct rule *r, bool markdown)
{
	printf(markdown ? "### `%s`\n\n%s\n\nCodes:" : "%s\n  %s\n  codes:", r->key, r->summary);
	for (const enum code *c = r->codes; *c != CODE_COUNT; c++)
		printf(markdown ? " `%s`" : " %s", code_name(*c));
	printf(markdown ? "\n\n| parameter | value | required | meaning |\n|---|---|---|---|\n"
			: "\n");
	for (size_t i = 0; i < r->n_params; i++)
		print_param(&r->params[i], "", markdown);
	printf("\n");
}

static int rules_run(void *options_v, const struct option_list *args)
{
	const struct rules_options *o = options_v;
	const struct rule_table *t = rule_table_shipped();

	if (args->n) {
		fprintf(stderr, "assay rules: takes no arguments\n");
		return EXIT_USAGE;
	}
	if (o->output == OUTPUT_SCHEMA)
		return schema_print(t) ? EXIT_CLEAN : EXIT_USAGE;
	for (size_t i = 0; i < t->n; i++)
		print_rule(t->rules[i], o->output == OUTPUT_MARKDOWN);
	return EXIT_CLEAN;
}

const struct command command_rules = {
	.name = "rules",
	.summary = "print the rules and their parameters",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct rules_options),
	.run = rules_run,
};

/* `assay check -o json` and `-o sarif`. */
#include "cli/check.h"
#include "cli/version.h"
#include "core/json.h"

static void field(struct json_writer *w, const char *key, struct str value)
{
	json_key(w, str_of(key));
	json_str(w, value);
}

static void number(struct json_writer *w, const char *key, size_t value)
{
	json_key(w, str_of(key));
	json_int(w, (int64_t)value);
}

static void optional(struct json_writer *w, const char *key, struct str value)
{
	if (value.n)
		field(w, key, value);
}

static void put_row(struct json_writer *w, const struct check_document *d,
		    const struct check_row *r)
{
	json_open(w, '{');
	field(w, "source", S("assay"));
	field(w, "policy", r->policy);
	field(w, "rule", r->rule);
	optional(w, "code", r->code);
	field(w, "result", str_of(check_result_name(r->result)));
	field(w, "mode", str_of(r->mode ? r->mode : ""));
	field(w, "message", r->message);
	field(w, "path", r->path);
	field(w, "container", r->container);
	field(w, "image", r->image);
	json_key(w, S("resource"));
	json_open(w, '{');
	field(w, "apiVersion", d->api_version);
	field(w, "kind", d->kind);
	field(w, "namespace", d->ns);
	field(w, "name", d->name);
	json_close(w);
	field(w, "file", d->file);
	if (r->line)
		number(w, "line", r->line);
	number(w, "document", d->index);
	if (r->pin && r->pin->pin.n)
		field(w, "pin", r->pin->pin);
	else if (r->pin)
		field(w, "pinError", r->pin->why);
	json_close(w);
}

void check_print_json(const struct check_run *run, struct text *t)
{
	const struct check_summary *s = &run->summary;
	struct json_writer w;

	json_writer_init(&w, t);
	json_open(&w, '{');
	json_key(&w, S("summary"));
	json_open(&w, '{');
	number(&w, "checked", s->checked);
	number(&w, "pass", s->pass);
	number(&w, "fail", s->fail);
	number(&w, "warn", s->warn);
	number(&w, "error", s->error);
	number(&w, "skip", s->skip);
	if (!run->sources)
		number(&w, "notJudged", s->unjudged);
	json_close(&w);
	json_key(&w, S("results"));
	json_open(&w, '[');
	for (size_t i = 0; i < run->n; i++) {
		for (size_t k = 0; k < run->documents[i].n_rows; k++)
			put_row(&w, &run->documents[i], &run->documents[i].rows[k]);
	}
	json_close(&w);
	json_close(&w);
	text_putc(t, '\n');
}

/* ---- SARIF 2.1.0 ---- */

static void sarif_rules(const struct check_run *run, struct json_writer *w)
{
	json_key(w, S("rules"));
	json_open(w, '[');
	for (int c = 0; c < CODE_COUNT; c++) {
		char buf[2048];
		struct text url;
		text_init_fixed(&url, buf, sizeof buf);
		text_put(&url, run->text.docs_url);
		text_printf(&url, "#%s", code_name((enum code)c));
		json_open(w, '{');
		field(w, "id", str_of(code_name((enum code)c)));
		json_key(w, S("shortDescription"));
		json_open(w, '{');
		field(w, "text", str_of(code_brief((enum code)c)));
		json_close(w);
		field(w, "helpUri", str_of(buf));
		json_close(w);
	}
	json_close(w);
}

/* An URI reference: everything but unreserved characters and '/' is percent-encoded. */
static void put_uri(struct json_writer *w, struct str path)
{
	char buf[8192];
	struct text t;

	text_init_fixed(&t, buf, sizeof buf);
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '-' ||
			     c == '_' || c == '~';
		if (plain)
			text_putc(&t, (char)c);
		else
			text_printf(&t, "%%%02X", c);
	}
	field(w, "uri", str_of(buf));
}

static void sarif_result(struct json_writer *w, const struct check_document *d,
			 const struct check_row *r, const char *level)
{
	json_open(w, '{');
	field(w, "ruleId", r->code.n ? r->code : S("object"));
	/* spec: SARIF 2.1.0 section 3.27.9 "open": there was insufficient information to decide */
	if (r->unjudged)
		field(w, "kind", S("open"));
	field(w, "level", str_of(level));
	json_key(w, S("message"));
	json_open(w, '{');
	field(w, "text", check_told(r));
	json_close(w);
	json_key(w, S("locations"));
	json_open(w, '[');
	json_open(w, '{');
	json_key(w, S("physicalLocation"));
	json_open(w, '{');
	json_key(w, S("artifactLocation"));
	json_open(w, '{');
	put_uri(w, d->file);
	json_close(w);
	json_key(w, S("region"));
	json_open(w, '{');
	number(w, "startLine", r->line ? r->line : 1);
	if (r->column)
		number(w, "startColumn", r->column);
	json_close(w);
	json_close(w);
	json_close(w);
	json_close(w);
	json_close(w);
}

static void sarif_results(const struct check_run *run, struct json_writer *w)
{
	static const struct check_words words = {"error", "warning", "note", "none"};

	json_key(w, S("results"));
	json_open(w, '[');
	for (size_t i = 0; i < run->n; i++) {
		for (size_t k = 0; k < run->documents[i].n_rows; k++) {
			const struct check_row *r = &run->documents[i].rows[k];
			const char *level = check_level(r, &words);
			if (level)
				sarif_result(w, &run->documents[i], r, level);
		}
	}
	json_close(w);
}

void check_print_sarif(const struct check_run *run, struct text *t)
{
	struct json_writer w;

	json_writer_init(&w, t);
	json_open(&w, '{');
	field(&w, "$schema", S("https://json.schemastore.org/sarif-2.1.0.json"));
	field(&w, "version", S("2.1.0"));
	json_key(&w, S("runs"));
	json_open(&w, '[');
	json_open(&w, '{');
	json_key(&w, S("tool"));
	json_open(&w, '{');
	json_key(&w, S("driver"));
	json_open(&w, '{');
	field(&w, "name", S("assay"));
	field(&w, "version", str_of(version_number));
	field(&w, "informationUri", run->text.docs_url);
	sarif_rules(run, &w);
	json_close(&w);
	json_close(&w);
	sarif_results(run, &w);
	json_close(&w);
	json_close(&w);
	json_close(&w);
	text_putc(t, '\n');
}

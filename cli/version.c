/* assay version */
#include "cli/version.h"

#include <curl/curl.h>
#include <gnutls/gnutls.h>
#include <stdio.h>

#include "cli/options.h"
#include "core/json.h"
#include "core/yaml.h"
#include "webhook/server.h"

const char version_number[] = ASSAY_VERSION;
const char version_revision[] = ASSAY_REVISION;
const char version_docs_url[] = "https://assay.dev/docs/v" ASSAY_VERSION "/codes";

struct version_options {
	int output; /* 0 text, 1 json */
};

static const char *const outputs[] = {"text", "json", NULL};

static const struct option options[] = {
	{.name = "output",
	 .letter = 'o',
	 .type = OPTION_WORD,
	 .value = "FORMAT",
	 .preset = "text",
	 .words = outputs,
	 .offset = offsetof(struct version_options, output),
	 .doc = "How to print it."},
};

struct library {
	const char *name;
	const char *version;
};

static void print_json(const struct library *l, size_t n)
{
	char buf[1024];
	struct text t;
	struct json_writer w;
	struct str out;

	text_init_fixed(&t, buf, sizeof buf);
	json_writer_init(&w, &t);
	json_open(&w, '{');
	json_key(&w, S("version"));
	json_str(&w, str_of(version_number));
	json_key(&w, S("revision"));
	json_str(&w, str_of(version_revision));
	json_key(&w, S("libraries"));
	json_open(&w, '{');
	for (size_t i = 0; i < n; i++) {
		json_key(&w, str_of(l[i].name));
		json_str(&w, str_of(l[i].version));
	}
	json_close(&w);
	json_close(&w);
	if (!text_done(&t, &out))
		BUG("version does not fit");
	printf("%s\n", out.p);
}

static int version_run(void *options_v, const struct option_list *args)
{
	const struct version_options *o = options_v;
	const struct library libraries[] = {
		{"libmicrohttpd", server_library_version()},
		{"gnutls", gnutls_check_version(NULL)},
		{"libcurl", curl_version_info(CURLVERSION_NOW)->version},
		{"jansson", json_library_version()},
		{"libyaml", yaml_library_version()},
	};
	size_t n = sizeof libraries / sizeof *libraries;

	if (args->n) {
		fprintf(stderr, "assay version: takes no arguments\n");
		return EXIT_USAGE;
	}
	if (o->output == 1) {
		print_json(libraries, n);
		return EXIT_CLEAN;
	}
	printf("assay %s (revision %s)\n", version_number, version_revision);
	for (size_t i = 0; i < n; i++)
		printf("  %-14s %s\n", libraries[i].name, libraries[i].version);
	return EXIT_CLEAN;
}

const struct command command_version = {
	.name = "version",
	.summary = "print version, revision and linked libraries",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct version_options),
	.run = version_run,
};

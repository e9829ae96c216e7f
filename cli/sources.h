/*
 * Where a command gets registry content from: the options that say so, and the registry_source made
 * of them, a client or a recorded folder. For verify, check and serve.
 *
 * Options for the table of a command, whose struct has a `struct source_options`:
 *
 *   static const struct option options[] = {
 *           SOURCE_OPTION_REGISTRIES(struct verify_options, source),
 *           SOURCE_OPTION_REGISTRY_DIR(struct verify_options, source),
 *   };
 */
#ifndef ASSAY_CLI_SOURCES_H
#define ASSAY_CLI_SOURCES_H

#include "cli/options.h"
#include "oci/client.h"
#include "oci/recorded.h"
#include "oci/registries.h"
#include "oci/source.h"

struct source_options {
	const char *registries;   /* FILE */
	const char *registry_dir; /* DIR; excludes all others */
	/* Of the hosts in struct source_use, or of all when it names none; they exclude `registries`: */
	bool plain_http; /* only of named hosts */
	const char *docker_config;
	const char *ca;
};

#define SOURCE_OPTION_REGISTRIES(options, source)                                                  \
	{                                                                                          \
		.name = "registries", .type = OPTION_STRING, .value = "FILE",                      \
		.offset = offsetof(options, source.registries),                                    \
		.doc = "How to reach which registry: credentials, CAs, mirrors (kind: "            \
		       "Registries)."                                                              \
	}

#define SOURCE_OPTION_REGISTRY_DIR(options, source)                                                \
	{                                                                                          \
		.name = "registry-dir", .type = OPTION_STRING, .value = "DIR",                     \
		.offset = offsetof(options, source.registry_dir),                                  \
		.doc = "Recorded registry content, DIR/HOST/REPOSITORY/...; no network is used."   \
	}

#define SOURCE_OPTION_PLAIN_HTTP(options, source)                                                  \
	{                                                                                          \
		.name = "plain-http", .type = OPTION_FLAG,                                         \
		.offset = offsetof(options, source.plain_http),                                    \
		.doc = "Speak http, not https, to the image's registry."                           \
	}

#define SOURCE_OPTION_DOCKER_CONFIG(options, source)                                               \
	{                                                                                          \
		.name = "docker-config", .type = OPTION_STRING, .value = "FILE",                   \
		.offset = offsetof(options, source.docker_config),                                 \
		.doc = "Docker's config.json with credentials of registries."                      \
	}

#define SOURCE_OPTION_CA(options, source)                                                          \
	{                                                                                          \
		.name = "ca", .type = OPTION_STRING, .value = "FILE",                              \
		.offset = offsetof(options, source.ca),                                            \
		.doc = "CA of registries, beside the system's (PEM)."                              \
	}

/* What the command knows. */
struct source_use {
	const char *command; /* "verify": begins every diagnostic */
	/* Normalised hosts that the person at the command line has named: theirs may be private
	 * addresses, and the options of hosts are for them. Hosts out of a manifest are not named: who
	 * wrote it must not reach private addresses, nor plain http, by naming them; then there are
	 * none here, the other options are for every host, and the registries file is the way to
	 * allow more. */
	const struct str *hosts;
	size_t n_hosts;
	struct registry_hooks hooks; /* zero: none */
};

struct sources {
	struct registry_source source;
	struct registries *registries; /* NULL: recorded content */
	struct registry_client *client;
	struct registry_recorded recorded;
};

/* Open what the options name, but no connection. What is wrong goes to stderr, and false is
 * returned: exit 2. *out must not move until sources_close(), and what `o` and `use` point to lives
 * as long. `a` is for the time of the call. */
bool sources_open(struct sources *out, const struct source_options *o, const struct source_use *use,
		  struct arena *a);
/* After the last question; zeroed ones are fine. */
void sources_close(struct sources *s);

/* May the host be contacted although no policy names it? For struct evidence_options; `self` is a
 * struct sources. True of every host of recorded content. */
bool sources_knows_host(void *self, struct str host);

#endif

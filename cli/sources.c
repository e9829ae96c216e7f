#include "cli/sources.h"

#include "cli/policies.h"
#include "cli/version.h"
#include "core/file.h"
#include "oci/limits.h"

static bool say(const struct source_use *use, const char *what, const char *why)
{
	fprintf(stderr, "assay %s: %s: %s\n", use->command, what, why);
	return false;
}

static bool has_host_options(const struct source_options *o)
{
	return o->plain_http || o->docker_config || o->ca;
}

static bool options_agree(const struct source_options *o, const struct source_use *use)
{
	bool named = use->n_hosts > 0; /* only then there is --plain-http */

	if (o->registry_dir && (o->registries || has_host_options(o)))
		return say(use, "option --registry-dir",
			   named ? "with recorded content no registry is asked: drop "
				   "--registries, --plain-http, --docker-config and --ca"
				 : "with recorded content no registry is asked: drop "
				   "--registries, --docker-config and --ca");
	if (o->registries && has_host_options(o))
		return say(use, "option --registries",
			   named ? "it says how to reach each registry: put plainHttp, "
				   "credentials and caFile there instead of --plain-http, "
				   "--docker-config and --ca"
				 : "it says how to reach each registry: put credentials and "
				   "caFile there instead of --docker-config and --ca");
	return true;
}

/* ---- the configuration of the client ---- */

static struct registries *from_file(const char *path, const struct source_use *use, struct arena *a)
{
	struct problems problems;

	problems_init(&problems, a);
	struct registries *r = registries_load(path, &problems);
	policies_print(stderr, &problems);
	if (!r)
		fprintf(stderr, "assay %s: registries not loaded: %zu error%s\n", use->command,
			problems.errors, problems.errors == 1 ? "" : "s");
	return r;
}

/* The client reads it for each connection and takes it for readable PEM. */
static bool ca_is_pem(const char *path, const struct source_use *use, struct arena *a)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	struct str bytes;
	struct err e = {0};

	if (file_read(a, path, LIMIT_CA_BYTES, &bytes, &e) < 0)
		return say(use, "option --ca", e.text);
	if (!memmem(bytes.p, bytes.n, begin, strlen(begin)))
		return say(use, "option --ca", "the file holds no certificate: want PEM");
	return true;
}

static bool fill_hosts(struct registries *r, const struct source_options *o,
		       const struct source_use *use, struct arena *a)
{
	struct registry_config *items = arena_calloc(r->arena, use->n_hosts, sizeof(*items));
	struct credentials *credentials = arena_alloc(r->arena, sizeof(*credentials));
	struct err e = {0};

	if (!items || !credentials)
		return say(use, "registries", "no memory");
	if (o->ca && !ca_is_pem(o->ca, use, a))
		return false;
	if (o->docker_config && credentials_load(r->arena, o->docker_config, credentials, &e) < 0)
		return say(use, "option --docker-config", e.text);
	if (use->n_hosts == 0) {
		r->fallback.ca_file = o->ca;
		r->fallback.credentials = o->docker_config ? credentials : NULL;
	}
	for (size_t i = 0; i < use->n_hosts; i++) {
		items[i] = r->fallback;
		items[i].host = use->hosts[i];
		items[i].plain_http = o->plain_http;
		items[i].ca_file = o->ca;
		items[i].credentials = o->docker_config ? credentials : NULL;
		items[i].addresses.private_too = true;
	}
	r->items = items;
	r->n = use->n_hosts;
	return true;
}

static struct registries *from_options(const struct source_options *o, const struct source_use *use,
				       struct arena *a)
{
	struct registries *r = registries_none();

	if (!r) {
		say(use, "registries", "no memory");
		return NULL;
	}
	if (fill_hosts(r, o, use, a))
		return r;
	registries_free(r);
	return NULL;
}

/* ---- opening ---- */

static bool open_client(struct sources *s, const struct source_use *use)
{
	char agent[64];
	struct err e = {0};
	struct registry_client_options o = {
		.registries = s->registries,
		.clock = &clock_system,
		.hooks = use->hooks,
		.user_agent = agent,
	};

	snprintf(agent, sizeof(agent), "assay/%s", version_number);
	registry_proxies_from_environment(&o.proxies);
	s->client = registry_client_new(&o, &e);
	if (!s->client)
		return say(use, "registry client", e.text);
	s->source = registry_client_source(s->client);
	return true;
}

bool sources_open(struct sources *out, const struct source_options *o, const struct source_use *use,
		  struct arena *a)
{
	struct err e = {0};

	*out = (struct sources){.client = NULL};
	if (!options_agree(o, use))
		return false;
	if (o->registry_dir) {
		if (registry_recorded_init(&out->recorded, o->registry_dir, &clock_system, &e) < 0)
			return say(use, "option --registry-dir", e.text);
		out->source = registry_recorded_source(&out->recorded);
		return true;
	}
	out->registries =
		o->registries ? from_file(o->registries, use, a) : from_options(o, use, a);
	if (out->registries && open_client(out, use))
		return true;
	sources_close(out);
	return false;
}

void sources_close(struct sources *s)
{
	registry_client_free(s->client);
	registries_free(s->registries);
	*s = (struct sources){.client = NULL};
}

bool sources_knows_host(void *self, struct str host)
{
	const struct sources *s = self;

	return !s->registries || registries_has(s->registries, host);
}

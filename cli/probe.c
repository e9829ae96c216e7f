/* assay probe: is a running server ready, and does it refuse and admit what it should? */
#include <stdio.h>
#include <string.h>

#include "cli/exchange.h"
#include "cli/options.h"
#include "core/file.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/yaml.h"
#include "webhook/review.h"

#define PROBE_ARENA_BYTES (256u << 20)
#define PROBE_UID "00000000-0000-4000-8000-000000000000"

struct probe_options {
	const char *url, *ca, *cert, *key;
	struct option_list deny, allow;
	int64_t timeout_ms;
};

#define AT(field) offsetof(struct probe_options, field)
static const struct option options[] = {
	{.name = "url",
	 .letter = 'u',
	 .type = OPTION_STRING,
	 .value = "URL",
	 .offset = AT(url),
	 .doc = "The server; without a path /readyz or, with expectations, /validate. Required."},
	{.name = "ca",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(ca),
	 .doc = "CA certificates, PEM, that sign the server's; default: the system's."},
	{.name = "cert",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(cert),
	 .doc = "Client certificate, PEM, for a server with --client-ca."},
	{.name = "key",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(key),
	 .doc = "Its private key, PEM."},
	{.name = "expect-deny",
	 .type = OPTION_LIST,
	 .value = "FILE",
	 .offset = AT(deny),
	 .doc = "Manifest or AdmissionReview that must be refused; repeatable."},
	{.name = "expect-allow",
	 .type = OPTION_LIST,
	 .value = "FILE",
	 .offset = AT(allow),
	 .doc = "Manifest or AdmissionReview that must be admitted; repeatable."},
	{.name = "timeout",
	 .type = OPTION_DURATION,
	 .value = "TIME",
	 .preset = "10s",
	 .min = 1,
	 .max = 300000,
	 .offset = AT(timeout_ms),
	 .doc = "How long to wait for each answer."},
};

/* The URL itself if it names a path, else with `path`. */
static const char *with_path(struct arena *a, const char *url, const char *path)
{
	const char *host = strstr(url, "://");
	struct text t;
	struct str out;

	host = host ? host + 3 : url;
	const char *slash = strchr(host, '/');
	if (slash && slash[1])
		return url;
	text_init(&t, a, 4096);
	text_put(&t, (struct str){url, slash ? (size_t)(slash - url) : strlen(url)});
	text_puts(&t, path);
	return text_done(&t, &out) ? out.p : url;
}

static void put_type(struct json_writer *w, const char *key, struct str group, struct str version,
		     const char *what_key, struct str what)
{
	json_key(w, str_of(key));
	json_open(w, '{');
	json_key(w, S("group"));
	json_str(w, group);
	json_key(w, S("version"));
	json_str(w, version);
	json_key(w, str_of(what_key));
	json_str(w, what);
	json_close(w);
}

static void put_strings(struct json_writer *w, const char *key, struct str value)
{
	json_key(w, str_of(key));
	json_str(w, value);
}

/* "deployments" for "Deployment": the built-in workload kinds all form it so. */
static struct str resource_of(struct arena *a, struct str kind)
{
	struct text t;
	struct str out = S("");

	text_init(&t, a, 256);
	for (size_t i = 0; i < kind.n; i++)
		text_putc(&t, (char)(kind.p[i] >= 'A' && kind.p[i] <= 'Z' ? kind.p[i] + 32
									  : kind.p[i]));
	text_putc(&t, 's');
	return text_done(&t, &out) ? out : S("");
}

static int review_of(struct arena *a, const struct node *root, struct str *out, struct err *e)
{
	const struct node *meta = node_get(root, S("metadata"));
	struct str kind = node_str(node_get(root, S("kind"))), group = S(""), ns;
	struct str version = node_str(node_get(root, S("apiVersion")));
	struct text t;
	struct json_writer w;

	if (!kind.n || !version.n)
		return err_set(e, ERR_INPUT,
			       "not a Kubernetes object: apiVersion and kind are missing");
	str_cut(version, '/', &group, &version);
	ns = node_str(node_get(meta, S("namespace")));
	text_init(&t, a, LIMIT_FILE_BYTES);
	json_writer_init(&w, &t);
	json_open(&w, '{');
	put_strings(&w, "apiVersion", S("admission.k8s.io/v1"));
	put_strings(&w, "kind", S("AdmissionReview"));
	json_key(&w, S("request"));
	json_open(&w, '{');
	put_strings(&w, "uid", S(PROBE_UID));
	put_type(&w, "kind", group, version, "kind", kind);
	put_type(&w, "resource", group, version, "resource", resource_of(a, kind));
	put_strings(&w, "operation", S("CREATE"));
	put_strings(&w, "namespace", ns.n ? ns : S("default"));
	put_strings(&w, "name", node_str(node_get(meta, S("name"))));
	json_key(&w, S("userInfo"));
	json_open(&w, '{');
	put_strings(&w, "username", S("assay-probe"));
	json_close(&w);
	json_key(&w, S("dryRun"));
	json_bool(&w, true);
	json_key(&w, S("object"));
	json_node(&w, root);
	json_close(&w);
	json_close(&w);
	if (!text_done(&t, out))
		return err_set(e, ERR_LIMIT, "the review does not fit");
	return 0;
}

/* A review as it was written, but as JSON whatever it was written in. */
static int review_as_json(struct arena *a, const struct node *root, struct str *out, struct err *e)
{
	struct text t;
	struct json_writer w;

	text_init(&t, a, LIMIT_FILE_BYTES);
	json_writer_init(&w, &t);
	json_node(&w, root);
	return text_done(&t, out) ? 0 : err_set(e, ERR_LIMIT, "the review does not fit");
}

static int root_of(struct arena *a, const char *file, struct node **root, struct err *e)
{
	struct yaml_stream docs = {NULL, 0};
	struct position where;
	struct str bytes;

	TRY(file_read(a, file, LIMIT_FILE_BYTES, &bytes, e));
	if (json_parse(a, bytes, NULL, root, &where, e) == 0)
		return 0;
	if (yaml_parse(a, bytes, &docs, &where, e) < 0)
		return err_wrap(e, "%s:%u:%u", file, where.line, where.column);
	if (docs.n != 1)
		return err_set(e, ERR_INPUT, "%s: want one document, found %zu", file, docs.n);
	*root = docs.docs[0].root;
	return 0;
}

static int body_of(struct arena *a, const char *file, struct str *out, struct err *e)
{
	struct node *root = NULL;

	TRY(root_of(a, file, &root, e));
	int rc = review_is(root) ? review_as_json(a, root, out, e) : review_of(a, root, out, e);
	return rc < 0 ? err_wrap(e, "%s", file) : 0;
}

static struct str first_line(struct str s)
{
	struct str head, tail;

	return str_cut(s, '\n', &head, &tail) ? head : s;
}

static struct exchange call_of(const struct probe_options *o, const char *url)
{
	return (struct exchange){.url = url,
				 .ca = o->ca,
				 .cert = o->cert,
				 .key = o->key,
				 .timeout_ms = o->timeout_ms};
}

/* Send one file; `deny`: what is expected. Returns an exit code and prints one line. */
static int probe_file(const struct probe_options *o, const char *file, bool deny)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(PROBE_ARENA_BYTES);
	struct exchange call;
	struct err e = {0};
	struct str reply;
	struct node *root = NULL;
	long status = 0;

	if (!a || body_of(a, file, &call.body, &e) < 0) {
		fprintf(stderr, "assay probe: %s\n", a ? e.text : "no memory");
		return EXIT_USAGE;
	}
	struct str body = call.body;
	call = call_of(o, with_path(a, o->url, "/validate"));
	call.body = body;
	if (exchange(&call, a, &status, &reply, &e) < 0) {
		printf("%s: %s\n", file, e.text);
		return EXIT_UNKNOWN;
	}
	const struct node *allowed = NULL;
	const struct node *response = NULL;
	if (status == 200 && json_parse(a, reply, NULL, &root, NULL, &e) == 0) {
		response = node_get(root, S("response"));
		allowed = node_get(response, S("allowed"));
	}
	if (!node_is(allowed, NODE_BOOL)) {
		printf("%s: HTTP status %ld without an admission response\n", file, status);
		return EXIT_UNKNOWN;
	}
	char buf[1024];
	struct text t;
	text_init_fixed(&t, buf, sizeof buf);
	text_put_escaped(&t,
			 first_line(
				 node_str(node_get(node_get(response, S("status")), S("message")))),
			 800);
	bool as_expected = allowed->boolean != deny;
	printf("%s: %s%s%s%s\n", file, allowed->boolean ? "admitted" : "refused",
	       as_expected ? " as expected"
	       : deny      ? ", expected a refusal"
			   : ", expected an admission",
	       buf[0] ? ": " : "", buf);
	return as_expected ? EXIT_CLEAN : EXIT_VIOLATION;
}

static int probe_ready(const struct probe_options *o)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(PROBE_ARENA_BYTES);
	struct err e = {0};
	struct str reply;
	long status = 0;

	if (!a) {
		fprintf(stderr, "assay probe: no memory\n");
		return EXIT_USAGE;
	}
	struct exchange call = call_of(o, with_path(a, o->url, "/readyz"));
	if (exchange(&call, a, &status, &reply, &e) < 0) {
		printf("not ready: %s\n", e.text);
		return EXIT_UNKNOWN;
	}
	char buf[512];
	struct text t;
	text_init_fixed(&t, buf, sizeof buf);
	text_put_escaped(&t, first_line(reply), 400);
	printf("%s: HTTP status %ld: %s\n", status == 200 ? "ready" : "not ready", status, buf);
	return status == 200 ? EXIT_CLEAN : EXIT_VIOLATION;
}

/* 2, then 1, then 3, then 0. */
static int worse(int a, int b)
{
	static const int rank[] = {
		[EXIT_CLEAN] = 0, [EXIT_UNKNOWN] = 1, [EXIT_VIOLATION] = 2, [EXIT_USAGE] = 3};

	return rank[a] >= rank[b] ? a : b;
}

static int probe_run(void *options_v, const struct option_list *args)
{
	const struct probe_options *o = options_v;
	int code = EXIT_CLEAN;

	if (args->n) {
		fprintf(stderr, "assay probe: takes no arguments: name the server with --url\n");
		return EXIT_USAGE;
	}
	if (!o->url) {
		fprintf(stderr, "assay probe: --url URL is missing: it names the server\n");
		return EXIT_USAGE;
	}
	if (o->deny.n + o->allow.n == 0)
		return probe_ready(o);
	for (size_t i = 0; i < o->deny.n; i++)
		code = worse(code, probe_file(o, o->deny.items[i], true));
	for (size_t i = 0; i < o->allow.n; i++)
		code = worse(code, probe_file(o, o->allow.items[i], false));
	return code;
}

const struct command command_probe = {
	.name = "probe",
	.summary = "ask a running server whether it is ready, refuses and admits",
	.detail = "Without expectations: is it ready? With them: are these files refused and "
		  "admitted? Reviews are\n"
		  "sent as dry runs. Exit 3: there was no answer.",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct probe_options),
	.run = probe_run,
};

/* assay serve: wiring, signals, exit. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/policies.h"
#include "cli/version.h"
#include "core/clock.h"
#include "core/log.h"
#include "evidence/limits.h"
#include "webhook/limits.h"
#include "webhook/server.h"

#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

struct serve_options {
	struct option_list policies;
	const char *tls_cert, *tls_key, *client_ca;
	const char *listen, *metrics_listen;
	const char *docs_url, *contact;
	int log_format, log_level;
	const char *registries, *docker_config, *registry_dir;
	bool log_allowed;
	int64_t evidence_threads, cache, cache_ttl_ms, cache_negative_ttl_ms;
	int64_t drain_ms, slow_ms, threads, max_body, max_in_flight, max_connections,
		max_exception_days;
};

static const char *const formats[] = {"json", "text", NULL};
static const char *const levels[] = {"error", "warning", "info", "debug", NULL};

#define AT(field) offsetof(struct serve_options, field)
static const struct option options[] = {
	{.name = "policies",
	 .letter = 'p',
	 .type = OPTION_LIST,
	 .value = "PATH",
	 .offset = AT(policies),
	 .doc = "Policy file or folder; repeatable. Required."},
	{.name = "tls-cert",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(tls_cert),
	 .doc = "Certificate chain, PEM. Required."},
	{.name = "tls-key",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(tls_key),
	 .doc = "Its private key, PEM. Required."},
	{.name = "client-ca",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(client_ca),
	 .doc = "Demand client certificates signed by this CA."},
	{.name = "listen",
	 .type = OPTION_STRING,
	 .value = "ADDRESS",
	 .preset = ":10250",
	 .offset = AT(listen),
	 .doc = "Where to serve HTTPS, path /validate."},
	{.name = "metrics-listen",
	 .type = OPTION_STRING,
	 .value = "ADDRESS",
	 .preset = ":8080",
	 .offset = AT(metrics_listen),
	 .doc = "Where to serve /metrics, /healthz and /readyz over plain HTTP."},
	{.name = "registries",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(registries),
	 .doc = "How to reach which registry: credentials, CAs, mirrors (kind: Registries)."},
	{.name = "docker-config",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(docker_config),
	 .doc = "Docker's config.json with credentials of registries; instead of --registries."},
	{.name = "registry-dir",
	 .type = OPTION_STRING,
	 .value = "DIR",
	 .offset = AT(registry_dir),
	 .doc = "Recorded registry content, DIR/HOST/REPOSITORY/...; no network is used."},
	{.name = "evidence-threads",
	 .type = OPTION_INT,
	 .value = "N",
	 .preset = TEXT_OF(DEFAULT_EVIDENCE_THREADS),
	 .min = 1,
	 .max = LIMIT_EVIDENCE_THREADS,
	 .offset = AT(evidence_threads),
	 .doc = "Threads that ask registries and verify signatures."},
	{.name = "cache",
	 .type = OPTION_BYTES,
	 .value = "SIZE",
	 .preset = "8MiB",
	 .min = 65536,
	 .max = 1 << 30,
	 .offset = AT(cache),
	 .doc = "Memory for verdicts on signatures."},
	{.name = "cache-ttl",
	 .type = OPTION_DURATION,
	 .value = "TIME",
	 .preset = "1h",
	 .min = 1000,
	 .max = (int64_t)7 * 24 * 3600 * 1000,
	 .offset = AT(cache_ttl_ms),
	 .doc = "How long a verified signature counts without asking again."},
	{.name = "cache-negative-ttl",
	 .type = OPTION_DURATION,
	 .value = "TIME",
	 .preset = "30s",
	 .min = 1000,
	 .max = (int64_t)3600 * 1000,
	 .offset = AT(cache_negative_ttl_ms),
	 .doc = "How long an image counts as not signed without asking again."},
	{.name = "drain",
	 .type = OPTION_DURATION,
	 .value = "TIME",
	 .preset = "15s",
	 .min = 0,
	 .max = DRAIN_LONGEST_S * 1000,
	 .offset = AT(drain_ms),
	 .doc = "How long to serve on after SIGTERM."},
	{.name = "log-format",
	 .type = OPTION_WORD,
	 .value = "FORMAT",
	 .preset = "json",
	 .words = formats,
	 .offset = AT(log_format),
	 .doc = "Log lines on standard error."},
	{.name = "log-level",
	 .type = OPTION_WORD,
	 .value = "LEVEL",
	 .preset = "info",
	 .words = levels,
	 .offset = AT(log_level),
	 .doc = "The least serious level that is logged."},
	{.name = "log-allowed",
	 .type = OPTION_FLAG,
	 .offset = AT(log_allowed),
	 .doc = "Log admissions at level info instead of debug."},
	OPTION_DOCS_URL(struct serve_options, docs_url),
	OPTION_CONTACT(struct serve_options, contact),
	{.name = "threads",
	 .type = OPTION_INT,
	 .value = "N",
	 .preset = "0",
	 .min = 0,
	 .max = 64,
	 .offset = AT(threads),
	 .doc = "HTTPS threads; 0: one per usable CPU."},
	{.name = "max-body",
	 .type = OPTION_BYTES,
	 .value = "SIZE",
	 .preset = "7MiB",
	 .min = 65536,
	 .max = 64 << 20,
	 .offset = AT(max_body),
	 .doc = "Largest review; past it 413."},
	{.name = "max-in-flight",
	 .type = OPTION_INT,
	 .value = "N",
	 .preset = TEXT_OF(LIMIT_IN_FLIGHT),
	 .min = 1,
	 .max = 65536,
	 .offset = AT(max_in_flight),
	 .doc = "Reviews at the same time; past it 429."},
	{.name = "max-connections",
	 .type = OPTION_INT,
	 .value = "N",
	 .preset = TEXT_OF(LIMIT_CONNECTIONS),
	 .min = 16,
	 .max = 65536,
	 .offset = AT(max_connections),
	 .doc = "HTTPS connections; near it idle ones are closed."},
	{.name = "slow-timeout",
	 .type = OPTION_DURATION,
	 .value = "TIME",
	 .preset = TEXT_OF(SLOW_S) "s",
	 .min = 100,
	 .max = 60000,
	 .offset = AT(slow_ms),
	 .doc = "For a handshake, for headers, for a body; slower senders are cut off."},
	OPTION_MAX_EXCEPTION_DAYS(struct serve_options, max_exception_days),
};

static int wrong_usage(const struct serve_options *o)
{
	static const char *const texts[] = {
		"--policies PATH is missing: it names the policies to enforce",
		"--tls-cert FILE is missing: the API server only talks HTTPS",
		"--tls-key FILE is missing: the private key of --tls-cert",
	};
	bool wrong[] = {o->policies.n == 0, !o->tls_cert, !o->tls_key};
	int n = 0;

	for (size_t i = 0; i < 3; i++) {
		if (wrong[i]) {
			fprintf(stderr, "assay serve: %s\n", texts[i]);
			n++;
		}
	}
	return n;
}

/* One way to say where signatures come from. */
static int wrong_sources(const struct serve_options *o)
{
	int n = 0;

	if (o->registry_dir && (o->registries || o->docker_config)) {
		fprintf(stderr, "assay serve: option --registry-dir: with recorded content no "
				"registry is asked: drop --registries and --docker-config\n");
		n++;
	}
	if (o->registries && o->docker_config) {
		fprintf(stderr, "assay serve: option --docker-config: the file of --registries "
				"names credentials: put them there\n");
		n++;
	}
	return n;
}

static struct server_config config_of(const struct serve_options *o)
{
	struct server_config c = {
		.policy_paths = o->policies.items,
		.n_policy_paths = o->policies.n,
		.tls_cert = o->tls_cert,
		.tls_key = o->tls_key,
		.client_ca = o->client_ca,
		.listen = o->listen,
		.metrics_listen = o->metrics_listen,
		.docs_url = o->docs_url ? o->docs_url : version_docs_url,
		.contact = o->contact,
		.registries = o->registries,
		.docker_config = o->docker_config,
		.registry_dir = o->registry_dir,
		.evidence_threads = (unsigned)o->evidence_threads,
		.cache_bytes = (size_t)o->cache,
		.cache_ttl_ms = o->cache_ttl_ms,
		.cache_negative_ttl_ms = o->cache_negative_ttl_ms,
		.log_allowed = o->log_allowed,
		.threads = (unsigned)o->threads,
		.max_body_bytes = (size_t)o->max_body,
		.max_in_flight = (unsigned)o->max_in_flight,
		.max_connections = (unsigned)o->max_connections,
		.drain_ms = o->drain_ms,
		.slow_ms = o->slow_ms,
		.max_exception_days = o->max_exception_days,
		.clock = clock_system,
		.version = version_number,
		.revision = version_revision,
	};

	registry_proxies_from_environment(&c.proxies);
	return c;
}

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* Who presses Ctrl-C again does not want to wait; a second SIGTERM loses nothing. */
static void let_interrupt_end_it(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* With a standard descriptor closed a socket would take its number, and log lines would go there. */
static bool hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* open() takes the lowest free number, which is this one */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return false;
	}
	return true;
}

/* Until SIGTERM or SIGINT. All threads have the signals blocked, so they arrive here. */
static void serve_until_signal(struct server *s, const sigset_t *set)
{
	const struct timespec interval = {WATCH_INTERVAL_MS / 1000,
					  WATCH_INTERVAL_MS % 1000 * 1000000L};

	for (;;) {
		int sig = sigtimedwait(set, NULL, &interval);
		if (sig == SIGTERM || sig == SIGINT)
			return;
		server_reload(s, sig == SIGHUP);
	}
}

/* Everybody has an answer, but a registry is still being asked: its silence must not hold up the end. */
static _Noreturn void leave(int code)
{
	log_msg(LOG_INFO, "a registry has not answered yet; not waiting for it");
	log_close();
	_exit(code);
}

static int serve(const struct serve_options *o, const sigset_t *signals)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(8u << 20);
	struct server_config config = config_of(o);
	struct problems problems;
	struct server_errors errors;

	if (!a) {
		fprintf(stderr, "assay serve: no memory\n");
		return EXIT_USAGE;
	}
	problems_init(&problems, a);
	struct server *s = server_start(&config, &problems, &errors);
	if (!s) {
		log_close(); /* lines of the log first, whole, then the errors */
		policies_print(stderr, &problems);
		for (size_t i = 0; i < errors.n; i++)
			fprintf(stderr, "assay serve: %s\n", errors.items[i].text);
		return EXIT_USAGE;
	}
	serve_until_signal(s, signals);
	let_interrupt_end_it();
	log_msg(LOG_INFO, "stopping: draining connections");
	bool clean = server_drain(s);
	if (!clean)
		log_msg(LOG_WARNING, "stopped with unanswered requests");
	int code = clean ? EXIT_CLEAN : EXIT_VIOLATION;
	if (!server_is_idle(s))
		leave(code);
	server_free(s);
	return code;
}

/* Blocks of this size and above are pages of their own, which go back to the system when freed. Left alone
 * the library raises the bound when it sees large blocks, and a burst of large reviews would stay resident. */
static void keep_little_memory(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

static int serve_run(void *options_v, const struct option_list *args)
{
	const struct serve_options *o = options_v;
	sigset_t signals;
	struct err e = {0};

	if (args->n) {
		fprintf(stderr,
			"assay serve: takes no arguments: policies are named with --policies\n");
		return EXIT_USAGE;
	}
	if (wrong_usage(o) + wrong_sources(o) > 0)
		return EXIT_USAGE;
	if (!hold_standard_descriptors()) {
		fprintf(stderr, "assay serve: /dev/null: %s\n", strerror(errno));
		return EXIT_USAGE;
	}
	keep_little_memory();
	block_signals(&signals);
	if (log_open(STDERR_FILENO, (enum log_format)o->log_format, (enum log_level)o->log_level,
		     &e) < 0) {
		fprintf(stderr, "assay serve: %s\n", e.text);
		return EXIT_USAGE;
	}
	int code = serve(o, &signals);
	log_close();
	return code;
}

const struct command command_serve = {
	.name = "serve",
	.summary = "run the admission webhook server",
	.detail = "Serves AdmissionReview v1 at /validate. Policies, keys, registries and "
		  "certificate "
		  "are read again\n"
		  "when the files change and on SIGHUP; what does not load changes nothing. "
		  "SIGTERM drains "
		  "connections.",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct serve_options),
	.run = serve_run,
};

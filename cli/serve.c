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
	bool log_allowed;
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
	{.name = "docs-url",
	 .type = OPTION_STRING,
	 .value = "URL",
	 .offset = AT(docs_url),
	 .doc = "Page that refusals point to; default: this version's."},
	{.name = "contact",
	 .type = OPTION_STRING,
	 .value = "TEXT",
	 .preset = "",
	 .offset = AT(contact),
	 .doc = "Whom refusals name for questions."},
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
	{.name = "max-exception-days",
	 .type = OPTION_INT,
	 .value = "DAYS",
	 .preset = "0",
	 .min = 0,
	 .max = 36500,
	 .offset = AT(max_exception_days),
	 .doc = "Refuse policies with an exception that ends later than this; 0: no cap."},
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

static struct server_config config_of(const struct serve_options *o)
{
	return (struct server_config){
		.policy_paths = o->policies.items,
		.n_policy_paths = o->policies.n,
		.tls_cert = o->tls_cert,
		.tls_key = o->tls_key,
		.client_ca = o->client_ca,
		.listen = o->listen,
		.metrics_listen = o->metrics_listen,
		.docs_url = o->docs_url ? o->docs_url : version_docs_url,
		.contact = o->contact,
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
	server_free(s);
	return clean ? EXIT_CLEAN : EXIT_VIOLATION;
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
	if (wrong_usage(o))
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
	.detail = "Serves AdmissionReview v1 at /validate. Policies, certificate and key are read "
		  "again when the files\n"
		  "change and on SIGHUP; what does not load changes nothing. SIGTERM drains "
		  "connections.",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct serve_options),
	.run = serve_run,
};

/*
 * Asks a registry what standard input says, one question a line, and prints one line of JSON for each
 * answer. For tests/registry/run.
 *
 *   fetch [--registries FILE] [--recorded DIR] [--deadline MS] [--threads N] [--environment]
 *   manifest HOST/PATH NAME
 *   blob HOST/PATH DIGEST SIZE MAX
 *   referrers HOST/PATH DIGEST [MEDIA-TYPE that is wanted]
 *   wait MS
 *
 * With --threads every question is asked by N threads at once, through one client.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/json.h"
#include "oci/client.h"
#include "oci/recorded.h"
#include "oci/reference.h"

#define MAX_THREADS 64
#define WORDS 6

struct options {
	const char *registries;
	const char *recorded;
	int64_t deadline_ms;
	size_t threads;
	bool environment;
};

struct counters {
	pthread_mutex_t lock;
	unsigned requests[REGISTRY_OUTCOMES];
	unsigned foreign; /* requests of hosts that are not configured */
};

struct job {
	const struct registry_source *source;
	struct counters *counters;
	int64_t deadline_ms;
	const char *const *words;
	char *answer; /* allocated */
};

static _Noreturn void die(const char *what, const char *detail)
{
	fprintf(stderr, "fetch: %s%s%s\n", what, *detail ? ": " : "", detail);
	exit(2);
}

static void on_request(void *self, struct str host, bool configured, enum registry_outcome outcome,
		       int64_t elapsed_us)
{
	struct counters *c = self;
	if (!host.n || elapsed_us < 0)
		die("the hook got no host or time", "");
	pthread_mutex_lock(&c->lock);
	c->requests[outcome]++;
	c->foreign += !configured;
	pthread_mutex_unlock(&c->lock);
}

static void put_member(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, str_of(key));
	json_int(w, value);
}

static void put_digest(struct json_writer *w, const struct sha256 *d)
{
	char hex[SHA256_HEX + 1];
	sha256_hex(d, hex);
	json_str(w, str_of(hex));
}

static void put_reply(struct json_writer *w, const struct registry_reply *r)
{
	json_key(w, S("outcome"));
	json_str(w, str_of(registry_outcome_name(r->outcome)));
	json_key(w, S("label"));
	json_str(w, str_of(registry_outcome_label(r->outcome)));
	json_key(w, S("text"));
	json_str(w, r->text);
	put_member(w, "status", r->status);
	put_member(w, "tries", r->tries);
	put_member(w, "elapsed_ms", r->elapsed_ms);
	put_member(w, "bytes", (int64_t)r->body.n);
	json_key(w, S("media_type"));
	json_str(w, r->media_type);
	json_key(w, S("sha256"));
	put_digest(w, &r->digest);
}

static void put_list(struct json_writer *w, const struct registry_referrers *r)
{
	json_key(w, S("truncated"));
	json_bool(w, r->truncated);
	json_key(w, S("by_tag_schema"));
	json_bool(w, r->by_tag_schema);
	json_key(w, S("items"));
	json_open(w, '[');
	for (size_t i = 0; i < r->n; i++)
		put_digest(w, &r->items[i].digest);
	json_close(w);
}

/* Of this program: getrusage() has the peak of the process that started it, too. */
static long peak_kb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kb = -1;

	while (f && kb < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "VmHWM: %ld", &kb);
	if (f)
		fclose(f);
	return kb;
}

static void put_process(struct json_writer *w, struct counters *c)
{
	put_member(w, "rss_kb", peak_kb());
	json_key(w, S("requests"));
	json_open(w, '{');
	pthread_mutex_lock(&c->lock);
	for (int i = 0; i < REGISTRY_OUTCOMES; i++) {
		if (c->requests[i])
			put_member(w, registry_outcome_name((enum registry_outcome)i),
				   c->requests[i]);
	}
	put_member(w, "foreign", c->foreign);
	pthread_mutex_unlock(&c->lock);
	json_close(w);
}

static bool wants_type(void *self, const struct descriptor *d)
{
	return str_eq(d->artifact_type, str_of(self));
}

static struct registry_repository repository_of(struct arena *a, const char *word)
{
	struct reference r;
	struct err e;
	if (reference_parse(a, str_of(word), &r, &e) < 0)
		die("no repository", e.text);
	return (struct registry_repository){r.host, r.path};
}

static struct sha256 digest_of(const char *word)
{
	struct sha256 d;
	if (!word || !sha256_parse(str_of(word), &d))
		die("no digest", word ? word : "");
	return d;
}

static void ask_blob(const struct job *j, const struct registry_call *call,
		     const struct registry_repository *repository, struct registry_reply *out)
{
	struct descriptor d = {.has_sha256 = true, .digest = digest_of(j->words[2])};
	if (!j->words[3] || !j->words[4])
		die("blob needs SIZE and MAX", "");
	d.size = strtoull(j->words[3], NULL, 10);
	registry_fetch_blob(j->source, call, repository, &d, strtoull(j->words[4], NULL, 10), out);
}

static void ask(const struct job *j, struct arena *a, struct json_writer *w)
{
	struct registry_call call = {.arena = a,
				     .deadline = deadline_in(&clock_system, j->deadline_ms)};
	struct registry_repository repository = repository_of(a, j->words[1]);
	struct registry_filter filter = {wants_type, NULL};
	struct registry_referrers list = {.n = 0};
	struct registry_reply reply = {.outcome = REGISTRY_INVALID};
	if (strcmp(j->words[0], "referrers") == 0) {
		struct sha256 subject = digest_of(j->words[2]);
		union {
			const char *in;
			void *out;
		} type = {j->words[3]};
		filter.self = type.out;
		registry_fetch_referrers(j->source, &call, &repository, &subject,
					 j->words[3] ? &filter : NULL, &list);
		put_reply(w, &list.reply);
		put_list(w, &list);
	} else if (strcmp(j->words[0], "blob") == 0) {
		ask_blob(j, &call, &repository, &reply);
		put_reply(w, &reply);
	} else {
		registry_fetch_manifest(j->source, &call, &repository, str_of(j->words[2]), &reply);
		put_reply(w, &reply);
	}
}

static void *work(void *self)
{
	struct job *j = self;
	struct arena *a = arena_new((size_t)256 << 20);
	struct text t;
	struct json_writer w;
	struct str line;
	if (!a)
		die("out of memory", "");
	text_init(&t, a, 1 << 20);
	json_writer_init(&w, &t);
	json_open(&w, '{');
	ask(j, a, &w);
	put_process(&w, j->counters);
	json_close(&w);
	if (!text_done(&t, &line))
		die("the answer does not fit", "");
	j->answer = strdup(line.p);
	arena_free(a);
	return NULL;
}

static void run_line(char *line, const struct options *o, const struct registry_source *source,
		     struct counters *counters)
{
	const char *words[WORDS] = {NULL};
	struct job jobs[MAX_THREADS];
	pthread_t threads[MAX_THREADS];
	char *rest = line;
	for (size_t n = 0; n < WORDS - 1; n++)
		words[n] = strtok_r(n ? NULL : line, " \n", &rest);
	if (!words[0] || !words[1])
		die("a line is no question", "");
	if (strcmp(words[0], "wait") == 0) {
		struct timespec t = {0, strtol(words[1], NULL, 10) * 1000000};
		nanosleep(&t, NULL);
		return;
	}
	for (size_t i = 0; i < o->threads; i++) {
		jobs[i] = (struct job){source, counters, o->deadline_ms, words, NULL};
		if (pthread_create(&threads[i], NULL, work, &jobs[i]) != 0)
			die("no thread", "");
	}
	for (size_t i = 0; i < o->threads; i++) {
		pthread_join(threads[i], NULL);
		puts(jobs[i].answer);
		free(jobs[i].answer);
	}
	fflush(stdout);
}

static void run(const struct options *o, const struct registry_source *source,
		struct counters *counters)
{
	char line[1024];
	while (fgets(line, sizeof(line), stdin))
		run_line(line, o, source, counters);
}

static struct registries *load(const struct options *o)
{
	struct arena *a = arena_new(1 << 20);
	struct problems problems;
	struct text t;
	struct str s;
	problems_init(&problems, a);
	struct registries *r =
		o->registries ? registries_load(o->registries, &problems) : registries_none();
	for (size_t i = 0; i < problems.n; i++) {
		text_init(&t, a, 4096);
		problem_put(&t, &problems.items[i]);
		if (text_done(&t, &s))
			fprintf(stderr, "%s\n", s.p);
	}
	arena_free(a);
	if (!r)
		exit(2);
	return r;
}

static void run_live(const struct options *o)
{
	struct counters counters = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct registries *registries = load(o);
	struct registry_client_options co = {.registries = registries,
					     .clock = &clock_system,
					     .hooks = {on_request, &counters},
					     .user_agent = "assay-test"};
	struct err e = {0};
	if (o->environment)
		registry_proxies_from_environment(&co.proxies);
	struct registry_client *c = registry_client_new(&co, &e);
	if (!c)
		die("no client", e.text);
	struct registry_source source = registry_client_source(c);
	run(o, &source, &counters);
	registry_client_free(c);
	registries_free(registries);
}

static void run_recorded(const struct options *o)
{
	struct counters counters = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct registry_recorded r;
	struct err e;
	if (registry_recorded_init(&r, o->recorded, &clock_system, &e) < 0)
		die("no recorded content", e.text);
	struct registry_source source = registry_recorded_source(&r);
	run(o, &source, &counters);
}

int main(int argc, char **argv)
{
	struct options o = {.deadline_ms = 5000, .threads = 1};
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(argv[i], "--environment") == 0) {
			o.environment = true;
			continue;
		}
		if (strcmp(argv[i], "--registries") == 0)
			o.registries = value;
		else if (strcmp(argv[i], "--recorded") == 0)
			o.recorded = value;
		else if (strcmp(argv[i], "--deadline") == 0)
			o.deadline_ms = strtol(value, NULL, 10);
		else if (strcmp(argv[i], "--threads") == 0)
			o.threads = strtoul(value, NULL, 10);
		else
			die("unknown option", argv[i]);
		i++;
	}
	if (o.threads < 1 || o.threads > MAX_THREADS)
		die("--threads is from 1 to 64", "");
	if (o.recorded)
		run_recorded(&o);
	else
		run_live(&o);
	return 0;
}

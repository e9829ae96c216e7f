#include "webhook/reload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/log.h"
#include "policy/load.h"
#include "webhook/limits.h"

/* One of the things that are loaded. */
struct part {
	const char *what;    /* "policies", "certificate", "registries" */
	const char *problem; /* "policy", "certificate", "registries": before "error" */
	uint64_t fingerprint;
	bool failed;
	int64_t tried_ms;
	uint64_t failure_hash; /* of all that was wrong, to log it once */
	char failure[512];     /* the first thing that was wrong; the lock */
};

struct reload {
	const struct server_config *config;
	struct store *store;
	struct tls *tls;
	struct backends *backends;
	struct metrics *metrics;
	pthread_mutex_t lock; /* `failed` and `failure` of all */
	struct part policies;
	struct part certificate;
	struct part registries;
};

struct reload *reload_new(const struct server_config *c, struct store *store, struct tls *tls,
			  struct backends *backends, struct metrics *m)
{
	struct reload *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	pthread_mutex_init(&r->lock, NULL);
	r->config = c;
	r->store = store;
	r->tls = tls;
	r->backends = backends;
	r->metrics = m;
	r->policies = (struct part){.what = "policies", .problem = "policy"};
	r->certificate = (struct part){.what = "certificate", .problem = "certificate"};
	r->registries = (struct part){.what = "registries", .problem = "registries"};
	return r;
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * 0x100000001b3u;
}

static uint64_t hash_text(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = mix(h, (unsigned char)s.p[i]);
	return h;
}

/* Of the policies and of the key files that `set` (may be NULL) has read. */
static uint64_t policies_fingerprint(const struct server_config *c, const struct policy_set *set)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < c->n_policy_paths; i++)
		h = mix(h, file_fingerprint(c->policy_paths[i]));
	for (size_t i = 0; set && i < set->n_key_files; i++)
		h = mix(h, file_fingerprint(set->key_files[i].p));
	return h;
}

static uint64_t active_fingerprint(struct reload *r)
{
	struct policy_ref *ref = store_acquire(r->store);
	uint64_t h = policies_fingerprint(r->config, ref ? policy_ref_set(ref) : NULL);
	store_release(r->store, ref);
	return h;
}

static uint64_t certificate_fingerprint(const struct server_config *c)
{
	uint64_t h = 0xcbf29ce484222325u;
	h = mix(h, file_fingerprint(c->tls_cert));
	h = mix(h, file_fingerprint(c->tls_key));
	return c->client_ca ? mix(h, file_fingerprint(c->client_ca)) : h;
}

static void log_problem(enum log_level level, const char *msg, const struct problem *p)
{
	struct log_line l;
	struct text t;
	struct str shown;
	char buf[2048];
	text_init_fixed(&t, buf, sizeof(buf));
	problem_put(&t, p);
	log_begin(&l, level, msg);
	log_str(&l, "problem", text_done(&t, &shown) ? shown : p->text);
	log_end(&l);
}

static void log_problems(const struct part *part, const struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->items[i];
		bool is_error = p->severity == PROBLEM_ERROR;
		char msg[64];
		(void)snprintf(msg, sizeof(msg), "%s %s", part->problem,
			       is_error ? "error" : "warning");
		log_problem(is_error ? LOG_ERROR : LOG_WARNING, msg, p);
	}
}

static void log_policies(const struct policy_set *set)
{
	struct log_line l;
	log_begin(&l, LOG_INFO, "policies loaded");
	log_int(&l, "policies", (int64_t)set->n_policies);
	log_int(&l, "exceptions", (int64_t)set->n_exceptions);
	log_int(&l, "keys", (int64_t)set->n_keys);
	log_str(&l, "policy_sha256", str_of(set->sha256_hex));
	log_end(&l);
}

/* From one state of the files: a swap in the middle could leave out a policy of both the old and the new
 * state. Files that never hold still are taken as they were read last. Which key files there are is known
 * only afterwards, so that a set with keys is read twice. */
static struct policy_set *read_policies(struct reload *r, struct problems *problems)
{
	const struct policy_options o = {
		.now_unix_s = clock_unix_s(&r->config->clock),
		.max_exception_days = r->config->max_exception_days,
	};
	struct policy_set *last = NULL;
	for (int attempt = 1;; attempt++) {
		uint64_t before = policies_fingerprint(r->config, last);
		problems_init(problems, problems->arena);
		struct policy_set *set = policy_set_load(r->config->policy_paths,
							 r->config->n_policy_paths, &o, problems);
		uint64_t after = policies_fingerprint(r->config, set);
		policy_set_free(last);
		if (attempt == RELOAD_ATTEMPTS || after == before) {
			r->policies.fingerprint = set ? before : r->policies.fingerprint;
			return set;
		}
		last = set;
	}
}

static int load_policies(struct reload *r, struct problems *problems, struct err *e)
{
	struct policy_set *set = read_policies(r, problems);
	problems_sort(problems);
	if (!set)
		return err_set(e, ERR_INPUT, "policies: %zu error%s", problems->errors,
			       problems->errors == 1 ? "" : "s");
	/* It belongs to the store after the swap. */
	struct policy_set shown = *set;
	if (store_swap(r->store, set, e) < 0) {
		policy_set_free(set);
		return -1;
	}
	log_problems(&r->policies, problems);
	log_policies(&shown);
	return 0;
}

static int load_certificate(struct reload *r, struct err *e)
{
	const struct server_config *c = r->config;
	const struct tls_files files = {c->tls_cert, c->tls_key, c->client_ca};
	int64_t not_before = 0;
	int64_t not_after = 0;
	char when[32];
	struct log_line l;
	TRY(tls_load(r->tls, &files, clock_unix_s(&c->clock), e));
	tls_validity(r->tls, &not_before, &not_after);
	metrics_certificate(r->metrics, not_after);
	time_format(not_after, when);
	log_begin(&l, LOG_INFO, "certificate loaded");
	log_str(&l, "not_after", str_of(when));
	log_end(&l);
	return 0;
}

static int load_registries(struct reload *r, struct problems *problems, struct err *e)
{
	struct log_line l;
	TRY(backends_load(r->backends, problems, e));
	/* Only now it is known which files are named. */
	r->registries.fingerprint = backends_fingerprint(r->backends);
	log_begin(&l, LOG_INFO, "registries loaded");
	log_int(&l, "registries", (int64_t)backends_configured(r->backends));
	log_end(&l);
	return 0;
}

static void report_state(struct reload *r)
{
	metrics_reload(r->metrics,
		       !r->policies.failed && !r->certificate.failed && !r->registries.failed,
		       clock_unix_s(&r->config->clock));
}

int reload_first_policies(struct reload *r, struct problems *problems, struct err *e)
{
	TRY(load_policies(r, problems, e));
	report_state(r);
	return 0;
}

int reload_first_certificate(struct reload *r, struct err *e)
{
	r->certificate.fingerprint = certificate_fingerprint(r->config);
	TRY(load_certificate(r, e));
	report_state(r);
	return 0;
}

int reload_first_registries(struct reload *r, struct problems *problems, struct err *e)
{
	TRY(load_registries(r, problems, e));
	report_state(r);
	return 0;
}

static void set_good(struct reload *r, struct part *p)
{
	pthread_mutex_lock(&r->lock);
	p->failed = false;
	p->failure[0] = '\0';
	pthread_mutex_unlock(&r->lock);
	p->failure_hash = 0;
}

/* Remember and say it, unless it is word for word what was said last time. */
static void set_failed(struct reload *r, struct part *p, struct str first,
		       const struct problems *problems, const struct err *e)
{
	struct log_line l;
	struct text t;
	uint64_t hash = hash_text(1, str_of(e->text));
	for (size_t i = 0; problems && i < problems->n; i++)
		hash = mix(hash_text(hash, problems->items[i].text), problems->items[i].line);
	bool news = !p->failed || hash != p->failure_hash;
	pthread_mutex_lock(&r->lock);
	p->failed = true;
	text_init_fixed(&t, p->failure, sizeof(p->failure));
	text_put_statement(&t, first, sizeof(p->failure) - 8);
	pthread_mutex_unlock(&r->lock);
	p->failure_hash = hash;
	if (!news)
		return;
	log_begin(&l, LOG_ERROR, "reload failed; what was loaded before stays in force");
	log_str(&l, "what", str_of(p->what));
	log_str(&l, "err", str_of(e->text));
	log_end(&l);
	if (problems)
		log_problems(p, problems);
}

/* What /readyz shows: the first problem, else the error itself. Borrows from buf or *e. */
static struct str first_error(const struct problems *problems, const struct err *e, char *buf,
			      size_t size)
{
	struct str first;
	struct text t;
	text_init_fixed(&t, buf, size);
	for (size_t i = 0; i < problems->n && t.n == 0; i++)
		if (problems->items[i].severity == PROBLEM_ERROR)
			problem_put(&t, &problems->items[i]);
	return t.n > 0 && text_done(&t, &first) ? first : str_of(e->text);
}

static void again(struct reload *r, struct part *p,
		  int (*load)(struct reload *r, struct problems *problems, struct err *e))
{
	struct err e = {0};
	struct problems problems;
	char buf[1024];
	CLEANUP(arena_cleanup) struct arena *a = arena_new(LIMIT_SET_PROBLEM_BYTES);
	problems_init(&problems, a);
	p->tried_ms = r->config->clock.mono_ms(r->config->clock.self);
	if (!a)
		(void)err_set(&e, ERR_MEMORY, "%s: no memory", p->what);
	else if (load(r, &problems, &e) == 0) {
		set_good(r, p);
		return;
	}
	set_failed(r, p, first_error(&problems, &e, buf, sizeof(buf)), &problems, &e);
}

static void again_certificate(struct reload *r)
{
	struct err e = {0};
	r->certificate.tried_ms = r->config->clock.mono_ms(r->config->clock.self);
	if (load_certificate(r, &e) == 0)
		set_good(r, &r->certificate);
	else
		set_failed(r, &r->certificate, str_of(e.text), NULL, &e);
}

static bool is_due(const struct reload *r, struct part *p, uint64_t fingerprint, bool force)
{
	int64_t now = r->config->clock.mono_ms(r->config->clock.self);
	bool due = force || fingerprint != p->fingerprint ||
		   (p->failed && now - p->tried_ms >= RELOAD_RETRY_MS);
	p->fingerprint = fingerprint;
	return due;
}

void reload_again(struct reload *r, bool force)
{
	bool policies = is_due(r, &r->policies, active_fingerprint(r), force);
	bool certificate = is_due(r, &r->certificate, certificate_fingerprint(r->config), force);
	bool registries = is_due(r, &r->registries, backends_fingerprint(r->backends), force);
	if (policies)
		again(r, &r->policies, load_policies);
	if (certificate)
		again_certificate(r);
	if (registries)
		again(r, &r->registries, load_registries);
	if (policies || certificate || registries)
		report_state(r);
	backends_sweep(r->backends);
}

static void put_failure(struct text *t, const struct part *p)
{
	if (p->failed)
		text_printf(t, "last reload failed: %s: %s\n", p->what, p->failure);
}

bool reload_put_failures(struct reload *r, struct text *t)
{
	pthread_mutex_lock(&r->lock);
	bool failed = r->policies.failed || r->certificate.failed || r->registries.failed;
	put_failure(t, &r->policies);
	put_failure(t, &r->certificate);
	put_failure(t, &r->registries);
	pthread_mutex_unlock(&r->lock);
	return failed;
}

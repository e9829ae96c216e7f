/*
 * Tags that should be pins: what they point to now, to be pasted. That is help and nothing more: it changes
 * no result. The same hosts may be asked as about signatures: those that a policy or the registries
 * file names.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "cli/check.h"
#include "cli/limits.h"
#include "policy/rule.h"

/* ---- which ---- */

static bool wants_pin(const struct check_run *run, const struct violation *v)
{
	const struct subject *s = v->subject;

	return run->sources &&
	       (v->code == CODE_DIGEST || v->code == CODE_SIGNATURE ||
		v->code == CODE_ATTESTATION) &&
	       s && s->reference_ok && s->reference.digest_kind == REFERENCE_DIGEST_NONE &&
	       (policy_set_names_host(run->set, s->reference.host) ||
		sources_knows_host(run->sources, s->reference.host));
}

static bool is_of(const struct check_pin *p, const struct reference *r)
{
	return str_eq(p->tag, reference_effective_tag(r)) && str_eq(p->repository.path, r->path) &&
	       str_eq(p->repository.host, r->host);
}

static const struct check_pin *add(struct check_run *run, const struct reference *r)
{
	struct check_pin **more = arena_grow(run->arena, run->pins, run->n_pins,
					     sizeof(struct check_pin *), &run->room_pins);
	struct check_pin *p = arena_alloc(run->arena, sizeof(*p));

	if (!more || !p) {
		run->out_of_memory = true;
		return NULL;
	}
	*p = (struct check_pin){
		.repository = {check_keep(run, r->host), check_keep(run, r->path)},
		.tag = check_keep(run, reference_effective_tag(r)),
		.why = S("it was not asked for"),
	};
	run->pins = more;
	run->pins[run->n_pins++] = p;
	return p;
}

const struct check_pin *check_pin_of(struct check_run *run, const struct violation *v)
{
	if (!wants_pin(run, v))
		return NULL;
	for (size_t i = 0; i < run->n_pins; i++) {
		if (is_of(run->pins[i], &v->subject->reference))
			return run->pins[i];
	}
	return run->n_pins < LIMIT_CHECK_PINS ? add(run, &v->subject->reference) : NULL;
}

/* ---- resolving ---- */

struct resolving {
	const struct check_run *run;
	struct deadline deadline;
	atomic_size_t next;
	pthread_mutex_t mutex; /* of the run's arena, which the results go to */
};

static void put_repository(struct text *t, const struct registry_repository *r)
{
	text_put_escaped(t, r->host, SIZE_MAX);
	text_putc(t, '/');
	text_put_escaped(t, r->path, SIZE_MAX);
}

/* The mutex. What does not fit stays unresolved. */
static void take_locked(const struct resolving *w, struct check_pin *p,
			const struct registry_reply *reply)
{
	char hex[SHA256_HEX + 1];
	struct text t;

	text_init(&t, w->run->arena, 4096);
	if (reply->outcome != REGISTRY_OK) {
		text_put_statement(&t, reply->text, 1024);
		if (!text_done(&t, &p->why))
			p->why = S("no memory");
		return;
	}
	sha256_hex(&reply->digest, hex);
	put_repository(&t, &p->repository);
	text_printf(&t, "@sha256:%s", hex);
	if (!text_done(&t, &p->pin))
		p->why = S("no memory");
}

static void resolve(struct resolving *w, struct check_pin *p, struct arena *a)
{
	const struct registry_call call = {.arena = a, .deadline = w->deadline};
	struct registry_reply reply = {.text = S("no time left")};

	if (deadline_left_ms(w->deadline, &clock_system) > 0)
		registry_fetch_manifest(&w->run->sources->source, &call, &p->repository, p->tag,
					&reply);
	pthread_mutex_lock(&w->mutex);
	take_locked(w, p, &reply);
	pthread_mutex_unlock(&w->mutex);
}

static void *work(void *resolving)
{
	struct resolving *w = resolving;
	struct arena *a CLEANUP(arena_cleanup) = arena_new(LIMIT_CHECK_PIN_ARENA_BYTES);

	while (a) {
		size_t i = atomic_fetch_add(&w->next, 1);
		if (i >= w->run->n_pins)
			break;
		resolve(w, w->run->pins[i], a);
		arena_reset(a);
	}
	return NULL;
}

void check_put_pin(struct text *t, const struct check_pin *pin)
{
	text_puts(t, "Pin: ");
	put_repository(t, &pin->repository);
	text_putc(t, ':');
	text_put_escaped(t, pin->tag, SIZE_MAX);
	text_puts(t, pin->pin.n ? " is " : " could not be resolved: ");
	text_put(t, pin->pin.n ? pin->pin : pin->why);
}

/* What the formats without a place for pins say. */
static void tell(struct check_run *run, struct check_row *row)
{
	struct text t;

	text_init(&t, run->arena, 128 << 10);
	text_put(&t, row->message);
	text_putc(&t, '\n');
	check_put_pin(&t, row->pin);
	if (!text_done(&t, &row->told))
		run->out_of_memory = true;
}

void check_pins_resolve(struct check_run *run, struct deadline deadline)
{
	struct resolving w = {.run = run, .deadline = deadline, .mutex = PTHREAD_MUTEX_INITIALIZER};
	pthread_t threads[CHECK_PIN_THREADS];
	size_t n = 0;

	if (!run->n_pins)
		return;
	while (n < CHECK_PIN_THREADS && n + 1 < run->n_pins &&
	       pthread_create(&threads[n], NULL, work, &w) == 0)
		n++;
	work(&w);
	while (n)
		pthread_join(threads[--n], NULL);
	pthread_mutex_destroy(&w.mutex);
	for (size_t i = 0; i < run->n; i++) {
		struct check_document *d = &run->documents[i];
		for (size_t k = 0; k < d->n_rows; k++) {
			if (d->rows[k].pin)
				tell(run, &d->rows[k]);
		}
	}
}

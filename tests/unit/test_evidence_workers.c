/* Worker threads: registries take turns, and no hanging ones keep threads from the others. */
#include <check.h>
#include <pthread.h>

#include "evidence/workers.h"

#define PIECES 120

struct piece {
	struct work work;
	bool held; /* waits for the gate */
	unsigned number;
};

static struct piece pieces[PIECES];
static pthread_mutex_t mutex;
static pthread_cond_t changed;
static bool gate_open;
static unsigned now, most, done, order[PIECES];

static void run(struct work *w, const struct discovery_memory *m)
{
	const struct piece *p = (const struct piece *)w;

	ck_assert_ptr_nonnull(m->page);
	pthread_mutex_lock(&mutex);
	now += p->held;
	most = now > most ? now : most;
	pthread_cond_broadcast(&changed);
	while (p->held && !gate_open)
		pthread_cond_wait(&changed, &mutex);
	now -= p->held;
	order[done++] = p->number;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static void setup(void)
{
	pthread_mutex_init(&mutex, NULL);
	pthread_cond_init(&changed, NULL);
	gate_open = false;
	now = most = done = 0;
}

static void teardown(void)
{
	pthread_cond_destroy(&changed);
	pthread_mutex_destroy(&mutex);
}

static struct workers *start(unsigned n)
{
	struct err e;
	struct workers *w = workers_start(n, &e);

	ck_assert_ptr_nonnull(w);
	return w;
}

static void add(struct workers *w, unsigned i, struct work_place place, bool held, bool urgent)
{
	pieces[i] = (struct piece){{.place = place, .run = run}, held, i};
	workers_add(w, &pieces[i].work, urgent);
}

/* Numbers are enough where names do not matter. */
static struct work_place at(unsigned registry, unsigned repository)
{
	return (struct work_place){registry, 1000 * registry + repository};
}

/* So many pieces that hang, each of a repository of its own or all of one. The next free number. */
static unsigned hang(struct workers *w, unsigned i, unsigned n, unsigned registry, bool one)
{
	for (unsigned k = 0; k < n; k++)
		add(w, i + k, at(registry, one ? 0 : k), true, false);
	return i + n;
}

static void wait_until(const unsigned *what, unsigned n)
{
	pthread_mutex_lock(&mutex);
	while (*what < n)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
}

static void open_gate(void)
{
	pthread_mutex_lock(&mutex);
	gate_open = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static const struct {
	unsigned threads, registries, repositories, share;
} rules[] = {
	{1, 1, 0, 1},  {2, 2, 0, 1},   {3, 2, 0, 2},     {4, 2, 0, 2},      {8, 3, 1, 4},
	{16, 6, 3, 8}, {32, 12, 6, 8}, {64, 24, 12, 16}, {256, 96, 51, 64},
};

START_TEST(threads_are_shared_out_by_rule)
{
	ck_assert_uint_eq(workers_registries(rules[_i].threads), rules[_i].registries);
	ck_assert_uint_eq(workers_repositories(rules[_i].threads), rules[_i].repositories);
	ck_assert_uint_eq(workers_share(rules[_i].threads), rules[_i].share);
}
END_TEST

/* How many of the pieces that hang are run; and that those of one more registry are, one after the other. */
static const struct {
	unsigned hanging, most;
	bool one; /* repository each */
} registries[] = {
	{1, 11, false}, {2, 12, false}, {3, 13, false}, {5, 15, false},
	{1, 8, true},   {2, 9, true},   {3, 10, true},  {5, 12, true},
};

START_TEST(registries_that_hang_leave_threads_for_another)
{
	struct workers *w = start(16);
	unsigned n = 0;

	for (unsigned r = 0; r < registries[_i].hanging; r++)
		n = hang(w, n, 20, r, registries[_i].one);
	wait_until(&now, registries[_i].most);
	for (unsigned i = 0; i < 10; i++)
		add(w, n + i, at(77, 0), false, false);
	wait_until(&done, 10);
	ck_assert_uint_eq(most, registries[_i].most);
	open_gate();
	workers_stop(w);
	ck_assert_uint_eq(done, n + 10);
}
END_TEST

/* By the number of its repositories that hang. */
static const unsigned repositories[] = {8, 9, 10};

START_TEST(repositories_that_hang_leave_threads_for_another)
{
	struct workers *w = start(16);
	unsigned n = 0;

	for (unsigned r = 0; r <= (unsigned)_i; r++) {
		for (unsigned i = 0; i < 20; i++)
			add(w, n++, at(1, r), true, false);
		wait_until(&now, repositories[r]);
	}
	for (unsigned i = 0; i < 10; i++)
		add(w, n + i, at(1, 99), false, false);
	wait_until(&done, 10);
	ck_assert_uint_eq(most, repositories[_i]);
	open_gate();
	workers_stop(w);
	ck_assert_uint_eq(done, n + 10);
}
END_TEST

/* What had to wait for its share is run when a thread is free, though no work is added any more. */
START_TEST(what_waited_for_the_share_is_not_forgotten)
{
	struct workers *w = start(4);

	for (unsigned i = 0; i < 12; i++)
		add(w, i, at(i % 3, i), true, false);
	wait_until(&now, 4);
	open_gate();
	wait_until(&done, 12);
	workers_stop(w);
}
END_TEST

/* Once the others are over a registry gets what was kept for them. */
START_TEST(a_share_is_taken_up_again)
{
	struct workers *w = start(16);
	unsigned n = hang(w, 0, 8, 1, true);

	wait_until(&now, 8);
	open_gate();
	wait_until(&done, n);
	gate_open = false;
	hang(w, n, 8, 2, true);
	wait_until(&now, 8);
	open_gate();
	workers_stop(w);
	ck_assert_uint_eq(most, 8);
}
END_TEST

START_TEST(registries_take_turns)
{
	struct workers *w = start(1);

	add(w, 0, at(9, 0), true, false);
	wait_until(&now, 1);
	for (unsigned i = 1; i < 4; i++)
		add(w, i, at(1, i), false, false);
	add(w, 4, at(2, 0), false, false);
	add(w, 5, at(2, 0), false, true);
	open_gate();
	workers_stop(w);
	const unsigned expected[] = {0, 1, 5, 2, 4, 3};
	ck_assert_mem_eq(order, expected, sizeof(expected));
}
END_TEST

/* One that may not run does not keep what comes after it from running, nor is the end of the line lost. */
START_TEST(what_may_not_run_is_passed_by)
{
	struct workers *w = start(16);
	unsigned n = hang(w, 0, 9, 1, true);

	wait_until(&now, 8);
	add(w, n, at(1, 1), false, false);
	wait_until(&done, 1);
	add(w, n + 1, at(1, 0), true, true);
	add(w, n + 2, at(1, 2), false, false);
	wait_until(&done, 2);
	ck_assert_uint_eq(most, 8);
	open_gate();
	workers_stop(w);
	const unsigned expected[] = {n, n + 2};
	ck_assert_mem_eq(order, expected, sizeof(expected));
	ck_assert_uint_eq(done, n + 3);
}
END_TEST

/* Of 16 threads a registry can get 11. */
START_TEST(says_when_threads_of_a_registry_are_short)
{
	struct workers *w = start(16);
	const struct work_place here = at(1, 50), elsewhere = at(2, 0);
	unsigned n = hang(w, 0, 6, 1, false);

	wait_until(&now, 6);
	ck_assert(!workers_are_short(w, &here));
	hang(w, n, 1, 1, false);
	wait_until(&now, 7);
	ck_assert(workers_are_short(w, &here));
	ck_assert(!workers_are_short(w, &elsewhere));
	open_gate();
	workers_stop(w);
}
END_TEST

START_TEST(a_single_thread_is_not_short)
{
	struct workers *w = start(1);
	const struct work_place here = at(1, 0);

	hang(w, 0, 2, 1, true);
	wait_until(&now, 1);
	ck_assert(!workers_are_short(w, &here));
	open_gate();
	workers_stop(w);
}
END_TEST

static bool same(struct work_place a, struct work_place b)
{
	return a.registry == b.registry && a.repository == b.repository;
}

static struct work_place named(const char *host, const char *path)
{
	return work_place(&(struct registry_repository){str_of(host), str_of(path)});
}

START_TEST(every_repository_has_a_place)
{
	struct work_place a = named("r.example:5000", "app");

	ck_assert(same(a, named("r.example:5000", "app")));
	ck_assert_uint_eq(a.registry, named("r.example:5000", "other").registry);
	ck_assert_uint_ne(a.repository, named("r.example:5000", "other").repository);
	ck_assert_uint_ne(a.registry, named("s.example:5000", "app").registry);
	ck_assert_uint_ne(a.repository, named("s.example:5000", "app").repository);
}
END_TEST

Suite *test_evidence_workers_suite(void);
Suite *test_evidence_workers_suite(void)
{
	Suite *s = suite_create("evidence_workers");
	TCase *t = tcase_create("evidence_workers");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, threads_are_shared_out_by_rule, 0,
			    (int)(sizeof(rules) / sizeof(rules[0])));
	tcase_add_loop_test(t, registries_that_hang_leave_threads_for_another, 0,
			    (int)(sizeof(registries) / sizeof(registries[0])));
	tcase_add_loop_test(t, repositories_that_hang_leave_threads_for_another, 0,
			    (int)(sizeof(repositories) / sizeof(repositories[0])));
	tcase_add_test(t, what_waited_for_the_share_is_not_forgotten);
	tcase_add_test(t, a_share_is_taken_up_again);
	tcase_add_test(t, registries_take_turns);
	tcase_add_test(t, what_may_not_run_is_passed_by);
	tcase_add_test(t, says_when_threads_of_a_registry_are_short);
	tcase_add_test(t, a_single_thread_is_not_short);
	tcase_add_test(t, every_repository_has_a_place);
	suite_add_tcase(s, t);
	return s;
}

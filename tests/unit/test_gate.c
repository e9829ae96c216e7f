/* A gate: so many at once, small things at any time. */
#include <check.h>
#include <pthread.h>
#include <sched.h>

#include "core/gate.h"

#define THREADS 8

static struct gate gate;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned now, most;

static void *pass(void *bytes)
{
	for (int i = 0; i < 200; i++) {
		gate_enter(&gate, *(size_t *)bytes);
		pthread_mutex_lock(&mutex);
		now++;
		most = now > most ? now : most;
		pthread_mutex_unlock(&mutex);
		sched_yield();
		pthread_mutex_lock(&mutex);
		now--;
		pthread_mutex_unlock(&mutex);
		gate_leave(&gate, *(size_t *)bytes);
	}
	return NULL;
}

static void run(size_t bytes)
{
	pthread_t threads[THREADS];

	now = most = 0;
	gate_init(&gate, 2, 100);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, pass, &bytes), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(gate.room, 2);
	gate_done(&gate);
}

START_TEST(lets_so_many_large_ones_through)
{
	run(101);
	ck_assert_uint_ge(most, 1);
	ck_assert_uint_le(most, 2);
}
END_TEST

START_TEST(small_ones_pass_while_it_is_full)
{
	gate_init(&gate, 1, 100);
	gate_enter(&gate, 101);
	ck_assert_uint_eq(gate.room, 0);
	gate_enter(&gate, 100);
	gate_leave(&gate, 100);
	gate_leave(&gate, 101);
	ck_assert_uint_eq(gate.room, 1);
	gate_done(&gate);
	gate_enter(NULL, 1000);
	gate_leave(NULL, 1000);
}
END_TEST

Suite *test_gate_suite(void);
Suite *test_gate_suite(void)
{
	Suite *s = suite_create("gate");
	TCase *t = tcase_create("gate");

	tcase_add_test(t, lets_so_many_large_ones_through);
	tcase_add_test(t, small_ones_pass_while_it_is_full);
	suite_add_tcase(s, t);
	return s;
}

/* Run under ThreadSanitizer and AddressSanitizer too: the first sees unlocked counts, the second sets
 * that are freed early or never. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "policy/load.h"
#include "policy/store.h"

Suite *test_store_suite(void);

#define THREADS 4
#define SWAPS 2000

/* A set of which only the arena and one policy matter; n_exceptions carries `number`. */
static struct policy_set *new_set(size_t number)
{
	struct arena *a = arena_new(4096);
	struct policy_set *s = arena_alloc(a, sizeof(*s));
	struct policy *p = arena_alloc(a, sizeof(*p));
	ck_assert(s && p);
	p->n_rules = number;
	*s = (struct policy_set){.arena = a,
				 .policies = p,
				 .n_policies = 1,
				 .n_exceptions = number};
	return s;
}

static void swap(struct store *s, size_t number)
{
	struct err e;
	ck_assert_msg(store_swap(s, new_set(number), &e) == 0, "%s", e.text);
}

START_TEST(an_empty_store_has_no_set)
{
	struct store *s = store_new();
	ck_assert_ptr_null(store_acquire(s));
	store_release(s, NULL);
	store_free(s);
	store_free(NULL);
}
END_TEST

START_TEST(a_held_set_outlives_the_swap)
{
	struct store *s = store_new();
	swap(s, 1);
	struct policy_ref *one = store_acquire(s);
	struct policy_ref *again = store_acquire(s);
	swap(s, 2);
	struct policy_ref *two = store_acquire(s);
	ck_assert_uint_eq(policy_ref_set(one)->policies[0].n_rules, 1);
	ck_assert_uint_eq(policy_ref_set(again)->policies[0].n_rules, 1);
	ck_assert_uint_eq(policy_ref_set(two)->policies[0].n_rules, 2);
	store_release(s, one);
	ck_assert_uint_eq(policy_ref_set(again)->policies[0].n_rules, 1);
	store_release(s, again);
	store_release(s, two);
	store_free(s);
}
END_TEST

static atomic_bool stop;

struct reader {
	struct store *store;
	size_t reads;
	bool wrong;
};

static void *read_loop(void *v)
{
	struct reader *r = v;
	size_t last = 0;
	while (!atomic_load(&stop) || r->reads == 0) {
		struct policy_ref *ref = store_acquire(r->store);
		const struct policy_set *set = policy_ref_set(ref);
		/* The parts of one set belong together, and sets never go back. */
		if (set->policies[0].n_rules != set->n_exceptions || set->n_exceptions < last)
			r->wrong = true;
		last = set->n_exceptions;
		store_release(r->store, ref);
		r->reads++;
	}
	return NULL;
}

START_TEST(readers_and_swaps_at_once)
{
	struct store *s = store_new();
	struct reader readers[THREADS] = {{0}};
	pthread_t threads[THREADS];
	atomic_store(&stop, false);
	swap(s, 1);
	for (size_t i = 0; i < THREADS; i++) {
		readers[i].store = s;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_loop, &readers[i]), 0);
	}
	for (size_t i = 2; i < SWAPS; i++)
		swap(s, i);
	atomic_store(&stop, true);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_gt(readers[i].reads, 0);
		ck_assert(!readers[i].wrong);
	}
	store_free(s);
}
END_TEST

Suite *test_store_suite(void)
{
	Suite *s = suite_create("store");
	TCase *tc = tcase_create("store");
	tcase_add_test(tc, an_empty_store_has_no_set);
	tcase_add_test(tc, a_held_set_outlives_the_swap);
	tcase_add_test(tc, readers_and_swaps_at_once);
	suite_add_tcase(s, tc);
	return s;
}

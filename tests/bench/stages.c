/*
 * Where the time of a review goes, in one process without TLS: the parse, and everything beside it.
 *   stages ROUNDS REVIEW POLICY [parse|rest]
 * Prints one line of JSON: nanoseconds of CPU per review of each stage. With a stage named only that one
 * runs its rounds, for instruction counts under callgrind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/file.h"
#include "core/json.h"
#include "policy/load.h"
#include "webhook/review.h"

struct bench {
	struct str body;
	struct policy_set *set;
	struct arena *parsed; /* holds one parsed review for `rest` */
	struct review review;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "stages: %s: %s\n", what, why);
	exit(2);
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void parse(struct bench *b, struct arena *a)
{
	struct review r;
	struct err e = {0};

	if (review_parse(a, b->body, &r, &e) != REVIEW_OK)
		die("review", e.text);
}

/* Workload, rules, report, verdict, message, answer: all but the parse and HTTP. */
static size_t rest(struct bench *b, struct arena *a)
{
	struct engine en;
	struct answer ans;
	struct report_text_options o = {.docs_url = S("https://docs.example/codes"),
					.uid = b->review.uid};
	struct str out;

	engine_evaluate(&en, a, b->set, &b->review.admission);
	engine_conclude(&en, NULL);
	review_answer(&b->review, &en, &o, &ans);
	if (!review_render(a, &b->review, &en, &ans, str_of(b->set->sha256_hex), &out))
		die("render", "arena exhausted");
	return out.n;
}

static void load(struct bench *b, const char *review, const char *policy)
{
	struct policy_options o = {0};
	struct problems problems;
	struct err e = {0};
	struct arena *a = arena_new(64u << 20); /* kept until the end */

	problems_init(&problems, a);
	b->set = policy_set_load(&policy, 1, &o, &problems);
	if (!b->set)
		die(policy, "does not load");
	if (file_read(a, review, 1u << 20, &b->body, &e) < 0)
		die(review, e.text);
	b->parsed = a;
	if (review_parse(a, b->body, &b->review, &e) != REVIEW_OK)
		die(review, e.text);
}

int main(int argc, char **argv)
{
	struct bench b = {.set = NULL};
	const char *only = argc > 4 ? argv[4] : "";
	struct arena *a = arena_new(96u << 20);
	size_t bytes = 0, allocations[2] = {0, 0};

	if (argc < 4 || !a) {
		fprintf(stderr, "usage: stages ROUNDS REVIEW POLICY [parse|rest]\n");
		return 2;
	}
	long rounds = strtol(argv[1], NULL, 10);
	load(&b, argv[2], argv[3]);
	int64_t start = cpu_ns();
	for (long i = 0; strcmp(only, "rest") != 0 && i < rounds; i++) {
		parse(&b, a);
		allocations[0] = arena_count(a);
		arena_reset(a);
	}
	int64_t middle = cpu_ns();
	for (long i = 0; strcmp(only, "parse") != 0 && i < rounds; i++) {
		bytes += rest(&b, a);
		allocations[1] = arena_count(a);
		arena_reset(a);
	}
	int64_t end = cpu_ns();
	printf("{\"parse_ns\":%lld,\"rest_ns\":%lld,\"parse_allocations\":%zu,\"rest_allocations\":"
	       "%zu,\"answer_bytes\":%zu}\n",
	       (long long)((middle - start) / rounds), (long long)((end - middle) / rounds),
	       allocations[0], allocations[1], rounds ? bytes / (size_t)rounds : 0);
	policy_set_free(b.set);
	arena_free(b.parsed);
	arena_free(a);
	return 0;
}

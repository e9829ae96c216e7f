/*
 * Which mutants of the verifier do the cases notice? All mutants are compiled in, and all are off.
 *
 *   judge N CASES WORKERS TOGETHER   numbers of mutants, below N, on standard input, one a line; CASES: a
 *                                    file of paths. Writes "NUMBER killed CASE" or "NUMBER survived -".
 *
 * First every case is run as it is: that gives the reason which a mutant has to change, and which mutants the case
 * reaches at all. Then each mutant is on in a child of its own, over some of the cases that reach it. Those that no
 * case noticed are on TOGETHER, so many, over all cases; where that is noticed, by halves. Two may hide each other:
 * of a survivor that matters ask again with TOGETHER = 1.
 * A mutant that crashes, or takes too much of the processor, is noticed, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "tests/mutation/mutant.h"
#include "tests/unit/sig_case.h"

#define MIB ((size_t)1 << 20)
/* Of a child over some cases, which takes a tenth of it, and over all. */
#define CPU_SECONDS_SOME 2
#define CPU_SECONDS_ALL 30
#define MAX_CASES 10000
#define MAX_MUTANTS 100000
#define SOME 24

unsigned char *mutant_on, *mutant_reached;

struct known {
	const char *path;
	enum verify_reason reason;
	unsigned char *reached;
};

static struct known cases[MAX_CASES];
static size_t n_cases, at_once;
static struct arena *scratch, *work;

static enum verify_reason answer(const char *path)
{
	struct verify_result r;
	struct sig_case c;
	struct err e;

	arena_reset(scratch);
	arena_reset(work);
	if (sig_case_load(scratch, path, &c, &e) < 0) {
		fprintf(stderr, "judge: %s: %s\n", path, e.text);
		exit(2);
	}
	sig_case_run(work, &c, &r);
	return r.reason;
}

/* ---- one child ---- */

static bool is_reached(const struct known *k, const int *mutants, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (k->reached[mutants[i]])
			return true;
	}
	return false;
}

/* The exit code: 0 when none of the cases notices. Each is written first: a crash tells nothing. */
static int notice(const int *mutants, size_t n, size_t at_most, int out)
{
	rlim_t seconds = at_most == SOME ? CPU_SECONDS_SOME : CPU_SECONDS_ALL;
	struct rlimit cpu = {seconds, seconds};
	size_t reached = 0, seen = 0;

	setrlimit(RLIMIT_CPU, &cpu);
	for (size_t i = 0; i < n_cases; i++)
		reached += is_reached(&cases[i], mutants, n);
	for (size_t i = 0; i < n; i++)
		mutant_on[mutants[i]] = 1;
	for (size_t i = 0; i < n_cases; i++) {
		if (!is_reached(&cases[i], mutants, n))
			continue;
		/* Evenly over all of them. */
		if (reached > at_most && seen++ * at_most % reached >= at_most)
			continue;
		if (pwrite(out, &i, sizeof(i), 0) != sizeof(i) ||
		    answer(cases[i].path) != cases[i].reason)
			return 1;
	}
	return 0;
}

/* The case that notices; NULL: none. */
static const char *ask(const int *mutants, size_t n, size_t at_most)
{
	static FILE *note;
	size_t last = 0;
	int status = 0;
	pid_t child;

	if (!note)
		note = tmpfile();
	if (!note || (child = fork()) < 0)
		exit(2);
	if (child == 0)
		_exit(notice(mutants, n, at_most, fileno(note)));
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return NULL;
	if (pread(fileno(note), &last, sizeof(last), 0) != sizeof(last) || last >= n_cases)
		return "none";
	return strrchr(cases[last].path, '/') + 1;
}

/* ---- many mutants ---- */

static void together(const int *mutants, size_t n)
{
	const char *by = ask(mutants, n, MAX_CASES);

	if (by && n > 1) {
		together(mutants, n / 2);
		together(mutants + n / 2, n - n / 2);
		return;
	}
	for (size_t i = 0; i < n; i++)
		printf("%d %s %s\n", mutants[i], by ? "killed" : "survived", by ? by : "-");
}

static void work_on(const int *mutants, size_t n)
{
	int *left = calloc(n + 1, sizeof(*left));
	size_t n_left = 0;

	setvbuf(stdout, NULL, _IOLBF, 1024);
	for (size_t i = 0; i < n; i++) {
		const char *by = ask(&mutants[i], 1, SOME);

		if (by)
			printf("%d killed %s\n", mutants[i], by);
		else
			left[n_left++] = mutants[i];
	}
	for (size_t i = 0; i < n_left; i += at_once)
		together(left + i, n_left - i < at_once ? n_left - i : at_once);
	free(left);
}

static void read_cases(const char *list, size_t n_mutants)
{
	struct arena *a = arena_new(64 * MIB);
	struct str rest, line;
	struct err e;

	if (file_read(a, list, 16 * MIB, &rest, &e) < 0) {
		fprintf(stderr, "judge: %s\n", e.text);
		exit(2);
	}
	while (n_cases < MAX_CASES && str_cut(rest, '\n', &line, &rest)) {
		struct known *k = &cases[n_cases++];

		k->path = arena_dup(a, line.p, line.n);
		k->reached = calloc(n_mutants, 1);
		mutant_reached = k->reached;
		k->reason = answer(k->path);
	}
	mutant_reached = calloc(n_mutants, 1);
}

/* Neighbours to one worker: cases that reach one reach the other. */
static int share(const int *mutants, size_t n, size_t n_workers)
{
	int status, rc = 0;

	for (size_t i = 0; i < n_workers; i++) {
		size_t from = n * i / n_workers, until = n * (i + 1) / n_workers;
		pid_t pid = fork();

		if (pid < 0)
			return 2;
		if (pid == 0) {
			work_on(mutants + from, until - from);
			fflush(stdout);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		rc |= status != 0;
	return rc ? 2 : 0;
}

int main(int argc, char **argv)
{
	static int mutants[MAX_MUTANTS];
	size_t count = 0, n_mutants;
	char line[64];

	if (argc != 5)
		return 2;
	n_mutants = (size_t)strtoul(argv[1], NULL, 10);
	at_once = (size_t)strtoul(argv[4], NULL, 10);
	scratch = arena_new(256 * MIB);
	work = arena_new(LIMIT_VERIFY_ARENA_BYTES);
	mutant_on = calloc(n_mutants, 1);
	mutant_reached = calloc(n_mutants, 1);
	read_cases(argv[2], n_mutants);
	while (count < MAX_MUTANTS && fgets(line, sizeof(line), stdin))
		mutants[count++] = (int)strtol(line, NULL, 10);
	return share(mutants, count, (size_t)strtoul(argv[3], NULL, 10));
}

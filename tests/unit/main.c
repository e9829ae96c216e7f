/*
 * Runs the unit tests: all suites, or those named as arguments. The last line is
 * `unit: N passed, N failed, N skipped`; no test at all is a failure.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUITE(name) Suite *test_##name##_suite(void);
#include "tests/unit/suites.def"
#undef SUITE

struct entry {
	const char *name;
	Suite *(*suite)(void);
};

static const struct entry entries[] = {
#define SUITE(name) {#name, test_##name##_suite},
#include "tests/unit/suites.def"
#undef SUITE
	{NULL, NULL},
};

static const struct entry *entry_find(const char *name)
{
	for (const struct entry *e = entries; e->name; e++) {
		if (strcmp(e->name, name) == 0)
			return e;
	}
	return NULL;
}

static int add_suites(SRunner *runner, int argc, char **argv)
{
	if (argc < 2) {
		for (const struct entry *e = entries; e->name; e++)
			srunner_add_suite(runner, e->suite());
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		const struct entry *e = entry_find(argv[i]);
		if (!e) {
			fprintf(stderr, "unit: no suite '%s' in tests/unit/suites.def\n", argv[i]);
			return -1;
		}
		srunner_add_suite(runner, e->suite());
	}
	return 0;
}

int main(int argc, char **argv)
{
	/* The library's 4 s are too few for loops under sanitizers on a busy machine. */
	setenv("CK_DEFAULT_TIMEOUT", "60", 0);

	SRunner *runner = srunner_create(NULL);
	if (add_suites(runner, argc, argv) < 0) {
		srunner_free(runner);
		return 2;
	}
	srunner_run_all(runner, CK_ENV);

	int run = srunner_ntests_run(runner);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (run == 0) {
		fprintf(stderr, "unit: no test ran\n");
		failed = 1;
		run = 1;
	}
	printf("unit: %d passed, %d failed, 0 skipped\n", run - failed, failed);
	return failed ? 1 : 0;
}

/*
 * The verifier over case files, for tests/sigstore/replay and for measuring.
 *
 *   sigtool CASE...          one line each: CASE <tab> state <tab> reason <tab> format <tab> text
 *   sigtool --key PEM...     one line each: PEM <tab> algorithm <tab> bits <tab> fingerprint
 *   sigtool --time N CASE... microseconds a verification, parsing included, mean of N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "tests/unit/sig_case.h"

#define MIB ((size_t)1 << 20)

static int one_case(struct arena *a, struct arena *work, const char *path)
{
	struct verify_result r;
	struct sig_case c;
	struct err e;

	if (sig_case_load(a, path, &c, &e) < 0) {
		fprintf(stderr, "sigtool: %s: %s\n", path, e.text);
		return -1;
	}
	sig_case_run(work, &c, &r);
	printf("%s\t%s\t%s\t%s\t%s\n", path, verify_state_name(r.state),
	       verify_reason_name(r.reason), bundle_format_name(r.format), r.text);
	return 0;
}

static int one_key(struct arena *a, const char *path)
{
	char buf[SIG_FINGERPRINT_BYTES];
	struct sig_key k;
	struct str pem;
	struct err e;

	if (file_read(a, path, MIB, &pem, &e) < 0 || sig_key_parse(a, pem, &k, &e) < 0) {
		printf("%s\t%s\n", path, e.text);
		return 0;
	}
	printf("%s\t%s\t%u\t%s\n", path, sig_algorithm_name(k.algorithm), k.bits,
	       sig_key_fingerprint(&k, buf));
	return 0;
}

static int one_time(struct arena *a, struct arena *work, const char *path, long n)
{
	struct verify_result r;
	struct sig_case c;
	struct err e;
	int64_t start;

	if (sig_case_load(a, path, &c, &e) < 0) {
		fprintf(stderr, "sigtool: %s: %s\n", path, e.text);
		return -1;
	}
	start = clock_mono_us();
	for (long i = 0; i < n; i++) {
		sig_case_run(work, &c, &r);
		arena_reset(work);
	}
	printf("%s\t%.1f us\n", path, (double)(clock_mono_us() - start) / (double)n);
	return 0;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new(256 * MIB), *work = arena_new(LIMIT_VERIFY_ARENA_BYTES);
	bool keys = argc > 1 && strcmp(argv[1], "--key") == 0;
	long times = argc > 2 && strcmp(argv[1], "--time") == 0 ? strtol(argv[2], NULL, 10) : 0;
	int rc = 0;

	for (int i = keys ? 2 : times ? 3 : 1; i < argc && rc == 0; i++) {
		if (keys)
			rc = one_key(a, argv[i]);
		else if (times)
			rc = one_time(a, work, argv[i], times);
		else
			rc = one_case(a, work, argv[i]);
		arena_reset(a);
		arena_reset(work);
	}
	arena_free(a);
	arena_free(work);
	return rc < 0 ? 2 : 0;
}

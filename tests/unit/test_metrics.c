#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rule.h"
#include "tests/unit/policy_fixture.h"
#include "webhook/metrics.h"

Suite *test_metrics_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct metrics *m;
static struct arena *arena;

static void setup(void)
{
	m = metrics_new("1.2.3", "abc");
	arena = arena_new(64 << 20);
	ck_assert(m && arena);
}

static void teardown(void)
{
	metrics_free(m);
	arena_free(arena);
}

static const char *page(const struct policy_set *set, bool openmetrics)
{
	struct text t;
	struct str out;

	text_init(&t, arena, 8 << 20);
	metrics_put(&t, m, set, openmetrics);
	ck_assert(text_done(&t, &out));
	return out.p;
}

/* Is this a whole line of the page? */
static void expect_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = strstr(text, line); p; p = strstr(p + 1, line))
		if ((p == text || p[-1] == '\n') && p[n] == '\n')
			return;
	ck_abort_msg("no line '%s'", line);
}

#define REQUESTS "assay_admission_requests_total"

START_TEST(everything_starts_at_zero)
{
	const char *text = page(NULL, false);
	const char *zeros[] = {
		REQUESTS
		"{resource=\"pods\",operation=\"CREATE\",outcome=\"denied\",dry_run=\"false\"} 0",
		REQUESTS
		"{resource=\"other\",operation=\"other\",outcome=\"allowed\",dry_run=\"true\"} 0",
		REQUESTS "{resource=\"podtemplates\",operation=\"UPDATE\",outcome=\"warned\",dry_"
			 "run=\"true\"} 0",
		("assay_admission_request_duration_seconds_bucket{outcome=\"error\",le=\"0.0025\"} "
		 "0"),
		"assay_admission_request_duration_seconds_bucket{outcome=\"error\",le=\"+Inf\"} 0",
		"assay_admission_request_duration_seconds_sum{outcome=\"error\"} 0.000000",
		"assay_admission_requests_in_flight 0",
		"assay_admission_rejected_connections_total{reason=\"malformed\"} 0",
		"assay_admission_rejected_connections_total{reason=\"oversize\"} 0",
		"assay_admission_rejected_connections_total{reason=\"overload\"} 0",
		"assay_admission_rejected_connections_total{reason=\"tls\"} 0",
		"assay_admission_rejected_connections_total{reason=\"slow\"} 0",
		"assay_rule_evaluations_total{rule=\"image\",result=\"error\"} 0",
		"assay_rule_evaluations_total{rule=\"runAs\",result=\"fail\"} 0",
		"assay_rule_evaluations_total{rule=\"readOnlyRootFilesystem\",result=\"skip\"} 0",
		"assay_config_last_reload_successful 0",
		"assay_policies 0",
	};

	for (size_t i = 0; i < COUNT(zeros); i++)
		expect_line(text, zeros[i]);
	expect_line(text, "assay_build_info{version=\"1.2.3\",revision=\"abc\"} 1");
}
END_TEST

START_TEST(requests_are_counted_by_label)
{
	const struct metrics_request known = {.resource = S("cronjobs"),
					      .operation = S("UPDATE"),
					      .verdict = VERDICT_WARN,
					      .dry_run = true,
					      .duration_us = 2500};
	const struct metrics_request hostile = {.resource = S("x\"\n}"),
						.operation = S("CONNECT"),
						.verdict = VERDICT_DENY,
						.duration_us = 60000000};

	metrics_request(m, &known);
	metrics_request(m, &known);
	metrics_request(m, &hostile);
	const char *text = page(NULL, false);
	expect_line(text, REQUESTS "{resource=\"cronjobs\",operation=\"UPDATE\",outcome=\"warned\","
				   "dry_run=\"true\"} 2");
	expect_line(
		text, REQUESTS
		"{resource=\"other\",operation=\"other\",outcome=\"denied\",dry_run=\"false\"} 1");
	/* a bucket holds what is as long as its limit; they add up */
	expect_line(text, "assay_admission_request_duration_seconds_bucket{outcome=\"warned\",le="
			  "\"0.001\"} 0");
	expect_line(text, "assay_admission_request_duration_seconds_bucket{outcome=\"warned\",le="
			  "\"0.0025\"} 2");
	expect_line(
		text,
		"assay_admission_request_duration_seconds_bucket{outcome=\"warned\",le=\"10\"} 2");
	expect_line(text,
		    "assay_admission_request_duration_seconds_sum{outcome=\"warned\"} 0.005000");
	expect_line(
		text,
		"assay_admission_request_duration_seconds_bucket{outcome=\"denied\",le=\"10\"} 0");
	expect_line(text, "assay_admission_request_duration_seconds_bucket{outcome=\"denied\",le="
			  "\"+Inf\"} 1");
	expect_line(text, "assay_admission_request_duration_seconds_count{outcome=\"denied\"} 1");
}
END_TEST

START_TEST(rules_and_exceptions_are_counted)
{
	struct fixture *f = fixture_new();
	struct policy_rule *rule = fixture_read_only(f);

	fixture_exception(f, "ex-1", rule, FIXTURE_NOW + FIXTURE_DAY);
	(void)fixture_judge(f, BAD_POD);
	metrics_report(m, &f->engine.report);
	metrics_report(m, &f->engine.report);
	const char *text = page(&f->set, false);
	expect_line(
		text,
		"assay_rule_evaluations_total{rule=\"readOnlyRootFilesystem\",result=\"skip\"} 2");
	expect_line(text, "assay_exception_uses_total{exception=\"ex-1\"} 2");
	expect_line(text,
		    "assay_exception_expiry_timestamp_seconds{exception=\"ex-1\"} 1795392000");
	expect_line(text, "assay_policies 1");
	fixture_free(f);
}
END_TEST

START_TEST(gauges)
{
	metrics_in_flight_add(m, 1);
	metrics_in_flight_add(m, 1);
	metrics_in_flight_add(m, -1);
	metrics_certificate(m, 1797920017);
	metrics_reload(m, true, 1795305600);
	metrics_reload(m, false, 1795305601);
	metrics_rejected(m, REJECTED_SLOW, 3);
	const char *text = page(NULL, false);
	expect_line(text, "assay_admission_requests_in_flight 1");
	ck_assert_int_eq(metrics_in_flight(m), 1);
	expect_line(text, "assay_tls_certificate_not_after_timestamp_seconds 1797920017");
	expect_line(text, "assay_config_last_reload_successful 0");
	expect_line(text, "assay_config_last_reload_success_timestamp_seconds 1795305600");
	expect_line(text, "assay_admission_rejected_connections_total{reason=\"slow\"} 3");
}
END_TEST

START_TEST(openmetrics_names_families_without_total)
{
	const char *text = page(NULL, true);
	size_t n = strlen(text);

	expect_line(text, "# TYPE assay_admission_requests counter");
	expect_line(text, "# TYPE process_cpu_seconds counter");
	ck_assert_str_eq(text + n - 6, "# EOF\n");
	const char *plain = page(NULL, false);
	expect_line(plain, "# TYPE assay_admission_requests_total counter");
	ck_assert_ptr_null(strstr(plain, "# EOF"));
}
END_TEST

static void *count_a_lot(void *unused)
{
	const struct metrics_request r = {.resource = S("pods"),
					  .operation = S("CREATE"),
					  .verdict = VERDICT_ALLOW,
					  .duration_us = 1};

	(void)unused;
	for (int i = 0; i < 10000; i++) {
		metrics_request(m, &r);
		metrics_in_flight_add(m, i % 2 ? -1 : 1);
	}
	return NULL;
}

START_TEST(threads_lose_no_count)
{
	pthread_t threads[4];

	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, count_a_lot, NULL), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	const char *text = page(NULL, false);
	expect_line(text, REQUESTS "{resource=\"pods\",operation=\"CREATE\",outcome=\"allowed\","
				   "dry_run=\"false\"} 40000");
	expect_line(text, "assay_admission_requests_in_flight 0");
}
END_TEST

Suite *test_metrics_suite(void)
{
	Suite *s = suite_create("metrics");
	TCase *t = tcase_create("metrics");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, everything_starts_at_zero);
	tcase_add_test(t, requests_are_counted_by_label);
	tcase_add_test(t, rules_and_exceptions_are_counted);
	tcase_add_test(t, gauges);
	tcase_add_test(t, openmetrics_names_families_without_total);
	tcase_add_test(t, threads_lose_no_count);
	suite_add_tcase(s, t);
	return s;
}

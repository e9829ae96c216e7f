#include "tests/unit/report_fixture.h"

#include <check.h>

const struct policy fixture_deny = {.name = {"golden", 6}};
const struct policy fixture_lenient = {.name = {"lenient", 7}, .on_error = ON_ERROR_ALLOW};
static const struct policy_rule ro_rule = {.name = {"ro-rootfs", 9}};

const struct report_object fixture_web = {.kind = {"Pod", 3},
					  .ns = {"shop", 4},
					  .name = {"web", 3}};
const struct report_text_options fixture_options = {.docs_url = {DOCS, sizeof(DOCS) - 1},
						    .uid = {"705ab4f5-f6a0-4c36-ad60-8d9cbcb6e64e",
							    36}};

struct report *fixture_report(struct fixture *f)
{
	report_init(&f->engine.report, f->arena);
	return &f->engine.report;
}

struct violation fixture_violation(struct fixture *f, enum code code, size_t i)
{
	return (struct violation){.code = code,
				  .policy = &fixture_deny,
				  .rule = &ro_rule,
				  .path = str_of(fixture_text(f, "spec.containers[%zu].image", i)),
				  .got = {.form = GOT_QUOTED,
					  .value = S("nginx:1.27"),
					  .note = S("docker.io")},
				  .want = S("registry.internal.example.com/*")};
}

void expect_message(struct fixture *f, const struct report_text_options *o, const char *want)
{
	struct str s = report_message(&f->engine.report, &fixture_web, o);

	ck_assert_uint_eq(s.n, strlen(s.p));
	expect_text(s.p, want, "message");
}

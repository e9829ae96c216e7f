#include "tests/unit/signature_fixture.h"

#include "tests/unit/policy_text.h"

struct fixture *x;
struct fake_registry *reg;
static struct fake_key keys[3];
static struct loaded l;

void signature_setup(void)
{
	x = fixture_new();
	reg = fake_new();
	for (size_t i = 0; i < 3; i++)
		fake_key_init(reg, &keys[i]);
	l = (struct loaded){0};
}

void signature_teardown(void)
{
	loaded_free(&l);
	for (size_t i = 0; i < 3; i++)
		fake_key_done(&keys[i]);
	fake_free(reg);
	fixture_free(x);
}

static const char *key_item(size_t i)
{
	struct text t;
	struct str s;

	text_init(&t, reg->arena, 4096);
	text_puts(&t, "{inline: \"");
	for (const char *p = keys[i].pem; *p; p++)
		text_put(&t, *p == '\n' ? S("\\n") : (struct str){p, 1});
	text_puts(&t, "\"}");
	ck_assert(text_done(&t, &s));
	return s.p;
}

void load_rules(const char *on_error, const char *rules)
{
	struct policy_options o = {.now_unix_s = FIXTURE_NOW};

	loaded_free(&l);
	l = load_with(fake_text(reg,
				"apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: golden}\n"
				"spec:\n  mode: deny\n  onError: %s\n"
				"  match: {resources: [pods], operations: [CREATE]}\n"
				"  authorities:\n    r1: {key: %s}\n    r2: {key: %s}\n"
				"    r3: {key: %s}\n  rules:\n%s",
				on_error, key_item(0), key_item(1), key_item(2), rules),
		      &o);
	ck_assert_msg(l.set != NULL, "%s", problems_text(&l.problems));
}

const char *rule(const char *params)
{
	return fake_text(reg, "  - {name: signed, signature: {%s}}\n", params);
}

void evaluate(const char *pod)
{
	x->admission.object = fixture_json(x, pod);
	engine_evaluate(&x->engine, x->arena, l.set, &x->admission);
}

enum verdict conclude(const struct evidence *answers)
{
	engine_conclude(&x->engine, answers);
	return report_verdict(&x->engine.report);
}

const char *pod_of(const char *image)
{
	return fixture_text(x, "{'spec': {'containers': [{'name': 'proxy', 'image': '%s'}]}}",
			    image);
}

#include <check.h>
#include <stdio.h>

#include "core/json.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/repeat.h"
#include "webhook/review.h"
#include "webhook/scan.h"

Suite *test_review_suite(void);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEAD "'apiVersion':'admission.k8s.io/v1','kind':'AdmissionReview'"
#define KIND "'kind':{'group':'','version':'v1','kind':'Pod'}"
#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "705ab4f5-8f1c-4c3e-9d0b-0c8f3c1d2e3f"

/* A review of a Pod; `object` and `more` are JSON with ' for ". */
#define REVIEW_OF(object, more)                                                                    \
	"{" HEAD ",'request':{'uid':'" UID "'," KIND                                               \
	",'resource':{'resource':'pods'},'name':'web','namespace':'shop','operation':'CREATE',"    \
	"'userInfo':{'username':'ci'},'object':" object more "}}"

static struct fixture *f;

static void setup(void)
{
	f = fixture_new();
	fixture_read_only(f);
}

static void teardown(void)
{
	fixture_free(f);
}

static struct str json_of(const char *text)
{
	char *p = fixture_text(f, "%s", text);
	for (char *c = p; *c; c++)
		if (*c == '\'')
			*c = '"';
	return str_of(p);
}

static const struct {
	const char *body;
	enum review_status status;
	const char *uid;
	const char *why;
} bodies[] = {
	{"", REVIEW_UNREADABLE, "", NULL},
	{"hello", REVIEW_UNREADABLE, "", NULL},
	{"[]", REVIEW_UNREADABLE, "",
	 "not an AdmissionReview: kind AdmissionReview of admission.k8s.io/v1 is wanted"},
	{"{'apiVersion':'admission.k8s.io/v1','kind':'Pod'}", REVIEW_UNREADABLE, "",
	 "not an AdmissionReview: kind AdmissionReview of admission.k8s.io/v1 is wanted"},
	{"{'apiVersion':'v1','kind':'AdmissionReview'}", REVIEW_UNREADABLE, "",
	 "not an AdmissionReview: kind AdmissionReview of admission.k8s.io/v1 is wanted"},
	{"{" HEAD "}", REVIEW_UNREADABLE, "", "not an AdmissionReview: no request in it"},
	{"{" HEAD ",'request':[]}", REVIEW_UNREADABLE, "",
	 "not an AdmissionReview: no request in it"},
	{"{" HEAD ",'request':{}}", REVIEW_UNREADABLE, "", "request.uid: not set"},
	{"{" HEAD ",'request':{'uid':7}}", REVIEW_UNREADABLE, "", "request.uid: not set"},
	{"{" HEAD ",'request':{'uid':''}}", REVIEW_UNREADABLE, "", "request.uid: not set"},
	{"{'apiVersion':'admission.k8s.io/v1beta1','kind':'AdmissionReview','request':{'uid':'x'}}",
	 REVIEW_WRONG_VERSION, "",
	 "apiVersion admission.k8s.io/v1beta1: only admission.k8s.io/v1 is understood"},
	{"{'apiVersion':'admission.k8s.io/\\n\\u202e','kind':'AdmissionReview'}",
	 REVIEW_WRONG_VERSION, "",
	 "apiVersion admission.k8s.io/\\x0a\\u202e: only admission.k8s.io/v1 is understood"},
	{"{" HEAD ",'request':{'uid':'x'}}", REVIEW_BAD_REQUEST, "x", "request.kind.kind: not set"},
	{"{" HEAD ",'request':{'uid':'x','kind':[]}}", REVIEW_BAD_REQUEST, "x",
	 "request.kind: list instead of an object"},
	{"{" HEAD ",'request':{'uid':'x'," KIND "}}", REVIEW_BAD_REQUEST, "x",
	 "request.operation: not set"},
	{"{" HEAD ",'request':{'uid':'x'," KIND ",'operation':true}}", REVIEW_BAD_REQUEST, "x",
	 "request.operation: boolean instead of a string"},
	{"{" HEAD ",'request':{'uid':'x'," KIND ",'operation':'CREATE','namespace':{}}}",
	 REVIEW_BAD_REQUEST, "x", "request.namespace: map instead of a string"},
	{"{" HEAD ",'request':{'uid':'x'," KIND ",'operation':'CREATE','dryRun':'no'}}",
	 REVIEW_BAD_REQUEST, "x", "request.dryRun: string instead of a boolean"},
	{"{" HEAD ",'request':{'uid':'x'," KIND ",'operation':'CREATE','userInfo':1}}",
	 REVIEW_BAD_REQUEST, "x", "request.userInfo: integer instead of an object"},
	{"{" HEAD ",'request':{'uid':'x'," KIND ",'operation':'CREATE'}}", REVIEW_OK, "x", NULL},
	/* What the reader refuses: with a uid a denial, whatever comes after it. */
	{"{" HEAD ",'request':{'uid':'x','object':", REVIEW_BAD_REQUEST, "x", NULL},
	{"{" HEAD ",'request':{'uid':'x','a':1,'a':2}}", REVIEW_BAD_REQUEST, "x", NULL},
	{"{" HEAD ",'request':{'object':{'uid':'no'},'uid':'x','a':1,'a':2}}", REVIEW_BAD_REQUEST,
	 "x", NULL},
	{"{'request':{'uid':'x','a':1,'a':2},", REVIEW_UNREADABLE, "", NULL},
};

START_TEST(bodies_are_told_apart)
{
	struct review r;
	struct err e = {0};

	ck_assert_int_eq(review_parse(f->arena, json_of(bodies[_i].body), &r, &e),
			 bodies[_i].status);
	ck_assert(str_eq(r.uid, str_of(bodies[_i].uid)));
	if (bodies[_i].why)
		ck_assert_str_eq(e.text, bodies[_i].why);
	else if (bodies[_i].status != REVIEW_OK)
		ck_assert_str_ne(e.text, "");
}
END_TEST

START_TEST(everything_is_read)
{
	struct review r;
	struct err e = {0};
	struct str body =
		json_of("{" HEAD ",'request':{'uid':'u','kind':{'group':'apps','version':'v1',"
			"'kind':'Deployment'},'resource':{'resource':'deployments'},"
			"'subResource':'scale','name':'web','namespace':'shop',"
			"'operation':'UPDATE','userInfo':{'username':'me'},'dryRun':true,"
			"'object':{'metadata':{'generateName':'web-','managedFields':[1]}},"
			"'oldObject':{'a':1},'unknown':{}}}");

	ck_assert_int_eq(review_parse(f->arena, body, &r, &e), REVIEW_OK);
	ck_assert(str_eq(r.uid, S("u")) && str_eq(r.resource, S("deployments")));
	ck_assert(str_eq(r.operation, S("UPDATE")) && str_eq(r.user, S("me")) && r.dry_run);
	ck_assert_int_eq(r.admission.operation, OPERATION_UPDATE);
	ck_assert(str_eq(r.admission.group, S("apps")) && str_eq(r.admission.version, S("v1")));
	ck_assert(str_eq(r.admission.kind, S("Deployment")));
	ck_assert(str_eq(r.admission.subresource, S("scale")));
	ck_assert(str_eq(r.admission.ns, S("shop")) && str_eq(r.admission.name, S("web")));
	ck_assert(str_eq(r.admission.generate_name, S("web-")));
	ck_assert_uint_eq(node_len(node_get(r.admission.object, S("metadata"))), 1);
	ck_assert_ptr_nonnull(node_get(r.admission.old_object, S("a")));
}
END_TEST

START_TEST(old_object_is_only_for_updates)
{
	struct review r;
	struct err e = {0};
	struct str body = json_of(REVIEW_OF("{}", ",'oldObject':{}"));

	ck_assert_int_eq(review_parse(f->arena, body, &r, &e), REVIEW_OK);
	ck_assert_int_eq(r.admission.operation, OPERATION_CREATE);
	ck_assert_ptr_null(r.admission.old_object);
}
END_TEST

START_TEST(a_tree_too_deep_is_too_complex)
{
	struct review r;
	struct err e = {0};
	struct str deep = repeat("{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":"
				 "\"AdmissionReview\",\"request\":{\"uid\":\"x\",\"object\":",
				 "[", 100000, "");

	ck_assert_int_eq(review_parse(f->arena, deep, &r, &e), REVIEW_TOO_COMPLEX);
	ck_assert(str_eq(r.uid, S("x")));
	ck_assert_int_eq(e.kind, ERR_LIMIT);
	repeat_free(deep);
}
END_TEST

/* ---- the head, without a tree ---- */

static const struct {
	const char *body, *version, *uid;
} heads[] = {
	{"", "", ""},
	{"{}", "", ""},
	{"{" HEAD ",'request':{'uid':'x'}}", "admission.k8s.io/v1", "x"},
	{"{'request':{'uid':'x'},'apiVersion':'v'}", "v", "x"},
	{"{'request':{'a':{'uid':'no'},'b':[{'uid':'no'}],'uid':'x'}}", "", "x"},
	{"{'a':'\\'}{','request':{'uid':'x'}}", "", "x"},
	{"{'uid':'no','request':{}}", "", ""},
	{"{'request':'uid'}", "", ""},
	{"{'request':[{'uid':'no'}]}", "", ""},
	{"{'request':{'uid':7}}", "", ""},
	{"{'request':{'uid':'a b'}}", "", ""},
	{"{'request':{'uid':'a\\u0000'}}", "", ""},
	{"{'request':{'uid':'x','uid':'y'}}", "", "x"},
	{"  {\n'request' :\t{ 'uid' : 'x' } }", "", "x"},
	{"{'request':{'uid':'x", "", ""},
	{"{'request':{'a", "", ""},
};

START_TEST(heads_are_found)
{
	struct review_head head;

	review_scan(json_of(heads[_i].body), &head);
	ck_assert(str_eq(head.api_version, str_of(heads[_i].version)));
	ck_assert(str_eq(head.uid, str_of(heads[_i].uid)));
}
END_TEST

/* ---- answers ---- */

static const struct report_text_options options = {.docs_url = {"https://docs.example.com/fix", 28},
						   .uid = {UID, 36}};

/* From body to answer; "" when it did not fit the arena. */
static struct str answer_to(struct str body)
{
	struct review r;
	struct err e = {0};
	struct answer answer = {0};
	struct str out = {0};

	if (review_parse(f->arena, body, &r, &e) != REVIEW_OK)
		return out;
	r.admission.now_unix_s = FIXTURE_NOW;
	engine_evaluate(&f->engine, f->arena, &f->set, &r.admission);
	engine_conclude(&f->engine, NULL);
	review_answer(&r, &f->engine, &options, &answer);
	return review_render(f->arena, &r, &f->engine, &answer, S(SHA), &out) ? out
									      : (struct str){0};
}

START_TEST(a_refusal_is_rendered)
{
	struct str got = answer_to(json_of(REVIEW_OF(BAD_POD, "")));
	struct str want =
		json_of("{'apiVersion':'admission.k8s.io/v1','kind':'AdmissionReview','response':{"
			"'uid':'" UID "','allowed':false,'status':{'status':'Failure',"
			"'message':'assay: 1 violation in Pod shop/web\\n"
			"- read-only-root-filesystem: "
			"spec.containers[0].securityContext.readOnlyRootFilesystem "
			"(container \\'a\\'): not set; want true\\n"
			"Fix it: https://docs.example.com/fix#read-only-root-filesystem (request "
			"705ab4f5)',"
			"'reason':'Forbidden','details':{'name':'web','kind':'Pod','causes':[{"
			"'reason':'FieldValueRequired',"
			"'message':'golden/readOnlyRootFilesystem: not set; want true',"
			"'field':'spec.containers[0].securityContext.readOnlyRootFilesystem'}]},"
			"'code':403},'auditAnnotations':{'decision':'denied',"
			"'rules':'read-only-root-filesystem','policy-sha256':'" SHA "',"
			"'review-uid':'" UID "'}}}");

	expect_text(got.p, want.p, "answer");
}
END_TEST

START_TEST(an_admission_is_rendered)
{
	struct str got = answer_to(json_of(REVIEW_OF(GOOD_POD, "")));
	struct str want =
		json_of("{'apiVersion':'admission.k8s.io/v1','kind':'AdmissionReview','response':{"
			"'uid':'" UID "','allowed':true,'auditAnnotations':{'decision':'allowed',"
			"'policy-sha256':'" SHA "','review-uid':'" UID "'}}}");

	expect_text(got.p, want.p, "answer");
}
END_TEST

START_TEST(warnings_are_rendered)
{
	f->rules[0][0].mode = MODE_WARN;
	struct str got = answer_to(json_of(REVIEW_OF(BAD_POD, "")));
	struct str want = json_of(
		"{'apiVersion':'admission.k8s.io/v1','kind':'AdmissionReview','response':{"
		"'uid':'" UID "','allowed':true,'warnings':["
		"'assay: container \\'a\\': root filesystem is not read-only "
		"(spec.containers[0].securityContext.readOnlyRootFilesystem)'],"
		"'auditAnnotations':{'decision':'warned','rules':'read-only-root-filesystem',"
		"'policy-sha256':'" SHA "','review-uid':'" UID "'}}}");

	expect_text(got.p, want.p, "answer");
}
END_TEST

START_TEST(exceptions_are_named_once)
{
	struct str body = json_of(REVIEW_OF(
		"{'spec':{'containers':[{'name':'a','image':'i'},{'name':'b','image':'i'}]}}", ""));
	struct node *root = NULL;
	struct err e;

	fixture_exception(f, "ex-1", &f->rules[0][0], FIXTURE_NOW + 100 * FIXTURE_DAY);
	struct str got = answer_to(body);
	ck_assert_int_eq(json_parse(f->static_arena, got, NULL, &root, NULL, &e), 0);
	const struct node *audit = node_get(node_get(root, S("response")), S("auditAnnotations"));
	ck_assert(str_eq(node_str(node_get(audit, S("exceptions"))), S("ex-1")));
	ck_assert(str_eq(node_str(node_get(audit, S("decision"))), S("allowed")));
}
END_TEST

START_TEST(dry_run_changes_nothing)
{
	struct str wet = answer_to(json_of(REVIEW_OF(BAD_POD, ",'dryRun':false")));
	struct str dry = answer_to(json_of(REVIEW_OF(BAD_POD, ",'dryRun':true")));

	ck_assert_str_eq(wet.p, dry.p);
}
END_TEST

START_TEST(own_refusals)
{
	struct answer answer;
	struct review r = {.uid = S("q\"\n")};
	struct str got;

	review_refuse(&answer, 400, S("assay: review not understood"));
	ck_assert_int_eq(answer.verdict, VERDICT_DENY);
	ck_assert(review_render(f->arena, &r, NULL, &answer, (struct str){0}, &got));
	struct str want = json_of(
		"{'apiVersion':'admission.k8s.io/v1','kind':'AdmissionReview','response':{"
		"'uid':'q\\'\\n','allowed':false,'status':{'status':'Failure',"
		"'message':'assay: review not understood','reason':'BadRequest','details':{},"
		"'code':400},'auditAnnotations':{'decision':'denied','review-uid':'q\\'\\n'}}}");
	expect_text(got.p, want.p, "answer");
	review_refuse(&answer, 503, S("x"));
	ck_assert_int_eq(answer.verdict, VERDICT_UNAVAILABLE);
	ck_assert_str_eq(answer.reason, "ServiceUnavailable");
}
END_TEST

START_TEST(the_fallback_fits_the_longest_uid)
{
	char uid[LIMIT_UID_BYTES];
	char buf[FALLBACK_BYTES];
	struct node *root = NULL;
	struct err e;

	memset(uid, 1, sizeof(uid));
	struct str got = review_render_fallback((struct str){uid, sizeof(uid)}, buf, sizeof(buf));
	ck_assert_int_eq(json_parse(f->arena, got, NULL, &root, NULL, &e), 0);
	const struct node *response = node_get(root, S("response"));
	ck_assert(str_eq(node_str(node_get(response, S("uid"))), (struct str){uid, sizeof(uid)}));
	ck_assert(node_is(node_get(response, S("allowed")), NODE_BOOL));
	ck_assert(!node_get(response, S("allowed"))->boolean);
	ck_assert_int_eq(node_get(node_get(response, S("status")), S("code"))->integer, 503);
}
END_TEST

static bool says_allowed(struct str json)
{
	const char yes[] = "\"allowed\":true";

	return json.n > 0 && memmem(json.p, json.n, yes, sizeof(yes) - 1) != NULL;
}

/* Every single allocation fails once: the answer is none, or a refusal, and in the end the right one. */
START_TEST(no_memory_never_admits)
{
	struct str body = json_of(_i == 0 ? REVIEW_OF(BAD_POD, "") : REVIEW_OF(GOOD_POD, ""));
	bool done = false;

	for (size_t n = 1; n < 2000 && !done; n++) {
		arena_reset(f->arena);
		arena_fail_at(f->arena, n);
		struct str got = answer_to(body);
		done = !arena_exhausted(f->arena);
		if (!done)
			ck_assert(!says_allowed(got));
		else
			ck_assert_int_eq(says_allowed(got), _i == 1);
	}
	ck_assert(done);
}
END_TEST

Suite *test_review_suite(void)
{
	Suite *s = suite_create("review");
	TCase *t = tcase_create("review");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, bodies_are_told_apart, 0, (int)COUNT(bodies));
	tcase_add_test(t, everything_is_read);
	tcase_add_test(t, old_object_is_only_for_updates);
	tcase_add_test(t, a_tree_too_deep_is_too_complex);
	tcase_add_loop_test(t, heads_are_found, 0, (int)COUNT(heads));
	tcase_add_test(t, a_refusal_is_rendered);
	tcase_add_test(t, an_admission_is_rendered);
	tcase_add_test(t, warnings_are_rendered);
	tcase_add_test(t, exceptions_are_named_once);
	tcase_add_test(t, dry_run_changes_nothing);
	tcase_add_test(t, own_refusals);
	tcase_add_test(t, the_fallback_fits_the_longest_uid);
	tcase_add_loop_test(t, no_memory_never_admits, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

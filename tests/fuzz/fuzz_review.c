/*
 * AdmissionReviews from body to answer. The input is a body; what comes out must be an HTTP error, or a
 * valid AdmissionReview with the uid of the request, refused unless the engine saw the whole of it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "policy/load.h"
#include "webhook/review.h"
#include "webhook/scan.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static const char policy_text[] =
	"apiVersion: assay.dev/v1\n"
	"kind: Policy\n"
	"metadata: {name: golden}\n"
	"spec:\n"
	"  mode: deny\n"
	"  onError: deny\n"
	"  match: {resources: [pods, workloads], operations: [CREATE, UPDATE]}\n"
	"  rules:\n"
	"  - {name: image, image: {registries: [\"registry.internal.example/golden/**\"], digest: "
	"required}}\n"
	"  - {name: user, runAs: {user: 65532, group: 65532}}\n"
	"  - {name: root, mode: warn, readOnlyRootFilesystem: {}}\n";

static struct arena *problems_arena;
static struct policy_set *set;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct policy_file file = {S("policy.yaml"), S(policy_text)};
	const struct policy_options options = {.now_unix_s = 1795305600};
	struct problems problems;

	(void)argc;
	(void)argv;
	problems_arena = arena_new(1 << 20);
	REQUIRE(problems_arena);
	problems_init(&problems, problems_arena);
	set = policy_set_build(&file, 1, &options, &problems);
	REQUIRE(set);
	return 0;
}

/* The rendered answer, read back. */
static void check_answer(struct arena *a, struct str json, struct str uid, enum verdict verdict)
{
	struct node *root = NULL;
	struct err e;

	arena_reset(a);
	REQUIRE(json_parse(a, json, NULL, &root, NULL, &e) == 0);
	const struct node *response = node_get(root, S("response"));
	const struct node *allowed = node_get(response, S("allowed"));
	const struct node *status = node_get(response, S("status"));
	bool admitted = verdict == VERDICT_ALLOW || verdict == VERDICT_WARN;

	REQUIRE(str_eq(node_str(node_get(response, S("uid"))), uid));
	REQUIRE(node_is(allowed, NODE_BOOL) && allowed->boolean == admitted);
	REQUIRE(admitted == !status);
	if (admitted)
		return;
	struct str message = node_str(node_get(status, S("message")));
	REQUIRE(message.n > 0 && message.n <= 4096);
	for (size_t i = 0; i < message.n; i++)
		REQUIRE((unsigned char)message.p[i] >= 0x20 || message.p[i] == '\n');
}

static enum verdict answer(struct arena *a, struct review *r, enum review_status status,
			   const struct err *e, struct str *json)
{
	const struct report_text_options o = {.docs_url = S("https://docs.example.com"),
					      .uid = r->uid};
	struct engine en;
	struct answer ans;
	bool judged = status == REVIEW_OK;

	r->admission.now_unix_s = 1795305600;
	if (judged) {
		engine_evaluate(&en, a, set, &r->admission);
		engine_conclude(&en, NULL);
		review_answer(r, &en, &o, &ans);
	} else {
		review_refuse(&ans, status == REVIEW_BAD_REQUEST ? 400 : 503, str_of(e->text));
	}
	REQUIRE(review_render(a, r, judged ? &en : NULL, &ans, S("x"), json));
	return ans.verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str body = {(const char *)data, n};
	struct review_head head;
	struct review r;
	struct err e = {0};
	struct str json;
	struct arena *a = arena_new(96 << 20);

	REQUIRE(a);
	review_scan(body, &head);
	enum review_status status = review_parse(a, body, &r, &e);
	if (status == REVIEW_UNREADABLE || status == REVIEW_WRONG_VERSION) {
		REQUIRE(e.text[0] != '\0');
		REQUIRE(status == REVIEW_WRONG_VERSION || r.uid.n == 0);
		arena_free(a);
		return 0;
	}
	REQUIRE(r.uid.n > 0);
	/* What is read without a tree must be what the tree says. */
	REQUIRE(status != REVIEW_OK || head.uid.n == 0 || str_eq(head.uid, r.uid));
	enum verdict verdict = answer(a, &r, status, &e, &json);
	REQUIRE(status == REVIEW_OK || verdict == VERDICT_DENY || verdict == VERDICT_UNAVAILABLE);
	char *copy = malloc(json.n + r.uid.n + 1);
	REQUIRE(copy);
	memcpy(copy, json.p, json.n);
	memcpy(copy + json.n, r.uid.p, r.uid.n);
	check_answer(a, (struct str){copy, json.n}, (struct str){copy + json.n, r.uid.n}, verdict);
	free(copy);
	arena_free(a);
	return 0;
}

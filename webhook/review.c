/*
 * AdmissionReview v1 in: from bytes or a node tree to a struct admission.
 *
 * What the API server can never send is refused here; what a user can put into an object is left to
 * the engine, which refuses it as a violation with a path.
 */
#include "webhook/review.h"

#include "core/json.h"
#include "webhook/limits.h"
#include "webhook/scan.h"

static const struct str api_group = {"admission.k8s.io/", sizeof("admission.k8s.io/") - 1};
static const struct str api_version = {"admission.k8s.io/v1", sizeof("admission.k8s.io/v1") - 1};

bool review_is(const struct node *root)
{
	return str_eq(node_str(node_get(root, S("kind"))), S("AdmissionReview")) &&
	       str_starts(node_str(node_get(root, S("apiVersion"))), api_group);
}

/* A member that is absent, null or a string. */
static int string_member(const struct node *map, const char *key, struct str *out, struct err *e)
{
	const struct node *n = node_get_set(map, str_of(key));
	if (n && n->type != NODE_STR)
		return err_set(e, ERR_INPUT, "request.%s: %s instead of a string", key,
			       node_type_name(n->type));
	*out = node_str(n);
	return 0;
}

static int map_member(const struct node *map, const char *key, const struct node **out,
		      struct err *e)
{
	const struct node *n = node_get_set(map, str_of(key));
	if (n && n->type != NODE_MAP)
		return err_set(e, ERR_INPUT, "request.%s: %s instead of an object", key,
			       node_type_name(n->type));
	*out = n;
	return 0;
}

static int read_kind(const struct node *request, struct admission *adm, struct err *e)
{
	const struct node *kind = NULL;
	TRY(map_member(request, "kind", &kind, e));
	adm->group = node_str(node_get(kind, S("group")));
	adm->version = node_str(node_get(kind, S("version")));
	adm->kind = node_str(node_get(kind, S("kind")));
	if (adm->kind.n == 0)
		return err_set(e, ERR_INPUT, "request.kind.kind: not set");
	return 0;
}

static int read_dry_run(const struct node *request, bool *out, struct err *e)
{
	const struct node *n = node_get_set(request, S("dryRun"));
	if (n && n->type != NODE_BOOL)
		return err_set(e, ERR_INPUT, "request.dryRun: %s instead of a boolean",
			       node_type_name(n->type));
	*out = n && n->boolean;
	return 0;
}

/* An unknown word is no reason to leave an object unjudged. */
static int read_operation(struct str word, enum operation *out, struct err *e)
{
	if (str_eq(word, S("CREATE")))
		*out = OPERATION_CREATE;
	else if (str_eq(word, S("UPDATE")))
		*out = OPERATION_UPDATE;
	else if (str_eq(word, S("DELETE")) || str_eq(word, S("CONNECT")))
		*out = OPERATION_OTHER;
	else if (word.n == 0)
		return err_set(e, ERR_INPUT, "request.operation: not set");
	else
		return err_set(e, ERR_INPUT,
			       "request.operation: not CREATE, UPDATE, DELETE or CONNECT");
	return 0;
}

/* spec: admission 1 "generateName is resolved": only files come without a name. */
static void read_names(const struct node *object, struct admission *adm)
{
	const struct node *metadata = node_get(object, S("metadata"));
	if (adm->name.n == 0)
		adm->name = node_str(node_get(metadata, S("name")));
	adm->generate_name = node_str(node_get(metadata, S("generateName")));
}

static int read_request(const struct node *request, struct review *out, struct err *e)
{
	struct admission *adm = &out->admission;
	const struct node *resource = NULL;
	const struct node *user = NULL;
	TRY(read_kind(request, adm, e));
	TRY(map_member(request, "resource", &resource, e));
	TRY(map_member(request, "userInfo", &user, e));
	TRY(string_member(request, "subResource", &adm->subresource, e));
	TRY(string_member(request, "namespace", &adm->ns, e));
	TRY(string_member(request, "name", &adm->name, e));
	TRY(string_member(request, "operation", &out->operation, e));
	TRY(read_dry_run(request, &out->dry_run, e));
	TRY(read_operation(out->operation, &adm->operation, e));
	out->resource = node_str(node_get(resource, S("resource")));
	out->user = node_str(node_get(user, S("username")));
	adm->object = node_get(request, S("object"));
	if (adm->operation == OPERATION_UPDATE)
		adm->old_object = node_get(request, S("oldObject"));
	read_names(adm->object, adm);
	return 0;
}

static int read_uid(const struct node *request, struct str *uid, struct err *e)
{
	const struct node *n = node_get(request, S("uid"));
	if (!node_is(request, NODE_MAP))
		return err_set(e, ERR_INPUT, "not an AdmissionReview: no request in it");
	if (!node_is(n, NODE_STR) || n->str.n == 0)
		return err_set(e, ERR_INPUT, "request.uid: not set");
	if (n->str.n > LIMIT_UID_BYTES)
		return err_set(e, ERR_INPUT, "request.uid: longer than %d bytes", LIMIT_UID_BYTES);
	*uid = n->str;
	return 0;
}

static enum review_status wrong_version(struct str version, struct err *e)
{
	char shown[96];
	struct text t;
	text_init_fixed(&t, shown, sizeof(shown));
	text_put_escaped(&t, version, 64);
	(void)err_set(e, ERR_INPUT, "apiVersion %s: only %s is understood", shown, api_version.p);
	return REVIEW_WRONG_VERSION;
}

enum review_status review_from_node(const struct node *root, struct review *out, struct err *e)
{
	*out = (struct review){0};
	if (!review_is(root)) {
		(void)err_set(e, ERR_INPUT,
			      "not an AdmissionReview: kind AdmissionReview of %s is wanted",
			      api_version.p);
		return REVIEW_UNREADABLE;
	}
	struct str version = node_str(node_get(root, S("apiVersion")));
	if (!str_eq(version, api_version))
		return wrong_version(version, e);
	const struct node *request = node_get(root, S("request"));
	if (read_uid(request, &out->uid, e) < 0)
		return REVIEW_UNREADABLE;
	if (read_request(request, out, e) < 0)
		return REVIEW_BAD_REQUEST;
	return REVIEW_OK;
}

/* The reader gave up. With the uid, looked for without building a tree, it can still be a refusal: an
 * HTTP error would be admitted under failurePolicy: Ignore. */
static enum review_status unreadable(struct str body, struct review *out, const struct err *e)
{
	struct review_head head;
	*out = (struct review){0};
	review_scan(body, &head);
	if (!str_eq(head.api_version, api_version) || head.uid.n == 0)
		return REVIEW_UNREADABLE;
	out->uid = head.uid;
	return e->kind == ERR_INPUT ? REVIEW_BAD_REQUEST : REVIEW_TOO_COMPLEX;
}

enum review_status review_parse(struct arena *a, struct str body, struct review *out, struct err *e)
{
	static const struct json_options options = {
		.skip_key = {"managedFields", sizeof("managedFields") - 1}};
	struct node *root = NULL;
	struct position where = {0};
	if (json_parse(a, body, &options, &root, &where, e) < 0) {
		enum review_status status = unreadable(body, out, e);
		if (where.line > 0)
			(void)err_wrap(e, "line %u column %u", (unsigned)where.line,
				       (unsigned)where.column);
		return status;
	}
	return review_from_node(root, out, e);
}

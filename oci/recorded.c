#include "oci/recorded.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "oci/limits.h"
#include "oci/referrers.h"

int registry_recorded_init(struct registry_recorded *r, const char *dir, const struct clock *clock,
			   struct err *e)
{
	struct stat st;
	char shown[256];
	struct text t;
	text_init_fixed(&t, shown, sizeof(shown));
	text_quote(&t, str_of(dir), 128);
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(e, ERR_IO, "recorded registry content %s: no such folder", shown);
	*r = (struct registry_recorded){dir, clock};
	return 0;
}

/* "DIR/host/path/part"; NULL: it does not fit. */
static const char *path_of(const struct registry_recorded *r, struct arena *a,
			   const struct registry_repository *p, const char *part)
{
	struct text t;
	struct str out;
	text_init(&t, a, 4096);
	text_puts(&t, r->dir);
	text_putc(&t, '/');
	text_put(&t, p->host);
	text_putc(&t, '/');
	text_put(&t, p->path);
	text_printf(&t, "/%s", part);
	return text_done(&t, &out) ? out.p : NULL;
}

static bool exists(const char *path, bool folder)
{
	struct stat st;
	return stat(path, &st) == 0 && (folder ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
}

/* Nothing has that name, not even a link that leads nowhere. */
static bool is_missing(const char *path)
{
	struct stat st;
	return lstat(path, &st) < 0 && errno == ENOENT;
}

static void fail(struct arena *a, struct registry_reply *out, enum registry_outcome o,
		 const struct registry_repository *p, const char *what, struct str which)
{
	struct text t;
	out->outcome = o;
	text_init(&t, a, 2048);
	text_puts(&t, "the recorded ");
	text_put(&t, p->host);
	text_putc(&t, ' ');
	text_puts(&t, what);
	text_put(&t, which);
	if (!text_done(&t, &out->text))
		out->text = S("the recorded registry could not be read");
}

/* The Content-Type that was recorded for `part`, empty when none was. */
static struct str type_of(const struct registry_recorded *r, struct arena *a,
			  const struct registry_repository *p, const char *part)
{
	struct str bytes;
	struct node *root;
	struct err e = {0};
	const char *path = path_of(r, a, p, "index.json");
	if (!path || !exists(path, false) ||
	    file_read(a, path, LIMIT_MANIFEST_BYTES, &bytes, &e) < 0 ||
	    json_parse(a, bytes, NULL, &root, NULL, &e) < 0)
		return (struct str){NULL, 0};
	return node_str(node_get(root, str_of(part)));
}

/* Of a repository that was not recorded, nothing is known. Its failures are no outcomes of the host: that
 * would keep its other repositories from being looked at. */
static void read_nothing(const struct registry_recorded *r, struct arena *a,
			 const struct registry_repository *p, const char *part,
			 struct registry_reply *out)
{
	const char *manifests = path_of(r, a, p, "manifests");
	if (!manifests || !exists(manifests, true)) {
		fail(a, out, REGISTRY_REFUSED, p, "holds nothing of the repository ", p->path);
		return;
	}
	out->status = 404;
	fail(a, out, REGISTRY_NOT_FOUND, p, "does not hold ", str_of(part));
}

static void read_part(const struct registry_recorded *r, struct arena *a,
		      const struct registry_repository *p, const char *part, uint64_t max,
		      struct registry_reply *out)
{
	struct err e = {0};
	const char *path = path_of(r, a, p, part);
	*out = (struct registry_reply){.outcome = REGISTRY_INVALID, .tries = 1};
	if (!path) {
		fail(a, out, REGISTRY_REFUSED, p, "cannot name ", str_of(part));
		return;
	}
	if (is_missing(path)) {
		read_nothing(r, a, p, part, out);
		return;
	}
	if (file_read(a, path, (size_t)max, &out->body, &e) < 0 ||
	    sha256_of(out->body, &out->digest, &e) < 0) {
		fail(a, out, e.kind == ERR_LIMIT ? REGISTRY_TOO_LARGE : REGISTRY_REFUSED, p,
		     "cannot be read: ", str_of(e.text));
		return;
	}
	out->status = 200;
	out->outcome = REGISTRY_OK;
}

static void check_digest(struct arena *a, const struct registry_repository *p, const char *part,
			 const struct sha256 *want, struct registry_reply *out)
{
	if (out->outcome == REGISTRY_OK && memcmp(want, &out->digest, sizeof(*want)) != 0)
		fail(a, out, REGISTRY_INVALID, p,
		     "holds other bytes than the digest says: ", str_of(part));
	if (out->outcome != REGISTRY_OK)
		out->body = (struct str){NULL, 0};
}

static void recorded_manifest(void *self, const struct registry_call *call,
			      const struct registry_repository *p, struct str name,
			      struct registry_reply *out)
{
	const struct registry_recorded *r = self;
	char part[256];
	struct sha256 digest;
	snprintf(part, sizeof(part), "manifests/%.*s", STR_ARG(name));
	read_part(r, call->arena, p, part, LIMIT_MANIFEST_BYTES, out);
	if (sha256_parse(name, &digest))
		check_digest(call->arena, p, part, &digest, out);
	if (out->outcome == REGISTRY_OK)
		out->media_type = media_type_of(type_of(r, call->arena, p, part));
}

static void recorded_blob(void *self, const struct registry_call *call,
			  const struct registry_repository *p, const struct sha256 *digest,
			  uint64_t size, struct registry_reply *out)
{
	char hex[SHA256_HEX + 1], part[SHA256_HEX + 32];
	sha256_hex(digest, hex);
	snprintf(part, sizeof(part), "blobs/sha256:%s", hex);
	read_part(self, call->arena, p, part, LIMIT_BLOB_BYTES, out);
	if (out->outcome == REGISTRY_OK && out->body.n != size)
		fail(call->arena, out, REGISTRY_CONTENT, p,
		     "holds another size than announced: ", str_of(part));
	check_digest(call->arena, p, part, digest, out);
}

static void add(const struct registry_call *call, const struct registry_repository *p,
		struct str type, const struct registry_filter *filter,
		struct registry_referrers *out)
{
	struct err e = {0};
	if (out->reply.outcome == REGISTRY_OK &&
	    referrers_add(call->arena, out->reply.body, type, filter, out, &e) < 0) {
		fail(call->arena, &out->reply, REGISTRY_CONTENT, p,
		     "holds a wrong list of referrers: ", str_of(e.text));
		out->truncated = true;
	}
	/* None is an answer too. */
	if (out->reply.outcome == REGISTRY_NOT_FOUND) {
		out->reply.outcome = REGISTRY_OK;
		out->reply.text = (struct str){NULL, 0};
	}
	out->reply.body = (struct str){NULL, 0};
	memset(&out->reply.digest, 0, sizeof(out->reply.digest));
}

static void recorded_referrers(void *self, const struct registry_call *call,
			       const struct registry_repository *p, const struct sha256 *subject,
			       const struct registry_filter *filter, struct registry_referrers *out)
{
	const struct registry_recorded *r = self;
	char hex[SHA256_HEX + 1], tag[DIGEST_TAG_MAX], part[SHA256_HEX + 32];
	const char *folder = path_of(r, call->arena, p, "referrers");
	sha256_hex(subject, hex);
	digest_tag(subject, "", tag);
	out->by_tag_schema = !folder || is_missing(folder);
	if (out->by_tag_schema)
		snprintf(part, sizeof(part), "manifests/%s", tag);
	else
		snprintf(part, sizeof(part), "referrers/sha256:%s", hex);
	if (out->by_tag_schema || exists(folder, true)) {
		read_part(r, call->arena, p, part, LIMIT_MANIFEST_BYTES, &out->reply);
	} else {
		out->reply = (struct registry_reply){.tries = 1};
		fail(call->arena, &out->reply, REGISTRY_REFUSED, p,
		     "cannot be read: not a folder: ", S("referrers"));
	}
	add(call, p, type_of(r, call->arena, p, part), filter, out);
}

struct registry_source registry_recorded_source(struct registry_recorded *r)
{
	return (struct registry_source){
		.manifest = recorded_manifest,
		.blob = recorded_blob,
		.referrers = recorded_referrers,
		.self = r,
	};
}

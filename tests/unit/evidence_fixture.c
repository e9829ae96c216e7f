#include "tests/unit/evidence_fixture.h"

#include <check.h>
#include <gnutls/abstract.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base64.h"
#include "oci/limits.h"
#include "tests/unit/arena_text.h"

/* ---- content ---- */

struct fake_registry *fake_new(void)
{
	struct fake_registry *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	f->arena = arena_new((size_t)64 << 20);
	pthread_mutex_init(&f->mutex, NULL);
	pthread_cond_init(&f->changed, NULL);
	return f;
}

void fake_free(struct fake_registry *f)
{
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->mutex);
	arena_free(f->arena);
	free(f);
}

char *fake_text(struct fake_registry *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	char *p = arena_text(f->arena, fmt, args);
	va_end(args);
	return p;
}

void fake_put(struct fake_registry *f, const char *path, const char *name, struct str body)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (strcmp(f->items[i].path, path) == 0 && strcmp(f->items[i].name, name) == 0) {
			f->items[i].body = body;
			return;
		}
	}
	ck_assert_uint_lt(f->n_items, FAKE_ITEMS);
	f->items[f->n_items++] =
		(struct fake_item){fake_text(f, "%s", path), fake_text(f, "%s", name), body};
}

static const char *digest_of(struct fake_registry *f, struct str body)
{
	struct sha256 d;
	char hex[SHA256_HEX + 1];
	struct err e;

	ck_assert_int_eq(sha256_of(body, &d, &e), 0);
	sha256_hex(&d, hex);
	return fake_text(f, "sha256:%s", hex);
}

const char *fake_put_blob(struct fake_registry *f, const char *path, struct str body)
{
	const char *digest = digest_of(f, body);

	fake_put(f, path, fake_text(f, "blobs/%s", digest), body);
	return digest;
}

const char *fake_put_manifest(struct fake_registry *f, const char *path, struct str body)
{
	const char *digest = digest_of(f, body);

	fake_put(f, path, fake_text(f, "manifests/%s", digest), body);
	return digest;
}

/* ---- requests ---- */

void fake_hold(struct fake_registry *f)
{
	pthread_mutex_lock(&f->mutex);
	f->held = true;
	pthread_mutex_unlock(&f->mutex);
}

void fake_release(struct fake_registry *f)
{
	pthread_mutex_lock(&f->mutex);
	f->held = false;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->mutex);
}

void fake_fail(struct fake_registry *f, const char *name, enum registry_outcome o)
{
	pthread_mutex_lock(&f->mutex);
	f->fails = o == REGISTRY_OK ? NULL : name;
	f->failure = o;
	f->failure_text = fake_text(f, "%s failed: %s", FAKE_HOST, registry_outcome_name(o));
	pthread_mutex_unlock(&f->mutex);
}

void fake_wait_for(struct fake_registry *f, size_t n)
{
	pthread_mutex_lock(&f->mutex);
	while (f->now < n)
		pthread_cond_wait(&f->changed, &f->mutex);
	pthread_mutex_unlock(&f->mutex);
}

size_t fake_requests(struct fake_registry *f)
{
	pthread_mutex_lock(&f->mutex);
	size_t n = f->manifests + f->blobs + f->referrers;
	pthread_mutex_unlock(&f->mutex);
	return n;
}

static const struct fake_item *find(const struct fake_registry *f, struct str path,
				    const char *name)
{
	for (size_t i = 0; i < f->n_items; i++) {
		if (str_eq(str_of(f->items[i].path), path) && strcmp(f->items[i].name, name) == 0)
			return &f->items[i];
	}
	return NULL;
}

/* One request, in the caller's arena. */
static void answer(struct fake_registry *f, size_t *count, const struct registry_call *call,
		   const struct registry_repository *r, const char *name,
		   struct registry_reply *out)
{
	*out = (struct registry_reply){.outcome = REGISTRY_NOT_FOUND, .status = 404, .tries = 1};
	pthread_mutex_lock(&f->mutex);
	++*count;
	f->now++;
	f->most = f->now > f->most ? f->now : f->most;
	pthread_cond_broadcast(&f->changed);
	while (f->held)
		pthread_cond_wait(&f->changed, &f->mutex);
	f->now--;
	const struct fake_item *item = find(f, r->path, name);
	if (f->fails && strncmp(name, f->fails, strlen(f->fails)) == 0) {
		*out = (struct registry_reply){.outcome = f->failure,
					       .status = f->failure_status,
					       .tries = 1,
					       .text = str_of(f->failure_text)};
	} else if (item) {
		out->outcome = REGISTRY_OK;
		out->status = 200;
		out->body = (struct str){arena_dup(call->arena, item->body.p, item->body.n),
					 item->body.n};
	}
	pthread_mutex_unlock(&f->mutex);
}

static void get_manifest(void *self, const struct registry_call *call,
			 const struct registry_repository *r, struct str name,
			 struct registry_reply *out)
{
	struct fake_registry *f = self;
	char buf[256];

	snprintf(buf, sizeof(buf), "manifests/%.*s", STR_ARG(name));
	answer(f, &f->manifests, call, r, buf, out);
}

static void get_blob(void *self, const struct registry_call *call,
		     const struct registry_repository *r, const struct sha256 *digest,
		     uint64_t size, struct registry_reply *out)
{
	struct fake_registry *f = self;
	char buf[256] = "blobs/sha256:";

	sha256_hex(digest, buf + strlen(buf));
	answer(f, &f->blobs, call, r, buf, out);
	if (out->outcome == REGISTRY_OK && out->body.n != size)
		*out = (struct registry_reply){.outcome = REGISTRY_CONTENT,
					       .text = S(FAKE_HOST " sent another size")};
}

static void get_referrers(void *self, const struct registry_call *call,
			  const struct registry_repository *r, const struct sha256 *subject,
			  const struct registry_filter *filter, struct registry_referrers *out)
{
	struct fake_registry *f = self;
	char buf[256] = "referrers/sha256:";
	struct manifest m;
	struct err e;

	sha256_hex(subject, buf + strlen(buf));
	answer(f, &f->referrers, call, r, buf, &out->reply);
	if (out->reply.outcome == REGISTRY_NOT_FOUND)
		out->reply.outcome = REGISTRY_OK;
	if (out->reply.outcome != REGISTRY_OK || !out->reply.body.n)
		return;
	ck_assert_msg(manifest_parse(call->arena, out->reply.body, S(""), &m, &e) == 0, "%s",
		      e.text);
	out->items = arena_calloc(call->arena, LIMIT_REFERRERS, sizeof(*out->items));
	for (size_t i = 0; i < m.n_manifests; i++) {
		if (filter->wants && !filter->wants(filter->self, &m.manifests[i]))
			continue;
		if (out->n == LIMIT_REFERRERS)
			out->truncated = true;
		else
			out->items[out->n++] = m.manifests[i];
	}
}

struct registry_source fake_source(struct fake_registry *f)
{
	return (struct registry_source){get_manifest, get_blob, get_referrers, f};
}

/* ---- keys ---- */

void fake_key_init(struct fake_registry *f, struct fake_key *k)
{
	gnutls_privkey_t private_key;
	gnutls_pubkey_t public_key;
	gnutls_datum_t pem;
	struct err e;

	ck_assert_int_eq(gnutls_privkey_init(&private_key), 0);
	ck_assert_int_eq(gnutls_privkey_generate(private_key, GNUTLS_PK_ECDSA,
						 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
						 0),
			 0);
	ck_assert_int_eq(gnutls_pubkey_init(&public_key), 0);
	ck_assert_int_eq(gnutls_pubkey_import_privkey(public_key, private_key, 0, 0), 0);
	ck_assert_int_eq(gnutls_pubkey_export2(public_key, GNUTLS_X509_FMT_PEM, &pem), 0);
	k->private_key = private_key;
	k->pem = fake_text(f, "%.*s", (int)pem.size, (const char *)pem.data);
	gnutls_free(pem.data);
	gnutls_pubkey_deinit(public_key);
	ck_assert_msg(sig_key_parse(f->arena, str_of(k->pem), &k->key, &e) == 0, "%s", e.text);
	k->authority_key = (struct sig_authority_key){.key = &k->key};
	k->authority = (struct sig_authority){.keys = &k->authority_key,
					      .n_keys = 1,
					      .schemes = SIG_SCHEMES_DEFAULT};
}

void fake_key_done(struct fake_key *k)
{
	gnutls_privkey_deinit(k->private_key);
}

struct str fake_sign(struct fake_registry *f, const struct fake_key *k, struct str message)
{
	const gnutls_datum_t data = {(unsigned char *)(uintptr_t)message.p, (unsigned)message.n};
	gnutls_datum_t sig;
	struct str out;

	ck_assert_int_eq(gnutls_privkey_sign_data2(k->private_key, GNUTLS_SIGN_ECDSA_SHA256, 0,
						   &data, &sig),
			 0);
	out = (struct str){arena_dup(f->arena, sig.data, sig.size), sig.size};
	gnutls_free(sig.data);
	return out;
}

/* ---- signatures ---- */

static const char *base64(struct fake_registry *f, struct str bytes)
{
	struct text t;
	struct str s;

	text_init(&t, f->arena, 1 << 20);
	base64_put(&t, bytes);
	ck_assert(text_done(&t, &s));
	return s.p;
}

static const char *layer(struct fake_registry *f, const char *path, const char *image,
			 const struct fake_signature *s)
{
	struct str payload = str_of(fake_text(
		f,
		"{\"critical\":{\"identity\":{\"docker-reference\":\"\"},\"image\":{"
		"\"docker-manifest-digest\":\"%s\"},\"type\":\"cosign container image signature\"},"
		"\"optional\":null}",
		s->digest ? s->digest : image));
	struct str sig = fake_sign(f, s->key, s->tampered ? S("something else") : payload);

	return fake_text(
		f,
		"{\"mediaType\":\"application/vnd.dev.cosign.simplesigning.v1+json\",\"size\":%zu,"
		"\"digest\":\"%s\",\"annotations\":{\"dev.cosignproject.cosign/"
		"signature\":\"%s\"}}",
		payload.n, fake_put_blob(f, path, payload), base64(f, sig));
}

#define CONFIG                                                                                     \
	"\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"size\":2,"       \
	"\"digest\":\"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"}"

void fake_put_signatures(struct fake_registry *f, const char *path, const char *image,
			 const struct fake_signature *s, size_t n)
{
	struct text t;
	struct str body;

	text_init(&t, f->arena, 1 << 20);
	text_puts(&t, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," CONFIG
		      ",\"layers\":[");
	for (size_t i = 0; i < n; i++) {
		text_puts(&t, i ? "," : "");
		text_puts(&t, layer(f, path, image, &s[i]));
	}
	text_puts(&t, "]}");
	ck_assert(text_done(&t, &body));
	fake_put(f, path, fake_text(f, "manifests/sha256-%s.sig", image + 7), body);
}

static const char *bundle(struct fake_registry *f, const char *image,
			  const struct fake_signature *s)
{
	const char *digest = s->digest ? s->digest : image;
	struct str statement = str_of(fake_text(
		f,
		"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":{"
		"\"sha256\":\"%s\"}}],\"predicateType\":\"https://sigstore.dev/cosign/sign/v1\","
		"\"predicate\":{}}",
		digest + 7));
	struct str pae = str_of(fake_text(f, "DSSEv1 28 application/vnd.in-toto+json %zu %s",
					  statement.n, statement.p));
	struct str hint = {(const char *)s->key->key.fingerprint.bytes, SHA256_BYTES};

	return fake_text(
		f,
		"{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
		"\"verificationMaterial\":{\"publicKey\":{\"hint\":\"%s\"}},\"dsseEnvelope\":{"
		"\"payload\":\"%s\",\"payloadType\":\"application/vnd.in-toto+json\","
		"\"signatures\":[{\"sig\":\"%s\"}]}}",
		base64(f, hint), base64(f, statement),
		base64(f, fake_sign(f, s->key, s->tampered ? S("something else") : pae)));
}

void fake_put_referrers(struct fake_registry *f, const char *path, const char *image,
			struct str descriptors)
{
	struct str body = str_of(fake_text(f,
					   "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX
					   "\",\"manifests\":[%.*s]}",
					   (int)descriptors.n, descriptors.p));

	fake_put(f, path, fake_text(f, "referrers/%s", image), body);
}

#define MEDIA_BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"

/* The list so far, with one more. */
static void add_referrer(struct fake_registry *f, const char *path, const char *image,
			 const char *digest, size_t size)
{
	char *name = fake_text(f, "referrers/%s", image);
	const char *old = "";
	int old_n = 0;

	for (size_t i = 0; i < f->n_items; i++) {
		struct str body = f->items[i].body;
		if (strcmp(f->items[i].path, path) != 0 || strcmp(f->items[i].name, name) != 0)
			continue;
		old = memchr(body.p, '[', body.n);
		ck_assert_ptr_nonnull(old);
		old++;
		old_n = (int)(body.p + body.n - old) - 2;
	}
	fake_put_referrers(f, path, image,
			   str_of(fake_text(f,
					    "%.*s%s{\"mediaType\":\"" MEDIA_OCI_MANIFEST
					    "\",\"artifactType\":\"" MEDIA_BUNDLE
					    "\",\"size\":%zu,\"digest\":\"%s\"}",
					    old_n, old, old_n ? "," : "", size, digest)));
}

void fake_put_bundle(struct fake_registry *f, const char *path, const char *image,
		     const struct fake_signature *s)
{
	struct str blob = str_of(bundle(f, image, s));
	const char *digest = fake_put_blob(f, path, blob);
	struct str manifest =
		str_of(fake_text(f,
				 "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
				 "\",\"artifactType\":\"" MEDIA_BUNDLE "\"," CONFIG
				 ",\"layers\":[{\"mediaType\":\"" MEDIA_BUNDLE
				 "\",\"size\":%zu,\"digest\":\"%s\"}],\"subject\":{\"mediaType\":"
				 "\"" MEDIA_OCI_MANIFEST "\",\"size\":1,\"digest\":\"%s\"}}",
				 blob.n, digest, image));

	add_referrer(f, path, image, fake_put_manifest(f, path, manifest), manifest.n);
}

/* ---- questions ---- */

const char *fake_digest(struct fake_registry *f, unsigned number)
{
	return fake_text(f, "sha256:%064x", number);
}

struct reference fake_image(struct fake_registry *f, const char *path, const char *digest)
{
	struct reference r;
	struct err e;

	ck_assert_msg(reference_parse(f->arena,
				      str_of(fake_text(f, FAKE_HOST "/%s@%s", path, digest)), &r,
				      &e) == 0,
		      "%s", e.text);
	return r;
}

void fake_want(struct fake_registry *f, struct evidence_want *w, const struct fake_key *keys,
	       size_t n, size_t enough)
{
	struct sig_authority *a = arena_calloc(f->arena, n, sizeof(*a));
	struct err e;

	for (size_t i = 0; i < n; i++)
		a[i] = keys[i].authority;
	*w = (struct evidence_want){.authorities = a, .n_authorities = n, .enough = enough};
	ck_assert_int_eq(evidence_want_seal(w, &e), 0);
}

struct evidence fake_gather(struct arena *a, const struct registry_source *source,
			    const struct reference *r, const struct evidence_want *w)
{
	const struct evidence_options o = {.source = *source, .clock = &clock_system};
	const struct evidence_question q = {.image = r, .want = w, .listed = true};
	struct err err;
	struct evidence e;
	struct evidence_pool *pool = evidence_pool_new(&o, &err);

	ck_assert_msg(pool != NULL, "%s", err.text);
	evidence_gather(pool, &q, 1, deadline_in(&clock_system, 60000), a, &e);
	evidence_pool_free(pool);
	return e;
}

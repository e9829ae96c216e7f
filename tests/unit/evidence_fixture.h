/*
 * A registry in memory for tests of evidence: content by name, every request counted, answers that can be
 * held back or made to fail. And keys that sign.
 */
#ifndef ASSAY_TESTS_EVIDENCE_FIXTURE_H
#define ASSAY_TESTS_EVIDENCE_FIXTURE_H

#include <pthread.h>

#include "evidence/evidence.h"
#include "evidence/pool.h"
#include "oci/source.h"

#define FAKE_HOST "registry.example"
#define FAKE_ITEMS 4096

struct fake_item {
	const char *path; /* of the repository */
	const char *
		name; /* "manifests/TAG", "manifests/sha256:..", "blobs/sha256:..", "referrers/.." */
	struct str body;
};

struct fake_registry {
	struct arena *arena;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct fake_item items[FAKE_ITEMS];
	size_t n_items;
	/* Answers: */
	bool held;         /* wait with every answer until fake_release() */
	const char *fails; /* questions whose name begins so fail; NULL: none */
	enum registry_outcome failure;
	int failure_status;
	const char *failure_text;
	/* Counted: */
	size_t manifests, blobs, referrers;
	size_t now, most; /* requests at the same time */
};

struct fake_registry *fake_new(void);
void fake_free(struct fake_registry *f);
struct registry_source fake_source(struct fake_registry *f);
void fake_hold(struct fake_registry *f);
void fake_release(struct fake_registry *f);
/* From now on questions whose name begins with `name` have this outcome; REGISTRY_OK: none do. */
void fake_fail(struct fake_registry *f, const char *name, enum registry_outcome o);
/* Wait until n requests are being made. */
void fake_wait_for(struct fake_registry *f, size_t n);
size_t fake_requests(struct fake_registry *f);

void fake_put(struct fake_registry *f, const char *path, const char *name, struct str body);
/* As a blob or manifest; the digest "sha256:..." is kept in the registry's arena. */
const char *fake_put_blob(struct fake_registry *f, const char *path, struct str body);
const char *fake_put_manifest(struct fake_registry *f, const char *path, struct str body);
char *fake_text(struct fake_registry *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- keys and signatures ---- */

struct fake_key {
	void *private_key;
	struct sig_key key;
	struct sig_authority_key authority_key;
	struct sig_authority authority;
	const char *pem;
};
/* P-256. Free with fake_key_done(). */
void fake_key_init(struct fake_registry *f, struct fake_key *k);
void fake_key_done(struct fake_key *k);
struct str fake_sign(struct fake_registry *f, const struct fake_key *k, struct str message);

/* The layers of one .sig manifest. */
struct fake_signature {
	const struct fake_key *key;
	const char *digest; /* in the payload; NULL: the image's */
	bool tampered;      /* the signature is of something else */
};
/* `image`: "sha256:...". */
void fake_put_signatures(struct fake_registry *f, const char *path, const char *image,
			 const struct fake_signature *s, size_t n);
/* A bundle v0.3 with a cosign statement, as a referrer (added to the list of them). */
void fake_put_bundle(struct fake_registry *f, const char *path, const char *image,
		     const struct fake_signature *s);
void fake_put_referrers(struct fake_registry *f, const char *path, const char *image,
			struct str descriptors);

/* An image no other test has: its digest, "sha256:...", of the number. */
const char *fake_digest(struct fake_registry *f, unsigned number);
/* "registry.example/PATH@DIGEST", parsed. */
struct reference fake_image(struct fake_registry *f, const char *path, const char *digest);

/* A sealed want of the keys' authorities. */
void fake_want(struct fake_registry *f, struct evidence_want *w, const struct fake_key *keys,
	       size_t n, size_t enough);

/* Ask a pool of its own, with the system's clock. The answer is in `a`. */
struct evidence fake_gather(struct arena *a, const struct registry_source *source,
			    const struct reference *r, const struct evidence_want *w);

#endif

/*
 * Signatures as an attacker writes them: bundles and layers of a .sig manifest, part by part, each part as it
 * should be unless a test says otherwise. They are pushed to the registry of pool_fixture.h, and judged for one
 * image against a want of keys[0], the whole way: discovery, parsing, verification, decision. keys[1] is the
 * attacker's.
 */
#ifndef ASSAY_TESTS_ADVISORY_FIXTURE_H
#define ASSAY_TESTS_ADVISORY_FIXTURE_H

#include "tests/unit/pool_fixture.h"

#define APP "app" /* the repository */
#define IN_TOTO "application/vnd.in-toto+json"
#define COSIGN_SIGN "https://sigstore.dev/cosign/sign/v1"
#define SPDX "https://spdx.dev/Document"
#define SLSA "https://slsa.dev/provenance/v1"
#define BASE64_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

extern const char *image; /* "sha256:...", that is asked about */

void advisory_setup(void);
void advisory_teardown(void);

/* NULL and 0: as it should be. All texts are JSON without the outermost comma. */
struct forged_bundle {
	size_t key;               /* of keys[], signs and is hinted at */
	const char *media_type;   /* of the bundle */
	const char *identity;     /* in place of "publicKey" of verificationMaterial */
	const char *material;     /* more fields of verificationMaterial */
	const char *statement;    /* signed as it is; any bytes */
	const char *payload_type; /* signed too */
	const char *signed_bytes; /* signed in place of the envelope's */
	const char *more;         /* fields of the bundle */
};
/* As one more referrer of the image. */
void put_bundle(const struct forged_bundle *b);
/* Another text as the bundle. */
void put_bundle_text(const char *text);
const char *bundle_text(const struct forged_bundle *b);

struct forged_layer {
	size_t key;
	const char *payload;     /* signed as it is */
	const char *annotations; /* more of them */
};
const char *layer_text(const struct forged_layer *l);
/* The .sig manifest of the image, with these layers. */
void put_layers(const char *layers);

/* An in-toto statement v1 with these subjects. */
const char *statement_of(const char *subjects, const char *predicate_type);
const char *subject_of(const char *digest);
/* The payload of a legacy signature of the image, with this as "optional". */
const char *payload_of(const char *optional);
/* An entry of tlogEntries that nothing is wrong with but that no log knows it; bodies as bundles have them. */
const char *log_entry(unsigned log_index);
/* The annotation of a legacy signature with a signed entry timestamp; `body` is JSON. */
const char *log_annotation(const char *body);
const char *certificate_base64(void); /* DER of a certificate */

/* Forget what was pushed. */
void clean(void);

/* Ask for the image. */
struct evidence answer_to(const struct evidence_want *w);
/* Judged by `want`: refused for this, in these words; or verified. Then clean(). */
void refused(enum verify_reason reason, const char *why);
void verified(void);
/* The same for a bundle alone. */
void bundle_refused(const struct forged_bundle *b, enum verify_reason reason, const char *why);
void bundle_verified(const struct forged_bundle *b);
void layer_refused(const struct forged_layer *l, enum verify_reason reason, const char *why);
void layer_verified(const struct forged_layer *l);

#endif

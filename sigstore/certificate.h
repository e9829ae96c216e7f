/*
 * Certificates by their bytes: whether they are any, and their parts as somebody wrote them.
 *
 * GnuTLS says what is a certificate; where its parts must be had byte for byte (what a log of
 * certificates signed, names with a NUL inside, an extension twice) they are walked here. Nothing
 * is concluded from a certificate in this file. Any thread.
 * source: RFC 5280 section 4.1
 */
#ifndef ASSAY_SIGSTORE_CERTIFICATE_H
#define ASSAY_SIGSTORE_CERTIFICATE_H

#include "core/arena.h"
#include "sigstore/reason.h"

/* Extensions of one certificate; those of Fulcio have some 30. Past it: certificate_extension. */
#define LIMIT_CERTIFICATE_EXTENSIONS 128

/* Is `der` one X.509 certificate of bounded size? *self_issued (may be NULL): its subject is its
 * issuer. Reasons certificate_malformed, certificate_extension (one twice), crypto_failed;
 * `path` names it in the text. */
int certificate_check(struct str der, const char *path, bool *self_issued, struct sig_fault *f)
	MUST_USE;

/* The certificates of a PEM text, at most `max` of them, in `a`; text around the blocks is
 * ignored, and so is an empty text. Reasons those of certificate_check() (certificate_malformed
 * also for a block of something else), chain_too_long, no_room. */
int certificate_parse_pem(struct arena *a, struct str pem, size_t max, struct str *out, size_t *n,
			  struct sig_fault *f) MUST_USE;

/* Slices of the bytes that were parsed. */
struct certificate {
	struct str tbs;             /* content octets of TBSCertificate */
	struct str issuer, subject; /* Name, the whole item */
	struct str spki;            /* SubjectPublicKeyInfo, the whole item */
	struct str head;            /* of tbs: everything before the extensions */
	struct str extensions;      /* content octets of SEQUENCE OF Extension; empty: none */
};

/* Take it apart. Reasons certificate_malformed, certificate_extension (malformed, too many, or one
 * twice). */
int certificate_parse(struct str der, struct certificate *out, struct sig_fault *f) MUST_USE;

struct certificate_extension {
	struct str oid; /* content octets */
	bool critical;
	struct str value; /* content octets of extnValue */
	struct str whole;
};

/* The next of certificate.extensions, a copy of which is `rest`; false at its end. */
bool certificate_extension_next(struct str *rest, struct certificate_extension *out);
/* The one with this OID; false: there is none. */
bool certificate_extension_find(const struct certificate *c, struct str oid,
				struct certificate_extension *out);

#endif

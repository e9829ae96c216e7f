/*
 * A timestamp authority for tests: a root, an intermediate and a leaf, and the answers it signs,
 * whole or with any part of them replaced. Everything it hands out is in the arena.
 */
#ifndef ASSAY_TESTS_UNIT_TSA_FIXTURE_H
#define ASSAY_TESTS_UNIT_TSA_FIXTURE_H

#include <gnutls/x509.h>

#include "sigstore/timestamp.h"

/* Certificates are valid from and until these seconds of 1970. */
#define TSA_ROOT_FROM 500
#define TSA_ROOT_UNTIL 3000
#define TSA_LEAF_FROM 700
#define TSA_LEAF_UNTIL 2500

struct tsa_certificate {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	struct str der;
	struct str issuer; /* DER */
	struct str serial; /* content octets */
};

/* How a leaf is made; zero is as it should be. */
struct tsa_leaf {
	const char *purposes[3]; /* OIDs; none: time stamping */
	bool no_purpose, not_critical, is_ca, by_root, short_key;
	int64_t until_unix_s;
};

struct tsa_fixture {
	struct arena *a;
	struct tsa_certificate root, intermediate, leaf;
	struct trusted_authority authority; /* leaf, intermediate, root; 1000 to 2000 seconds */
	struct trusted_root trusted;        /* of this authority alone */
};

void tsa_open(struct tsa_fixture *t, struct arena *a);
void tsa_close(struct tsa_fixture *t);
/* Another leaf, in the authority as well. */
void tsa_make_leaf(struct tsa_fixture *t, const struct tsa_leaf *how);

/* What is in an answer; zero is as it should be, a slice that is there replaces its part. */
struct tsa_answer {
	const char *message;       /* "message" */
	const char *time;          /* "19700101002500Z": 1500 s */
	int bits;                  /* of the imprint: 256 */
	struct str status;         /* PKIStatusInfo */
	struct str imprint;        /* MessageImprint */
	struct str version;        /* of TSTInfo */
	struct str after_time;     /* further fields of TSTInfo */
	struct str tst_info;       /* also what is signed */
	struct str shown_tst_info; /* in the token, but not what is signed */
	struct str content_type;   /* OID item of TSTInfo in the token */
	struct str attributes;     /* of the signer, also what is signed */
	struct str shown_attributes;
	struct str signer_name; /* SignerIdentifier */
	struct str hash_oid;    /* item, of digestAlgorithm */
	struct str signature_oid;
	struct str certificates; /* items */
	struct str crls;         /* the whole item */
	struct str signers;      /* items of the set */
	struct str after_token;
	bool bare; /* no attributes: the signature is over the content itself */
};
struct str tsa_respond(const struct tsa_fixture *t, const struct tsa_answer *how);
/* The SignerInfo of that answer, and its attributes. */
struct str tsa_signer(const struct tsa_fixture *t, const struct tsa_answer *how);
struct str tsa_tst_info(const struct tsa_fixture *t, const struct tsa_answer *how);
struct str tsa_attribute(const struct tsa_fixture *t, struct str oid, struct str values);

/* An item of DER: tag and the parts one after the other. */
struct str der_item_of(struct arena *a, unsigned char tag, const struct str *parts, size_t n);
#define DER(a, tag, ...)                                                                           \
	der_item_of(a, tag, (const struct str[]){__VA_ARGS__},                                     \
		    sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

#define OID_SIGNED_DATA S("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02")
#define OID_TST_INFO S("\x06\x0B\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01\x04")
#define OID_DATA S("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01")
#define OID_CONTENT_TYPE S("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x09\x03")
#define OID_MESSAGE_DIGEST S("\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x09\x04")
#define OID_SHA1 S("\x06\x05\x2B\x0E\x03\x02\x1A")
#define OID_SHA256 S("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01")
#define OID_ECDSA_SHA256 S("\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02")
#define OID_ECDSA_SHA1 S("\x06\x07\x2A\x86\x48\xCE\x3D\x04\x01")
#define OID_POLICY S("\x06\x03\x2A\x03\x04")

#endif

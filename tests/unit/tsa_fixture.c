#include "tests/unit/tsa_fixture.h"

#include <check.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "core/text.h"
#include "sigstore/certificate.h"
#include "sigstore/der.h"

struct str der_item_of(struct arena *a, unsigned char tag, const struct str *parts, size_t n)
{
	unsigned char head[DER_HEADER_BYTES];
	struct text t;
	struct str out;
	size_t length = 0;

	for (size_t i = 0; i < n; i++)
		length += parts[i].n;
	text_init(&t, a, length + DER_HEADER_BYTES + 1);
	text_put(&t, (struct str){(const char *)head, der_header(tag, length, head)});
	for (size_t i = 0; i < n; i++)
		text_put(&t, parts[i]);
	ck_assert(text_done(&t, &out));
	return out;
}

/* ---- certificates ---- */

static void good(int rc)
{
	ck_assert_msg(rc >= 0, "%s", gnutls_strerror(rc));
}

static void release(struct tsa_certificate *c)
{
	if (c->crt)
		gnutls_x509_crt_deinit(c->crt);
	if (c->key)
		gnutls_x509_privkey_deinit(c->key);
	*c = (struct tsa_certificate){.crt = NULL};
}

static void make_key(struct tsa_certificate *c, bool short_key)
{
	good(gnutls_x509_privkey_init(&c->key));
	if (short_key)
		good(gnutls_x509_privkey_generate(c->key, GNUTLS_PK_RSA, 1024, 0));
	else
		good(gnutls_x509_privkey_generate(c->key, GNUTLS_PK_EC,
						  GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
						  0));
}

static void begin(struct tsa_certificate *c, const char *name, unsigned char serial, bool short_key)
{
	release(c);
	make_key(c, short_key);
	good(gnutls_x509_crt_init(&c->crt));
	good(gnutls_x509_crt_set_version(c->crt, 3));
	good(gnutls_x509_crt_set_serial(c->crt, &serial, 1));
	good(gnutls_x509_crt_set_dn(c->crt, name, NULL));
	good(gnutls_x509_crt_set_key(c->crt, c->key));
}

static void sign(struct arena *a, struct tsa_certificate *c, struct tsa_certificate *by)
{
	struct certificate parts;
	struct str version, tbs;
	gnutls_datum_t d;

	good(gnutls_x509_crt_sign2(c->crt, by->crt, by->key, GNUTLS_DIG_SHA256, 0));
	good(gnutls_x509_crt_export2(c->crt, GNUTLS_X509_FMT_DER, &d));
	c->der = (struct str){arena_dup(a, d.data, d.size), d.size};
	gnutls_free(d.data);
	ck_assert_int_eq(certificate_parse(c->der, &parts, NULL), 0);
	c->issuer = parts.issuer;
	tbs = parts.tbs;
	ck_assert(der_take(&tbs, DER_CONTEXT(0), &version) &&
		  der_take(&tbs, DER_INTEGER, &c->serial));
}

static void make_ca(struct arena *a, struct tsa_certificate *c, const char *name,
		    struct tsa_certificate *by)
{
	begin(c, name, 1, false);
	good(gnutls_x509_crt_set_activation_time(c->crt, TSA_ROOT_FROM));
	good(gnutls_x509_crt_set_expiration_time(c->crt, TSA_ROOT_UNTIL));
	good(gnutls_x509_crt_set_ca_status(c->crt, 1));
	good(gnutls_x509_crt_set_key_usage(c->crt, GNUTLS_KEY_KEY_CERT_SIGN));
	sign(a, c, by);
}

void tsa_make_leaf(struct tsa_fixture *t, const struct tsa_leaf *how)
{
	struct tsa_certificate *c = &t->leaf;
	const char *purpose = how->purposes[0] ? how->purposes[0] : GNUTLS_KP_TIME_STAMPING;

	begin(c, "CN=leaf", 2, how->short_key);
	good(gnutls_x509_crt_set_activation_time(c->crt, TSA_LEAF_FROM));
	good(gnutls_x509_crt_set_expiration_time(c->crt, how->until_unix_s ? how->until_unix_s
									   : TSA_LEAF_UNTIL));
	good(gnutls_x509_crt_set_ca_status(c->crt, how->is_ca));
	good(gnutls_x509_crt_set_key_usage(c->crt, GNUTLS_KEY_DIGITAL_SIGNATURE));
	for (size_t i = 0; purpose && !how->no_purpose; purpose = how->purposes[++i])
		good(gnutls_x509_crt_set_key_purpose_oid(c->crt, purpose, !how->not_critical));
	sign(t->a, c, how->by_root ? &t->root : &t->intermediate);
	t->authority.certificates[0] = c->der;
}

void tsa_open(struct tsa_fixture *t, struct arena *a)
{
	*t = (struct tsa_fixture){.a = a};
	make_ca(a, &t->root, "CN=root", &t->root);
	make_ca(a, &t->intermediate, "CN=intermediate", &t->root);
	tsa_make_leaf(t, &(struct tsa_leaf){.no_purpose = false});
	t->authority.certificates[1] = t->intermediate.der;
	t->authority.certificates[2] = t->root.der;
	t->authority.n_certificates = 3;
	t->authority.window = (struct trusted_window){1000000, 2000000};
	t->trusted.timestamp_authorities = &t->authority;
	t->trusted.n_timestamp_authorities = 1;
}

void tsa_close(struct tsa_fixture *t)
{
	release(&t->root);
	release(&t->intermediate);
	release(&t->leaf);
}

/* ---- answers ---- */

static struct str or (struct str given, struct str usual)
{
	return given.p ? given : usual;
}

static struct str digest(struct arena *a, int bits, struct str of)
{
	gnutls_digest_algorithm_t alg = bits == 256   ? GNUTLS_DIG_SHA256
					: bits == 384 ? GNUTLS_DIG_SHA384
						      : GNUTLS_DIG_SHA512;
	char bytes[64];

	good(gnutls_hash_fast(alg, of.p, of.n, bytes));
	return (struct str){arena_dup(a, bytes, (size_t)bits / 8), (size_t)bits / 8};
}

static struct str imprint(struct arena *a, const struct tsa_answer *how)
{
	char oid[] = "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
	int bits = how->bits ? how->bits : 256;
	struct str message = str_of(how->message ? how->message : "message");

	oid[10] = bits == 256 ? 1 : bits == 384 ? 2 : 3;
	return DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, str_of(oid)),
		   DER(a, DER_OCTET_STRING, digest(a, bits, message)));
}

struct str tsa_tst_info(const struct tsa_fixture *t, const struct tsa_answer *how)
{
	struct arena *a = t->a;
	const char *time = how->time ? how->time : "19700101002500Z";

	if (how->tst_info.p)
		return how->tst_info;
	return DER(a, DER_SEQUENCE, or (how->version, S("\x02\x01\x01")), OID_POLICY,
		   or (how->imprint, imprint(a, how)), S("\x02\x01\x07"),
		   DER(a, DER_GENERALIZED_TIME, str_of(time)), how->after_time);
}

struct str tsa_attribute(const struct tsa_fixture *t, struct str oid, struct str values)
{
	return DER(t->a, DER_SEQUENCE, oid, DER(t->a, DER_SET, values));
}

static struct str attributes(const struct tsa_fixture *t, const struct tsa_answer *how)
{
	struct str hash = digest(t->a, 256, tsa_tst_info(t, how)), out[2];
	struct text x;
	struct str both;

	if (how->attributes.p)
		return how->attributes;
	out[0] = tsa_attribute(t, OID_CONTENT_TYPE, OID_TST_INFO);
	out[1] = tsa_attribute(t, OID_MESSAGE_DIGEST, DER(t->a, DER_OCTET_STRING, hash));
	text_init(&x, t->a, 4096);
	text_put(&x, out[0]);
	text_put(&x, out[1]);
	ck_assert(text_done(&x, &both));
	return both;
}

static struct str signature(const struct tsa_fixture *t, const struct tsa_answer *how,
			    struct str message)
{
	bool sha1 = str_eq(how->signature_oid, OID_ECDSA_SHA1);
	gnutls_datum_t m = {(unsigned char *)message.p, (unsigned)message.n}, s;
	gnutls_privkey_t key;
	struct str out;

	good(gnutls_privkey_init(&key));
	good(gnutls_privkey_import_x509(key, t->leaf.key, 0));
	good(gnutls_privkey_sign_data(key, sha1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256, 0, &m, &s));
	out = (struct str){arena_dup(t->a, s.data, s.size), s.size};
	gnutls_free(s.data);
	gnutls_privkey_deinit(key);
	return out;
}

struct str tsa_signer(const struct tsa_fixture *t, const struct tsa_answer *how)
{
	struct arena *a = t->a;
	struct str set = attributes(t, how);
	struct str name = DER(a, DER_SEQUENCE, t->leaf.issuer, DER(a, DER_INTEGER, t->leaf.serial));
	struct str message = how->bare ? tsa_tst_info(t, how) : DER(a, DER_SET, set);
	struct str shown = DER(a, DER_CONTEXT(0), or (how->shown_attributes, set));

	return DER(a, DER_SEQUENCE, S("\x02\x01\x01"), or (how->signer_name, name),
		   DER(a, DER_SEQUENCE, or (how->hash_oid, OID_SHA256)), how->bare ? S("") : shown,
		   DER(a, DER_SEQUENCE, or (how->signature_oid, OID_ECDSA_SHA256)),
		   DER(a, DER_OCTET_STRING, signature(t, how, message)));
}

struct str tsa_respond(const struct tsa_fixture *t, const struct tsa_answer *how)
{
	struct arena *a = t->a;
	struct str tst = or (how->shown_tst_info, tsa_tst_info(t, how));
	struct str certificates =
		how->certificates.n ? DER(a, DER_CONTEXT(0), how->certificates) : S("");
	struct str encapsulated = DER(a, DER_SEQUENCE, or (how->content_type, OID_TST_INFO),
				      DER(a, DER_CONTEXT(0), DER(a, DER_OCTET_STRING, tst)));
	struct str signers = DER(a, DER_SET, or (how->signers, tsa_signer(t, how)));
	struct str data = DER(a, DER_SEQUENCE, S("\x02\x01\x03"),
			      DER(a, DER_SET, DER(a, DER_SEQUENCE, OID_SHA256)), encapsulated,
			      certificates, how->crls, signers);
	struct str token = DER(a, DER_SEQUENCE, OID_SIGNED_DATA, DER(a, DER_CONTEXT(0), data));

	return DER(a, DER_SEQUENCE, or (how->status, S("\x30\x03\x02\x01\x00")), token,
		   how->after_token);
}

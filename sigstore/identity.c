/* What a certificate says of its holder. Comparison with what is wanted is in identity_match.c. */
#include "sigstore/identity.h"

#include "sigstore/certificate.h"
#include "sigstore/der.h"

const char *identity_kind_name(enum identity_kind k)
{
	switch (k) {
	case IDENTITY_EMAIL:
		return "email";
	case IDENTITY_URI:
		return "uri";
	case IDENTITY_DNS:
		return "dns";
	case IDENTITY_USERNAME:
		return "username";
	case IDENTITY_NONE:
		break;
	}
	return "none";
}

/* ---- names of extensions ---- */

static const struct {
	unsigned number;
	const char *name;
} names[] = {
	{2, "github-workflow-trigger"},
	{3, "github-workflow-sha"},
	{4, "github-workflow-name"},
	{5, "github-workflow-repository"},
	{6, "github-workflow-ref"},
	{9, "build-signer-uri"},
	{10, "build-signer-digest"},
	{11, "runner-environment"},
	{12, "source-repository-uri"},
	{13, "source-repository-digest"},
	{14, "source-repository-ref"},
	{15, "source-repository-identifier"},
	{16, "source-repository-owner-uri"},
	{17, "source-repository-owner-identifier"},
	{18, "build-config-uri"},
	{19, "build-config-digest"},
	{20, "build-trigger"},
	{21, "run-invocation-uri"},
	{22, "source-repository-visibility-at-signing"},
	{23, "deployment-environment"},
	{24, "token-subject"},
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))
#define ARC "1.3.6.1.4.1.57264.1."
/* Issuer as bare text, the same as UTF8String; the type of a user name, which is no extension. */
#define NUMBER_ISSUER_BARE 1
#define NUMBER_USERNAME 7
#define NUMBER_ISSUER 8
#define NUMBER_LAST_KNOWN 24
#define NUMBER_MAX 9999

unsigned identity_extension_number(struct str name)
{
	uint64_t v;
	struct str digits;

	for (size_t i = 0; i < N_NAMES; i++) {
		if (str_eq(name, str_of(names[i].name)))
			return names[i].number;
	}
	if (!str_starts(name, S(ARC)))
		return 0;
	digits = str_sub(name, sizeof(ARC) - 1, name.n);
	if (!str_to_u64(digits, &v) || digits.p[0] == '0' || v > NUMBER_MAX || v == NUMBER_USERNAME)
		return 0;
	return (unsigned)v;
}

const char *identity_extension_name(unsigned number)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		if (names[i].number == number)
			return names[i].name;
	}
	return NULL;
}

const char *identity_extension_name_at(size_t i)
{
	return i < N_NAMES ? names[i].name : NULL;
}

/* ---- texts ---- */

static bool is_text(struct str s)
{
	return !str_has_char(s, '\0') && str_is_utf8(s);
}

/* IA5String. */
static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] & 0x80)
			return false;
	}
	return true;
}

static int keep(struct arena *a, struct str s, struct str *out, struct sig_fault *f)
{
	*out = (struct str){arena_dup(a, s.p, s.n), s.n};
	return out->p ? 0 : sig_fault_room(f);
}

/* ---- the name ---- */

/* 2.5.29.17; 1.3.6.1.4.1.57264.1 */
static const struct str subject_alt_name = {"\x55\x1D\x11", 3};
static const struct str arc = {"\x2B\x06\x01\x04\x01\x83\xBF\x30\x01", 9};

static int bad_name(struct sig_fault *f)
{
	return sig_fault_set(f, VERIFY_CERTIFICATE_EXTENSION,
			     "certificate: malformed subject alternative name");
}

/* SEQUENCE { type-id, value [0] EXPLICIT }; text.p stays NULL when it is of another type. */
static bool read_username(struct str content, struct str *text)
{
	struct str oid, value, found;

	if (!der_take(&content, DER_OID, &oid) || !der_only(content, DER_CONTEXT(0), &value))
		return false;
	if (oid.n != arc.n + 1 || !str_starts(oid, arc) || oid.p[arc.n] != NUMBER_USERNAME)
		return true;
	if (!der_only(value, DER_UTF8_STRING, &found))
		return false;
	*text = found;
	return true;
}

/* GeneralName */
static int read_name(struct arena *a, const struct der_item *item, struct identity *out,
		     struct sig_fault *f)
{
	struct str text = {NULL, 0};

	switch (item->tag) {
	case DER_CONTEXT(0):
		out->kind = IDENTITY_USERNAME;
		if (!read_username(item->value, &text))
			return bad_name(f);
		break;
	case DER_CONTEXT_PRIMITIVE(1):
		out->kind = IDENTITY_EMAIL;
		text = item->value;
		break;
	case DER_CONTEXT_PRIMITIVE(2):
		out->kind = IDENTITY_DNS;
		text = item->value;
		break;
	case DER_CONTEXT_PRIMITIVE(6):
		out->kind = IDENTITY_URI;
		text = item->value;
		break;
	default:
		break;
	}
	if (!text.p)
		return sig_fault_set(f, VERIFY_IDENTITY_MISSING,
				     "certificate: its name is no email address, URI, DNS name or "
				     "user name");
	if (!is_text(text) || (out->kind != IDENTITY_USERNAME && !is_ascii(text)))
		return bad_name(f);
	if (text.n == 0)
		return sig_fault_set(f, VERIFY_IDENTITY_MISSING, "certificate: its name is empty");
	return keep(a, text, &out->subject, f);
}

static int read_names(struct arena *a, const struct certificate *c, struct identity *out,
		      struct sig_fault *f)
{
	struct certificate_extension x;
	struct der_item item, first = {0};
	struct str list;
	size_t n = 0;

	if (!certificate_extension_find(c, subject_alt_name, &x))
		return sig_fault_set(f, VERIFY_IDENTITY_MISSING,
				     "certificate: no subject alternative name");
	if (!der_only(x.value, DER_SEQUENCE, &list))
		return bad_name(f);
	for (; list.n > 0; n++) {
		if (!der_next(&list, &item))
			return bad_name(f);
		if (n == 0)
			first = item;
	}
	if (n != 1)
		return sig_fault_set(f, VERIFY_IDENTITY_MISSING,
				     "certificate: %zu subject alternative names, want 1", n);
	return read_name(a, &first, out, f);
}

/* ---- extensions ---- */

/* The last number of an OID directly under the arc; 0: another OID. */
static unsigned number_of(struct str oid)
{
	struct str last = str_sub(oid, arc.n, oid.n);
	unsigned v = 0;

	if (!str_starts(oid, arc) || last.n == 0 || last.n > 2 || last.p[0] == '\x80')
		return 0;
	for (size_t i = 0; i < last.n; i++) {
		bool more = (last.p[i] & 0x80) != 0;

		if (more != (i + 1 < last.n))
			return 0;
		v = v << 7 | ((unsigned char)last.p[i] & 0x7Fu);
	}
	return v <= NUMBER_MAX ? v : 0;
}

/* Until number 6 the text is the value; since number 8 it is in a UTF8String. False: neither. */
static bool read_value(unsigned number, struct str value, struct str *text)
{
	if (number < NUMBER_USERNAME)
		*text = value;
	else if (!der_only(value, DER_UTF8_STRING, text))
		return false;
	return is_text(*text);
}

static int read_extension(struct arena *a, const struct certificate_extension *x,
			  struct identity *out, struct sig_fault *f)
{
	unsigned number = number_of(x->oid);
	struct str text;

	if (number == 0 || number == NUMBER_USERNAME)
		return 0;
	if (!read_value(number, x->value, &text)) {
		/* later ones may hold anything */
		if (number > NUMBER_LAST_KNOWN)
			return 0;
		return sig_fault_set(f, VERIFY_CERTIFICATE_EXTENSION,
				     "certificate: extension " ARC "%u is not the text it must be",
				     number);
	}
	if (out->n_extensions == LIMIT_IDENTITY_EXTENSIONS)
		return sig_fault_set(f, VERIFY_CERTIFICATE_EXTENSION,
				     "certificate: more than %d extensions of Fulcio",
				     LIMIT_IDENTITY_EXTENSIONS);
	TRY(keep(a, text, &text, f));
	out->extensions[out->n_extensions++] = (struct identity_extension){number, text};
	return 0;
}

static int read_extensions(struct arena *a, const struct certificate *c, struct identity *out,
			   struct sig_fault *f)
{
	struct str rest = c->extensions;
	struct certificate_extension x;

	out->extensions = arena_calloc(a, LIMIT_IDENTITY_EXTENSIONS, sizeof(*out->extensions));
	if (!out->extensions)
		return sig_fault_room(f);
	while (certificate_extension_next(&rest, &x))
		TRY(read_extension(a, &x, out, f));
	return 0;
}

static struct str value_of(const struct identity *id, unsigned number)
{
	for (size_t i = 0; i < id->n_extensions; i++) {
		if (id->extensions[i].number == number)
			return id->extensions[i].value;
	}
	return (struct str){NULL, 0};
}

static int read_issuer(bool needs_issuer, struct identity *out, struct sig_fault *f)
{
	struct str issuer = value_of(out, NUMBER_ISSUER);
	struct str bare = value_of(out, NUMBER_ISSUER_BARE);

	if (issuer.p && bare.p && !str_eq(issuer, bare))
		return sig_fault_set(f, VERIFY_IDENTITY_MISSING,
				     "certificate: its extensions " ARC "1 and " ARC
				     "8 name different issuers");
	out->issuer = issuer.p ? issuer : bare;
	if (needs_issuer && out->issuer.n == 0)
		return sig_fault_set(f, VERIFY_IDENTITY_MISSING,
				     "certificate: names no issuer of the identity");
	return 0;
}

/* ---- the whole ---- */

static int read_key(struct arena *a, const struct certificate *c, struct identity *out,
		    struct sig_fault *f)
{
	struct err e = {.kind = ERR_INTERNAL};

	if (sig_key_parse_spki(a, c->spki, &out->key, &e) == 0)
		return 0;
	if (e.kind == ERR_LIMIT)
		return sig_fault_room(f);
	return sig_fault_set(f, e.kind == ERR_INPUT ? VERIFY_CERTIFICATE_KEY : VERIFY_CRYPTO_FAILED,
			     "certificate: %s", e.text);
}

int identity_parse(struct arena *a, struct str leaf, bool needs_issuer, struct identity *out,
		   struct sig_fault *f)
{
	struct identity id = {.kind = IDENTITY_NONE};
	struct certificate c;

	TRY(certificate_parse(leaf, &c, f));
	TRY(read_extensions(a, &c, &id, f));
	TRY(read_names(a, &c, &id, f));
	TRY(read_issuer(needs_issuer, &id, f));
	TRY(read_key(a, &c, &id, f));
	*out = id;
	return 0;
}

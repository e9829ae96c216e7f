#include "tests/unit/sig_trust.h"

#include <check.h>

#include "core/base64.h"
#include "core/file.h"
#include "core/text.h"

#define TRUST "tests/sigstore/trust/"

static struct str read_file(struct arena *a, const char *path)
{
	struct str s;
	struct err e;

	ck_assert_msg(file_read(a, path, 1 << 20, &s, &e) == 0, "%s", e.text);
	return s;
}

/* In base64. */
static struct str find(struct arena *a, struct str name)
{
	struct str rest = read_file(a, TRUST "certificates.txt"), line, word, base64;

	while (str_cut(rest, '\n', &line, &rest)) {
		if (str_cut(line, ' ', &word, &base64) && str_eq(word, name))
			return base64;
	}
	ck_abort_msg("no certificate %.*s", STR_ARG(name));
	return rest;
}

struct str trust_certificate(struct arena *a, const char *name)
{
	struct str der;
	struct err e;

	ck_assert_msg(base64_decode(a, find(a, str_of(name)), &der, &e) == 0, "%s", e.text);
	return der;
}

/* Off the front of names; false: there is none. */
static bool next_name(struct str *names, struct str *name)
{
	if (names->n == 0)
		return false;
	if (!str_cut(*names, ' ', name, names)) {
		*name = *names;
		names->n = 0;
	}
	return true;
}

struct str trust_pem(struct arena *a, const char *names)
{
	struct str rest = str_of(names), name, out;
	struct text t;

	text_init(&t, a, 1 << 20);
	text_puts(&t, "");
	while (next_name(&rest, &name)) {
		text_puts(&t, "-----BEGIN CERTIFICATE-----\n");
		text_put(&t, find(a, name));
		text_puts(&t, "\n-----END CERTIFICATE-----\n");
	}
	ck_assert(text_done(&t, &out));
	return out;
}

struct str trust_json(struct arena *a, const char *from, const char *to)
{
	struct str json = read_file(a, TRUST "root.json"), out;
	const char *at = memmem(json.p, json.n, from, strlen(from));
	struct text t;

	ck_assert_msg(at != NULL, "the trusted root has no %s", from);
	text_init(&t, a, 1 << 20);
	text_put(&t, str_sub(json, 0, (size_t)(at - json.p)));
	text_puts(&t, to);
	text_put(&t, str_sub(json, (size_t)(at - json.p) + strlen(from), json.n));
	ck_assert(text_done(&t, &out));
	return out;
}

void trust_root(struct arena *a, struct trusted_root *out)
{
	struct err e;

	*out = (struct trusted_root){0};
	ck_assert_msg(trusted_root_add(a, trust_json(a, "", ""), out, &e) == 0, "%s", e.text);
}

struct trusted_authority trust_authority(struct arena *a, const char *names, bool foreign)
{
	struct trusted_authority t = {.window = {INT64_MIN, INT64_MAX},
				      .foreign_intermediates = foreign};
	struct str rest = str_of(names), name;

	while (next_name(&rest, &name))
		t.certificates[t.n_certificates++] =
			trust_certificate(a, arena_dup(a, name.p, name.n));
	return t;
}

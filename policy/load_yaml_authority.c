/* Authorities in normal form. */
#include "core/json.h"
#include "policy/loader.h"

static void put_str(struct text *t, const char *before, const char *key, struct str s)
{
	text_printf(t, "%s%s: ", before, key);
	json_put_str(t, s);
	text_putc(t, '\n');
}

static void put_text(struct text *t, const char *before, const struct policy_text *x)
{
	if (x->file.n)
		put_str(t, before, "file", x->file);
	else
		put_str(t, before, "inline", x->bytes);
}

static void put_keys(struct text *t, const struct policy_authority *a)
{
	bool one = a->kind == POLICY_AUTHORITY_KEY;

	text_puts(t, one ? "      key:\n" : "      keys:\n");
	for (size_t i = 0; i < a->n_keys; i++)
		put_text(t, one ? "        " : "      - ", &a->keys[i].text);
}

static void put_match(struct text *t, const char *key, const char *regex_key,
		      const struct identity_match *m)
{
	if (m->exact.n)
		put_str(t, "        ", key, m->exact);
	else if (m->regex.n)
		put_str(t, "        ", regex_key, m->regex);
}

static void put_extensions(struct text *t, const struct identity_demand *d, bool regex)
{
	bool any = false;

	for (size_t i = 0; i < d->n_extensions; i++) {
		const struct identity_extension_match *x = &d->extensions[i];
		const char *name = identity_extension_name(x->number);
		struct str value = regex ? x->value.regex : x->value.exact;
		if (!value.n)
			continue;
		if (!any)
			text_printf(t, "        extensions%s:\n", regex ? "Regex" : "");
		any = true;
		if (name)
			text_printf(t, "          %s: ", name);
		else
			text_printf(t, "          1.3.6.1.4.1.57264.1.%u: ", x->number);
		json_put_str(t, value);
		text_putc(t, '\n');
	}
}

static void put_identity(struct text *t, const struct policy_authority *a)
{
	put_match(t, "issuer", "issuerRegex", &a->identity->issuer);
	put_match(t, "subject", "subjectRegex", &a->identity->subject);
	put_extensions(t, a->identity, false);
	put_extensions(t, a->identity, true);
}

static void put_roots(struct text *t, const char *indent, const struct policy_authority *a)
{
	char inner[16];

	if (!a->n_roots)
		return;
	(void)snprintf(inner, sizeof(inner), a->one_root ? "%s  " : "%s- ", indent);
	text_printf(t, "%strustedRoot%s:\n", indent, a->one_root ? "" : "s");
	for (size_t i = 0; i < a->n_roots; i++)
		put_text(t, inner, &a->roots[i]);
}

static void put_certificates(struct text *t, const struct policy_authority *a)
{
	text_puts(t, "      certificates:\n        roots:\n");
	put_text(t, "          ", &a->own_roots);
	put_identity(t, a);
	if (a->timestamp_chain.bytes.n) {
		text_puts(t, "        timestampAuthority:\n");
		put_text(t, "          ", &a->timestamp_chain);
	}
	text_printf(t, "        useCurrentTime: %s\n",
		    a->authority.use_current_time ? "true" : "false");
	put_roots(t, "        ", a);
}

static void put_who(struct text *t, const struct policy_authority *a)
{
	switch (a->kind) {
	case POLICY_AUTHORITY_KEY:
	case POLICY_AUTHORITY_KEYS:
		put_keys(t, a);
		put_roots(t, "      ", a);
		return;
	case POLICY_AUTHORITY_KEYLESS:
		text_puts(t, "      keyless:\n");
		put_identity(t, a);
		put_roots(t, "        ", a);
		return;
	case POLICY_AUTHORITY_CERTIFICATES:
		put_certificates(t, a);
		return;
	case POLICY_AUTHORITY_NONE:
		break;
	}
}

static void put_threshold(struct text *t, const char *key, unsigned n)
{
	text_printf(t, "      %s:\n        threshold: %u\n", key, n);
}

/* Of a key without a trusted root nothing else can be wanted. */
static void put_proof(struct text *t, const struct policy_authority *a)
{
	const struct sig_authority *x = &a->authority;

	if (!x->root)
		return;
	put_threshold(t, "transparencyLog", x->log_threshold);
	put_threshold(t, "timestamps", x->time_threshold);
	if (a->identity)
		put_threshold(t, "certificateTransparency", x->sct_threshold);
	if (x->max_age_s)
		text_printf(t, "      maxSignatureAge: %lldh\n", (long long)(x->max_age_s / 3600));
}

void load_put_authorities(struct text *t, const struct policy *p)
{
	if (p->n_authorities)
		text_puts(t, "  authorities:\n");
	for (size_t i = 0; i < p->n_authorities; i++) {
		const struct policy_authority *a = &p->authorities[i];
		text_puts(t, "    ");
		json_put_str(t, a->name);
		text_puts(t, ":\n");
		put_who(t, a);
		put_proof(t, a);
	}
}

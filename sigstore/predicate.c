#include "sigstore/predicate.h"

#include "core/clock.h"
#include "sigstore/predicate_inside.h"

/* A clock of a scanner may be ahead of ours by so much. */
#define SKEW_S 300

static const struct {
	const char *name;
	const char *type;
} names[] = {
	{"spdx", "https://spdx.dev/Document"},
	{"spdxjson", "https://spdx.dev/Document"},
	{"cyclonedx", "https://cyclonedx.org/bom"},
	{"slsaprovenance", "https://slsa.dev/provenance/v0.2"},
	{"slsaprovenance02", "https://slsa.dev/provenance/v0.2"},
	{"slsaprovenance1", "https://slsa.dev/provenance/v1"},
	{"link", "https://in-toto.io/Link/v1"},
	{"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"},
	{"openvex", "https://openvex.dev/ns"},
	{"custom", "https://cosign.sigstore.dev/attestation/v1"},
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

static const struct {
	const char *type;
	enum predicate_kind kind;
} kinds[] = {
	{"https://cosign.sigstore.dev/attestation/vuln/v1", PREDICATE_KIND_VULN},
	{"https://spdx.dev/Document", PREDICATE_KIND_SPDX},
	{"https://cyclonedx.org/bom", PREDICATE_KIND_CYCLONEDX},
	{"https://slsa.dev/provenance/v0.2", PREDICATE_KIND_SLSA_02},
	{"https://slsa.dev/provenance/v1", PREDICATE_KIND_SLSA_1},
	{"https://openvex.dev/ns", PREDICATE_KIND_VEX},
};

struct str predicate_type_of_name(struct str name)
{
	for (size_t i = 0; i < N_NAMES; i++) {
		if (str_eq(name, str_of(names[i].name)))
			return str_of(names[i].type);
	}
	return S("");
}

const char *predicate_type_name_at(size_t i)
{
	return i < N_NAMES ? names[i].name : NULL;
}

/* OpenVEX puts its version behind the type: ".../ns/v0.2.0". */
enum predicate_kind predicate_kind_of_type(struct str type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_eq(type, str_of(kinds[i].type)))
			return kinds[i].kind;
	}
	return str_starts(type, S("https://openvex.dev/ns/")) ? PREDICATE_KIND_VEX
							      : PREDICATE_OTHER;
}

/* ---- shared by the checks ---- */

int predicate_shape(const struct predicate_check *c, const char *what, const char *why)
{
	return sig_fault_set(c->fault, VERIFY_PREDICATE_SHAPE, "%s: %s", what, why);
}

const struct node *predicate_at(const struct node *n, const char *const *path)
{
	for (; n && *path; path++)
		n = node_get_set(n, str_of(*path));
	return n;
}

struct str predicate_str(const struct node *n, const char *const *path)
{
	return node_str(predicate_at(n, path));
}

bool predicate_globs_match(const struct predicate_globs *g, struct str s)
{
	for (size_t i = 0; i < g->n; i++) {
		if (str_glob(g->items[i], s))
			return true;
	}
	return false;
}

static bool has(struct str s, struct str part)
{
	for (size_t i = 0; i + part.n <= s.n; i++) {
		if (memcmp(s.p + i, part.p, part.n) == 0)
			return true;
	}
	return false;
}

bool predicate_names_digest(struct str s, const struct sha256 *digest)
{
	static const char *const prefixes[] = {"sha256:", "sha256%3A", "sha256%3a"};
	char text[9 + SHA256_HEX + 1];

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i]);

		memcpy(text, prefixes[i], n);
		sha256_hex(digest, text + n);
		if (has(s, (struct str){text, n + SHA256_HEX}))
			return true;
	}
	return false;
}

void found_add(struct found *f, struct str id)
{
	if (f->n < FOUND_SHOWN)
		f->ids[f->n] = id;
	f->n++;
}

void found_put(struct text *t, const struct found *f)
{
	size_t shown = f->n < FOUND_SHOWN ? f->n : FOUND_SHOWN;

	for (size_t i = 0; i < shown; i++) {
		text_puts(t, i ? ", " : "");
		text_put_escaped(t, f->ids[i], 64);
	}
	if (f->n > shown)
		text_printf(t, " and %zu more", f->n - shown);
}

/* ---- time ---- */

static struct str told_time(const struct predicate_input *in)
{
	const struct node *p = in->predicate;

	switch (predicate_kind_of_type(in->type)) {
	case PREDICATE_KIND_VULN:
		return predicate_str(p, AT("metadata", "scanFinishedOn"));
	case PREDICATE_KIND_SPDX:
		return predicate_str(p, AT("creationInfo", "created"));
	case PREDICATE_KIND_CYCLONEDX:
		return predicate_str(p, AT("metadata", "timestamp"));
	case PREDICATE_KIND_SLSA_02:
		return predicate_str(p, AT("metadata", "buildFinishedOn"));
	case PREDICATE_KIND_SLSA_1:
		return predicate_str(p, AT("runDetails", "metadata", "finishedOn"));
	case PREDICATE_KIND_VEX:
		return predicate_str(p, AT("timestamp"));
	case PREDICATE_OTHER:
		break;
	}
	return S("");
}

bool predicate_time(const struct predicate_input *in, int64_t *unix_s)
{
	return time_parse_rfc3339(told_time(in), unix_s);
}

static int check_age(const struct predicate_check *c)
{
	char made[32];
	int64_t at;

	if (c->want->max_age_s == 0)
		return 0;
	if (!predicate_time(c->in, &at))
		return sig_fault_set(c->fault, VERIFY_PREDICATE_AGE,
				     "it does not say when it was made");
	time_format(at, made);
	if (at > c->in->now_unix_s + SKEW_S)
		return sig_fault_set(c->fault, VERIFY_PREDICATE_AGE,
				     "made at %s, which is still to come", made);
	if (at >= c->in->now_unix_s - c->want->max_age_s)
		return 0;
	return sig_fault_set(c->fault, VERIFY_PREDICATE_AGE,
			     "made at %s, %lld h ago: at most %lld h are allowed", made,
			     (long long)((c->in->now_unix_s - at) / 3600),
			     (long long)(c->want->max_age_s / 3600));
}

/* ---- which conditions ---- */

static bool wants_bill(const struct predicate_demand *w)
{
	return w->names_subject || w->not_empty || w->forbidden_packages.n ||
	       w->forbidden_licences.n;
}

static bool wants_provenance(const struct predicate_demand *w)
{
	return w->builders.n || w->sources.n || w->build_types.n;
}

static int check_contents(const struct predicate_check *c)
{
	enum predicate_kind kind = predicate_kind_of_type(c->in->type);
	bool is_bill = kind == PREDICATE_KIND_SPDX || kind == PREDICATE_KIND_CYCLONEDX;
	bool is_provenance = kind == PREDICATE_KIND_SLSA_02 || kind == PREDICATE_KIND_SLSA_1;

	if ((c->want->has_ceilings && kind != PREDICATE_KIND_VULN) ||
	    (wants_bill(c->want) && !is_bill) || (wants_provenance(c->want) && !is_provenance))
		return predicate_shape(c, "predicate", "conditions that its type does not have");
	if (c->want->has_ceilings)
		return predicate_check_vuln(c);
	if (wants_bill(c->want))
		return kind == PREDICATE_KIND_SPDX ? predicate_check_spdx(c)
						   : predicate_check_cyclonedx(c);
	if (wants_provenance(c->want))
		return kind == PREDICATE_KIND_SLSA_1 ? predicate_check_slsa_1(c)
						     : predicate_check_slsa_02(c);
	return 0;
}

int predicate_fits(struct arena *a, const struct predicate_input *in,
		   const struct predicate_demand *want, struct sig_fault *f)
{
	const struct predicate_check c = {a, in, want, f};

	TRY(check_contents(&c));
	return check_age(&c);
}

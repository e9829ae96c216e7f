/* Whose signatures count for `assay verify`. */
#include <stdio.h>

#include "cli/policies.h"
#include "cli/verify.h"
#include "core/file.h"
#include "sigstore/limits.h"

static int say(const char *why)
{
	fprintf(stderr, "assay verify: %s\n", why);
	return EXIT_USAGE;
}

static struct verify_party *new_party(struct verify_ask *ask, const struct verify_party *p)
{
	struct verify_party *out = &ask->parties[ask->n_parties++];

	*out = *p;
	return out;
}

static bool make_room(struct verify_ask *ask, size_t authorities, size_t parties)
{
	ask->authorities = arena_calloc(ask->arena, authorities, sizeof(*ask->authorities));
	ask->parties = arena_calloc(ask->arena, parties, sizeof(*ask->parties));
	return ask->authorities && ask->parties;
}

/* ---- the trusted root ---- */

static int load_root(struct verify_ask *ask, const struct trusted_root **out)
{
	const struct option_list *files = &ask->o->trusted_roots;
	struct trusted_root *root = arena_alloc(ask->arena, sizeof(*root));
	struct str bytes;
	struct err e = {0};

	if (!root)
		return verify_no_memory();
	for (size_t i = 0; i < files->n; i++) {
		if (file_read(ask->arena, files->items[i], LIMIT_TRUSTED_ROOT_BYTES, &bytes, &e) <
		    0) {
			fprintf(stderr, "assay verify: option --trusted-root: %s\n", e.text);
			return EXIT_USAGE;
		}
		if (trusted_root_add(ask->arena, bytes, root, &e) < 0)
			return verify_usage("option --trusted-root", str_of(files->items[i]),
					    e.text);
	}
	*out = files->n ? root : NULL;
	return EXIT_CLEAN;
}

/* ---- keys ---- */

static int load_key(struct verify_ask *ask, const char *file, struct sig_key *out)
{
	struct str pem;
	struct err e = {0};

	if (file_read(ask->arena, file, LIMIT_KEY_PEM_BYTES, &pem, &e) < 0) {
		fprintf(stderr, "assay verify: option --key: %s\n", e.text);
		return EXIT_USAGE;
	}
	if (sig_key_parse(ask->arena, pem, out, &e) < 0)
		return verify_usage("option --key", str_of(file), e.text);
	return EXIT_CLEAN;
}

/* All of them are one authority: any of them suffices. */
static int decode_keys(struct verify_ask *ask, const struct trusted_root *root)
{
	const struct option_list *files = &ask->o->keys;
	struct sig_authority_key *members = arena_calloc(ask->arena, files->n, sizeof(*members));
	struct sig_key *keys = arena_calloc(ask->arena, files->n, sizeof(*keys));

	if (!members || !keys || !make_room(ask, 1, files->n))
		return verify_no_memory();
	if (files->n > LIMIT_AUTHORITY_KEYS) {
		fprintf(stderr, "assay verify: option --key: %zu keys, want at most %d\n", files->n,
			LIMIT_AUTHORITY_KEYS);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < files->n; i++) {
		int code = load_key(ask, files->items[i], &keys[i]);
		if (code != EXIT_CLEAN)
			return code;
		members[i].key = &keys[i];
		new_party(ask, &(struct verify_party){.name = files->items[i], .key = &keys[i]});
	}
	ask->authorities[ask->n_authorities++] = (struct sig_authority){
		.keys = members, .n_keys = files->n, .schemes = SIG_SCHEMES_DEFAULT, .root = root};
	return EXIT_CLEAN;
}

/* ---- an identity ---- */

/* Exactly one of two options. */
static int decode_match(const char *exact, const char *regex, const char *name,
			struct identity_match *out)
{
	char what[96];
	struct err e = {0};

	(void)snprintf(what, sizeof(what), "option --%s-regexp", name);
	if (exact && regex)
		return verify_usage(what, str_of(regex), "there is an exact one too: want one");
	if (regex && identity_regex_check(str_of(regex), &e) < 0)
		return verify_usage(what, str_of(regex), e.text);
	out->exact = str_of(exact);
	out->regex = str_of(regex);
	return EXIT_CLEAN;
}

static int decode_identity(struct verify_ask *ask, const struct trusted_root *root)
{
	const struct verify_options *o = ask->o;
	struct identity_demand *d = arena_alloc(ask->arena, sizeof(*d));

	if (!d || !make_room(ask, 1, 1))
		return verify_no_memory();
	if (!o->identity && !o->identity_regex)
		return say(
			"option --certificate-identity ID is missing: an issuer alone vouches for "
			"anybody");
	if (!o->issuer && !o->issuer_regex)
		return say("option --certificate-oidc-issuer URL is missing: anybody can run an "
			   "issuer that vouches for any identity");
	if (!root)
		return say("option --trusted-root FILE is missing: it names the authorities that "
			   "are believed");
	int code =
		decode_match(o->identity, o->identity_regex, "certificate-identity", &d->subject);
	if (code == EXIT_CLEAN)
		code = decode_match(o->issuer, o->issuer_regex, "certificate-oidc-issuer",
				    &d->issuer);
	if (code != EXIT_CLEAN)
		return code;
	new_party(ask, &(struct verify_party){.identity = d});
	ask->authorities[ask->n_authorities++] =
		(struct sig_authority){.schemes = SIG_SCHEMES_DEFAULT,
				       .identities = d,
				       .n_identities = 1,
				       .root = root,
				       .log_threshold = root->n_logs > 0,
				       .sct_threshold = root->n_ct_logs > 0};
	return EXIT_CLEAN;
}

/* ---- a policy ---- */

static bool is_named(const struct verify_ask *ask, const struct policy_authority *a)
{
	const struct option_list *names = &ask->o->authorities;

	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(a->name, str_of(names->items[i])))
			return true;
	}
	return names->n == 0;
}

static void add_authority(struct verify_ask *ask, const struct policy_authority *a)
{
	const char *name = arena_dup(ask->arena, a->name.p, a->name.n);
	size_t at = ask->n_authorities++;

	ask->authorities[at] = a->authority;
	for (size_t i = 0; i < a->n_keys; i++)
		new_party(ask, &(struct verify_party){name, at, &a->keys[i].key, NULL});
	if (a->identity)
		new_party(ask, &(struct verify_party){name, at, NULL, a->identity});
}

static int check_names(const struct verify_ask *ask)
{
	const struct option_list *names = &ask->o->authorities;

	for (size_t i = 0; i < names->n; i++) {
		bool found = false;
		for (size_t p = 0; p < ask->policies->n_policies; p++) {
			const struct policy *x = &ask->policies->policies[p];
			for (size_t k = 0; k < x->n_authorities; k++)
				found |= str_eq(x->authorities[k].name, str_of(names->items[i]));
		}
		if (!found)
			return verify_usage("option --authority", str_of(names->items[i]),
					    "the policy has no such authority");
	}
	return EXIT_CLEAN;
}

static int decode_policy(struct verify_ask *ask)
{
	const char *paths[] = {ask->o->policy};
	const struct option_list list = {paths, 1};
	size_t authorities = 0, parties = 0;

	ask->policies = policies_load(&list, ask->arena, clock_unix_s(&clock_system), 0);
	if (!ask->policies)
		return EXIT_USAGE;
	for (size_t p = 0; p < ask->policies->n_policies; p++) {
		const struct policy *x = &ask->policies->policies[p];
		authorities += x->n_authorities;
		for (size_t k = 0; k < x->n_authorities; k++)
			parties += x->authorities[k].n_keys + 1;
	}
	if (!authorities)
		return verify_usage("option --policy", str_of(ask->o->policy),
				    "it has no authorities");
	if (!make_room(ask, authorities, parties))
		return verify_no_memory();
	for (size_t p = 0; p < ask->policies->n_policies; p++) {
		const struct policy *x = &ask->policies->policies[p];
		for (size_t k = 0; k < x->n_authorities; k++) {
			if (is_named(ask, &x->authorities[k]))
				add_authority(ask, &x->authorities[k]);
		}
	}
	return check_names(ask);
}

/* ---- which of them ---- */

int verify_decode_who(struct verify_ask *ask)
{
	const struct verify_options *o = ask->o;
	const struct trusted_root *root = NULL;
	bool identity = o->identity || o->identity_regex || o->issuer || o->issuer_regex;

	if ((o->keys.n > 0) + identity + (o->policy != NULL) > 1)
		return say("want only one of --key, --certificate-identity and --policy");
	if (o->authorities.n && !o->policy)
		return say("option --authority: want --policy with it");
	if (o->policy)
		return decode_policy(ask);
	int code = load_root(ask, &root);
	if (code != EXIT_CLEAN)
		return code;
	if (identity)
		return decode_identity(ask, root);
	return o->keys.n ? decode_keys(ask, root) : EXIT_CLEAN;
}

/* The command line of `assay verify`, decoded. */
#include <stdio.h>

#include "cli/verify.h"
#include "policy/load.h"

int verify_usage(const char *what, struct str value, const char *why)
{
	char quoted[256];
	struct text t;

	text_init_fixed(&t, quoted, sizeof(quoted));
	text_quote(&t, value, 160);
	fprintf(stderr, "assay verify: %s %s: %s\n", what, quoted, why);
	return EXIT_USAGE;
}

int verify_no_memory(void)
{
	fprintf(stderr, "assay verify: no memory\n");
	return EXIT_USAGE;
}

/* ---- each returns an exit code ---- */

static int decode_image(struct verify_ask *ask, const struct option_list *args)
{
	struct err e = {0};

	if (args->n != 1) {
		fprintf(stderr,
			"assay verify: name one image, as registry.example/app@sha256:..., "
			"got %zu\n",
			args->n);
		return EXIT_USAGE;
	}
	struct str text = str_of(args->items[0]);
	if (reference_parse(ask->arena, text, &ask->image, &e) < 0)
		return verify_usage("image", text, e.text);
	if (ask->image.digest_kind == REFERENCE_DIGEST_OTHER)
		return verify_usage(
			"image", text,
			"its digest is no pin: want sha256: and 64 lower-case hex digits");
	return EXIT_CLEAN;
}

static int decode_elsewhere(struct verify_ask *ask)
{
	struct err e = {0};
	struct text t;

	if (!ask->o->signature_repository)
		return EXIT_CLEAN;
	struct str text = str_of(ask->o->signature_repository);
	if (reference_parse(ask->arena, text, &ask->elsewhere, &e) < 0)
		return verify_usage("option --signature-repository", text, e.text);
	if (ask->elsewhere.tag.n || ask->elsewhere.digest.n)
		return verify_usage("option --signature-repository", text,
				    "want a repository without tag and digest");
	text_init(&t, ask->arena, 1024);
	reference_put_repository(&t, &ask->elsewhere);
	return text_done(&t, &ask->repository) ? EXIT_CLEAN : verify_no_memory();
}

static int decode_annotations(struct verify_ask *ask)
{
	const struct option_list *l = &ask->o->annotations;
	struct sig_annotation *out = arena_calloc(ask->arena, l->n, sizeof(*out));

	if (!out)
		return verify_no_memory();
	for (size_t i = 0; i < l->n; i++) {
		struct str text = str_of(l->items[i]);
		if (!str_cut(text, '=', &out[i].key, &out[i].value) || out[i].key.n == 0)
			return verify_usage("option --annotation", text, "want KEY=VALUE");
	}
	ask->want.demand.annotations = out;
	ask->want.demand.n_annotations = l->n;
	return EXIT_CLEAN;
}

static int decode_type(struct verify_ask *ask)
{
	struct str text = str_of(ask->o->type);
	struct str type = predicate_type_of_name(text);

	if (!ask->o->type)
		return EXIT_CLEAN;
	if (!type.n && !str_has_char(text, ':'))
		return verify_usage(
			"option --type", text,
			"want a name as vuln, spdx, cyclonedx or slsaprovenance1, or a URI");
	ask->want.demand.want = SIG_WANT_ATTESTATION;
	ask->want.demand.predicate_type = type.n ? type : text;
	if (ask->n_parties == 0)
		return verify_usage("option --type", text,
				    "want --key, --certificate-identity or --policy");
	return EXIT_CLEAN;
}

static int decode_want(struct verify_ask *ask)
{
	struct err e = {0};

	ask->want.authorities = ask->authorities;
	ask->want.n_authorities = ask->n_authorities;
	ask->want.enough = 1;
	ask->want.which = EVIDENCE_ANY;
	ask->want.thorough = true;
	ask->want.repository =
		(struct registry_repository){ask->elsewhere.host, ask->elsewhere.path};
	if (ask->n_parties && evidence_want_seal(&ask->want, &e) < 0) {
		fprintf(stderr, "assay verify: %s\n", e.text);
		return EXIT_USAGE;
	}
	return EXIT_CLEAN;
}

/* A tag alone is only resolved. */
static int check_who(const struct verify_ask *ask, const struct option_list *args)
{
	if (ask->image.digest_kind != REFERENCE_DIGEST_PINNED || ask->n_parties)
		return EXIT_CLEAN;
	return verify_usage(
		"image", str_of(args->items[0]),
		"--key FILE, --certificate-identity ID or --policy PATH is missing: it names whose "
		"signature counts");
}

int verify_ask_decode(struct verify_ask *ask, const struct option_list *args)
{
	int code = decode_image(ask, args);

	if (code == EXIT_CLEAN)
		code = decode_elsewhere(ask);
	if (code == EXIT_CLEAN)
		code = verify_decode_who(ask);
	if (code == EXIT_CLEAN)
		code = check_who(ask, args);
	if (code == EXIT_CLEAN)
		code = decode_annotations(ask);
	if (code == EXIT_CLEAN)
		code = decode_type(ask);
	if (code == EXIT_CLEAN)
		code = decode_want(ask);
	return code;
}

void verify_ask_done(struct verify_ask *ask)
{
	policy_set_free(ask->policies);
}

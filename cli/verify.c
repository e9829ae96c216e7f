/* assay verify */
#include "cli/verify.h"

#include "cli/options.h"
#include "cli/sources.h"
#include "cli/verify_progress.h"
#include "core/file.h"
#include "evidence/pool.h"
#include "sigstore/limits.h"

#define RUN_ARENA_BYTES (64u << 20)
#define OUTPUT_BYTES (8u << 20)

struct verify_options {
	struct option_list keys;
	struct option_list annotations;
	const char *signature_repository;
	int output; /* 0 text, 1 json */
	int64_t timeout_ms;
	struct source_options source;
};

static const char *const outputs[] = {"text", "json", NULL};

#define AT(field) offsetof(struct verify_options, field)
static const struct option options[] = {
	{.name = "key",
	 .letter = 'k',
	 .type = OPTION_LIST,
	 .value = "FILE",
	 .offset = AT(keys),
	 .doc = "Public key (PEM) whose signature counts; repeatable, any of them suffices."},
	{.name = "annotation",
	 .letter = 'a',
	 .type = OPTION_LIST,
	 .value = "KEY=VALUE",
	 .offset = AT(annotations),
	 .doc = "The signature must carry this annotation; repeatable, all must be there."},
	{.name = "signature-repository",
	 .type = OPTION_STRING,
	 .value = "REPOSITORY",
	 .offset = AT(signature_repository),
	 .doc = "Look for signatures there, not in the image's repository."},
	{.name = "output",
	 .letter = 'o',
	 .type = OPTION_WORD,
	 .value = "FORMAT",
	 .preset = "text",
	 .words = outputs,
	 .offset = AT(output),
	 .doc = "How to print the result."},
	{.name = "timeout",
	 .type = OPTION_DURATION,
	 .value = "TIME",
	 .preset = "30s",
	 .min = 1,
	 .max = 10 * 60 * 1000,
	 .offset = AT(timeout_ms),
	 .doc = "Give up after this long: exit 3."},
	SOURCE_OPTION_REGISTRIES(struct verify_options, source),
	SOURCE_OPTION_REGISTRY_DIR(struct verify_options, source),
	SOURCE_OPTION_PLAIN_HTTP(struct verify_options, source),
	SOURCE_OPTION_DOCKER_CONFIG(struct verify_options, source),
	SOURCE_OPTION_CA(struct verify_options, source),
};

/* What the command line asks for, decoded. */
struct verify_ask {
	const struct verify_options *o;
	struct arena *arena;
	struct reference image;
	struct reference elsewhere; /* of --signature-repository; host empty: none */
	struct str repository;      /* the same as text */
	struct verify_key *keys;
	size_t n_keys;
	struct sig_authority authority;
	struct evidence_want want;
};

static int usage(const char *what, struct str value, const char *why)
{
	char quoted[256];
	struct text t;

	text_init_fixed(&t, quoted, sizeof(quoted));
	text_quote(&t, value, 160);
	fprintf(stderr, "assay verify: %s %s: %s\n", what, quoted, why);
	return EXIT_USAGE;
}

static int no_memory(void)
{
	fprintf(stderr, "assay verify: no memory\n");
	return EXIT_USAGE;
}

/* ---- decoding; each returns an exit code ---- */

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
		return usage("image", text, e.text);
	if (ask->image.digest_kind == REFERENCE_DIGEST_OTHER)
		return usage("image", text,
			     "its digest is no pin: want sha256: and 64 lower-case hex digits");
	if (ask->image.digest_kind == REFERENCE_DIGEST_PINNED && ask->o->keys.n == 0)
		return usage("image", text,
			     "--key FILE is missing: it names the key whose signature counts");
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
		return usage("option --signature-repository", text, e.text);
	if (ask->elsewhere.tag.n || ask->elsewhere.digest.n)
		return usage("option --signature-repository", text,
			     "want a repository without tag and digest");
	text_init(&t, ask->arena, 1024);
	reference_put_repository(&t, &ask->elsewhere);
	return text_done(&t, &ask->repository) ? EXIT_CLEAN : no_memory();
}

static int decode_keys(struct verify_ask *ask)
{
	const struct option_list *files = &ask->o->keys;
	struct sig_authority_key *members = arena_calloc(ask->arena, files->n, sizeof(*members));
	struct str pem;
	struct err e = {0};

	ask->keys = arena_calloc(ask->arena, files->n, sizeof(*ask->keys));
	if (!ask->keys || !members)
		return no_memory();
	if (files->n > LIMIT_AUTHORITY_KEYS) {
		fprintf(stderr, "assay verify: option --key: %zu keys, want at most %d\n", files->n,
			LIMIT_AUTHORITY_KEYS);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < files->n; i++) {
		struct verify_key *k = &ask->keys[i];
		k->file = files->items[i];
		if (file_read(ask->arena, k->file, LIMIT_KEY_PEM_BYTES, &pem, &e) < 0) {
			fprintf(stderr, "assay verify: option --key: %s\n", e.text);
			return EXIT_USAGE;
		}
		if (sig_key_parse(ask->arena, pem, &k->key, &e) < 0)
			return usage("option --key", str_of(k->file), e.text);
		members[i].key = &k->key;
	}
	ask->n_keys = files->n;
	ask->authority = (struct sig_authority){.keys = members,
						.n_keys = files->n,
						.schemes = SIG_SCHEMES_DEFAULT};
	return EXIT_CLEAN;
}

static int decode_annotations(struct verify_ask *ask)
{
	const struct option_list *l = &ask->o->annotations;
	struct sig_annotation *out = arena_calloc(ask->arena, l->n, sizeof(*out));

	if (!out)
		return no_memory();
	for (size_t i = 0; i < l->n; i++) {
		struct str text = str_of(l->items[i]);
		if (!str_cut(text, '=', &out[i].key, &out[i].value) || out[i].key.n == 0)
			return usage("option --annotation", text, "want KEY=VALUE");
	}
	ask->want.demand.annotations = out;
	ask->want.demand.n_annotations = l->n;
	return EXIT_CLEAN;
}

static int decode_want(struct verify_ask *ask)
{
	struct err e = {0};

	ask->want.authorities = &ask->authority;
	ask->want.n_authorities = 1;
	ask->want.enough = 1;
	ask->want.thorough = true;
	ask->want.demand.want = SIG_WANT_SIGNATURE;
	ask->want.repository =
		(struct registry_repository){ask->elsewhere.host, ask->elsewhere.path};
	if (ask->n_keys && evidence_want_seal(&ask->want, &e) < 0) {
		fprintf(stderr, "assay verify: %s\n", e.text);
		return EXIT_USAGE;
	}
	return EXIT_CLEAN;
}

static int decode(struct verify_ask *ask, const struct option_list *args)
{
	int code = decode_image(ask, args);

	if (code == EXIT_CLEAN)
		code = decode_elsewhere(ask);
	if (code == EXIT_CLEAN)
		code = decode_keys(ask);
	if (code == EXIT_CLEAN)
		code = decode_annotations(ask);
	if (code == EXIT_CLEAN)
		code = decode_want(ask);
	return code;
}

/* ---- asking ---- */

/* The tag's digest becomes the image's. False: it did not; the report says why. */
static bool resolve(struct verify_ask *ask, struct sources *s, struct deadline deadline,
		    struct verify_report *r)
{
	const struct registry_repository repository = {ask->image.host, ask->image.path};
	const struct registry_call call = {.arena = ask->arena, .deadline = deadline};
	struct str tag = reference_effective_tag(&ask->image);
	struct registry_reply reply = {0};
	char *digest = arena_alloc(ask->arena, 7 + SHA256_HEX + 1);

	registry_fetch_manifest(&s->source, &call, &repository, tag, &reply);
	if (reply.outcome != REGISTRY_OK || !digest) {
		r->kind = reply.outcome == REGISTRY_NOT_FOUND ? VERIFY_NO : VERIFY_UNKNOWN;
		r->outcome = registry_outcome_label(reply.outcome);
		r->why = reply.text;
		return false;
	}
	memcpy(digest, "sha256:", 7);
	sha256_hex(&reply.digest, digest + 7);
	ask->image.digest = (struct str){digest, 7 + SHA256_HEX};
	ask->image.digest_kind = REFERENCE_DIGEST_PINNED;
	return true;
}

static bool put_image(struct verify_ask *ask, struct verify_report *r)
{
	struct text t;

	text_init(&t, ask->arena, 1024);
	reference_put_repository(&t, &ask->image);
	text_putc(&t, '@');
	text_put(&t, ask->image.digest);
	return text_done(&t, &r->image);
}

static bool gather(struct verify_ask *ask, struct sources *s, struct deadline deadline,
		   struct verify_report *r)
{
	const struct evidence_question q = {.image = &ask->image,
					    .want = &ask->want,
					    .listed = true};
	const struct evidence_options o = {
		.source = s->source,
		.clock = &clock_system,
		.lookup_ms = ask->o->timeout_ms,
	};
	struct evidence *e = arena_alloc(ask->arena, sizeof(*e));
	struct err err = {0};
	struct evidence_pool *p = e ? evidence_pool_new(&o, &err) : NULL;

	if (!p) {
		fprintf(stderr, "assay verify: %s\n", e ? err.text : "no memory");
		return false;
	}
	evidence_gather(p, &q, 1, deadline, ask->arena, e);
	evidence_pool_free(p);
	r->evidence = e;
	if (e->state == VERIFY_STATE_VERIFIED)
		r->kind = VERIFY_YES;
	else
		r->kind = e->state == VERIFY_STATE_UNAVAILABLE ? VERIFY_UNKNOWN : VERIFY_NO;
	return true;
}

/* False: no memory or threads, said. */
static bool find_out(struct verify_ask *ask, struct sources *s, struct verify_report *r)
{
	struct deadline deadline = deadline_in(&clock_system, ask->o->timeout_ms);

	if (ask->image.digest_kind != REFERENCE_DIGEST_PINNED && !resolve(ask, s, deadline, r))
		return true;
	if (!put_image(ask, r))
		return no_memory() == EXIT_CLEAN;
	r->kind = VERIFY_RESOLVED;
	return ask->n_keys == 0 || gather(ask, s, deadline, r);
}

/* ---- telling ---- */

static bool put_reference(struct verify_ask *ask, struct verify_report *r)
{
	struct text t;

	text_init(&t, ask->arena, 1024);
	reference_put(&t, &ask->image);
	if (!ask->image.tag.n && ask->image.digest_kind == REFERENCE_DIGEST_NONE) {
		text_putc(&t, ':');
		text_put(&t, reference_effective_tag(&ask->image));
	}
	return text_done(&t, &r->reference) || no_memory() == EXIT_CLEAN;
}

static int tell(const struct verify_report *r, int output)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(2 * OUTPUT_BYTES);
	struct text t;
	struct str out;

	if (!a)
		return no_memory();
	text_init(&t, a, OUTPUT_BYTES);
	if (output == 1)
		verify_print_json(r, &t);
	else
		verify_print_text(r, &t);
	if (!r->image.n)
		fprintf(stderr, "assay verify: %.*s: tag not resolved: %.*s\n",
			STR_ARG(r->reference), STR_ARG(r->why));
	if (!text_done(&t, &out))
		return no_memory();
	fwrite(out.p, 1, out.n, stdout);
	switch (r->kind) {
	case VERIFY_YES:
	case VERIFY_RESOLVED:
		return EXIT_CLEAN;
	case VERIFY_NO:
		return EXIT_VIOLATION;
	case VERIFY_UNKNOWN:
		break;
	}
	return EXIT_UNKNOWN;
}

static int verify_run(void *options_v, const struct option_list *args)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(RUN_ARENA_BYTES);
	struct verify_ask ask = {.o = options_v, .arena = a};
	struct verify_report r = {.kind = VERIFY_UNKNOWN};
	struct verify_progress progress;
	struct sources sources;

	if (!a)
		return no_memory();
	int code = decode(&ask, args);
	if (code != EXIT_CLEAN)
		return code;
	const struct str hosts[] = {ask.image.host, ask.elsewhere.host};
	const struct source_use use = {.command = "verify",
				       .hosts = hosts,
				       .n_hosts = ask.elsewhere.host.n ? 2 : 1};
	if (!sources_open(&sources, &ask.o->source, &use, a))
		return EXIT_USAGE;
	r.keys = ask.keys;
	r.n_keys = ask.n_keys;
	r.repository = ask.repository;
	verify_progress_start(&progress, "verify", ask.image.host);
	bool told = put_reference(&ask, &r) && find_out(&ask, &sources, &r);
	verify_progress_stop(&progress);
	sources_close(&sources);
	return told ? tell(&r, ask.o->output) : EXIT_USAGE;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "say who signed an image, and why each signature does or does not count",
	.usage = "IMAGE[@DIGEST]",
	.detail =
		"With a digest, --key is required: the image is verified. With a tag, the tag is "
		"resolved and the\n"
		"pinned reference printed, to be pasted into a manifest; with --key that digest is "
		"then verified.\n"
		"The first line of output is always the pinned reference. Examples:\n\n"
		"  assay verify registry.example/app:1.4\n"
		"  assay verify --key release.pub registry.example/app@sha256:...\n\n"
		"Exit 0: verified, or only a tag was to be resolved. Exit 1: not verified, or "
		"there is no such tag.\n"
		"Exit 2: usage. Exit 3: could not find out, because the registry did not answer "
		"or not in time.\n"
		"Without --registries and --docker-config no credentials are used.",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct verify_options),
	.run = verify_run,
};

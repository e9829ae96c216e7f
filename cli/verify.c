/* assay verify */
#include <stdio.h>

#include "cli/verify.h"
#include "cli/verify_progress.h"
#include "evidence/pool.h"

#define RUN_ARENA_BYTES (64u << 20)
#define OUTPUT_BYTES (8u << 20)

static const char *const outputs[] = {"text", "json", NULL};

#define AT(field) offsetof(struct verify_options, field)
static const struct option options[] = {
	{.name = "key",
	 .letter = 'k',
	 .type = OPTION_LIST,
	 .value = "FILE",
	 .offset = AT(keys),
	 .doc = "Public key (PEM) whose signature counts; repeatable, any of them suffices."},
	{.name = "certificate-identity",
	 .type = OPTION_STRING,
	 .value = "ID",
	 .offset = AT(identity),
	 .doc = "Subject of the certificate whose signature counts, whole: an e-mail address or a "
		"URI."},
	{.name = "certificate-identity-regexp",
	 .type = OPTION_STRING,
	 .value = "REGEX",
	 .offset = AT(identity_regex),
	 .doc = "The same as a POSIX extended regular expression that the whole subject fits."},
	{.name = "certificate-oidc-issuer",
	 .type = OPTION_STRING,
	 .value = "URL",
	 .offset = AT(issuer),
	 .doc = "Who vouched for that identity, whole."},
	{.name = "certificate-oidc-issuer-regexp",
	 .type = OPTION_STRING,
	 .value = "REGEX",
	 .offset = AT(issuer_regex),
	 .doc = "The same as an expression."},
	{.name = "trusted-root",
	 .type = OPTION_LIST,
	 .value = "FILE",
	 .offset = AT(trusted_roots),
	 .doc = "Trusted root (JSON) of identities; repeatable. A log entry is wanted if it lists "
		"logs, a proof of the certificate's log if it lists those. With --key it only "
		"tells "
		"times."},
	{.name = "policy",
	 .type = OPTION_STRING,
	 .value = "PATH",
	 .offset = AT(policy),
	 .doc = "Take the authorities of this policy, in place of keys and identities; any of them "
		"suffices."},
	{.name = "authority",
	 .type = OPTION_LIST,
	 .value = "NAME",
	 .offset = AT(authorities),
	 .doc = "Only this authority of the policy; repeatable."},
	{.name = "type",
	 .type = OPTION_STRING,
	 .value = "TYPE",
	 .offset = AT(type),
	 .doc = "Attestations of this predicate type, in place of signatures: vuln, spdx, "
		"cyclonedx, "
		"slsaprovenance1 and the like, or a URI."},
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
		return verify_no_memory() == EXIT_CLEAN;
	r->kind = VERIFY_RESOLVED;
	return ask->n_parties == 0 || gather(ask, s, deadline, r);
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
	return text_done(&t, &r->reference) || verify_no_memory() == EXIT_CLEAN;
}

static int tell(const struct verify_report *r, int output)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(2 * OUTPUT_BYTES);
	struct text t;
	struct str out;

	if (!a)
		return verify_no_memory();
	text_init(&t, a, OUTPUT_BYTES);
	if (output == 1)
		verify_print_json(r, &t);
	else
		verify_print_text(r, &t);
	if (!r->image.n)
		fprintf(stderr, "assay verify: %.*s: tag not resolved: %.*s\n",
			STR_ARG(r->reference), STR_ARG(r->why));
	if (!text_done(&t, &out))
		return verify_no_memory();
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

static int ask_registry(struct verify_ask *ask)
{
	const struct str hosts[] = {ask->image.host, ask->elsewhere.host};
	const struct source_use use = {.command = "verify",
				       .hosts = hosts,
				       .n_hosts = ask->elsewhere.host.n ? 2 : 1};
	struct verify_report r = {.kind = VERIFY_UNKNOWN,
				  .parties = ask->parties,
				  .n_parties = ask->n_parties,
				  .repository = ask->repository,
				  .type = ask->want.demand.predicate_type};
	struct verify_progress progress;
	struct sources sources;

	if (!sources_open(&sources, &ask->o->source, &use, ask->arena))
		return EXIT_USAGE;
	verify_progress_start(&progress, "verify", ask->image.host);
	bool told = put_reference(ask, &r) && find_out(ask, &sources, &r);
	verify_progress_stop(&progress);
	sources_close(&sources);
	return told ? tell(&r, ask->o->output) : EXIT_USAGE;
}

static int verify_run(void *options_v, const struct option_list *args)
{
	struct arena *a CLEANUP(arena_cleanup) = arena_new(RUN_ARENA_BYTES);
	struct verify_ask ask = {.o = options_v, .arena = a};

	if (!a)
		return verify_no_memory();
	int code = verify_ask_decode(&ask, args);
	if (code == EXIT_CLEAN)
		code = ask_registry(&ask);
	verify_ask_done(&ask);
	return code;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "say who signed an image, and why each signature does or does not count",
	.usage = "IMAGE[@DIGEST]",
	.detail =
		"With a digest it must be said whose signature counts, by --key, by "
		"--certificate-identity with\n"
		"--certificate-oidc-issuer and --trusted-root, or by --policy: the image is "
		"verified. With a tag, the\n"
		"tag is resolved and the pinned reference printed, to be pasted into a manifest; "
		"with one of these that\n"
		"digest is then verified. With --type it is about attestations: who made them, not "
		"what they say, which\n"
		"is for a rule to judge. The first line of output is always the pinned reference. "
		"Examples:\n\n"
		"  assay verify registry.example/app:1.4\n"
		"  assay verify --key release.pub registry.example/app@sha256:...\n"
		"  assay verify --policy policies/ --authority ci --type vuln "
		"registry.example/app:1.4\n\n"
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

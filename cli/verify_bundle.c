/* assay verify-bundle: the protocol of the conformance suite. spec: sigstore section 15.1 */
#include <sys/stat.h>

#include "cli/options.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "sigstore/statement.h"
#include "sigstore/verify.h"

/* A file that was signed, whole in memory: some keys sign the bytes. */
#define ARTIFACT_BYTES (256u << 20)
#define ROOT_BYTES (4u << 20)
#define FILES_ARENA_BYTES (512u << 20)
#define PREDICATE_TYPE_SHOWN 256u

struct bundle_options {
	bool staging;
	const char *bundle;
	const char *key;
	const char *identity;
	const char *issuer;
	const char *trusted_root;
};

#define AT(field) offsetof(struct bundle_options, field)
static const struct option options[] = {
	{.name = "bundle",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(bundle),
	 .doc = "The bundle. Required."},
	{.name = "key",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(key),
	 .doc = "Public key (PEM) that must have signed. Required."},
	{.name = "certificate-identity",
	 .type = OPTION_STRING,
	 .value = "ID",
	 .offset = AT(identity),
	 .doc = "Signatures by certificate: not supported by this version."},
	{.name = "certificate-oidc-issuer",
	 .type = OPTION_STRING,
	 .value = "URL",
	 .offset = AT(issuer),
	 .doc = "Likewise."},
	{.name = "trusted-root",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(trusted_root),
	 .doc = "Trusted root (JSON). One that lists logs asks for a verified log entry, which "
		"this "
		"version cannot check."},
	{.name = "staging",
	 .type = OPTION_FLAG,
	 .offset = AT(staging),
	 .doc = "Accepted and ignored."},
};

struct offer {
	struct arena *arena;
	struct str bundle;
	struct sig_key key;
	struct sig_subject subject;
	bool wants_log;
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "assay verify-bundle: %s: %s\n", what, why);
	return EXIT_USAGE;
}

/* ---- reading; each returns an exit code ---- */

static int check_options(const struct bundle_options *o, const struct option_list *args)
{
	if (o->identity || o->issuer)
		return fail(o->identity ? "option --certificate-identity"
					: "option --certificate-oidc-issuer",
			    "keyless verification is not supported by this version");
	if (!o->bundle)
		return fail("option --bundle FILE is missing", "it names the bundle");
	if (!o->key)
		return fail("option --key FILE is missing",
			    "it names the key that must have signed");
	if (args->n != 1)
		return fail("arguments", "want one, a file or a digest sha256:<64 hex>");
	return EXIT_CLEAN;
}

static int read_key(struct offer *f, const char *path)
{
	struct str pem;
	struct err e = {0};

	if (file_read(f->arena, path, LIMIT_KEY_PEM_BYTES, &pem, &e) < 0 ||
	    sig_key_parse(f->arena, pem, &f->key, &e) < 0)
		return fail("option --key", e.text);
	return EXIT_CLEAN;
}

/* Of the root, this version reads whether it lists logs. */
static int read_root(struct offer *f, const char *path)
{
	struct str bytes;
	struct node *root = NULL;
	struct err e = {0};

	if (!path)
		return EXIT_CLEAN;
	if (file_read(f->arena, path, ROOT_BYTES, &bytes, &e) < 0 ||
	    json_parse(f->arena, bytes, NULL, &root, NULL, &e) < 0)
		return fail("option --trusted-root", e.text);
	if (root->type != NODE_MAP)
		return fail("option --trusted-root", "not a JSON object");
	const struct node *logs = node_get(root, S("tlogs"));
	if (logs && logs->type != NODE_LIST && logs->type != NODE_NULL)
		return fail("option --trusted-root", "tlogs: want a list");
	f->wants_log = logs && logs->type == NODE_LIST && logs->list.n > 0;
	return EXIT_CLEAN;
}

static int read_subject(struct offer *f, const char *arg)
{
	struct err e = {0};
	struct stat st;

	if (stat(arg, &st) < 0 && sha256_parse(str_of(arg), &f->subject.digest))
		return EXIT_CLEAN;
	if (file_read(f->arena, arg, ARTIFACT_BYTES, &f->subject.bytes, &e) < 0 ||
	    sha256_of(f->subject.bytes, &f->subject.digest, &e) < 0)
		return fail("artifact", e.text);
	return EXIT_CLEAN;
}

static int read_all(struct offer *f, const struct bundle_options *o, const char *artifact)
{
	struct err e = {0};
	int code = read_key(f, o->key);

	if (code == EXIT_CLEAN)
		code = read_root(f, o->trusted_root);
	if (code == EXIT_CLEAN)
		code = read_subject(f, artifact);
	if (code == EXIT_CLEAN &&
	    file_read(f->arena, o->bundle, LIMIT_BUNDLE_BYTES, &f->bundle, &e) < 0)
		code = fail("option --bundle", e.text);
	return code;
}

/* ---- judging ---- */

/* The protocol takes statements of every type: the verifier is asked for the one that is there, and
 * believes it only once the signature holds. */
static void find_demand(struct arena *a, const struct bundle *b, struct sig_demand *out)
{
	struct statement s;
	struct sig_fault ignored;

	*out = (struct sig_demand){.want = SIG_WANT_SIGNATURE};
	if (b->content != BUNDLE_ENVELOPE ||
	    statement_parse(a, b->envelope.payload, &s, &ignored) < 0)
		return;
	if (str_eq(s.predicate_type, S(STATEMENT_COSIGN_SIGN)))
		return;
	out->want = SIG_WANT_ATTESTATION;
	out->predicate_type = s.predicate_type;
}

static void judge(struct arena *a, const struct offer *f, struct verify_result *out)
{
	const struct sig_authority_key member = {.key = &f->key};
	const struct sig_authority authority = {.keys = &member,
						.n_keys = 1,
						.schemes = SIG_SCHEMES_DEFAULT,
						.accept_message = true};
	struct sig_demand demand;
	struct sig_fault fault;
	struct bundle *b = NULL;

	if (bundle_parse(a, f->bundle, &b, &fault) < 0) {
		verify_rejected(&fault, out);
		return;
	}
	find_demand(a, b, &demand);
	const struct verify_input in = {
		.authority = &authority,
		.demand = &demand,
		.subject = &f->subject,
		.now_unix_s = clock_unix_s(&clock_system),
	};
	verify_bundle(a, b, &in, out);
}

/* What was signed is said, not judged: a yes is one to a statement of this type alone. */
static void print_yes(const struct offer *f, const struct verify_result *r)
{
	char fingerprint[SIG_FINGERPRINT_BYTES];
	/* Of an escaped byte there are at most 6. */
	char buf[6 * PREDICATE_TYPE_SHOWN + 8];
	struct text t;
	struct str shown;

	text_init_fixed(&t, buf, sizeof(buf));
	text_put_escaped(&t, r->predicate_type, PREDICATE_TYPE_SHOWN);
	if (!text_done(&t, &shown) || shown.n == 0)
		shown = S("none");
	printf("verified: %s, predicate type %.*s, key %s\n", bundle_format_name(r->format),
	       STR_ARG(shown), sig_key_fingerprint(&f->key, fingerprint));
}

static int tell(const struct offer *f, const struct verify_result *r)
{
	if (r->state == VERIFY_STATE_UNAVAILABLE)
		return fail(verify_reason_name(r->reason),
			    r->text[0] ? r->text : verify_reason_meaning(r->reason));
	if (r->state != VERIFY_STATE_VERIFIED) {
		fprintf(stderr, "assay verify-bundle: rejected: %s: %s\n",
			verify_reason_name(r->reason),
			r->text[0] ? r->text : verify_reason_meaning(r->reason));
		return EXIT_VIOLATION;
	}
	/* A "no" holds whatever the log says, a "yes" does not. */
	if (f->wants_log)
		return fail(
			"not_supported",
			"the trusted root lists transparency logs, which asks for a verified log "
			"entry: this version cannot check it");
	print_yes(f, r);
	return EXIT_CLEAN;
}

static int verify_bundle_run(void *options_v, const struct option_list *args)
{
	const struct bundle_options *o = options_v;
	struct arena *a CLEANUP(arena_cleanup) = arena_new(FILES_ARENA_BYTES);
	struct arena *work CLEANUP(arena_cleanup) = arena_new(LIMIT_VERIFY_ARENA_BYTES);
	struct offer f = {.arena = a};
	struct verify_result r;
	int code = check_options(o, args);

	if (code != EXIT_CLEAN)
		return code;
	if (!a || !work)
		return fail("memory", "there is none");
	code = read_all(&f, o, args->items[0]);
	if (code != EXIT_CLEAN)
		return code;
	judge(work, &f, &r);
	return tell(&f, &r);
}

const struct command command_verify_bundle = {
	.name = "verify-bundle",
	.summary = "verify one Sigstore bundle (the protocol of sigstore-conformance)",
	.usage = "FILE_OR_DIGEST",
	.detail = "The argument is what was signed: a file, or its digest sha256:<64 hex> if no "
		  "file has that name.\n"
		  "The predicate type of what was signed is printed, not judged: an attestation is "
		  "\"verified\" too, whatever\n"
		  "it says of the file. Of a signature over the file itself it is \"none\".\n"
		  "Exit 0: verified. Exit 1: rejected, with the reason on standard error. Exit 2: "
		  "usage, unreadable\n"
		  "input, or a demand that this version cannot check.",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct bundle_options),
	.run = verify_bundle_run,
};

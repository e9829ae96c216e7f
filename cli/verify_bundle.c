/* assay verify-bundle: the protocol of the conformance suite. spec: sigstore section 15.1 */
#include <sys/stat.h>

#include "cli/verify_bundle.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"
#include "sigstore/statement.h"

/* A file that was signed, whole in memory: some keys sign the bytes. */
#define ARTIFACT_BYTES (256u << 20)
#define ROOT_BYTES (4u << 20)
#define FILES_ARENA_BYTES (512u << 20)

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
	 .doc = "Public key (PEM) that must have signed. Either this or an identity."},
	{.name = "certificate-identity",
	 .type = OPTION_STRING,
	 .value = "ID",
	 .offset = AT(identity),
	 .doc = "Subject of the certificate that must have signed, whole: an e-mail address or a "
		"URI."},
	{.name = "certificate-oidc-issuer",
	 .type = OPTION_STRING,
	 .value = "URL",
	 .offset = AT(issuer),
	 .doc = "Who vouched for that identity, whole. Required with --certificate-identity."},
	{.name = "trusted-root",
	 .type = OPTION_STRING,
	 .value = "FILE",
	 .offset = AT(trusted_root),
	 .doc = "Trusted root (JSON). Required for identities. One that lists logs asks for a "
		"verified log "
		"entry, with --key too."},
	{.name = "staging",
	 .type = OPTION_FLAG,
	 .offset = AT(staging),
	 .doc = "Accepted and ignored."},
};

struct offer {
	struct arena *arena;
	struct str bundle;
	struct sig_key key;
	struct identity_demand identity;
	struct trusted_root root;
	bool has_root;
	struct sig_subject subject;
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "assay verify-bundle: %s: %s\n", what, why);
	return EXIT_USAGE;
}

static int refuse(const char *reason, const char *why)
{
	fprintf(stderr, "assay verify-bundle: rejected: %s: %s\n", reason, why);
	return EXIT_VIOLATION;
}

/* ---- reading; each returns an exit code ---- */

static int check_signer(const struct bundle_options *o)
{
	if (o->key && (o->identity || o->issuer))
		return fail("option --key", "give either a key or an identity, not both");
	if (o->key)
		return EXIT_CLEAN;
	if (!o->identity && !o->issuer)
		return fail("option --key FILE or --certificate-identity ID is missing",
			    "it names who must have signed");
	if (!o->identity || !o->identity[0])
		return fail("option --certificate-identity ID is missing",
			    "an issuer alone vouches for anybody");
	if (!o->issuer || !o->issuer[0])
		return fail("option --certificate-oidc-issuer URL is missing",
			    "anybody can run an issuer that vouches for an identity");
	if (!o->trusted_root)
		return fail("option --trusted-root FILE is missing",
			    "it names the authorities that are believed; 'cosign trusted-root "
			    "create' writes one");
	return EXIT_CLEAN;
}

static int check_options(const struct bundle_options *o, const struct option_list *args)
{
	int code;

	if (!o->bundle)
		return fail("option --bundle FILE is missing", "it names the bundle");
	code = check_signer(o);
	if (code != EXIT_CLEAN)
		return code;
	if (args->n != 1)
		return fail("arguments", "want one, a file or a digest sha256:<64 hex>");
	return EXIT_CLEAN;
}

static int read_signer(struct offer *f, const struct bundle_options *o)
{
	struct str pem;
	struct err e = {0};

	if (!o->key) {
		f->identity.subject.exact = str_of(o->identity);
		f->identity.issuer.exact = str_of(o->issuer);
		return EXIT_CLEAN;
	}
	if (file_read(f->arena, o->key, LIMIT_KEY_PEM_BYTES, &pem, &e) < 0 ||
	    sig_key_parse(f->arena, pem, &f->key, &e) < 0)
		return fail("option --key", e.text);
	return EXIT_CLEAN;
}

/* What is no JSON is not readable input; JSON that is no trusted root trusts nobody, which is a
 * rejection. */
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
	if (trusted_root_add(f->arena, bytes, &f->root, &e) < 0)
		return refuse("trusted_root", e.text);
	f->has_root = true;
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

/* The root last: who cannot name the other files did not get as far as a verdict. */
static int read_all(struct offer *f, const struct bundle_options *o, const char *artifact)
{
	struct err e = {0};
	int code = read_signer(f, o);

	if (code == EXIT_CLEAN)
		code = read_subject(f, artifact);
	if (code == EXIT_CLEAN &&
	    file_read(f->arena, o->bundle, LIMIT_BUNDLE_BYTES, &f->bundle, &e) < 0)
		code = fail("option --bundle", e.text);
	if (code == EXIT_CLEAN)
		code = read_root(f, o->trusted_root);
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

/* spec: sigstore#15.1 "one verified log entry if the trusted root lists logs (keyed bundles too); one
 * SCT and a verified time for certificates" */
static struct sig_authority authority_of(const struct offer *f, const struct sig_authority_key *key)
{
	struct sig_authority a = {.schemes = SIG_SCHEMES_DEFAULT, .accept_message = true};

	if (f->has_root) {
		a.root = &f->root;
		a.log_threshold = f->root.n_logs > 0;
		a.sct_threshold = f->root.n_ct_logs > 0;
	}
	if (key->key->algorithm != SIG_ALGORITHM_NONE) {
		a.keys = key;
		a.n_keys = 1;
	} else {
		a.identities = &f->identity;
		a.n_identities = 1;
	}
	return a;
}

static void judge(struct arena *a, const struct offer *f, struct verify_result *out)
{
	const struct sig_authority_key key = {.key = &f->key};
	const struct sig_authority authority = authority_of(f, &key);
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

static int tell(struct arena *a, const struct verify_result *r)
{
	const char *why = r->text[0] ? r->text : verify_reason_meaning(r->reason);
	struct text t;
	struct str yes;

	if (r->state == VERIFY_STATE_UNAVAILABLE)
		return fail(verify_reason_name(r->reason), why);
	if (r->state != VERIFY_STATE_VERIFIED)
		return refuse(verify_reason_name(r->reason), why);
	text_init(&t, a, 1u << 20);
	verify_bundle_print(r, &t);
	if (!text_done(&t, &yes))
		return fail("memory", "there is none");
	fwrite(yes.p, 1, yes.n, stdout);
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
	return tell(a, &r);
}

const struct command command_verify_bundle = {
	.name = "verify-bundle",
	.summary = "verify one Sigstore bundle (the protocol of sigstore-conformance)",
	.usage = "FILE_OR_DIGEST",
	.detail =
		"The argument is what was signed: a file, or its digest sha256:<64 hex> if no "
		"file has that name.\n"
		"The predicate type of what was signed is printed, not judged: an attestation is "
		"\"verified\" too, whatever\n"
		"it says of the file. Of a signature over the file itself it is \"none\".\n"
		"A signature by certificate needs a time that the trusted root vouches for, and a "
		"log of certificates if\n"
		"the root lists any. A log entry or timestamp that is there and does not verify "
		"rejects the bundle.\n"
		"Exit 0: verified. Exit 1: rejected, with the reason on standard error; the reason "
		"is trusted_root where\n"
		"the root is JSON, but not a trusted root. Exit 2: usage, or input that cannot be "
		"read.",
	.options = options,
	.n_options = sizeof options / sizeof *options,
	.size = sizeof(struct bundle_options),
	.run = verify_bundle_run,
};

/*
 * The verifier over many bundles in one process, with the policy of `assay verify-bundle`; the
 * counterpart of oracle/main.go, with the same jobs and answers.
 *
 *   batch                 jobs on standard input, one answer a line on standard output:
 *                         NAME <tab> accepted|rejected|error <tab> reason <tab> text
 *   batch --bench N JOB   microseconds a verification, reading and parsing the bundle included: by the
 *                         clock, and of processors
 *
 * A job is one line of eight fields with tabs between: name, bundle, trusted root, artifact (a file
 * or sha256:HEX), key, identity, issuer, note. Files are paths; "-" says that there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/file.h"
#include "sigstore/statement.h"
#include "sigstore/verify.h"

#define MIB ((size_t)1 << 20)
#define LINE_BYTES ((size_t)64 << 10)
#define FIELDS 8
#define NOW_UNIX_S 1800000000 /* asked of keys with a window only, and no job has such */

enum field { NAME, BUNDLE, ROOT, ARTIFACT, KEY, IDENTITY, ISSUER, NOTE };

/* The root of the last job: jobs come sorted by it. */
struct root_cache {
	struct arena *arena;
	char path[4096];
	struct trusted_root root;
	struct err err; /* why it does not load */
	bool loaded;
};

struct job {
	const char *fields[FIELDS];
	const struct trusted_root *root;
	struct sig_key key;
	struct sig_subject subject;
};

static int split(char *line, struct job *j)
{
	memset(j, 0, sizeof *j);
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < FIELDS; i++) {
		char *word = strsep(&line, "\t");

		if (!word)
			return -1;
		j->fields[i] = strcmp(word, "-") == 0 ? NULL : word;
	}
	return line || !j->fields[NAME] || !j->fields[BUNDLE] || !j->fields[ARTIFACT] ? -1 : 0;
}

static const struct trusted_root *load_root(struct root_cache *c, const char *path, struct err *e)
{
	struct str json;

	if (strcmp(c->path, path) != 0) {
		arena_reset(c->arena);
		c->root = (struct trusted_root){0};
		snprintf(c->path, sizeof c->path, "%s", path);
		c->loaded = file_read(c->arena, path, 4 * MIB, &json, &c->err) == 0 &&
			    trusted_root_add(c->arena, json, &c->root, &c->err) == 0;
	}
	if (!c->loaded)
		*e = c->err;
	return c->loaded ? &c->root : NULL;
}

static int load_artifact(struct arena *a, const char *name, struct sig_subject *out, struct err *e)
{
	if (sha256_parse(str_of(name), &out->digest))
		return 0;
	TRY(file_read(a, name, MIB, &out->bytes, e));
	return sha256_of(out->bytes, &out->digest, e);
}

/* Everything of the job but the bundle. */
static int load(struct arena *a, struct root_cache *c, struct job *j, struct err *e)
{
	struct str pem;

	if (j->fields[ROOT] && !(j->root = load_root(c, j->fields[ROOT], e)))
		return -1;
	if (j->fields[KEY]) {
		TRY(file_read(a, j->fields[KEY], LIMIT_KEY_PEM_BYTES, &pem, e));
		TRY(sig_key_parse(a, pem, &j->key, e));
	}
	return load_artifact(a, j->fields[ARTIFACT], &j->subject, e);
}

/* Statements of every type are taken: the demand is for the one that is there. */
static struct sig_demand demand_of(struct arena *a, const struct bundle *b)
{
	struct sig_demand d = {.want = SIG_WANT_SIGNATURE};
	struct sig_fault ignored;
	struct statement s;

	if (b->content == BUNDLE_ENVELOPE &&
	    statement_parse(a, b->envelope.payload, &s, &ignored) == 0 &&
	    !str_eq(s.predicate_type, S(STATEMENT_COSIGN_SIGN))) {
		d.want = SIG_WANT_ATTESTATION;
		d.predicate_type = s.predicate_type;
	}
	return d;
}

static void judge_parsed(struct arena *a, const struct job *j, const struct bundle *b,
			 struct verify_result *out)
{
	const struct sig_authority_key key = {.key = &j->key};
	const struct identity_demand identity = {
		.issuer.exact = str_of(j->fields[ISSUER] ? j->fields[ISSUER] : ""),
		.subject.exact = str_of(j->fields[IDENTITY] ? j->fields[IDENTITY] : ""),
	};
	bool keyed = j->fields[KEY] != NULL;
	const struct sig_authority authority = {
		.keys = &key,
		.n_keys = keyed ? 1 : 0,
		.schemes = SIG_SCHEMES_DEFAULT,
		.accept_message = true,
		.identities = &identity,
		.n_identities = keyed ? 0 : 1,
		.root = j->root,
		.log_threshold = j->root && j->root->n_logs > 0,
		.time_threshold =
			j->root && j->root->n_timestamp_authorities > 0 && b->n_timestamps > 0,
		.sct_threshold = keyed ? 0 : 1,
	};
	const struct sig_demand demand = demand_of(a, b);
	const struct verify_input in = {
		.authority = &authority,
		.demand = &demand,
		.subject = &j->subject,
		.now_unix_s = NOW_UNIX_S,
	};

	verify_bundle(a, b, &in, out);
}

static int judge(struct arena *a, const struct job *j, struct verify_result *out, struct err *e)
{
	struct sig_fault fault;
	struct bundle *b = NULL;
	struct str bytes;

	TRY(file_read(a, j->fields[BUNDLE], LIMIT_BUNDLE_BYTES, &bytes, e));
	if (bundle_parse(a, bytes, &b, &fault) < 0)
		verify_rejected(&fault, out);
	else
		judge_parsed(a, j, b, out);
	return 0;
}

static void answer(struct arena *files, struct arena *work, struct root_cache *c, struct job *j)
{
	struct verify_result r;
	struct err e = {0};

	if (load(files, c, j, &e) < 0) {
		printf("%s\trejected\tinput\t%s\n", j->fields[NAME], e.text);
		return;
	}
	if (judge(work, j, &r, &e) < 0) {
		printf("%s\terror\tinput\t%s\n", j->fields[NAME], e.text);
		return;
	}
	const char *verdict = r.state == VERIFY_STATE_VERIFIED      ? "accepted"
			      : r.state == VERIFY_STATE_UNAVAILABLE ? "error"
								    : "rejected";
	printf("%s\t%s\t%s\t%s\n", j->fields[NAME], verdict, verify_reason_name(r.reason), r.text);
}

static int answer_all(struct arena *files, struct arena *work, struct root_cache *c)
{
	static char line[LINE_BYTES];
	struct job j;

	while (fgets(line, sizeof line, stdin)) {
		if (split(line, &j) < 0) {
			fprintf(stderr, "batch: not a job: %s\n", line);
			return -1;
		}
		answer(files, work, c, &j);
		arena_reset(files);
		arena_reset(work);
	}
	return 0;
}

static int bench(struct arena *files, struct arena *work, struct root_cache *c, long n, char *line)
{
	struct verify_result r = {0};
	struct err e = {0};
	struct job j;

	if (split(line, &j) < 0 || load(files, c, &j, &e) < 0) {
		fprintf(stderr, "batch: not a job: %s\n", e.text);
		return -1;
	}
	int64_t start = clock_mono_us();
	clock_t busy = clock();
	for (long i = 0; i < n; i++) {
		if (judge(work, &j, &r, &e) < 0 || r.state != VERIFY_STATE_VERIFIED) {
			fprintf(stderr, "batch: not verified: %s%s\n", e.text, r.text);
			return -1;
		}
		arena_reset(work);
	}
	printf("%.1f %.1f\n", (double)(clock_mono_us() - start) / (double)n,
	       (double)(clock() - busy) * 1e6 / CLOCKS_PER_SEC / (double)n);
	return 0;
}

int main(int argc, char **argv)
{
	struct arena *files = arena_new(8 * MIB), *work = arena_new(LIMIT_VERIFY_ARENA_BYTES);
	struct root_cache cache = {.arena = arena_new(64 * MIB)};
	int rc = -1;

	if (argc == 1)
		rc = answer_all(files, work, &cache);
	else if (argc == 4 && strcmp(argv[1], "--bench") == 0)
		rc = bench(files, work, &cache, strtol(argv[2], NULL, 10), argv[3]);
	else
		fprintf(stderr, "usage: batch [--bench N JOB]\n");
	arena_free(files);
	arena_free(work);
	arena_free(cache.arena);
	return rc < 0 ? 2 : 0;
}

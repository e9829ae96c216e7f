#include "policy/load.h"

#include <stdio.h>

#include "core/limits.h"
#include "policy/limits.h"
#include "policy/loader.h"

void policy_set_free(struct policy_set *s)
{
	/* The set lives in its own arena. */
	if (s)
		arena_free(s->arena);
}

static int hash_field(struct sha256_ctx *c, struct str s, struct err *e)
{
	char length[32];
	int n = snprintf(length, sizeof(length), "%zu:", s.n);
	TRY(sha256_update(c, (struct str){length, (size_t)n}, e));
	return sha256_update(c, s, e);
}

static int hash_file(struct sha256_ctx *c, struct str name, struct str bytes, struct err *e)
{
	TRY(hash_field(c, name, e));
	return hash_field(c, bytes, e);
}

static int hash_files(const struct loader *ld, const struct policy_file *files, size_t n,
		      struct sha256 *out, struct err *e)
{
	struct sha256_ctx c;
	int rc = 0;
	TRY(sha256_init(&c, e));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = hash_file(&c, files[i].name, files[i].bytes, e);
	for (const struct load_key_file *f = ld->key_files; f && rc == 0; f = f->next)
		rc = hash_file(&c, f->path, f->bytes, e);
	sha256_final(&c, rc == 0 ? out : NULL);
	return rc;
}

static bool within(struct loader *ld, const char *what, size_t n, size_t most)
{
	if (n > most)
		problem_add(ld->d.problems, PROBLEM_ERROR, S(""), 0, 0,
			    "too many %s: %zu, and at most %zu are allowed", what, n, most);
	return n <= most;
}

static void compile_policies(struct loader *ld)
{
	struct load_name *names = arena_calloc(ld->d.scratch, ld->n_kind_policy, sizeof(*names));
	size_t n_names = 0;
	ld->policies = arena_calloc(ld->d.arena, ld->n_kind_policy, sizeof(*ld->policies));
	if (!names || !ld->policies)
		return;
	for (size_t i = 0; i < ld->n_docs; i++) {
		if (ld->docs[i].kind != LOAD_KIND_POLICY)
			continue;
		struct decode_at doc = {NULL, NULL, 0, ld->docs[i].root};
		struct decode_at metadata = decode_member(&doc, "metadata");
		struct decode_at name = decode_member(&metadata, "name");
		struct policy *p = &ld->policies[ld->n_policies++];
		ld->d.file = ld->docs[i].file;
		load_policy(ld, &doc, p);
		if (p->name.n)
			names[n_names++] = (struct load_name){p->name, load_origin(ld, &name), i};
		else
			ld->partial = true;
	}
	load_unique(ld, "policy", names, n_names);
}

static void compile_exceptions(struct loader *ld)
{
	struct load_name *names = arena_calloc(ld->d.scratch, ld->n_kind_exception, sizeof(*names));
	size_t n_names = 0;
	ld->exceptions = arena_calloc(ld->d.arena, ld->n_kind_exception, sizeof(*ld->exceptions));
	if (!names || !ld->exceptions)
		return;
	for (size_t i = 0; i < ld->n_docs; i++) {
		if (ld->docs[i].kind != LOAD_KIND_EXCEPTION)
			continue;
		struct decode_at doc = {NULL, NULL, 0, ld->docs[i].root};
		struct decode_at metadata = decode_member(&doc, "metadata");
		struct decode_at name = decode_member(&metadata, "name");
		struct exception *x = &ld->exceptions[ld->n_exceptions++];
		ld->d.file = ld->docs[i].file;
		load_exception(ld, &doc, x);
		if (x->name.n)
			names[n_names++] = (struct load_name){x->name, load_origin(ld, &name), i};
	}
	load_unique(ld, "exception", names, n_names);
}

static void compile(struct loader *ld, const struct policy_file *files, size_t n)
{
	load_trees(ld, files, n);
	if (!within(ld, "policies", ld->n_kind_policy, LIMIT_POLICIES) ||
	    !within(ld, "exceptions", ld->n_kind_exception, LIMIT_EXCEPTIONS) ||
	    !load_rule_keys(ld))
		return;
	compile_policies(ld);
	compile_exceptions(ld);
	if (!ld->n_kind_policy && !ld->partial)
		problem_add(ld->d.problems, PROBLEM_ERROR, n == 1 ? files[0].name : S(""), 0, 0,
			    "no policy: want at least one document of kind Policy");
}

/* In the order in which they were read. */
static bool list_key_files(struct loader *ld, struct policy_set *s)
{
	size_t i = ld->n_key_files;
	struct str *paths = arena_calloc(ld->d.arena, i, sizeof(*paths));
	if (!paths)
		return false;
	for (const struct load_key_file *f = ld->key_files; f; f = f->next)
		paths[--i] = f->path;
	s->key_files = paths;
	s->n_key_files = ld->n_key_files;
	s->n_keys = ld->n_keys;
	return true;
}

static struct policy_set *finish(struct loader *ld, const struct policy_file *files, size_t n)
{
	struct err e = {0};
	struct policy_set *s = arena_alloc(ld->d.arena, sizeof(*s));
	if (s && list_key_files(ld, s) && hash_files(ld, files, n, &s->sha256, &e) < 0)
		problem_add(ld->d.problems, PROBLEM_ERROR, S(""), 0, 0, "%s", e.text);
	if (arena_exhausted(ld->d.arena) || arena_exhausted(ld->d.scratch))
		problem_add(ld->d.problems, PROBLEM_ERROR, S(""), 0, 0,
			    "the policies do not fit into memory: at most %u MiB compiled and "
			    "%u MiB as text are allowed",
			    LIMIT_SET_ARENA_BYTES >> 20, LIMIT_DOCUMENT_ARENA_BYTES >> 20);
	if (!s || ld->d.problems->errors)
		return NULL;
	s->arena = ld->d.arena;
	s->policies = ld->policies;
	s->n_policies = ld->n_policies;
	s->exceptions = ld->exceptions;
	s->n_exceptions = ld->n_exceptions;
	s->loaded_unix_s = ld->o->now_unix_s;
	sha256_hex(&s->sha256, s->sha256_hex);
	return s;
}

struct policy_set *policy_set_build(const struct policy_file *files, size_t n,
				    const struct policy_options *o, struct problems *problems)
{
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new(LIMIT_DOCUMENT_ARENA_BYTES);
	struct arena *arena = arena_new(LIMIT_SET_ARENA_BYTES);
	struct policy_set *set = NULL;
	if (scratch && arena) {
		struct loader ld = {
			.o = o,
			.rules = o->rules ? o->rules : rule_table_shipped(),
			.d = {.problems = problems, .arena = arena, .scratch = scratch},
			.partial = problems->errors > 0,
		};
		arena_fail_at(scratch, o->fail_at.scratch);
		arena_fail_at(arena, o->fail_at.set);
		compile(&ld, files, n);
		set = finish(&ld, files, n);
	} else {
		problem_add(problems, PROBLEM_ERROR, S(""), 0, 0, "out of memory");
	}
	if (!set)
		arena_free(arena);
	problems_sort(problems);
	return set;
}

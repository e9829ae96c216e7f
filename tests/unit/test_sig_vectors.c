/* Every case of tests/sigstore/vectors: the reason it names, the state and text of texts.txt, and that
 * no failed allocation turns a refusal, or what was not checked, into a yes. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "tests/unit/sig_case.h"

Suite *test_sig_vectors_suite(void);

#define MIB ((size_t)1 << 20)
#define ALLOCATIONS 100000 /* more than any case needs */
#define FOLDER "tests/sigstore/vectors"

static struct arena *a, *work;
static struct file_list files;
static struct str texts;

static void setup(void)
{
	struct str suffix = S(".json");
	struct err e;

	a = arena_new(64 * MIB);
	work = arena_new(LIMIT_VERIFY_ARENA_BYTES);
	ck_assert(a && work);
	ck_assert_msg(file_find(a, FOLDER, &suffix, 1, &files, &e) == 0, "%s", e.text);
	ck_assert_msg(file_read(a, "tests/sigstore/texts.txt", MIB, &texts, &e) == 0, "%s", e.text);
}

static void teardown(void)
{
	arena_free(a);
	arena_free(work);
}

static struct str name_of(const char *path)
{
	struct str s = str_of(path);

	return str_sub(s, sizeof(FOLDER), s.n - 5);
}

/* The line of texts.txt for this case, cut into state and text. */
static bool wanted(struct str name, struct str *state, struct str *text)
{
	struct str rest = texts, line, first;

	while (str_cut(rest, '\n', &line, &rest)) {
		if (str_cut(line, '\t', &first, &line) && str_eq(first, name))
			return str_cut(line, '\t', state, text);
	}
	return false;
}

static void load(int i, struct sig_case *c)
{
	struct err e;

	ck_assert_msg(sig_case_load(a, files.paths[i], c, &e) == 0, "%s: %s", files.paths[i],
		      e.text);
}

START_TEST(case_has_its_reason_state_and_text)
{
	struct str state, text, name = name_of(files.paths[_i]);
	struct verify_result r;
	struct sig_case c;

	load(_i, &c);
	sig_case_run(work, &c, &r);
	ck_assert_msg(str_eq(c.reason, str_of(verify_reason_name(r.reason))),
		      "%.*s: got %s (%s), want %.*s", STR_ARG(name), verify_reason_name(r.reason),
		      r.text, STR_ARG(c.reason));
	ck_assert_int_eq(r.state, verify_reason_state(r.reason));
	if (r.reason == VERIFY_VERIFIED) {
		ck_assert_int_eq(r.state, VERIFY_STATE_VERIFIED);
		ck_assert_ptr_eq(r.key, c.authority.keys[c.key_index].key);
		ck_assert_uint_eq(r.key_index, c.key_index);
		ck_assert_uint_ne(r.scheme & c.authority.schemes, 0);
		ck_assert_str_eq(r.text, "");
		ck_assert(!wanted(name, &state, &text));
		return;
	}
	ck_assert_msg(wanted(name, &state, &text), "%.*s: not in texts.txt", STR_ARG(name));
	ck_assert_msg(str_eq(text, str_of(r.text)), "%.*s: got \"%s\", want \"%.*s\"",
		      STR_ARG(name), r.text, STR_ARG(text));
	ck_assert_str_eq(verify_state_name(r.state), arena_dup(a, state.p, state.n));
}
END_TEST

/* With each allocation failing in turn, the answer is the same as without, or it is no yes. */
START_TEST(no_failed_allocation_makes_a_yes)
{
	struct verify_result full, r;
	struct sig_case c;
	size_t at = 0;

	load(_i, &c);
	sig_case_run(work, &c, &full);
	do {
		arena_reset(work);
		arena_fail_at(work, ++at);
		sig_case_run(work, &c, &r);
		if (!arena_exhausted(work))
			break;
		ck_assert_msg(r.state != VERIFY_STATE_VERIFIED, "%s: allocation %zu",
			      files.paths[_i], at);
		ck_assert_msg(r.reason == VERIFY_NO_ROOM || r.reason == full.reason,
			      "%s: allocation %zu: %s", files.paths[_i], at,
			      verify_reason_name(r.reason));
	} while (at < ALLOCATIONS);
	ck_assert_uint_lt(at, ALLOCATIONS);
	ck_assert_int_eq(r.reason, full.reason);
}
END_TEST

/* What the signature covers, and the signature: with any bit of it turned over, there is no yes. */
static const char *const covered[] = {
	"good-bundle-p256",    "good-bundle-ed25519", "good-bundle-rsa2048",
	"good-legacy-ed25519", "good-legacy-p256",    "good-message-ed25519-with-artifact",
};

static void turn_bits(struct sig_case *c, const char *name, struct str *in, size_t from)
{
	char *copy = arena_dup(a, in->p, in->n);
	struct verify_result r;

	*in = (struct str){copy, in->n};
	for (size_t i = from; i < in->n; i++) {
		copy[i] = (char)(copy[i] ^ 1);
		sig_case_run(work, c, &r);
		ck_assert_msg(r.state != VERIFY_STATE_VERIFIED, "%s: byte %zu", name, i);
		arena_reset(work);
		copy[i] = (char)(copy[i] ^ 1);
	}
	sig_case_run(work, c, &r);
	ck_assert_int_eq(r.state, VERIFY_STATE_VERIFIED);
}

START_TEST(no_bit_of_what_is_signed_can_be_turned)
{
	const char *name = covered[_i], *content;
	struct verify_result r;
	struct sig_case c;
	char path[128];
	struct err e;

	snprintf(path, sizeof(path), FOLDER "/%s.json", name);
	ck_assert_msg(sig_case_load(a, path, &c, &e) == 0, "%s", e.text);
	sig_case_run(work, &c, &r);
	ck_assert_int_eq(r.state, VERIFY_STATE_VERIFIED);
	arena_reset(work);
	if (c.is_layer) {
		turn_bits(&c, name, &c.layer.blob, 0);
		return;
	}
	content = strstr(c.bundle.p, "\"dsseEnvelope\"");
	if (!content)
		content = strstr(c.bundle.p, "\"messageSignature\"");
	ck_assert_ptr_nonnull(content);
	turn_bits(&c, name, &c.bundle, (size_t)(content - c.bundle.p));
}
END_TEST

START_TEST(every_text_has_its_case)
{
	struct str rest = texts, line, name, tail;
	size_t n = 0;

	while (str_cut(rest, '\n', &line, &rest)) {
		bool found = false;

		if (str_starts(line, S("#")))
			continue;
		ck_assert(str_cut(line, '\t', &name, &tail));
		for (size_t i = 0; i < files.n; i++)
			found |= str_eq(name_of(files.paths[i]), name);
		ck_assert_msg(found, "%.*s: no such case", STR_ARG(name));
		n++;
	}
	ck_assert_uint_ge(n, 40);
}
END_TEST

/* Outside of a test nothing may be asserted; without any file every_text_has_its_case fails. */
static int count_files(void)
{
	struct arena *tmp = arena_new(8 * MIB);
	struct file_list list = {.n = 0};
	struct str suffix = S(".json");
	int n = tmp && file_find(tmp, FOLDER, &suffix, 1, &list, NULL) == 0 ? (int)list.n : 0;

	arena_free(tmp);
	return n;
}

Suite *test_sig_vectors_suite(void)
{
	Suite *s = suite_create("sig_vectors");
	TCase *t = tcase_create("vectors");
	int n = count_files();

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, case_has_its_reason_state_and_text, 0, n);
	tcase_add_loop_test(t, no_failed_allocation_makes_a_yes, 0, n);
	tcase_add_loop_test(t, no_bit_of_what_is_signed_can_be_turned, 0,
			    (int)(sizeof(covered) / sizeof(covered[0])));
	tcase_add_test(t, every_text_has_its_case);
	suite_add_tcase(s, t);
	return s;
}

/* Log entries as a whole: promise, proof, checkpoint, and what each of them says of time. */
#include <check.h>
#include <gnutls/crypto.h>
#include <stdio.h>

#include "core/text.h"
#include "tests/unit/log_fixture.h"
#include "tests/unit/sig_fault.h"

#include "tests/unit/rekor_fixture.h"

Suite *test_sig_rekor_suite(void);

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct log_fixture l;
static struct rekor_result result;

static int verify(void)
{
	return rekor_verify(a, &entry, &l.root, &subject, &result, &f);
}

static void verified(void)
{
	result = (struct rekor_result){.log = NULL};
	ck_assert_msg(verify() == 0, "%s: %s", verify_reason_name(f.reason), f.err.text);
	ck_assert_ptr_eq(result.log, &l.log);
}

static void close_key(void)
{
	if (l.key)
		log_fixture_close(&l);
	l.key = NULL;
}

/* Promise and proof of version 1, or the proof of version 2. */
static void make_entry(const char *log_key, enum record r)
{
	close_key();
	log_fixture_open(&l, a, log_key);
	make_record(r, true);
	log_fixture_prove(&l, &entry);
	if (r != HASHEDREKORD_2 && r != HASHEDREKORD_2_ENVELOPE)
		log_fixture_promise(&l, &entry);
}

static void close_log(void)
{
	close_key();
	teardown();
}

static const char *const keys[] = {"p256", "p384", "ed25519", "rsa2048"};

START_TEST(promise_and_proof_of_version_1)
{
	make_entry(keys[_i], HASHEDREKORD_1);
	verified();
	ck_assert_int_eq(result.log_index, 99);
	ck_assert(result.has_time && result.has_proof);
	ck_assert_int_eq(result.integrated_unix_s, 1500);
}
END_TEST

START_TEST(a_promise_alone_has_a_time)
{
	make_entry("p256", DSSE_1_LEGACY);
	entry.has_proof = false;
	entry.kind = entry.version = S("");
	verified();
	ck_assert(result.has_time && !result.has_proof);
}
END_TEST

/* GHSA-hhfg-fwrw-87w7, CVE-2026-48816 */
START_TEST(cve_2026_48816_a_proof_alone_has_no_time)
{
	make_entry("p256", DSSE_1);
	entry.promise = S("");
	verified();
	ck_assert(!result.has_time && result.has_proof);
	ck_assert_int_eq(result.integrated_unix_s, 0);
}
END_TEST

START_TEST(version_2_has_no_time)
{
	make_entry("ed25519", _i ? HASHEDREKORD_2 : HASHEDREKORD_2_ENVELOPE);
	entry.integrated_unix_s = 1500;
	/* of the proof only the hashes are read */
	entry.proof_index = 1;
	entry.proof_tree_size = 1;
	entry.proof_root = S("");
	verified();
	ck_assert_int_eq(result.log_index, FIXTURE_INDEX);
	ck_assert(!result.has_time && result.has_proof);
	ck_assert_int_eq(result.integrated_unix_s, 0);
	log_fixture_promise(&l, &entry);
	verified();
	ck_assert(!result.has_time);
	entry.integrated_unix_s++;
	fault_is(verify(), VERIFY_LOG_PROMISE, "log entry: the log has not signed its promise");
}
END_TEST

START_TEST(result_is_written_on_success_only)
{
	make_entry("p256", HASHEDREKORD_1);
	bundle.signature = S("other");
	result = (struct rekor_result){.log_index = 7};
	fault_is(verify(), VERIFY_LOG_BODY_SIGNATURE,
		 "log entry: a log entry of another signature");
	ck_assert_ptr_null(result.log);
	ck_assert_int_eq(result.log_index, 7);
}
END_TEST

/* ---- which log ---- */

START_TEST(of_an_unknown_log)
{
	make_entry("p256", HASHEDREKORD_1);
	l.root.n_logs = 0;
	fault_is(verify(), VERIFY_LOG_UNKNOWN, "log entry: an entry of a log that is not trusted");
	l.root.n_logs = 1;
	entry.log_id = str_sub(l.log.id, 0, 31);
	fault_is(verify(), VERIFY_LOG_UNKNOWN, "log entry: an entry of a log that is not trusted");
	entry.log_id = S("");
	l.log.id = S("");
	fault_is(verify(), VERIFY_LOG_UNKNOWN, "log entry: of a log whose key cannot be used");
}
END_TEST

START_TEST(of_a_log_whose_key_cannot_be_used)
{
	make_entry("p256", HASHEDREKORD_1);
	l.log.usable = false;
	fault_is(verify(), VERIFY_LOG_UNKNOWN, "log entry: of a log whose key cannot be used");
}
END_TEST

/* ---- promises ---- */

enum change { INDEX, TIME, BODY, ID, SIGNATURE_BYTE, EMPTIED, CHANGES };

START_TEST(everything_in_a_promise_is_signed)
{
	struct trusted_log logs[2];
	char other[32] = "another log with the same key";

	make_entry("p256", HASHEDREKORD_1);
	entry.has_proof = false;
	logs[0] = logs[1] = l.log;
	logs[1].id = (struct str){other, 32};
	l.root.logs = logs;
	l.root.n_logs = 2;
	entry.log_index += _i == INDEX;
	entry.integrated_unix_s += _i == TIME;
	if (_i == BODY)
		replace("\"spec\"", " \"spec\"");
	if (_i == ID)
		entry.log_id = logs[1].id;
	if (_i == SIGNATURE_BYTE)
		((char *)entry.promise.p)[20] ^= 1;
	if (_i == EMPTIED)
		entry.promise = S("0");
	fault_is(verify(), VERIFY_LOG_PROMISE, "log entry: the log has not signed its promise");
}
END_TEST

/* Of an entry with a good proof as well: the promise of a known log must hold. */
START_TEST(a_wrong_promise_is_not_made_up_for_by_a_proof)
{
	make_entry("p256", HASHEDREKORD_1);
	entry.integrated_unix_s++;
	fault_is(verify(), VERIFY_LOG_PROMISE, "log entry: the log has not signed its promise");
}
END_TEST

static const struct {
	int64_t at, from_ms, until_ms;
	bool good;
} times[] = {
	{1500, 1500000, 1500000, true},
	{1500, 1499999, 1500001, true},
	{1500, 1500001, INT64_MAX, false},
	{1500, INT64_MIN, 1499999, false},
	{1500, INT64_MIN, INT64_MAX, true},
	{INT64_MAX, INT64_MIN, INT64_MAX, false},
	{INT64_MAX / 1000 + 1, INT64_MIN, INT64_MAX, false},
	{INT64_MAX / 1000, INT64_MIN, INT64_MAX, true},
	{0, INT64_MIN, INT64_MAX, false},
};

/* Closed intervals; and no time that cannot be one. */
START_TEST(promises_hold_while_the_key_counts)
{
	char want[160];
	struct str text;

	make_entry("p256", HASHEDREKORD_1);
	entry.has_proof = false;
	l.log.window = (struct trusted_window){times[_i].from_ms, times[_i].until_ms};
	text = log_fixture_text(a,
				"{\"body\":\"%s\",\"integratedTime\":%lld,\"logID\":\"%s\","
				"\"logIndex\":99}",
				log_fixture_base64(a, entry.body).p, (long long)times[_i].at,
				hex_of(l.log.id).p);
	entry.integrated_unix_s = times[_i].at;
	entry.promise = log_fixture_sign(&l, text);
	if (times[_i].good) {
		verified();
		ck_assert_int_eq(result.integrated_unix_s, times[_i].at);
		return;
	}
	snprintf(want, sizeof(want),
		 "log entry: recorded at %lld, when the key of the log did not count",
		 (long long)times[_i].at);
	fault_is(verify(), VERIFY_LOG_PROMISE_TIME, want);
}
END_TEST

/* ---- proofs ---- */

START_TEST(neither_promise_nor_proof)
{
	make_entry("p256", _i ? HASHEDREKORD_2 : HASHEDREKORD_1);
	entry.has_proof = false;
	if (!_i)
		entry.promise = S("");
	else
		log_fixture_promise(&l, &entry);
	fault_is(verify(), VERIFY_LOG_PROOF_MISSING,
		 "log entry: no proof that the log includes it");
}
END_TEST

START_TEST(another_place_or_path)
{
	make_entry("p256", HASHEDREKORD_1);
	entry.proof_index--;
	fault_is(verify(), VERIFY_LOG_PROOF, "log entry: not number 3 of the tree of 7 entries");
	entry.proof_index = 7;
	fault_is(verify(), VERIFY_LOG_PROOF, "log entry: not number 7 of the tree of 7 entries");
	entry.proof_index = -1;
	fault_is(verify(), VERIFY_LOG_PROOF, "log entry: not number -1 of the tree of 7 entries");
	entry.proof_index = FIXTURE_INDEX;
	((char *)entry.proof_hashes[1].p)[0] ^= 1;
	fault_is(verify(), VERIFY_LOG_PROOF, "log entry: not number 4 of the tree of 7 entries");
	((char *)entry.proof_hashes[1].p)[0] ^= 1;
	entry.n_proof_hashes--;
	fault_is(verify(), VERIFY_LOG_PROOF, "log entry: not number 4 of the tree of 7 entries");
}
END_TEST

START_TEST(of_version_2_the_place_is_that_of_the_entry)
{
	make_entry("ed25519", HASHEDREKORD_2);
	entry.proof_index = entry.log_index;
	entry.log_index++;
	fault_is(verify(), VERIFY_LOG_PROOF, "log entry: not number 5 of the tree of 7 entries");
}
END_TEST

START_TEST(of_version_1_size_and_root_stand_twice)
{
	make_entry("p256", HASHEDREKORD_1);
	entry.proof_tree_size++;
	fault_is(verify(), VERIFY_LOG_CHECKPOINT_ROOT,
		 "log entry: a proof for a tree of 8 entries, the checkpoint has 7");
	entry.proof_tree_size = -1;
	fault_is(verify(), VERIFY_LOG_CHECKPOINT_ROOT,
		 "log entry: a proof for a tree of -1 entries, the checkpoint has 7");
	entry.proof_tree_size = 7;
	entry.proof_root = entry.proof_hashes[0];
	fault_is(verify(), VERIFY_LOG_CHECKPOINT_ROOT,
		 "log entry: a proof for another root than the checkpoint's");
	entry.proof_root = S("");
	fault_is(verify(), VERIFY_LOG_CHECKPOINT_ROOT,
		 "log entry: a proof for another root than the checkpoint's");
}
END_TEST

START_TEST(another_body)
{
	make_entry("p256", HASHEDREKORD_1);
	entry.promise = S("");
	replace("\"spec\"", " \"spec\"");
	fault_is(verify(), VERIFY_LOG_PROOF, "log entry: not number 4 of the tree of 7 entries");
}
END_TEST

START_TEST(checkpoints_that_do_not_hold)
{
	struct log_fixture other;

	make_entry("ed25519", HASHEDREKORD_2);
	entry.checkpoint.n--;
	fault_is(verify(), VERIFY_LOG_CHECKPOINT, "checkpoint: not a signed note");
	make_entry("ed25519", HASHEDREKORD_2);
	l.log.host = S("log.exampl");
	fault_is(verify(), VERIFY_LOG_CHECKPOINT_ORIGIN,
		 "checkpoint: origin \"log.example\", want \"log.exampl\"");
	make_entry("p256", HASHEDREKORD_1);
	log_fixture_open(&other, a, "other");
	log_fixture_prove(&other, &entry);
	entry.log_id = l.log.id;
	fault_is(verify(), VERIFY_LOG_CHECKPOINT_SIGNATURE, "checkpoint: no signature of the log");
	log_fixture_close(&other);
}
END_TEST

/* An entry of version 1 that calls itself one of version 2, and the other way round. */
START_TEST(a_body_of_another_version_than_announced)
{
	make_entry("p256", HASHEDREKORD_1);
	entry.promise = S("");
	entry.version = S("0.0.2");
	entry.log_index = FIXTURE_INDEX;
	fault_is(verify(), VERIFY_LOG_KIND,
		 "log entry: is \"hashedrekord\" \"0.0.1\", and announced as another kind");
	make_entry("p256", HASHEDREKORD_2);
	entry.version = S("0.0.1");
	entry.proof_index = FIXTURE_INDEX;
	log_fixture_prove(&l, &entry);
	fault_is(verify(), VERIFY_LOG_KIND,
		 "log entry: is \"hashedrekord\" \"0.0.2\", and announced as another kind");
}
END_TEST

START_TEST(without_memory_nothing_is_verified)
{
	int rc = -1;

	for (size_t n = 1; rc < 0 || arena_exhausted(a); n++) {
		arena_reset(a);
		make_entry("p256", HASHEDREKORD_1);
		arena_fail_at(a, n);
		rc = verify();
		if (rc < 0)
			ck_assert_str_eq(verify_reason_name(f.reason), "no_room");
	}
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, promise_and_proof_of_version_1, 0, COUNT(keys));
	tcase_add_test(tc, a_promise_alone_has_a_time);
	tcase_add_test(tc, cve_2026_48816_a_proof_alone_has_no_time);
	tcase_add_loop_test(tc, version_2_has_no_time, 0, 2);
	tcase_add_test(tc, result_is_written_on_success_only);
	tcase_add_test(tc, of_an_unknown_log);
	tcase_add_test(tc, of_a_log_whose_key_cannot_be_used);
	tcase_add_loop_test(tc, everything_in_a_promise_is_signed, 0, CHANGES);
	tcase_add_test(tc, a_wrong_promise_is_not_made_up_for_by_a_proof);
	tcase_add_loop_test(tc, promises_hold_while_the_key_counts, 0, COUNT(times));
	tcase_add_loop_test(tc, neither_promise_nor_proof, 0, 2);
	tcase_add_test(tc, another_place_or_path);
	tcase_add_test(tc, of_version_2_the_place_is_that_of_the_entry);
	tcase_add_test(tc, of_version_1_size_and_root_stand_twice);
	tcase_add_test(tc, another_body);
	tcase_add_test(tc, checkpoints_that_do_not_hold);
	tcase_add_test(tc, a_body_of_another_version_than_announced);
	tcase_add_test(tc, without_memory_nothing_is_verified);
}

Suite *test_sig_rekor_suite(void)
{
	Suite *s = suite_create("sig_rekor");
	TCase *tc = tcase_create("sig_rekor");

	tcase_add_checked_fixture(tc, setup, close_log);
	add_tests(tc);
	suite_add_tcase(s, tc);
	return s;
}

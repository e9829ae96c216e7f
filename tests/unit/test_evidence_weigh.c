/* Statements of one type: which of several decide, and what is kept of who made them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "evidence/limits.h"
#include "evidence/tally.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new(LIMIT_TALLY_ARENA_BYTES);
}

static void teardown(void)
{
	arena_free(a);
}

static const struct sig_authority authorities[1] = {{.brief_certificates = true}};
static const struct sig_authority by_key[1];
static struct verify_result result(enum verify_reason reason, const char *text)
{
	struct verify_result r = {.reason = reason,
				  .state = verify_reason_state(reason),
				  .format = BUNDLE_V03};

	snprintf(r.text, sizeof(r.text), "%s", text);
	return r;
}

static void fault(struct tally *t, size_t number, enum verify_reason reason, const char *outcome)
{
	struct sig_fault f;
	const struct tally_candidate c = {.number = number, .outcome = outcome};

	sig_fault_set(&f, reason, "fault %zu", number);
	tally_fault(t, &c, &f, outcome == NULL);
}

static const struct evidence_want latest = {.authorities = authorities,
					    .n_authorities = 1,
					    .enough = 1,
					    .demand = {.want = SIG_WANT_ATTESTATION},
					    .which = EVIDENCE_LATEST};
static struct predicate_demand bounded_demand = {.max_age_s = 60};

enum kind { END = 0, GOOD, BAD, AGED, UNREAD, UNREAD_FOREIGN, FOREIGN, OTHER_TYPE, GONE, BROKEN };

/* One statement: what it is, and when it was made; 0: nobody knows. */
struct made {
	enum kind kind;
	int64_t unix_s;
};

static enum verify_reason reason_of(enum kind k)
{
	switch (k) {
	case GOOD:
		return VERIFY_VERIFIED;
	case BAD:
		return VERIFY_PREDICATE_CONDITION;
	case AGED:
		return VERIFY_SIGNATURE_AGE;
	case UNREAD:
	case UNREAD_FOREIGN:
		return VERIFY_NO_ROOM;
	case FOREIGN:
		return VERIFY_KEY_UNKNOWN;
	case OTHER_TYPE:
		return VERIFY_PREDICATE_TYPE;
	case GONE:
		return VERIFY_DEADLINE;
	case BROKEN:
	case END:
		break;
	}
	return VERIFY_JSON;
}

static void add_made(struct tally *t, size_t number, const struct made *m)
{
	const struct verify_input in = {.authority = t->want->authorities};
	static const struct sig_key key = {.algorithm = SIG_ECDSA_P256};
	static struct tally_said said;
	const struct tally_candidate c = {.number = number, .digest = S("sha256:x")};
	char text[32];
	bool ours = m->kind != FOREIGN && m->kind != UNREAD_FOREIGN;

	if (m->kind == GONE || m->kind == BROKEN) {
		fault(t, number, reason_of(m->kind), m->kind == GONE ? "timeout" : NULL);
		return;
	}
	snprintf(text, sizeof(text), "number %zu", number);
	struct verify_result r = result(reason_of(m->kind), m->kind == GOOD ? "" : text);
	r.key = ours ? &key : NULL;
	r.signed_unix_s = m->unix_s;
	tally_say(&r, &in, &said);
	tally_add(t, &c, &said);
}

#define L EVIDENCE_LATEST
#define ALL EVIDENCE_ALL
#define ANY EVIDENCE_ANY
#define YES VERIFY_STATE_VERIFIED
#define NO VERIFY_STATE_CONDITION
#define GAP VERIFY_STATE_UNAVAILABLE
#define MORE                                                                                       \
	"there are more attestations than are looked at, and a newer one may be among the rest: "  \
	"remove what is not needed"

static const struct weighing {
	const char *what;
	enum evidence_which which;
	struct made made[4];
	enum verify_state want;
	const char *says; /* NULL: nothing, it is a yes */
	bool truncated, bounded;
} weighed[] = {
	{"nothing", L, {{END, 0}}, VERIFY_STATE_UNSIGNED, "no signature was found", false, false},
	{"one", L, {{GOOD, 5}}, YES, NULL, false, false},
	{"one that is bad", L, {{BAD, 5}}, NO, "number 0", false, false},
	{"newer is bad", L, {{GOOD, 5}, {BAD, 6}}, NO, "number 1", false, false},
	{"newer is bad, before", L, {{BAD, 6}, {GOOD, 5}}, NO, "number 0", false, false},
	{"newer is good", L, {{GOOD, 6}, {BAD, 5}}, YES, NULL, false, false},
	{"of one second", L, {{GOOD, 5}, {BAD, 5}}, NO, "number 1", false, false},
	{"of one second, before", L, {{BAD, 5}, {GOOD, 5}}, NO, "number 0", false, false},
	{"without times", L, {{GOOD, 0}, {GOOD, 0}}, YES, NULL, false, false},
	{"without times, one bad", L, {{GOOD, 0}, {BAD, 0}}, NO, "number 1", false, false},
	{"a bad one without time", L, {{GOOD, 9}, {BAD, 0}}, NO, "number 1", false, false},
	{"a good one without time", L, {{BAD, 9}, {GOOD, 0}}, NO, "number 0", false, false},
	{"others do not weigh",
	 L,
	 {{GOOD, 5}, {FOREIGN, 9}, {BROKEN, 0}, {UNREAD_FOREIGN, 0}},
	 YES,
	 NULL,
	 false,
	 false},
	{"another type does not weigh", L, {{GOOD, 5}, {OTHER_TYPE, 9}}, YES, NULL, false, false},
	{"too old ones do not weigh", L, {{GOOD, 5}, {AGED, 1}}, YES, NULL, false, false},
	{"only too old", L, {{AGED, 1}}, VERIFY_STATE_BAD_SIGNATURE, "number 0", false, false},
	{"ours that could not be read",
	 L,
	 {{GOOD, 5}, {UNREAD, 9}},
	 VERIFY_STATE_BAD_SIGNATURE,
	 "number 1",
	 false,
	 false},
	{"one could not be had", L, {{GOOD, 5}, {GONE, 0}}, GAP, "fault 1", false, false},
	{"one could not be had beside a bad one",
	 L,
	 {{BAD, 5}, {GONE, 0}},
	 GAP,
	 "fault 1",
	 false,
	 false},
	{"one could not be had beside one that must do",
	 L,
	 {{BAD, 0}, {GONE, 0}},
	 NO,
	 "number 0",
	 false,
	 false},
	{"there are more", L, {{GOOD, 5}}, GAP, MORE, true, false},
	{"there are more, of bounded age", L, {{GOOD, 5}}, YES, NULL, true, true},
	{"there are more beside a bad one", L, {{BAD, 5}}, NO, "number 0", true, false},
	{"all good", ALL, {{GOOD, 5}, {GOOD, 6}}, YES, NULL, false, false},
	{"all, an old one bad", ALL, {{BAD, 5}, {GOOD, 6}}, NO, "number 0", false, false},
	{"all, one not to be had", ALL, {{GONE, 0}, {GOOD, 6}}, GAP, "fault 0", false, false},
	{"all, one bad and one not to be had",
	 ALL,
	 {{GONE, 0}, {BAD, 6}},
	 NO,
	 "number 1",
	 false,
	 false},
	{"all, and there are more", ALL, {{GOOD, 6}}, GAP, MORE, true, true},
	{"any", ANY, {{BAD, 9}, {GOOD, 0}, {GONE, 0}}, YES, NULL, false, false},
};

/* In the given order, and backwards. */
static void weigh_it(const struct weighing *g, const struct sig_authority *who, bool backwards)
{
	struct evidence_want w = latest;
	struct tally t;
	struct evidence e;
	size_t n = 0;

	w.authorities = who;
	w.which = g->which;
	w.demand.predicate = g->bounded ? &bounded_demand : NULL;
	while (n < 4 && g->made[n].kind != END)
		n++;
	arena_reset(a);
	ck_assert(tally_init(&t, a, &w));
	for (size_t k = 0; k < n; k++) {
		size_t at = backwards ? n - 1 - k : k;
		add_made(&t, at, &g->made[at]);
		ck_assert(w.which == EVIDENCE_ANY || !tally_is_enough(&t));
	}
	t.truncated = g->truncated;
	tally_finish(&t, &e);
	ck_assert_msg(e.state == g->want, "%s: %s", g->what, verify_state_name(e.state));
	ck_assert_msg(str_eq(e.why, str_of(g->says)), "%s: %.*s", g->what, STR_ARG(e.why));
}

START_TEST(the_newest_statement_decides)
{
	weigh_it(&weighed[_i], authorities, false);
	weigh_it(&weighed[_i], authorities, true);
}
END_TEST

/* Signatures by keys: their verified times are whoever's that may push. */
static const struct weighing stamped[] = {
	{"a good one stamped anew", L, {{BAD, 5}, {GOOD, 9}}, NO, "number 0", false, false},
	{"a bad one stamped later", L, {{GOOD, 5}, {BAD, 9}}, NO, "number 1", false, false},
	{"good ones alone", L, {{GOOD, 5}, {GOOD, 9}}, YES, NULL, false, false},
	{"there are more", L, {{GOOD, 5}}, GAP, MORE, true, false},
	{"there are more, of bounded age", L, {{GOOD, 5}}, GAP, MORE, true, true},
};

START_TEST(a_stamp_on_a_signature_by_key_tells_no_time)
{
	weigh_it(&stamped[_i], by_key, false);
	weigh_it(&stamped[_i], by_key, true);
}
END_TEST

static const enum verify_reason unread[] = {
	VERIFY_NO_ROOM, VERIFY_TOO_LARGE,  VERIFY_TOO_DEEP,  VERIFY_TOO_MANY_VALUES,
	VERIFY_JSON,    VERIFY_FIELD_TYPE, VERIFY_STATEMENT, VERIFY_STATEMENT_TYPE,
	VERIFY_SUBJECT, VERIFY_SUBJECTS,
};

START_TEST(what_nobody_can_read_of_ours_may_be_the_newest)
{
	static const struct sig_key key = {.algorithm = SIG_ECDSA_P256};
	static struct tally_said said;
	const struct tally_candidate c = {.number = 1, .digest = S("sha256:x")};
	struct verify_result r = result(unread[_i], "unread");
	struct evidence_want w = latest;
	struct tally t;
	struct evidence e;

	for (int ours = 0; ours < 2; ours++) {
		arena_reset(a);
		ck_assert(tally_init(&t, a, &w));
		add_made(&t, 0, &(struct made){GOOD, 5});
		r.key = ours ? &key : NULL;
		tally_say(&r, NULL, &said);
		tally_add(&t, &c, &said);
		tally_finish(&t, &e);
		ck_assert_int_eq(e.reason, ours ? unread[_i] : VERIFY_VERIFIED);
		ck_assert(str_eq(e.why, str_of(ours ? "unread" : "")));
	}
}
END_TEST

START_TEST(a_report_without_signing_time_has_the_time_of_its_scan)
{
	static struct tally_said said;
	struct node_pair finished = {.key = S("scanFinishedOn")};
	struct node when = {.type = NODE_STR, .str = S("2026-01-02T03:04:05Z")};
	struct node metadata = {.type = NODE_MAP};
	struct node_pair top = {.key = S("metadata"), .value = &metadata};
	struct node predicate = {.type = NODE_MAP};
	const struct sig_subject subject = {0};
	struct verify_input in = {.authority = authorities, .subject = &subject};
	struct verify_result r = result(VERIFY_VERIFIED, "");

	finished.value = &when;
	metadata.map.pairs = &finished;
	metadata.map.n = 1;
	predicate.map.pairs = &top;
	predicate.map.n = 1;
	r.predicate_type = S("https://cosign.sigstore.dev/attestation/vuln/v1");
	r.predicate = &predicate;
	tally_say(&r, &in, &said);
	ck_assert(said.has_time);
	ck_assert_int_eq(said.unix_s, 1767323045);
	ck_assert_int_eq(said.origin.made_unix_s, 1767323045);
	ck_assert_int_eq(said.origin.signed_unix_s, 0);
	r.signed_unix_s = 1767323046;
	tally_say(&r, &in, &said);
	ck_assert_int_eq(said.unix_s, 1767323046);
	in.authority = by_key;
	tally_say(&r, &in, &said);
	ck_assert_int_eq(said.unix_s, 1767323045);
	ck_assert_int_eq(said.origin.signed_unix_s, 1767323046);
	r.signed_unix_s = 0;
	r.predicate_type = S("https://example.com/other");
	tally_say(&r, &in, &said);
	ck_assert(!said.has_time);
}
END_TEST

START_TEST(who_signed_is_kept_and_cut)
{
	static struct tally_said said;
	static const struct rekor_result entry = {.log_index = 42};
	static char subject[400];
	struct verify_result r = result(VERIFY_VERIFIED, "");
	const struct tally_candidate c = {.digest = S("sha256:x")};
	struct evidence_want w = latest;
	struct tally t;
	struct evidence e;

	memset(subject, 's', sizeof(subject));
	r.identity = (struct identity){.kind = IDENTITY_URI,
				       .subject = {subject, sizeof(subject)},
				       .issuer = S("https://idp.example")};
	r.entries = &entry;
	r.n_entries = 1;
	r.n_timestamps = 2;
	r.signed_unix_s = 7;
	w.thorough = true;
	ck_assert(tally_init(&t, a, &w));
	tally_say(&r, NULL, &said);
	ck_assert(said.is_ours);
	tally_add(&t, &c, &said);
	tally_finish(&t, &e);
	const struct evidence_origin *o = &e.signers[0].origin;
	ck_assert_uint_eq(o->subject.n, EVIDENCE_ORIGIN_BYTES - 1);
	ck_assert(str_eq(o->issuer, S("https://idp.example")));
	ck_assert_int_eq(o->log_index, 42);
	ck_assert_uint_eq(o->n_logs, 1);
	ck_assert_uint_eq(o->n_timestamps, 2);
	ck_assert_int_eq(o->signed_unix_s, 7);
	ck_assert(str_eq(e.candidates[0].origin.issuer, S("https://idp.example")));
}
END_TEST

Suite *test_evidence_weigh_suite(void);
Suite *test_evidence_weigh_suite(void)
{
	Suite *s = suite_create("evidence_weigh");
	TCase *t = tcase_create("evidence_weigh");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, the_newest_statement_decides, 0,
			    (int)(sizeof(weighed) / sizeof(weighed[0])));
	tcase_add_loop_test(t, a_stamp_on_a_signature_by_key_tells_no_time, 0,
			    (int)(sizeof(stamped) / sizeof(stamped[0])));
	tcase_add_loop_test(t, what_nobody_can_read_of_ours_may_be_the_newest, 0,
			    (int)(sizeof(unread) / sizeof(unread[0])));
	tcase_add_test(t, a_report_without_signing_time_has_the_time_of_its_scan);
	tcase_add_test(t, who_signed_is_kept_and_cut);
	suite_add_tcase(s, t);
	return s;
}

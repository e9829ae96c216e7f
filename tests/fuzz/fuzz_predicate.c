/* A predicate of an attestation that holds: the first byte chooses its type, the rest is its JSON. Every
 * demand is answered; what is no map, or breaks a ceiling, is no pass. */
#include <stdint.h>

#include "core/json.h"
#include "sigstore/predicate.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static void check(struct arena *a, const struct predicate_input *in,
		  const struct predicate_demand *want)
{
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};

	if (predicate_fits(a, in, want, &f) < 0) {
		REQUIRE(verify_reason_state(f.reason) == VERIFY_STATE_CONDITION);
		REQUIRE(f.err.text[0] && str_is_utf8(str_of(f.err.text)));
	} else {
		REQUIRE(node_is(in->predicate, NODE_MAP));
	}
}

static void check_all(struct arena *a, const struct predicate_input *in)
{
	static const struct str any = {"*a*", sizeof("*a*") - 1};
	const struct predicate_demand vuln = {.has_ceilings = true, .fixable_only = true};
	const struct predicate_demand bill = {.names_subject = true,
					      .not_empty = true,
					      .forbidden_packages = {&any, 1},
					      .forbidden_licences = {&any, 1}};
	const struct predicate_demand built = {.builders = {&any, 1},
					       .sources = {&any, 1},
					       .build_types = {&any, 1}};
	const struct predicate_demand young = {.max_age_s = 3600};

	check(a, in, &vuln);
	check(a, in, &bill);
	check(a, in, &built);
	check(a, in, &young);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const types[] = {
		"vuln",    "spdx",  "cyclonedx", "slsaprovenance", "slsaprovenance1",
		"openvex", "custom"};
	struct arena *a = arena_new(64 << 20);
	struct predicate_input in = {.now_unix_s = 1789997600};
	struct node *tree = NULL;
	struct err e;

	REQUIRE(a);
	if (n > 0) {
		in.type = predicate_type_of_name(str_of(types[data[0] % 7]));
		if (json_parse(a, (struct str){(const char *)data + 1, n - 1}, NULL, &tree, NULL,
			       &e) == 0) {
			in.predicate = tree;
			check_all(a, &in);
		}
	}
	arena_free(a);
	return 0;
}

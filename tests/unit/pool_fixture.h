/* A pool over a registry in memory, with a clock that stands still until it is moved. */
#ifndef ASSAY_TESTS_POOL_FIXTURE_H
#define ASSAY_TESTS_POOL_FIXTURE_H

#include <check.h>

#include "tests/unit/evidence_fixture.h"

/* Set up for each test. */
extern struct fake_registry *f;
extern struct clock frozen;
extern struct evidence_pool *pool; /* NULL until start_pool() */
extern struct fake_key keys[5];
extern struct evidence_want want; /* of keys[0] */
extern struct arena *arena;       /* of answers */

void pool_setup(void);
void pool_teardown(void);
/* Source and clock are the fixture's. */
void start_pool(const struct evidence_options *like);
void pass_ms(int64_t ms);
/* A signature by that key at the .sig tag. */
void sign(const char *path, const char *image, size_t key);

struct evidence_question question(const struct reference *r, const struct evidence_want *w);
struct deadline soon(void); /* in 9.5 s */
struct evidence gather_one(const struct reference *r, const struct evidence_want *w);
struct evidence_counts counts(void);
void expect(const struct evidence *e, enum verify_state state, const char *why);

/* Start an ask whose done() is counted. */
struct evidence_ask *start(const struct evidence_question *q, size_t n, struct arena *a,
			   struct evidence *answers);
void wait_for_rings(size_t n);
size_t rings(void);
/* As start() does, for asks with another deadline. */
void ring_when_done(struct evidence_ask *ask, struct deadline d);
void wait_for_rest(void); /* no lookup runs any more */

#endif

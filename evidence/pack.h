/*
 * Copies of structs with pointers in one block of memory. The same code runs twice: a pack without memory
 * counts the bytes, one with memory fills it. For evidence/ alone.
 */
#ifndef ASSAY_EVIDENCE_PACK_H
#define ASSAY_EVIDENCE_PACK_H

#include <stddef.h>

#include "core/str.h"

struct pack {
	char *p; /* NULL: only count. Aligned for any type */
	size_t n;
};

/* Room for n bytes, a copy of `from` in it, aligned for any type; NULL while counting. */
void *pack_put(struct pack *k, const void *from, size_t n);
/* The bytes; empty while counting. */
struct str pack_str(struct pack *k, struct str s);

#endif

#include "evidence/pack.h"

#include <stdint.h>

#define ALIGNMENT _Alignof(max_align_t)

void *pack_put(struct pack *k, const void *from, size_t n)
{
	size_t at = (k->n + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

	k->n = at + n;
	if (!k->p)
		return NULL;
	if (n)
		memcpy(k->p + at, from, n);
	return k->p + at;
}

struct str pack_str(struct pack *k, struct str s)
{
	char *p = k->p ? k->p + k->n : NULL;

	k->n += s.n;
	if (!p || !s.n)
		return (struct str){NULL, 0};
	memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

/* The switch of the mutants for the unit tests: $ASSAY_MUTANT. */
#include <stdlib.h>

#include "tests/mutation/mutant.h"

static unsigned char on[1 << 16], reached[1 << 16];
unsigned char *mutant_on = on, *mutant_reached = reached;

__attribute__((constructor)) static void choose(void)
{
	const char *text = getenv("ASSAY_MUTANT");

	if (text && *text)
		on[strtoul(text, NULL, 10) % sizeof(on)] = 1;
}

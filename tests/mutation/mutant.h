/* The switches of the mutants: see tests/mutation/mutants.py. */
#ifndef ASSAY_TESTS_MUTATION_MUTANT_H
#define ASSAY_TESTS_MUTATION_MUTANT_H

extern unsigned char *mutant_on;      /* by number */
extern unsigned char *mutant_reached; /* the code of the mutant was run */

#define MUTANT(n) (mutant_reached[n] = 1, mutant_on[n])

#endif

/* The policy loader's findings are those of every reader of configuration. */
#ifndef ASSAY_POLICY_PROBLEM_H
#define ASSAY_POLICY_PROBLEM_H

#include "core/problem.h"

#endif

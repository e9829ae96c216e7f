#ifndef ASSAY_POLICY_RULE_H
#define ASSAY_POLICY_RULE_H

struct rule;

#endif

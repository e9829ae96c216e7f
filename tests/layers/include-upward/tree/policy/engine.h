#ifndef ASSAY_POLICY_ENGINE_H
#define ASSAY_POLICY_ENGINE_H

struct engine;

#endif

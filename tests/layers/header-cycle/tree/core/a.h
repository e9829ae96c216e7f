#ifndef ASSAY_CORE_A_H
#define ASSAY_CORE_A_H

#include "core/b.h"

#endif

#ifndef ASSAY_CORE_C_H
#define ASSAY_CORE_C_H

#include "core/a.h"

#endif

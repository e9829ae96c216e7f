#ifndef ASSAY_CORE_B_H
#define ASSAY_CORE_B_H

#include <stddef.h>

#include "core/c.h"

#endif

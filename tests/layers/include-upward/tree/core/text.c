/* why */
#include "core/err.h"
#include "policy/engine.h"

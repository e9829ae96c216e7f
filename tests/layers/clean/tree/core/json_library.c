#include <jansson.h>

#include "core/err.h"

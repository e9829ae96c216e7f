#include <yaml.h>

#include "core/err.h"

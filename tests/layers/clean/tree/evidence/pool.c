#include "core/err.h"
#include "oci/reference.h"

#include "oci/registry.h"

#include "oci/registry.h"
#include "sigstore/bundle.h"

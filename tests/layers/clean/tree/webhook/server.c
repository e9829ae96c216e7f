#include <microhttpd.h>

#include "core/err.h"

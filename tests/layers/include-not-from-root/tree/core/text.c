#include "err.h"
#include "../core/err.h"
#include <core/err.h>
#include "tests/unit/fake.h"

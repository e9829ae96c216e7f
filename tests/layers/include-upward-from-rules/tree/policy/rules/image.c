#include "policy/rule.h"
#include "webhook/review.h"

#include <yaml.h>
#include <jansson.h>

#include "oci/reference.h"

/* never strcpy(); "strcpy(" in a text is no call */
const char *help = "use atoi()"; // not gets()

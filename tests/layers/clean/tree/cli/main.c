#include "core/err.h"
#include "oci/reference.h"

#ifdef __linux__
int main(void)
{
	return 0;
}
#endif

#ifndef ASSAY_OCI_REFERENCE_H
#define ASSAY_OCI_REFERENCE_H

#include "core/err.h"

int reference_parse(struct err *e);

#endif

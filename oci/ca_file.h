/*
 * A CA file beside the system's: the library takes one file, so both are written into one that lives in
 * memory. source: memfd_create(2)
 */
#ifndef ASSAY_OCI_CA_FILE_H
#define ASSAY_OCI_CA_FILE_H

#include "core/err.h"

/* A descriptor whose /proc/self/fd/N reads as the system's CA bundle, if there is one, followed by
 * `path`. The caller closes it. -1 and *e: IO, LIMIT, INTERNAL. */
int ca_file_open(const char *path, struct err *e) MUST_USE;

#endif

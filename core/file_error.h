/* The errors of core/file.c and core/file_tree.c; for nobody else. */
#ifndef ASSAY_CORE_FILE_ERROR_H
#define ASSAY_CORE_FILE_ERROR_H

#include "core/err.h"
#include "core/text.h"

#define FILE_PATH_SHOWN 256

/* 'cannot read "path": reason', the reason in lower case; returns -1. */
int file_error(enum err_kind kind, const char *path, const char *reason, struct err *e);
/* The same with the text of an errno and kind IO. */
int file_io_error(const char *path, int error, struct err *e);

#endif

#ifndef ASSAY_CORE_TEXT_H
#define ASSAY_CORE_TEXT_H

/* needs <stddef.h> */
int text_put(const char *p, size_t n);

#endif

/* copied */
#ifndef ASSAY_CORE_ERR_H
#define ASSAY_CORE_ERR_H
int other_f(void);
#endif

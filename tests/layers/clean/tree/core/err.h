#ifndef ASSAY_CORE_ERR_H
#define ASSAY_CORE_ERR_H

struct err {
	int kind;
};

#endif

#ifndef ASSAY_OCI_REGISTRY_H
#define ASSAY_OCI_REGISTRY_H

struct registry;

#endif

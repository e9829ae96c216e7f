#ifndef ASSAY_SIGSTORE_BUNDLE_H
#define ASSAY_SIGSTORE_BUNDLE_H

struct bundle;

#endif

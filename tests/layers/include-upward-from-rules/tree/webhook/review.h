#ifndef ASSAY_WEBHOOK_REVIEW_H
#define ASSAY_WEBHOOK_REVIEW_H

struct review;

#endif

/* What is in use now that the version before does not have. For a way back only. */
#pragma once

#include "assessment/check.h"

void rollback_fields(struct assess *assess);   /* RBK-FIELD: fields and kinds of Kubernetes */
void rollback_features(struct assess *assess); /* RBK-FEATURE: features of EKS */

/* Who else writes what an EKS add-on is made of. */
#pragma once

#include "assessment/check.h"

struct addon_owner {
	const char *kind, *name;      /* of an object in kube-system */
	const struct kube_writer *by; /* borrowed */
	const char *field; /* "spec.template.spec.containers[aws-node].env[WARM_IP_TARGET]", one of its fields */
};
/* Gives one after the other, *at from 0 on; false: no more. */
bool addon_owner_next(struct assess *assess, const char *addon, size_t *at, struct addon_owner *ret);

/* Removing a cluster through EKS alone: node groups, Fargate profiles, then the cluster. */
#pragma once

#include "execution/step.h"

/* One look and what it asks for; returns at once. *ret_gone: EKS knows no such cluster any more. `ret->detail` says
 * what is left. Safe to repeat. */
struct error *eks_remove(struct step_context *ctx, const char *cluster, struct step_result *ret,
			 bool *ret_gone) MUST_CHECK;

/* Every kind of step that acts. */
#include "execution/step.h"

extern const struct step_type assess_step, backup_step, compare_step, approval_step, terraform_apply_step,
	identity_step, argocd_register_step, argocd_sync_step, decommission_step, scale_step, apply_step, addon_step;

const struct step_type *const execution_step_types[] = {
	&assess_step,  &backup_step,   &terraform_apply_step, &identity_step, &argocd_register_step, &argocd_sync_step,
	&compare_step, &approval_step, &decommission_step,    &scale_step,    &apply_step,	     &addon_step,
	NULL,
};

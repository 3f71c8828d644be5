/* What steps and their undoing ask of AWS beyond the look of assess, as IAM calls it: for whoever writes the policy.
 * What a Terraform module needs of its own is not among it. */
#include <stddef.h>
#include "execution/step.h"

const char *const execution_actions[] = {
	"eks:CreatePodIdentityAssociation",
	"eks:DeleteCluster",
	"eks:DeleteFargateProfile",
	"eks:DeleteNodegroup",
	"eks:DeletePodIdentityAssociation",
	"eks:UpdateAddon",
	"iam:CreateOpenIDConnectProvider",
	"iam:DeleteOpenIDConnectProvider",
	"iam:PassRole", /* the roles that Pod Identity and add-ons are given */
	"iam:UpdateAssumeRolePolicy",
	"route53:ChangeResourceRecordSets",
	"route53:GetChange",
	NULL,
};

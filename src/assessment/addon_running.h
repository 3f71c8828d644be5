/* Checks of what runs of EKS's add-ons, whoever has installed it. */
#pragma once

#include "assessment/check.h"

void addon_check_self_managed(struct assess *assess), addon_check_identity(struct assess *assess),
	addon_check_dns(struct assess *assess), addon_check_ipvs(struct assess *assess),
	addon_check_ebs_driver(struct assess *assess);
/* The driver that an add-on brings: "ebs.csi.aws.com"; NULL: none. */
const char *addon_csi_driver(const char *addon);

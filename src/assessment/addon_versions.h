/* EKS add-ons as they are installed, and which of their versions go with which Kubernetes. */
#pragma once

#include "assessment/check.h"
#include "codec/document.h"

/* The next described add-on from *at on (begin with 0); NULL: no more. */
const json_t *addon_next(const struct assess *assess, size_t *at);
#define EACH_ADDON(assess, addon)                                                                                      \
	for (size_t at_ = 0, once_ = 1; once_; once_ = 0)                                                              \
		for (const json_t *addon; (addon = addon_next((assess), &at_));)

const char *addon_name(const json_t *addon), *addon_version(const json_t *addon); /* "" where it is not told */
const char *addon_object(const json_t *addon);					  /* its ARN, or its name */

enum addon_fit { ADDON_FITS, ADDON_DOES_NOT_FIT, ADDON_NO_VERSION /* none of its versions fits */, ADDON_NOT_KNOWN };
/* Does a version of an add-on go with Kubernetes "1.34"? `version` NULL: does any? */
enum addon_fit addon_fits(const struct assess *assess, const char *name, const char *version, const char *kubernetes);
/* EKS's default for that Kubernetes; NULL: not told. */
const char *addon_default(const struct assess *assess, const char *name, const char *kubernetes);
/* The oldest version that fits and is not older than `version`; NULL: none. */
const char *addon_oldest_fit(const struct assess *assess, const char *name, const char *version,
			     const char *kubernetes);
/* The newest version that goes with both; NULL: none. */
const char *addon_bridge(const struct assess *assess, const char *name, const char *one, const char *other);
/* "v1.18.1-eksbuild.3" by numbers. */
int addon_version_order(const char *a, const char *b);
unsigned addon_version_minor(const char *version);

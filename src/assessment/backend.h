/* Whether the service behind a webhook or a conversion can answer: shared by checks_webhooks.c and checks_crds.c. */
#pragma once

#include "assessment/subject.h"

#define BACKEND_NEEDS "kubernetes services", "kubernetes endpointslices.discovery.k8s.io", "kubernetes pods"

/* What is wrong with the service: "no service …", "no ready endpoint"; NULL when nothing is, in the arena. */
const char *backend_service_wrong(struct assess *assess, const char *ns, const char *name);
/* What is wrong with a caBundle (base64 of PEM) at the snapshot's time: ended, or no certificate; NULL. */
const char *backend_bundle_wrong(struct assess *assess, const char *bundle);
bool backend_selects(const struct kube_service *service, const struct kube_pod *pod);

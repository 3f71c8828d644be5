/* The words of objects as EKS serves them: templates in which ' stands for the double quote and $x for a value. */
#pragma once

#include "sim/kube_world.h"

enum kube_template_id {
	TEXT_POD_HEAD,
	TEXT_POD_MANAGED,
	TEXT_POD_SPEC,
	TEXT_POD_STATUS_SCHEDULED,
	TEXT_POD_STATUS_PENDING,
	TEXT_STATE_RUNNING,
	TEXT_STATE_CREATING,
	TEXT_STATE_CRASHING,
	TEXT_STATE_SUCCEEDED,
	TEXT_NODE_HEAD,
	TEXT_NODE_BODY,
	TEXT_WORKLOAD_HEAD,
	TEXT_DEPLOYMENT,
	TEXT_REPLICASET,
	TEXT_STATEFULSET,
	TEXT_DAEMONSET,
	TEXT_JOB,
	TEXT_CRONJOB,
	TEXT_NAMESPACE,
	TEXT_SERVICE,
	TEXT_CONFIGMAP,
	TEXT_SECRET,
	TEXT_SERVICEACCOUNT,
	TEXT_PVC,
	TEXT_PV,
	TEXT_HPA,
	TEXT_PDB,
	TEXT_INGRESS,
	TEXT_LEASE,
	TEXT_CSINODE,
	TEXT_ENDPOINTSLICE,
	TEXT_CRD,
	TEXT_APISERVICE,
	TEXT_BACKUPLOCATION,
	TEXT_COUNT
};

void kube_templates_free(struct sim_kube *kube);
struct slice kube_template(struct sim_kube *kube, enum kube_template_id id);
/* Small cluster-wide objects that are one text each. */
struct kube_fixture {
	enum kube_kind_id kind;
	const char *ns, *name, *annotations, *text;
};
extern const struct kube_fixture kube_fixtures[];
extern const size_t kube_n_fixtures;

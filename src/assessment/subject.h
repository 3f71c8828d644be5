/* Of which workloads the rules on availability speak, and what a person may hear of them: shared by the families that
 * look at workloads, budgets and what stands behind load balancers. */
#pragma once

#include "assessment/check.h"
#include "assessment/index.h"

/* The lists behind them, for `needs`. */
#define SUBJECT_SETS "kubernetes deployments.apps", "kubernetes statefulsets.apps"
#define SUBJECT_ALL SUBJECT_SETS, "kubernetes daemonsets.apps"

/* Deployment, StatefulSet, ReplicaSet, ReplicationController that nobody else owns, wanted to run at least once, and
 * not EKS's own (a user cannot change those). What is scaled to 0 has nothing to keep available. */
bool subject_is_set(const struct assess *assess, const struct kube_workload *workload);
/* The same, or a DaemonSet: it has a template that somebody wrote. */
bool subject_is_lasting(const struct assess *assess, const struct kube_workload *workload);
/* Anything with a template that may still make pods: those above, Jobs that are not over, CronJobs; EKS's own too. */
bool subject_makes_pods(const struct kube_workload *workload);
/* A Deployment that is well and whose replicas nobody else sets, neither GitOps nor an autoscaler. Its pods are alike
 * and hold no volumes of their own, so one more of them harms nobody. */
bool subject_may_scale(const struct assess *assess, const struct kube_workload *workload);
bool subject_is_kind(const struct kube_workload *workload, const char *kind);
int64_t subject_replicas(const struct kube_workload *workload); /* 1 where nothing is said */
/* A bare pod: nobody's, not the kubelet's own, not over, not going. */
bool subject_is_bare(const struct assess *assess, const struct kube_pod *pod);
/* A pod that is to run: not over, not going. */
bool subject_pod_lives(const struct assess *assess, const struct kube_pod *pod);
const char *subject_text(const char *text); /* "" for NULL */

#define SUBJECT_FOUND(assess, workload, ...)                                                                           \
	assess_object((assess), (workload)->kind, (workload)->meta.ns, (workload)->meta.name, __VA_ARGS__)
/* The object to change for a pod: its topmost owner that is named, or itself. */
#define SUBJECT_POD_FOUND(assess, pod, ...)                                                                            \
	({                                                                                                             \
		const char *kind_, *name_;                                                                             \
		index_pod_owner((assess), (pod), &kind_, &name_);                                                      \
		assess_object((assess), kind_, (pod)->meta.ns, name_, __VA_ARGS__);                                    \
	})

/* Several pods of one owner are one finding: gives that owner's finding of this check, or NULL. */
struct finding *subject_find(const struct assess *assess, size_t from, const char *kind, const char *ns,
			     const char *name);

/* The same on an AWS thing, by ARN or name. */
struct finding *subject_find_aws(const struct assess *assess, size_t from, const char *id);

/* Fargate's nodes are AWS's own: what they run is no user's choice. */
bool subject_is_fargate(const struct kube_node *node);
/* A finding on what a person changes to change a node: its managed or Auto Scaling group, its Karpenter NodePool, or
 * the node itself; gives the one of this check (after `from`) that is there already, and tells so. */
struct finding *subject_node_found(struct assess *assess, size_t from, const struct kube_node *node,
				   const char *message, bool *ret_new);

/* Every pod spec that somebody wrote, once: templates of workloads, and bare pods. */
struct subject_spec {
	const char *kind;
	const struct kube_meta *meta;
	const struct kube_pod_spec *spec;
	const struct pair *annotations;
	size_t n_annotations;
};
typedef void subject_spec_fn(struct assess *assess, const struct subject_spec *spec);
void subject_each_spec(struct assess *assess, subject_spec_fn *fn);
/* The volume that is Docker's socket. NULL: none, or another runtime's beside it, and it takes what is there. */
const struct kube_volume *subject_docker_socket(const struct kube_pod_spec *spec);
#define SUBJECT_SPECS                                                                                                  \
	SUBJECT_ALL, "kubernetes replicasets.apps", "kubernetes jobs.batch", "kubernetes cronjobs.batch",              \
		"kubernetes pods"

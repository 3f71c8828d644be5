/* Questions that many checks ask of the inventory, answered from tables made once: who owns this pod, which pods does
 * that workload or budget have, what runs on that node. Pointers are borrowed from the inventory. */
#pragma once

#include "assessment/check.h"
#include "kube/values.h"

struct pod_list { /* of the inventory's pods, by their numbers there: for (i < list.n) pod_at(list, i) */
	const struct kube_pod *all;
	const uint32_t *at;
	size_t n;
};
static inline const struct kube_pod *pod_at(struct pod_list list, size_t i)
{
	return &list.all[list.at[i]];
}

const struct kube_node *index_node(const struct assess *assess, const char *name);
/* The node that is this instance: "i-0123…". */
const struct kube_node *index_instance(const struct assess *assess, const char *instance_id);
/* By kind, namespace, name. */
const struct kube_workload *index_workload(const struct assess *assess, const char *kind, const char *ns,
					   const char *name);
/* The topmost owner that a person would change: of a ReplicaSet's pod its Deployment, of a Job's its CronJob. NULL: a
 * bare pod, or an owner of a kind that is not in the inventory (see index_pod_owner). */
const struct kube_workload *index_pod_workload(const struct assess *assess, const struct kube_pod *pod);
/* The node a pod of the inventory runs on; NULL: none yet, or it is not there. */
const struct kube_node *index_pod_node(const struct assess *assess, const struct kube_pod *pod);
/* What many ask of each pod. */
enum pod_fact {
	POD_FINISHED = 1 << 0, /* Succeeded or Failed */
	POD_LIVES = 1 << 1,    /* it has not, and is not being deleted */
	POD_READY = 1 << 2,
	POD_MIRROR = 1 << 3,
	POD_OWNED = 1 << 4,    /* by a controller */
	POD_DAEMON = 1 << 5,   /* a DaemonSet's, or the node's own */
	POD_STATEFUL = 1 << 6, /* a StatefulSet's */
	POD_DRAINED = 1 << 7, /* a drain moves it, and it is not EKS's own: it lives and is neither daemon nor mirror */
	POD_HELD = 1 << 8,    /* an annotation keeps it where it is: index_hold() */
};
unsigned index_pod_facts(const struct assess *assess, const struct kube_pod *pod);
/* The annotation by which Karpenter or the autoscaler leave a pod or node alone; NULL: none. */
const char *index_hold(const struct pair *annotations, size_t n);
/* Kind and name of the topmost owner that is named; the pod itself when it has none. */
void index_pod_owner(const struct assess *assess, const struct kube_pod *pod, const char **ret_kind,
		     const char **ret_name);
struct pod_list index_workload_pods(const struct assess *assess, const struct kube_workload *workload);
struct pod_list index_node_pods(const struct assess *assess, const struct kube_node *node); /* the inventory's */
struct pod_list index_namespace_pods(const struct assess *assess, const char *ns);
/* The pods a budget selects (policy/v1: an empty selector selects all of the namespace, an absent one none). */
struct pod_list index_pdb_pods(const struct assess *assess, const struct kube_pdb *pdb);
/* The budgets that select a pod. */
size_t index_pod_pdbs(const struct assess *assess, const struct kube_pod *pod, const struct kube_pdb **out, size_t max);
/* Ready endpoints of a service; -1: no slices of it. */
int64_t index_service_ready(const struct assess *assess, const char *ns, const char *name);
const struct kube_service *index_service(const struct assess *assess, const char *ns, const char *name);
/* EKS's own add-ons and what it puts into kube-system: a user cannot change them. */
bool index_is_eks_own(const struct assess *assess, const char *ns, const char *name);
/* Matches a selector's JSON text ({matchLabels, matchExpressions}) against labels. */
bool index_selects(struct assess *assess, const char *selector_json, const struct pair *labels, size_t n);

/* In thousandths of a CPU, and bytes: of all containers, with init containers, sidecars and overhead as the scheduler
 * counts them. */
void spec_requests(const struct kube_pod_spec *spec, int64_t *ret_milli_cpu, int64_t *ret_bytes);
/* Of a pod's spec, worked out once for all pods that share it. */
void index_pod_requests(const struct assess *assess, const struct kube_pod *pod, int64_t *ret_milli_cpu,
			int64_t *ret_bytes);

/* What the pods on a node that are not over ask for together. */
struct node_use {
	int64_t milli, bytes, pods;
};
const struct node_use *index_node_use(const struct assess *assess, const struct kube_node *node); /* the inventory's */

/* "registry:5000/team/web:1.2@sha256:…" -> name "registry:5000/team/web", tag "1.2" ("" when there is none). */
void image_split(struct arena *arena, const char *image, const char **ret_name, const char **ret_tag);

void index_build(struct assess *assess);
void index_free(struct assess_index *index);

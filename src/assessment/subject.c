/* What counts as a workload for the rules on availability. */
#include "assessment/subject.h"

#include <string.h>
#include "assessment/nodegroups.h"

const char *subject_text(const char *text)
{
	return text ? text : "";
}

static bool equals(const char *a, const char *b)
{
	return !strcmp(subject_text(a), subject_text(b));
}

bool subject_is_kind(const struct kube_workload *workload, const char *kind)
{
	return equals(workload->kind, kind);
}

int64_t subject_replicas(const struct kube_workload *workload)
{
	return workload->has_replicas ? workload->replicas : 1;
}

static bool is_set_kind(const struct kube_workload *workload)
{
	static const char *const kinds[] = {"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (subject_is_kind(workload, kinds[i]))
			return true;
	return false;
}

bool subject_is_set(const struct assess *assess, const struct kube_workload *workload)
{
	return is_set_kind(workload) && !kube_meta_controller(&workload->meta) && !workload->meta.deletion_ms &&
	       subject_replicas(workload) > 0 && !index_is_eks_own(assess, workload->meta.ns, workload->meta.name);
}

bool subject_may_scale(const struct assess *assess, const struct kube_workload *workload)
{
	if (!subject_is_kind(workload, "Deployment") || kube_meta_controller(&workload->meta) ||
	    kube_meta_gitops(&workload->meta) || workload->ready < subject_replicas(workload))
		return false;
	for (size_t i = 0; i < assess->inventory->n_hpas; i++) {
		const struct kube_hpa *hpa = &assess->inventory->hpas[i];
		if (equals(hpa->target_kind, "Deployment") && equals(hpa->target_name, workload->meta.name) &&
		    equals(hpa->meta.ns, workload->meta.ns))
			return false;
	}
	return true;
}

bool subject_is_lasting(const struct assess *assess, const struct kube_workload *workload)
{
	if (!workload->template.spec)
		return false;
	return subject_is_kind(workload, "DaemonSet")
		       ? !index_is_eks_own(assess, workload->meta.ns, workload->meta.name)
		       : subject_is_set(assess, workload);
}

bool subject_makes_pods(const struct kube_workload *workload)
{
	if (!workload->template.spec || kube_meta_controller(&workload->meta) || workload->meta.deletion_ms)
		return false;
	bool over = subject_is_kind(workload, "Job") &&
		    (workload->completed_ms ||
		     equals(kube_condition_status(workload->conditions, workload->n_conditions, "Complete"), "True") ||
		     equals(kube_condition_status(workload->conditions, workload->n_conditions, "Failed"), "True"));
	return !over;
}

bool subject_pod_lives(const struct assess *assess, const struct kube_pod *pod)
{
	return index_pod_facts(assess, pod) & POD_LIVES;
}

bool subject_is_bare(const struct assess *assess, const struct kube_pod *pod)
{
	return (index_pod_facts(assess, pod) & (POD_LIVES | POD_MIRROR | POD_OWNED)) == POD_LIVES;
}

struct finding *subject_find(const struct assess *assess, size_t from, const char *kind, const char *ns,
			     const char *name)
{
	for (size_t i = assess->n_findings; i > from; i--) {
		const struct finding_object *object = assess->findings[i - 1].object;
		if (object && equals(object->kind, kind) && equals(object->ns, ns) && equals(object->name, name))
			return &assess->findings[i - 1];
	}
	return NULL;
}

struct finding *subject_find_aws(const struct assess *assess, size_t from, const char *id)
{
	for (size_t i = from; i < assess->n_findings; i++) {
		const struct finding_object *object = assess->findings[i].object;
		if (object && !object->kind && (equals(object->arn, id) || equals(object->name, id)))
			return &assess->findings[i];
	}
	return NULL;
}

bool subject_is_fargate(const struct kube_node *node)
{
	const char *type = kube_meta_label(&node->meta, "eks.amazonaws.com/compute-type");
	return (type && !strcmp(type, "fargate")) || !strncmp(subject_text(node->meta.name), "fargate-", 8);
}

/* What of AWS's a node comes from: its managed group, or the Auto Scaling group that has its instance. */
static const char *group_of(const struct assess *assess, const struct kube_node *node)
{
	const char *name = nodegroup_of_node(node);
	EACH_NODEGROUP(assess, group)
	if (nodegroup_has(node, group))
		return nodegroup_object(group);
	if (name)
		return name;
	EACH_SCALING_GROUP(assess, scaling)
	{
		if (nodegroup_scaling_has(node, scaling))
			return nodegroup_scaling_object(scaling);
	}
	return NULL;
}

struct finding *subject_node_found(struct assess *assess, size_t from, const struct kube_node *node,
				   const char *message, bool *ret_new)
{
	const char *pool = kube_meta_label(&node->meta, "karpenter.sh/nodepool"),
		   *group = pool ? NULL : group_of(assess, node);
	struct finding *finding =
		group ? subject_find_aws(assess, from, group)
		      : subject_find(assess, from, pool ? "NodePool" : "Node", NULL, pool ? pool : node->meta.name);
	*ret_new = !finding;
	if (finding)
		return finding;
	return group  ? assess_aws(assess, group, "%s", message)
	       : pool ? assess_object(assess, "NodePool", NULL, pool, "%s", message)
		      : assess_object(assess, "Node", NULL, node->meta.name, "%s", message);
}

/* Pods of an operator's own kind have no template that could be read: they speak for it, once. */
static void pod_spec(struct assess *assess, const struct kube_pod *pod, size_t from, subject_spec_fn *fn)
{
	const struct kube_workload *workload = index_pod_workload(assess, pod);
	const char *kind, *name;
	if ((workload && workload->template.spec) ||
	    (index_pod_facts(assess, pod) & (POD_LIVES | POD_MIRROR)) != POD_LIVES || !pod->spec)
		return;
	index_pod_owner(assess, pod, &kind, &name);
	if (strcmp(kind, "Pod") != 0 && subject_find(assess, from, kind, pod->meta.ns, name))
		return;
	struct kube_meta meta = pod->meta;
	meta.name = name;
	fn(assess, &(struct subject_spec){kind, &meta, pod->spec, pod->meta.annotations, pod->meta.n_annotations});
}

void subject_each_spec(struct assess *assess, subject_spec_fn *fn)
{
	const struct inventory *inventory = assess->inventory;
	size_t from = assess->n_findings;
	for (size_t i = 0; i < inventory->n_workloads; i++) {
		const struct kube_workload *workload = &inventory->workloads[i];
		const struct kube_pod_template *template = &workload->template;
		if (subject_makes_pods(workload))
			fn(assess, &(struct subject_spec){workload->kind, &workload->meta, template->spec,
							  template->annotations, template->n_annotations});
	}
	for (size_t i = 0; i < inventory->n_pods; i++)
		pod_spec(assess, &inventory->pods[i], from, fn);
}

const struct kube_volume *subject_docker_socket(const struct kube_pod_spec *spec)
{
	static const char *const gone[] = {"/docker.sock", "/dockershim.sock"}, *const others[] = {"/containerd.sock",
												   "/crio.sock",
												   "/podman.sock"};
	const struct kube_volume *found = NULL;
	for (size_t i = 0; i < spec->n_volumes; i++) {
		const char *path = spec->volumes[i].host_path, *slash = path ? strrchr(path, '/') : NULL;
		for (size_t k = 0; slash && k < ARRAY_SIZE(others); k++)
			if (!strcmp(slash, others[k]))
				return NULL;
		for (size_t k = 0; slash && !found && k < ARRAY_SIZE(gone); k++)
			found = !strcmp(slash, gone[k]) ? &spec->volumes[i] : NULL;
	}
	return found;
}

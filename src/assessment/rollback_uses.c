/* What is in use now and was not there a version before: kinds, fields, and features of EKS. The API server of the
 * version before drops such fields, and does not know such objects.
 *
 * Fields are those of feature gates that Kubernetes switches on by default, with the minor that did:
 * kubernetes/kubernetes test/compatibility_lifecycle/reference/feature_list.md (00623539, 1.36). */
#include "assessment/rollback_uses.h"

#include <string.h>
#include "assessment/subject.h"
#include "codec/document.h"
#include "knowledge/lifecycle.h"

/* ---- fields of pods */

static bool says(const char *json)
{
	return json && strcmp(json, "null") != 0 && strcmp(json, "{}") != 0 && strcmp(json, "[]") != 0;
}

static bool has_resources(const struct kube_pod_spec *spec)
{
	return says(spec->resources);
}

static bool has_claims(const struct kube_pod_spec *spec)
{
	return says(spec->resource_claims);
}

static bool has_hostname(const struct kube_pod_spec *spec)
{
	return spec->hostname_override != NULL;
}

static bool has_restart_rules(const struct kube_pod_spec *spec)
{
	for (size_t i = 0; i < spec->n_containers; i++)
		if (says(spec->containers[i].restart_rules))
			return true;
	for (size_t i = 0; i < spec->n_init_containers; i++)
		if (says(spec->init_containers[i].restart_rules))
			return true;
	return false;
}

static bool has_image_volume(const struct kube_pod_spec *spec)
{
	for (size_t i = 0; i < spec->n_volumes; i++) {
		json_t *volume DOCUMENT_CLEANUP =
			spec->volumes[i].text ? json_loads(spec->volumes[i].text, 0, NULL) : NULL;
		if (json_object_get(volume, "image"))
			return true;
	}
	return false;
}

static const struct {
	unsigned minor; /* served by default since */
	const char *field, *gate;
	bool (*uses)(const struct kube_pod_spec *spec);
} pod_fields[] = {
	{34, "resources of the pod", "PodLevelResources", has_resources},
	{34, "resourceClaims", "DynamicResourceAllocation", has_claims},
	{35, "hostnameOverride", "HostnameOverride", has_hostname},
	{35, "restartPolicyRules of a container", "ContainerRestartRules", has_restart_rules},
	{35, "a volume from an image", "ImageVolume", has_image_volume},
};

static void tell(struct assess *assess, const char *kind, const struct kube_meta *meta, const char *field,
		 unsigned minor, const char *gate)
{
	struct finding *finding = assess_object(assess, kind, meta->ns, meta->name,
						"uses %s, which 1.%u brought and 1.%u drops", field, minor, assess->to);
	assess_evidence(assess, finding, "knowledge", "feature gate %s", gate);
}

static void one_spec(struct assess *assess, const struct subject_spec *spec)
{
	for (size_t i = 0; i < ARRAY_SIZE(pod_fields); i++)
		if (pod_fields[i].minor > assess->to && pod_fields[i].uses(spec->spec)) {
			tell(assess, spec->kind, spec->meta, pod_fields[i].field, pod_fields[i].minor,
			     pod_fields[i].gate);
			return; /* one is enough to have to change it */
		}
}

/* ---- others */

static void tell_workloads(struct assess *assess)
{
	enum { SINCE = 35 };
	for (size_t i = 0; i < assess->inventory->n_workloads && assess->to < SINCE; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		if (subject_is_kind(workload, "StatefulSet") &&
		    document_at(assess_json(assess, workload->strategy), "rollingUpdate.maxUnavailable"))
			tell(assess, workload->kind, &workload->meta, "rollingUpdate.maxUnavailable", SINCE,
			     "MaxUnavailableStatefulSet");
	}
	for (size_t i = 0; i < assess->inventory->n_hpas && assess->to < SINCE; i++) {
		const struct kube_hpa *hpa = &assess->inventory->hpas[i];
		const json_t *behavior = assess_json(assess, hpa->behavior);
		if (document_at(behavior, "scaleUp.tolerance") || document_at(behavior, "scaleDown.tolerance"))
			tell(assess, "HorizontalPodAutoscaler", &hpa->meta, "tolerance in its behavior", SINCE,
			     "HPAConfigurableTolerance");
	}
}

/* Kinds of Kubernetes' own that are new; those of others do not follow its versions. */
static void tell_kind(struct assess *assess, const char *kind, const struct kube_meta *meta)
{
	const struct api_lifecycle *api =
		meta->api_version && kind ? knowledge_api_version(meta->api_version, kind) : NULL;
	if (!api || api->component || !knowledge_kind_served(api->group, api->kind, assess->from) ||
	    knowledge_kind_served(api->group, api->kind, assess->to))
		return;
	struct finding *finding =
		assess_object(assess, kind, meta->ns, meta->name,
			      "is of a kind that 1.%u does not serve: nobody can read it there", assess->to);
	finding->api_version = arena_strdup(assess->arena, meta->api_version);
}

void rollback_fields(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	subject_each_spec(assess, one_spec);
	tell_workloads(assess);
	for (size_t i = 0; i < inventory->n_customs; i++)
		tell_kind(assess, inventory->customs[i].kind, &inventory->customs[i].meta);
	for (size_t i = 0; i < inventory->n_others; i++)
		tell_kind(assess, inventory->others[i].kind, &inventory->others[i].meta);
}

/* ---- features of EKS */

static const struct {
	unsigned minor; /* the first that has it */
	const char *path, *what, *source;
} features[] = {
	{29, "computeConfig.enabled", "Auto Mode", "https://docs.aws.amazon.com/eks/latest/userguide/create-auto.html"},
};

void rollback_features(struct assess *assess)
{
	const json_t *cluster = inventory_cluster(assess->inventory);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		if (features[i].minor <= assess->to || !document_true(cluster, features[i].path))
			continue;
		struct finding *finding =
			assess_cluster(assess, "%s is in use, which needs 1.%u: EKS refuses to go back to 1.%u",
				       features[i].what, features[i].minor, assess->to);
		assess_evidence(assess, finding, "eks:DescribeCluster", "%s is true (%s)", features[i].path,
				features[i].source);
	}
}

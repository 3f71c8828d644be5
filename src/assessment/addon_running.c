/* What runs of add-ons, with whose rights, and in how many places: functions of the table in checks_addons.c. */
#include "assessment/addon_running.h"

#include <string.h>
#include "assessment/addon_versions.h"
#include "assessment/subject.h"
#include "perception/aws_items.h"

static const struct {
	const char *addon, *driver, *account;
} csi[] = {{"aws-ebs-csi-driver", "ebs.csi.aws.com", "ebs-csi-controller-sa"},
	   {"aws-efs-csi-driver", "efs.csi.aws.com", "efs-csi-controller-sa"},
	   {"aws-fsx-csi-driver", "fsx.csi.aws.com", "fsx-csi-controller-sa"},
	   {"aws-mountpoint-s3-csi-driver", "s3.csi.aws.com", "s3-csi-driver-sa"}};

const char *addon_csi_driver(const char *addon)
{
	for (size_t i = 0; i < ARRAY_SIZE(csi); i++)
		if (!strcmp(csi[i].addon, addon))
			return csi[i].driver;
	return NULL;
}

enum installed { NOT_INSTALLED, INSTALLED, NOT_LISTED };

/* That a list has it not says something only when somebody asked, and got the whole of it. */
static enum installed installed(const struct assess *assess, const char *name)
{
	size_t i, k;
	const json_t *call, *listed;
	enum installed found = NOT_LISTED;
	EACH_ADDON(assess, addon)
	if (!strcmp(addon_name(addon), name))
		return INSTALLED;
	json_array_foreach (inventory_aws_calls(assess->inventory, "list_addons"), i, call) {
		const json_t *names = document_at(call, "response.addons");
		json_array_foreach (names, k, listed)
			if (json_is_string(listed) && !strcmp(json_string_value(listed), name))
				return INSTALLED;
		if (json_is_array(names) && !document_text(call, "response.nextToken"))
			found = NOT_INSTALLED;
	}
	return found;
}

void addon_check_self_managed(struct assess *assess)
{
	static const struct {
		const char *kind, *workload, *addon;
	} core[] = {{"DaemonSet", "aws-node", "vpc-cni"},
		    {"DaemonSet", "kube-proxy", "kube-proxy"},
		    {"Deployment", "coredns", "coredns"}};
	for (size_t i = 0; i < ARRAY_SIZE(core); i++) {
		enum installed is = installed(assess, core[i].addon);
		if (is == INSTALLED || !index_workload(assess, core[i].kind, "kube-system", core[i].workload))
			continue;
		if (is == NOT_LISTED)
			assess_unknown(assess, core[i].kind, "kube-system", core[i].workload,
				       "add-ons were not listed; needs: eks:ListAddons");
		else
			assess_remedy(assess,
				      assess_object(assess, core[i].kind, "kube-system", core[i].workload,
						    "it is not the EKS add-on %s: nobody updates it but you",
						    core[i].addon),
				      "update it yourself in step with the cluster, or make it an add-on: aws eks "
				      "create-addon --cluster-name %s --addon-name %s --resolve-conflicts OVERWRITE",
				      assess_cluster_name(assess), core[i].addon);
	}
}

static const json_t *call_for_role(const struct assess *assess, const char *arn)
{
	const char *slash = strrchr(arn, '/');
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_role"), i, call)
		if (slash && !strcmp(document_text_or(call, "request.RoleName", ""), slash + 1))
			return call;
	return NULL;
}

static void check_role(struct assess *assess, const json_t *addon, const char *arn)
{
	const json_t *call = call_for_role(assess, arn);
	const char *reason;
	if (strstr(document_text_or(call, "error.code", ""), "NoSuchEntity"))
		assess_aws(assess, addon_object(addon), "role %s of %s is not there", arn, addon_name(addon));
	else if (!json_object_get(call, "response") && assess_source_refused(assess, "iam:GetRole", &reason))
		assess_unknown(assess, NULL, NULL, addon_object(addon), "%s", reason);
}

static bool has_association(const struct assess *assess, const char *account)
{
	EACH_AWS (assess->inventory, "list_pod_identity_associations", "associations", one)
		if (!strcmp(document_text_or(one, "namespace", ""), "kube-system") &&
		    !strcmp(document_text_or(one, "serviceAccount", ""), account))
			return true;
	return false;
}

static const char *role_of_account(const struct assess *assess, const char *name)
{
	for (size_t i = 0; i < assess->inventory->n_service_accounts; i++) {
		const struct kube_meta *meta = &assess->inventory->service_accounts[i].meta;
		if (!strcmp(subject_text(meta->ns), "kube-system") && !strcmp(subject_text(meta->name), name))
			return kube_meta_annotation(meta, "eks.amazonaws.com/role-arn");
	}
	return NULL;
}

/* An update writes the ServiceAccount anew: a role that only the annotation knows would be lost. Without any, vpc-cni
 * lives by the nodes' role, drivers cannot. */
static void no_identity(struct assess *assess, const json_t *addon, const char *account)
{
	const char *name = addon_name(addon), *annotated = role_of_account(assess, account);
	if (has_association(assess, account) || (!annotated && !addon_csi_driver(name)))
		return;
	const char *reason;
	if (assess_source_refused(assess, "eks:ListPodIdentityAssociations", &reason)) {
		assess_unknown(assess, NULL, NULL, addon_object(addon), "%s", reason);
		return;
	}
	struct finding *finding = annotated ? assess_aws(assess, addon_object(addon),
							 "%s has its role by the annotation of ServiceAccount %s "
							 "alone: an update takes it away",
							 name, account)
					    : assess_aws(assess, addon_object(addon),
							 "%s has neither a role nor a Pod Identity association", name);
	assess_evidence(assess, finding, "eks:DescribeAddon", "no serviceAccountRoleArn, no podIdentityAssociations");
	if (annotated)
		assess_evidence(assess, finding, "kubernetes serviceaccounts", "kube-system/%s: %s", account,
				annotated);
	assess_remedy(assess, finding,
		      "aws eks update-addon --cluster-name %s --addon-name %s --service-account-role-arn %s",
		      subject_text(assess->inventory->cluster), name, annotated ? annotated : "ROLE_ARN");
}

static const char *account_of(const char *addon)
{
	for (size_t i = 0; i < ARRAY_SIZE(csi); i++)
		if (!strcmp(csi[i].addon, addon))
			return csi[i].account;
	return !strcmp(addon, "vpc-cni") ? "aws-node" : NULL;
}

void addon_check_identity(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *role = document_text(addon, "serviceAccountRoleArn"),
			   *account = account_of(addon_name(addon));
		bool pods = json_array_size(json_object_get(addon, "podIdentityAssociations")) > 0;
		if (role)
			check_role(assess, addon, role);
		else if (!pods && account)
			no_identity(assess, addon, account);
	}
}

struct dns_state {
	size_t pods, ready;
	bool one_node, budget;
};

static struct dns_state dns_state(struct assess *assess, const struct kube_workload *workload)
{
	const struct kube_pdb *pdb;
	struct pod_list pods = index_workload_pods(assess, workload);
	struct dns_state state = {.pods = pods.n, .one_node = pods.n > 1};
	for (size_t i = 0; i < pods.n; i++) {
		state.ready += (index_pod_facts(assess, pod_at(pods, i)) & POD_READY) != 0;
		state.one_node &= pod_at(pods, i)->node_name && pod_at(pods, 0)->node_name &&
				  !strcmp(pod_at(pods, i)->node_name, pod_at(pods, 0)->node_name);
		state.budget |= index_pod_pdbs(assess, pod_at(pods, i), &pdb, 1) > 0;
	}
	if (!pods.n || (workload->ready > 0 && (size_t)workload->ready < state.ready))
		state.ready = (size_t)workload->ready;
	return state;
}

void addon_check_dns(struct assess *assess)
{
	const struct kube_workload *workload = index_workload(assess, "Deployment", "kube-system", "coredns");
	if (!workload)
		return;
	struct dns_state state = dns_state(assess, workload);
	const char *wrong, *remedy;
	if (state.ready < 2) {
		wrong = "fewer than two replicas are ready";
		remedy = subject_replicas(workload) < 2
				 ? "kubectl -n kube-system scale deployment coredns --replicas=2"
				 : "see why they are not: kubectl -n kube-system describe pods -l k8s-app=kube-dns";
	} else if (state.one_node) {
		wrong = "all its replicas are on one node";
		remedy = "kubectl -n kube-system rollout restart deployment coredns";
	} else if (state.pods && !state.budget) {
		wrong = "no PodDisruptionBudget selects it";
		remedy = "kubectl -n kube-system create poddisruptionbudget coredns --selector=k8s-app=kube-dns "
			 "--max-unavailable=1";
	} else {
		return;
	}
	struct finding *finding =
		SUBJECT_FOUND(assess, workload, "%s: names may not resolve while nodes are replaced", wrong);
	assess_evidence(assess, finding, "kubernetes pods", "%zu of %zu ready", state.ready,
			state.pods ? state.pods : (size_t)subject_replicas(workload));
	assess_remedy(assess, finding, "%s", remedy);
	if (subject_replicas(workload) == 1 && subject_may_scale(assess, workload))
		assess_change(assess, finding, "scale",
			      &(struct finding_object){"Deployment", workload->meta.ns, workload->meta.name, NULL}, "1",
			      "2");
}

/* The mode is a member of the document itself: IPVS's own settings stand deeper. */
static bool is_ipvs(const char *config)
{
	for (const char *line = config; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "mode:", 5) != 0)
			continue;
		line += 5 + strspn(line + 5, " \t\"'");
		return strcspn(line, " \t\r\n\"'#") == 4 && !strncmp(line, "ipvs", 4);
	}
	return false;
}

/* "--proxy-mode=ipvs", or the word after it; the file is not looked at then. */
static bool has_flag(const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (words[i] &&
		    (!strcmp(words[i], "--proxy-mode=ipvs") ||
		     (!strcmp(words[i], "--proxy-mode") && i + 1 < n && words[i + 1] && !strcmp(words[i + 1], "ipvs"))))
			return true;
	return false;
}

static const struct kube_workload *proxy_by_flag(const struct assess *assess)
{
	const struct kube_workload *workload = index_workload(assess, "DaemonSet", "kube-system", "kube-proxy");
	const struct kube_pod_spec *spec = workload ? workload->template.spec : NULL;
	for (size_t i = 0; spec && i < spec->n_containers; i++)
		if (has_flag(spec->containers[i].command, spec->containers[i].n_command) ||
		    has_flag(spec->containers[i].args, spec->containers[i].n_args))
			return workload;
	return NULL;
}

/* Its configuration, of which EKS makes the ConfigMap. */
static const char *proxy_by_addon(const struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *values = document_text_or(addon, "configurationValues", "");
		json_t *parsed DOCUMENT_CLEANUP = NULL;
		struct error *error ERROR_CLEANUP = document_parse(slice_of(values), "configurationValues", &parsed);
		if (!strcmp(addon_name(addon), "kube-proxy") &&
		    ((!error && !strcmp(document_text_or(parsed, "mode", ""), "ipvs")) || is_ipvs(values)))
			return addon_object(addon);
	}
	return NULL;
}

static const struct kube_config_map *proxy_by_map(const struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_config_maps; i++) {
		const struct kube_config_map *map = &assess->inventory->config_maps[i];
		if (!strcmp(subject_text(map->meta.name), "kube-proxy-config") &&
		    !strcmp(subject_text(map->meta.ns), "kube-system") &&
		    is_ipvs(kube_pairs_get(map->data, map->n_data, "config")))
			return map;
	}
	return NULL;
}

static void tell_ipvs(struct assess *assess, struct finding *finding, const char *source, const char *seen)
{
	finding->severity = assess->to >= 36 ? SEVERITY_BLOCKER : SEVERITY_MEDIUM;
	assess_evidence(assess, finding, source, "%s", seen);
	if (installed(assess, "kube-proxy") == INSTALLED)
		assess_remedy(assess, finding,
			      "aws eks update-addon --cluster-name %s --addon-name kube-proxy --configuration-values "
			      "'{\"mode\":\"iptables\"}' --resolve-conflicts OVERWRITE",
			      assess_cluster_name(assess));
	else
		assess_remedy(assess, finding,
			      "set mode to iptables: kubectl -n kube-system edit configmap kube-proxy-config; then "
			      "kubectl -n kube-system rollout restart daemonset kube-proxy");
}

void addon_check_ipvs(struct assess *assess)
{
	const char *says = assess->to >= 36 ? "kube-proxy is in IPVS mode, which EKS does not support from 1.36 on"
					    : "kube-proxy is in IPVS mode, which is deprecated from 1.35 on";
	if (assess->to < 35)
		return;
	const struct kube_config_map *map = proxy_by_map(assess);
	const struct kube_workload *workload = proxy_by_flag(assess);
	const char *addon = proxy_by_addon(assess);
	if (map)
		tell_ipvs(assess, assess_object(assess, "ConfigMap", map->meta.ns, map->meta.name, "%s", says),
			  "kubernetes configmaps", "config: mode: ipvs");
	else if (workload)
		tell_ipvs(assess, SUBJECT_FOUND(assess, workload, "%s", says), "kubernetes daemonsets.apps",
			  "--proxy-mode=ipvs");
	else if (addon)
		tell_ipvs(assess, assess_aws(assess, addon, "%s", says), "eks:DescribeAddon",
			  "configurationValues: mode ipvs");
}

#define EBS_DRIVER "ebs.csi.aws.com"

static bool is_driver_image(const struct assess *assess, const struct kube_workload *workload)
{
	const struct kube_pod_spec *spec = workload->template.spec;
	const char *name, *tag;
	for (size_t i = 0; spec && i < spec->n_containers; i++) {
		if (!spec->containers[i].image)
			continue;
		image_split(assess->arena, spec->containers[i].image, &name, &tag);
		if (strstr(name, "ebs-csi-driver"))
			return true;
	}
	return false;
}

/* However it came there: its object, a node that it serves, or what runs it. */
static bool driver_is_there(const struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	for (size_t i = 0; i < inventory->n_customs; i++)
		if (!strcmp(subject_text(inventory->customs[i].kind), "CSIDriver") &&
		    !strcmp(subject_text(inventory->customs[i].meta.name), EBS_DRIVER))
			return true;
	for (size_t i = 0; i < inventory->n_csi_nodes; i++)
		for (size_t k = 0; k < inventory->csi_nodes[i].n_drivers; k++)
			if (!strcmp(subject_text(inventory->csi_nodes[i].drivers[k].name), EBS_DRIVER))
				return true;
	for (size_t i = 0; i < inventory->n_workloads; i++)
		if (is_driver_image(assess, &inventory->workloads[i]))
			return true;
	return document_true(inventory_cluster(inventory), "storageConfig.blockStorage.enabled"); /* Auto Mode */
}

void addon_check_ebs_driver(struct assess *assess)
{
	const struct kube_volume_object *used = NULL;
	for (size_t i = 0; i < assess->inventory->n_volumes && !used; i++) {
		const struct kube_volume_object *volume = &assess->inventory->volumes[i];
		if (volume->aws_volume || (volume->csi_driver && !strcmp(volume->csi_driver, EBS_DRIVER)))
			used = volume;
	}
	if (!used || driver_is_there(assess))
		return;
	switch (installed(assess, "aws-ebs-csi-driver")) {
	case INSTALLED:
		return;
	case NOT_LISTED:
		assess_unknown(assess, NULL, NULL, NULL, "add-ons were not listed; needs: eks:ListAddons");
		return;
	case NOT_INSTALLED:
		break;
	}
	struct finding *finding = assess_cluster(assess, "EBS volumes are used, and their CSI driver is not there");
	assess_evidence(assess, finding, "kubernetes persistentvolumes", "%s", used->meta.name);
	assess_remedy(
		assess, finding,
		"aws eks create-addon --cluster-name %s --addon-name aws-ebs-csi-driver --service-account-role-arn "
		"ROLE_ARN",
		assess_cluster_name(assess));
}

/* EKS's add-ons: are they well, and do their versions go with where the cluster goes? */
#include <stdio.h>
#include <string.h>
#include "assessment/addon_owners.h"
#include "assessment/addon_schema.h"
#include "assessment/addon_versions.h"
#include "assessment/subject.h"
#include "codec/yaml.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html"

static const char *name_of(const json_t *addon)
{
	return document_text_or(addon, "addonName", "");
}

static const char *version_of(const json_t *addon)
{
	return document_text_or(addon, "addonVersion", "");
}

static const char *object_of(const json_t *addon)
{
	return document_text_or(addon, "addonArn", name_of(addon));
}

static const struct {
	const char *addon, *driver, *account;
} csi[] = {{"aws-ebs-csi-driver", "ebs.csi.aws.com", "ebs-csi-controller-sa"},
	   {"aws-efs-csi-driver", "efs.csi.aws.com", "efs-csi-controller-sa"},
	   {"aws-fsx-csi-driver", "fsx.csi.aws.com", "fsx-csi-controller-sa"},
	   {"aws-mountpoint-s3-csi-driver", "s3.csi.aws.com", "s3-csi-driver-sa"}};

static const char *csi_driver(const char *addon)
{
	for (size_t i = 0; i < ARRAY_SIZE(csi); i++)
		if (!strcmp(csi[i].addon, addon))
			return csi[i].driver;
	return NULL;
}

/* Those without which nothing runs. */
static bool is_critical(const char *name)
{
	static const char *const names[] = {"vpc-cni", "kube-proxy", "coredns"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return csi_driver(name) != NULL;
}

/* A driver with which no volume was made nor can be: nobody would miss it. What was not read may be in use. */
static bool is_idle_driver(const struct assess *assess, const char *name)
{
	const struct inventory *inventory = assess->inventory;
	const char *driver = csi_driver(name);
	if (!driver || !assess_source_ok(assess, "kubernetes persistentvolumes", NULL) ||
	    !assess_source_ok(assess, "kubernetes storageclasses.storage.k8s.io", NULL))
		return false;
	for (size_t i = 0; i < inventory->n_volumes; i++)
		if (!strcmp(subject_text(inventory->volumes[i].csi_driver), driver) ||
		    (inventory->volumes[i].aws_volume && !strcmp(driver, csi[0].driver)))
			return false;
	for (size_t i = 0; i < inventory->n_storage_classes; i++) {
		const char *provisioner = subject_text(inventory->storage_classes[i].provisioner);
		if (!strcmp(provisioner, driver) ||
		    (!strcmp(provisioner, "kubernetes.io/aws-ebs") && !strcmp(driver, csi[0].driver)))
			return false;
	}
	return true;
}

static const char *current(const struct assess *assess)
{
	return arena_printf(assess->arena, "1.%u", assess->from);
}

static void update_remedy(struct assess *assess, struct finding *finding, const json_t *addon, const char *to)
{
	if (to)
		assess_remedy(assess, finding,
			      "aws eks update-addon --cluster-name %s --addon-name %s --addon-version %s",
			      assess->inventory->cluster ? assess->inventory->cluster : "CLUSTER", name_of(addon), to);
}

static void health(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *status = document_text_or(addon, "status", "ACTIVE");
		const json_t *issues = document_at(addon, "health.issues");
		if (!strcmp(status, "ACTIVE") && !json_array_size(issues))
			continue;
		struct finding *finding = assess_aws(assess, object_of(addon), "add-on %s is %s, with %zu issues",
						     name_of(addon), status, json_array_size(issues));
		finding->severity = is_critical(name_of(addon)) ? SEVERITY_BLOCKER : SEVERITY_HIGH;
		for (size_t i = 0; i < json_array_size(issues) && i < 5; i++)
			assess_evidence(assess, finding, "eks:DescribeAddon", "%s: %s",
					document_text_or(json_array_get(issues, i), "code", ""),
					document_text_or(json_array_get(issues, i), "message", ""));
	}
}

static enum addon_fit fit_or_unknown(struct assess *assess, const json_t *addon)
{
	enum addon_fit fit = addon_fits(assess, name_of(addon), version_of(addon), assess->target);
	if (fit == ADDON_NOT_KNOWN)
		assess_unknown(assess, NULL, NULL, name_of(addon),
			       "versions of add-on %s for %s were not told; needs: eks:DescribeAddonVersions",
			       name_of(addon), assess->target);
	return fit;
}

/* kube-proxy of the cluster's own minor moves on after the control plane, with every upgrade: a step of the plan. Where
 * that minor is not known it may be. */
static bool is_ordinary_step(const struct assess *assess, const json_t *addon)
{
	return !strcmp(name_of(addon), "kube-proxy") &&
	       (!assess->from || addon_version_minor(version_of(addon)) == 1000 + assess->from);
}

static void incompatible(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		if (fit_or_unknown(assess, addon) != ADDON_DOES_NOT_FIT || is_ordinary_step(assess, addon))
			continue;
		const char *to = addon_default(assess, name_of(addon), assess->target);
		struct finding *finding = assess_aws(assess, object_of(addon), "%s %s is not for %s", name_of(addon),
						     version_of(addon), assess->target);
		finding->severity = is_critical(name_of(addon)) && !is_idle_driver(assess, name_of(addon))
					    ? SEVERITY_BLOCKER
					    : SEVERITY_HIGH;
		assess_evidence(assess, finding, "eks:DescribeAddonVersions", "default for %s: %s", assess->target,
				to ? to : "not told");
		update_remedy(assess, finding, addon, to);
		if (to)
			assess_change(assess, finding, "addon", &(struct finding_object){.name = name_of(addon)},
				      version_of(addon), to);
	}
}

static void none_for_target(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	if (fit_or_unknown(assess, addon) == ADDON_NO_VERSION)
		assess_aws(assess, object_of(addon), "%s has no version for %s at all", name_of(addon), assess->target);
}

static void not_latest(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *best = addon_default(assess, name_of(addon), assess->target);
		if (addon_fits(assess, name_of(addon), version_of(addon), assess->target) != ADDON_FITS || !best ||
		    addon_version_order(version_of(addon), best) >= 0)
			continue;
		struct finding *finding =
			assess_aws(assess, object_of(addon), "%s %s goes with %s, but EKS's default is %s",
				   name_of(addon), version_of(addon), assess->target, best);
		update_remedy(assess, finding, addon, best);
	}
}

/* vpc-cni moves one minor at a time. */
static void step_limit(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		if (strcmp(name_of(addon), "vpc-cni") != 0 ||
		    addon_fits(assess, "vpc-cni", version_of(addon), assess->target) != ADDON_DOES_NOT_FIT)
			continue;
		const char *to = addon_oldest_fit(assess, "vpc-cni", version_of(addon), assess->target);
		unsigned here = addon_version_minor(version_of(addon)), there = to ? addon_version_minor(to) : 0;
		if (!here || there <= here + 1)
			continue;
		assess_aws(assess, object_of(addon), "vpc-cni moves one minor at a time, and from %s to %s are %u",
			   version_of(addon), to, there - here);
	}
}

/* Only where the installed version does not fit. No version of kube-proxy goes with two minors: it always moves with
 * the control plane. */
static bool must_move(const struct assess *assess, const json_t *addon)
{
	return assess->from && strcmp(name_of(addon), "kube-proxy") != 0 &&
	       addon_fits(assess, name_of(addon), version_of(addon), assess->target) == ADDON_DOES_NOT_FIT &&
	       addon_fits(assess, name_of(addon), NULL, current(assess)) == ADDON_FITS;
}

static void order(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	if (must_move(assess, addon) && !addon_bridges(assess, name_of(addon), current(assess), assess->target))
		assess_aws(assess, object_of(addon),
			   "no version of %s goes with both %s and %s: it must move together with the control plane",
			   name_of(addon), current(assess), assess->target);
}

static void way_back(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *to = addon_default(assess, name_of(addon), assess->target);
		if (!must_move(assess, addon) || !to ||
		    addon_fits(assess, name_of(addon), to, current(assess)) != ADDON_DOES_NOT_FIT)
			continue;
		assess_aws(assess, object_of(addon),
			   "%s %s, the default for %s, does not go with %s: it would close the way back",
			   name_of(addon), to, assess->target, current(assess));
	}
}

enum installed { NOT_INSTALLED, INSTALLED, NOT_LISTED };

/* That a list has it not says something only when somebody asked, and got the whole of it. */
static enum installed installed(const struct assess *assess, const char *name)
{
	size_t i, k;
	const json_t *call, *listed;
	enum installed found = NOT_LISTED;
	EACH_ADDON(assess, addon)
	if (!strcmp(name_of(addon), name))
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

static void self_managed(struct assess *assess)
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
			assess_object(assess, core[i].kind, "kube-system", core[i].workload,
				      "it is not the EKS add-on %s: nobody updates it but you", core[i].addon);
	}
}

static const char *conflict_issue(const json_t *addon)
{
	const json_t *issues = document_at(addon, "health.issues"), *issue;
	size_t i;
	json_array_foreach (issues, i, issue)
		if (!strcmp(document_text_or(issue, "code", ""), "ConfigurationConflict"))
			return document_text_or(issue, "message", "ConfigurationConflict");
	return NULL;
}

static void conflict(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *issue = conflict_issue(addon);
		struct finding *finding = NULL;
		struct addon_owner owner;
		size_t at = 0;
		if (issue) {
			finding = assess_aws(assess, object_of(addon),
					     "others own fields of %s: an update fails, or loses them", name_of(addon));
			assess_evidence(assess, finding, "eks:DescribeAddon", "%s", issue);
		}
		while (addon_owner_next(assess, name_of(addon), &at, &owner)) {
			if (!finding)
				finding = assess_aws(assess, object_of(addon),
						     "%s owns fields of %s: an update fails, or loses them",
						     owner.by->manager, name_of(addon));
			struct finding_evidence *evidence =
				assess_evidence(assess, finding, "managedFields", "%s kube-system/%s: %s", owner.kind,
						owner.name, owner.field);
			evidence->caller = owner.by->manager;
			evidence->last_seen_ms = owner.by->time_ms;
		}
		if (finding)
			assess_remedy(
				assess, finding,
				"put your values into its configurationValues: aws eks update-addon --cluster-name "
				"%s --addon-name %s --configuration-values file://values.json --resolve-conflicts "
				"PRESERVE",
				subject_text(assess->inventory->cluster), name_of(addon));
	}
}

static bool take_values(void *context, json_t *document, size_t index, int line, const struct error *error)
{
	(void)index;
	(void)line;
	if (!error)
		*(json_t **)context = json_incref(document);
	return false;
}

/* They may be given as YAML, of which JSON is a part. */
static json_t *values_of(const char *text)
{
	json_t *values = NULL;
	struct error *error = yaml_documents(slice_of(text), "configurationValues", take_values, &values);
	error_free(error);
	return values;
}

static void judge_values(struct assess *assess, const json_t *addon, const json_t *response)
{
	json_t *schema DOCUMENT_CLEANUP = NULL,
		       *values DOCUMENT_CLEANUP = values_of(document_text_or(addon, "configurationValues", ""));
	struct error *error ERROR_CLEANUP =
		document_parse(slice_of(document_text_or(response, "configurationSchema", "")), "schema", &schema);
	const char *wrong = error || !values ? NULL : addon_schema_wrong(schema, values, assess->arena);
	if (error)
		assess_unknown(assess, NULL, NULL, object_of(addon),
			       "the schema of its configuration cannot be read: %s", error->message);
	if (wrong)
		assess_aws(assess, object_of(addon), "its configuration does not go with %s %s: %s", name_of(addon),
			   document_text_or(response, "addonVersion", "there"), wrong);
}

/* The schema of the version that the upgrade takes; where only others were asked for, the newest of them. */
static const json_t *schema_of(const struct assess *assess, const json_t *addon)
{
	size_t i;
	const json_t *call, *found = NULL;
	const char *to = addon_default(assess, name_of(addon), assess->target);
	if (!to || addon_version_order(version_of(addon), to) > 0)
		to = version_of(addon);
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_addon_configuration"), i, call) {
		const json_t *response = json_object_get(call, "response");
		const char *version = document_text_or(call, "request.addonVersion", version_of(response));
		if (!response ||
		    strcmp(document_text_or(call, "request.addonName", name_of(response)), name_of(addon)) != 0)
			continue;
		if (!strcmp(version, to))
			return response;
		if (!found || addon_version_order(version, version_of(found)) > 0)
			found = response;
	}
	return found;
}

/* Asked for where an add-on has values alone: then without an answer nothing is known. */
static void configuration(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *why = NULL, *values = document_text(addon, "configurationValues");
		const json_t *response = values ? schema_of(assess, addon) : NULL;
		if (!values || !*values)
			continue;
		if (response)
			judge_values(assess, addon, response);
		else if (assess_source_ok(assess, "eks:DescribeAddonConfiguration", &why))
			assess_unknown(assess, NULL, NULL, object_of(addon),
				       "the schema of its configuration was not asked for; needs: "
				       "eks:DescribeAddonConfiguration");
		else
			assess_unknown(assess, NULL, NULL, object_of(addon), "%s", why);
	}
}

static bool role_is_gone(const struct assess *assess, const char *arn)
{
	const char *slash = strrchr(arn, '/');
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(assess->inventory, "get_role"), i, call)
		if (slash && !strcmp(document_text_or(call, "request.RoleName", ""), slash + 1))
			return strstr(document_text_or(call, "error.code", ""), "NoSuchEntity") != NULL;
	return false;
}

static bool has_association(const struct assess *assess, const char *account)
{
	size_t i, k;
	const json_t *call, *one;
	json_array_foreach (inventory_aws_calls(assess->inventory, "list_pod_identity_associations"), i, call)
		json_array_foreach (document_at(call, "response.associations"), k, one)
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
	const char *name = name_of(addon), *annotated = role_of_account(assess, account);
	if (has_association(assess, account) || (!annotated && !csi_driver(name)))
		return;
	struct finding *finding = annotated ? assess_aws(assess, object_of(addon),
							 "%s has its role by the annotation of ServiceAccount %s "
							 "alone: an update takes it away",
							 name, account)
					    : assess_aws(assess, object_of(addon),
							 "%s has neither a role nor a Pod Identity association", name);
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

static void identity(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *role = document_text(addon, "serviceAccountRoleArn"), *account = account_of(name_of(addon));
		bool pods = json_array_size(json_object_get(addon, "podIdentityAssociations")) > 0;
		if (role && role_is_gone(assess, role))
			assess_aws(assess, object_of(addon), "role %s of %s is not there", role, name_of(addon));
		else if (!role && !pods && account)
			no_identity(assess, addon, account);
	}
}

static void dns(struct assess *assess)
{
	const struct kube_workload *workload = index_workload(assess, "Deployment", "kube-system", "coredns");
	const struct kube_pdb *pdb;
	if (!workload)
		return;
	struct pod_list pods = index_workload_pods(assess, workload);
	size_t ready = 0;
	bool one_node = pods.n > 1, budget = false;
	for (size_t i = 0; i < pods.n; i++) {
		ready += kube_pod_ready(pods.pods[i]);
		one_node &= pods.pods[i]->node_name && pods.pods[0]->node_name &&
			    !strcmp(pods.pods[i]->node_name, pods.pods[0]->node_name);
		budget |= index_pod_pdbs(assess, pods.pods[i], &pdb, 1) > 0;
	}
	if (!pods.n || (workload->ready > 0 && (size_t)workload->ready < ready))
		ready = (size_t)workload->ready;
	const char *wrong = ready < 2		? "fewer than two replicas are ready"
			    : one_node		? "all its replicas are on one node"
			    : pods.n && !budget ? "no PodDisruptionBudget selects it"
						: NULL;
	if (!wrong)
		return;
	struct finding *finding =
		SUBJECT_FOUND(assess, workload, "%s: names may not resolve while nodes are replaced", wrong);
	assess_evidence(assess, finding, "kubernetes pods", "%zu of %zu ready", ready,
			pods.n ? pods.n : (size_t)subject_replicas(workload));
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

static void ipvs(struct assess *assess)
{
	if (assess->to < 35)
		return;
	for (size_t i = 0; i < assess->inventory->n_config_maps; i++) {
		const struct kube_config_map *map = &assess->inventory->config_maps[i];
		const char *config = kube_pairs_get(map->data, map->n_data, "config");
		if (strcmp(subject_text(map->meta.name), "kube-proxy-config") != 0 ||
		    strcmp(subject_text(map->meta.ns), "kube-system") != 0 || !is_ipvs(config))
			continue;
		struct finding *finding = assess_object(
			assess, "ConfigMap", map->meta.ns, map->meta.name, "kube-proxy is in IPVS mode, which %s",
			assess->to >= 36 ? "EKS does not support from 1.36 on" : "is deprecated from 1.35 on");
		finding->severity = assess->to >= 36 ? SEVERITY_BLOCKER : SEVERITY_MEDIUM;
	}
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

static void ebs_driver(struct assess *assess)
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
}

#define ADDONS "eks:ListAddons", "eks:DescribeAddon"
#define VERSIONS NEEDS(ADDONS, "eks:DescribeAddonVersions")

const struct check checks_addons[] = {
	{.id = "ADDON-HEALTH",
	 .title = "an add-on is not well",
	 .severity = SEVERITY_HIGH,
	 .severities = "BLOCKER for vpc-cni, kube-proxy, CoreDNS and CSI drivers, HIGH for others",
	 .needs = NEEDS(ADDONS),
	 .run = health,
	 .remedy = "mend what its issues name",
	 .page = PAGE},
	{.id = "ADDON-EKS-INCOMPATIBLE",
	 .title = "an add-on's version is not for the target",
	 .severity = SEVERITY_HIGH,
	 .severities = "BLOCKER for vpc-cni, kube-proxy, CoreDNS and CSI drivers in use, HIGH for others",
	 .needs = VERSIONS,
	 .run = incompatible,
	 .remedy = "update the add-on to a version that is",
	 .page = PAGE},
	{.id = "ADDON-NONE-FOR-TARGET",
	 .title = "an add-on has no version for the target",
	 .severity = SEVERITY_BLOCKER,
	 .needs = VERSIONS,
	 .run = none_for_target,
	 .remedy = "replace or remove the add-on, or wait for a version",
	 .page = PAGE},
	{.id = "ADDON-NOT-LATEST",
	 .title = "an add-on is behind EKS's default",
	 .severity = SEVERITY_LOW,
	 .needs = VERSIONS,
	 .run = not_latest,
	 .remedy = "update it with the upgrade",
	 .page = PAGE},
	{.id = "ADDON-STEP-LIMIT",
	 .title = "an add-on must move in several steps",
	 .severity = SEVERITY_HIGH,
	 .needs = VERSIONS,
	 .run = step_limit,
	 .remedy = "update it minor by minor",
	 .page = PAGE},
	{.id = "ADDON-ORDER",
	 .title = "no version goes with both ends of the hop",
	 .severity = SEVERITY_HIGH,
	 .needs = VERSIONS,
	 .run = order,
	 .remedy = "update it in the same step as the control plane",
	 .page = PAGE},
	{.id = "ADDON-ROLLBACK",
	 .title = "the new version would close the way back",
	 .severity = SEVERITY_MEDIUM,
	 .needs = VERSIONS,
	 .run = way_back,
	 .remedy = "take a version that goes with both until the control plane has baked",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html"},
	{.id = "ADDON-SELF-MANAGED",
	 .title = "a core component is not an EKS add-on",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("eks:ListAddons", SUBJECT_ALL),
	 .run = self_managed,
	 .remedy = "update it yourself in step with the cluster, or make it an add-on: aws eks create-addon",
	 .page = PAGE},
	{.id = "ADDON-CONFLICT",
	 .title = "others own fields of an add-on",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(ADDONS, "kubernetes daemonsets.apps", "kubernetes deployments.apps", "kubernetes configmaps"),
	 .run = conflict,
	 .remedy = "put your values into configurationValues, or update with --resolve-conflicts PRESERVE",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html"},
	{.id = "ADDON-CONFIG-SCHEMA",
	 .title = "an add-on's configuration is not valid",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(ADDONS),
	 .run = configuration,
	 .remedy = "take the key out of configurationValues",
	 .page = PAGE},
	{.id = "ADDON-IAM",
	 .title = "an add-on has no identity",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(ADDONS),
	 .run = identity,
	 .remedy = "give it a role: aws eks update-addon --service-account-role-arn",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/add-ons-iam.html"},
	{.id = "ADDON-COREDNS-HA",
	 .title = "CoreDNS may be gone for a while",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes deployments.apps", "kubernetes pods", "kubernetes replicasets.apps",
			"kubernetes poddisruptionbudgets.policy"),
	 .run = dns,
	 .remedy = "two ready replicas on two nodes, and a PodDisruptionBudget",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html"},
	{.id = "ADDON-PROXY-IPVS",
	 .title = "kube-proxy in IPVS mode",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER from 1.36, MEDIUM at 1.35",
	 .needs = NEEDS("kubernetes configmaps"),
	 .run = ipvs,
	 .remedy = "set mode to iptables or nftables",
	 .page = "https://kubernetes.io/docs/reference/networking/virtual-ips/"},
	{.id = "ADDON-EBS-CSI",
	 .title = "EBS volumes without their driver",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes persistentvolumes", "kubernetes csidrivers.storage.k8s.io", "eks:ListAddons"),
	 .run = ebs_driver,
	 .remedy = "aws eks create-addon --cluster-name CLUSTER --addon-name aws-ebs-csi-driver",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html"},
	{.id = NULL},
};

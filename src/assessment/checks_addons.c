/* EKS's add-ons: are they well, and do their versions go with where the cluster goes? */
#include <stdio.h>
#include <string.h>
#include "assessment/addon_owners.h"
#include "assessment/addon_running.h"
#include "assessment/addon_schema.h"
#include "assessment/addon_versions.h"
#include "assessment/subject.h"
#include "codec/yaml.h"

#define EBS_DRIVER "ebs.csi.aws.com"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html"

/* Those without which nothing runs. */
static bool is_critical(const char *name)
{
	static const char *const names[] = {"vpc-cni", "kube-proxy", "coredns"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return addon_csi_driver(name) != NULL;
}

/* A driver with which no volume was made nor can be: nobody would miss it. What was not read may be in use. */
static bool is_idle_driver(const struct assess *assess, const char *name)
{
	const struct inventory *inventory = assess->inventory;
	const char *driver = addon_csi_driver(name);
	if (!driver || !assess_source_ok(assess, "kubernetes persistentvolumes", NULL) ||
	    !assess_source_ok(assess, "kubernetes storageclasses.storage.k8s.io", NULL))
		return false;
	for (size_t i = 0; i < inventory->n_volumes; i++)
		if (!strcmp(subject_text(inventory->volumes[i].csi_driver), driver) ||
		    (inventory->volumes[i].aws_volume && !strcmp(driver, EBS_DRIVER)))
			return false;
	for (size_t i = 0; i < inventory->n_storage_classes; i++) {
		const char *provisioner = subject_text(inventory->storage_classes[i].provisioner);
		if (!strcmp(provisioner, driver) ||
		    (!strcmp(provisioner, "kubernetes.io/aws-ebs") && !strcmp(driver, EBS_DRIVER)))
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
			      "aws eks update-addon --cluster-name %s --addon-name %s --addon-version %s "
			      "--resolve-conflicts PRESERVE",
			      assess_cluster_name(assess), addon_name(addon), to);
}

static void health(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *status = document_text_or(addon, "status", "ACTIVE");
		const json_t *issues = document_at(addon, "health.issues"), *issue;
		size_t i, n = json_array_size(issues);
		if (!strcmp(status, "ACTIVE") && !n)
			continue;
		struct finding *finding =
			n ? assess_aws(assess, addon_object(addon), "add-on %s is %s, with %zu issue%s",
				       addon_name(addon), status, n, n == 1 ? "" : "s")
			  : assess_aws(assess, addon_object(addon), "add-on %s is %s", addon_name(addon), status);
		finding->severity = is_critical(addon_name(addon)) ? SEVERITY_BLOCKER : SEVERITY_HIGH;
		assess_evidence(assess, finding, "eks:DescribeAddon", "version %s, status %s", addon_version(addon),
				status);
		json_array_foreach (issues, i, issue)
			if (i < 5)
				assess_evidence(assess, finding, "eks:DescribeAddon", "%s: %s",
						document_text_or(issue, "code", ""),
						document_text_or(issue, "message", ""));
		assess_remedy(assess, finding,
			      "mend what its issues name: aws eks describe-addon --cluster-name %s --addon-name %s "
			      "--query addon.health",
			      assess_cluster_name(assess), addon_name(addon));
	}
}

static enum addon_fit fit_or_unknown(struct assess *assess, const json_t *addon)
{
	enum addon_fit fit = addon_fits(assess, addon_name(addon), addon_version(addon), assess->target);
	if (fit == ADDON_NOT_KNOWN)
		assess_unknown(assess, NULL, NULL, addon_name(addon),
			       "versions of add-on %s for %s were not told; needs: eks:DescribeAddonVersions",
			       addon_name(addon), assess->target);
	return fit;
}

/* kube-proxy of the cluster's own minor moves on after the control plane, with every upgrade: a step of the plan. Where
 * that minor is not known it may be. */
static bool is_ordinary_step(const struct assess *assess, const json_t *addon)
{
	return !strcmp(addon_name(addon), "kube-proxy") &&
	       (!assess->from || addon_version_minor(addon_version(addon)) == 1000 + assess->from);
}

/* What it can be updated to before the control plane moves: the default, if that goes with the present version too;
 * else the newest that goes with both. NULL: nothing. */
static const char *before_the_hop(const struct assess *assess, const json_t *addon)
{
	const char *name = addon_name(addon), *usual = addon_default(assess, name, assess->target);
	if (usual && (!assess->from || addon_fits(assess, name, usual, current(assess)) != ADDON_DOES_NOT_FIT))
		return usual;
	return addon_bridge(assess, name, current(assess), assess->target);
}

/* kube-proxy must never be newer than the API server. */
static void proxy_remedy(struct assess *assess, struct finding *finding, const json_t *addon)
{
	const char *to = assess->from ? addon_default(assess, addon_name(addon), current(assess)) : NULL;
	update_remedy(assess, finding, addon, to ? to : "VERSION");
	assess_remedy(assess, finding,
		      "bring it to the cluster's own minor first; after the control plane it moves on: %s",
		      finding->remedy);
}

static void incompatible(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		if (fit_or_unknown(assess, addon) != ADDON_DOES_NOT_FIT || is_ordinary_step(assess, addon))
			continue;
		const char *name = addon_name(addon), *to = before_the_hop(assess, addon),
			   *usual = addon_default(assess, name, assess->target);
		struct finding *finding = assess_aws(assess, addon_object(addon), "%s %s is not for %s", name,
						     addon_version(addon), assess->target);
		finding->severity =
			is_critical(name) && !is_idle_driver(assess, name) ? SEVERITY_BLOCKER : SEVERITY_HIGH;
		assess_evidence(assess, finding, "eks:DescribeAddonVersions", "default for %s: %s", assess->target,
				usual ? usual : "not told");
		update_remedy(assess, finding, addon, to ? to : usual);
		if (!strcmp(name, "kube-proxy"))
			proxy_remedy(assess, finding, addon);
		else if (!to && usual)
			assess_remedy(assess, finding, "right after the control plane, in the same step: %s",
				      finding->remedy);
		if (to && strcmp(name, "kube-proxy") != 0)
			assess_change(assess, finding, "addon", &(struct finding_object){.name = name},
				      addon_version(addon), to);
	}
}

static void none_for_target(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		if (fit_or_unknown(assess, addon) != ADDON_NO_VERSION)
			continue;
		struct finding *finding = assess_aws(assess, addon_object(addon), "%s has no version for %s at all",
						     addon_name(addon), assess->target);
		assess_evidence(assess, finding, "eks:DescribeAddonVersions", "none for %s; %s is installed",
				assess->target, addon_version(addon));
		assess_remedy(
			assess, finding,
			"wait for one (aws eks describe-addon-versions --addon-name %s --kubernetes-version %s), or "
			"replace the add-on and delete it: aws eks delete-addon --cluster-name %s --addon-name %s",
			addon_name(addon), assess->target, assess_cluster_name(assess), addon_name(addon));
	}
}

static void not_latest(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *best = addon_default(assess, addon_name(addon), assess->target);
		if (is_ordinary_step(assess, addon) && assess->to != assess->from)
			continue;
		if (addon_fits(assess, addon_name(addon), addon_version(addon), assess->target) != ADDON_FITS ||
		    !best || addon_version_order(addon_version(addon), best) >= 0)
			continue;
		struct finding *finding =
			assess_aws(assess, addon_object(addon), "%s %s goes with %s, but EKS's default is %s",
				   addon_name(addon), addon_version(addon), assess->target, best);
		assess_evidence(assess, finding, "eks:DescribeAddonVersions", "default for %s: %s", assess->target,
				best);
		update_remedy(assess, finding, addon, best);
	}
}

/* vpc-cni moves one minor at a time. */
static void step_limit(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		if (strcmp(addon_name(addon), "vpc-cni") != 0 ||
		    addon_fits(assess, "vpc-cni", addon_version(addon), assess->target) != ADDON_DOES_NOT_FIT)
			continue;
		const char *to = addon_oldest_fit(assess, "vpc-cni", addon_version(addon), assess->target);
		unsigned here = addon_version_minor(addon_version(addon)), there = to ? addon_version_minor(to) : 0;
		if (!here || there <= here + 1)
			continue;
		struct finding *finding = assess_aws(assess, addon_object(addon),
						     "vpc-cni moves one minor at a time, and from %s to %s are %u",
						     addon_version(addon), to, there - here);
		assess_evidence(assess, finding, "eks:DescribeAddonVersions", "the oldest for %s: %s", assess->target,
				to);
		assess_remedy(
			assess, finding,
			"update it minor by minor, 1.%u first: aws eks update-addon --cluster-name %s --addon-name "
			"vpc-cni --addon-version VERSION; versions: aws eks describe-addon-versions --addon-name "
			"vpc-cni "
			"--kubernetes-version %s",
			here % 1000 + 1, assess_cluster_name(assess), current(assess));
	}
}

/* Only where the installed version does not fit. No version of kube-proxy goes with two minors: it always moves with
 * the control plane. */
static bool must_move(const struct assess *assess, const json_t *addon)
{
	return assess->from && strcmp(addon_name(addon), "kube-proxy") != 0 &&
	       addon_fits(assess, addon_name(addon), addon_version(addon), assess->target) == ADDON_DOES_NOT_FIT &&
	       addon_fits(assess, addon_name(addon), NULL, current(assess)) == ADDON_FITS;
}

static void order(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *name = addon_name(addon), *to = addon_default(assess, name, assess->target);
		if (!must_move(assess, addon) || addon_bridge(assess, name, current(assess), assess->target))
			continue;
		struct finding *finding = assess_aws(
			assess, addon_object(addon),
			"no version of %s goes with both %s and %s: it must move together with the control plane", name,
			current(assess), assess->target);
		assess_evidence(assess, finding, "eks:DescribeAddonVersions", "%s is installed; default for %s: %s",
				addon_version(addon), assess->target, to ? to : "not told");
		update_remedy(assess, finding, addon, to);
		assess_remedy(assess, finding, "in the same step as the control plane, right after it: %s",
			      finding->remedy);
	}
}

static void way_back(struct assess *assess)
{
	EACH_ADDON(assess, addon)
	{
		const char *to = addon_default(assess, addon_name(addon), assess->target), *both;
		if (!must_move(assess, addon) || !to ||
		    addon_fits(assess, addon_name(addon), to, current(assess)) != ADDON_DOES_NOT_FIT)
			continue;
		struct finding *finding =
			assess_aws(assess, addon_object(addon),
				   "%s %s, the default for %s, does not go with %s: it would close the way back",
				   addon_name(addon), to, assess->target, current(assess));
		both = addon_bridge(assess, addon_name(addon), current(assess), assess->target);
		assess_evidence(assess, finding, "eks:DescribeAddonVersions", "newest that goes with both: %s",
				both ? both : "none");
		update_remedy(assess, finding, addon, both);
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
			finding = assess_aws(assess, addon_object(addon),
					     "others own fields of %s: an update fails, or loses them",
					     addon_name(addon));
			assess_evidence(assess, finding, "eks:DescribeAddon", "%s", issue);
		}
		while (addon_owner_next(assess, addon_name(addon), &at, &owner)) {
			if (!finding)
				finding = assess_aws(assess, addon_object(addon),
						     "%s owns fields of %s: an update fails, or loses them",
						     owner.by->manager, addon_name(addon));
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
				subject_text(assess->inventory->cluster), addon_name(addon));
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
		assess_unknown(assess, NULL, NULL, addon_object(addon),
			       "the schema of its configuration cannot be read: %s", error->message);
	if (!wrong)
		return;
	const char *version = document_text_or(response, "addonVersion", "VERSION");
	struct finding *finding =
		assess_aws(assess, addon_object(addon), "its configuration does not go with %s %s: %s",
			   addon_name(addon), version, wrong);
	assess_evidence(assess, finding, "eks:DescribeAddonConfiguration", "schema of %s %s", addon_name(addon),
			version);
	assess_remedy(
		assess, finding,
		"correct it with the update: aws eks update-addon --cluster-name %s --addon-name %s --addon-version "
		"%s --configuration-values file://values.json",
		assess_cluster_name(assess), addon_name(addon), version);
}

/* The schema of the version that the upgrade takes; where only others were asked for, the newest of them. */
static const json_t *schema_of(const struct assess *assess, const json_t *addon)
{
	size_t i;
	const json_t *call, *found = NULL;
	const char *to = addon_default(assess, addon_name(addon), assess->target);
	if (!to || addon_version_order(addon_version(addon), to) > 0)
		to = addon_version(addon);
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_addon_configuration"), i, call) {
		const json_t *response = json_object_get(call, "response");
		const char *version = document_text_or(call, "request.addonVersion", addon_version(response));
		if (!response ||
		    strcmp(document_text_or(call, "request.addonName", addon_name(response)), addon_name(addon)) != 0)
			continue;
		if (!strcmp(version, to))
			return response;
		if (!found || addon_version_order(version, addon_version(found)) > 0)
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
			assess_unknown(assess, NULL, NULL, addon_object(addon),
				       "the schema of its configuration was not asked for; needs: "
				       "eks:DescribeAddonConfiguration");
		else
			assess_unknown(assess, NULL, NULL, addon_object(addon), "%s", why);
	}
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
	 .run = addon_check_self_managed,
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
	 .run = addon_check_identity,
	 .remedy = "give it a role: aws eks update-addon --service-account-role-arn",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/add-ons-iam.html"},
	{.id = "ADDON-COREDNS-HA",
	 .title = "CoreDNS may be gone for a while",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes deployments.apps", "kubernetes pods", "kubernetes replicasets.apps",
			"kubernetes poddisruptionbudgets.policy"),
	 .run = addon_check_dns,
	 .remedy = "two ready replicas on two nodes, and a PodDisruptionBudget",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/managing-coredns.html"},
	{.id = "ADDON-PROXY-IPVS",
	 .title = "kube-proxy in IPVS mode",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER from 1.36, MEDIUM at 1.35",
	 .needs = NEEDS("kubernetes configmaps"),
	 .run = addon_check_ipvs,
	 .remedy = "set mode to iptables or nftables",
	 .page = "https://kubernetes.io/docs/reference/networking/virtual-ips/"},
	{.id = "ADDON-EBS-CSI",
	 .title = "EBS volumes without their driver",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes persistentvolumes", "kubernetes csidrivers.storage.k8s.io", "eks:ListAddons"),
	 .run = addon_check_ebs_driver,
	 .remedy = "aws eks create-addon --cluster-name CLUSTER --addon-name aws-ebs-csi-driver",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html"},
	{.id = NULL},
};

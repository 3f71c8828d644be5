/* Is there a way back? EKS takes a control plane one minor back, for seven days. These count for a rollback only, and
 * most of them are asked only when the target is the version before this one: before an upgrade nothing has been
 * upgraded yet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "assessment/rollback_uses.h"
#include "assessment/subject.h"
#include "assessment/window.h"
#include "base/time.h"
#include "codec/document.h"
#include "knowledge/calendar.h"
#include "knowledge/lifecycle.h"
#include "perception/aws_items.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html"
#define SCOPE .scope = "rollback"
#define WINDOW_MS (7 * DAY_MS)

static bool is(const char *a, const char *b)
{
	return !strcmp(subject_text(a), b);
}

static bool goes_back(const struct assess *assess)
{
	return assess->from && assess->to < assess->from;
}

/* ---- RBK-WINDOW */

static const char *parameter(const json_t *update, const char *type)
{
	size_t i;
	const json_t *entry;
	json_array_foreach (json_object_get(update, "params"), i, entry)
		if (is(document_text(entry, "type"), type))
			return document_text(entry, "value");
	return NULL;
}

/* EKS upgrades by itself what has come to the end of extended support; that is not taken back. */
static bool was_forced(unsigned before, int64_t upgraded_ms)
{
	char version[16];
	snprintf(version, sizeof version, "1.%u", before);
	const struct eks_release *release = knowledge_release(version);
	return release && release->end_of_extended_support.ms && upgraded_ms >= release->end_of_extended_support.ms;
}

static void window(struct assess *assess)
{
	size_t i;
	const json_t *call;
	int64_t last_ms = 0, ms;
	char when[TIME_TEXT];
	if (!goes_back(assess))
		return;
	if (assess->to + 1 != assess->from)
		assess_cluster(assess, "from 1.%u EKS goes back to 1.%u only", assess->from, assess->from - 1);
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_update"), i, call) {
		const json_t *update = document_at(call, "response.update");
		if (is(document_text(update, "type"), "VersionUpdate") &&
		    is(document_text(update, "status"), "Successful") &&
		    knowledge_minor(parameter(update, "Version")) == assess->from &&
		    document_time(update, "createdAt", &ms) && ms > last_ms)
			last_ms = ms;
	}
	if (!last_ms)
		assess_cluster(assess, "no upgrade to 1.%u is recorded: a cluster made at its version cannot go back",
			       assess->from);
	else if (was_forced(assess->from - 1, last_ms))
		assess_cluster(assess,
			       "the upgrade to 1.%u, at %s, came after the end of extended support of 1.%u: EKS did it "
			       "by itself, and takes none of those back",
			       assess->from, time_format_rfc3339(last_ms, when), assess->from - 1);
	else if (assess->now_ms - last_ms > WINDOW_MS)
		assess_cluster(assess, "the upgrade to 1.%u was at %s, more than seven days ago", assess->from,
			       time_format_rfc3339(last_ms, when));
}

/* ---- RBK-INSIGHT */

static void insights(struct assess *assess)
{
	EACH_AWS (assess->inventory, "list_insights", "insights", insight) {
		const char *status = document_text_or(insight, "insightStatus.status", "");
		if (!is(document_text(insight, "category"), "ROLLBACK_READINESS") ||
		    (!is(status, "ERROR") && !is(status, "UNKNOWN")))
			continue;
		struct finding *finding = assess_aws(assess, document_text_or(insight, "id", ""),
						     "insight \"%s\" says %s, which blocks a rollback",
						     document_text_or(insight, "name", "?"), status);
		assess_remedy(assess, finding,
			      "mend what aws eks describe-insight --cluster-name %s --id %s tells, then: aws eks "
			      "start-insights-refresh --cluster-name %s",
			      subject_text(assess->inventory->cluster), document_text_or(insight, "id", "?"),
			      subject_text(assess->inventory->cluster));
		assess_evidence(assess, finding, "insights", "%s",
				document_text_or(insight, "insightStatus.reason", "no reason given"));
	}
}

/* ---- nodes */

static bool starts(const char *text, const char *with)
{
	return !strncmp(subject_text(text), with, strlen(with));
}

static void nodes(struct assess *assess)
{
	size_t i, from = assess->n_findings;
	const json_t *call;
	if (!goes_back(assess))
		return;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_nodegroup"), i, call) {
		const json_t *group = document_at(call, "response.nodegroup");
		const char *name = document_text_or(group, "nodegroupName", ""),
			   *arn = document_text_or(group, "nodegroupArn", name);
		if (knowledge_minor(document_text(group, "version")) != assess->from)
			continue;
		struct finding *finding =
			assess_aws(assess, arn, "is at 1.%u: node groups go back first", assess->from);
		assess_remedy(assess, finding,
			      "aws eks update-nodegroup-version --cluster-name %s --nodegroup-name %s "
			      "--kubernetes-version 1.%u",
			      subject_text(assess->inventory->cluster), name, assess->to);
	}
	for (i = 0; i < assess->inventory->n_nodes; i++) {
		const struct kube_node *node = &assess->inventory->nodes[i];
		bool new;
		/* Managed groups are told above, Auto Mode's nodes EKS takes back itself, Fargate's are pods. */
		if (knowledge_minor(node->kubelet) != assess->from || starts(node->meta.name, "fargate-") ||
		    kube_meta_label(&node->meta, "eks.amazonaws.com/nodegroup") ||
		    is(kube_meta_label(&node->meta, "eks.amazonaws.com/compute-type"), "auto"))
			continue;
		subject_node_found(assess, from, node, "is at the present version: its own rotator takes it back first",
				   &new);
	}
}

static void fargate(struct assess *assess)
{
	size_t from = assess->n_findings;
	for (size_t i = 0; i < assess->inventory->n_nodes && goes_back(assess); i++) {
		const struct kube_node *node = &assess->inventory->nodes[i];
		if (!starts(node->meta.name, "fargate-") || knowledge_minor(node->kubelet) != assess->from)
			continue;
		struct pod_list pods = index_node_pods(assess, node);
		for (size_t k = 0; k < pods.n; k++) {
			const char *kind, *name;
			index_pod_owner(assess, pod_at(pods, k), &kind, &name);
			if (!subject_find(assess, from, kind, pod_at(pods, k)->meta.ns, name))
				assess_object(assess, kind, pod_at(pods, k)->meta.ns, name,
					      "runs on Fargate at 1.%u: such pods have to be gone before a rollback",
					      assess->from);
		}
	}
}

/* ---- RBK-AUTO-BUDGET */

static bool may_not_be_disrupted(const struct kube_meta *meta)
{
	return is(kube_meta_annotation(meta, "karpenter.sh/do-not-disrupt"), "true");
}

static void auto_budget(struct assess *assess)
{
	const struct inventory *inventory = assess->inventory;
	size_t from = assess->n_findings;
	if (!document_true(inventory_cluster(inventory), "computeConfig.enabled"))
		return;
	for (size_t i = 0; i < inventory->n_customs; i++)
		if (is(inventory->customs[i].kind, "NodePool") &&
		    window_pool_is_shut(assess_json(assess, inventory->customs[i].spec), assess->now_ms))
			assess_remedy(assess,
				      assess_object(assess, "NodePool", NULL, inventory->customs[i].meta.name,
						    "a budget of 0 keeps its nodes from going back"),
				      "let spec.disruption.budgets allow at least one node: kubectl edit nodepool %s",
				      inventory->customs[i].meta.name);
	for (size_t i = 0; i < inventory->n_nodes; i++)
		if (may_not_be_disrupted(&inventory->nodes[i].meta))
			assess_remedy(assess,
				      assess_object(assess, "Node", NULL, inventory->nodes[i].meta.name,
						    "is marked do-not-disrupt: it does not go back"),
				      "kubectl annotate node %s karpenter.sh/do-not-disrupt-",
				      inventory->nodes[i].meta.name);
	for (size_t i = 0; i < inventory->n_pods; i++) {
		const struct kube_pod *pod = &inventory->pods[i];
		const char *kind, *name;
		if (!may_not_be_disrupted(&pod->meta) || !subject_pod_lives(assess, pod))
			continue;
		index_pod_owner(assess, pod, &kind, &name);
		if (!subject_find(assess, from, kind, pod->meta.ns, name))
			assess_object(assess, kind, pod->meta.ns, name,
				      "is marked do-not-disrupt: its node goes back late or never")
				->severity = SEVERITY_MEDIUM;
	}
	for (size_t i = 0; i < inventory->n_pdbs; i++) {
		const char *most = subject_text(inventory->pdbs[i].max_unavailable);
		if (is(most, "0") || is(most, "\"0\"") || is(most, "\"0%\""))
			assess_object(assess, "PodDisruptionBudget", inventory->pdbs[i].meta.ns,
				      inventory->pdbs[i].meta.name, "maxUnavailable 0 holds nodes that go back")
				->severity = SEVERITY_MEDIUM;
	}
}

/* ---- RBK-ADDON */

/* -1: EKS was not asked about this add-on at that version. */
static int is_compatible(const struct assess *assess, const char *name, const char *version)
{
	size_t m, c;
	const json_t *entry, *compatible;
	bool asked = false;
	EACH_AWS (assess->inventory, "describe_addon_versions", "addons", addon) {
		if (!is(document_text(addon, "addonName"), name))
			continue;
		json_array_foreach (json_object_get(addon, "addonVersions"), m, entry)
			json_array_foreach (json_object_get(entry, "compatibilities"), c, compatible) {
				if (knowledge_minor(document_text(compatible, "clusterVersion")) != assess->to)
					continue;
				asked = true;
				if (is(document_text(entry, "addonVersion"), version))
					return 1;
			}
	}
	return asked ? 0 : -1;
}

static bool is_eks_addon(const struct assess *assess, const char *name)
{
	EACH_AWS (assess->inventory, "list_addons", "addons", addon)
		if (is(json_string_value(addon), name))
			return true;
	return false;
}

/* EKS looks at the add-ons that it manages; the others somebody has to. */
static void own_addons(struct assess *assess)
{
	static const struct {
		const char *kind, *name, *addon;
	} rows[] = {{"DaemonSet", "aws-node", "vpc-cni"},
		    {"DaemonSet", "kube-proxy", "kube-proxy"},
		    {"Deployment", "coredns", "coredns"},
		    {"Deployment", "ebs-csi-controller", "aws-ebs-csi-driver"}};
	if (!inventory_aws_calls(assess->inventory, "list_addons"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct kube_workload *workload =
			index_workload(assess, rows[i].kind, "kube-system", rows[i].name);
		const char *name, *tag = "";
		if (!workload || is_eks_addon(assess, rows[i].addon))
			continue;
		if (workload->template.spec && workload->template.spec->n_containers)
			image_split(assess->arena, workload->template.spec->containers[0].image, &name, &tag);
		assess_object(assess, rows[i].kind, "kube-system", rows[i].name,
			      "%s %s is no add-on of EKS's, whose rollback insights leave it out: see yourself that it "
			      "goes with 1.%u",
			      rows[i].addon, tag, assess->to);
	}
}

static void addons(struct assess *assess)
{
	size_t i;
	const json_t *call;
	if (!goes_back(assess))
		return;
	own_addons(assess);
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_addon"), i, call) {
		const json_t *addon = document_at(call, "response.addon");
		const char *name = document_text_or(addon, "addonName", ""),
			   *version = document_text_or(addon, "addonVersion", "");
		int compatible = *name ? is_compatible(assess, name, version) : 1;
		if (compatible == 0)
			assess_remedy(
				assess,
				assess_aws(assess, document_text_or(addon, "addonArn", name),
					   "add-on %s %s is not for 1.%u", name, version, assess->to),
				"aws eks describe-addon-versions --addon-name %s --kubernetes-version 1.%u names those "
				"that are, then: aws eks update-addon --cluster-name %s --addon-name %s "
				"--addon-version "
				"VERSION",
				name, assess->to, subject_text(assess->inventory->cluster), name);
	}
}

static void fields(struct assess *assess)
{
	if (goes_back(assess))
		rollback_fields(assess);
}

static void features(struct assess *assess)
{
	if (goes_back(assess))
		rollback_features(assess);
}

const struct check checks_rollback[] = {
	{.id = "RBK-WINDOW",
	 .title = "the time for a rollback is over",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS("eks:ListUpdates", "eks:DescribeUpdate"),
	 .run = window,
	 .remedy = "build a second cluster at the version before, and move there",
	 .page = PAGE},
	{.id = "RBK-INSIGHT",
	 .title = "an insight blocks a rollback",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS("eks:ListInsights"),
	 .run = insights,
	 .remedy = "mend what aws eks describe-insight tells, then: aws eks start-insights-refresh",
	 .page = PAGE},
	{.id = "RBK-NODES",
	 .title = "nodes have to go back first",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS("eks:DescribeNodegroup", "kubernetes nodes"),
	 .run = nodes,
	 .remedy = "take nodes back to the version before first",
	 .page = PAGE},
	{.id = "RBK-FARGATE",
	 .title = "Fargate pods of the present version",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS("kubernetes nodes", "kubernetes pods"),
	 .run = fargate,
	 .remedy = "move its pods off Fargate, or scale it to 0 for the rollback",
	 .page = PAGE},
	{.id = "RBK-AUTO-BUDGET",
	 .title = "Auto Mode could not take its nodes back",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER for budgets and nodes, MEDIUM for pods and PodDisruptionBudgets",
	 SCOPE,
	 .needs = NEEDS("eks:DescribeCluster", "kubernetes nodepools.karpenter.sh", "kubernetes nodes",
			"kubernetes pods", "kubernetes poddisruptionbudgets.policy"),
	 .run = auto_budget,
	 .remedy = "let at least one node be disrupted at a time",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/rollback-automode.html"},
	{.id = "RBK-ADDON",
	 .title = "an add-on is not for the version before",
	 .severity = SEVERITY_HIGH,
	 SCOPE,
	 .needs = NEEDS("eks:DescribeAddon", "eks:DescribeAddonVersions", SUBJECT_ALL),
	 .run = addons,
	 .remedy = "bring it to a version that is for both",
	 .page = PAGE},
	{.id = "RBK-FEATURE",
	 .title = "a feature of EKS is in use that the version before does not have",
	 .severity = SEVERITY_BLOCKER,
	 SCOPE,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = features,
	 .remedy = "switch the feature off first; force does not help",
	 .page = PAGE},
	{.id = "RBK-FIELD",
	 .title = "objects use what the present version brought",
	 .severity = SEVERITY_HIGH,
	 SCOPE,
	 .needs = NEEDS(SUBJECT_SPECS, "kubernetes horizontalpodautoscalers.autoscaling", "eks:DescribeCluster"),
	 .run = fields,
	 .remedy = "write it without the new field or kind before going back",
	 .page = PAGE},
	{.id = NULL},
};

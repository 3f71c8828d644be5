/* What else writes to the cluster: Terraform and GitOps. What Terraform would do is read where somebody gives its plan;
 * the module that makes Green is asked by the upgrade itself (execution/terraform_gate.c). */
#include <stdlib.h>
#include <string.h>
#include "assessment/subject.h"
#include "codec/document.h"
#include "knowledge/components.h"

#define ARGO "kubernetes applications.argoproj.io"
#define FLUX "kubernetes kustomizations.kustomize.toolkit.fluxcd.io", "kubernetes helmreleases.helm.toolkit.fluxcd.io"

static bool is(const char *a, const char *b)
{
	return !strcmp(subject_text(a), b);
}

/* ---- Terraform */

static void state_lies(struct assess *assess)
{
	const char *state = document_text(assess->inventory->survey, "terraform_version"),
		   *real = document_text(inventory_cluster(assess->inventory), "version");
	if (!state || !real || !strcmp(state, real))
		return;
	struct finding *finding = assess_cluster(
		assess, "Terraform's state says version %s, EKS says %s: the next apply acts on what is not so", state,
		real);
	assess_evidence(assess, finding, "file", "aws_eks_cluster.version in the state is %s", state);
	assess_remedy(assess, finding, "terraform apply -refresh-only, after looking at what it would take over");
}

static void no_rollback(struct assess *assess)
{
	if (assess->config->terraform.directory)
		assess_cluster(
			assess,
			"the cluster is Terraform's, which cannot express a version rollback: after one its state "
			"has to be reconciled");
}

/* ---- IAC-DRIFT, IAC-REPLACE: of a plan that was given */

static bool has_action(const json_t *change, const char *wanted)
{
	size_t i;
	const json_t *action;
	json_array_foreach (document_at(change, "change.actions"), i, action)
		if (is(json_string_value(action), wanted))
			return true;
	return false;
}

static const char *verb_of(const json_t *change)
{
	bool creates = has_action(change, "create"), deletes = has_action(change, "delete");
	return creates && deletes	      ? "replaced"
	       : deletes		      ? "deleted"
	       : creates		      ? "made"
	       : has_action(change, "update") ? "changed"
	       : has_action(change, "forget") ? "forgotten"
					      : NULL;
}

static const json_t *planned(const struct assess *assess)
{
	return document_at(assess->inventory->survey, "terraform_plan.resource_changes");
}

static void drift(struct assess *assess)
{
	enum { MOST = 20 };
	size_t i, n = 0;
	const json_t *change;
	struct finding *finding = NULL;
	json_array_foreach (planned(assess), i, change)
		n += verb_of(change) != NULL;
	if (!n)
		return;
	finding = assess_cluster(assess, "Terraform would make %zu change%s before anything has started", n,
				 n == 1 ? "" : "s");
	json_array_foreach (planned(assess), i, change)
		if (verb_of(change) && finding->n_evidence < MOST)
			assess_evidence(assess, finding, "terraform plan", "%s would be %s",
					document_text_or(change, "address", "?"), verb_of(change));
}

/* On these pods run; what they stand on can often be put beside the old. */
static void replaced(struct assess *assess)
{
	static const struct {
		const char *type;
		enum severity severity;
	} types[] = {{"aws_eks_cluster", SEVERITY_BLOCKER},
		     {"aws_eks_node_group", SEVERITY_BLOCKER},
		     {"aws_eks_fargate_profile", SEVERITY_BLOCKER},
		     {"aws_autoscaling_group", SEVERITY_BLOCKER},
		     {"aws_eks_addon", SEVERITY_HIGH},
		     {"aws_launch_template", SEVERITY_HIGH},
		     {"aws_subnet", SEVERITY_HIGH},
		     {"aws_security_group", SEVERITY_HIGH},
		     {"aws_nat_gateway", SEVERITY_HIGH},
		     {"aws_vpc", SEVERITY_HIGH}};
	size_t i;
	const json_t *change;
	json_array_foreach (planned(assess), i, change) {
		const char *type = document_text_or(change, "type", "");
		for (size_t k = 0; k < ARRAY_SIZE(types) && has_action(change, "delete"); k++)
			if (is(type, types[k].type))
				assess_aws(assess, document_text_or(change, "address", "?"),
					   "Terraform would have it %s, with what runs on it", verb_of(change))
					->severity = types[k].severity;
	}
}

/* ---- Argo CD and Flux */

static const char *argo_trouble(struct assess *assess, const json_t *status)
{
	const char *sync = document_text(status, "sync.status"), *health = document_text(status, "health.status");
	bool out = is(sync, "OutOfSync"), sick = is(health, "Degraded");
	return out && sick ? "OutOfSync and Degraded"
	       : out	   ? "OutOfSync"
	       : sick	   ? arena_printf(assess->arena, "Degraded (%s)",
					  document_text_or(status, "health.message", "no reason given"))
			   : NULL;
}

static const char *flux_trouble(struct assess *assess, const json_t *spec, const json_t *status)
{
	size_t i;
	const json_t *condition;
	if (document_true(spec, "suspend"))
		return "suspended";
	json_array_foreach (json_object_get(status, "conditions"), i, condition)
		if (is(document_text(condition, "type"), "Ready") && is(document_text(condition, "status"), "False"))
			return arena_printf(assess->arena, "not Ready: %s",
					    document_text_or(condition, "message", "no reason given"));
	return NULL;
}

static bool is_flux(const struct kube_custom *custom)
{
	return (is(custom->kind, "Kustomization") || is(custom->kind, "HelmRelease")) && custom->meta.api_version &&
	       strstr(custom->meta.api_version, ".toolkit.fluxcd.io/");
}

static bool is_argo(const struct kube_custom *custom)
{
	return is(custom->kind, "Application") && custom->meta.api_version &&
	       !strncmp(custom->meta.api_version, "argoproj.io/", 12);
}

static void sync(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *custom = &assess->inventory->customs[i];
		if (!is_argo(custom) && !is_flux(custom))
			continue;
		const json_t *spec = assess_json(assess, custom->spec), *status = assess_json(assess, custom->status);
		const char *trouble =
			is_argo(custom) ? argo_trouble(assess, status) : flux_trouble(assess, spec, status);
		if (!trouble)
			continue;
		bool suspended = is(trouble, "suspended");
		const char *ns = subject_text(custom->meta.ns), *name = subject_text(custom->meta.name),
			   *kind = is(custom->kind, "HelmRelease") ? "helmrelease" : "kustomization";
		struct finding *finding =
			assess_object(assess, custom->kind, custom->meta.ns, custom->meta.name, "%s: %s", trouble,
				      suspended ? "what is written does not come to the cluster"
						: "what runs is not what is written");
		if (is_argo(custom))
			assess_remedy(assess, finding, "see why, then sync: argocd app get %s; argocd app sync %s",
				      name, name);
		else
			assess_remedy(assess, finding, "flux -n %s %s %s %s", ns, suspended ? "resume" : "reconcile",
				      kind, name);
	}
}

/* Only what undoes changes made in the cluster by itself: selfHeal, and Flux's drift detection. */
static bool heals(const struct kube_custom *custom, const json_t *spec)
{
	return is_argo(custom)
		       ? document_true(spec, "syncPolicy.automated.selfHeal") &&
				 !json_is_false(document_at(spec, "syncPolicy.automated.enabled"))
		       : is(custom->kind, "HelmRelease") && is_flux(custom) && !document_true(spec, "suspend") &&
				 is(document_text(spec, "driftDetection.mode"), "enabled");
}

static void revert(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_customs; i++) {
		const struct kube_custom *custom = &assess->inventory->customs[i];
		if ((!is_argo(custom) && !is_flux(custom)) || !heals(custom, assess_json(assess, custom->spec)))
			continue;
		struct finding *finding =
			assess_object(assess, custom->kind, custom->meta.ns, custom->meta.name,
				      "heals itself: what is changed in the cluster during the upgrade "
				      "is undone at once");
		if (is_argo(custom))
			assess_remedy(assess, finding,
				      "change it in Git, or for that time: argocd app set %s --self-heal=false",
				      subject_text(custom->meta.name));
	}
}

/* ---- GITOPS-VERSION: the newest Kubernetes that each release was tested with, by the projects' own pages */

static bool has_image(struct assess *assess, const struct kube_workload *workload, const char *ending,
		      const char **ret_tag)
{
	for (size_t i = 0; workload->template.spec && i < workload->template.spec->n_containers; i++) {
		const char *name;
		image_split(assess->arena, workload->template.spec->containers[i].image, &name, ret_tag);
		size_t n = strlen(name), m = strlen(ending);
		if (n >= m && !strcmp(name + n - m, ending))
			return true;
	}
	return false;
}

/* Of releases newer than the table nothing is claimed; older ones were tested with less than its oldest. */
static void version_of(struct assess *assess, const struct kube_workload *workload, const char *product,
		       const char *component, const char *version)
{
	const struct component_support *row = knowledge_component(component, version),
				       *oldest = knowledge_component_after(component, version),
				       *newer = knowledge_component_for(component, assess->to);
	row = row ? row : oldest;
	if (!row || !row->max_minor || row->max_minor >= assess->to)
		return;
	struct finding *finding =
		SUBJECT_FOUND(assess, workload, "%s %s was tested with Kubernetes up to 1.%u%s, the target is %s",
			      product, version, row->max_minor, oldest ? " at most" : "", assess->target);
	assess_evidence(assess, finding, "knowledge", "%s: %s", row->published ? "published" : "inferred", row->source);
	if (newer)
		assess_remedy(assess, finding, "upgrade %s to %s or later first", product, newer->from);
}

/* Of the workloads of one Argo CD, which have one image, the controller speaks, else the server. */
static int rank(const struct kube_workload *workload)
{
	const char *name = subject_text(workload->meta.name);
	return strstr(name, "application-controller") ? 3
	       : strstr(name, "repo-server")	      ? 1
	       : strstr(name, "server")		      ? 2
						      : 1;
}

static bool speaks_for_argocd(struct assess *assess, const struct kube_workload *workload)
{
	const char *tag;
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *other = &assess->inventory->workloads[i];
		if (other != workload && !is(other->kind, "ReplicaSet") &&
		    is(other->meta.ns, subject_text(workload->meta.ns)) && has_image(assess, other, "/argocd", &tag) &&
		    (rank(other) > rank(workload) || (rank(other) == rank(workload) && other < workload)))
			return false;
	}
	return true;
}

/* By its own label; else by its controller, whose 1.n is part of Flux 2.n. NULL: neither tells. */
static const char *flux_version(struct assess *assess, const struct kube_workload *workload)
{
	const char *label = kube_meta_label(&workload->meta, "app.kubernetes.io/version"), *tag;
	if (label)
		return label;
	if (!has_image(assess, workload, "/kustomize-controller", &tag))
		return NULL;
	return !strncmp(tag, "v1.", 3)	 ? arena_printf(assess->arena, "v2.%s", tag + 3)
	       : !strncmp(tag, "v0.", 3) ? "v0.41.2"
					 : NULL;
}

static void versions(struct assess *assess)
{
	for (size_t i = 0; i < assess->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &assess->inventory->workloads[i];
		const char *tag, *flux;
		if (is(workload->kind, "ReplicaSet"))
			continue;
		if (has_image(assess, workload, "/argocd", &tag) && speaks_for_argocd(assess, workload))
			version_of(assess, workload, "Argo CD", "argo-cd", tag);
		if (is(workload->meta.name, "kustomize-controller") && (flux = flux_version(assess, workload)))
			version_of(assess, workload, "Flux", "flux", flux);
	}
}

const struct check checks_gitops[] = {
	{.id = "IAC-STATE-LIES",
	 .title = "Terraform's state has another version than the cluster",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("eks:DescribeCluster"),
	 .run = state_lies,
	 .remedy = "refresh the state before anything is planned",
	 .page = "https://github.com/hashicorp/terraform-provider-aws/issues/35575"},
	{.id = "IAC-NO-ROLLBACK",
	 .title = "Terraform cannot express a version rollback",
	 .severity = SEVERITY_INFO,
	 .run = no_rollback,
	 .remedy = "after a rollback: terraform apply -refresh-only, and set the version in the module",
	 .page = "https://github.com/hashicorp/terraform-provider-aws/issues/48751"},
	{.id = "IAC-DRIFT",
	 .title = "Terraform's plan is not empty before anything starts",
	 .severity = SEVERITY_HIGH,
	 .given = "terraform-plan",
	 .run = drift,
	 .remedy = "apply it, or bring the module in line, before the upgrade: then its plan shows the upgrade only",
	 .page = "https://developer.hashicorp.com/terraform/tutorials/state/resource-drift"},
	{.id = "IAC-REPLACE",
	 .title = "Terraform's plan replaces or deletes what pods run on",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER for clusters, node groups, Fargate profiles and Auto Scaling groups; HIGH for add-ons, "
		       "launch templates and networks",
	 .given = "terraform-plan",
	 .run = replaced,
	 .remedy = "find what forces it (terraform plan says: forces replacement), and make the new one beside the old",
	 .page = "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle"},
	{.id = "GITOPS-SYNC",
	 .title = "an application is not as it is written",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(ARGO, FLUX),
	 .run = sync,
	 .remedy = "bring it in sync, and healthy, before the upgrade",
	 .page = "https://argo-cd.readthedocs.io/en/stable/operator-manual/health/"},
	{.id = "GITOPS-REVERT",
	 .title = "an application undoes what the upgrade changes",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS(ARGO, FLUX),
	 .run = revert,
	 .remedy = "make changes in Git, or stop self-healing for the time of the upgrade",
	 .page = "https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/"},
	{.id = "GITOPS-VERSION",
	 .title = "Argo CD or Flux was not tested with the target",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS(SUBJECT_SETS),
	 .run = versions,
	 .remedy = "upgrade it first",
	 .page = "https://argo-cd.readthedocs.io/en/stable/operator-manual/installation/"},
	{.id = NULL},
};

/* Deprecated and removed APIs in use: what each source of evidence says, and all of them together. One object is one
 * finding of an id, however many sources speak of it.
 *
 * API-REMOVED-IN-PATH is a blocker, so it rests on strong evidence alone: an object shown in that version, an installed
 * release that will write it again, a client that is named and still calls. Who wrote an object once, and what was
 * applied once, are told by API-MANAGEDFIELDS and API-LASTAPPLIED, and stand here as further evidence. */
#include <string.h>
#include "assessment/api_evidence.h"
#include "base/time.h"
#include "codec/document.h"
#include "knowledge/calendar.h"

#define PAGE "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"

/* Finds the finding of this check on this object and API, or NULL. A manifest may leave its namespace out. */
static struct finding *find(struct assess *assess, size_t from, const char *ns, const char *name,
			    const struct api_evidence *evidence)
{
	bool any_ns = evidence->file && !ns;
	const char *version = api_evidence_version(assess, evidence);
	for (size_t i = from; i < assess->n_findings; i++) {
		struct finding *finding = &assess->findings[i];
		const struct finding_object *object = finding->object;
		if (object && !strcmp(subject_text(object->name), subject_text(name)) &&
		    (any_ns || !strcmp(subject_text(object->ns), subject_text(ns))) &&
		    !strcmp(subject_text(finding->api_version), version) &&
		    (!evidence->kind || !strcmp(subject_text(object->kind), evidence->kind)))
			return finding;
	}
	return NULL;
}

/* Adds to the finding on the evidence's object (or on the API as such), or makes it. */
static struct finding *tell(struct assess *assess, size_t from, const struct api_evidence *evidence,
			    const char *message)
{
	const char *name = evidence->object_name ? evidence->object_name : api_evidence_name(assess, evidence);
	struct finding *finding = find(assess, from, evidence->object_ns, name, evidence);
	if (finding) {
		api_evidence_add(assess, finding, evidence);
		return finding;
	}
	finding = assess_object(assess, evidence->kind, evidence->object_ns, name, "%s", message);
	api_evidence_describe(assess, finding, evidence);
	return finding;
}

static const char *ends_text(struct assess *assess, const struct api_evidence *evidence, const char *how)
{
	return arena_printf(assess->arena, "%s %s, which is not served from %s", how,
			    api_evidence_version(assess, evidence), subject_text(evidence->removed));
}

#define EACH_EVIDENCE(assess, evidence)                                                                                \
	size_t n_##evidence;                                                                                           \
	const struct api_evidence *all_##evidence = api_evidence_all((assess), &n_##evidence);                         \
	for (const struct api_evidence *evidence = all_##evidence; evidence < all_##evidence + n_##evidence; evidence++)

/* EKS makes the policy "eks.privileged" itself, and takes it away itself. */
static bool is_eks_policy(const struct api_evidence *evidence)
{
	return !strcmp(subject_text(evidence->kind), "PodSecurityPolicy") &&
	       !strcmp(subject_text(evidence->object_name), "eks.privileged");
}

/* The control plane's own writers move with it: nobody else can let them write another version. */
static bool is_system_writer(const char *manager)
{
	static const char *const own[] = {
		"kube-apiserver", "kube-controller-manager", "kube-scheduler", "cloud-controller-manager", "eks", NULL};
	for (size_t i = 0; manager && own[i]; i++)
		if (!strcmp(manager, own[i]))
			return true;
	return manager && !strncmp(manager, "api-priority-and-fairness-config-", 33);
}

static bool is_named_client(const struct api_evidence *evidence)
{
	return (evidence->source == API_CLIENT || evidence->source == API_AUDIT_LOG) &&
	       (evidence->caller_kind == API_CALLER_CONTROLLER || evidence->caller_kind == API_CALLER_LISTER);
}

/* Who has not called for a week has probably been mended (INSIGHT-STICKY): told, and no blocker. */
static bool still_calls(const struct assess *assess, const struct api_evidence *evidence)
{
	return !evidence->last_seen_ms || assess->now_ms - evidence->last_seen_ms <= 7 * DAY_MS;
}

/* Evidence that was asked for and not given: what the other sources say stands, and this is unknown. */
static void unread(struct assess *assess, const char *const *sources)
{
	const char *told = "", *reason;
	for (; *sources; sources++)
		if (assess_source_refused(assess, *sources, &reason) && strcmp(reason, told) != 0) {
			assess_unknown(assess, NULL, NULL, NULL, "%s", reason);
			told = reason;
		}
}

/* ---- API-REMOVED-IN-PATH */

static bool is_strong(const struct assess *assess, const struct api_evidence *evidence)
{
	switch (evidence->source) {
	case API_OBJECT:
		return api_evidence_removed(assess, evidence) && !is_eks_policy(evidence);
	case API_HELM:
		return api_evidence_on_path(assess, evidence);
	case API_CLIENT:
	case API_AUDIT_LOG:
		return is_named_client(evidence) && evidence->caller_kind == API_CALLER_CONTROLLER &&
		       still_calls(assess, evidence) &&
		       api_evidence_on_path(assess, evidence); /* of what is gone already nobody loses anything */
	case API_FILE:
	case API_GIT:
	case API_MANAGED_FIELDS:
	case API_LAST_APPLIED:
	case API_METRIC:
	case API_WARNING:
		break;
	}
	return false;
}

/* Whatever else is known of what was found. */
static void add_weak(struct assess *assess, size_t from)
{
	EACH_EVIDENCE(assess, evidence)
	{
		bool of_object = evidence->source == API_MANAGED_FIELDS || evidence->source == API_LAST_APPLIED ||
				 evidence->file,
		     of_api = evidence->source == API_METRIC || evidence->source == API_WARNING;
		for (size_t i = from; i < assess->n_findings && of_api; i++)
			if (!strcmp(subject_text(assess->findings[i].api_version),
				    api_evidence_version(assess, evidence)) &&
			    (!evidence->kind ||
			     (assess->findings[i].object &&
			      !strcmp(subject_text(assess->findings[i].object->kind), evidence->kind))))
				api_evidence_add(assess, &assess->findings[i], evidence);
		struct finding *finding =
			of_object ? find(assess, from, evidence->object_ns, evidence->object_name, evidence) : NULL;
		if (finding)
			api_evidence_add(assess, finding, evidence);
	}
}

static void removed(struct assess *assess)
{
	size_t from = assess->n_findings;
	EACH_EVIDENCE(assess, evidence)
	if (is_strong(assess, evidence))
		tell(assess, from, evidence,
		     ends_text(assess, evidence,
			       evidence->object_name ? "uses" : "a client that is named still calls"));
	if (assess->n_findings > from)
		add_weak(assess, from);
	api_evidence_unread(assess, api_lifecycle_on_path);
	unread(assess, (const char *const[]){"kubernetes secrets", "eks:ListInsights", "eks:DescribeInsight", NULL});
	const struct eks_release *last = &knowledge_releases[knowledge_n_releases - 1];
	if (assess->to > last->minor)
		assess_unknown(assess, NULL, NULL, NULL,
			       "the tables end at %s: what %s takes away beyond it is not known", last->version,
			       assess->target);
}

/* ---- API-DEPRECATED: what nobody will ever remove (Endpoints) counts where somebody writes it. */

static bool tells_deprecated(const struct assess *assess, const struct api_evidence *evidence)
{
	bool dies = evidence->removed_minor || (evidence->api && evidence->api->removed);
	if (!api_evidence_deprecated(assess, evidence) || is_eks_policy(evidence))
		return false;
	switch (evidence->source) {
	case API_HELM:
		return true;
	case API_MANAGED_FIELDS:
		return dies && !is_system_writer(evidence->caller);
	case API_OBJECT:
	case API_LAST_APPLIED:
	case API_METRIC:
		return dies;
	case API_CLIENT:
	case API_AUDIT_LOG:
		return is_named_client(evidence);
	case API_FILE:
	case API_GIT:
	case API_WARNING:
		break;
	}
	return false;
}

/* The control plane keeps Endpoints for every Service that selects pods; counted are those that somebody else keeps. */
static bool is_kept_by_hand(const struct assess *assess, const struct kube_meta *meta)
{
	static const char *const marks[] = {"endpoints.kubernetes.io/managed-by", "service.kubernetes.io/headless"};
	const struct kube_service *service = index_service(assess, subject_text(meta->ns), subject_text(meta->name));
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (kube_meta_label(meta, marks[i]))
			return false;
	return !(service && service->n_selector) && meta->name &&
	       !(!strcmp(meta->name, "kubernetes") && !strcmp(subject_text(meta->ns), "default")) &&
	       !kube_meta_annotation(meta, "endpoints.kubernetes.io/last-change-trigger-time") &&
	       !kube_meta_annotation(meta, "control-plane.alpha.kubernetes.io/leader"); /* API-FIELD's */
}

static void deprecated_endpoints(struct assess *assess, size_t from)
{
	const struct api_lifecycle *api = knowledge_api_version("v1", "Endpoints");
	for (size_t i = 0; i < assess->inventory->n_others && knowledge_api_deprecated(api, assess->to); i++) {
		const struct kube_named *other = &assess->inventory->others[i];
		if (strcmp(subject_text(other->kind), "Endpoints") != 0 || !is_kept_by_hand(assess, &other->meta))
			continue;
		struct api_evidence evidence = {.source = API_OBJECT,
						.api = api,
						.group = api->group,
						.version = api->version,
						.kind = api->kind,
						.object_ns = other->meta.ns,
						.object_name = other->meta.name,
						.count = -1};
		tell(assess, from, &evidence, "uses v1 Endpoints, which is deprecated");
	}
}

static bool is_deprecated(const struct assess *assess, const struct api_lifecycle *api)
{
	if (api->component)
		return api->deprecated || api->removed;
	return api->removed && !knowledge_api_removed(api, assess->to) && knowledge_api_deprecated(api, assess->to);
}

static void deprecated(struct assess *assess)
{
	size_t from = assess->n_findings;
	deprecated_endpoints(assess, from);
	EACH_EVIDENCE(assess, evidence)
	{
		if (!tells_deprecated(assess, evidence))
			continue;
		const char *component = evidence->api ? evidence->api->component : NULL,
			   *version = api_evidence_version(assess, evidence);
		tell(assess, from, evidence,
		     component
			     ? arena_printf(assess->arena, "uses %s, which %s has given up%s%s", version, component,
					    evidence->api->removed ? " in " : "", subject_text(evidence->api->removed))
			     : arena_printf(assess->arena, "uses %s, which is deprecated%s%s", version,
					    evidence->removed ? " and not served from " : "",
					    subject_text(evidence->removed)));
	}
	if (assess->n_findings > from)
		add_weak(assess, from);
	api_evidence_unread(assess, is_deprecated);
	unread(assess,
	       (const char *const[]){"kubernetes secrets", "eks:ListInsights", "eks:DescribeInsight", "metrics", NULL});
}

/* ---- live calls */

/* Who is said to call this API: are all of them the system's own, or scanners? Does another one still call? */
static void callers_of(struct assess *assess, const struct api_evidence *metric, bool *ret_any, bool *ret_others,
		       bool *ret_still)
{
	*ret_any = *ret_others = *ret_still = false;
	EACH_EVIDENCE(assess, evidence)
	{
		if ((evidence->source != API_CLIENT && evidence->source != API_AUDIT_LOG) ||
		    !api_evidence_same_api(evidence, metric))
			continue;
		bool other = evidence->caller_kind != API_CALLER_SYSTEM && evidence->caller_kind != API_CALLER_SCANNER;
		*ret_any = true;
		*ret_others |= other;
		*ret_still |= is_named_client(evidence) && still_calls(assess, evidence);
	}
}

static void add_callers(struct assess *assess, struct finding *finding, const struct api_evidence *metric)
{
	EACH_EVIDENCE(assess, evidence)
	if ((evidence->source == API_CLIENT || evidence->source == API_AUDIT_LOG) &&
	    api_evidence_same_api(evidence, metric))
		api_evidence_add(assess, finding, evidence);
}

/* `by_system`: those that nobody else calls; else the others. */
static void tell_called(struct assess *assess, bool by_system)
{
	size_t from = assess->n_findings;
	EACH_EVIDENCE(assess, evidence)
	{
		bool any, others, still;
		if (evidence->source != API_METRIC || !api_evidence_removed(assess, evidence))
			continue;
		callers_of(assess, evidence, &any, &others, &still);
		if ((any && !others) != by_system)
			continue;
		struct finding *finding = tell(assess, from, evidence,
					       ends_text(assess, evidence,
							 by_system ? "only the system itself or a scanner asks for"
								   : "somebody has asked for"));
		if (by_system)
			assess_remedy(assess, finding, "nothing to do: they ask for whatever is served");
		else
			assess_remedy(
				assess, finding, "find who calls it%s%s%s",
				any ? " (see the callers)" : ": EKS insights name user agents, the audit log users too",
				finding->replacement ? ", and let it use " : "", subject_text(finding->replacement));
		if (still && !by_system)
			finding->severity = SEVERITY_BLOCKER;
		add_callers(assess, finding, evidence);
	}
}

static void called(struct assess *assess)
{
	tell_called(assess, false);
}

static void called_by_system(struct assess *assess)
{
	tell_called(assess, true);
}

/* One finding a caller and API. */
static void callers(struct assess *assess)
{
	size_t from = assess->n_findings;
	EACH_EVIDENCE(assess, evidence)
	{
		if (!is_named_client(evidence) || !api_evidence_removed(assess, evidence))
			continue;
		struct api_evidence by_caller = *evidence;
		by_caller.kind = NULL;
		struct finding *finding = find(assess, from, NULL, evidence->caller, &by_caller);
		if (finding) {
			api_evidence_add(assess, finding, evidence);
			continue;
		}
		bool controls = evidence->caller_kind == API_CALLER_CONTROLLER;
		finding = assess_aws(assess, evidence->caller, "%s %s", controls ? "works with" : "looks at",
				     ends_text(assess, evidence, subject_text(evidence->resource)));
		finding->severity = controls && still_calls(assess, evidence) ? SEVERITY_BLOCKER : SEVERITY_LOW;
		api_evidence_describe(assess, finding, evidence);
		if (finding->replacement)
			assess_remedy(assess, finding, "upgrade this client to a release that uses %s",
				      finding->replacement);
	}
}

/* Where the object that was found comes from. */
static void add_files(struct assess *assess, size_t from)
{
	EACH_EVIDENCE(assess, evidence)
	{
		struct finding *finding =
			evidence->file && assess->n_findings > from
				? find(assess, from, evidence->object_ns, evidence->object_name, evidence)
				: NULL;
		if (finding)
			api_evidence_add(assess, finding, evidence);
	}
}

/* ---- objects by their history */

/* Of a version that is not even served now nobody can be a live writer. */
static void managed_fields(struct assess *assess)
{
	size_t from = assess->n_findings;
	EACH_EVIDENCE(assess, evidence)
	{
		if (evidence->source != API_MANAGED_FIELDS || !api_evidence_on_path(assess, evidence) ||
		    is_system_writer(evidence->caller) || is_eks_policy(evidence))
			continue;
		const char *writer = evidence->caller ? evidence->caller : "some manager";
		struct finding *finding = tell(
			assess, from, evidence,
			ends_text(assess, evidence, arena_printf(assess->arena, "was last written by %s in", writer)));
		if (finding->replacement && evidence->caller)
			assess_remedy(assess, finding, "let %s write %s", writer, finding->replacement);
	}
	add_files(assess, from);
	api_evidence_unread(assess, api_lifecycle_on_path);
}

static bool is_removed(const struct assess *assess, const struct api_lifecycle *api)
{
	return knowledge_api_removed(api, assess->to);
}

static void last_applied(struct assess *assess)
{
	size_t from = assess->n_findings;
	EACH_EVIDENCE(assess, evidence)
	{
		if (evidence->source != API_LAST_APPLIED || !api_evidence_removed(assess, evidence))
			continue;
		struct finding *finding =
			tell(assess, from, evidence, ends_text(assess, evidence, "was last applied in"));
		if (finding->replacement)
			assess_remedy(assess, finding,
				      "write %s in the manifest it was applied from, and kubectl apply it again",
				      finding->replacement);
	}
	add_files(assess, from);
	api_evidence_unread(assess, is_removed);
}

/* The release is the thing to change: one finding each. */
static void helm_stored(struct assess *assess)
{
	size_t from = assess->n_findings;
	EACH_EVIDENCE(assess, evidence)
	{
		if (evidence->source != API_HELM || !api_evidence_removed(assess, evidence))
			continue;
		struct finding *finding =
			subject_find(assess, from, "HelmRelease", evidence->release_ns, evidence->release_name);
		if (finding) {
			api_evidence_add(assess, finding, evidence);
			continue;
		}
		finding = assess_object(assess, "HelmRelease", evidence->release_ns, evidence->release_name,
					"its stored manifest has %s: the next helm upgrade fails",
					ends_text(assess, evidence, subject_text(evidence->kind)));
		api_evidence_describe(assess, finding, evidence);
		assess_remedy(
			assess, finding,
			"upgrade chart \"%s\" to a version without it before the cluster; where the cluster is ahead "
			"already: helm mapkubeapis %s --namespace %s",
			subject_text(evidence->release_name), subject_text(evidence->release_name),
			subject_text(evidence->release_ns));
	}
	for (size_t i = 0; i < assess->n_unreadable; i++)
		assess_unknown(assess, "HelmRelease", assess->unreadable[i].ns, assess->unreadable[i].release,
			       "a part of its stored manifest: %s", subject_text(assess->unreadable[i].reason));
	for (size_t i = 0; i < assess->inventory->n_bad_objects; i++)
		if (!strncmp(assess->inventory->bad_objects[i].detail, "Helm release ", 13))
			assess_unknown(assess, assess->inventory->bad_objects[i].kind, NULL, NULL, "%s",
				       assess->inventory->bad_objects[i].detail);
}

/* What was scanned stands already as the scan tells it; the frame adds it. */
static void manifests(struct assess *assess)
{
	(void)assess;
}

/* ---- API-ALPHA-BETA */

/* What is removed there is API-REMOVED-IN-PATH's. */
static bool not_by_default(const struct assess *assess, const struct api_lifecycle *api)
{
	return !api->component && !knowledge_api_removed(api, assess->to) &&
	       !knowledge_kind_served(api->group, api->kind, assess->to);
}

static void alpha_beta(struct assess *assess)
{
	size_t from = assess->n_findings;
	EACH_EVIDENCE(assess, evidence)
	{
		const struct api_lifecycle *api = evidence->api;
		if (evidence->source != API_OBJECT || !api || api->component ||
		    api_evidence_removed(assess, evidence) || knowledge_kind_served(api->group, api->kind, assess->to))
			continue;
		struct finding *finding = tell(
			assess, from, evidence,
			arena_printf(assess->arena, "exists only in %s, which Kubernetes %s does not serve by default",
				     api_evidence_version(assess, evidence), assess->target));
		finding->change = NULL; /* there is nothing yet that it could be applied as */
		assess_remedy(assess, finding, "export what must survive, and plan without this API%s%s",
			      finding->replacement ? " until there is " : "", subject_text(finding->replacement));
	}
	api_evidence_unread(assess, not_by_default);
}

/* ---- API-COVERAGE */

/* A source was read when any of its ways was. */
static bool was_read(const struct assess *assess, const char *const *ways)
{
	for (; *ways; ways++)
		if (assess_source_ok(assess, *ways, NULL))
			return true;
	return false;
}

/* Manifests that nobody named are no gap of the look: they are told only where something else is missing, too. */
static void coverage(struct assess *assess)
{
	static const struct {
		const char *name, *ways[3];
	} sources[] = {
		{"Helm manifests", {"kubernetes secrets"}},
		{"managedFields", {"kubernetes discovery"}},
		{"last-applied", {"kubernetes discovery"}},
		{"apiserver_requested_deprecated_apis", {"metrics"}},
		{"EKS insights", {"eks:DescribeInsight"}},
		{"audit log", {"logs:GetQueryResults", "audit log file"}},
		{"Warning headers", {"warnings"}},
		{"files", {"manifests"}},
		{"Git", {"manifests"}},
	};
	const char *without = NULL;
	int n = 0;
	bool gap = false;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		bool warnings = !strcmp(sources[i].ways[0], "warnings"),
		     given = !strcmp(sources[i].ways[0], "manifests");
		if (warnings ? assess->inventory->warnings || (!assess->inventory->offline &&
							       assess_source_ok(assess, "kubernetes discovery", NULL))
			     : was_read(assess, sources[i].ways)) {
			n++;
			continue;
		}
		gap |= !given;
		without = arena_printf(assess->arena, "%s%s%s", subject_text(without), without ? ", " : "",
				       sources[i].name);
	}
	if (!gap)
		return;
	struct finding *finding =
		assess_cluster(assess, "%d of 9 sources of evidence on deprecated APIs were read: not %s", n, without);
	assess_remedy(assess, finding,
		      "allow what is missing; give manifests and Git working trees by --manifests PATH");
}

const struct check checks_apis[] = {
	{.id = "API-REMOVED-IN-PATH",
	 .title = "uses an API version that is removed on the way",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes discovery"),
	 .run = removed,
	 .remedy = "move to the version that replaces it before the upgrade",
	 .page = PAGE},
	{.id = "API-DEPRECATED",
	 .title = "uses an API version that is deprecated",
	 .severity = SEVERITY_LOW,
	 .needs = NEEDS("kubernetes discovery"),
	 .run = deprecated,
	 .remedy = "move to the version that replaces it",
	 .page = PAGE},
	{.id = "API-CALLED",
	 .title = "an API that is removed at the target is still asked for",
	 .severity = SEVERITY_HIGH,
	 .severities = "HIGH, BLOCKER when a client that is not the system's own is named",
	 .needs = NEEDS("metrics"),
	 .run = called,
	 .remedy = "find who calls it: EKS insights name the user agent, the audit log the user",
	 .page = PAGE},
	{.id = "API-CALLER",
	 .title = "a client is named that still calls a removed API",
	 .severity = SEVERITY_BLOCKER,
	 .severities = "BLOCKER for a controller, LOW for what only lists",
	 .needs = NEEDS("eks:ListInsights", "eks:DescribeInsight"),
	 .partial = true, /* the audit log may name one */
	 .run = callers,
	 .remedy = "upgrade that client to a version that uses the replacement",
	 .page = "https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html"},
	{.id = "API-MANAGEDFIELDS",
	 .title = "an object was last written in a version that is removed on the way",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes discovery"),
	 .run = managed_fields,
	 .remedy = "let its manager write the version that replaces it",
	 .page = PAGE},
	{.id = "API-LASTAPPLIED",
	 .title = "an object was last applied in a version that is removed at the target",
	 .severity = SEVERITY_MEDIUM,
	 .needs = NEEDS("kubernetes discovery"),
	 .run = last_applied,
	 .remedy = "correct the manifest it was applied from, and apply it again",
	 .page = PAGE},
	{.id = "API-HELM-STORED",
	 .title = "a stored Helm release has an API version that is removed at the target",
	 .severity = SEVERITY_BLOCKER,
	 .needs = NEEDS("kubernetes secrets"),
	 .run = helm_stored,
	 .remedy = "upgrade the chart first, or correct the stored release with helm mapkubeapis",
	 .page = "https://helm.sh/docs/topics/kubernetes_apis/"},
	{.id = "API-GIT",
	 .title = "a manifest or chart has an API version that the target does not serve",
	 .severity = SEVERITY_HIGH,
	 .severities = "HIGH; MEDIUM for a custom resource's version that its component has dropped; LOW in a template "
		       "that a condition on the cluster's version may leave out",
	 .given = "manifests",
	 .run = manifests,
	 .remedy = "write the replacement that the finding names, in the file and line that it names",
	 .page = PAGE},
	{.id = "API-ALPHA-BETA",
	 .title = "exists only in an alpha or beta version that the target does not serve by default",
	 .severity = SEVERITY_HIGH,
	 .needs = NEEDS("kubernetes discovery"),
	 .run = alpha_beta,
	 .remedy = "export what must survive, and plan without this API",
	 .page = "https://kubernetes.io/docs/reference/using-api/#api-versioning"},
	{.id = "API-CONTROLLER-FALSE",
	 .title = "a removed API is asked for by the system itself or a scanner only",
	 .severity = SEVERITY_INFO,
	 .needs = NEEDS("metrics"),
	 .run = called_by_system,
	 .remedy = "nothing to do: they ask for whatever is served",
	 .page = "https://github.com/kubernetes/kubernetes/issues/106668"},
	{.id = "API-COVERAGE",
	 .title = "not every source of evidence on deprecated APIs was read",
	 .severity = SEVERITY_INFO,
	 .run = coverage,
	 .remedy = "allow what is missing",
	 .page = PAGE},
	{.id = NULL},
};

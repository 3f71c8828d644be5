/* Compared with an earlier look (assess --before): what the upgrade broke, when it is of the same cluster; and what
 * Green lacks of Blue, when it is of another. Only what can be told from two looks: networking probes and error rates
 * are measured by the steps of src/validation while the upgrade runs.
 *
 * Things that were scaled down on purpose are no damage: fewer endpoints or targets count where some of those that are
 * left are not well. */
#include <stdlib.h>
#include <string.h>
#include "assessment/addon_versions.h"
#include "assessment/subject.h"
#include "codec/document.h"
#include "knowledge/lifecycle.h"
#include "perception/aws_items.h"

#define PAGE "https://docs.aws.amazon.com/eks/latest/best-practices/cluster-upgrades.html"

static bool is(const char *a, const char *b)
{
	return !strcmp(subject_text(a), subject_text(b));
}

static const struct inventory *before_of(const struct assess *assess)
{
	return assess->inventory->before;
}

/* ---- POST-VERSION */

static const char *version_before(const struct assess *assess, const char *addon)
{
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(before_of(assess), "describe_addon"), i, call)
		if (is(document_text(call, "response.addon.addonName"), addon))
			return document_text(call, "response.addon.addonVersion");
	return NULL;
}

static void version_addons(struct assess *assess)
{
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(assess->inventory, "describe_addon"), i, call) {
		const char *name = document_text_or(call, "response.addon.addonName", ""),
			   *now = document_text(call, "response.addon.addonVersion"),
			   *was = version_before(assess, name);
		struct kube_version a, b;
		if (now && was && kube_version_parse(now, &a) && kube_version_parse(was, &b) &&
		    (a.major < b.major || (a.major == b.major && a.minor < b.minor)))
			assess_aws(assess, document_text_or(call, "response.addon.addonArn", name),
				   "add-on %s is at %s and was at %s", name, now, was);
	}
}

static void version(struct assess *assess)
{
	size_t from = assess->n_findings;
	bool new;
	if (assess->from && assess->from != assess->to)
		assess_cluster(assess, "the API server is at 1.%u, %s was planned", assess->from, assess->target);
	for (size_t i = 0; i < assess->inventory->n_nodes; i++) {
		const struct kube_node *node = &assess->inventory->nodes[i];
		unsigned minor = knowledge_minor(node->kubelet);
		if (minor && minor != assess->to)
			subject_node_found(
				assess, from, node,
				arena_printf(assess->arena, "is at 1.%u, %s was planned", minor, assess->target), &new);
	}
	version_addons(assess);
}

/* ---- POST-PODS: of each workload, how many pods are in trouble */

struct trouble {
	const char *kind, *ns, *name; /* of the topmost owner that is named */
	const char *why;
	int64_t pods;
};

static const char *pod_trouble(const struct kube_pod *pod)
{
	static const char *const bad[] = {"CrashLoopBackOff", "ImagePullBackOff",	    "ErrImagePull",
					  "InvalidImageName", "CreateContainerConfigError", "CreateContainerError",
					  "RunContainerError"};
	if (pod->meta.deletion_ms || kube_pod_finished(pod))
		return is(pod->phase, "Failed") ? "Failed" : NULL;
	for (size_t i = 0; i < pod->n_statuses; i++)
		for (size_t k = 0; k < ARRAY_SIZE(bad); k++)
			if (is(pod->statuses[i].waiting, bad[k]))
				return bad[k];
	return is(pod->phase, "Pending") ? "Pending" : NULL;
}

static int trouble_order(const void *left, const void *right)
{
	const struct trouble *a = left, *b = right;
	int order = strcmp(subject_text(a->ns), subject_text(b->ns));
	order = order ? order : strcmp(subject_text(a->name), subject_text(b->name));
	return order ? order : strcmp(subject_text(a->kind), subject_text(b->kind));
}

/* Sorted by owner, one for each. */
static struct trouble *troubles_of(const struct assess *assess, size_t *ret_n)
{
	struct trouble *all = NULL;
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i];
		const char *why = pod_trouble(pod);
		if (!why)
			continue;
		struct trouble *one = ARENA_PUSH(assess->arena, all, n);
		*one = (struct trouble){.ns = pod->meta.ns, .why = why, .pods = 1};
		index_pod_owner(assess, pod, &one->kind, &one->name);
	}
	if (n)
		qsort(all, n, sizeof *all, trouble_order);
	for (size_t i = 0; i < n; i++) {
		if (kept && !trouble_order(&all[kept - 1], &all[i]))
			all[kept - 1].pods++;
		else
			all[kept++] = all[i];
	}
	*ret_n = kept;
	return all;
}

static int uid_order(const void *left, const void *right)
{
	const struct kube_pod *const *a = left, *const *b = right;
	return strcmp(subject_text((*a)->meta.uid), subject_text((*b)->meta.uid));
}

static int64_t restarts_of(const struct kube_pod *pod)
{
	int64_t sum = 0;
	for (size_t i = 0; i < pod->n_statuses; i++)
		sum += pod->statuses[i].restarts;
	return sum;
}

/* A pod that is still the same one has no reason to restart; one or two may be its own affair. */
static void tell_restarts(struct assess *assess, size_t from)
{
	enum { MANY = 3 };
	const struct inventory *before = before_of(assess);
	const struct kube_pod **sorted = arena_alloc(assess->arena, (before->n_pods + 1) * sizeof *sorted);
	for (size_t i = 0; i < before->n_pods; i++)
		sorted[i] = &before->pods[i];
	qsort(sorted, before->n_pods, sizeof *sorted, uid_order);
	for (size_t i = 0; i < assess->inventory->n_pods; i++) {
		const struct kube_pod *pod = &assess->inventory->pods[i], **was;
		was = pod->meta.uid ? bsearch(&pod, sorted, before->n_pods, sizeof *sorted, uid_order) : NULL;
		int64_t more = was ? restarts_of(pod) - restarts_of(*was) : 0;
		const char *kind, *name;
		index_pod_owner(assess, pod, &kind, &name);
		if (more >= MANY && !subject_find(assess, from, kind, pod->meta.ns, name))
			assess_object(assess, kind, pod->meta.ns, name,
				      "its pod \"%s\" has restarted %lld times since the earlier look",
				      subject_text(pod->meta.name), (long long)more);
	}
}

static void pods(struct assess *assess)
{
	struct assess past = *assess;
	size_t n, n_before, from = assess->n_findings;
	past.inventory = before_of(assess);
	past.index = NULL;
	index_build(&past);
	const struct trouble *was = troubles_of(&past, &n_before), *now = troubles_of(assess, &n);
	index_free(past.index);
	for (size_t i = 0; i < n; i++) {
		const struct trouble *same =
			n_before ? bsearch(&now[i], was, n_before, sizeof *was, trouble_order) : NULL;
		int64_t pods_before = same ? same->pods : 0;
		if (now[i].pods > pods_before)
			assess_object(assess, now[i].kind, now[i].ns, now[i].name,
				      "%lld of its pods are in trouble (%s), %lld were before", (long long)now[i].pods,
				      now[i].why, (long long)pods_before);
	}
	tell_restarts(assess, from);
}

/* ---- POST-ENDPOINTS */

struct reach {
	const char *ns, *name;
	int64_t ready, total;
};

static int reach_order(const void *left, const void *right)
{
	const struct reach *a = left, *b = right;
	int order = strcmp(subject_text(a->ns), subject_text(b->ns));
	return order ? order : strcmp(subject_text(a->name), subject_text(b->name));
}

/* Of each service that has slices, by name. */
static struct reach *reach_of(const struct inventory *inventory, struct arena *arena, size_t *ret_n)
{
	struct reach *all = NULL;
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < inventory->n_endpoint_slices; i++) {
		const struct kube_endpoint_slice *slice = &inventory->endpoint_slices[i];
		const char *service = kube_meta_label(&slice->meta, "kubernetes.io/service-name");
		if (service)
			*ARENA_PUSH(arena, all, n) =
				(struct reach){slice->meta.ns, service, slice->ready, slice->total};
	}
	*ret_n = 0;
	if (!all)
		return NULL;
	qsort(all, n, sizeof *all, reach_order);
	for (size_t i = 0; i < n; i++) {
		if (kept && !reach_order(&all[kept - 1], &all[i])) {
			all[kept - 1].ready += all[i].ready;
			all[kept - 1].total += all[i].total;
		} else {
			all[kept++] = all[i];
		}
	}
	*ret_n = kept;
	return all;
}

static void endpoints(struct assess *assess)
{
	size_t n, n_before;
	const struct reach *was = reach_of(before_of(assess), assess->arena, &n_before),
			   *now = reach_of(assess->inventory, assess->arena, &n);
	if (!was)
		return;
	for (size_t i = 0; i < n_before; i++) {
		const struct reach *same = n ? bsearch(&was[i], now, n, sizeof *now, reach_order) : NULL;
		if (!was[i].ready || !index_service(assess, was[i].ns, was[i].name) ||
		    (same && (same->ready >= was[i].ready || (same->ready && same->ready == same->total))))
			continue;
		assess_object(assess, "Service", was[i].ns, was[i].name, "has %lld ready endpoints, and had %lld",
			      (long long)(same ? same->ready : 0), (long long)was[i].ready);
	}
}

/* ---- POST-LB */

static void count_targets(const json_t *response, int64_t *ret_healthy, int64_t *ret_sick)
{
	size_t i;
	const json_t *target;
	*ret_healthy = *ret_sick = 0;
	json_array_foreach (json_object_get(response, "TargetHealthDescriptions"), i, target) {
		const char *state = document_text(target, "TargetHealth.State");
		*ret_healthy += is(state, "healthy");
		*ret_sick += !is(state, "healthy") && !is(state, "draining");
	}
}

static void balancers(struct assess *assess)
{
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(before_of(assess), "describe_target_health"), i, call) {
		const char *arn = document_text(call, "request.TargetGroupArn");
		const json_t *now = arn ? inventory_aws_response_for(assess->inventory, "describe_target_health",
								     "TargetGroupArn", arn)
					: NULL;
		int64_t was_healthy, was_sick, healthy, sick;
		count_targets(json_object_get(call, "response"), &was_healthy, &was_sick);
		count_targets(now, &healthy, &sick);
		if (now && healthy < was_healthy && (!healthy || sick > was_sick))
			assess_aws(assess, arn, "%lld targets are healthy, %lld were", (long long)healthy,
				   (long long)was_healthy);
	}
}

/* ---- POST-INSIGHT */

static bool was_error(const struct assess *assess, const char *name)
{
	EACH_AWS (before_of(assess), "list_insights", "insights", insight)
		if (is(document_text(insight, "name"), name) &&
		    is(document_text(insight, "insightStatus.status"), "ERROR"))
			return true;
	return false;
}

/* Calls `fn` for each client that an insight names. */
typedef bool client_fn(void *context, const json_t *insight, const char *agent);
static bool each_client(const struct inventory *inventory, client_fn *fn, void *context)
{
	size_t i, k, m;
	const json_t *call, *detail, *client;
	json_array_foreach (inventory_aws_calls(inventory, "describe_insight"), i, call)
		json_array_foreach (document_at(call, "response.insight.categorySpecificSummary.deprecationDetails"), k,
				    detail)
			json_array_foreach (json_object_get(detail, "clientStats"), m, client) {
				const char *agent = document_text(client, "userAgent");
				if (agent && fn(context, document_at(call, "response.insight"), agent))
					return true;
			}
	return false;
}

static bool same_agent(void *context, const json_t *insight, const char *agent)
{
	(void)insight;
	return is(context, agent);
}

static bool new_agent(void *context, const json_t *insight, const char *agent)
{
	struct assess *assess = context;
	if (!each_client(before_of(assess), same_agent, (void *)(uintptr_t)agent)) {
		struct finding *finding = assess_aws(assess, document_text_or(insight, "id", "?"),
						     "\"%s\" calls a deprecated API, and did not before", agent);
		assess_evidence(assess, finding, "insights", "%s", document_text_or(insight, "name", ""))->caller =
			arena_strdup(assess->arena, agent);
	}
	return false;
}

static void insights(struct assess *assess)
{
	EACH_AWS (assess->inventory, "list_insights", "insights", insight) {
		const char *name = document_text_or(insight, "name", "?");
		if (is(document_text(insight, "insightStatus.status"), "ERROR") && !was_error(assess, name))
			assess_aws(assess, document_text_or(insight, "id", name),
				   "insight \"%s\" says ERROR, and did not before", name);
	}
	each_client(assess->inventory, new_agent, assess);
}

/* ---- BG-PARITY: the inventory is Green's, the earlier look was at Blue */

static const struct kube_workload *in_green(const struct assess *assess, const struct kube_workload *blue)
{
	return index_workload(assess, blue->kind, blue->meta.ns, blue->meta.name);
}

static const char *image_difference(struct assess *assess, const struct kube_pod_spec *blue,
				    const struct kube_pod_spec *green)
{
	for (size_t i = 0; blue && green && i < blue->n_containers; i++) {
		const struct kube_container *one = &blue->containers[i], *other = NULL;
		for (size_t k = 0; k < green->n_containers; k++)
			other = is(green->containers[k].name, one->name) ? &green->containers[k] : other;
		if (!other)
			return arena_printf(assess->arena, "container \"%s\" is missing", subject_text(one->name));
		if (!is(one->image, other->image))
			return arena_printf(assess->arena, "image %s, in Blue %s", subject_text(other->image),
					    subject_text(one->image));
	}
	return NULL;
}

static void parity_workloads(struct assess *assess)
{
	const struct inventory *blue = before_of(assess);
	for (size_t i = 0; i < blue->n_workloads; i++) {
		const struct kube_workload *workload = &blue->workloads[i], *green;
		bool daemon = subject_is_kind(workload, "DaemonSet");
		if (subject_is_kind(workload, "Job") || !subject_makes_pods(workload) ||
		    index_is_eks_own(assess, workload->meta.ns, workload->meta.name))
			continue;
		green = in_green(assess, workload);
		const char *image =
			green ? image_difference(assess, workload->template.spec, green->template.spec) : NULL;
		if (!green)
			SUBJECT_FOUND(assess, workload, "is in Blue and not in Green");
		else if (image)
			SUBJECT_FOUND(assess, workload, "differs from Blue: %s", image);
		else if (!daemon && workload->has_replicas && green->replicas < workload->replicas)
			SUBJECT_FOUND(assess, workload, "%lld replicas, in Blue %lld", (long long)green->replicas,
				      (long long)workload->replicas);
	}
}

static void parity(struct assess *assess)
{
	const struct inventory *blue = before_of(assess), *green = assess->inventory;
	parity_workloads(assess);
	for (size_t i = 0; i < blue->n_services; i++)
		if (!index_service(assess, blue->services[i].meta.ns, blue->services[i].meta.name))
			assess_object(assess, "Service", blue->services[i].meta.ns, blue->services[i].meta.name,
				      "is in Blue and not in Green");
	for (size_t i = 0; i < blue->n_ingresses; i++) {
		const struct kube_meta *meta = &blue->ingresses[i].meta;
		bool there = false;
		for (size_t k = 0; k < green->n_ingresses && !there; k++)
			there = is(green->ingresses[k].meta.name, meta->name) &&
				is(green->ingresses[k].meta.ns, meta->ns);
		if (!there)
			assess_object(assess, "Ingress", meta->ns, meta->name, "is in Blue and not in Green");
	}
}

#define AFTER .given = "before", .page = PAGE

const struct check checks_after[] = {
	{.id = "POST-VERSION",
	 .title = "API server, nodes or add-ons are not at the planned version",
	 .severity = SEVERITY_BLOCKER,
	 AFTER,
	 .needs = NEEDS("eks:DescribeCluster", "eks:DescribeAddon", "kubernetes nodes"),
	 .run = version,
	 .remedy = "let the upgrade come to its end, or take it back"},
	{.id = "POST-PODS",
	 .title = "more pods are in trouble than before",
	 .severity = SEVERITY_BLOCKER,
	 AFTER,
	 .needs = NEEDS("kubernetes pods"),
	 .run = pods,
	 .remedy = "look at its pods' events and logs before going on"},
	{.id = "POST-ENDPOINTS",
	 .title = "a service has lost ready endpoints",
	 .severity = SEVERITY_BLOCKER,
	 AFTER,
	 .needs = NEEDS("kubernetes services", "kubernetes endpointslices.discovery.k8s.io"),
	 .run = endpoints,
	 .remedy = "find out why its pods are not ready before going on"},
	{.id = "POST-LB",
	 .title = "a target group has lost healthy targets",
	 .severity = SEVERITY_BLOCKER,
	 AFTER,
	 .needs = NEEDS("elasticloadbalancing:DescribeTargetHealth"),
	 .run = balancers,
	 .remedy = "look at the targets' health checks before going on"},
	{.id = "POST-INSIGHT",
	 .title = "EKS found something that it had not found before",
	 .severity = SEVERITY_HIGH,
	 AFTER,
	 .needs = NEEDS("eks:ListInsights", "eks:DescribeInsight"),
	 .run = insights,
	 .remedy = "see what it says: aws eks describe-insight"},
	{.id = "BG-PARITY",
	 .title = "Green is not what Blue is",
	 .severity = SEVERITY_HIGH,
	 .scope = "blue-green",
	 .given = "blue",
	 .needs = NEEDS(SUBJECT_ALL, "kubernetes cronjobs.batch", "kubernetes services",
			"kubernetes ingresses.networking.k8s.io"),
	 .run = parity,
	 .remedy = "bring it into Green before traffic goes there",
	 .page = PAGE},
	{.id = NULL},
};

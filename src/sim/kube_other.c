/* The rest of an API server: version, health, metrics, reviews of what one may do; logs, scales and evictions of
 * objects. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"

static void serve_version(struct kube_request *request)
{
	struct sim_kube *kube = request->kube;
	char minor[16];
	snprintf(minor, sizeof minor, "%u", kube->minor);
	kube_reply_json(request, 200,
			json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s}", "major", "1", "minor",
				  minor, "emulationMajor", "1", "emulationMinor", minor, "gitVersion",
				  json_sprintf("v%s-eks-113cf36", kube->kubelet), "gitCommit",
				  "0c8a5b1fd3c3a0a9c2c4a7d6f1f1e9a6ac3d2a11", "gitTreeState", "clean", "buildDate",
				  "2026-10-21T05:15:19Z", "goVersion", "go1.24.9", "compiler", "gc", "platform",
				  "linux/amd64"));
}

static void serve_health(struct kube_request *request)
{
	static const char *const checks[] = {"ping",
					     "log",
					     "etcd",
					     "informer-sync",
					     "poststarthook/start-apiserver-admission-initializer",
					     "poststarthook/rbac/bootstrap-roles",
					     "poststarthook/apiservice-registration-controller",
					     "shutdown"};
	if (!kube_query_get(request, "verbose")) {
		kube_reply_text(request, 200, "text/plain; charset=utf-8", "ok");
		return;
	}
	struct buf text = BUF_INIT(1 << 16);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		buf_printf(&text, "[+]%s ok\n", checks[i]);
	buf_printf(&text, "%.*s check passed\n", (int)request->segments[0].n, request->segments[0].p);
	kube_reply_text(request, 200, "text/plain; charset=utf-8", buf_str(&text));
	buf_done(&text);
}

static void serve_metrics(struct kube_request *request)
{
	struct sim_kube *kube = request->kube;
	struct buf text = BUF_INIT(1 << 20);
	buf_puts(&text, "# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been "
			"requested, broken out by API group, "
			"version, resource, subresource, and removed_release.\n# TYPE "
			"apiserver_requested_deprecated_apis gauge\n");
	if (kube->minor < 32 || kube->deprecated_requests > 0)
		buf_puts(&text, "apiserver_requested_deprecated_apis{group=\"flowcontrol.apiserver.k8s.io\",removed_"
				"release=\"1.32\",resource=\"flowschemas\","
				"subresource=\"\",version=\"v1beta3\"} 1\n");
	buf_puts(&text, "# HELP apiserver_storage_objects [STABLE] Number of stored objects at the time of last check "
			"split by kind.\n"
			"# TYPE apiserver_storage_objects gauge\n");
	for (size_t i = 0; i < kube->n_kinds; i++) {
		const struct kube_resource *resource = kube->kinds[i]->resource;
		if (resource->alias < 0 && kube_served(kube, resource))
			buf_printf(&text, "apiserver_storage_objects{resource=\"%s%s%s\"} %zu\n", resource->plural,
				   resource->group[0] ? "." : "", resource->group, kube->kinds[i]->n);
	}
	buf_printf(&text,
		   "# HELP kubernetes_build_info [ALPHA] A metric with a constant '1' value labeled by major, minor, "
		   "git version.\n"
		   "# TYPE kubernetes_build_info "
		   "gauge\nkubernetes_build_info{git_version=\"v%s-eks-113cf36\",major=\"1\",minor=\"%u\"} 1\n",
		   kube->kubelet, kube->minor);
	kube_reply_text(request, 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", buf_str(&text));
	buf_done(&text);
}

bool kube_serve_other(struct kube_request *request)
{
	struct slice first = request->segments[0];
	if (request->n_segments == 0 || slice_eq(first, "api") || slice_eq(first, "apis"))
		return false;
	if (slice_eq(first, "version"))
		serve_version(request);
	else if (slice_eq(first, "healthz") || slice_eq(first, "livez") || slice_eq(first, "readyz"))
		serve_health(request);
	else if (slice_eq(first, "metrics"))
		serve_metrics(request);
	else
		return false;
	return true;
}

static void answer_review(json_t *document, const char *plural)
{
	if (strcmp(plural, "selfsubjectrulesreviews") == 0)
		json_object_set_new(document, "status",
				    json_pack("{s:[{s:[s], s:[s], s:[s]}], s:[{s:[s], s:[s]}], s:b}", "resourceRules",
					      "verbs", "*", "apiGroups", "*", "resources", "*", "nonResourceRules",
					      "verbs", "*", "nonResourceURLs", "*", "incomplete", 0));
	else if (strcmp(plural, "selfsubjectreviews") == 0)
		json_object_set_new(document, "status",
				    json_pack("{s:{s:s, s:[s, s]}}", "userInfo", "username",
					      "arn:aws:iam::111122223333:role/operator", "groups", "system:masters",
					      "system:authenticated"));
	else
		json_object_set_new(document, "status",
				    json_pack("{s:b, s:s}", "allowed", 1, "reason",
					      "EKS Access Policy: allowed by AmazonEKSClusterAdminPolicy"));
}

bool kube_serve_review(struct kube_request *request)
{
	static const char *const plurals[] = {"selfsubjectaccessreviews", "selfsubjectrulesreviews",
					      "subjectaccessreviews", "selfsubjectreviews"};
	static const char *const kinds[] = {"SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview",
					    "SelfSubjectReview"};
	const struct slice *s = request->segments;
	if (request->n_segments != 4 || !slice_eq(s[0], "apis") || strcmp(request->http->method, "POST") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(plurals); i++) {
		json_t *document;
		if (!slice_eq(s[3], plurals[i]))
			continue;
		bool binary = request->http->body.n > 4 && memcmp(request->http->body.p, "k8s", 4) == 0;
		if (binary) /* protobuf: nobody needs the question back */
			document =
				json_pack("{s:s, s:o, s:{}}", "kind", kinds[i], "apiVersion",
					  json_sprintf("%.*s/%.*s", (int)s[1].n, s[1].p, (int)s[2].n, s[2].p), "spec");
		if (binary || kube_body(request, &document)) {
			answer_review(document, plurals[i]);
			kube_reply_json(request, 201, document);
		}
		return true;
	}
	return false;
}

/* ---- of objects */

static bool has_container(struct sim_kube *kube, struct kube_object *pod, const char *name)
{
	static const char *const lists[] = {"containers", "initContainers", "ephemeralContainers"};
	json_t *view = kube_view(kube, pod);
	bool found = false;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		size_t k;
		json_t *container;
		json_array_foreach (json_object_get(json_object_get(view, "spec"), lists[i]), k, container)
			found |= !strcmp(document_text_or(container, "name", ""), name);
	}
	json_decref(view);
	return found;
}

void kube_serve_log(struct kube_request *request, struct kube_object *object)
{
	struct kube_pod *pod = kube_pod_of(object);
	const char *tail = kube_query_get(request, "tailLines");
	unsigned lines = tail ? (unsigned)strtoul(tail, NULL, 10) : 20;
	const char *wanted = kube_query_get(request, "container");
	if (wanted && !has_container(request->kube, object, wanted)) {
		kube_reply_status(request, 400, "BadRequest", "container %s is not valid for pod %s", wanted,
				  object->name);
		return;
	}
	if (!pod->node || pod->state == POD_CREATING || pod->state == POD_PENDING) {
		kube_reply_status(request, 400, "BadRequest",
				  "container \"%s\" in pod \"%s\" is waiting to start: ContainerCreating",
				  object->workload ? object->workload->object.name : object->name, object->name);
		return;
	}
	struct buf text = BUF_INIT(4 << 20);
	for (unsigned i = 0; i < lines && i < 1000; i++) {
		char stamp[24];
		kube_stamp(request->kube, request->kube->now_ms - (int64_t)(lines - i) * 3 * SECOND_MS, stamp);
		bool last = i + 1 == lines && pod->state == POD_CRASHING;
		buf_printf(&text,
			   last ? "%s ERROR startup failed: cannot reach the database, giving up (request %u)\n"
				: "%s INFO request handled status=200 n=%u\n",
			   stamp, i);
	}
	kube_reply_text(request, 200, "text/plain", buf_str(&text));
	buf_done(&text);
}

static void reply_scale(struct kube_request *request, struct kube_object *object)
{
	struct kube_workload *w = kube_workload_of(object);
	char uid[37], stamp[24];
	kube_uid(request->kube, object->serial, uid);
	kube_reply_json(request, 200,
			json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:o, s:s}, s:{s:i}, s:{s:i, s:o}}", "kind", "Scale",
				  "apiVersion", "autoscaling/v1", "metadata", "name", object->name, "namespace",
				  object->ns, "uid", uid, "resourceVersion",
				  json_sprintf("%llu", (unsigned long long)object->rv), "creationTimestamp",
				  kube_stamp(request->kube, object->created_ms, stamp), "spec", "replicas",
				  (int)w->replicas, "status", "replicas", (int)w->n_active, "selector",
				  json_sprintf("app.kubernetes.io/name=%s", object->name)));
}

void kube_serve_scale(struct kube_request *request, struct kube_object *object)
{
	if (object->kind->id == KIND_REPLICASET || !object->workload) {
		kube_reply_status(request, 405, "MethodNotAllowed",
				  "the server does not allow this method on the requested resource");
		return;
	}
	if (strcmp(request->http->method, "GET") == 0) {
		reply_scale(request, object);
		return;
	}
	json_t *body;
	if (!kube_body(request, &body))
		return;
	const json_t *replicas = json_object_get(json_object_get(body, "spec"), "replicas");
	if (json_is_integer(replicas) && json_integer_value(replicas) >= 0 && !request->dry_run) {
		json_t *document = kube_document(request->kube, object), *old = kube_view(request->kube, object);
		json_object_set(json_object_get(document, "spec"), "replicas", (json_t *)(uintptr_t)replicas);
		kube_store_document(request->kube, object, old, document, false);
		json_decref(old);
		json_decref(document);
	}
	json_decref(body);
	reply_scale(request, object);
}

static void reply_blocked(struct kube_request *request, struct kube_object *pdb, const struct kube_budget *budget)
{
	json_t *status = kube_status(request, 429, "TooManyRequests",
				     "Cannot evict pod as it would violate the pod's disruption budget.");
	json_object_set_new(
		status, "details",
		json_pack("{s:[{s:s, s:o}]}", "causes", "reason", "DisruptionBudget", "message",
			  json_sprintf("The disruption budget %s needs %lld healthy pods and has %lld currently",
				       pdb->name, (long long)budget->desired, (long long)budget->healthy)));
	kube_reply_json(request, 429, status);
}

static void reply_evicted(struct kube_request *request)
{
	kube_reply_json(request, 201,
			json_pack("{s:s, s:s, s:{}, s:s, s:i}", "kind", "Status", "apiVersion", "v1", "metadata",
				  "status", "Success", "code", 201));
}

/* The one budget over a pod. False: replied (more than one). */
static bool budget_over(struct kube_request *request, struct kube_pod *pod, struct kube_object **ret)
{
	struct kube_kind *budgets = kube_kind_of(request->kube, KIND_PDB);
	*ret = NULL;
	for (size_t i = kube_lower_bound(budgets, pod->object.ns, "");
	     i < budgets->n && strcmp(budgets->items[i]->ns, pod->object.ns) == 0; i++) {
		if (!kube_budget_covers(request->kube, budgets->items[i], pod))
			continue;
		if (*ret) {
			kube_reply_json(request, 500,
					json_pack("{s:s, s:s, s:{}, s:s, s:s, s:i}", "kind", "Status", "apiVersion",
						  "v1", "metadata", "status", "Failure", "message",
						  "This pod has more than one PodDisruptionBudget, which the eviction "
						  "subresource does not support.",
						  "code", 500));
			return false;
		}
		*ret = budgets->items[i];
	}
	return true;
}

static bool lets_unhealthy_go(struct sim_kube *kube, struct kube_object *pdb)
{
	if (!pdb || !pdb->doc)
		return false;
	json_t *document = kube_view(kube, pdb);
	const char *policy =
		json_string_value(json_object_get(json_object_get(document, "spec"), "unhealthyPodEvictionPolicy"));
	bool lets = policy && !strcmp(policy, "AlwaysAllow");
	json_decref(document);
	return lets;
}

void kube_serve_eviction(struct kube_request *request, struct kube_object *object)
{
	struct sim_kube *kube = request->kube;
	struct kube_pod *pod = kube_pod_of(object);
	json_t *body;
	if (!kube_body(request, &body))
		return;
	json_t *options = json_object_get(body, "deleteOptions");
	const char *wanted = json_string_value(json_object_get(json_object_get(options, "preconditions"), "uid"));
	const json_t *grace = json_object_get(options, "gracePeriodSeconds");
	int64_t grace_ms = json_is_integer(grace) ? json_integer_value(grace) * SECOND_MS : kube_pod_grace_ms(pod);
	bool dry_run = request->dry_run || json_array_size(json_object_get(options, "dryRun")) > 0;
	char uid[37];
	kube_uid(kube, object->serial, uid);
	struct kube_object *pdb = NULL;
	struct kube_budget budget = {0};
	bool bypass = pod->state == POD_PENDING || pod->state == POD_CREATING || pod->state == POD_SUCCEEDED ||
		      object->deleting_ms;
	if (wanted && strcmp(wanted, uid) != 0) {
		kube_reply_status(request, 409, "Conflict",
				  "Operation cannot be fulfilled on pods \"%s\": the UID in the precondition (%s) does "
				  "not match the UID in record (%s). The object "
				  "might have been deleted and then recreated",
				  object->name, wanted, uid);
	} else if (!bypass && !budget_over(request, pod, &pdb)) {
		bypass = false;
	} else {
		if (!bypass && pdb)
			kube_budget(kube, pdb, &budget);
		bool unhealthy = pod->state != POD_READY && (lets_unhealthy_go(kube, pdb) ||
							     (budget.healthy >= budget.desired && budget.desired > 0));
		if (!bypass && pdb && budget.allowed <= 0 && !unhealthy) {
			reply_blocked(request, pdb, &budget);
		} else {
			if (!dry_run && !object->deleting_ms)
				kube_pod_delete(kube, pod, grace_ms);
			reply_evicted(request);
		}
	}
	json_decref(body);
}

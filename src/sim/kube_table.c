/* Tables as kubectl prints them: the columns of the API server's printers. */
#include "sim/kube_world.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/time.h"

struct cell_context {
	struct sim_kube *kube;
	struct kube_object *object;
	json_t *document;
};
typedef json_t *cell_fn(struct cell_context *cell);

static json_t *at(const json_t *document, const char *path)
{
	const json_t *found = document;
	while (found && *path) {
		size_t n = strcspn(path, ".");
		char key[96];
		snprintf(key, sizeof key, "%.*s", (int)n, path);
		found = json_is_array(found) ? json_array_get(found, strtoul(key, NULL, 10))
					     : json_object_get(found, key);
		path += n + (path[n] == '.');
	}
	return (json_t *)(uintptr_t)found;
}

static json_int_t number_at(const json_t *document, const char *path)
{
	const json_t *value = at(document, path);
	return json_is_integer(value) ? json_integer_value(value) : 0;
}

/* As kubectl tells ages: "45s", "3m12s", "2d4h", "211d". */
static json_t *age_of(struct sim_kube *kube, int64_t since_ms)
{
	long long s = (kube->now_ms - since_ms) / SECOND_MS, m = s / 60, h = m / 60, d = h / 24;
	if (s < 0)
		return json_string("0s");
	if (s < 120)
		return json_sprintf("%llds", s);
	if (m < 10)
		return s % 60 ? json_sprintf("%lldm%llds", m, s % 60) : json_sprintf("%lldm", m);
	if (m < 180)
		return json_sprintf("%lldm", m);
	if (h < 8)
		return m % 60 ? json_sprintf("%lldh%lldm", h, m % 60) : json_sprintf("%lldh", h);
	if (h < 48)
		return json_sprintf("%lldh", h);
	if (d < 8)
		return h % 24 ? json_sprintf("%lldd%lldh", d, h % 24) : json_sprintf("%lldd", d);
	return d < 365 * 2 ? json_sprintf("%lldd", d) : json_sprintf("%lldy", d / 365);
}

static json_t *age(struct cell_context *cell)
{
	return age_of(cell->kube, cell->object->created_ms);
}

static json_t *joined(const json_t *list, const char *member)
{
	struct buf text = BUF_INIT(1 << 16);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(member ? json_object_get(json_array_get(list, i), member)
							    : json_array_get(list, i));
		buf_printf(&text, "%s%s", i ? "," : "", word ? word : "");
	}
	json_t *result = json_string(text.n ? buf_str(&text) : "<none>");
	buf_done(&text);
	return result;
}

static json_t *selector_text(const json_t *labels)
{
	struct buf text = BUF_INIT(1 << 16);
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)labels, key, value)
		buf_printf(&text, "%s%s=%s", text.n ? "," : "", key, json_string_value(value));
	json_t *result = json_string(text.n ? buf_str(&text) : "<none>");
	buf_done(&text);
	return result;
}

static json_t *pod_ready(struct cell_context *cell)
{
	const json_t *list = at(cell->document, "status.containerStatuses");
	size_t total = json_array_size(at(cell->document, "spec.containers")), ready = 0;
	for (size_t i = 0; i < json_array_size(list); i++)
		ready += json_is_true(json_object_get(json_array_get(list, i), "ready"));
	return json_sprintf("%zu/%zu", ready, total);
}

static json_t *pod_status(struct cell_context *cell)
{
	if (cell->object->deleting_ms)
		return json_string("Terminating");
	const json_t *state = at(cell->document, "status.containerStatuses.0.state");
	const json_t *reason = at(state, "waiting.reason");
	if (!reason)
		reason = at(state, "terminated.reason");
	return json_incref(reason ? (json_t *)(uintptr_t)reason : at(cell->document, "status.phase"));
}

static json_t *pod_restarts(struct cell_context *cell)
{
	return json_sprintf("%lld", (long long)number_at(cell->document, "status.containerStatuses.0.restartCount"));
}

static json_t *node_status(struct cell_context *cell)
{
	const struct kube_node *node = kube_node_of(cell->object);
	return json_sprintf("%s%s", node->ready ? "Ready" : "NotReady",
			    node->unschedulable ? ",SchedulingDisabled" : "");
}

static json_t *none(struct cell_context *cell)
{
	(void)cell;
	return json_string("<none>");
}

static json_t *ready_of(struct cell_context *cell)
{
	return json_sprintf("%lld/%lld", (long long)number_at(cell->document, "status.readyReplicas"),
			    (long long)number_at(cell->document, "spec.replicas"));
}

static json_t *containers(struct cell_context *cell)
{
	return joined(at(cell->document, "spec.template.spec.containers"), "name");
}
static json_t *images(struct cell_context *cell)
{
	return joined(at(cell->document, "spec.template.spec.containers"), "image");
}
static json_t *match_labels(struct cell_context *cell)
{
	return selector_text(at(cell->document, "spec.selector.matchLabels"));
}
static json_t *service_selector(struct cell_context *cell)
{
	return selector_text(at(cell->document, "spec.selector"));
}

static json_t *service_ports(struct cell_context *cell)
{
	struct buf text = BUF_INIT(1 << 14);
	const json_t *ports = at(cell->document, "spec.ports");
	for (size_t i = 0; i < json_array_size(ports); i++) {
		const json_t *port = json_array_get(ports, i);
		buf_printf(&text, "%s%lld/%s", i ? "," : "", (long long)number_at(port, "port"),
			   json_string_value(json_object_get(port, "protocol")) ?: "TCP");
	}
	json_t *result = json_string(text.n ? buf_str(&text) : "<none>");
	buf_done(&text);
	return result;
}

static json_t *ingress_hosts(struct cell_context *cell)
{
	return joined(at(cell->document, "spec.rules"), "host");
}
static json_t *ingress_ports(struct cell_context *cell)
{
	return json_string(at(cell->document, "spec.tls") ? "80, 443" : "80");
}
static json_t *data_count(struct cell_context *cell)
{
	return json_sprintf("%zu", json_object_size(at(cell->document, "data")));
}
/* As the printers shorten them. */
static json_t *modes(struct cell_context *cell)
{
	static const char *const forms[][2] = {{"ReadWriteOnce", "RWO"},
					       {"ReadOnlyMany", "ROX"},
					       {"ReadWriteMany", "RWX"},
					       {"ReadWriteOncePod", "RWOP"}};
	struct buf text CLEANUP(buf_done) = BUF_INIT(256);
	size_t i;
	const json_t *mode;
	json_array_foreach (at(cell->document, "spec.accessModes"), i, mode)
		for (size_t k = 0; k < ARRAY_SIZE(forms); k++)
			if (!strcmp(json_string_value(mode) ?: "", forms[k][0]))
				buf_printf(&text, "%s%s", text.n ? "," : "", forms[k][1]);
	return json_string(buf_str(&text));
}

static json_t *unset(struct cell_context *cell)
{
	(void)cell;
	return json_string("<unset>");
}

static json_t *empty(struct cell_context *cell)
{
	(void)cell;
	return json_string("");
}

static json_t *nothing(struct cell_context *cell)
{
	(void)cell;
	return json_integer(0);
}

static json_t *volume_claim(struct cell_context *cell)
{
	const json_t *claim = at(cell->document, "spec.claimRef");
	return json_sprintf("%s/%s", json_string_value(at(claim, "namespace")) ?: "",
			    json_string_value(at(claim, "name")) ?: "");
}

static json_t *job_containers(struct cell_context *cell)
{
	return joined(at(cell->document, "spec.jobTemplate.spec.template.spec.containers"), "name");
}

static json_t *job_images(struct cell_context *cell)
{
	return joined(at(cell->document, "spec.jobTemplate.spec.template.spec.containers"), "image");
}

static json_t *last_schedule(struct cell_context *cell)
{
	const char *text = json_string_value(at(cell->document, "status.lastScheduleTime"));
	int64_t ms;
	return text && time_parse_rfc3339(slice_of(text), &ms) ? age_of(cell->kube, ms) : json_string("<none>");
}

static json_t *expansion(struct cell_context *cell)
{
	return json_string(json_is_true(at(cell->document, "allowVolumeExpansion")) ? "true" : "false");
}

static json_t *global_default(struct cell_context *cell)
{
	return json_string(json_is_true(at(cell->document, "globalDefault")) ? "true" : "false");
}

/* Three of a list, and how many more. */
static json_t *three_of(const struct buf *words, size_t n)
{
	if (!n)
		return json_string("<unset>");
	return n > 3 ? json_sprintf("%s + %zu more...", buf_str(words), n - 3) : json_string(buf_str(words));
}

static json_t *slice_ports(struct cell_context *cell)
{
	const json_t *ports = at(cell->document, "ports");
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 12);
	for (size_t i = 0; i < json_array_size(ports) && i < 3; i++)
		buf_printf(&text, "%s%lld", i ? "," : "", (long long)number_at(json_array_get(ports, i), "port"));
	return three_of(&text, json_array_size(ports));
}

static json_t *slice_endpoints(struct cell_context *cell)
{
	const json_t *endpoints = at(cell->document, "endpoints");
	struct buf text CLEANUP(buf_done) = BUF_INIT(1 << 12);
	for (size_t i = 0; i < json_array_size(endpoints) && i < 3; i++)
		buf_printf(&text, "%s%s", i ? "," : "",
			   json_string_value(at(json_array_get(endpoints, i), "addresses.0")) ?: "");
	return three_of(&text, json_array_size(endpoints));
}

static json_t *truth_at(const struct cell_context *cell, const char *path)
{
	return json_string(json_is_true(at(cell->document, path)) ? "true" : "false");
}

static json_t *driver_attaches(struct cell_context *cell)
{
	return truth_at(cell, "spec.attachRequired");
}

static json_t *driver_mounts(struct cell_context *cell)
{
	return truth_at(cell, "spec.podInfoOnMount");
}

static json_t *driver_capacity(struct cell_context *cell)
{
	return truth_at(cell, "spec.storageCapacity");
}

static json_t *driver_republishes(struct cell_context *cell)
{
	return truth_at(cell, "spec.requiresRepublish");
}

static json_t *driver_modes(struct cell_context *cell)
{
	return joined(at(cell->document, "spec.volumeLifecycleModes"), NULL);
}

static json_t *hpa_reference(struct cell_context *cell)
{
	return json_sprintf("%s/%s", json_string_value(at(cell->document, "spec.scaleTargetRef.kind")) ?: "",
			    json_string_value(at(cell->document, "spec.scaleTargetRef.name")) ?: "");
}

static json_t *hpa_targets(struct cell_context *cell)
{
	return json_sprintf(
		"cpu: %lld%%/%lld%%",
		(long long)number_at(cell->document, "status.currentMetrics.0.resource.current.averageUtilization"),
		(long long)number_at(cell->document, "spec.metrics.0.resource.target.averageUtilization"));
}

static json_t *job_status(struct cell_context *cell)
{
	return json_string(number_at(cell->document, "status.succeeded") > 0 ? "Complete" : "Running");
}
static json_t *job_completions(struct cell_context *cell)
{
	return json_sprintf("%lld/1", (long long)number_at(cell->document, "status.succeeded"));
}

static json_t *event_object(struct cell_context *cell)
{
	return json_sprintf("%s/%s", json_string_value(at(cell->document, "involvedObject.kind")) ?: "",
			    json_string_value(at(cell->document, "involvedObject.name")) ?: "");
}

struct column {
	int kind;		 /* -1: any other kind */
	const char *name, *path; /* path when there is no function */
	cell_fn *fn;
	int priority;
};
static const struct column columns[] = {
	{KIND_POD, "Ready", NULL, pod_ready, 0},
	{KIND_POD, "Status", NULL, pod_status, 0},
	{KIND_POD, "Restarts", NULL, pod_restarts, 0},
	{KIND_POD, "Age", NULL, age, 0},
	{KIND_POD, "IP", "status.podIP", NULL, 1},
	{KIND_POD, "Node", "spec.nodeName", NULL, 1},
	{KIND_POD, "Nominated Node", NULL, none, 1},
	{KIND_POD, "Readiness Gates", NULL, none, 1},
	{KIND_NODE, "Status", NULL, node_status, 0},
	{KIND_NODE, "Roles", NULL, none, 0},
	{KIND_NODE, "Age", NULL, age, 0},
	{KIND_NODE, "Version", "status.nodeInfo.kubeletVersion", NULL, 0},
	{KIND_NODE, "Internal-IP", "status.addresses.0.address", NULL, 1},
	{KIND_NODE, "External-IP", NULL, none, 1},
	{KIND_NODE, "OS-Image", "status.nodeInfo.osImage", NULL, 1},
	{KIND_NODE, "Kernel-Version", "status.nodeInfo.kernelVersion", NULL, 1},
	{KIND_NODE, "Container-Runtime", "status.nodeInfo.containerRuntimeVersion", NULL, 1},
	{KIND_DEPLOYMENT, "Ready", NULL, ready_of, 0},
	{KIND_DEPLOYMENT, "Up-to-date", "status.updatedReplicas", NULL, 0},
	{KIND_DEPLOYMENT, "Available", "status.availableReplicas", NULL, 0},
	{KIND_DEPLOYMENT, "Age", NULL, age, 0},
	{KIND_DEPLOYMENT, "Containers", NULL, containers, 1},
	{KIND_DEPLOYMENT, "Images", NULL, images, 1},
	{KIND_DEPLOYMENT, "Selector", NULL, match_labels, 1},
	{KIND_REPLICASET, "Desired", "spec.replicas", NULL, 0},
	{KIND_REPLICASET, "Current", "status.replicas", NULL, 0},
	{KIND_REPLICASET, "Ready", "status.readyReplicas", NULL, 0},
	{KIND_REPLICASET, "Age", NULL, age, 0},
	{KIND_REPLICASET, "Containers", NULL, containers, 1},
	{KIND_REPLICASET, "Images", NULL, images, 1},
	{KIND_REPLICASET, "Selector", NULL, match_labels, 1},
	{KIND_STATEFULSET, "Ready", NULL, ready_of, 0},
	{KIND_STATEFULSET, "Age", NULL, age, 0},
	{KIND_STATEFULSET, "Containers", NULL, containers, 1},
	{KIND_STATEFULSET, "Images", NULL, images, 1},
	{KIND_DAEMONSET, "Desired", "status.desiredNumberScheduled", NULL, 0},
	{KIND_DAEMONSET, "Current", "status.currentNumberScheduled", NULL, 0},
	{KIND_DAEMONSET, "Ready", "status.numberReady", NULL, 0},
	{KIND_DAEMONSET, "Up-to-date", "status.updatedNumberScheduled", NULL, 0},
	{KIND_DAEMONSET, "Available", "status.numberAvailable", NULL, 0},
	{KIND_DAEMONSET, "Node Selector", NULL, none, 0},
	{KIND_DAEMONSET, "Age", NULL, age, 0},
	{KIND_DAEMONSET, "Containers", NULL, containers, 1},
	{KIND_DAEMONSET, "Images", NULL, images, 1},
	{KIND_DAEMONSET, "Selector", NULL, match_labels, 1},
	{KIND_JOB, "Status", NULL, job_status, 0},
	{KIND_JOB, "Completions", NULL, job_completions, 0},
	{KIND_JOB, "Age", NULL, age, 0},
	{KIND_CRONJOB, "Schedule", "spec.schedule", NULL, 0},
	{KIND_CRONJOB, "Timezone", NULL, none, 0},
	{KIND_CRONJOB, "Suspend", "spec.suspend", NULL, 0},
	{KIND_CRONJOB, "Active", NULL, nothing, 0},
	{KIND_CRONJOB, "Last Schedule", NULL, last_schedule, 0},
	{KIND_CRONJOB, "Age", NULL, age, 0},
	{KIND_CRONJOB, "Containers", NULL, job_containers, 1},
	{KIND_CRONJOB, "Images", NULL, job_images, 1},
	{KIND_CRONJOB, "Selector", NULL, none, 1},
	{KIND_SERVICE, "Type", "spec.type", NULL, 0},
	{KIND_SERVICE, "Cluster-IP", "spec.clusterIP", NULL, 0},
	{KIND_SERVICE, "External-IP", NULL, none, 0},
	{KIND_SERVICE, "Port(s)", NULL, service_ports, 0},
	{KIND_SERVICE, "Age", NULL, age, 0},
	{KIND_SERVICE, "Selector", NULL, service_selector, 1},
	{KIND_INGRESS, "Class", "spec.ingressClassName", NULL, 0},
	{KIND_INGRESS, "Hosts", NULL, ingress_hosts, 0},
	{KIND_INGRESS, "Address", "status.loadBalancer.ingress.0.hostname", NULL, 0},
	{KIND_INGRESS, "Ports", NULL, ingress_ports, 0},
	{KIND_INGRESS, "Age", NULL, age, 0},
	{KIND_PDB, "Min Available", "spec.minAvailable", NULL, 0},
	{KIND_PDB, "Max Unavailable", "spec.maxUnavailable", NULL, 0},
	{KIND_PDB, "Allowed Disruptions", "status.disruptionsAllowed", NULL, 0},
	{KIND_PDB, "Age", NULL, age, 0},
	{KIND_HPA, "Reference", NULL, hpa_reference, 0},
	{KIND_HPA, "Targets", NULL, hpa_targets, 0},
	{KIND_HPA, "MinPods", "spec.minReplicas", NULL, 0},
	{KIND_HPA, "MaxPods", "spec.maxReplicas", NULL, 0},
	{KIND_HPA, "Replicas", "status.currentReplicas", NULL, 0},
	{KIND_HPA, "Age", NULL, age, 0},
	{KIND_NAMESPACE, "Status", "status.phase", NULL, 0},
	{KIND_NAMESPACE, "Age", NULL, age, 0},
	{KIND_CONFIGMAP, "Data", NULL, data_count, 0},
	{KIND_CONFIGMAP, "Age", NULL, age, 0},
	{KIND_SECRET, "Type", "type", NULL, 0},
	{KIND_SECRET, "Data", NULL, data_count, 0},
	{KIND_SECRET, "Age", NULL, age, 0},
	{KIND_PVC, "Status", "status.phase", NULL, 0},
	{KIND_PVC, "Volume", "spec.volumeName", NULL, 0},
	{KIND_PVC, "Capacity", "status.capacity.storage", NULL, 0},
	{KIND_PVC, "Access Modes", NULL, modes, 0},
	{KIND_PVC, "StorageClass", "spec.storageClassName", NULL, 0},
	{KIND_PVC, "VolumeAttributesClass", NULL, unset, 0},
	{KIND_PVC, "Age", NULL, age, 0},
	{KIND_PVC, "VolumeMode", "spec.volumeMode", NULL, 1},
	{KIND_PV, "Capacity", "spec.capacity.storage", NULL, 0},
	{KIND_PV, "Access Modes", NULL, modes, 0},
	{KIND_PV, "Reclaim Policy", "spec.persistentVolumeReclaimPolicy", NULL, 0},
	{KIND_PV, "Status", "status.phase", NULL, 0},
	{KIND_PV, "Claim", NULL, volume_claim, 0},
	{KIND_PV, "StorageClass", "spec.storageClassName", NULL, 0},
	{KIND_PV, "VolumeAttributesClass", NULL, unset, 0},
	{KIND_PV, "Reason", NULL, empty, 0},
	{KIND_PV, "Age", NULL, age, 0},
	{KIND_PV, "VolumeMode", "spec.volumeMode", NULL, 1},
	{KIND_SERVICEACCOUNT, "Secrets", NULL, nothing, 0},
	{KIND_SERVICEACCOUNT, "Age", NULL, age, 0},
	{KIND_LEASE, "Holder", "spec.holderIdentity", NULL, 0},
	{KIND_LEASE, "Age", NULL, age, 0},
	{KIND_STORAGECLASS, "Provisioner", "provisioner", NULL, 0},
	{KIND_STORAGECLASS, "ReclaimPolicy", "reclaimPolicy", NULL, 0},
	{KIND_STORAGECLASS, "VolumeBindingMode", "volumeBindingMode", NULL, 0},
	{KIND_STORAGECLASS, "AllowVolumeExpansion", NULL, expansion, 0},
	{KIND_STORAGECLASS, "Age", NULL, age, 0},
	{KIND_PRIORITYCLASS, "Value", "value", NULL, 0},
	{KIND_PRIORITYCLASS, "Global-Default", NULL, global_default, 0},
	{KIND_PRIORITYCLASS, "Age", NULL, age, 0},
	{KIND_PRIORITYCLASS, "PreemptionPolicy", "preemptionPolicy", NULL, 0},
	{KIND_ENDPOINTSLICE, "AddressType", "addressType", NULL, 0},
	{KIND_ENDPOINTSLICE, "Ports", NULL, slice_ports, 0},
	{KIND_ENDPOINTSLICE, "Endpoints", NULL, slice_endpoints, 0},
	{KIND_ENDPOINTSLICE, "Age", NULL, age, 0},
	{KIND_CSIDRIVER, "AttachRequired", NULL, driver_attaches, 0},
	{KIND_CSIDRIVER, "PodInfoOnMount", NULL, driver_mounts, 0},
	{KIND_CSIDRIVER, "StorageCapacity", NULL, driver_capacity, 0},
	{KIND_CSIDRIVER, "TokenRequests", NULL, unset, 0},
	{KIND_CSIDRIVER, "RequiresRepublish", NULL, driver_republishes, 0},
	{KIND_CSIDRIVER, "Modes", NULL, driver_modes, 0},
	{KIND_CSIDRIVER, "Age", NULL, age, 0},
	{KIND_INGRESSCLASS, "Controller", "spec.controller", NULL, 0},
	{KIND_INGRESSCLASS, "Parameters", NULL, none, 0},
	{KIND_INGRESSCLASS, "Age", NULL, age, 0},
	{KIND_EVENT, "Last Seen", NULL, age, 0},
	{KIND_EVENT, "Type", "type", NULL, 0},
	{KIND_EVENT, "Reason", "reason", NULL, 0},
	{KIND_EVENT, "Object", NULL, event_object, 0},
	{KIND_EVENT, "Message", "message", NULL, 0},
	{KIND_CRD, "Created At", "metadata.creationTimestamp", NULL, 0},
	{-1, "Age", NULL, age, 0},
};

static bool has_columns(unsigned kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (columns[i].kind == (int)kind)
			return true;
	return false;
}

static json_t *cell_value(struct cell_context *cell, const struct column *column)
{
	if (column->fn)
		return column->fn(cell);
	json_t *value = at(cell->document, column->path);
	if (json_is_string(value) || json_is_integer(value))
		return json_incref(value);
	if (json_is_boolean(value))
		return json_string(json_is_true(value) ? "True" : "False");
	bool counted = column->path && strncmp(column->path, "status.", 7) == 0 && strstr(column->path, "eplicas");
	if (counted || strstr(column->path, "umber"))
		return json_integer(0);
	return json_string(strstr(column->path, "vailable") ? "N/A" : strstr(column->path, "hostname") ? "" : "<none>");
}

static json_t *row_of(struct kube_request *request, struct kube_object *object, int kind)
{
	struct cell_context cell = {request->kube, object, kube_view(request->kube, object)};
	json_t *cells = json_pack("[s]", object->name);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (columns[i].kind == kind)
			json_array_append_new(cells, cell_value(&cell, &columns[i]));
	const char *include = kube_query_get(request, "includeObject");
	json_t *row = json_pack("{s:o}", "cells", cells);
	if (include && strcmp(include, "Object") == 0)
		json_object_set(row, "object", cell.document);
	else if (!include || strcmp(include, "None") != 0)
		json_object_set_new(row, "object",
				    json_pack("{s:s, s:s, s:O}", "kind", "PartialObjectMetadata", "apiVersion",
					      "meta.k8s.io/v1", "metadata",
					      json_object_get(cell.document, "metadata")));
	json_decref(cell.document);
	return row;
}

static json_t *definition(const char *name, int priority)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", name, "type", "string", "format",
			 strcmp(name, "Name") == 0 ? "name" : "", "description", name, "priority", priority);
}

/* `metadata` is taken. */
json_t *kube_table(struct kube_request *request, struct kube_object *const *objects, size_t n, bool with_columns,
		   json_t *metadata)
{
	int kind = has_columns(request->kind->id) ? (int)request->kind->id : -1;
	json_t *definitions = with_columns ? json_array() : json_null(), *rows = json_array();
	if (with_columns && kind != KIND_EVENT)
		json_array_append_new(definitions, definition("Name", 0));
	else if (with_columns)
		json_array_append_new(definitions, definition("Name", 1));
	for (size_t i = 0; with_columns && i < ARRAY_SIZE(columns); i++)
		if (columns[i].kind == kind)
			json_array_append_new(definitions, definition(columns[i].name, columns[i].priority));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, row_of(request, objects[i], kind));
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "kind", "Table", "apiVersion", "meta.k8s.io/v1", "metadata",
			 metadata, "columnDefinitions", definitions, "rows", rows);
}

/* Lists of Kubernetes by projection: what stays of a pod is a number. */
#include "perception/kubernetes_collector.h"

#include <stdio.h>
#include <string.h>

/* One object of any listed kind; each table fills the members it knows. */
struct seen {
	const char *ns, *name, *kubelet, *type;
	int64_t wanted, ready, allowed, healthy, desired, expected;
	bool has_wanted, unschedulable;
	struct condition {
		const char *type, *status;
	} * conditions;
	size_t n_conditions;
	const char *templates, *claims;
	struct ingress_point {
		const char *hostname;
	} * points;
	size_t n_points;
};

static const struct field condition_fields[] = {
	F_STRING(struct condition, type, "type", 0, ""),
	F_STRING(struct condition, status, "status", 0, ""),
};
static const struct model condition_model = MODEL("Condition", struct condition, condition_fields);
static const struct field point_fields[] = {F_STRING(struct ingress_point, hostname, "hostname", 0, "")};
static const struct model point_model = MODEL("Ingress", struct ingress_point, point_fields);

#define NAMES                                                                                                          \
	F_STRING(struct seen, ns, "metadata.namespace", 0, ""), F_STRING(struct seen, name, "metadata.name", 0, "")

static const struct field name_fields[] = {NAMES};
static const struct field node_fields[] = {
	NAMES,
	F_STRING(struct seen, kubelet, "status.nodeInfo.kubeletVersion", 0, ""),
	F_BOOL(struct seen, unschedulable, "spec.unschedulable", 0, ""),
	F_LIST(struct seen, conditions, n_conditions, "status.conditions", 0, &condition_model, ""),
};
static const struct field workload_fields[] = {
	NAMES,
	{.name = "spec.replicas",
	 .kind = FIELD_INT,
	 .flags = FIELD_HAS,
	 .offset = offsetof(struct seen, wanted),
	 .offset_n = offsetof(struct seen, has_wanted)},
	F_INT(struct seen, ready, "status.readyReplicas", 0, ""),
	F_JSON(struct seen, templates, "spec.volumeClaimTemplates", 0, ""),
	F_JSON(struct seen, claims, "spec.template.spec.volumes", 0, ""),
};
static const struct field daemon_fields[] = {
	NAMES,
	F_INT(struct seen, wanted, "status.desiredNumberScheduled", 0, ""),
	F_INT(struct seen, ready, "status.numberReady", 0, ""),
};
static const struct field pdb_fields[] = {
	NAMES,
	F_INT(struct seen, allowed, "status.disruptionsAllowed", 0, ""),
	F_INT(struct seen, healthy, "status.currentHealthy", 0, ""),
	F_INT(struct seen, desired, "status.desiredHealthy", 0, ""),
	F_INT(struct seen, expected, "status.expectedPods", 0, ""),
};
static const struct field service_fields[] = {
	NAMES,
	F_STRING(struct seen, type, "spec.type", 0, ""),
	F_LIST(struct seen, points, n_points, "status.loadBalancer.ingress", 0, &point_model, ""),
};

static const struct model name_model = MODEL("Name", struct seen, name_fields);
static const struct model node_model = MODEL("Node", struct seen, node_fields);
static const struct model workload_model = MODEL("Workload", struct seen, workload_fields);
static const struct model daemon_model = MODEL("DaemonSet", struct seen, daemon_fields);
static const struct model pdb_model = MODEL("PodDisruptionBudget", struct seen, pdb_fields);
static const struct model service_model = MODEL("Service", struct seen, service_fields);

struct collect {
	struct arena *arena;
	struct cluster_state *state;
	const char *kind;
};

static const char *keep(struct collect *collect, const char *text)
{
	return arena_strdup(collect->arena, text);
}

static bool take_node(void *context, void *item, struct arena *item_arena)
{
	struct collect *collect = context;
	const struct seen *seen = item;
	bool ready = false;
	(void)item_arena;
	for (size_t i = 0; i < seen->n_conditions; i++)
		ready |= seen->conditions[i].type && !strcmp(seen->conditions[i].type, "Ready") &&
			 seen->conditions[i].status && !strcmp(seen->conditions[i].status, "True");
	*ARENA_PUSH(collect->arena, collect->state->nodes, collect->state->n_nodes) =
		(struct node_info){.name = keep(collect, seen->name),
				   .kubelet_version = keep(collect, seen->kubelet),
				   .ready = ready,
				   .unschedulable = seen->unschedulable};
	return true;
}

static bool take_workload(void *context, void *item, struct arena *item_arena)
{
	struct collect *collect = context;
	const struct seen *seen = item;
	bool daemon = !strcmp(collect->kind, "DaemonSet");
	int64_t wanted = daemon || seen->has_wanted ? seen->wanted : 1;
	bool storage = (seen->templates && strcmp(seen->templates, "[]") != 0) ||
		       (seen->claims && strstr(seen->claims, "persistentVolumeClaim"));
	(void)item_arena;
	*ARENA_PUSH(collect->arena, collect->state->workloads, collect->state->n_workloads) =
		(struct workload_info){.kind = collect->kind,
				       .ns = keep(collect, seen->ns),
				       .name = keep(collect, seen->name),
				       .replicas = wanted,
				       .ready = seen->ready,
				       .has_storage = storage,
				       .single = !daemon && wanted == 1};
	return true;
}

static bool take_pdb(void *context, void *item, struct arena *item_arena)
{
	struct collect *collect = context;
	const struct seen *seen = item;
	(void)item_arena;
	*ARENA_PUSH(collect->arena, collect->state->pdbs, collect->state->n_pdbs) =
		(struct pdb_info){.ns = keep(collect, seen->ns),
				  .name = keep(collect, seen->name),
				  .disruptions_allowed = seen->allowed,
				  .current_healthy = seen->healthy,
				  .desired_healthy = seen->desired,
				  .expected_pods = seen->expected};
	return true;
}

static bool take_service(void *context, void *item, struct arena *item_arena)
{
	struct collect *collect = context;
	const struct seen *seen = item;
	(void)item_arena;
	*ARENA_PUSH(collect->arena, collect->state->services, collect->state->n_services) =
		(struct service_info){.kind = collect->kind,
				      .ns = keep(collect, seen->ns),
				      .name = keep(collect, seen->name),
				      .type = keep(collect, seen->type),
				      .hostname = seen->n_points ? keep(collect, seen->points[0].hostname) : NULL};
	return true;
}

static bool take_nothing(void *context, void *item, struct arena *item_arena)
{
	(void)context;
	(void)item;
	(void)item_arena;
	return true;
}

static const struct {
	const char *path, *kind;
	const struct model *model;
	json_item_fn *fn;
	bool count_only;
} lists[] = {
	{"/api/v1/nodes", "Node", &node_model, take_node, false},
	{"/apis/apps/v1/deployments", "Deployment", &workload_model, take_workload, false},
	{"/apis/apps/v1/statefulsets", "StatefulSet", &workload_model, take_workload, false},
	{"/apis/apps/v1/daemonsets", "DaemonSet", &daemon_model, take_workload, false},
	{"/apis/policy/v1/poddisruptionbudgets", "PodDisruptionBudget", &pdb_model, take_pdb, false},
	{"/api/v1/services", "Service", &service_model, take_service, false},
	{"/apis/networking.k8s.io/v1/ingresses", "Ingress", &service_model, take_service, false},
	{"/api/v1/pods", "Pod", &name_model, take_nothing, true},
};
enum { RUNNING = 4 }; /* of them, from the first on: nodes and workloads */

static void tell_source(struct collect *collect, const struct kube_list *list)
{
	const struct error *error = list->error;
	const char *status = !error			       ? "ok"
			     : error->class == ERROR_AUTH      ? "denied"
			     : error->class == ERROR_NOT_FOUND ? "skipped"
							       : "failed";
	*ARENA_PUSH(collect->arena, collect->state->sources, collect->state->n_sources) =
		(struct source_info){arena_printf(collect->arena, "kubernetes %s", list->path), status,
				     error ? arena_strdup(collect->arena, error->message) : NULL};
}

/* What a list that broke off had given already must not stay: the whole collection is made anew with what works. */
static struct error *collect_first(size_t n, struct kube *kube, struct arena *arena, struct cluster_state *ret)
{
	struct collect collects[ARRAY_SIZE(lists)];
	struct cluster_state parts[ARRAY_SIZE(lists)];
	struct kube_list batch[ARRAY_SIZE(lists)];
	for (size_t i = 0; i < n; i++) {
		parts[i] = (struct cluster_state){0};
		collects[i] = (struct collect){.arena = arena, .state = &parts[i], .kind = lists[i].kind};
		batch[i] = (struct kube_list){.path = lists[i].path,
					      .item_model = lists[i].model,
					      .fn = lists[i].fn,
					      .context = &collects[i],
					      .metadata_only = lists[i].count_only,
					      .count_only = lists[i].count_only};
	}
	kube_list_batch(kube, batch, n);
	for (size_t i = 0; i < n; i++) {
		collects[i].state = ret;
		tell_source(&collects[i], &batch[i]);
		if (!batch[i].error)
			*ARENA_PUSH(arena, ret->inventory, ret->n_inventory) = (struct pair){
				lists[i].kind, arena_printf(arena, "%llu", (unsigned long long)batch[i].items)};
		for (size_t k = 0; k < parts[i].n_nodes; k++)
			*ARENA_PUSH(arena, ret->nodes, ret->n_nodes) = parts[i].nodes[k];
		for (size_t k = 0; k < parts[i].n_workloads; k++)
			*ARENA_PUSH(arena, ret->workloads, ret->n_workloads) = parts[i].workloads[k];
		for (size_t k = 0; k < parts[i].n_pdbs; k++)
			*ARENA_PUSH(arena, ret->pdbs, ret->n_pdbs) = parts[i].pdbs[k];
		for (size_t k = 0; k < parts[i].n_services; k++)
			*ARENA_PUSH(arena, ret->services, ret->n_services) = parts[i].services[k];
		ret->pods += lists[i].count_only ? (int64_t)batch[i].items : 0;
		error_free(batch[i].error);
	}
	return NULL;
}

struct error *kubernetes_collect(struct kube *kube, struct arena *arena, struct cluster_state *ret)
{
	return collect_first(ARRAY_SIZE(lists), kube, arena, ret);
}

struct error *kubernetes_collect_running(struct kube *kube, struct arena *arena, struct cluster_state *ret)
{
	return collect_first(RUNNING, kube, arena, ret);
}

/* One cluster as ClusterState, from EKS' documents and from inventories, so that what `assess --save` kept is rehearsed
 * like what `plan --snapshot` kept. */
#include "perception/cluster_view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "codec/document.h"
#include "perception/snapshot.h"

enum { LARGEST_STATE = 1 << 30, HEAD = 512 };

/* ---- EKS' documents */

void cluster_view_cluster(struct cluster_state *state, struct arena *arena, const json_t *cluster)
{
	state->format = 1;
	state->cluster_name = arena_strdup(arena, document_text_or(cluster, "name", ""));
	state->cluster_arn = arena_strdup(arena, document_text(cluster, "arn"));
	state->current_version = arena_strdup(arena, document_text_or(cluster, "version", ""));
	state->platform_version = arena_strdup(arena, document_text(cluster, "platformVersion"));
	state->status = arena_strdup(arena, document_text(cluster, "status"));
	state->endpoint = arena_strdup(arena, document_text(cluster, "endpoint"));
	state->oidc_issuer = arena_strdup(arena, document_text(cluster, "identity.oidc.issuer"));
	state->vpc_id = arena_strdup(arena, document_text(cluster, "resourcesVpcConfig.vpcId"));
	state->role_arn = arena_strdup(arena, document_text(cluster, "roleArn"));
	size_t i;
	const json_t *subnet;
	json_array_foreach (document_at(cluster, "resourcesVpcConfig.subnetIds"), i, subnet)
		*ARENA_PUSH(arena, state->subnets, state->n_subnets) = arena_strdup(arena, json_string_value(subnet));
}

void cluster_view_group(struct cluster_state *state, struct arena *arena, const json_t *seen)
{
	struct node_group_info *group = ARENA_PUSH(arena, state->node_groups, state->n_node_groups);
	*group = (struct node_group_info){.name = arena_strdup(arena, document_text_or(seen, "nodegroupName", "")),
					  .version = arena_strdup(arena, document_text(seen, "version")),
					  .release_version = arena_strdup(arena, document_text(seen, "releaseVersion")),
					  .ami_type = arena_strdup(arena, document_text(seen, "amiType")),
					  .capacity_type = arena_strdup(arena, document_text(seen, "capacityType")),
					  .status = arena_strdup(arena, document_text(seen, "status")),
					  .desired = document_int_or(seen, "scalingConfig.desiredSize", 0),
					  .min = document_int_or(seen, "scalingConfig.minSize", 0),
					  .max = document_int_or(seen, "scalingConfig.maxSize", 0)};
	size_t i;
	const json_t *type;
	json_array_foreach (json_object_get(seen, "instanceTypes"), i, type)
		*ARENA_PUSH(arena, group->instance_types, group->n_instance_types) =
			arena_strdup(arena, json_string_value(type));
}

void cluster_view_addon(struct cluster_state *state, struct arena *arena, const json_t *addon)
{
	*ARENA_PUSH(arena, state->addons, state->n_addons) =
		(struct addon_info){arena_strdup(arena, document_text_or(addon, "addonName", "")),
				    arena_strdup(arena, document_text(addon, "addonVersion")),
				    arena_strdup(arena, document_text(addon, "status"))};
}

/* ---- an inventory */

struct view {
	const struct inventory *inventory;
	struct arena *arena;
	struct cluster_state *state;
};

static const char *keep(const struct view *view, const char *text)
{
	return arena_strdup(view->arena, text);
}

static void each_answer(const struct view *view, const char *operation, const char *member,
			void (*take)(struct cluster_state *, struct arena *, const json_t *))
{
	size_t i;
	const json_t *call;
	json_array_foreach (inventory_aws_calls(view->inventory, operation), i, call) {
		const json_t *seen = json_object_get(json_object_get(call, "response"), member);
		if (seen)
			take(view->state, view->arena, seen);
	}
}

static void take_nodes(const struct view *view)
{
	for (size_t i = 0; i < view->inventory->n_nodes; i++) {
		const struct kube_node *node = &view->inventory->nodes[i];
		const char *ready = kube_condition_status(node->conditions, node->n_conditions, "Ready");
		*ARENA_PUSH(view->arena, view->state->nodes, view->state->n_nodes) = (struct node_info){
			.name = keep(view, node->meta.name),
			.kubelet_version = keep(view, node->kubelet),
			.node_group = keep(view, kube_meta_label(&node->meta, "eks.amazonaws.com/nodegroup")),
			.zone = keep(view, kube_meta_label(&node->meta, "topology.kubernetes.io/zone")),
			.ready = ready && !strcmp(ready, "True"),
			.unschedulable = node->unschedulable};
	}
}

static bool has_claims(const struct kube_workload *workload)
{
	const struct kube_pod_spec *spec = workload->template.spec;
	bool claims = workload->claim_templates && strcmp(workload->claim_templates, "[]") != 0;
	for (size_t i = 0; spec && i < spec->n_volumes; i++)
		claims |= spec->volumes[i].claim != NULL;
	return claims;
}

/* What no cluster holds is a mistake in the snapshot, and too much to simulate. */
static struct error *take_workloads(const struct view *view)
{
	static const char *const kinds[] = {"Deployment", "StatefulSet", "DaemonSet"};
	for (size_t i = 0; i < view->inventory->n_workloads; i++) {
		const struct kube_workload *workload = &view->inventory->workloads[i];
		bool wanted = false, daemon = workload->kind && !strcmp(workload->kind, "DaemonSet");
		for (size_t k = 0; workload->kind && k < ARRAY_SIZE(kinds); k++)
			wanted |= !strcmp(workload->kind, kinds[k]);
		if (!wanted || !workload->meta.ns || !workload->meta.name)
			continue;
		int64_t replicas = daemon || workload->has_replicas ? workload->replicas : 1;
		if (replicas < 0 || replicas > CLUSTER_STATE_MOST_REPLICAS)
			return error_remedy(error_new(ERROR_INVALID, "%s %s/%s: %lld replicas", workload->kind,
						      workload->meta.ns, workload->meta.name, (long long)replicas),
					    "no cluster holds that many: mend the snapshot, or take it anew");
		*ARENA_PUSH(view->arena, view->state->workloads, view->state->n_workloads) =
			(struct workload_info){.kind = keep(view, workload->kind),
					       .ns = keep(view, workload->meta.ns),
					       .name = keep(view, workload->meta.name),
					       .replicas = replicas,
					       .ready = workload->ready,
					       .has_storage = has_claims(workload),
					       .single = !daemon && replicas == 1};
	}
	return NULL;
}

static void take_pdbs(const struct view *view)
{
	for (size_t i = 0; i < view->inventory->n_pdbs; i++) {
		const struct kube_pdb *pdb = &view->inventory->pdbs[i];
		*ARENA_PUSH(view->arena, view->state->pdbs, view->state->n_pdbs) =
			(struct pdb_info){.ns = keep(view, pdb->meta.ns),
					  .name = keep(view, pdb->meta.name),
					  .disruptions_allowed = pdb->allowed,
					  .current_healthy = pdb->healthy,
					  .desired_healthy = pdb->desired,
					  .expected_pods = pdb->expected};
	}
}

static void take_entry(const struct view *view, const char *kind, const struct kube_meta *meta, const char *type,
		       const struct kube_ingress_point *points, size_t n_points)
{
	if (meta->ns && meta->name)
		*ARENA_PUSH(view->arena, view->state->services, view->state->n_services) =
			(struct service_info){.kind = kind,
					      .ns = keep(view, meta->ns),
					      .name = keep(view, meta->name),
					      .type = keep(view, type),
					      .hostname = n_points ? keep(view, points[0].hostname) : NULL};
}

static void take_services(const struct view *view)
{
	for (size_t i = 0; i < view->inventory->n_services; i++) {
		const struct kube_service *service = &view->inventory->services[i];
		take_entry(view, "Service", &service->meta, service->type, service->points, service->n_points);
	}
	for (size_t i = 0; i < view->inventory->n_ingresses; i++) {
		const struct kube_ingress *ingress = &view->inventory->ingresses[i];
		take_entry(view, "Ingress", &ingress->meta, NULL, ingress->points, ingress->n_points);
	}
}

static void take_sources(const struct view *view)
{
	for (size_t i = 0; i < view->inventory->n_sources; i++) {
		const struct source *source = &view->inventory->sources[i];
		*ARENA_PUSH(view->arena, view->state->sources, view->state->n_sources) = (struct source_info){
			keep(view, source->name), source_status_names[source->status], keep(view, source->detail)};
	}
}

/* What a rehearsal needs of an inventory: the cluster, node groups, add-ons, nodes, workloads, budgets, services.
 * GitOps and DNS are not in it. INVALID when the cluster's version was not seen. */
static struct error *cluster_view_inventory(const struct inventory *inventory, struct arena *arena,
					    struct cluster_state *ret)
{
	struct view view = {inventory, arena, ret};
	const json_t *cluster = inventory_cluster(inventory);
	*ret = (struct cluster_state){.captured_at_ms = inventory->captured_at_ms};
	if (!document_text(cluster, "version"))
		return error_remedy(error_new(ERROR_INVALID, "the cluster's version was not seen: the snapshot has no "
							     "answer of eks:DescribeCluster"),
				    "take it anew with that permission: eks-upgrade-agent assess --save");
	cluster_view_cluster(ret, arena, cluster);
	if (!*ret->cluster_name)
		ret->cluster_name = inventory->cluster ? keep(&view, inventory->cluster) : "cluster";
	ret->region = keep(&view, inventory->region);
	each_answer(&view, "describe_nodegroup", "nodegroup", cluster_view_group);
	each_answer(&view, "describe_addon", "addon", cluster_view_addon);
	take_nodes(&view);
	TRY(take_workloads(&view));
	take_pdbs(&view);
	take_services(&view);
	take_sources(&view);
	ret->pods = (int64_t)inventory->n_pods;
	return NULL;
}

/* ---- files and folders */

/* Lists are what assess keeps; a state is what plan keeps. */
static struct error *is_list(const char *path, bool *ret)
{
	char head[HEAD + 1];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = file < 0 ? -1 : read(file, head, HEAD);
	int number = errno;
	if (file >= 0)
		close(file);
	if (n < 0)
		return error_from_errno(number, "cannot read the snapshot \"%s\"", path);
	struct slice text = slice_make(head, (size_t)n);
	*ret = memmem(text.p, text.n, "\"items\"", 7) != NULL || memmem(text.p, text.n, "\"List\"", 6) != NULL;
	return NULL;
}

struct error *cluster_view_read(const char *path, struct arena *arena, struct cluster_state *ret)
{
	struct stat status;
	bool list = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
	if (!list)
		TRY(is_list(path, &list));
	if (!list) {
		struct buf text CLEANUP(buf_done) = {0};
		TRY(snapshot_text(path, LARGEST_STATE, &text));
		struct error *error = cluster_state_read(buf_slice(&text), path, arena, ret);
		return error && !error->remedy
			       ? error_remedy(error, "it is no snapshot: those are what plan --snapshot "
						     "and assess --save write")
			       : error;
	}
	struct inventory *inventory CLEANUP(inventory_freep) = NULL;
	TRY(snapshot_read(path, &inventory));
	struct error *error = cluster_view_inventory(inventory, arena, ret);
	return error ? error_wrap(error, "%s", path) : NULL;
}

/* Clusters and node groups, and how time moves everything. */
#include "sim/world.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_STEP_MS = 10000, INSYNC_MS = 35000 };

const char *sim_life_name(enum sim_life life)
{
	static const char *const names[] = {"", "CREATING", "ACTIVE", "UPDATING", "DELETING"};
	return names[life];
}

struct sim_cluster *sim_cluster_named(struct sim *sim, const char *name)
{
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (sim->clusters[i].life != LIFE_ABSENT && !strcmp(sim->clusters[i].name, name))
			return &sim->clusters[i];
	return NULL;
}

struct sim_cluster *sim_cluster_by_id(struct sim *sim, const char *id, size_t n)
{
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (slice_eq(slice_make(id, n), sim->clusters[i].id))
			return &sim->clusters[i];
	return NULL;
}

bool sim_is_blue(const struct sim *sim, const struct sim_cluster *cluster)
{
	return cluster == &sim->clusters[0];
}

struct sim_cluster *sim_green(struct sim *sim)
{
	for (size_t i = 1; i < sim->n_clusters; i++)
		if (sim->clusters[i].life != LIFE_ABSENT)
			return &sim->clusters[i];
	return NULL;
}

int64_t sim_takes(struct sim *sim, int64_t usual_ms)
{
	return usual_ms * 4 / 5 + (int64_t)(random_unit(sim->chance) * (double)usual_ms * 0.4);
}

char *sim_new_id(struct sim *sim, const char *prefix)
{
	return mem_printf("%s%06llX%08llX", prefix, (unsigned long long)++sim->next_id,
			  (unsigned long long)(sim->seed * 2654435761u & 0xFFFFFFFF));
}

void sim_effect(struct sim *sim, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *name CLEANUP(mem_freep) = mem_vprintf(format, args);
	va_end(args);
	json_object_set_new(sim->effects, name,
			    json_integer(json_integer_value(json_object_get(sim->effects, name)) + 1));
}

char *sim_endpoint(const struct sim *sim, const struct sim_cluster *cluster)
{
	return sim->base_url ? mem_printf("%s/clusters/%s", sim->base_url, cluster->name)
			     : mem_printf("https://%s.gr7.%s.eks.amazonaws.com", cluster->id, SIM_REGION);
}

char *sim_issuer(const struct sim_cluster *cluster)
{
	return mem_printf("https://oidc.eks.%s.amazonaws.com/id/%s", SIM_REGION, cluster->id);
}

static struct sim_kube *make_kube(struct sim *sim, struct sim_cluster *cluster, bool blue)
{
	struct sim_kube_profile profile = {.cluster = blue ? sim->kind : "empty",
					   .name = cluster->name,
					   .version = cluster->version,
					   .ingress_host = cluster->load_balancer,
					   .region = SIM_REGION,
					   .account = SIM_ACCOUNT,
					   .seed = sim->seed,
					   .now_ms = sim->now_ms};
	return sim_kube_new(&profile);
}

struct sim_cluster *sim_cluster_create(struct sim *sim, const char *name, const char *version, const char *token,
				       int64_t takes_ms)
{
	if (sim->n_clusters == SIM_MAX_CLUSTERS)
		return NULL;
	struct sim_cluster *cluster = &sim->clusters[sim->n_clusters++];
	*cluster = (struct sim_cluster){.name = mem_strdup(name),
					.version = mem_strdup(version),
					.token = mem_strdup(token),
					.life = LIFE_CREATING,
					.created_ms = sim->now_ms,
					.change_ms = sim->now_ms + takes_ms,
					.associations = json_array(),
					.addons = json_pack("{s:s, s:s, s:s, s:s}", "vpc-cni", "v1.19.2-eksbuild.1",
							    "coredns", "v1.11.4-eksbuild.2", "kube-proxy",
							    "v1.33.0-eksbuild.2", "aws-ebs-csi-driver",
							    "v1.40.0-eksbuild.1")};
	cluster->id = sim_new_id(sim, "5AC1");
	cluster->load_balancer = mem_printf("k8s-%s-web-%llu.%s.elb.amazonaws.com", name,
					    (unsigned long long)(sim->seed % 1000000), SIM_REGION);
	cluster->kube = make_kube(sim, cluster, cluster == &sim->clusters[0]);
	sim_effect(sim, "eks:CreateCluster %s", name);
	return cluster;
}

void sim_cluster_delete(struct sim *sim, struct sim_cluster *cluster, int64_t takes_ms)
{
	cluster->life = LIFE_DELETING;
	cluster->change_ms = sim->now_ms + takes_ms;
	sim_effect(sim, "eks:DeleteCluster %s", cluster->name);
}

struct sim_group *sim_group_named(struct sim_cluster *cluster, const char *name)
{
	for (size_t i = 0; i < cluster->n_groups; i++)
		if (cluster->groups[i].life != LIFE_ABSENT && !strcmp(cluster->groups[i].name, name))
			return &cluster->groups[i];
	return NULL;
}

struct sim_group *sim_group_create(struct sim *sim, struct sim_cluster *cluster, const char *name,
				   const char *instance_type, int64_t nodes, int64_t takes_ms)
{
	if (cluster->n_groups == SIM_MAX_GROUPS)
		return NULL;
	struct sim_group *group = &cluster->groups[cluster->n_groups++];
	*group = (struct sim_group){.name = mem_strdup(name),
				    .instance_type = mem_strdup(instance_type),
				    .version = mem_strdup(cluster->version),
				    .nodes = nodes,
				    .life = LIFE_CREATING,
				    .created_ms = sim->now_ms,
				    .change_ms = sim->now_ms + takes_ms};
	sim_kube_add_nodes(cluster->kube, name, instance_type, (unsigned)nodes, group->change_ms - SECOND_MS);
	sim_effect(sim, "eks:CreateNodegroup %s/%s", cluster->name, name);
	return group;
}

void sim_group_delete(struct sim *sim, struct sim_cluster *cluster, struct sim_group *group, int64_t takes_ms)
{
	group->life = LIFE_DELETING;
	group->change_ms = sim->now_ms + takes_ms;
	sim_effect(sim, "eks:DeleteNodegroup %s/%s", cluster->name, group->name);
}

static void advance_groups(struct sim *sim, struct sim_cluster *cluster)
{
	for (size_t i = 0; i < cluster->n_groups; i++) {
		struct sim_group *group = &cluster->groups[i];
		if (group->change_ms > sim->now_ms)
			continue;
		group->change_ms = INT64_MAX;
		if (group->life == LIFE_DELETING) {
			sim_kube_remove_nodes(cluster->kube, group->name, (unsigned)group->nodes);
			group->life = LIFE_ABSENT;
		} else {
			group->life = LIFE_ACTIVE;
			cluster->was_complete = true;
		}
	}
}

/* Faults that take nodes or make pods sick. */
static void afflict(struct sim *sim, struct sim_cluster *cluster)
{
	const char *colour = sim_is_blue(sim, cluster) ? "blue" : "green";
	int64_t wanted = (int64_t)sim_fault_value(sim, colour, "node-loss");
	if (cluster->was_complete && wanted > cluster->nodes_lost && cluster->n_groups) {
		sim_kube_remove_nodes(cluster->kube, cluster->groups[0].name, (unsigned)(wanted - cluster->nodes_lost));
		cluster->nodes_lost = wanted;
	}
	(void)sim;
}

void sim_eks_advance(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_clusters; i++) {
		struct sim_cluster *cluster = &sim->clusters[i];
		if (cluster->life == LIFE_ABSENT)
			continue;
		advance_groups(sim, cluster);
		if (cluster->change_ms <= sim->now_ms) {
			cluster->change_ms = INT64_MAX;
			cluster->life = cluster->life == LIFE_DELETING ? LIFE_ABSENT : LIFE_ACTIVE;
		}
		afflict(sim, cluster);
		if (cluster->life != LIFE_ABSENT)
			sim_kube_advance(cluster->kube, sim->now_ms);
	}
}

static int64_t next_event_ms(const struct sim *sim, int64_t limit_ms)
{
	int64_t next = limit_ms;
	for (size_t i = 0; i < sim->n_clusters; i++) {
		const struct sim_cluster *cluster = &sim->clusters[i];
		if (cluster->life == LIFE_ABSENT)
			continue;
		int64_t kube = sim_kube_next_ms(cluster->kube);
		next = cluster->change_ms < next ? cluster->change_ms : next;
		next = kube > sim->now_ms && kube < next ? kube : next;
		for (size_t k = 0; k < cluster->n_groups; k++)
			next = cluster->groups[k].change_ms < next ? cluster->groups[k].change_ms : next;
	}
	next = sim->publish_ms < next ? sim->publish_ms : next;
	return next > sim->now_ms ? next : sim->now_ms + 1;
}

/* From event to event, in steps short enough for what moves in a line: users, and what waits for a condition. */
void sim_advance_to(struct sim *sim, int64_t wall_ms)
{
	while (sim->now_ms < wall_ms) {
		int64_t limit = sim->now_ms + LONGEST_STEP_MS - sim->now_ms % LONGEST_STEP_MS;
		int64_t next = next_event_ms(sim, limit < wall_ms ? limit : wall_ms);
		sim_users_advance(sim, next);
		sim->now_ms = next;
		sim_eks_advance(sim);
		sim_traffic_publish(sim);
		sim_faults_advance(sim);
		sim_argocd_advance(sim);
		sim_jobs_advance(sim);
	}
}

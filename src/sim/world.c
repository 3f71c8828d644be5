/* Clusters and node groups: what they are and how they live. */
#include "sim/world.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNNOTICED_MS = 15000 };

const char *sim_life_name(enum sim_life life)
{
	static const char *const names[] = {"", "CREATING", "ACTIVE", "UPDATING", "DELETING", "CREATE_FAILED"};
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

/* Without making the address of each: it is asked for every application. */
struct sim_cluster *sim_cluster_at(struct sim *sim, const char *endpoint)
{
	size_t n = sim->base_url ? strlen(sim->base_url) : 0;
	if (sim->base_url)
		return !strncmp(endpoint, sim->base_url, n) && !strncmp(endpoint + n, "/clusters/", 10)
			       ? sim_cluster_named(sim, endpoint + n + 10)
			       : NULL;
	if (strncmp(endpoint, "https://", 8) != 0)
		return NULL;
	struct sim_cluster *cluster = sim_cluster_by_id(sim, endpoint + 8, strcspn(endpoint + 8, "."));
	return cluster && cluster->life != LIFE_ABSENT ? cluster : NULL;
}

void sim_cluster_changed(struct sim *sim, struct sim_cluster *cluster)
{
	bool served = cluster->ready > 0.01;
	cluster->ready = sim_kube_ready(cluster->kube, NULL);
	sim->health_now += served != (cluster->ready > 0.01);
	sim_argocd_notice(sim, cluster);
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

void sim_violated(struct sim *sim, const char *what)
{
	char time[TIME_TEXT];
	if (!sim->violation)
		sim->violation = mem_printf("%s at %s", what, time_format_rfc3339(sim->now_ms, time));
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
					   .snapshot = blue ? sim->snapshot : NULL,
					   .seed = sim->seed,
					   .now_ms = sim->now_ms};
	return sim_kube_new(&profile);
}

static void add_addons(struct sim_cluster *cluster)
{
	static const char *const names[] = {"vpc-cni", "coredns", "kube-proxy", "aws-ebs-csi-driver"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *version CLEANUP(mem_freep) = sim_addon_version(names[i], cluster->version);
		json_object_set_new(cluster->addons, names[i], json_string(version ? version : "v1.0.0-eksbuild.1"));
	}
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
					.addons = json_object()};
	add_addons(cluster);
	cluster->id = sim_new_id(sim, "5AC1");
	cluster->load_balancer = mem_printf("k8s-%s-web-%llu.%s.elb.amazonaws.com", name,
					    (unsigned long long)(sim->seed % 1000000), SIM_REGION);
	cluster->kube = make_kube(sim, cluster, cluster == &sim->clusters[0]);
	cluster->ready = sim_kube_ready(cluster->kube, NULL);
	cluster->look_ms = INT64_MAX;
	sim_effect(sim, "eks:CreateCluster %s", name);
	return cluster;
}

char *sim_cluster_refused(struct sim *sim)
{
	size_t alive = 0;
	for (size_t i = 0; i < sim->n_clusters; i++)
		alive += sim->clusters[i].life != LIFE_ABSENT;
	bool none_left =
		sim->n_clusters == SIM_MAX_CLUSTERS || (sim->n_faults && sim_fault_strikes(sim, "quota", "clusters"));
	return none_left ? mem_printf("Cluster limit exceeded for this account: %zu of %zu are used.", alive, alive)
			 : NULL;
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
	group->starved = sim->n_faults && (sim_fault_strikes(sim, "quota", "vcpu") != NULL);
	if (!group->starved)
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
			if (!group->starved)
				sim_kube_remove_nodes(cluster->kube, group->name, (unsigned)group->nodes);
			group->life = LIFE_ABSENT;
			sim_cluster_changed(sim, cluster);
		} else {
			group->life = group->starved ? LIFE_FAILED : LIFE_ACTIVE;
			cluster->was_complete |= !group->starved;
		}
	}
}

/* Nodes that die take their pods with them: until the load balancer has noticed, requests still go there. */
static void lose_nodes(struct sim *sim, struct sim_cluster *cluster)
{
	const char *colour = sim_is_blue(sim, cluster) ? "blue" : "green";
	int64_t wanted = (int64_t)sim_fault_value(sim, colour, "node-loss"), all = 0;
	if (!cluster->was_complete || wanted <= cluster->nodes_lost || !cluster->n_groups)
		return;
	for (size_t i = 0; i < cluster->n_groups; i++)
		all += cluster->groups[i].life == LIFE_ABSENT ? 0 : cluster->groups[i].nodes;
	int64_t lost = wanted - cluster->nodes_lost;
	sim_kube_remove_nodes(cluster->kube, cluster->groups[0].name, (unsigned)lost);
	cluster->burst = all > lost ? (double)lost / (double)all : 1;
	cluster->burst_until_ms = sim->now_ms + UNNOTICED_MS;
	cluster->nodes_lost = wanted;
	sim_cluster_changed(sim, cluster);
}

static void afflict(struct sim *sim, struct sim_cluster *cluster)
{
	bool sick = sim_fault_value(sim, sim_is_blue(sim, cluster) ? "blue" : "green", "crash") > 0;
	lose_nodes(sim, cluster);
	if (sick == (cluster->sick != 0))
		return;
	cluster->sick = sick;
	sim_kube_set_sick(cluster->kube, NULL, sick);
	sim_cluster_changed(sim, cluster);
}

static void advance_cluster(struct sim *sim, struct sim_cluster *cluster)
{
	bool moved = sim_kube_next_ms(cluster->kube) <= sim->now_ms;
	sim_kube_advance(cluster->kube, sim->now_ms);
	advance_groups(sim, cluster);
	if (cluster->change_ms <= sim->now_ms) {
		cluster->change_ms = INT64_MAX;
		cluster->life = cluster->life == LIFE_DELETING ? LIFE_ABSENT : LIFE_ACTIVE;
	}
	if (sim->n_faults)
		afflict(sim, cluster);
	if (moved)
		sim_cluster_changed(sim, cluster);
}

void sim_eks_advance(struct sim *sim)
{
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (sim->clusters[i].life != LIFE_ABSENT)
			advance_cluster(sim, &sim->clusters[i]);
}

/* Pods come and go in swarms: the world stops for them once a second at most. */
static int64_t whole_second(int64_t ms)
{
	return ms > INT64_MAX - SECOND_MS ? ms : (ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS;
}

int64_t sim_eks_next_ms(const struct sim *sim)
{
	int64_t next = INT64_MAX;
	for (size_t i = 0; i < sim->n_clusters; i++) {
		const struct sim_cluster *cluster = &sim->clusters[i];
		if (cluster->life == LIFE_ABSENT)
			continue;
		int64_t kube = whole_second(sim_kube_next_ms(cluster->kube));
		next = cluster->change_ms < next ? cluster->change_ms : next;
		next = kube < next ? kube : next;
		if (cluster->burst_until_ms > sim->now_ms && cluster->burst_until_ms < next)
			next = cluster->burst_until_ms;
		for (size_t k = 0; k < cluster->n_groups; k++)
			next = cluster->groups[k].change_ms < next ? cluster->groups[k].change_ms : next;
	}
	return next;
}

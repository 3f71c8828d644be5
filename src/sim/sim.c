/* The world's birth and end, and its ports. Who answers a request is sim_http.c. */
#include "sim/sim.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "codec/document.h"
#include "models/cluster_state.h"
#include "sim/world.h"

static int64_t clock_now(struct clock *clock)
{
	return ((struct sim_clock *)clock)->sim->now_ms;
}

static void clock_sleep_to(struct clock *clock, int64_t until_ms)
{
	sim_advance_to(((struct sim_clock *)clock)->sim, until_ms);
}

/* splitmix64 */
static void dice_bytes(struct random *random, void *out, size_t n)
{
	struct sim_dice *dice = (struct sim_dice *)random;
	for (size_t got = 0; got < n; got += sizeof(uint64_t)) {
		uint64_t z = dice->state += UINT64_C(0x9E3779B97F4A7C15);
		z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
		z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
		z ^= z >> 31;
		memcpy((char *)out + got, &z, n - got < sizeof z ? n - got : sizeof z);
	}
}

static void dice_not_freed(struct random *random)
{
	(void)random;
}

static void not_freed(struct clock *clock)
{
	(void)clock; /* the sim's own */
}

static struct error *make_faults(struct sim *sim, const struct sim_options *options)
{
	for (size_t i = 0; i < options->n_faults; i++) {
		if (sim->n_faults == SIM_MAX_FAULTS)
			return error_new(ERROR_INVALID, "more than %d faults", SIM_MAX_FAULTS);
		TRY(sim_fault_parse(options->faults[i], &sim->faults[sim->n_faults]));
		sim->n_faults++;
	}
	if (options->random_faults)
		sim_faults_random(sim);
	sim_faults_advance(sim);
	return NULL;
}

static struct error *make_blue(struct sim *sim, const struct sim_options *options)
{
	static const char *const kinds[] = {"small", "medium", "large", "empty"};
	const char *version =
		options->snapshot && options->snapshot->current_version ? options->snapshot->current_version : "1.33";
	bool known = options->snapshot != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		known |= !strcmp(sim->kind, kinds[i]);
	if (!known)
		return error_remedy(error_new(ERROR_INVALID, "no example cluster \"%s\"", sim->kind),
				    "small, medium, large, or a saved snapshot: the path of its file or folder");
	struct sim_cluster *blue = sim_cluster_create(sim, sim->name, version, NULL, 0);
	struct sim_kube_group groups[SIM_MAX_GROUPS];
	size_t n = sim_kube_groups(blue->kube, groups, SIM_MAX_GROUPS);
	blue->life = LIFE_ACTIVE;
	blue->change_ms = INT64_MAX;
	blue->was_complete = true;
	for (size_t i = 0; i < n; i++)
		blue->groups[blue->n_groups++] =
			(struct sim_group){.name = mem_strdup(groups[i].name),
					   .instance_type = mem_strdup(groups[i].instance_type),
					   .version = mem_strdup(version),
					   .nodes = groups[i].nodes,
					   .life = LIFE_ACTIVE,
					   .created_ms = sim->start_ms,
					   .change_ms = INT64_MAX};
	const char *const *apps;
	for (size_t i = 0, n_apps = sim_kube_apps(blue->kube, &apps); i < n_apps && i < 3; i++) {
		char *role CLEANUP(mem_freep) = mem_printf("arn:aws:iam::" SIM_ACCOUNT ":role/%s-pods", apps[i]);
		sim_association_add(sim, blue, apps[i], apps[i], role);
	}
	json_decref(sim->effects); /* what was there at birth is nobody's doing */
	sim->effects = json_object();
	return NULL;
}

/* A world with ports and chance, and nothing in it. */
struct sim *sim_new_bare(uint64_t seed)
{
	static const struct random_ops dice_ops = {dice_bytes, dice_not_freed};
	static const struct clock_ops clock_ops = {clock_now, clock_now, clock_sleep_to, not_freed};
	struct sim *sim = mem_alloc(sizeof *sim);
	sim->clock = (struct sim_clock){.clock.ops = &clock_ops, .sim = sim};
	sim_http_init(sim);
	sim->process.sim = sim;
	sim->seed = seed;
	sim->agent_dice = (struct sim_dice){{&dice_ops}, seed * 2 + 1};
	sim->own_dice = (struct sim_dice){{&dice_ops}, seed * 2 + 2};
	sim->random = &sim->agent_dice.random;
	sim->chance = &sim->own_dice.random;
	sim_jobs_init(sim);
	return sim;
}

struct error *sim_new(const struct sim_options *options, struct sim **ret)
{
	struct sim *sim = sim_new_bare(options->seed);
	sim->snapshot = options->snapshot;
	sim->kind = mem_strdup(options->snapshot ? "snapshot" : options->cluster ? options->cluster : "medium");
	sim->name = mem_strdup(options->name	   ? options->name
			       : options->snapshot ? options->snapshot->cluster_name
						   : "shop");
	sim->base_url = mem_strdup(options->base_url);
	sim->start_ms = sim->now_ms = options->start_ms ? options->start_ms : SIM_START;
	sim->effects = json_object();
	sim->calls = json_object();
	sim->terraform = json_object();
	sim->tokens = json_object();
	sim->tags = json_object();
	sim->publish_ms = INT64_MAX;
	struct error *error = make_blue(sim, options);
	if (!error) {
		sim_identity_init(sim);
		sim_traffic_init(sim);
		sim_users_init(sim);
		sim_argocd_init(sim);
		error = make_faults(sim, options);
	}
	sim->snapshot = NULL;
	if (error) {
		sim_free(sim);
		return error;
	}
	*ret = sim;
	return NULL;
}

static void free_cluster(struct sim_cluster *cluster)
{
	char *texts[] = {cluster->name, cluster->id, cluster->version, cluster->token, cluster->load_balancer};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < cluster->n_groups; i++) {
		free(cluster->groups[i].name);
		free(cluster->groups[i].instance_type);
		free(cluster->groups[i].version);
		free(cluster->groups[i].token);
	}
	json_decref(cluster->associations);
	json_decref(cluster->addons);
	free(cluster->minutes);
	sim_kube_free(cluster->kube);
}

void sim_free(struct sim *sim)
{
	if (!sim)
		return;
	for (size_t i = 0; i < sim->n_clusters; i++)
		free_cluster(&sim->clusters[i]);
	for (size_t i = 0; i < sim->n_faults; i++)
		sim_fault_done(&sim->faults[i]);
	for (size_t i = 0; i < sim->n_changes; i++)
		free(sim->changes[i].id);
	sim_updates_free(sim);
	sim_jobs_free(sim);
	sim_argocd_free(sim);
	json_t *documents[] = {sim->records,	     sim->roles,     sim->providers,
			       sim->argocd_clusters, sim->terraform, sim->effects,
			       sim->calls,	     sim->tokens,    sim->tags};
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++)
		json_decref(documents[i]);
	free(sim->changes);
	free(sim->violation);
	free(sim->kind);
	free(sim->name);
	free(sim->base_url);
	free(sim);
}

void sim_ports(struct sim *sim, struct ports *ret)
{
	*ret = (struct ports){.http = &sim->http.http,
			      .process = &sim->process.process,
			      .clock = &sim->clock.clock,
			      .random = sim->random};
}

int64_t sim_now_ms(const struct sim *sim)
{
	return sim->now_ms;
}

/* The truth about the world, for invariants and for counting effects; and the configuration that drives it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "codec/document.h"
#include "sim/world.h"

static json_t *cluster_truth(const struct sim_cluster *cluster)
{
	json_t *groups = json_array();
	for (size_t i = 0; i < cluster->n_groups; i++)
		if (cluster->groups[i].life != LIFE_ABSENT)
			json_array_append_new(groups, json_string(cluster->groups[i].name));
	return json_pack("{s:s, s:s, s:s, s:o, s:f, s:i}", "name", cluster->name, "version", cluster->version, "life",
			 sim_life_name(cluster->life), "groups", groups, "ready",
			 cluster->kube && cluster->life != LIFE_ABSENT ? sim_kube_ready(cluster->kube, NULL) : 0.0,
			 "associations", (int)json_array_size(cluster->associations));
}

json_t *sim_truth(struct sim *sim)
{
	json_t *clusters = json_array(), *applications = json_array();
	for (size_t i = 0; i < sim->n_clusters; i++)
		if (sim->clusters[i].life != LIFE_ABSENT)
			json_array_append_new(clusters, cluster_truth(&sim->clusters[i]));
	for (size_t i = 0; i < sim->n_apps; i++)
		json_array_append_new(applications, json_string(sim->apps[i].name));
	char time[TIME_TEXT];
	return json_pack("{s:s, s:o, s:f, s:f, s:O, s:o, s:O, s:O}", "now", time_format_rfc3339(sim->now_ms, time),
			 "clusters", clusters, "green_asked", sim->asked * 100, "green_published", sim->published * 100,
			 "records", sim->records, "applications", applications, "argocd_clusters", sim->argocd_clusters,
			 "effects", sim->effects);
}

/* Some healthy cluster serves every user; Blue is whole as long as anybody is on it. */
char *sim_violation(struct sim *sim)
{
	if (sim->violation)
		return mem_strdup(sim->violation);
	struct sim_cluster *blue = &sim->clusters[0], *green = sim_green(sim);
	bool blue_serves = blue->life == LIFE_ACTIVE || blue->life == LIFE_UPDATING,
	     green_serves = green && green->life == LIFE_ACTIVE;
	if (!blue_serves && !green_serves)
		return mem_strdup("no cluster serves");
	if (!blue_serves && (sim->asked < 0.999 || sim->published < 0.999))
		return mem_strdup("Blue is being removed while traffic is still sent to it");
	if (blue_serves && blue->life == LIFE_ACTIVE && sim->asked < 0.999)
		for (size_t i = 0; i < blue->n_groups; i++)
			if (blue->groups[i].life != LIFE_ACTIVE)
				return mem_strdup("a node group of Blue is gone while Blue serves");
	if (!green_serves && (sim->asked > 0.001))
		return mem_strdup("traffic is sent to Green, which does not serve");
	return NULL;
}

void sim_config(struct sim *sim, struct buf *out)
{
	const char *base = sim->base_url ? sim->base_url : "";
	const char *dot = strchr(sim->clusters[0].version, '.');
	buf_printf(out, "cluster: %s\ntarget_version: \"1.%ld\"\nregion: " SIM_REGION "\n", sim->name,
		   dot ? strtol(dot + 1, NULL, 10) + 1 : 34);
	buf_printf(out, "terraform: { directory: infra/green }\n");
	buf_printf(out, "gitops: { argocd: { server: \"%s%s\" } }\n", base,
		   sim->base_url ? "/argocd" : "https://argocd.example.com");
	buf_puts(out, "traffic:\n  steps: [10, 25, 50, 75, 100]\n  interval: 5m\n  route53: { hosted_zone: "
		      "example.com, records: [" SIM_USERS_HOST "] }\n");
	buf_printf(out, "validation:\n  tests: [ { newman: tests/checkout.postman.json } ]\n  min_requests: %d\n",
		   sim->users_per_s < 20 ? 100 : 500);
	buf_printf(out, "  probes: [ \"%s%s\" ]\n", base,
		   sim->base_url ? "/users/" SIM_USERS_HOST "/health" : "https://" SIM_USERS_HOST "/health");
	buf_puts(out, "bake: 15m\napprovals_by_yes: true\n");
}

/* One simulated Kubernetes cluster: compact records of nodes, workloads and pods, rendered as the API serves them, and
 * the controllers that matter (scheduling, readiness, disruption budgets, evictions). sim/ makes one for Blue and, when
 * Green is created, one for Green. Time comes in from outside; nothing here reads a clock. */
#pragma once

#include <jansson.h>
#include "port/http.h"
#include "sim/sim.h"

struct sim_kube;
struct cluster_state; /* models/cluster_state.h */

struct sim_kube_profile {
	const char *cluster; /* "small" (3 nodes, ~40 pods), "medium" (40 nodes, ~600), "large" (1000 nodes, 30,000),
				"empty" (no nodes, system objects only) */
	const char *name;    /* "shop" */
	const char *version; /* "1.33" */
	const char *ingress_host; /* load balancer host name told in Ingress status once the ingress app is
				     synced/ready; or NULL */
	const char *region, *account;
	const struct cluster_state *snapshot; /* or NULL: build this instead of `cluster` (borrowed during the call) */
	uint64_t seed;
	int64_t now_ms;
};
struct sim_kube *sim_kube_new(const struct sim_kube_profile *profile);
void sim_kube_free(struct sim_kube *kube);

/* Lets time pass: nodes join, pods start, evicted pods come back elsewhere, backups complete. */
void sim_kube_advance(struct sim_kube *kube, int64_t now_ms);
/* The earliest time at which sim_kube_advance would change something; INT64_MAX: never. */
int64_t sim_kube_next_ms(const struct sim_kube *kube);

/* n nodes of a node group, Ready from ready_ms on. Removing takes the nodes and reschedules their pods. */
void sim_kube_add_nodes(struct sim_kube *kube, const char *node_group, const char *instance_type, unsigned n,
			int64_t ready_ms);
void sim_kube_remove_nodes(struct sim_kube *kube, const char *node_group, unsigned n);
/* Replaces one node of a group that is not of the present version by a new one; false when there is none left. */
bool sim_kube_replace_node(struct sim_kube *kube, const char *node_group);
/* Another node like that one, Ready at once, as an Auto Scaling group brings it, beside it or instead of it (what still
 * runs there is gone then); false: there is none of that name. */
bool sim_kube_node_like(struct sim_kube *kube, const char *name, bool instead);
/* The node groups that stand now, so that AWS tells the same: names and numbers of nodes. "small": general (m6i.large);
 * "medium" and "large": general (m6i.xlarge), compute (c6i.2xlarge), memory (r6i.xlarge). */
struct sim_kube_group {
	const char *name, *instance_type;
	unsigned nodes, ready;
};
size_t sim_kube_groups(const struct sim_kube *kube, struct sim_kube_group *out, size_t max);
/* Which version kubelets of nodes added from now on have ("1.34"), and what /version tells. */
void sim_kube_set_version(struct sim_kube *kube, const char *version);

/* Applications (namespaces of workloads with PDBs, Services, Ingresses): names of what a cluster runs; copying one
 * makes the same objects on another cluster, whose pods then need nodes and time to be ready. */
size_t sim_kube_apps(const struct sim_kube *kube, const char *const **ret_names);
void sim_kube_copy_app(struct sim_kube *from, const char *app, struct sim_kube *to, int64_t now_ms);
void sim_kube_delete_app(struct sim_kube *kube, const char *app, int64_t now_ms);
/* Ready pods / wanted pods of an app (NULL: of all apps); 1 when none is wanted. */
double sim_kube_ready(const struct sim_kube *kube, const char *app);
/* Has the controller made a load balancer for some Ingress? */
bool sim_kube_has_ingress(const struct sim_kube *kube);
/* Makes an app's pods crash (true) or well again. */
void sim_kube_set_sick(struct sim_kube *kube, const char *app, bool sick);

/* Serves one request; `path` is the request's path and query below the server's root ("/api/v1/pods?limit=500").
 * Answers as the API server would: discovery, lists with paging and selectors, Table for kubectl, get, create, update,
 * patch (merge, JSON, strategic as merge, server-side apply), delete, evictions by PDB with UID precondition, watches
 * (in process: what changed since the resource version, then the end), metrics, healthz, version, Status errors. A 2xx
 * body goes into request->sink while it is rendered when there is one (response->body then stays empty), else into
 * response->body. A watch's answer has the header "x-sim-resource-version": where a door asks on. */
void sim_kube_handle(struct sim_kube *kube, const struct http_request *request, const char *path,
		     struct http_response *response);

/* The deprecated calls that were made to it, as rows of the audit log's search; the caller's. */
json_t *sim_kube_deprecated_calls(const struct sim_kube *kube);

/* For saving the world. */
json_t *sim_kube_save(const struct sim_kube *kube);
struct error *sim_kube_load(const json_t *document, struct sim_kube **ret) MUST_CHECK;
